import Testing

@testable import OMSLib

/// What an account pays, and whether it was charged that.
@Suite struct BinanceFeeRatesTests {
  private static let spot = """
    {"symbol":"BTCUSDT","standardCommission":{"maker":"0.00075","taker":"0.00100","buyer":"0.00001","seller":"0.00002"},\
    "specialCommission":{"maker":"0.0001","taker":"0","buyer":"0","seller":"0"},\
    "taxCommission":{"maker":"0","taker":"0.00000112","buyer":"0","seller":"0"},\
    "discount":{"enabledForAccount":true,"enabledForSymbol":true,"discountAsset":"BNB","discount":"0.75000000"}}
    """

  private func rates(_ text: String, _ product: BinanceProduct = .spot) throws -> BinanceFeeRates {
    try BinanceFeeRates(try JSONReader.read(text).root, product)
  }

  @Test func aTradeOfSpotPaysByItsRoleAndBySide() throws {
    let rates = try rates(Self.spot)
    #expect(rates.makerBuy.e8 == 86_000 && rates.makerSell.e8 == 87_000)
    #expect(rates.takerBuy.e8 == 101_112 && rates.takerSell.e8 == 102_112)
    #expect(rates.discountAsset == Text32("BNB"))
    #expect(rates.rate(isMaker: true, .sell) == rates.makerSell)
    let without = try self.rates(Self.spot.replacing("\"enabledForSymbol\":true", with: "\"enabledForSymbol\":false"))
    #expect(without.discountAsset == nil)
  }

  @Test func aTradeOfFuturesPaysByItsRole() throws {
    let text = #"{"symbol":"BTCUSDT","makerCommissionRate":"-0.00005","takerCommissionRate":"0.0004"}"#
    let rates = try rates(text, .usdm)
    #expect(rates == BinanceFeeRates(maker: Rate(e8: -5_000), taker: Rate(e8: 40_000)))
  }

  @Test func ratesThatAreNoneAreRefused() {
    for (text, product) in [
      ("{}", BinanceProduct.spot), ("{}", .usdm), (Self.spot.replacing("0.00075", with: "1.1"), .spot),
      (Self.spot.replacing("\"0.00100\"", with: "0.001"), .spot),
      (#"{"makerCommissionRate":"2","takerCommissionRate":"0"}"#, .usdm),
    ] {
      #expect(throws: BinanceProblem.self) { try rates(text, product) }
    }
  }

  private func fill(_ side: Side, fee: Int128, in asset: UInt16, isMaker: Bool = false) -> VenueEvent {
    var fill = VenueEvent(.fill)
    fill.sideRaw = side.rawValue
    fill.price = 6_000_050
    fill.quantity = 123
    fill.isMaker = isMaker ? 1 : 0
    fill.asset = AssetID(number: asset)
    fill.fee = Money(units: fee * 10_000_000_000)
    return fill
  }

  /// Bought with the fee in what was bought, sold with the fee in what was received; 0.00123 at 60000.50.
  @Test func aFeeIsHeldAgainstItsRate() throws {
    let rates = BinanceFeeRates(maker: Rate(e8: 20_000), taker: Rate(e8: 100_000))
    let spot = BinanceFixture.bitcoin
    #expect(BinanceFeeVerdict(fill(.buy, fee: 123, in: 1), rates, spot) == .asExpected)
    #expect(BinanceFeeVerdict(fill(.sell, fee: 7_380_062, in: 2), rates, spot) == .asExpected)
    // The venue may have rounded the other way, but by no more than one.
    #expect(BinanceFeeVerdict(fill(.sell, fee: 7_380_061, in: 2), rates, spot) == .asExpected)
    let expected = Money(units: 7_380_062 * 10_000_000_000)
    for fee: Int128 in [7_380_060, 7_380_064, 0, 1_476_012] {
      #expect(BinanceFeeVerdict(fill(.sell, fee: fee, in: 2), rates, spot) == .deviates(expected: expected))
    }
    #expect(BinanceFeeVerdict(fill(.sell, fee: 1_476_012, in: 2, isMaker: true), rates, spot) == .asExpected)
    #expect(BinanceFeeVerdict(fill(.sell, fee: 9_999, in: 4), rates, spot) == .notJudged, "paid in another asset")
    // Of futures nothing is paid in what is bought.
    let perpetual = BinanceFixture.perpetual
    #expect(BinanceFeeVerdict(fill(.buy, fee: 123, in: 1), rates, perpetual) == .notJudged)
    #expect(BinanceFeeVerdict(fill(.buy, fee: 738_006_150, in: 2), rates, perpetual) == .asExpected)
  }

  @Test func aRebateIsAFeeToo() {
    let rates = BinanceFeeRates(maker: Rate(e8: -5_000), taker: Rate(e8: 40_000))
    let perpetual = BinanceFixture.perpetual
    let verdict = BinanceFeeVerdict(fill(.buy, fee: -36_900_308, in: 2, isMaker: true), rates, perpetual)
    #expect(verdict == .asExpected)
    #expect(BinanceFeeVerdict(fill(.buy, fee: 36_900_308, in: 2, isMaker: true), rates, perpetual) != .asExpected)
  }
}
