import OMSLib
import Testing

@testable import OMSVenue

/// What is asked about orders and accounts, and how many of them one venue carries.
@Suite struct BinanceVenueAccountTests {
  private static let spot = BinanceStage.spot
  private static let perpetual = BinanceStage.perpetual

  @Test(arguments: [(spot, Int64(5_900_000)), (perpetual, Int64(590_000))])
  func anOrderIsAskedFor(_ instrument: InstrumentID, _ price: Int64) {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: price, on: instrument)
    stage.run(milliseconds: 100)
    _ = stage.take()
    stage.submit(stage.request(.queryOrder, "a1", on: instrument))
    stage.submit(stage.request(.queryOrder, "b2", on: instrument))
    stage.run(milliseconds: 200)
    let reports = stage.take(.orderReport)
    #expect(reports.count == 1 && reports[0].status == .open && reports[0].requestID == 2)
    let absent = stage.take(.orderAbsent)
    #expect(absent.count == 1 && absent[0].wireID == Text32("b2") && absent[0].requestID == 3)
  }

  @Test func anOrderIsAmendedInItsPlace() {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: 590_000, on: Self.perpetual)
    stage.run(milliseconds: 100)
    var amend = stage.request(.amendOrder, "a1", on: Self.perpetual)
    amend.sideRaw = Side.buy.rawValue
    amend.quantity = 2_000
    amend.price = 591_000
    stage.submit(amend)
    stage.run(milliseconds: 100)
    let amended = stage.take(.amended)
    #expect(amended.count == 1 && amended[0].quantity == 2_000 && amended[0].price == 591_000)
    #expect(stage.take(.orderReport).contains { $0.price == 591_000 }, "the news of it")
  }

  @Test func onSpotAnOrderOnlyBecomesSmaller() {
    var stage = BinanceStage(products: [.spot])
    stage.open()
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 100)
    var amend = stage.request(.amendOrder, "a1")
    amend.quantity = 400
    stage.submit(amend)
    amend.price = 5_800_000
    stage.submit(amend)
    stage.run(milliseconds: 100)
    let amended = stage.take(.amended)
    #expect(amended.count == 1 && amended[0].quantity == 400)
    #expect(stage.take(.notSent).count == 1, "another price is another order there")
  }

  /// A stop waits at a service of its own; it is asked for and cancelled there.
  @Test func aStopIsKeptElsewhere() {
    var stage = BinanceStage(products: [.usdm])
    stage.open()
    stage.place("s1", .sell, 1_000, at: 0, on: Self.perpetual) {
      $0.orderKindRaw = OrderKind.stopMarket.rawValue
      $0.stopPrice = 500_000
    }
    stage.run(milliseconds: 100)
    #expect(Set(stage.story(of: "s1")) == ["accepted"])
    _ = stage.take()
    stage.submit(stage.request(.queryOrder, "s1", on: Self.perpetual))
    stage.run(milliseconds: 100)
    let reports = stage.take(.orderReport)
    #expect(reports.count == 1 && reports[0].status == .waiting)
    stage.submit(stage.request(.cancelOrder, "s1", on: Self.perpetual))
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "s1").contains("cancelled"))
  }

  /// Triggered, it is another order with another number, and the same to whoever placed it.
  @Test func aStopThatIsTriggeredIsFilledUnderItsId() {
    var stage = BinanceStage(products: [.usdm])
    stage.open()
    for (id, side, price) in [("m1", Side.buy, Int64(598_000)), ("m2", .buy, 590_000)] {
      stage.place(id, side, 1_000, at: price, on: Self.perpetual, as: 2)
    }
    stage.place("s1", .sell, 1_000, at: 0, on: Self.perpetual) {
      $0.orderKindRaw = OrderKind.stopMarket.rawValue
      $0.stopPrice = 599_000
    }
    stage.run(milliseconds: 100)
    _ = stage.take()
    // A trade below the trigger.
    stage.place("t1", .sell, 1_000, at: 598_000, on: Self.perpetual, as: 2) { $0.preventionRaw = 0 }
    stage.place("t2", .sell, 1_000, at: 598_000, on: Self.perpetual)
    stage.run(milliseconds: 300)
    let story = stage.story(of: "s1")
    #expect(story.contains("triggered") && story.contains("fill 1000@590000"), "\(story)")
  }

  @Test func accountsAreRead() {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.place("p1", .buy, 1_000, at: 590_000, on: Self.perpetual)
    stage.place("p2", .sell, 1_000, at: 590_000, on: Self.perpetual, as: 2)
    stage.run(milliseconds: 200)
    _ = stage.take()
    for kind in [VenueRequest.Kind.queryFills, .queryOpenOrders, .queryAccount] {
      stage.submit(stage.request(kind, "", on: .none))
    }
    stage.run(milliseconds: 2_000)
    let ends = stage.take(.reportEnd)
    #expect(ends.map(\.requestID) == [4, 5, 6], "each has its end, in order")
    let fills = stage.take(.fill)
    #expect(fills.count == 1 && fills[0].isReplay == 1 && fills[0].wireID == Text32("p1"))
    let orders = stage.take(.orderReport)
    #expect(orders.count == 1 && orders[0].wireID == Text32("a1") && orders[0].status == .open)
    let positions = stage.take(.position)
    #expect(positions.contains { $0.instrument == Self.perpetual && $0.quantity == 1_000 })
    let balances = stage.take(.balance)
    #expect(Set(balances.map(\.walletRaw)) == [Wallet.spot.rawValue, Wallet.futures.rawValue])
  }

  @Test func leverageIsSet() {
    var stage = BinanceStage(products: [.usdm])
    stage.open()
    var request = stage.request(.setLeverage, "", on: Self.perpetual)
    request.leverage = 7
    stage.submit(request)
    stage.run(milliseconds: 500)
    #expect(stage.take(.accepted).contains { $0.requestID == request.requestID && $0.leverage == 7 })
  }

  /// A main account and 200 others, on both products, over one connection each.
  @Test func twoHundredAccountsAreCarried() {
    var stage = BinanceStage(accounts: 201)
    let took = stage.open(accounts: 201)
    #expect(took < 5_000, "\(took) ms")
    #expect(stage.take(.connected).count == 201)
    for number in 1...201 {
      stage.place("s\(number)", .buy, 1_000, at: 5_000_000, as: UInt16(number))
      stage.place("p\(number)", .buy, 1_000, at: 500_000, on: Self.perpetual, as: UInt16(number))
    }
    stage.run(milliseconds: 2_000)
    let accepted = stage.take(.accepted)
    #expect(accepted.count == 4 * 201, "each is answered and heard: \(accepted.count)")
    #expect(stage.take(.notSent, .outcomeUnknown, .rejected).isEmpty)
  }

  @Test func bestPricesAreRead() {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.place("b1", .sell, 2_000, at: 6_100_000, as: 2)
    stage.run(milliseconds: 3_000)
    let top = stage.venue.top(of: Self.spot)
    #expect(top.isValid == 1 && top.bid == 5_900_000 && top.ask == 6_100_000 && top.askQuantity == 2_000)
    var levels: [String] = []
    let now = stage.world.time.now
    _ = stage.venue.forEachLevel(of: Self.spot, depth: 5, now: now) { levels.append("\($0) \($1) \($2)") }
    stage.run(milliseconds: 3_000)
    let later = stage.world.time.now
    let isThere = stage.venue.forEachLevel(of: Self.spot, depth: 5, now: later) { levels.append("\($0) \($1) \($2)") }
    #expect(isThere && levels == ["buy 5900000 1000", "sell 6100000 2000"], "\(levels)")
  }

  /// What accounts pay is read with what others leave of the limits, and fills are held against it.
  @Test func whatAnAccountPaysIsKnown() {
    var stage = BinanceStage()
    stage.open()
    stage.run(milliseconds: 5_000)
    for account in 1...2 {
      for instrument in [Self.spot, Self.perpetual] {
        let rates = stage.venue.rates(of: AccountID(number: UInt16(account)), instrument)
        #expect(rates != nil, "account \(account)")
      }
    }
    var stale = 0
    stage.venue.forEachStale(at: stage.world.time.now) { _, _, _, _ in stale += 1 }
    #expect(stale == 0)
    stage.place("m", .sell, 1_000, at: 590_000, on: Self.perpetual, as: 2)
    stage.run(milliseconds: 100)
    stage.place("t", .buy, 1_000, at: 590_000, on: Self.perpetual)
    stage.run(milliseconds: 100)
    var facts: [BinanceFact] = []
    while let fact = stage.venue.nextFact() { facts.append(fact) }
    #expect(facts.contains { $0.detail == .change(.canTrade(true)) && $0.product == .spot && $0.account.number == 1 })
    let deviations = facts.filter { if case .fee = $0.detail { true } else { false } }
    #expect(deviations.isEmpty, "fees are as the rates say: \(deviations)")
  }
}
