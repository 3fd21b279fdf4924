import OMSLib

/// `oms flatten`: closes positions.
struct FlattenCommand: RequestCommand {
  static let spec = CommandSpec(
    "flatten", group: .trading, summary: "Close positions",
    details: """
      Cancels the open orders in the scope, waits for each, closes what is left with reduce-only orders and confirms \
      zero. Asks for the scope to be typed; without a terminal --yes and an explicit scope (-a) are needed.
      """,
    examples: [
      .init("oms flatten -a all --dry-run -o table", "what would be done"),
      .init("oms flatten -a all --yes --timeout 30s", "do it"),
      .init("oms flatten -a sim.main --symbol BTC-USDT-PERP --yes", "one symbol of one account"),
    ],
    flags: [
      .value("symbol", .symbol, nil, "Only this symbol", section: "Scope"),
      .value("strategy", .name, nil, "Only this strategy", section: "Scope"),
      .value("venue", .thing(.venue), nil, "Only this venue", section: "Scope"),
      .value("max-slippage", .basisPoints, nil, "Bound for the closing orders", default: "50bps"),
      .toggle("keep-orders", "Leave the open orders alone"),
      .toggle("unrecorded", "Also when no disk takes the journal any more: what leaves then is in no record"),
      .value("confirm", .text, "SCOPE", "The scope, said in words instead of typed"),
    ],
    objects: ["order", "plan"],
    exits: [
      .confirmation, .modeGuard, .notFound, .venueRejected, .venueRefusedKey, .venueLimited, .marketClosed, .unknown,
      .partial,
    ],
    seeAlso: ["kill", "positions"], effect: .acts)

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("flatten", line, of: Self.spec)
    request.addAccounts(line)
    request.addTimeout(line)
    request.addConsent(line)
    self.request = request
  }
}
