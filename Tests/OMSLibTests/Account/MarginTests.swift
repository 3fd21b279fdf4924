import Testing

@testable import OMSLib

@Suite struct MarginTests {
  static let brackets = [
    MarginBracket(floor: .zero, cap: Money(50_000), rate: Rate(e8: 400_000), amount: .zero),
    MarginBracket(floor: Money(50_000), cap: Money(600_000), rate: Rate(e8: 500_000), amount: Money(50)),
    MarginBracket(floor: Money(600_000), cap: Money(3_000_000), rate: Rate(e8: 650_000), amount: Money(950)),
  ]

  @Test(arguments: [(0, 0), (50_000, 0), (50_001, 50), (600_000, 50), (600_001, 950), (9_000_000, 950)])
  func aNotionalOnTheCapBelongsToTheLowerRow(notional: Int64, amount: Int64) {
    #expect(MarginBracket.find(Money(notional), in: Self.brackets.span).amount == Money(amount))
  }

  /// At the price found, maintenance is the margin balance: no position survives it, none dies before it.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func atTheLiquidationPriceMaintenanceEqualsTheBalance(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let size = Money(units: Int128(random.below(5_000) + 1) * 1_000_000_000_000_000)
    let long = MarginLeg(
      quantity: size, cost: try #require(size.times(Money(Int64(random.below(50_000) + 100)))))
    let hedge = random.chance(1, in: 3) ? Money(units: size.units / 3) : .zero
    let short = MarginLeg(quantity: -hedge, cost: -(try #require(hedge.times(Money(30_000)))))
    let flipped = random.chance(1, in: 2)
    let leg = flipped ? MarginLeg(quantity: -long.quantity, cost: -long.cost) : long
    let other = flipped ? MarginLeg(quantity: -short.quantity, cost: -short.cost) : short
    var terms = LiquidationTerms(walletBalance: Money(Int64(random.below(20_000) + 1)))
    terms.otherMaintenance = Money(Int64(random.below(100)))
    terms.otherUnrealised = Money(Int64(random.below(100)) - 50)
    let row = Self.brackets[Int(random.below(3))]
    let price = try #require(terms.price(leg, row, other, Self.brackets[0]))
    guard price.units > 0 else { return }
    let gain = (try #require(leg.unrealised(mark: price))) + (try #require(other.unrealised(mark: price)))
    let balance = terms.walletBalance + terms.otherUnrealised - terms.otherMaintenance + gain
    let notional = try #require(leg.notional(mark: price))
    let otherNotional = try #require(other.notional(mark: price))
    let own = try #require(row.maintenance(notional))
    let maintenance = own + (try #require(Self.brackets[0].maintenance(otherNotional)))
    // A last digit of the sizes' margins, times a price of five digits.
    #expect((balance - maintenance).magnitude < Money(units: 1_000_000))
  }

  @Test func aWellFundedLongIsNeverLiquidated() throws {
    let leg = try #require(MarginLeg(quantity: .one, entry: Money(100)))
    let terms = LiquidationTerms(walletBalance: Money(1_000))
    #expect(terms.price(leg, mark: Money(100), in: Self.brackets.span) == .zero)
    #expect(terms.consistentPrice(leg, in: Self.brackets.span) == .zero)
    #expect(terms.price(leg, .none) == .zero)
  }

  @Test func equalLongAndShortHaveNoPrice() throws {
    let long = try #require(MarginLeg(quantity: .one, entry: Money(100)))
    let short = try #require(MarginLeg(quantity: -Money.one, entry: Money(110)))
    #expect(LiquidationTerms(walletBalance: .one).price(long, .none, short, .none) == .zero)
  }

  @Test func ratiosOfNothingAreNone() {
    #expect(Margin.ratio(maintenance: .one, balance: .zero) == nil)
    #expect(Margin.ratio(maintenance: .one, balance: Money(4))?.decimalString == "0.25")
    #expect(Margin.returnOnEquity(unrealised: .one, cost: .zero, leverage: 5) == nil)
    #expect(Margin.initial(notional: Money(10), leverage: 3)?.decimalString == "3.333333333333333334")
    #expect(Margin.initial(notional: Money(10), leverage: 0) == Money(10))
  }
}

@Suite struct FundingTests {
  @Test func longsPayAPositiveRate() {
    let mark = Price(mantissa: 2_602_155)
    let quantity = Money(units: 4_537_000_000_000_000_000)
    #expect(
      Funding.payment(quantity: quantity, mark: mark, scale: 2, rate: Rate(e8: 71_438))?.decimalString
        == "-84.339540171393")
    #expect(
      Funding.payment(quantity: -quantity, mark: mark, scale: 2, rate: Rate(e8: 71_438))?.decimalString
        == "84.339540171393")
    #expect(Funding.payment(quantity: .max, mark: Price(mantissa: .max), scale: 0, rate: Rate(e8: 100_000_000)) == nil)
  }

  @Test func ratesOfNoPaymentHaveNoMean() {
    #expect(Funding.meanRate([]) == nil)
    #expect(Funding.annualCompounded([], intervalsPerDay: 3) == nil)
    #expect(Funding.meanRate([Rate(e8: 1), Rate(e8: 2)])?.decimalString == "0.000000015")
  }

  @Test func aCarryThatEarnsNothingNeverBreaksEven() throws {
    let carry = try #require(
      CashAndCarry(
        spot: Money(100), perp: Money(101), quantity: .one, fundingRate: Rate(e8: -1), intervals: 3,
        spotFee: Rate(e8: 100_000), perpFee: Rate(e8: 40_000)))
    #expect(carry.breakEvenIntervals == nil)
    #expect(carry.basisBps.decimalString == "100")
    #expect(carry.roundTripCost.decimalString == "0.2808")
    #expect(carry.netConverged.decimalString == "0.71919697")
  }
}
