import Testing

@testable import OMSLib

/// An error says what is to be done; one that nobody knows says nothing.
@Suite struct BinanceErrorTests {
  private func verdict(
    _ code: Int32, _ text: String = "", status: Int = 400, _ product: BinanceProduct = .usdm
  ) -> BinanceVerdict {
    let now = UTCTime(nanoseconds: 1_659_146_300_000_000_000)
    return BinanceVerdict(code: code, text: text, BinanceErrorContext(product, status: status, now: now))
  }

  @Test(arguments: [
    ("Unknown error, please check your request or try again later.", BinanceMeaning.outcomeUnknown, true),
    ("Service Unavailable.", .notNow, true),
    ("Request throttled by system-level protection. Reduce-only/close-position orders are exempt.", .notNow, true),
    ("Something nobody has seen.", .outcomeUnknown, false),
  ])
  func theThreeKindsOf503(text: String, meaning: BinanceMeaning, isKnown: Bool) {
    let found = verdict(0, text, status: 503)
    #expect(found.meaning == meaning && found.isKnown == isKnown)
  }

  @Test(arguments: [-1000, -1001, -1006, -1007] as [Int32])
  func executionMayHaveHappened(code: Int32) {
    let event = verdict(code).event(about: BinanceFixture.order())
    #expect(event?.kind == .outcomeUnknown && event?.code == code)
  }

  @Test func anUnseenCodeIsNoRefusal() {
    #expect(verdict(-9_999).meaning == .outcomeUnknown && !verdict(-9_999).isKnown)
    #expect(verdict(-9_999).event(about: BinanceFixture.order())?.kind == .outcomeUnknown)
  }

  @Test func theSameNumberMeansOtherThingsInOtherProducts() {
    #expect(verdict(-2026, .spot).meaning == .unknownOrder)
    #expect(verdict(-2026, .usdm).meaning == .refused)
    #expect(verdict(-2022, .usdm).meaning == .refused)
    #expect(verdict(-2022, .spot).meaning == .outcomeUnknown)
  }

  private func verdict(_ code: Int32, _ product: BinanceProduct) -> BinanceVerdict {
    verdict(code, "", status: 400, product)
  }

  @Test func aDuplicateIdMayBeTheOrderItself() {
    #expect(verdict(-2010, "Duplicate order sent.").meaning == .outcomeUnknown)
    #expect(verdict(-4116).meaning == .outcomeUnknown)
    #expect(verdict(-2010, "Account has insufficient balance for requested action.").meaning == .refused)
    #expect(verdict(-2010, "Market is closed.").meaning == .closed)
  }

  @Test func aCancelThatComesTooLateIsNoEndOfTheOrder() {
    var request = BinanceFixture.order()
    request.kindRaw = VenueRequest.Kind.cancelOrder.rawValue
    let late = verdict(-2011, "Unknown order sent.").event(about: request)
    #expect(late?.kind == .cancelRejected && late?.remedy == .unknownOrder)
    let refused = verdict(-2011, "Order was not canceled due to cancel restrictions.").event(about: request)
    #expect(refused?.remedy == .refused)
    request.kindRaw = VenueRequest.Kind.queryOrder.rawValue
    #expect(verdict(-2013).event(about: request)?.kind == .orderAbsent)
    #expect(verdict(-1003).event(about: request) == nil, "a question is asked again")
  }

  @Test func limitsSayHowLong() {
    var context = BinanceErrorContext(.spot, status: 429, now: UTCTime(nanoseconds: 1_659_146_300_000_000_000))
    context.retryAfterSeconds = 12
    #expect(BinanceVerdict(code: -1003, text: "", context).retryAfterNanoseconds == 12_000_000_000)
    context.retryAfterSeconds = 0
    context.retryAt = 1_659_146_303_500
    #expect(BinanceVerdict(code: -1003, text: "", context).retryAfterNanoseconds == 3_500_000_000)
    let text = "Way too much request weight used; IP banned until 1659146400000. Please use the websocket."
    let ban = BinanceVerdict(code: -1003, text: text, context)
    #expect(ban.meaning == .banned && ban.retryAfterNanoseconds == 100_000_000_000)
    context.status = 418
    context.retryAt = 0
    let silent = BinanceVerdict(code: 0, text: "", context)
    #expect(silent.meaning == .banned && silent.retryAfterNanoseconds == 120_000_000_000)
    context.retryAt = .max
    #expect(BinanceVerdict(code: 0, text: "", context).retryAfterNanoseconds == 7 * 86_400_000_000_000)
  }

  @Test func nothingToChangeIsAsGoodAsDone() {
    var request = BinanceFixture.order()
    request.kindRaw = VenueRequest.Kind.amendOrder.rawValue
    let event = verdict(-5027).event(about: request)
    #expect(event?.kind == .amended && event?.requestID == 77 && event?.quantity == request.quantity)
    #expect(verdict(-4046).meaning == .unchanged && verdict(-4059).meaning == .unchanged)
  }

  private static let remedies: [(Int32, VenueEvent.Remedy)] = [
    (-1021, .clock), (-5028, .clock), (-2015, .key), (-1022, .key), (-1015, .throttled),
  ]

  @Test(arguments: remedies)
  func whatIsToBeDone(code: Int32, remedy: VenueEvent.Remedy) {
    let event = verdict(code).event(about: BinanceFixture.order())
    #expect(event?.kind == .rejected && event?.remedy == remedy)
  }

  @Test func aPageInsteadOfAnAnswerLeavesTheOrderUnknown() {
    for (status, body) in [(403, "<html>"), (200, ""), (200, "{\"orderId\":"), (502, "Bad Gateway"), (408, "")] {
      let answer = BinanceAnswer(status: status, body: Array(body.utf8))
      var events: [VenueEvent] = []
      _ = BinanceReply.read(answer, to: BinanceFixture.order(), BinanceFixture.spot(), now: .zero) { events.append($0) }
      #expect(events.map(\.kind) == [.outcomeUnknown], "status \(status)")
    }
  }

  @Test func countersOfLimits() throws {
    #expect(
      BinanceUsage(header: "x-mbx-used-weight-1m", value: "37")
        == BinanceUsage(.requestWeight, intervalSeconds: 60, count: 37))
    #expect(
      BinanceUsage(header: "x-mbx-order-count-10s", value: "4") == BinanceUsage(.orders, intervalSeconds: 10, count: 4))
    for name in ["x-mbx-used-weight", "x-mbx-used-weight-m", "x-mbx-used-weight-0m", "x-mbx-order-count-9x", "date"] {
      #expect(BinanceUsage(header: name, value: "1") == nil, "\(name)")
    }
    #expect(BinanceUsage(header: "x-mbx-used-weight-1m", value: "-1") == nil)
    let row = #"{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":160000,"count":9}"#
    #expect(
      BinanceUsage(try JSONReader.read(row).root)
        == BinanceUsage(.orders, intervalSeconds: 86_400, limit: 160_000, count: 9))
  }
}
