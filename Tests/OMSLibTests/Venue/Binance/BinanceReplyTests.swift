import Foundation
import Testing

@testable import OMSLib

/// Answers, in the core's words.
@Suite struct BinanceReplyTests {
  private typealias Fixture = BinanceFixture

  private func read(
    _ body: String, status: Int = 200, to request: VenueRequest, _ reading: BinanceReading = Fixture.spot()
  ) -> (events: [VenueEvent], problem: BinanceProblem?) {
    var events: [VenueEvent] = []
    let answer = BinanceAnswer(status: status, body: Array(body.utf8))
    let problem = BinanceReply.read(answer, to: request, reading, now: .zero) { events.append($0) }
    return (events, problem)
  }

  private func full(_ changes: (String, String)...) -> String {
    var text = """
      {"symbol":"BTCUSDT","orderId":28,"orderListId":-1,"clientOrderId":"1abcde0123456789abcdefghijklmnop",\
      "transactTime":1767225176595,"price":"31000.00000000","origQty":"0.02000000","executedQty":"0.01500000",\
      "status":"EXPIRED","timeInForce":"IOC","type":"LIMIT","side":"BUY","fills":[{"price":"30999.00000000",\
      "qty":"0.01000000","commission":"0.00001000","commissionAsset":"BTC","tradeId":56},{"price":"31000.00000000",\
      "qty":"0.00500000","commission":"0.00000500","commissionAsset":"BTC","tradeId":57}]}
      """
    for (from, to) in changes { text = text.replacingOccurrences(of: from, with: to) }
    return text
  }

  @Test func aFullAnswerTellsOfFillsAndOfTheEnd() {
    let (events, problem) = read(full(), to: Fixture.order(timeInForce: .ioc))
    #expect(problem == nil && events.map(\.kind) == [.accepted, .fill, .fill, .expired])
    #expect(events.allSatisfy { $0.requestID == 77 && $0.venueOrder == VenueReference(28) })
    #expect(events[1].trade == VenueReference(56) && events[1].price == 3_099_900 && events[1].quantity == 1_000)
    #expect(events[2].cumulative == 1_500 && events[3].cumulative == 1_500)
    #expect(events[2].fee.units == 5_000_000_000_000 && events[2].asset == AssetID(number: 1))
  }

  @Test func anAnswerAboutAnotherOrderLeavesThisOneUnknown() {
    for change in [
      ("1abcde0123456789", "1abcde9876543210"), ("BTCUSDT", "ETHUSDT"), ("\"orderId\":28", "\"orderId\":0"),
    ] {
      let (events, problem) = read(full(change), to: Fixture.order())
      #expect(problem != nil && events.map(\.kind) == [.outcomeUnknown], "\(change)")
    }
  }

  private func cancel() -> VenueRequest {
    var request = Fixture.order()
    request.kindRaw = VenueRequest.Kind.cancelOrder.rawValue
    return request
  }

  private let cancelled = """
    {"symbol":"BTCUSDT","origClientOrderId":"1abcde0123456789abcdefghijklmnop","orderId":28,"clientOrderId":"cancel-1",\
    "transactTime":1767225176595,"price":"31000.00","origQty":"0.02","executedQty":"0.005","status":"CANCELED",\
    "timeInForce":"GTC","type":"LIMIT","side":"BUY"}
    """

  @Test func onACancelTheOrdersIdIsTheOriginalOne() {
    let (events, _) = read(cancelled, to: cancel())
    #expect(events.map(\.kind) == [.cancelled] && events[0].cumulative == 500)
    #expect(events[0].wireID == cancel().wireID)
  }

  @Test func aReplacementIsResolvedPartByPart() {
    var request = Fixture.order()
    request.kindRaw = VenueRequest.Kind.amendOrder.rawValue
    request.newWireID = Text32("1abcdeREPLACEMENT") ?? Text32()
    let placed = full(("1abcde0123456789abcdefghijklmnop", "1abcdeREPLACEMENT"), ("EXPIRED", "NEW"))
    let both = """
      {"cancelResult":"SUCCESS","newOrderResult":"SUCCESS","cancelResponse":\(cancelled),"newOrderResponse":\(placed)}
      """
    #expect(read(both, to: request).events.map(\.kind) == [.cancelled, .accepted, .fill, .fill])
    func failed(_ cancel: String, _ new: String, _ first: String, _ second: String) -> [VenueEvent] {
      let data = """
        {"cancelResult":"\(cancel)","newOrderResult":"\(new)","cancelResponse":\(first),"newOrderResponse":\(second)}
        """
      return read(#"{"code":-2021,"msg":"failed","data":\#(data)}"#, status: 409, to: request).events
    }
    let error = #"{"code":-2011,"msg":"Unknown order sent."}"#
    let refused = #"{"code":-2010,"msg":"Account has insufficient balance for requested action."}"#
    let half = failed("SUCCESS", "FAILURE", cancelled, refused)
    #expect(half.map(\.kind) == [.cancelled, .rejected] && half[1].wireID == request.newWireID)
    let other = failed("FAILURE", "SUCCESS", error, placed)
    #expect(other.map(\.kind) == [.cancelRejected, .accepted, .fill, .fill] && other[0].remedy == .unknownOrder)
    #expect(failed("FAILURE", "NOT_ATTEMPTED", error, "null").map(\.kind) == [.cancelRejected])
    #expect(failed("FAILURE", "FAILURE", error, refused).map(\.kind) == [.cancelRejected, .rejected])
    // A limit may stop the second part only.
    #expect(failed("SUCCESS", "NOT_ATTEMPTED", cancelled, "null").map(\.kind) == [.cancelled, .notSent])
  }

  @Test func ordersAsQueriesShowThem() throws {
    var request = Fixture.order()
    request.kindRaw = VenueRequest.Kind.queryOrder.rawValue
    let body = """
      {"symbol":"BTCUSDT","orderId":28,"clientOrderId":"1abcde0123456789abcdefghijklmnop","price":"31000.0",\
      "origQty":"0.02","executedQty":"0.005","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT_MAKER",\
      "side":"BUY","time":1767225176595,"updateTime":1767225176600,"isWorking":true}
      """
    let (events, problem) = read(body, to: request)
    #expect(problem == nil && events.count == 1)
    let report = try #require(events.first)
    #expect(report.kind == .orderReport && report.status == .open && report.cumulative == 500)
    #expect(report.requestID == 77 && report.placedAt.nanoseconds == 1_767_225_176_595_000_000)
    #expect(OrderFlags(rawValue: report.flagsRaw) == .postOnly)
    let missing = read(#"{"code":-2013,"msg":"Order does not exist."}"#, status: 400, to: request)
    #expect(missing.events.map(\.kind) == [.orderAbsent])
    let foreign = read(body.replacingOccurrences(of: "1abcde0123", with: "1abcde9999"), to: request)
    #expect(foreign.problem != nil && foreign.events.isEmpty)
  }

  @Test func listsLeaveOutWhatIsNotConfigured() throws {
    let rows = """
      [{"symbol":"XYZUSDT"},{"algoId":123456789,"clientAlgoId":"mine","algoType":"CONDITIONAL","orderType":"STOP_MARKET",\
      "symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH","timeInForce":"GTC","quantity":"0.001","algoStatus":"NEW",\
      "triggerPrice":"45000.00","reduceOnly":true,"createTime":1625474304765,"updateTime":1625474304765}]
      """
    var events: [VenueEvent] = []
    let skipped = try BinanceReport.orders(
      try JSONReader.read(rows).root, to: VenueRequest(.queryOpenOrders), Fixture.usdm()
    ) { events.append($0) }
    #expect(skipped == 1 && events.map(\.status) == [.waiting])
    #expect(OrderKind(rawValue: events[0].orderKindRaw) == .stopMarket)
  }

  @Test func tradesOfHistory() throws {
    let rows = """
      [{"symbol":"BTCUSDT","id":57,"orderId":9,"side":"SELL","price":"2778.35","qty":"0.005","commission":"0.00555670",\
      "commissionAsset":"USDT","time":1645930322371,"positionSide":"SHORT","buyer":false,"maker":true}]
      """
    let symbol = BinanceSymbol(Fixture.perpetual)
    var fills: [VenueEvent] = []
    let last = try BinanceReport.trades(try JSONReader.read(rows).root, of: symbol, Fixture.usdm()) { fills.append($0) }
    #expect(last.last == VenueReference(57) && fills.count == 1)
    #expect(fills[0].isReplay == 1 && fills[0].side == .sell && fills[0].isMaker == 1)
    #expect(fills[0].positionSideRaw == PositionSide.short.rawValue)
  }

  // MARK: Accounts

  private func spotNews(_ text: String, _ memory: BinanceAccountMemory = BinanceAccountMemory()) throws -> SpotUserNews
  {
    try SpotUserReader.readFully(Array(text.utf8), Fixture.names) { $0 == 4 ? (Fixture.account, memory) : nil }.news
  }

  @Test func balancesOfSpot() throws {
    let text = """
      {"subscriptionId":4,"event":{"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,\
      "B":[{"a":"ETH","f":"10000.000001","l":"0.5"},{"a":"AIRDROP","f":"1","l":"0"}]}}
      """
    guard case .balances(let events) = try spotNews(text) else { throw BinanceProblem.unknownEvent("") }
    #expect(events.count == 1 && events[0].amount.units == 10_000_500_001_000_000_000_000)
    #expect(events[0].locked.units == 500_000_000_000_000_000 && events[0].isForced == 0)
    var memory = BinanceAccountMemory()
    memory.set(AssetID(number: 1), total: Money(3), locked: .zero)
    let moved = """
      {"subscriptionId":4,"event":{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-1.5","T":1573200697068}}
      """
    guard case .balances(let news) = try spotNews(moved, memory) else { throw BinanceProblem.unknownEvent("") }
    #expect(news[0].isForced == 1 && news[0].fee.units == -1_500_000_000_000_000_000 && news[0].amount == Money(3))
    #expect(throws: BinanceProblem.member("subscriptionId")) {
      try spotNews(moved.replacingOccurrences(of: ":4,", with: ":5,"))
    }
  }

  private func account(_ text: String) throws -> [VenueEvent] {
    var memory = BinanceAccountMemory()
    memory[leverage: Fixture.perpetual.id] = 20
    let (_, news) = try FuturesUserReader.readFully(
      Array(text.utf8), Fixture.futuresNames, Fixture.account, memory)
    guard case .account(let events) = news else { throw BinanceProblem.unknownEvent("") }
    return events
  }

  @Test func changesOfAFuturesAccount() throws {
    let events = try account(
      """
      {"e":"ACCOUNT_UPDATE","T":1564745798939,"E":1564745798939,"a":{"m":"ORDER","B":[{"a":"USDT",\
      "wb":"122624.12345678","cw":"100.12345678","bc":"50.12345678"}],"P":[{"s":"BTCUSDT","pa":"-0.010",\
      "ep":"6563.86667","up":"0","mt":"isolated","iw":"13200.70726908","ps":"SHORT"}]}}
      """)
    #expect(events.map(\.kind) == [.balance, .position])
    #expect(events[0].isForced == 0 && events[0].amount.units == 122_624_123_456_780_000_000_000)
    #expect(events[1].quantity == -10 && events[1].price == 656_386 && events[1].leverage == 20)
    #expect(events[1].marginModeRaw == MarginMode.isolated.rawValue)
  }

  @Test func fundingIsFoundAgainInHistory() throws {
    let live = try account(
      """
      {"e":"ACCOUNT_UPDATE","T":1768464000123,"E":1768464000125,"a":{"m":"FUNDING_FEE","S":"BTCUSDT","B":[{"a":"USDT",\
      "wb":"100","cw":"100","bc":"-0.25"}],"P":[]}}
      """)
    #expect(live.map(\.kind) == [.funding, .balance] && live[0].fee.units == 250_000_000_000_000_000)
    let rows = """
      [{"symbol":"BTCUSDT","incomeType":"FUNDING_FEE","income":"-0.25","asset":"USDT","time":1768464000000,"tranId":9},
      {"symbol":"","incomeType":"TRANSFER","income":"5","asset":"USDT","time":1768464000000,"tranId":10}]
      """
    var history: [VenueEvent] = []
    try FuturesAccountReader.income(try JSONReader.read(rows).root, Fixture.usdm()) { history.append($0) }
    #expect(history.count == 1 && history[0].trade == live[0].trade && history[0].fee == live[0].fee)
    // Of a symbol that is not configured it is money that came or went.
    let foreign = try account(
      """
      {"e":"ACCOUNT_UPDATE","T":1768464000123,"E":1768464000125,"a":{"m":"FUNDING_FEE","S":"XYZUSDT","B":[{"a":"USDT",\
      "wb":"100","cw":"100","bc":"-0.25"}],"P":[]}}
      """)
    #expect(foreign.map(\.kind) == [.balance] && foreign[0].isForced == 1)
    // Without a symbol it is left to history.
    let nameless = try account(
      """
      {"e":"ACCOUNT_UPDATE","T":1768464000123,"E":1768464000125,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT",\
      "wb":"100","cw":"100","bc":"-0.25"}],"P":[]}}
      """)
    #expect(nameless.map(\.kind) == [.balance] && nameless[0].isForced == 0)
  }

  @Test func otherNews() throws {
    let texts: [(String, (FuturesUserNews) -> Bool)] = [
      (#"{"e":"listenKeyExpired","E":1576653824250}"#, { if case .keyExpired = $0 { true } else { false } }),
      (
        #"{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ac":{"s":"BTCUSDT","l":25}}"#,
        { if case .leverage(Fixture.perpetual.id, 25) = $0 { true } else { false } }
      ),
      (
        #"{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ai":{"j":true}}"#,
        { if case .multiAssets(true) = $0 { true } else { false } }
      ),
      (
        #"{"e":"MARGIN_CALL","E":1,"cw":"3","p":[{"s":"BTCUSDT","ps":"LONG","pa":"1"}]}"#,
        { if case .account(let events) = $0 { events.map(\.kind) == [.marginCall] } else { false } }
      ),
      (#"{"e":"GRID_UPDATE","E":1}"#, { if case .other("GRID_UPDATE") = $0 { true } else { false } }),
      (#"{"e":"ORDER_TRADE_UPDATE","st":2,"E":1}"#, { if case .other = $0 { true } else { false } }),
    ]
    for (text, isRight) in texts {
      let (_, news) = try FuturesUserReader.readFully(
        Array(text.utf8), Fixture.futuresNames, Fixture.account, BinanceAccountMemory())
      #expect(isRight(news), "\(text)")
    }
    guard case .ended = try spotNews(#"{"subscriptionId":4,"event":{"e":"eventStreamTerminated","E":1}}"#) else {
      throw BinanceProblem.unknownEvent("")
    }
  }

  @Test func answersOnTheSameConnectionAreToldApart() throws {
    let text = """
      {"id":12,"status":200,"result":{"subscriptionId":0},"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT",\
      "interval":"MINUTE","intervalNum":1,"limit":6000,"count":4}]}
      """
    guard case .answer(let answer) = try spotNews(text) else { throw BinanceProblem.unknownEvent("") }
    #expect(answer.id == 12 && answer.isGood && answer.usages.map(\.count) == [4])
    guard case .answer(let lost) = try spotNews(#"{"id":null,"status":401,"error":{"code":-2015,"msg":"x"}}"#) else {
      throw BinanceProblem.unknownEvent("")
    }
    #expect(lost.id == nil && lost.verdict(.spot, now: .zero).meaning == .key)
  }
}
