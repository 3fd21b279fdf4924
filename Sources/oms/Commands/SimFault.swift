import OMSLib

struct SimFaultCommand: SimCommand {
  static let spec = simSpec(
    "fault", "Make the venue misbehave", "oms sim fault --drop-ack 1", [],
    engineFaults + [.toggle("clear", "End all faults")] + answerFaults + eventFaults + connectionFaults + houseFaults,
    more: [
      .init(
        "oms sim fault --lost-answer 1 --venue $(jq -r .control venue.json)", "on an exchange that is served",
        needs: "an `oms venue serve` whose object is in venue.json")
    ])

  private static let engineFaults: [FlagSpec] = [
    .value("drop-ack", .count, nil, "Execute this many orders without answering"),
    .value("dup-ack", .count, nil, "Answer this many orders twice"),
    .value("reject", .text, "CODE[:N]", "Refuse the next N orders with CODE"),
    .value("disconnect", .duration, nil, "Drop the connection for that long"),
    .value("stale-feed", .symbol, nil, "No more market data of this symbol"),
    .value("seq-gap", .symbol, nil, "Lose an update of this symbol"),
    .value("rate-limit", .count, nil, "Answer this many requests with the rate limit"),
    .value("partial", .percent, nil, "Fill only this share at once"),
    .value("late-fill", .duration, nil, "Report fills that much later"),
    .value("lost-cancel", .count, nil, "Lose this many cancels"),
    .toggle("auth-fail", "Refuse the key"),
  ]

  private static let answers = "Requests and answers of a served exchange"

  private static let answerFaults: [FlagSpec] = [
    .value(
      "of", .choice(["orders", "cancels", "reads", "all"]), nil,
      "What --lost-request, --reset-answer, --lost-answer, --answer and --late-answer are about", section: answers,
      default: "orders"),
    .value("lost-request", .count, nil, "Lose this many on their way there", section: answers),
    .value("reset-answer", .count, nil, "Carry out this many, and reset in place of an answer", section: answers),
    .value("lost-answer", .count, nil, "Carry out this many, and say nothing", section: answers),
    .value(
      "answer", .text, "KIND[:N]",
      """
      Answer N with unknown-503, strange-503, timeout, unexpected, bad-gateway, html, empty, truncated or gzip, though \
      they are carried out; with unavailable-503, overload-503 or waf, and they are not
      """, section: answers),
    .value("late-answer", .duration, nil, "Answer that much later", section: answers),
    .value("repeat-answer", .count, nil, "Say this many answers of the WebSocket API twice", section: answers),
    .value("swap-answers", .count, nil, "Let this many pairs of them change their ids", section: answers),
    .value("stray-order", .count, nil, "Take this many orders for another account", section: answers),
    .value("shift-price", .count, nil, "Take this many orders one tick higher", section: answers),
    .value("race-cancel", .text, "PCT[:N]", "Fill so much of an order before its cancel comes", section: answers),
    .value("leave-order", .count, nil, "Leave one order at this many cancels of everything", section: answers),
    .value("short-batch", .count, nil, "Leave the last answer of this many batches out", section: answers),
    .value("turn-batch", .count, nil, "Answer this many batches from the end", section: answers),
    .value("query-lag", .duration, nil, "Show no order or trade before it is that old", section: answers),
    .value("zero-balances", .count, nil, "Answer this many questions for balances with zeros", section: answers),
    .value("hide-position", .symbol, nil, "Leave the position in this symbol out", section: answers),
  ]

  private static let events = "Events of accounts of a served exchange"

  private static let eventFaults: [FlagSpec] = [
    .toggle("mute", "Tell accounts nothing", section: events),
    .value("lost-event", .count, nil, "Lose this many events of orders", section: events),
    .value("lost-fill", .count, nil, "Lose this many fills", section: events),
    .value("late-event", .duration, nil, "Tell everything that much later", section: events),
    .value("repeat-event", .duration, nil, "Tell events of orders once more after that time", section: events),
    .value("turn-events", .count, nil, "Tell this many of them behind the next ones", section: events),
    .value(
      "event", .text, "KIND[:N]", "Let N lie: overfill, falling, zero-price, nan, unknown-status", section: events),
    .toggle("repeat-fills", "Tell whoever subscribes the fills of before", section: events),
  ]

  private static let connections = "Connections of a served exchange"

  private static let connectionFaults: [FlagSpec] = [
    .toggle("close-at-once", "Accept connections and close them", section: connections),
    .value(
      "freeze", .choice(["none", "requests", "answers", "both"]), nil, "Stand still, and tell nobody",
      section: connections),
    .value(
      "half-open", .choice(["none", "requests", "answers", "both"]), nil,
      "Stand still like --freeze, but only on connections that are open now", section: connections),
    .toggle("cut-calls", "Close the connections of the WebSocket API", section: connections),
    .value("cut", .count, "BYTES", "Reset a connection behind so many bytes to the client", section: connections),
    .value("cut-request", .count, "BYTES", "Reset it behind so many bytes of the client", section: connections),
    .value("drip", .count, "BYTES", "Send so many a second", section: connections),
    .value("pong", .choice(["right", "none", "wrong"]), nil, "How pings are answered", section: connections),
    .value("pings", .count, nil, "Send every WebSocket this many at once", section: connections),
    .value("idle", .duration, nil, "Close a connection that asks nothing for so long", section: connections),
    .value("life", .duration, nil, "How long a WebSocket lasts", section: connections, default: "24h"),
    .value("shutdown", .duration, nil, "Announce the end, which comes so much later", section: connections),
    .value("listen-key-life", .duration, nil, "How long a listenKey lasts", section: connections, default: "60m"),
  ]

  private static let house = "A served exchange as a whole"

  private static let houseFaults: [FlagSpec] = [
    .value("ban", .duration, nil, "Answer everybody 418 for so long", section: house),
    .value("used-weight", .count, nil, "Let others use so much of each minute's weight", section: house),
    .value("maintenance", .duration, nil, "Take no request for so long; then books are numbered anew", section: house),
    .value("skew", .text, "DUR", "Have a clock that is so much ahead; behind: --skew=-DUR", section: house),
    .value("lock", .account, nil, "Refuse the key of this account", section: house),
    .value("halt", .symbol, nil, "Close the market of this symbol", section: house),
    .value("bust", .count, "TRADE", "Undo the trade of this number", section: house),
  ]

  let request: RequestDraft

  init(_ line: ParsedLine) throws(ErrorObject) {
    let given = Self.spec.flags.map(\.name).filter { line.arguments.has($0) && $0 != "venue" && $0 != "of" }
    guard !given.isEmpty else { throw .usage("argument", "which fault?", hint: "oms sim fault --help") }
    let ofServed = (Self.answerFaults + Self.eventFaults + Self.connectionFaults + Self.houseFaults).map(\.name)
    if !line.arguments.has("venue"), let name = given.first(where: { ofServed.contains($0) }) {
      throw .usage("argument", "--\(name) is a fault of an exchange that is served: say --venue URL")
    }
    request = try simRequest("fault", line, of: Self.spec)
  }
}
