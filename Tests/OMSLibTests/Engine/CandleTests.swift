import Testing

@testable import OMSLib

@Suite struct CandleTests {
  private static let second: Int64 = 1_000_000_000

  private static func trade(_ price: Int64, _ quantity: Int64, at seconds: Int64) -> PublicTrade {
    var trade = PublicTrade()
    trade.price = price
    trade.quantity = quantity
    trade.time = UTCTime(nanoseconds: seconds * second)
    return trade
  }

  @Test func aCandleIsTheExactSumOfItsTrades() {
    var maker = CandleMaker(interval: 10 * Self.second)
    var closed: [Candle] = []
    for (price, quantity, at) in [(100, 3, 12), (140, 1, 13), (90, 2, 19)] as [(Int64, Int64, Int64)] {
      maker.add(Self.trade(price, quantity, at: at)) { closed.append($0) }
    }
    #expect(closed.isEmpty)
    maker.advance(to: UTCTime(nanoseconds: 20 * Self.second)) { closed.append($0) }
    let candle = closed[0]
    #expect(candle.start == UTCTime(nanoseconds: 10 * Self.second))
    #expect((candle.open, candle.high, candle.low, candle.close) == (100, 140, 90, 90))
    #expect(candle.quantity == 6 && candle.turnover == 100 * 3 + 140 + 90 * 2 && candle.count == 3)
  }

  @Test func anIntervalWithoutTradesKeepsThePrice() {
    var maker = CandleMaker(interval: Self.second)
    var closed: [Candle] = []
    maker.add(Self.trade(100, 1, at: 5)) { closed.append($0) }
    maker.add(Self.trade(120, 1, at: 8)) { closed.append($0) }
    #expect(closed.map { $0.start.nanoseconds / Self.second } == [5, 6, 7])
    #expect(closed.map(\.count) == [1, 0, 0])
    #expect(closed.dropFirst().allSatisfy { $0.open == 100 && $0.high == 100 && $0.low == 100 && $0.close == 100 })
    // A candle opens with its first trade, not with the price before it.
    #expect(maker.current?.open == 120 && maker.current?.low == 120)
  }

  @Test func theTapeIsReadFromAnyPlaceOnce() {
    var driver = ExchangeDriver(ExchangeSetup.standard())
    _ = driver.pass(30_000_000_000)
    let row = driver.exchange.instrument(named: Text32("BTC-USDT") ?? Text32()) ?? 0
    var places: [UInt64] = []
    driver.exchange.forEachTrade(of: row, behind: 0, count: 5) { place, _ in places.append(place) }
    #expect(places == [1, 2, 3, 4, 5])
    places = []
    driver.exchange.forEachTrade(of: row, behind: 5, count: 2) { place, _ in places.append(place) }
    #expect(places == [6, 7])
    places = []
    driver.exchange.forEachTrade(of: row, behind: 1 << 40, count: 5) { place, _ in places.append(place) }
    #expect(places.isEmpty)
  }

  @Test func sumsWithoutAPriceAreUnknownAndModesStandApart() {
    var groups = ExposureGroups()
    groups.add("BTC", mode: .paper, quantity: Money(2), value: Money(100))
    groups.add("BTC", mode: .paper, quantity: Money(-3), value: Money(-150))
    groups.add("BTC", mode: .live, quantity: Money(1), value: nil)
    let sorted = groups.sorted
    #expect(sorted.count == 2)
    let paper = sorted.first { $0.mode == .paper }
    #expect(paper?.quantity == Money(-1) && paper?.net == Money(-50) && paper?.gross == Money(250))
    let live = sorted.first { $0.mode == .live }
    #expect(live?.quantity == Money(1) && live?.net == nil && live?.gross == nil)
  }
}
