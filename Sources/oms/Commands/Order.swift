import OMSLib

/// `oms order`: places one order.
struct OrderCommand: RequestCommand {
  static let spec = CommandSpec(
    "order", group: .trading, summary: "Place an order",
    details: """
      An order never defaults to a market order: say --limit P or --market. The id is the idempotency key: repeating a \
      command with the same id and the same parameters sends nothing and shows the order as it is; with other \
      parameters it ends with 19.
      """,
    examples: [
      .init("oms order buy BTC-USDT 0.01 --limit 64000 --id rebal-1", "a limit order that can be repeated safely"),
      .init("oms order sell ETH-USDT 0.5 --market --wait filled --timeout 3s", "a market order, followed until filled"),
      .init("oms order buy BTC-USDT --quote 500 --market -a sim.sub01", "for 500 of the quote currency"),
    ],
    arguments: orderArguments,
    flags: orderFlags + [
      .value("id", .thing(.newID), nil, "Client order id; without it the engine makes one", section: "Identity"),
      .list("tag", .pair, nil, "Label of the order, any number of them", section: "Identity"),
      .value("strategy", .name, nil, "The strategy it belongs to", section: "Identity"),
      .value(
        "wait", .choice(["none", "ack", "open", "filled", "done"]), nil, "Return when the order is so far",
        section: "Waiting", default: "ack"),
      .value(
        "on-timeout", .choice(["keep", "cancel"]), nil, "What becomes of the rest when --timeout is over",
        section: "Waiting", default: "keep"),
    ],
    objects: ["order", "plan"],
    exits: [
      .confirmation, .modeGuard, .risk, .halted, .notFound, .conflict, .venueRejected, .venueRefusedKey, .venueLimited,
      .marketClosed, .otherEnd, .unknown, .timeout,
    ],
    seeAlso: ["batch", "amend", "cancel", "wait"], effect: .acts)

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try Self.orderRequest("order", line, of: Self.spec)
    request.set("session", line.environment["OMS_SESSION"])
    request.addTimeout(line)
    request.addConsent(line)
    self.request = request
  }

  static let orderArguments: [ArgumentSpec] = [
    ArgumentSpec("buy|sell", .side, help: "Side"),
    ArgumentSpec("SYMBOL", .symbol, help: "BTC-USDT, BTC-USDT-PERP; venue:BTC-USDT pins a venue"),
    ArgumentSpec("QTY", .quantity, .optional, help: "Base units; N% of what is free, or all, for sells"),
  ]

  /// What an order is, in contrast to who sends it and how it is followed.
  static let orderFlags: [FlagSpec] = [
    .value("quote", .decimal, nil, "Amount in the quote currency, instead of QTY", section: "Kind"),
    .value("limit", .decimal, "P", "Limit price", section: "Kind"),
    .toggle("market", "At the market, with a slippage bound", section: "Kind"),
    .value("stop", .decimal, "P", "Rest until this price is touched; with --limit as a limit order", section: "Kind"),
    .value("trail", .basisPoints, nil, "Stop that trails the best price by this distance", section: "Kind"),
    .value("tif", .text, "gtc|ioc|fok|day|gtd:TIME", "Time in force", section: "Kind", default: "gtc; market: ioc"),
    .value("expire", .duration, nil, "Expire after this time", section: "Kind"),
    .toggle("post-only", "Never take liquidity", section: "Venue"),
    .toggle("reduce-only", "Only make a position smaller", section: "Venue"),
    .value("position", .choice(["net", "long", "short"]), nil, "Position side in hedge mode", section: "Venue"),
    .toggle("hidden", "Do not show the order in the book", section: "Venue"),
    .value("iceberg", .decimal, "QTY", "Show only this much at a time", section: "Venue"),
    .value("tp", .decimal, "P", "Take profit at this price once filled", section: "Exits"),
    .value("sl", .decimal, "P", "Stop loss at this price once filled", section: "Exits"),
    .value("oco", .id, nil, "One cancels the other: the id of the other order", section: "Exits"),
    .value("max-slippage", .basisPoints, nil, "Bound for market orders", section: "Protection", default: "50bps"),
    .value(
      "collar", .percent, nil, "Largest distance of a limit from the touch", section: "Protection", default: "10%"),
    .toggle("no-collar", "No bound on the distance of the limit", section: "Protection"),
    .value(
      "round", .choice(["down", "up", "nearest"]), nil, "Round a price or quantity that is too fine",
      section: "Protection"),
  ]

  /// The part that `order` and `risk check` share.
  static func orderRequest(
    _ operation: String, _ line: ParsedLine, of spec: CommandSpec
  ) throws(ErrorObject) -> RequestDraft {
    let arguments = line.arguments
    var request = try RequestDraft(operation, line, of: spec, except: ["tag", "tif"])
    request.set("side", arguments.words[0])
    request.set("symbol", arguments.words[1])
    request.set("qty", arguments.words.count > 2 ? arguments.words[2] : nil)
    request.addSendingAccount(line)
    if arguments.has("tag") { request.set("tags", .pairs(try RequestDraft.distinctPairs("tag", arguments))) }
    request.set("tif", try timeInForce(line))
    guard request.has("qty") != request.has("quote") else {
      throw .usage("quantity", "give either QTY or --quote DECIMAL", hint: "oms order buy BTC-USDT 0.01 --limit 64000")
    }
    let isPriced = arguments.has("limit") || arguments.has("stop") || arguments.has("trail")
    guard arguments.has("market") != isPriced else {
      throw .usage(
        "kind",
        isPriced
          ? "--market goes with none of --limit, --stop, --trail"
          : "say --limit P or --market: an order never defaults to a market order")
    }
    guard !(arguments.has("stop") && arguments.has("trail")) else {
      throw .usage("kind", "--stop and --trail exclude each other")
    }
    guard !(arguments.has("collar") && arguments.has("no-collar")) else {
      throw .usage("value", "--collar and --no-collar exclude each other")
    }
    return request
  }

  private static func timeInForce(_ line: ParsedLine) throws(ErrorObject) -> String? {
    guard let text = line.arguments.string("tif") else { return nil }
    if ["gtc", "ioc", "fok", "day"].contains(text) { return text }
    if text.hasPrefix("gtd:"), let time = try? TimeText.parse(String(text.dropFirst(4)), now: line.now) {
      return "gtd:" + time.rfc3339
    }
    throw .usage("value", "--tif: '\(text)' is not gtc, ioc, fok, day or gtd:TIME")
  }
}
