import Foundation
import Testing

@testable import OMSLib

/// What is traded, by which rules.
@Suite struct BinanceExchangeInfoTests {
  private static let spot = """
    {"timezone":"UTC","serverTime":1767225600123,"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE",\
    "intervalNum":1,"limit":6000},{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50}],
    "exchangeFilters":[],"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",
    "orderTypes":["LIMIT","LIMIT_MAKER","MARKET","STOP_LOSS","STOP_LOSS_LIMIT","TAKE_PROFIT_LIMIT"],
    "icebergAllowed":true,"allowTrailingStop":true,
    "allowedSelfTradePreventionModes":["NONE","EXPIRE_TAKER","DECREMENT"],
    "filters":[{"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
    {"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},
    {"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"50.12345000","stepSize":"0.00000000"},
    {"filterType":"ICEBERG_PARTS","limit":10},
    {"filterType":"TRAILING_DELTA","minTrailingAboveDelta":10,"maxTrailingAboveDelta":2000,"minTrailingBelowDelta":20,
    "maxTrailingBelowDelta":3000},
    {"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"1.2","bidMultiplierDown":"0.2","askMultiplierUp":"5",
    "askMultiplierDown":"0.8","avgPriceMins":5},
    {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"90000.00000000",
    "applyMaxToMarket":false,"avgPriceMins":5},
    {"filterType":"MAX_NUM_ORDERS","maxNumOrders":200},{"filterType":"MAX_NUM_ALGO_ORDERS","maxNumAlgoOrders":5},
    {"filterType":"MAX_NUM_ORDER_AMENDS","maxNumOrderAmends":10},{"filterType":"MAX_POSITION","maxPosition":"10.5"}]},
    {"symbol":"１２３４５６","status":"TRADING","baseAsset":"１２３","quoteAsset":"４５６","orderTypes":["LIMIT"],"filters":[]},
    {"symbol":"OLDUSDT","status":"CANCEL_ONLY","baseAsset":"OLD","quoteAsset":"USDT","orderTypes":["LIMIT"],
    "filters":[{"filterType":"PRICE_FILTER","minPrice":"0","maxPrice":"0","tickSize":"0.5"},
    {"filterType":"LOT_SIZE","minQty":"1","maxQty":"99999999999999999999","stepSize":"1"}]}]}
    """

  private func listing() throws -> BinanceListing {
    try #require(try BinanceExchangeInfo(Array(Self.spot.utf8), .spot).listings.first)
  }

  @Test func instrumentsAndLimits() throws {
    let info = try BinanceExchangeInfo(Array(Self.spot.utf8), .spot)
    #expect(info.listings.map(\.instrument.name.description) == ["BTC-USDT", "OLD-USDT"])
    #expect(info.refused.map(\.symbol) == ["１２３４５６"], "a name that cannot be said here is told")
    #expect(info.limits.map(\.intervalSeconds) == [60, 10] && info.limits.map(\.limit) == [6_000, 50])
    let instrument = info.listings[0].instrument
    #expect(instrument.priceScale == 2 && instrument.tick == 1)
    #expect(instrument.quantityScale == 5 && instrument.lot == 1 && instrument.minQuantity == 1)
    #expect(instrument.maxQuantity == 900_000_000 && instrument.minNotional == Money(5))
    #expect(instrument.bandPpm == 200_000, "the nearer of the four ends")
    #expect(instrument.features == [.stop, .takeProfit, .trailing, .postOnly, .iceberg])
    let old = info.listings[1]
    #expect(old.instrument.isTrading == 0 && old.rules.isCancelOnly && old.instrument.tick == 5)
    #expect(old.instrument.maxQuantity == .max, "a bound that leaves 64 bits binds nothing")
  }

  private func breaches(
    _ request: VenueRequest, _ place: BinanceOrderPlace = BinanceOrderPlace()
  ) throws -> BinanceBreaches {
    let listing = try listing()
    return listing.rules.breaches(request, listing.instrument, place)
  }

  @Test func ordersWithinTheRulesBreakNone() throws {
    #expect(try breaches(BinanceFixture.order()) == [])
  }

  @Test func eachRuleIsHeldExactlyAtItsEnd() throws {
    var place = BinanceOrderPlace()
    place.reference = 1_000_000
    #expect(try breaches(BinanceFixture.order(price: 1_200_000), place) == [])
    #expect(try breaches(BinanceFixture.order(price: 1_200_001), place) == .percentPrice)
    #expect(try breaches(BinanceFixture.order(price: 200_000), place) == [])
    #expect(try breaches(BinanceFixture.order(price: 199_999), place) == .percentPrice)
    #expect(try breaches(BinanceFixture.order(.limit, .sell, price: 799_999), place) == .percentPrice)
    #expect(try breaches(BinanceFixture.order(price: 100_000_001, quantity: 1)) == .priceRange)
    // 90,000 at 31,000 each.
    #expect(try breaches(BinanceFixture.order(price: 3_000_000, quantity: 300_000)) == [])
    #expect(try breaches(BinanceFixture.order(price: 3_000_000, quantity: 300_001)) == .maxNotional)
  }

  @Test func ordersAtTheMarketHaveLotsAndValuesOfTheirOwn() throws {
    var place = BinanceOrderPlace()
    place.reference = 100_000
    #expect(try breaches(BinanceFixture.order(.market, quantity: 500), place) == [])
    #expect(try breaches(BinanceFixture.order(.market, quantity: 499), place) == .minNotional)
    #expect(try breaches(BinanceFixture.order(.market, .sell, quantity: 5_012_345)) == [])
    #expect(try breaches(BinanceFixture.order(.market, .sell, quantity: 5_012_346)) == .marketLot)
  }

  @Test func countsAndPositions() throws {
    var place = BinanceOrderPlace()
    place.openOrders = 200
    #expect(try breaches(BinanceFixture.order(), place) == .orderCount)
    place.openOrders = 0
    place.openAlgoOrders = 5
    var stop = BinanceFixture.order(.stopLimit)
    stop.stopPrice = 3_200_000
    #expect(try breaches(stop, place) == .algoCount)
    #expect(try breaches(BinanceFixture.order(), place) == [])
    place.holding = 1_049_000
    #expect(try breaches(BinanceFixture.order(quantity: 1_000), place) == [])
    #expect(try breaches(BinanceFixture.order(quantity: 1_001), place) == .maxPosition)
    #expect(try breaches(BinanceFixture.order(.limit, .sell, quantity: 1_001), place) == [])
    var iceberg = BinanceFixture.order(quantity: 1_000)
    iceberg.displayQuantity = 100
    #expect(try breaches(iceberg) == [])
    iceberg.displayQuantity = 99
    #expect(try breaches(iceberg) == .icebergParts)
    var trail = BinanceFixture.order(.trailingStop, .sell)
    trail.trailPpm = 300_000
    #expect(try breaches(trail) == [])
    trail.trailPpm = 300_100
    #expect(try breaches(trail) == .trailingDelta)
  }

  @Test func kindsAndModesThatTheSymbolDoesNotHave() throws {
    var profit = BinanceFixture.order(.takeProfitMarket, .sell)
    profit.stopPrice = 3_200_000
    #expect(try breaches(profit) == .orderType)
    var request = BinanceFixture.order()
    request.preventionRaw = SelfTradePrevention.expireBoth.rawValue
    #expect(try breaches(request) == .prevention)
    let info = try BinanceExchangeInfo(Array(Self.spot.utf8), .spot)
    let old = info.listings[1]
    #expect(old.rules.breaches(request, old.instrument, BinanceOrderPlace()).contains(.closed))
  }

  private static let samples = [
    ("binance-spot/gct_get_api_v3_exchangeInfo_trimmed.json", BinanceProduct.spot),
    ("binance-spot/nt_http_spot_market_exchange_info.json", .spot),
    ("binance-futures/gct_get_fapi_v1_exchangeInfo.json", .usdm),
    ("binance-futures/nt_http_futures_market_exchange_info.json", .usdm),
  ]

  @Test(
    .enabled(if: BinanceFixture.shared("protocols/samples") != nil, "no samples beside the repository"),
    arguments: samples)
  func samplesAreReadWhole(path: String, product: BinanceProduct) throws {
    let file = try #require(BinanceFixture.shared("protocols/samples/\(path)"))
    let info = try BinanceExchangeInfo(Array(try Data(contentsOf: URL(filePath: file))), product)
    #expect(!info.listings.isEmpty, "\(info.refused)")
    for listing in info.listings {
      #expect(listing.instrument.tick > 0 && listing.instrument.lot > 0)
      #expect(listing.instrument.native.isEmpty == false)
    }
  }
}
