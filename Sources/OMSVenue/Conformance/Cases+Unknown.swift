import OMSLib

// 200 to 299: answers and news that are lost, late, doubled or wrong.

extension ConformanceCase {
  /// The calls that place and cancel, whichever way they go.
  private static let placing = VenueTrouble.Target.call("order.place")
  private static let posting = VenueTrouble.Target.call("POST /")
  private static let deleting = VenueTrouble.Target.call("DELETE /")
  private static let cancelling = VenueTrouble.Target.call("order.cancel")

  /// The same wrong with placing by either way.
  private static func placed(_ act: VenueTrouble.Act) -> [ConformanceStep] {
    [
      .trouble(VenueTrouble(placing, act)), .trouble(VenueTrouble(.call("POST /api/v3/order"), act)),
      .trouble(VenueTrouble(.call("POST /fapi/v1/order"), act)),
    ]
  }

  private static func cancelled(_ act: VenueTrouble.Act) -> [ConformanceStep] {
    [.trouble(VenueTrouble(cancelling, act)), .trouble(VenueTrouble(deleting, act))]
  }

  /// News about an account's orders, by the words that they have to have.
  private static func news(_ words: String..., act: VenueTrouble.Act, skip: Int = 0, count: Int = 1) -> ConformanceStep
  {
    .trouble(VenueTrouble(.news(words), act, skip: skip, count: count))
  }

  private static let isNew = "\"x\":\"NEW\""
  private static let isTrade = "\"x\":\"TRADE\""
  private static let isOrder = "\"x\":\""

  private static let order = ConformanceStep.limit("a", .buy, 10, at: 59_000)
  private static let late = 5_500 as Int64

  static let unknowns: [ConformanceCase] = [
    ConformanceCase(
      201, "an answer is lost, and the news come: the order is known", needsMemory: true,
      steps: placed(.loseAnswer),
      [
        order, .hear("accepted a"), .hear(["unknown a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      202, "answer and news are lost: the outcome is unknown, and the question finds the order", needsMemory: true,
      steps: placed(.loseAnswer),
      [
        news(isNew, act: .lose), order, .hear(["unknown a"], within: late), .query("a"), .hear("report a open 0"),
        .never("accepted a", "rejected a refused", "notSent a none"),
      ]),
    ConformanceCase(
      203, "an order is lost on its way: the outcome is unknown, and the question finds nothing", needsMemory: true,
      steps: placed(.lose),
      [
        order, .hear(["unknown a"], within: late), .query("a"), .hear("absent a"),
        .never("rejected a refused", "notSent a none"), .holds(["a": 0]),
      ]),
    ConformanceCase(
      204, "the exchange says that it does not know", needsMemory: true,
      steps: placed(
        .answer(
          status: 503, body: "{\"code\":-1000,\"msg\":\"Unknown error, please check your request or try again later.\"}"
        )), [order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused")]),
    ConformanceCase(
      205, "a failure in words that nobody has seen is no refusal", needsMemory: true,
      steps: placed(.answer(status: 503, body: "{\"code\":-9999,\"msg\":\"Gone fishing.\"}")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      206, "a page of somebody in between is no answer", needsMemory: true,
      steps: placed(.answer(status: 502, body: "<html><body>Bad gateway</body></html>")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      207, "a page that calls itself a success is no answer", needsMemory: true,
      steps: placed(.answer(status: 200, body: "<html></html>")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      208, "an empty body is no answer", needsMemory: true,
      steps: placed(.answer(status: 200, body: "")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      209, "an answer that is torn is no answer", needsMemory: true,
      steps: placed(.answer(status: 200, body: "{\"symbol\":\"BTCUSDT\",\"orderId\":")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      210, "an answer about another order is no answer", needsMemory: true,
      steps: placed(
        .answer(
          status: 200,
          body: "{\"symbol\":\"BTCUSDT\",\"orderId\":1,\"clientOrderId\":\"somebody\",\"status\":\"NEW\"}")),
      [
        order, .hear(["unknown a", "accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      211, "the backend's answer did not come in time", [.usdm],
      steps: placed(.refuse(VenueError(-1_007, "Timeout waiting for response from backend server.", status: 408))),
      [
        order, .hear("unknown a"), .query("a"), .hear("absent a"), .never("rejected a refused"),
      ]),
    ConformanceCase(
      212, "the exchange says that nothing was done: later it may be",
      steps: placed(.refuse(VenueError(-1_008, "Request throttled by system-level protection.", status: 503))),
      [
        order, .hear("rejected a throttled"), .never("unknown a"),
      ]),
    ConformanceCase(
      213, "the link breaks in place of the answer",
      steps: placed(.breakOff),
      [
        order, .hear("unknown a", "accepted a"), .never("rejected a refused", "notSent a none"), .query("a"),
        .hear(["report a open 0"], within: 5_000),
      ]),
    ConformanceCase(
      214, "an answer comes long after it was given up", ways: [.socket], needsMemory: true,
      steps: placed(.delay(nanoseconds: 5_000_000_000)),
      [
        news(isNew, act: .lose), order, .hear(["unknown a"], within: late), .never("accepted a"),
        .hear(["accepted a"], within: late), .never("rejected a refused"),
      ]),
    ConformanceCase(
      215, "the fill comes before the answer", needsMemory: true,
      steps: placed(.delay(nanoseconds: 300_000_000)),
      [
        .level(.sell, quantity: 10, price: 60_000), .limit("a", .buy, 10, at: 60_000),
        .hear(["fill a 10@60000"], within: 100), .hear("accepted a"), .never("unknown a"),
      ]),
    ConformanceCase(
      216, "answers and news come twice", needsMemory: true,
      steps: placed(.repeated(nanoseconds: 10_000_000)),
      [
        news(isOrder, act: .repeated(nanoseconds: 50_000_000), count: 100),
        .level(.sell, quantity: 10, price: 60_000), .limit("a", .buy, 20, at: 60_000),
        .hear("accepted a", "fill a 10@60000"), .pass(milliseconds: 200), .cancel("a"), .hear("cancelled a"),
      ]),
    ConformanceCase(
      217, "the end comes before the beginning", needsMemory: true,
      steps: placed(.delay(nanoseconds: 400_000_000)),
      [
        news(isNew, act: .delay(nanoseconds: 300_000_000)), .level(.sell, quantity: 10, price: 60_000),
        .limit("a", .buy, 10, at: 60_000), .hear(["fill a 10@60000"], within: 100), .hear("accepted a"),
        .pass(milliseconds: 500),
      ]),
    ConformanceCase(
      218, "a fill comes after the end", needsMemory: true,
      steps: [
        news(isTrade, act: .delay(nanoseconds: 2_000_000_000)), .limit("a", .sell, 10, at: 61_000), .hear("accepted a"),
        .fill("a", quantity: 4), .cancel("a"), .hear("cancelled a"), .never("fill a 4@61000"),
        .hear(["fill a 4@61000"], within: 3_000),
      ]),
    ConformanceCase(
      219, "the answer to a cancel is lost", needsMemory: true,
      steps: cancelled(.loseAnswer),
      [
        order, .hear("accepted a"), .cancel("a"), .hear("cancelled a"), .hear(["unknown a"], within: late),
        .never("cancelRejected a unknownOrder"),
      ]),
    ConformanceCase(
      220, "a cancel is lost", needsMemory: true,
      steps: cancelled(.lose),
      [
        order, .hear("accepted a"), .cancel("a"), .hear(["unknown a"], within: late), .never("cancelled a"),
        .query("a"), .hear("report a open 0"), .cancel("a"), .hear("cancelled a"),
      ]),
    ConformanceCase(
      221, "an id that is taken already is not refused: it may be this very order", [.usdm],
      steps: placed(.answer(status: 400, body: "{\"code\":-4116,\"msg\":\"ClientOrderId is duplicated.\"}")),
      [
        .pass(milliseconds: 1)
      ]),
    ConformanceCase(
      222, "a key that is not valid any more", ways: [.socket, .rest],
      steps: placed(
        .refuse(VenueError(-2_015, "Invalid API-key, IP, or permissions for action.", status: 401))),
      [
        order, .hear("rejected a key"), .never("accepted a", "unknown a"),
      ]),
    ConformanceCase(
      223, "our clock is wrong: the venue's is asked, and the next order is right", needsMemory: true,
      steps: [
        .exchange(.skew(milliseconds: 30_000)), order, .hear("rejected a clock"), .pass(milliseconds: 200),
        .limit("b", .buy, 10, at: 59_000), .hear("accepted b"), .never("unknown a", "rejected b clock"),
      ]),
    ConformanceCase(
      224, "our clock is ahead", needsMemory: true,
      steps: [
        .exchange(.skew(milliseconds: -30_000)), order, .hear("rejected a clock"), .pass(milliseconds: 200),
        .limit("b", .buy, 10, at: 59_000), .hear("accepted b"), .never("unknown a", "rejected b clock"),
      ]),
    ConformanceCase(
      225, "one fill is never told", needsMemory: true,
      steps: [
        .limit("a", .sell, 10, at: 61_000), .hear("accepted a"), news(isTrade, act: .lose), .fill("a", quantity: 4),
        .fill("a", quantity: 2), .hear("fill a 2@61000"), .never("fill a 4@61000"), .query("a"),
        .hear("report a open 6"),
      ]),
  ]
}
