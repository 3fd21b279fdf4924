import Foundation
import Testing

@testable import OMSLib

/// A book is kept by the venue's rules, and is not there when it cannot be right.
@Suite struct BinanceBookTests {
  private func change(
    _ first: Int64, _ last: Int64, previous: Int64 = 0, bids: [(Int64, Int64)] = [], asks: [(Int64, Int64)] = []
  ) -> BinanceDepth {
    var depth = BinanceDepth()
    (depth.first, depth.last, depth.previous) = (first, last, previous)
    depth.bids = bids.map { BinanceLevel(price: $0.0, quantity: $0.1) }
    depth.asks = asks.map { BinanceLevel(price: $0.0, quantity: $0.1) }
    return depth
  }

  private func snapshot(_ number: Int64) -> BinanceDepth {
    change(number, number, bids: [(100, 5), (99, 7)], asks: [(101, 4), (103, 9)])
  }

  @Test func changesWaitForTheSnapshotAndThenFollowIt() {
    var book = BinanceBook(.spot)
    #expect(book.take(change(8, 10, bids: [(98, 1)])) == .kept)
    #expect(book.take(change(11, 12, bids: [(100, 0)])) == .kept)
    #expect(book.top(at: .zero).isValid == 0)
    #expect(book.take(snapshot: snapshot(10)) == .applied)
    #expect(book.update == 12 && book.bid == BinanceLevel(price: 99, quantity: 7))
    #expect(book.levels(.buy, 5).map(\.price) == [99], "the change before the snapshot is in it already")
    #expect(book.take(change(13, 13, asks: [(101, 0), (102, 3), (150, 0)])) == .applied)
    #expect(book.ask == BinanceLevel(price: 102, quantity: 3))
    let top = book.top(at: EngineTime(nanoseconds: 5))
    #expect(top.isValid == 1 && top.bid == 99 && top.askQuantity == 3 && top.bookSequence == 13)
  }

  @Test func aMissingChangeEndsTheBookAtOnce() {
    var book = BinanceBook(.spot)
    _ = book.take(snapshot: snapshot(10))
    #expect(book.take(change(12, 13)) == .gap)
    #expect(book.state == .waiting && book.bid == nil && book.levels(.buy, 5).isEmpty)
    // What showed the gap is of use behind the next snapshot.
    #expect(book.take(snapshot: snapshot(12)) == .applied)
    #expect(book.update == 13)
  }

  @Test func oldChangesAndRepeatedOnesChangeNothing() {
    var book = BinanceBook(.spot)
    _ = book.take(snapshot: snapshot(10))
    #expect(book.take(change(9, 10, bids: [(100, 0)])) == .stale)
    #expect(book.take(change(11, 14, bids: [(100, 6)])) == .applied)
    #expect(book.take(change(9, 13, bids: [(100, 1)])) == .stale)
    #expect(book.bid?.quantity == 6)
  }

  @Test func aSnapshotFromBeforeTheFirstChangeIsTooOld() {
    var book = BinanceBook(.spot)
    _ = book.take(change(20, 22))
    #expect(book.take(snapshot: snapshot(18)) == .tooOld)
    #expect(book.state == .waiting)
    #expect(book.take(snapshot: snapshot(19)) == .applied, "the next change is the one behind it")
    #expect(book.update == 22)
  }

  @Test func futuresFollowTheChainOfMessages() {
    var book = BinanceBook(.usdm)
    _ = book.take(change(5, 8, previous: 4))
    _ = book.take(change(9, 12, previous: 8, bids: [(100, 8)]))
    _ = book.take(change(15, 17, previous: 12))
    #expect(book.take(snapshot: snapshot(10)) == .applied)
    #expect(book.update == 17 && book.bid?.quantity == 8)
    #expect(book.take(change(15, 17, previous: 12)) == .stale, "the other link brings it too")
    #expect(book.take(change(20, 21, previous: 18)) == .gap)
  }

  @Test func futuresNeedASnapshotWithinAMessage() {
    var book = BinanceBook(.usdm)
    _ = book.take(change(12, 15, previous: 9))
    #expect(book.take(snapshot: snapshot(11)) == .tooOld)
    #expect(book.take(snapshot: snapshot(12)) == .applied)
  }

  @Test func aCrossedBookIsPutAside() {
    var book = BinanceBook(.spot)
    _ = book.take(snapshot: snapshot(10))
    #expect(book.take(change(11, 11, bids: [(101, 1)])) == .crossed)
    #expect(book.state == .waiting)
    #expect(book.take(snapshot: change(20, 20, bids: [(5, 1)], asks: [(5, 1)])) == .crossed)
    #expect(book.state == .waiting)
  }

  @Test func anEmptySideHasNoBestPrice() {
    var book = BinanceBook(.spot)
    _ = book.take(snapshot: snapshot(10))
    #expect(book.take(change(11, 11, asks: [(101, 0), (103, 0)])) == .applied)
    #expect(book.top(at: .zero).isValid == 0 && book.state == .live)
  }

  /// Sizes that are older than the present step were met in recorded feeds.
  @Test func sizesOfAFinerStepAreCutOff() throws {
    let text = """
      {"e":"depthUpdate","E":1,"s":"BTCUSDT","U":5,"u":6,"b":[["200.00","25.42618900"],["199.00","0.00000100"]],"a":[]}
      """
    var reader = BinanceMarketReader()
    let names = BinanceFixture.names
    let news = try Array(text.utf8).withUnsafeBufferPointer { try reader.read($0, names) }
    #expect(news == .depth && reader.counts.fast == 1)
    #expect(reader.depth.bids.map(\.quantity) == [2_542_618, 1], "what is there is not nothing")
    let fast = reader.depth
    _ = try reader.readFully(Array(text.utf8), names)
    #expect(reader.depth == fast)
  }

  @Test func memoryHasABound() {
    var book = BinanceBook(.spot, levelMax: 3, keptMax: 2)
    _ = book.take(change(1, 1))
    _ = book.take(change(2, 2))
    #expect(book.take(change(3, 3)) == .overflow)
    #expect(book.take(snapshot: change(10, 10, bids: [(1, 1), (2, 1), (3, 1), (4, 1)])) == .applied)
    #expect(book.levels(.buy, 9).map(\.price) == [4, 3, 2], "the farthest leaves")
    #expect(book.take(change(11, 11, bids: [(1, 9)])) == .applied)
    #expect(book.bidCount == 3)
  }

  @Test func itEqualsASlowBook() {
    var random = SplitMix64(seed: 3)
    var book = BinanceBook(.spot)
    var (bids, asks): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
    _ = book.take(snapshot: change(1, 1))
    for number in 2...2_000 as ClosedRange<Int64> {
      var step = change(number, number)
      for _ in 0..<5 {
        let quantity = Int64(random.below(3))
        let bid = 400 - Int64(random.below(100))
        let ask = 401 + Int64(random.below(100))
        step.bids.append(BinanceLevel(price: bid, quantity: quantity))
        step.asks.append(BinanceLevel(price: ask, quantity: quantity))
        bids[bid] = quantity == 0 ? nil : quantity
        asks[ask] = quantity == 0 ? nil : quantity
      }
      #expect(book.take(step) == .applied)
    }
    #expect(book.levels(.buy, 999).map(\.price) == bids.keys.sorted(by: >))
    #expect(book.levels(.sell, 999).map(\.price) == asks.keys.sorted())
    #expect(book.levels(.buy, 999).allSatisfy { bids[$0.price] == $0.quantity })
  }
}

/// A feed that was recorded, against what a golden file says of it.
@Suite struct RecordedBookTests {
  private static let golden = BinanceFixture.shared("golden/40_book_replay.json")
  private static let cases = ["binance_spot_btcusdt_20240808", "binance_usdm_btcusdt_20240808"]

  @Test(.enabled(if: golden != nil, "no recorded feeds beside the repository"), arguments: cases)
  func aRecordedFeedGivesTheBookOfTheGoldenFile(name: String) throws {
    let path = try #require(Self.golden)
    let root = try JSONReader.read(Array(try Data(contentsOf: URL(filePath: path)))).root
    let golden = try #require(root["cases"]?.elements.first { $0["name"]?.string == name })
    let expected = try #require(golden["expected"])
    let isFutures = golden["input"]?["futures"]?.bool ?? false
    let file = try #require(BinanceFixture.shared("data/recorded_ws/\(name).jsonl.gz"))
    let symbol =
      isFutures
      ? BinanceFixture.instrument("BTCUSDT", number: 3, prices: 2, quantities: 3, isSpot: false)
      : BinanceFixture.bitcoin
    var replay = try Replay(symbol, isFutures ? .usdm : .spot, checkpoints: try #require(expected["checkpoints"]))
    try replay.run(try BinanceFixture.unpacked(file))
    #expect(replay.gaps == 0 && replay.fast > 5_000)
    #expect(replay.full == 0, "nothing that was recorded is unusual")
    #expect(Int64(replay.applied) == expected["events_applied"]?.integer(as: Int64.self))
    #expect(Int64(replay.stale) == expected["stale_events_dropped"]?.integer(as: Int64.self))
    #expect(replay.book.update == expected["final_update_id"]?.integer(as: Int64.self))
    #expect(replay.compared == expected["checkpoints"]?.count)
    #expect(replay.wrongTickers <= 2 && replay.tickers > 500)
  }

  private struct Replay {
    var book: BinanceBook
    private let names: BinanceNames
    private let symbol: BinanceSymbol
    private let checkpoints: [JSONValue]
    /// Best prices by their update: they come before the change of the book that has the same number.
    private var best: [Int64: BinanceTicker] = [:]
    var (applied, stale, gaps, compared, tickers, wrongTickers) = (0, 0, 0, 0, 0, 0)
    var (fast, full) = (0, 0)

    init(_ instrument: Instrument, _ product: BinanceProduct, checkpoints: JSONValue) throws {
      book = BinanceBook(product)
      var names = BinanceNames()
      names.add(instrument)
      self.names = names
      symbol = BinanceSymbol(instrument)
      self.checkpoints = checkpoints.elements
    }

    mutating func run(_ data: Data) throws {
      var reader = BinanceMarketReader()
      var waiting: [BinanceDepth] = []
      for line in data.split(separator: 0x0A) {
        let head = String(decoding: line.prefix(72), as: UTF8.self)
        guard !head.contains("@trade") else { continue }
        let body = try #require(Self.data(in: line))
        if head.contains("\"rest\"") {
          try reader.readSnapshot(body, symbol)
          #expect(book.take(snapshot: reader.depth) == .applied)
          // What waited was applied inside: counted by the rule it went by.
          for depth in waiting {
            let isOld = book.product == .spot ? depth.last <= reader.depth.last : depth.last < reader.depth.last
            if isOld { stale += 1 } else { applied += 1 }
          }
          continue
        }
        switch try body.withUnsafeBufferPointer({ try reader.read($0, names) }) {
        case .depth:
          switch book.take(reader.depth) {
          case .applied:
            applied += 1
            compareBest()
            if applied % 500 == 0 { compare() }
          case .kept: waiting.append(reader.depth)
          case .stale: stale += 1
          case .gap, .crossed, .overflow, .tooOld: gaps += 1
          }
        case .ticker(let ticker): best[ticker.update] = ticker
        default: break
        }
      }
      fast = Int(reader.counts.fast)
      full = Int(reader.counts.full)
    }

    private mutating func compareBest() {
      guard let ticker = best[book.update] else { return }
      tickers += 1
      if ticker.bid != book.bid?.price || ticker.ask != book.ask?.price { wrongTickers += 1 }
    }

    private mutating func compare() {
      guard compared < checkpoints.count else { return }
      let golden = checkpoints[compared]
      compared += 1
      #expect(golden["events_applied"]?.integer(as: Int.self) == applied)
      #expect(golden["update_id"]?.integer(as: Int64.self) == book.update)
      #expect(golden["bid_levels"]?.integer(as: Int.self) == book.bidCount)
      #expect(golden["ask_levels"]?.integer(as: Int.self) == book.askCount)
      for (side, name) in [(Side.buy, "top_bids"), (.sell, "top_asks")] {
        let wanted = golden[name]?.elements.map { row in
          BinanceLevel(
            price: mantissa(row.elements[0], symbol.priceScale),
            quantity: mantissa(row.elements[1], symbol.quantityScale))
        }
        #expect(wanted == book.levels(side, 5))
      }
    }

    private func mantissa(_ value: JSONValue, _ scale: UInt8) -> Int64 {
      Decimal(wire: value.string ?? "")?.exactMantissa(scale: Int(scale)).flatMap { Int64(exactly: $0) } ?? -1
    }

    /// What stands behind `"data":`, without the last brace.
    private static func data(in line: Data) -> [UInt8]? {
      line.range(of: Data("\"data\":".utf8)).map { Array(line[$0.upperBound..<(line.endIndex - 1)]) }
    }
  }
}
