import OMSLib

// 100 to 199: orders, as long as everything works.

extension ConformanceCase {
  static let orders: [ConformanceCase] = [
    ConformanceCase(
      101, "an order is accepted, and is there once",
      steps: [.limit("a", .buy, 10, at: 59_000), .hear("accepted a"), .pass(milliseconds: 100), .holds(["a": 1])]),
    ConformanceCase(
      102, "an order that takes has its fills at once",
      steps: [
        .level(.sell, quantity: 4, price: 60_000), .level(.sell, quantity: 6, price: 60_001),
        .limit("a", .buy, 10, at: 60_001), .hear("accepted a", "fill a 4@60000", "fill a 6@60001"),
      ]),
    ConformanceCase(
      103, "an order that rests is filled bit by bit",
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 3), .hear("fill a 3@61000"),
        .fill("a", quantity: 7), .hear("fill a 7@61000"),
      ]),
    ConformanceCase(
      104, "what is left of an order that may not rest expires",
      steps: [
        .level(.sell, quantity: 4, price: 60_000), .limit("a", .buy, 10, at: 60_000) { $0.timeInForce = .ioc },
        .hear("accepted a", "fill a 4@60000", "expired a"),
      ]),
    ConformanceCase(
      105, "all or nothing is nothing where there is not enough", [.spot],
      steps: [
        .level(.sell, quantity: 4, price: 60_000), .limit("a", .buy, 10, at: 60_000) { $0.timeInForce = .fok },
        .hear("expired a"), .never("fill a 4@60000"),
      ]),
    ConformanceCase(
      106, "who must not take is turned away", [.spot],
      steps: [
        .level(.sell, quantity: 4, price: 60_000), .limit("a", .buy, 4, at: 60_000) { $0.flags = .postOnly },
        .hear("rejected a refused"), .never("fill a 4@60000"),
      ]),
    ConformanceCase(
      107, "who must not take rests where it takes nothing",
      steps: [
        .level(.sell, quantity: 4, price: 60_000), .limit("a", .buy, 4, at: 59_999) { $0.flags = .postOnly },
        .hear("accepted a"), .never("rejected a refused"),
      ]),
    ConformanceCase(
      108, "without the money there is no order",
      steps: [.limit("a", .buy, 999_000, at: 59_000), .hear("rejected a refused"), .never("accepted a")]),
    ConformanceCase(
      109, "what the venue's filters forbid is refused",
      steps: [.limit("a", .buy, 10, at: 1), .hear("rejected a refused"), .never("accepted a")]),
    ConformanceCase(
      110, "a cancel ends an order",
      steps: [
        .limit("a", .buy, 10, at: 59_000), .hear("accepted a"), .cancel("a"), .hear("cancelled a"),
        .pass(milliseconds: 100), .holds(["a": 1]),
      ]),
    ConformanceCase(
      111, "a cancel of what is filled says so, and ends nothing",
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 10), .cancel("a"),
        .hear("fill a 10@61000", "cancelRejected a unknownOrder"), .never("cancelled a"),
      ]),
    ConformanceCase(
      112, "a part is filled before the cancel comes",
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 4), .cancel("a"),
        .hear("fill a 4@61000", "cancelled a"),
      ]),
    ConformanceCase(
      113, "a cancel that comes twice",
      steps: [
        .limit("a", .buy, 10, at: 59_000), .hear("accepted a"), .cancel("a"), .cancel("a"),
        .hear("cancelled a", "cancelRejected a unknownOrder"),
      ]),
    ConformanceCase(
      114, "a cancel of what was never there", [.spot],
      steps: [
        .limit("a", .buy, 999_000, at: 59_000), .hear("rejected a refused"), .cancel("a"),
        .hear("cancelRejected a unknownOrder"),
      ]),
    ConformanceCase(
      115, "an order is made smaller where it stands", [.spot],
      steps: [
        .limit("a", .buy, 10, at: 59_000), .hear("accepted a"), .amend("a", quantity: 6, price: 0),
        .hear("amended a 6@59000"),
      ]),
    ConformanceCase(
      116, "an order gets another price and size", [.usdm],
      steps: [
        .limit("a", .buy, 10, at: 59_000), .hear("accepted a"), .amend("a", quantity: 6, price: 59_100),
        .hear("amended a 6@59100"),
      ]),
    ConformanceCase(
      117, "what is filled cannot be made smaller", [.spot],
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 10), .hear("fill a 10@61000"),
        .amend("a", quantity: 6, price: 0), .hear("amendRejected a unknownOrder"),
      ]),
    ConformanceCase(
      118, "an order is asked for while it is open and when it is over",
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 4), .query("a"),
        .hear("report a open 4"), .cancel("a"), .hear("cancelled a"), .query("a"), .hear("report a cancelled 4"),
      ]),
    ConformanceCase(
      119, "what was never there is absent",
      steps: [.limit("a", .buy, 999_000, at: 59_000), .hear("rejected a refused"), .query("a"), .hear("absent a")]),
    ConformanceCase(
      120, "two accounts trade with each other",
      steps: [
        .limit("a", .sell, 10, at: 60_500), .hear("accepted a"), .limit("b", .buy, 10, at: 60_500) { $0.account = 2 },
        .hear("accepted b", "fill a 10@60500", "fill b 10@60500"),
      ]),
    ConformanceCase(
      121, "own orders do not meet: the later one goes",
      steps: [
        .limit("a", .sell, 10, at: 60_500) { $0.prevention = .expireTaker }, .hear("accepted a"),
        .limit("b", .buy, 10, at: 60_500) { $0.prevention = .expireTaker }, .hear("expired b selfTrade"),
        .never("fill a 10@60500", "expired a selfTrade"),
      ]),
    ConformanceCase(
      122, "own orders do not meet: the earlier one goes",
      steps: [
        .limit("a", .sell, 10, at: 60_500) { $0.prevention = .expireMaker }, .hear("accepted a"),
        .limit("b", .buy, 10, at: 60_500) { $0.prevention = .expireMaker },
        .hear("accepted b", "expired a selfTrade"), .never("fill a 10@60500", "expired b selfTrade"),
      ]),
    ConformanceCase(
      123, "own orders do not meet: both go",
      steps: [
        .limit("a", .sell, 10, at: 60_500) { $0.prevention = .expireBoth }, .hear("accepted a"),
        .limit("b", .buy, 10, at: 60_500) { $0.prevention = .expireBoth },
        .hear("expired a selfTrade", "expired b selfTrade"), .never("fill a 10@60500"),
      ]),
    ConformanceCase(
      124, "a market order takes what there is",
      steps: [
        .level(.sell, quantity: 20, price: 60_000), .market("a", .buy, 10), .hear("accepted a", "fill a 10@60000"),
      ]),
    ConformanceCase(
      125, "a stop waits for its price and fills then",
      steps: [
        .level(.buy, quantity: 20, price: 57_000),
        .place(
          ConformanceOrder(
            name: "a", side: .sell, quantity: 10, price: 0, kind: .stopMarket, timeInForce: .gtc, stopPrice: 58_000)),
        .hear("accepted a"), .pass(milliseconds: 200), .never("fill a 10@57000"),
        .level(.buy, quantity: 1, price: 58_000), .limit("b", .sell, 1, at: 58_000) { $0.account = 2 },
        .hear("fill b 1@58000"), .hear(["fill a 10@57000"], within: 3_000),
      ]),
    ConformanceCase(
      126, "a stop that waits is cancelled", [.spot, .usdm],
      steps: [
        .place(
          ConformanceOrder(
            name: "a", side: .sell, quantity: 10, price: 57_900, kind: .stopLimit, timeInForce: .gtc,
            stopPrice: 58_000)),
        .hear("accepted a"), .cancel("a"), .hear("cancelled a"),
      ]),
    ConformanceCase(
      127, "what only reduces has nothing to reduce", [.usdm],
      steps: [.limit("a", .sell, 10, at: 61_000) { $0.flags = .reduceOnly }, .hear("rejected a refused")]),
    ConformanceCase(
      128, "a market that is halted takes no orders, and takes them again",
      steps: [
        .exchange(.halt(true)), .limit("a", .buy, 10, at: 59_000), .hear(["rejected a closed"], within: 2_000),
        .exchange(.halt(false)), .limit("b", .buy, 10, at: 59_000), .hear("accepted b"),
      ]),
    ConformanceCase(
      129, "what waited too long is not sent",
      steps: [
        .limit("a", .buy, 10, at: 59_000) { $0.patienceMilliseconds = -1 }, .hear("notSent a none"), .asked(0),
      ]),
    ConformanceCase(
      131, "what is filled gets no other price", [.usdm],
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), .fill("a", quantity: 10), .hear("fill a 10@61000"),
        .amend("a", quantity: 6, price: 61_100), .hear("amendRejected a unknownOrder"),
      ]),
    ConformanceCase(
      130, "many orders at once are all there, each once",
      steps: burst("a", 20), [.hear(each("accepted a", 20), within: 2_000)], cancels("a", 20),
      [
        .hear(each("cancelled a", 20), within: 2_000)
      ]),
  ]

  /// Orders `a1`, `a2` and so on, all at once.
  static func burst(_ name: String, _ count: Int) -> [ConformanceStep] {
    (1...count).map { .limit("\(name)\($0)", .buy, 1, at: 58_000) { $0.patienceMilliseconds = 5_000 } }
  }

  static func cancels(_ name: String, _ count: Int) -> [ConformanceStep] {
    (1...count).map { .cancel("\(name)\($0)") }
  }

  static func each(_ text: String, _ count: Int, _ rest: String = "") -> [String] {
    (1...count).map { "\(text)\($0)\(rest)" }
  }
}
