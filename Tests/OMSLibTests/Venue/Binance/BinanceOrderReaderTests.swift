import Testing

@testable import OMSLib

/// What is said of orders, in the core's words.
@Suite struct BinanceOrderReaderTests {
  private typealias Fixture = BinanceFixture

  /// One report of spot; `changes` replace members or take them away.
  private func report(_ changes: [String: String?] = [:]) -> String {
    let members: [(String, String)] = [
      ("e", "\"executionReport\""), ("E", "1759347763167"), ("s", "\"BTCUSDT\""), ("c", "\"1abcdeOURS\""),
      ("S", "\"BUY\""), ("o", "\"LIMIT\""), ("f", "\"GTC\""), ("q", "\"1.00000000\""), ("p", "\"25000.00000000\""),
      ("P", "\"0.00000000\""), ("F", "\"0.00000000\""), ("g", "-1"), ("C", "\"\""), ("x", "\"NEW\""),
      ("X", "\"NEW\""), ("r", "\"NONE\""), ("i", "1234567890"), ("l", "\"0.00000000\""), ("z", "\"0.00000000\""),
      ("L", "\"0.00000000\""), ("n", "\"0\""), ("N", "null"), ("T", "1759347763167"), ("t", "-1"), ("I", "4644480641"),
      ("w", "true"), ("m", "false"), ("M", "false"), ("O", "1759347763100"), ("Z", "\"0.00000000\""),
      ("Y", "\"0.00000000\""), ("Q", "\"0.00000000\""), ("W", "1759347763100"), ("V", "\"NONE\""),
    ]
    var parts = members.compactMap { name, value -> String? in
      guard let change = changes[name] else { return "\"\(name)\":\(value)" }
      return change.map { "\"\(name)\":\($0)" }
    }
    for (name, value) in changes where !members.contains(where: { $0.0 == name }) {
      if let value { parts.append("\"\(name)\":\(value)") }
    }
    return "{" + parts.joined(separator: ",") + "}"
  }

  private static let trade: [String: String?] = [
    "x": "\"TRADE\"", "X": "\"PARTIALLY_FILLED\"", "l": "\"0.50000000\"", "z": "\"0.50000000\"",
    "L": "\"24999.50000000\"", "n": "\"0.00050000\"", "N": "\"BTC\"", "t": "98765432", "m": "true",
  ]

  private func read(_ text: String) throws -> (BinanceOrderNews, [VenueEvent]) {
    let (_, news) = try SpotUserReader.readFully(Array(text.utf8), Fixture.names) { _ in nil }
    guard case .order(let order) = news else { throw BinanceProblem.unknownEvent("no order") }
    let fast = Array(text.utf8).withUnsafeBufferPointer { SpotOrderScan.read($0, Fixture.names) }
    if let fast { #expect(fast.news == order) }
    var events: [VenueEvent] = []
    order.events(of: Fixture.account) { events.append($0) }
    return (order, events)
  }

  @Test func aNewOrderIsAccepted() throws {
    let (_, events) = try read(report())
    #expect(events.map(\.kind) == [.accepted])
    #expect(events[0].wireID.description == "1abcdeOURS" && events[0].venueOrder == VenueReference(1_234_567_890))
    #expect(events[0].account == Fixture.account && events[0].instrument == Fixture.bitcoin.id)
    #expect(events[0].price == 2_500_000 && events[0].quantity == 100_000)
  }

  @Test func aTradeIsAFillWithItsFeeToTheLastDigit() throws {
    let (_, events) = try read(report(Self.trade))
    let fill = try #require(events.first)
    #expect(events.count == 1 && fill.kind == .fill && fill.trade == VenueReference(98_765_432))
    #expect(fill.price == 2_499_950 && fill.quantity == 50_000 && fill.cumulative == 50_000 && fill.isMaker == 1)
    #expect(fill.fee.units == 500_000_000_000_000 && fill.asset == AssetID(number: 1))
  }

  @Test func onACancelTheOrdersIdIsTheOriginalOne() throws {
    let (_, events) = try read(
      report(["x": "\"CANCELED\"", "X": "\"CANCELED\"", "c": "\"cancel-7\"", "C": "\"1abcdeOURS\"", "w": "false"]))
    #expect(events.map(\.kind) == [.cancelled] && events[0].wireID.description == "1abcdeOURS")
  }

  @Test func whatIsLeftOfAnImmediateOrderExpires() throws {
    let (_, events) = try read(
      report(["x": "\"EXPIRED\"", "X": "\"EXPIRED\"", "f": "\"IOC\"", "eR": "\"UNFILLED_IOC_QUANTITY_EXPIRED\""]))
    #expect(events.map(\.kind) == [.expired] && events[0].endReason == .timeInForce)
  }

  @Test func preventionEndsAnOrderOrMakesItSmaller() throws {
    let (_, ended) = try read(report(["x": "\"TRADE_PREVENTION\"", "X": "\"EXPIRED_IN_MATCH\""]))
    #expect(ended.map(\.kind) == [.expired] && ended[0].endReason == .selfTrade)
    let (_, smaller) = try read(
      report(["x": "\"TRADE_PREVENTION\"", "X": "\"NEW\"", "A": "\"0.30000000\"", "B": "\"0.30000000\""]))
    #expect(smaller.map(\.kind) == [.orderReport] && smaller[0].status == .open)
    #expect(smaller[0].quantity == 70_000, "what is open is quantity less filled less prevented")
  }

  @Test func aStopThatIsInTheBookHasBeenTriggered() throws {
    let stop: [String: String?] = ["o": "\"STOP_LOSS_LIMIT\"", "P": "\"24000.00\"", "w": "false"]
    #expect(try read(report(stop)).1.map(\.kind) == [.accepted])
    #expect(try read(report(stop.merging(["w": "true"]) { $1 })).1.map(\.kind) == [.accepted, .triggered])
  }

  @Test func aRejectionIsOne() throws {
    let (_, events) = try read(report(["x": "\"REJECTED\"", "X": "\"REJECTED\"", "r": "\"INSUFFICIENT_BALANCES\""]))
    #expect(events.map(\.kind) == [.rejected] && events[0].remedy == .refused)
  }

  @Test func wordsNobodyKnowsDoNoHarm() throws {
    let (news, events) = try read(report(["x": "\"TELEPORTED\"", "X": "\"PARTIALLY_FILLED\"", "z": "\"0.5\""]))
    #expect(news.execution == .unknown)
    #expect(events.map(\.kind) == [.orderReport] && events[0].cumulative == 50_000)
    let (_, asked) = try read(report(["x": "\"TELEPORTED\"", "X": "\"ELSEWHERE\""]))
    #expect(asked.map(\.kind) == [.outcomeUnknown])
  }

  @Test(arguments: ["s", "c", "S", "o", "f", "q", "p", "x", "X", "i", "l", "z", "L", "T", "t", "w", "m"])
  func aMissingMemberPutsTheReportAside(name: String) {
    #expect(throws: BinanceProblem.member(name)) { try read(report([name: String?.none])) }
  }

  @Test(arguments: [
    ("i", "\"1234567890\""), ("q", "1.0"), ("m", "\"true\""), ("i", "-5"), ("q", "\"-1\""), ("p", "\"NaN\""),
    ("q", "\"0.000001\""), ("T", "1759347763"), ("T", "1759347763167000"),
  ])
  func aMemberOfAnotherKindDoesToo(name: String, value: String) {
    #expect(throws: BinanceProblem.self) { try read(report([name: value])) }
  }

  @Test func aFillOfAnUnknownAssetIsNotBookedWithoutItsFee() {
    var change = Self.trade
    change["N"] = "\"NEWCOIN\""
    #expect(throws: BinanceProblem.unknownAsset("NEWCOIN")) { try read(report(change)) }
  }

  @Test func anIdLongerThanOursIsNamedByTheVenuesNumber() throws {
    let (_, events) = try read(report(["c": "\"settlement_autoclose-1111222233334444\""]))
    #expect(events[0].wireID.description == "#1234567890")
  }

  // MARK: Futures

  private func update(_ changes: [String: String] = [:]) -> String {
    let members: [(String, String)] = [
      ("s", "\"BTCUSDT\""), ("c", "\"1abcdeOURS\""), ("S", "\"SELL\""), ("o", "\"LIMIT\""), ("f", "\"GTC\""),
      ("q", "\"0.014\""), ("p", "\"9910.00\""), ("ap", "\"0\""), ("sp", "\"0\""), ("x", "\"NEW\""), ("X", "\"NEW\""),
      ("i", "8886774"), ("l", "\"0\""), ("z", "\"0\""), ("L", "\"0\""), ("n", "\"0\""), ("N", "\"USDT\""),
      ("T", "1568879465651"), ("t", "0"), ("b", "\"0\""), ("a", "\"9.91\""), ("m", "false"), ("R", "false"),
      ("wt", "\"CONTRACT_PRICE\""), ("ot", "\"LIMIT\""), ("ps", "\"BOTH\""), ("cp", "false"), ("rp", "\"0\""),
      ("V", "\"EXPIRE_TAKER\""), ("pm", "\"NONE\""), ("gtd", "0"), ("er", "0"),
    ]
    let parts = members.map { name, value in "\"\(name)\":\(changes[name] ?? value)" }
    return "{\"e\":\"ORDER_TRADE_UPDATE\",\"T\":1568879465651,\"E\":1568879465651,\"o\":{"
      + parts.joined(separator: ",") + "}}"
  }

  private func readFutures(_ text: String) throws -> [VenueEvent] {
    let (_, news) = try FuturesUserReader.readFully(
      Array(text.utf8), Fixture.futuresNames, Fixture.account, BinanceAccountMemory())
    guard case .order(let order) = news else { throw BinanceProblem.unknownEvent("no order") }
    let fast = Array(text.utf8).withUnsafeBufferPointer { FuturesOrderScan.read($0, Fixture.futuresNames) }
    if let fast { #expect(fast == order) }
    var events: [VenueEvent] = []
    order.events(of: Fixture.account) { events.append($0) }
    return events
  }

  private static let fill = [
    "x": "\"TRADE\"", "X": "\"FILLED\"", "l": "\"0.014\"", "z": "\"0.014\"", "L": "\"9911.50\"",
    "n": "\"0.05550440\"", "t": "12345678",
  ]

  @Test func updatesOfFutures() throws {
    #expect(try readFutures(update()).map(\.kind) == [.accepted])
    let fill = try #require(try readFutures(update(Self.fill)).first)
    #expect(fill.kind == .fill && fill.price == 991_150 && fill.quantity == 14 && fill.isForced == 0)
    #expect(fill.fee.units == 55_504_400_000_000_000)
    let amended = try readFutures(update(["x": "\"AMENDMENT\"", "q": "\"0.010\""]))
    #expect(amended.map(\.kind) == [.orderReport] && amended[0].quantity == 10)
  }

  @Test(arguments: [
    ("0", "IOC", VenueEvent.EndReason.timeInForce), ("1", "GTC", .selfTrade), ("2", "IOC", .timeInForce),
    ("4", "GTC", .reduceOnly), ("5", "GTC", .liquidation), ("7", "GTC", .closed), ("11", "GTX", .wouldTake),
    ("0", "GTD", .goodTillDate), ("0", "GTX", .wouldTake),
  ])
  func whyAnOrderOfFuturesEnds(number: String, force: String, reason: VenueEvent.EndReason) throws {
    let events = try readFutures(
      update(["x": "\"EXPIRED\"", "X": "\"EXPIRED\"", "f": "\"\(force)\"", "er": number]))
    #expect(events.map(\.kind) == [.expired] && events[0].endReason == reason)
  }

  @Test(arguments: ["autoclose-1234567890123456", "adl_autoclose", "settlement_autoclose-1111222233334444"])
  func forcedFillsMoveThePosition(id: String) throws {
    var changes = Self.fill
    changes["c"] = "\"\(id)\""
    changes["x"] = "\"CALCULATED\""
    let events = try readFutures(update(changes))
    #expect(events.map(\.kind) == [.fill] && events[0].isForced == 1)
    changes["l"] = "\"0\""
    #expect(try readFutures(update(changes)).isEmpty, "the first word of one moves nothing")
  }

  @Test func theAlgoServiceTellsOfItsOrders() throws {
    func events(_ status: String, _ rest: String = "") throws -> VenueEvent? {
      let text = """
        {"e":"ALGO_UPDATE","T":1765431097031,"E":1765431097037,"o":{"caid":"1abcdeOURS","aid":1000000033225454,\
        "at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"BUY","ps":"BOTH","f":"GTC","q":"0.038",\
        "X":"\(status)","tp":"0.13","p":"0"\(rest)}}
        """
      let (_, news) = try FuturesUserReader.readFully(
        Array(text.utf8), Fixture.futuresNames, Fixture.account, BinanceAccountMemory())
      guard case .algo(let algo) = news else { return nil }
      return algo.event(of: Fixture.account)
    }
    #expect(try events("NEW")?.kind == .accepted)
    #expect(try events("TRIGGERING")?.kind == nil)
    let triggered = try #require(try events("TRIGGERED", ",\"ai\":\"88937381063\""))
    #expect(triggered.kind == .triggered && triggered.venueOrder == VenueReference(88_937_381_063))
    #expect(try events("FINISHED", ",\"aq\":\"0.038\"")?.status == .filled)
    #expect(try events("FINISHED", ",\"aq\":\"0\"")?.status == .cancelled)
    #expect(try events("REJECTED", ",\"rm\":\"margin\"")?.kind == .rejected)
    #expect(try events("BEAMED")?.kind == .outcomeUnknown)
  }

  @Test func anEarlyFillMovesNoMoney() throws {
    let text = """
      {"e":"TRADE_LITE","E":1568879465651,"T":1568879465651,"s":"BTCUSDT","c":"1abcdeOURS","S":"BUY","q":"0.001",\
      "p":"7100.50","i":8886774,"l":"0.001","L":"7100.50","t":12345678,"m":true}
      """
    let (_, news) = try FuturesUserReader.readFully(
      Array(text.utf8), Fixture.futuresNames, Fixture.account, BinanceAccountMemory())
    guard case .early(let fill) = news else { throw BinanceProblem.unknownEvent("no fill") }
    #expect(fill.trade == VenueReference(12_345_678) && fill.lastQuantity == 1)
  }
}
