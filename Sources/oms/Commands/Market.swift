import OMSLib

/// `oms symbols`: what can be traded.
struct SymbolsCommand: RequestCommand {
  static let spec = CommandSpec(
    "symbols", group: .market, summary: "List what can be traded, with ticks, lots and fees",
    examples: [
      .init("oms symbols", "everything"),
      .init("oms symbols 'BTC-*' --class perp", "by pattern and class"),
      .init("oms symbols -o tsv --fields symbol,tick,lot", "the rules of sizes"),
    ],
    arguments: [ArgumentSpec("PATTERN", .thing(.symbols), .optional, help: "Symbols, or a glob over them")],
    flags: [
      .value("venue", .thing(.venue), nil, "Only at this venue"),
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
      .init("oms ticker BTC-USDT --max-age 10s -q || echo stale", "a test"),
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
      .init("oms book BTC-USDT -o tsv --fields spread_bps,imbalance", "two numbers"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, help: "Symbol")],
    flags: [.value("depth", .count, nil, "Levels of each side", default: "10")] + marketFlags,
    objects: ["book"], exits: [.notFound, .timeout, .gap], seeAlso: ["ticker"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    if let depth = line.arguments.integer("depth"), !(1...Limits.bookDepth).contains(depth) {
      throw .usage("count", "--depth: 1 to \(Limits.bookDepth)")
    }
    request = try marketRequest("book", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

/// `oms trades`: what was traded on a market.
struct TradesCommand: RequestCommand {
  static let spec = CommandSpec(
    "trades", group: .market, summary: "Show the trades of a market",
    examples: [
      .init("oms trades BTC-USDT -n 5", "the last five"),
      .init("oms trades BTC-USDT --since -1m --where 'qty>=0.1'", "large ones of the last minute"),
      .init("oms trades BTC-USDT --follow --take 3", "the next three"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, help: "Symbol")],
    flags: pastFlags("20, following: none") + marketFlags,
    objects: ["trade"], exits: [.notFound, .timeout, .gap], seeAlso: ["ticker", "candles", "fills"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try marketRequest("trades", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

/// `oms candles`: open, high, low, close and volume per interval.
struct CandlesCommand: RequestCommand {
  static let spec = CommandSpec(
    "candles", group: .market, summary: "Show open, high, low, close and volume per interval",
    details: """
      Every interval has its candle, also when nothing was traded. The last one has not ended: closed is false. How far \
      back they go is up to the market's tape: 4096 trades of the built-in exchange.
      """,
    examples: [
      .init("oms candles BTC-USDT --interval 1m -n 10", "the last ten minutes"),
      .init("oms candles BTC-USDT --interval 1s --follow --until 'closed==true'", "until the next one is complete"),
      .init("oms candles ETH-USDT --interval 5s -o csv --fields open_ts,o,h,l,c,vol", "for a spreadsheet"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, help: "Symbol")],
    flags: [.value("interval", .duration, nil, "A part of a day: 1s to 24h", default: "1m")] + pastFlags("all")
      + marketFlags,
    objects: ["candle"], exits: [.notFound, .timeout, .gap], seeAlso: ["trades", "ticker"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try marketRequest("candles", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

/// `oms funding`: what holders of perpetuals pay each other, and when.
struct FundingCommand: RequestCommand {
  static let spec = CommandSpec(
    "funding", group: .market, summary: "Show the funding rate of perpetuals and when it is due",
    examples: [
      .init("oms funding", "all perpetuals"),
      .init("oms funding BTC-USDT-PERP -o tsv --fields rate,next", "one of them"),
      .init("oms funding --sort annual_pct:desc --limit-rows 3", "the dearest three"),
    ],
    arguments: [ArgumentSpec("SYMBOL", .symbol, .any, help: "Symbols; all perpetuals if none is named")],
    flags: marketFlags, objects: ["funding"], exits: [.notFound, .timeout], seeAlso: ["ticker", "positions"])
  let request: RequestDraft
  private let follows: Bool
  init(_ line: ParsedLine) throws(ErrorObject) {
    request = try marketRequest("funding", line, of: Self.spec)
    follows = line.arguments.has("follow")
  }
  var conversation: Conversation { Conversation(isEndless: follows) }
}

private func pastFlags(_ standard: String) -> [FlagSpec] {
  [
    .value("last", short: "n", .count, nil, "The last so many of what was", default: standard),
    .value("since", .time, nil, "What was since then, as far as it is kept"),
  ]
}

private let marketFlags: [FlagSpec] = [
  .value("venue", .thing(.venue), nil, "Only at this venue"),
  .toggle("follow", short: "f", "Go on with what happens", section: "Following"),
  .value("take", .count, nil, "End after this many", section: "Following"),
  .value("idle", .duration, nil, "End with 31 when quiet that long", section: "Following"),
  .value("every", .duration, nil, "At most one object per symbol and period", section: "Following"),
  .value("until", .expression, nil, "End with 0 after the first for which this holds", section: "Following"),
  .value("max-age", .duration, nil, "End with 40 if the data is older"),
]

private func marketRequest(
  _ operation: String, _ line: ParsedLine, of spec: CommandSpec
) throws(ErrorObject) -> RequestDraft {
  guard line.arguments.integer("take") != 0 else { throw .usage("count", "--take: 1 is the least") }
  var request = try RequestDraft(operation, line, of: spec, except: ["until"])
  request.set("symbols", .list(line.arguments.words))
  return request
}
