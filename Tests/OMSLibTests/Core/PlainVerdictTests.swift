import Testing

@testable import OMSLib

/// The short way to a verdict passes nothing that the long one refuses, and comes to the same where it passes.
@Suite struct PlainVerdictTests {
  private let kinds: [LimitKind] = [
    .maxOrderQuantity, .maxOrderNotional, .maxPositionQuantity, .maxPositionNotional, .maxGrossNotional,
    .maxNetNotional, .maxVaR, .maxOpenOrders, .maxOrdersPerSecond, .maxLeverage, .collar, .dailyLoss, .maxBalance,
    .minLiquidationDistance, .maxMarketAge, .maxRepeatedRejects,
  ]

  private func draw(_ random: inout SplitMix64, _ fixture: CoreFixture) -> NewOrderInput {
    var input = NewOrderInput()
    input.account = random.chance(1, in: 3) ? CoreFixture.sub : CoreFixture.main
    input.instrument = random.chance(1, in: 2) ? CoreFixture.spot : CoreFixture.perp
    input.sideRaw = random.chance(1, in: 2) ? Side.buy.rawValue : Side.sell.rawValue
    input.kindRaw = random.chance(1, in: 12) ? OrderKind.market.rawValue : OrderKind.limit.rawValue
    input.timeInForceRaw = random.chance(1, in: 12) ? TimeInForce.ioc.rawValue : TimeInForce.gtc.rawValue
    input.price = 5_400_000 + Int64(random.below(1_200_000))
    input.quantity = Int64(random.below(40)) * Int64(random.below(2_000))
    if random.chance(1, in: 10) { input.flagsRaw = UInt16(random.below(32)) }
    if random.chance(1, in: 20) { input.strategy = CoreFixture.strategy }
    if random.chance(1, in: 20) { input.quantity = Int64(truncatingIfNeeded: random.next() >> random.below(40)) }
    if random.chance(1, in: 30) { input.displayQuantity = 1 }
    input.market = fixture.market()
    return input
  }

  private func setLimit(_ random: inout SplitMix64, _ fixture: CoreFixture) {
    var limit = SetLimitInput()
    limit.kindRaw = kinds[Int(random.below(UInt64(kinds.count)))].rawValue
    limit.scopeRaw = UInt8(1 + random.below(5))
    // From thousandths to millions, and back to what is never met.
    limit.value =
      random.chance(1, in: 3) ? Money(1_000_000) : Money(units: Int128(random.next()) << Int(random.below(20)))
    fixture.step(.setLimit, limit)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func passesOnlyWhatTheLongWayPasses(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var fixture = CoreFixture()
    var (short, refused) = (0, 0)
    for round in 0..<800 {
      // Limits only get in the way of more: now and then they are as at first.
      if round % 100 == 0 { fixture = CoreFixture() }
      if random.chance(1, in: 25) { setLimit(&random, fixture) }
      if random.chance(1, in: 40) {
        let bid = 5_800_000 + Int64(random.below(400_000))
        fixture.quote(CoreFixture.perp, bid: bid, ask: bid + 100)
      }
      let input = draw(&random, fixture)
      var plain = PlainTerms()
      let passes = fixture.core.passesPlainly(input, &plain)
      let verdict = fixture.core.slowVerdict(on: input)
      #expect(!passes || verdict.passes, "\(verdict) of \(input)")
      if passes {
        short += 1
        var row = OrderRow()
        let isFilled = fixture.core.fill(&row, from: input, plain)
        let agrees = fixture.core.agrees(input, row)
        #expect(isFilled && agrees, "\(input)")
      } else if !verdict.passes {
        refused += 1
      }
      guard random.chance(1, in: 3) else { continue }
      let id = "o\(round)"
      fixture.order(id, on: input.instrument, account: input.account) { made in
        let (id, token) = (made.id, made.token)
        made = input
        made.id = id
        made.token = token
      }
      if fixture.row(id) != nil, random.chance(1, in: 2) {
        fixture.fill(id, min(input.quantity, 100), price: input.price)
      }
    }
    #expect(short > 20 && refused > 20, "\(short) by the short way, \(refused) refused")
  }
}
