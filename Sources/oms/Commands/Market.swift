import OMSLib

/// `oms symbols`: what can be traded.
struct SymbolsCommand: RequestCommand {
  static let spec = CommandSpec(
    "symbols", group: .market, summary: "List what can be traded, with ticks, lots and fees",
    examples: [
      .init("oms symbols", "everything"),
      .init("oms symbols 'BTC-*' --class perp", "by pattern and class"),
    ],
    arguments: [ArgumentSpec("PATTERN", .selection, .optional, help: "Symbols, or a glob over them")],
    flags: [
      .value("venue", .name, nil, "Only at this venue"),
      .value("class", .choice(["spot", "perp", "future"]), nil, "Only of this class"),
    ],
    objects: ["symbol"], exits: [.notFound], seeAlso: ["ticker", "book"])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try RequestDraft("symbols", line, of: Self.spec)
    if let pattern = line.arguments.words.first { request.set("symbols", .list([pattern])) }
    self.request = request
  }
}

/// `oms ticker`: last price and touch.
struct TickerCommand: RequestCommand {
  static let spec = CommandSpec(
    "ticker", group: .market, summary: "Show last price, bid and ask",
    examples: [
      .init("oms ticker BTC-USDT ETH-USDT", "two symbols"),
      .init("oms ticker BTC-USDT --follow --every 1s", "once a second"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, .many, help: "Symbols")],
    flags: marketFlags, objects: ["ticker"], exits: [.notFound, .timeout, .gap], seeAlso: ["book", "symbols"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try marketRequest("ticker", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

/// `oms book`: the order book.
struct BookCommand: RequestCommand {
  static let spec = CommandSpec(
    "book", group: .market, summary: "Show the order book",
    examples: [
      .init("oms book BTC-USDT --depth 5", "five levels of each side"),
      .init("oms book BTC-USDT --depth 1 --follow --idle 10s", "every change of the touch"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, help: "Symbol")],
    flags: [.value("depth", .count, nil, "Levels of each side", default: "10")] + marketFlags,
    objects: ["book"], exits: [.notFound, .timeout, .gap], seeAlso: ["ticker"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    if let depth = line.arguments.integer("depth"), !(1...1000).contains(depth) {
      throw .usage("count", "--depth: 1 to 1000")
    }
    request = try marketRequest("book", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

private let marketFlags: [FlagSpec] = [
  .value("venue", .name, nil, "Only at this venue"),
  .toggle("follow", short: "f", "Go on with what happens", section: "Following"),
  .value("take", .count, nil, "End after this many", section: "Following"),
  .value("idle", .duration, nil, "End with 31 when quiet that long", section: "Following"),
  .value("every", .duration, nil, "At most one object per symbol and period", section: "Following"),
  .value("max-age", .duration, nil, "End with 40 if the data is older"),
]

private func marketRequest(
  _ operation: String, _ line: ParsedLine, of spec: CommandSpec
) throws(ErrorObject) -> RequestDraft {
  guard line.arguments.integer("take") != 0 else { throw .usage("count", "--take: 1 is the least") }
  var request = try RequestDraft(operation, line, of: spec)
  request.set("symbols", .list(line.arguments.words))
  return request
}
