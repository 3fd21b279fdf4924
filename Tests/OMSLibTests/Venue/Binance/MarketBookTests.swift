import Foundation
import Testing

@testable import OMSLib

/// Books are kept while somebody looks at them, and are not there while they cannot be right.
@Suite struct MarketBookTests {
  private typealias Desk = MarketDesk

  private static func change(_ first: Int64, _ last: Int64, _ bids: String = "", _ asks: String = "") -> String {
    #"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":\#(first),"u":\#(last),"b":[\#(bids)],"a":[\#(asks)]}"#
  }

  private static func snapshot(_ number: Int64, bids: Int = 2, asks: Int = 2) -> String {
    let bidRows = (0..<bids).map { #"["\#(200 - $0).00","1"]"# }.joined(separator: ",")
    let askRows = (0..<asks).map { #"["\#(201 + $0).00","1"]"# }.joined(separator: ",")
    return #"{"lastUpdateId":\#(number),"bids":[\#(bidRows)],"asks":[\#(askRows)]}"#
  }

  private static func look(_ desk: Desk, _ depth: Int = 5) -> (bids: [Int64], asks: [Int64])? {
    var (bids, asks): ([Int64], [Int64]) = ([], [])
    let isThere = desk.market.forEachLevel(of: desk.instruments[0].id, depth: depth, now: desk.now) { side, price, _ in
      if side == .buy { bids.append(price) } else { asks.append(price) }
    }
    return isThere ? (bids, asks) : nil
  }

  /// A link that is ready, its best prices known, with the book on its way.
  private static func begin(_ depth: Int = 5) throws -> (desk: Desk, link: UInt32) {
    let desk = Desk.spot()
    let link = desk.openReady()
    try desk.answerTops(Desk.tops())
    #expect(look(desk, depth) == nil)
    desk.settle()
    desk.pass(350)
    desk.settle()
    desk.pass(1)
    desk.say(Desk.ticker(1), link)
    return (desk, link)
  }

  /// The next question about a book; best prices are answered on the way.
  private static func question(_ desk: Desk) throws -> (MarketQuestion, String)? {
    while let (question, text) = desk.ask() {
      if text.contains("/depth") { return (question, text) }
      desk.answer(question, Desk.tops())
    }
    return nil
  }

  @Test func aBookThatIsLookedAtComesAndIsKept() throws {
    let (desk, link) = try Self.begin()
    #expect(desk.sent.last?.text.contains(#"["btcusdt@depth@100ms"]"#) == true)
    #expect(try Self.question(desk) == nil, "before changes wait for it a snapshot may be too old")
    desk.say(Self.change(8, 10, #"["199.00","0"]"#), link)
    let (question, text) = try #require(try Self.question(desk))
    #expect(text == "/api/v3/depth?symbol=BTCUSDT&limit=100 5")
    #expect(Self.look(desk) == nil)
    desk.answer(question, Self.snapshot(9))
    let levels = try #require(Self.look(desk))
    #expect(levels.bids == [20_000] && levels.asks == [20_100, 20_200])
    desk.say(Self.change(11, 11, #"["200.50","1"]"#), link)
    #expect(Self.look(desk, 1)?.bids == [20_050])
  }

  @Test func aQuietBookIsAskedForWithoutAChange() throws {
    let (desk, _) = try Self.begin()
    desk.pass(1_000)
    let (question, _) = try #require(try Self.question(desk))
    desk.answer(question, Self.snapshot(9))
    #expect(Self.look(desk)?.bids == [20_000, 19_900])
  }

  @Test func aGapEndsTheBookUntilOneSnapshotIsThere() throws {
    let (desk, link) = try Self.begin()
    desk.say(Self.change(8, 10), link)
    let (first, _) = try #require(try Self.question(desk))
    desk.answer(first, Self.snapshot(9))
    desk.say(Self.change(12, 12), link)
    #expect(Self.look(desk) == nil && desk.market.counts.gaps == 1)
    let (second, _) = try #require(try Self.question(desk))
    desk.say(Self.change(13, 13), link)
    desk.say(Self.change(15, 15), link)
    #expect(try Self.question(desk) == nil, "one at a time")
    // From before the first change that is kept.
    desk.answer(second, Self.snapshot(10))
    #expect(Self.look(desk) == nil)
    var (pauses, asked): ([Int64], EngineTime) = ([], desk.now)
    while pauses.count < 6 {
      desk.pass(10)
      desk.say(Desk.ticker(desk.now.nanoseconds), link)
      guard let (question, _) = try Self.question(desk) else { continue }
      pauses.append((desk.now.nanoseconds - asked.nanoseconds) / Desk.millisecond)
      asked = desk.now
      desk.market.lost(question, now: desk.now)
    }
    #expect(pauses[5] > 1_500 && pauses[0] < 1_000, "\(pauses)")
  }

  @Test func anAnswerFromBeforeALossIsNoneAnyMore() throws {
    let (desk, link) = try Self.begin()
    desk.say(Self.change(8, 10), link)
    let (question, _) = try #require(try Self.question(desk))
    desk.lose(link)
    let next = desk.openReady()
    desk.answer(question, Self.snapshot(10))
    #expect(Self.look(desk) == nil)
    desk.say(Self.change(20, 21), next)
    desk.pass(1)
    let (again, _) = try #require(try Self.question(desk))
    desk.answer(again, Self.snapshot(20))
    #expect(Self.look(desk) != nil)
  }

  @Test func aBookSurvivesTheChangeOfItsLink() throws {
    let (desk, link) = try Self.begin()
    desk.say(Self.change(8, 10), link)
    let (question, _) = try #require(try Self.question(desk))
    desk.answer(question, Self.snapshot(9))
    let next = desk.openReady()
    for each in [link, next] { desk.say(Self.change(11, 12, #"["199.50","1"]"#), each) }
    desk.lose(link)
    desk.say(Self.change(13, 13), next)
    #expect(Self.look(desk)?.bids == [20_000, 19_950, 19_900] && desk.market.counts.gaps == 0)
  }

  @Test func nobodyLooksAndItIsDropped() throws {
    let (desk, link) = try Self.begin()
    for _ in 0..<59 {
      desk.pass(1_000)
      desk.say(Desk.ticker(desk.now.nanoseconds), link)
    }
    #expect(desk.send(link) == nil)
    desk.pass(1_000)
    let text = try #require(desk.send(link))
    #expect(text.hasPrefix(#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms"]"#))
    #expect(desk.market.books.isEmpty)
    // Somebody looks again before that is answered.
    #expect(Self.look(desk) == nil)
    desk.acknowledge(text, link)
    desk.pass(350)
    let again = try #require(desk.send(link))
    #expect(again.hasPrefix(#"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms"]"#))
  }

  @Test func beyondTheSnapshotNothingIsTold() throws {
    let (desk, link) = try Self.begin(50)
    desk.say(Self.change(8, 10), link)
    let (question, text) = try #require(try Self.question(desk))
    #expect(text.contains("limit=100"))
    desk.answer(question, Self.snapshot(9, bids: 100, asks: 40))
    // One is beyond the last of a hundred bids, one beyond all asks that there are.
    desk.say(Self.change(11, 11, #"["50.00","1"]"#, #"["900.00","1"]"#), link)
    let levels = try #require(Self.look(desk, 300))
    #expect(levels.bids.count == 100 && levels.bids.last == 10_100)
    #expect(levels.asks.count == 41 && levels.asks.last == 90_000)
    #expect(Self.look(desk) == nil, "more are looked at than the snapshot had")
    desk.pass(1_000)
    let (wider, wide) = try #require(try Self.question(desk))
    #expect(wide.contains("limit=1000 50"))
    desk.market.lost(wider, now: desk.now)
  }

  @Test func aSnapshotThatIsWornOutIsTakenAnew() throws {
    let (desk, link) = try Self.begin(40)
    desk.say(Self.change(8, 10), link)
    let (question, _) = try #require(try Self.question(desk))
    desk.answer(question, Self.snapshot(9, bids: 100))
    let gone = (0..<85).map { #"["\#(200 - $0).00","0"]"# }.joined(separator: ",")
    desk.say(Self.change(11, 11, gone), link)
    #expect(Self.look(desk, 40)?.bids.count == 15)
    #expect(Self.look(desk, 40)?.bids.count == 15, "not at once: each costs")
    for _ in 0..<11 {
      desk.pass(1_000)
      desk.say(Desk.ticker(desk.now.nanoseconds), link)
    }
    #expect(Self.look(desk, 40)?.bids.count == 15)
    #expect(Self.look(desk, 40) == nil && desk.market.counts.resyncs == 1)
  }

  @Test func aBookWhoseChangesStopIsNotTheMarketAnyMore() throws {
    let (desk, link) = try Self.begin()
    desk.say(Self.change(8, 10), link)
    let (question, _) = try #require(try Self.question(desk))
    desk.answer(question, Self.snapshot(9))
    desk.say(Desk.ticker(20), link)
    desk.pass(1_900)
    #expect(Self.look(desk) != nil, "they may be on their way")
    desk.pass(200)
    #expect(Self.look(desk) == nil && desk.market.counts.resyncs == 1)
  }

  @Test func noMoreBooksAreKeptThanThereIsRoomFor() {
    let desk = Desk.spot(70)
    _ = desk.openReady()
    for instrument in desk.instruments {
      desk.pass(1)
      _ = desk.market.forEachLevel(of: instrument.id, depth: 5, now: desk.now) { _, _, _ in }
    }
    #expect(desk.market.books.count == BinanceMarket.bookMax)
    #expect(desk.market.books.contains { $0.instrument.id == desk.instruments[69].id })
    #expect(!desk.market.books.contains { $0.instrument.id == desk.instruments[0].id })
  }

  @Test func somebodyElsesInstrumentHasNoLevels() {
    let desk = Desk.spot()
    let isThere = desk.market.forEachLevel(of: InstrumentID(number: 77), depth: 5, now: desk.now) { _, _, _ in }
    #expect(isThere && desk.market.books.isEmpty && desk.market.top(of: InstrumentID(number: 77)).isValid == 0)
  }
}

/// Feeds that were recorded, through everything that a market does with them.
@Suite struct MarketReplayTests {
  private static let golden = BinanceFixture.shared("golden/40_book_replay.json")

  @Test(
    .enabled(if: golden != nil, "no recorded feeds beside the repository"),
    arguments: [("binance_spot_btcusdt_20240808", BinanceProduct.spot), ("binance_usdm_btcusdt_20240808", .usdm)])
  func aRecordedFeedHasNoGap(name: String, product: BinanceProduct) throws {
    let root = try JSONReader.read(Array(try Data(contentsOf: URL(filePath: try #require(Self.golden))))).root
    let golden = try #require(root["cases"]?.elements.first { $0["name"]?.string == name }?["expected"])
    let file = try #require(BinanceFixture.shared("data/recorded_ws/\(name).jsonl.gz"))
    let quantities: UInt8 = product == .spot ? 5 : 3
    let instrument = BinanceFixture.instrument(
      "BTCUSDT", number: 3, prices: 2, quantities: quantities, isSpot: product == .spot)
    let desk = MarketDesk(product, [instrument])
    let link = desk.openReady()
    _ = desk.market.forEachLevel(of: instrument.id, depth: 500, now: desk.now) { _, _, _ in }
    desk.settle()
    desk.pass(350)
    desk.settle()
    let (first, _) = try #require(desk.ask())
    desk.market.lost(first, now: desk.now)
    var (tops, received): (Int, Int64?) = (0, nil)
    for line in Array(try BinanceFixture.unpacked(file)).split(separator: 0x0A) {
      // {"recv_ns":1723161253937085768,"stream":"btcusdt@depth@100ms","data":
      let milliseconds = try #require(Int64(String(decoding: line.dropFirst(11).prefix(13), as: UTF8.self)))
      if let received, milliseconds > received { desk.pass(milliseconds - received) }
      received = milliseconds
      guard let body = line.dropFirst(30).firstIndex(of: UInt8(ascii: "{")) else { continue }
      let head = String(decoding: line[..<body], as: UTF8.self)
      guard !head.contains("@trade") else { continue }
      if head.contains("\"rest\"") {
        let question = try #require(Self.depthQuestion(desk))
        desk.answer(question, String(decoding: line[body...].dropLast(), as: UTF8.self))
        continue
      }
      desk.say(line[body...].dropLast(), link)
      if desk.top.isValid != 0 { tops += 1 }
      // Looking would find the only snapshot worn out: the market went farther than it reaches.
      desk.market.books[0].wantedAt = desk.now
    }
    let counts = desk.market.counts
    #expect(counts.gaps == 0 && counts.resyncs == 0 && counts.refused == 0)
    let book = try #require(desk.market.books.first?.book)
    #expect(book.update == golden["final_update_id"]?.integer(as: Int64.self))
    #expect(book.state == .live && tops > 20_000)
    // The best price is that of the book wherever both are of the same update; here they are near.
    #expect(abs(desk.top.bid - (book.bid?.price ?? 0)) < 1_000)
  }

  private static func depthQuestion(_ desk: MarketDesk) -> MarketQuestion? {
    while let (question, text) = desk.ask() {
      if text.contains("/depth") { return question }
      desk.market.lost(question, now: desk.now)
    }
    return nil
  }
}
