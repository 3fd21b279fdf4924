import OMSLib

/// `oms sim dump`: the books of a served exchange.
struct SimDumpCommand: Command {
  static let spec = CommandSpec(
    "sim dump", group: .administration, summary: "Show the books of a served exchange",
    details: """
      How often orders came to be placed, assets with what was deposited, balances and positions of all accounts, orders \
      and trades of customers, as the exchange itself has them: what a client believes can be held against it. The deposits of an asset are what all its \
      balances add up to.
      """,
    examples: [
      .init(
        "oms sim dump --venue $(jq -r .control venue.json) --where 'type==venue_fill'", "trades alone",
        needs: "an `oms venue serve` whose object is in venue.json")
    ],
    flags: [.value("venue", .text, "URL", "The `oms venue serve` that printed this as `control`")],
    objects: ["venue_traffic", "venue_asset", "venue_balance", "venue_position", "venue_order", "venue_fill"],
    seeAlso: ["venue serve", "sim fault"])

  private let place: VenuePlace

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard let place = try VenuePlace(line) else {
      throw .usage("argument", "--venue URL is missing: an engine's own exchange is asked with orders, fills, balances")
    }
    self.place = place
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    for object in try context.ask(place, "GET") { try context.output.take(object) }
    return .ok
  }
}
