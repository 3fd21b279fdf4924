import Testing

@testable import OMSLib

private let perp = "BTC-USDT-PERP"
private let usdt: Int128 = 1_000_000_000_000_000_000

@Suite struct ExchangeMarginTests {
  /// a is long, b short, `quantity` thousandths at `price` tenths.
  private func open(_ driver: inout ExchangeDriver, _ quantity: Int64, _ price: Int64) {
    _ = driver.order("b", "short\(driver.now)", .sell, quantity, price, symbol: perp)
    _ = driver.order("a", "long\(driver.now)", .buy, quantity, price, symbol: perp)
  }

  private func mark(_ driver: inout ExchangeDriver, _ price: Int64) -> [VenueEvent] {
    let instrument = driver.setup.instrument("BTC-USDT")?.id.number ?? 0
    _ = driver.control(.setPrice) {
      $0.instrument = instrument
      $0.price = price * 10
    }
    return driver.pass(1_000_000_000)
  }

  @Test func aPositionIsRealisedAtItsAverageToTheLastUnit() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    open(&driver, 3, 600_000)
    open(&driver, 4, 600_007)
    let wallet = driver.balance("a", "USDT", .futures).total
    _ = driver.order("b", "b", .buy, 5, 600_100, symbol: perp)
    _ = driver.order("a", "a", .sell, 5, 600_100, symbol: perp)
    let held = driver.holding("a", perp)
    #expect(held.quantity == 2)
    // 5/7 of the cost left with the part that was closed.
    let cost: Int128 = (3 * 600_000 + 4 * 600_007) * 100_000_000_000_000
    let share = Exchange.share(cost, 5, of: 7)
    #expect(held.cost == cost - share)
    let proceeds: Int128 = 5 * 600_100 * 100_000_000_000_000
    let fee = proceeds * 50_000 / 100_000_000
    let after = driver.balance("a", "USDT", .futures).total
    #expect(after == wallet + proceeds - share - fee)
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func anOrderNeedsItsInitialMarginAtTheChosenLeverage() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    // 100,000 USDT at 20x carry 2,000,000 less fees; 34 contracts cost 2,040,000.
    expect(driver.order("a", "1", .buy, 34_000, 600_000, symbol: perp).map(line), is: ["1 rejected insufficientMargin"])
    expect(driver.order("a", "2", .buy, 30_000, 600_000, symbol: perp).map(line), is: ["2 accepted"])
    var leverage = driver.request(.setLeverage, "a")
    leverage.instrument = driver.setup.instrument(perp)?.id ?? .none
    leverage.leverage = 2
    expect(driver.send(leverage).map(line), is: [" rejected insufficientMargin"])
    leverage.leverage = 126
    expect(driver.send(leverage).map(line), is: [" rejected leverage"])
  }

  private func locked(_ driver: inout ExchangeDriver, _ account: String) -> Int128 {
    let told = driver.send(driver.request(.queryAccount, account))
    let balance = told.first { $0.kind == .balance && $0.walletRaw == Wallet.futures.rawValue && $0.asset.number == 1 }
    return balance?.locked.units ?? -1
  }

  private func withdraw(_ driver: inout ExchangeDriver, _ amount: Int128) -> VenueEvent.Kind? {
    let (account, asset) = (driver.setup.account("a") ?? 0, driver.setup.asset("USDT") ?? 0)
    return driver.control(.transfer) {
      $0.account = account
      $0.other = account
      $0.asset = asset
      $0.walletRaw = Wallet.futures.rawValue
      $0.otherWalletRaw = Wallet.spot.rawValue
      $0.amount = Money(units: amount)
    }.last?.kind
  }

  @Test func anOpenOrderHoldsItsMarginBeforeThereIsAPosition() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "1", .buy, 30_000, 600_000, symbol: perp)
    expect(locked(&driver, "a"), is: 90_000 * usdt)
    #expect(
      driver.ledger.contains { $0.hasPrefix("balance a futures USDT") && $0.hasSuffix("locked \(90_000 * usdt)") })
    let tooMuch = driver.order("a", "2", .buy, 5_000, 600_000, symbol: perp)
    #expect(tooMuch.map(line) == ["2 rejected insufficientMargin"], "15,000 more of the 10,000 that are left")
    // The other side needs nothing of its own: only one of the two can become the position.
    expect(driver.order("a", "3", .sell, 30_000, 610_000, symbol: perp).map(line), is: ["3 accepted"])
    expect(locked(&driver, "a"), is: 91_500 * usdt)
    expect(withdraw(&driver, 8_501 * usdt), is: .rejected)
    expect(withdraw(&driver, 8_500 * usdt), is: .accepted)
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func whatEndsGivesItsMarginBack() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    _ = driver.order("a", "1", .buy, 10_000, 600_000, symbol: perp)
    let later = UTCTime(nanoseconds: driver.now + 500_000_000)
    _ = driver.order("a", "2", .buy, 10_000, 590_000, symbol: perp) {
      $0.timeInForceRaw = TimeInForce.gtd.rawValue
      $0.expiresAt = later
    }
    expect(locked(&driver, "a"), is: 59_500 * usdt)
    _ = driver.pass(1_000_000_000)
    expect(locked(&driver, "a"), is: 30_000 * usdt)
    // A fill turns an order's margin into the position's.
    _ = driver.order("b", "b", .sell, 4_000, 600_000, symbol: perp)
    expect(driver.holding("a", perp).quantity, is: 4_000)
    expect(locked(&driver, "a"), is: 18_000 * usdt)
    _ = driver.send(driver.request(.cancelOrder, "a", "1"))
    expect(locked(&driver, "a"), is: 0)
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func ordersNeedMarginOnlyBeyondWhatThePositionCovers() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    open(&driver, 10_000, 600_000)
    _ = driver.order("a", "1", .sell, 20_000, 600_000, symbol: perp)
    expect(locked(&driver, "a"), is: 0)
    _ = driver.order("a", "2", .sell, 2_000, 600_000, symbol: perp)
    expect(locked(&driver, "a"), is: 6_000 * usdt)
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func reduceOnlyOrdersNeverCrossZeroAndShrinkWithThePosition() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    let flag = OrderFlags.reduceOnly.rawValue
    expect(
      driver.order("a", "no", .sell, 5, 600_000, symbol: perp) { $0.flagsRaw = flag }.map(line),
      is: ["no rejected reduceOnly"])
    open(&driver, 10, 600_000)
    _ = driver.order("a", "r1", .sell, 6, 610_000, symbol: perp) { $0.flagsRaw = flag }
    let second = driver.order("a", "r2", .sell, 6, 620_000, symbol: perp) { $0.flagsRaw = flag }
    #expect(second.map(line) == ["r2 accepted", "r2 amended 4@620000"])
    // Closing 7 by hand leaves 3: the older order keeps those, the newer one goes.
    _ = driver.order("b", "b", .buy, 7, 600_000, symbol: perp)
    let told = driver.order("a", "a", .sell, 7, 600_000, symbol: perp).map(line)
    #expect(told.suffix(2) == ["r1 amended 3@610000", "r2 expired reduceOnly after 0"])
    // A taker meets an ordinary sell first; what it closes is no longer there for the reduce-only one behind it.
    _ = driver.order("a", "plain", .sell, 2, 605_000, symbol: perp)
    let sweep = driver.order("c", "c", .buy, 9, 615_000, symbol: perp)
    let filled = sweep.filter { $0.kind == .fill && $0.isMaker == 1 }.reduce(0) { $0 + $1.quantity }
    #expect(filled == 3)
    expect(driver.holding("a", perp).quantity, is: 0)
    expect(driver.exchange.isSound(), is: true)
  }

  /// Golden formula, one-way: (wallet + cum - side x q x entry) / (q x rate - side x q).
  @Test(arguments: [(MarginMode.cross, Int64(5_000), 0), (.cross, 60_000, 1), (.isolated, 5_000, 0)])
  func aPositionIsLiquidatedBelowTheFormulasPriceAndNotAbove(mode: MarginMode, quantity: Int64, row: Int) {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    var change = driver.request(.setMarginMode, "a")
    change.instrument = driver.setup.instrument(perp)?.id ?? .none
    change.marginModeRaw = mode.rawValue
    _ = driver.send(change)
    let quantity = min(quantity, 30_000)
    open(&driver, quantity, 600_000)
    let held = driver.holding("a", perp)
    let wallet = mode == .cross ? driver.balance("a", "USDT", .futures).total : held.isolatedWallet
    let price = formula(wallet: wallet, cost: held.cost, quantity: quantity)
    expect(mark(&driver, price + 1).contains { $0.isForced == 1 }, is: false)
    let told = mark(&driver, price - 1)
    #expect(told.contains { $0.kind == .fill && $0.isForced == 1 })
    expect(driver.holding("a", perp).quantity, is: 0)
    expect(driver.balance("a", "USDT", .futures).total >= 0, is: true)
    expect(driver.exchange.isSound(), is: true)
  }

  /// In tenths, rounded down: the bracket is the one of the notional at the price itself.
  private func formula(wallet: Int128, cost: Int128, quantity: Int64) -> Int64 {
    let unit: Int128 = 100_000_000_000_000
    var price: Int128 = 600_000
    for _ in 0..<8 {
      let bracket = Exchange.bracket(for: price * Int128(quantity) * unit)
      let numerator = (wallet + bracket.cum * usdt - cost) * 100_000_000
      let denominator = Int128(quantity) * unit * (bracket.rateE8 - 100_000_000)
      price = numerator / denominator
    }
    return Int64(price)
  }

  @Test func fundingMovesMoneyFromLongToShortAndNothingIsLost() {
    let eight: Int64 = 8 * 3_600_000_000_000
    let start = (ExchangeDriver.start / eight + 1) * eight - 2_000_000_000
    var driver = ExchangeDriver(ExchangeDriver.quiet(), ExchangeDriver.small, at: start)
    open(&driver, 1_000, 600_000)
    let events = driver.pass(3_000_000_000).filter { $0.kind == .funding }
    #expect(events.count == 2)
    let sum = events.reduce(Int128(0)) { $0 + $1.fee.units }
    let insurance = driver.exchange.imbalance(of: 1)
    #expect(sum == 0 && insurance == .zero)
    // 60,000 USDT at 0.01 %.
    #expect(events.map(\.fee.units).max() ?? 0 > 5 * usdt)
  }

  @Test func theWrongMarginModeOrAPositionInTheWayIsRefused() {
    var driver = ExchangeDriver(ExchangeDriver.quiet())
    open(&driver, 10, 600_000)
    var change = driver.request(.setMarginMode, "a")
    change.instrument = driver.setup.instrument(perp)?.id ?? .none
    change.marginModeRaw = MarginMode.isolated.rawValue
    expect(driver.send(change).map(line), is: [" rejected marginModeLocked"])
  }
}
