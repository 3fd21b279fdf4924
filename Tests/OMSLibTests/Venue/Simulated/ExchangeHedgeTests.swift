import Testing

@testable import OMSLib

private let perp = "BTC-USDT-PERP"
private let usdt: Int128 = 1_000_000_000_000_000_000
private let long = PositionSide.long.rawValue
private let short = PositionSide.short.rawValue

/// An account that holds a long and a short position of one perpetual side by side.
@Suite struct ExchangeHedgeTests {
  /// `h` is hedged, `a`, `b` and `c` are not.
  private func makeDriver() -> ExchangeDriver {
    var setup = ExchangeDriver.quiet()
    let account = setup.addAccount("h", isHedged: true)
    setup.deposit("10000", "USDT", into: account, .futures)
    setup.deposit("1000", "USDT", into: account)
    return ExchangeDriver(setup)
  }

  private func open(_ driver: inout ExchangeDriver, long quantity: Int64, short other: Int64, at price: Int64 = 600_000)
  {
    if quantity > 0 {
      _ = driver.order("b", "s\(driver.now)", .sell, quantity, price, symbol: perp)
      _ = driver.order("h", "l\(driver.now)", .buy, quantity, price, symbol: perp) { $0.positionSideRaw = long }
    }
    if other > 0 {
      _ = driver.order("b", "b\(driver.now)", .buy, other, price, symbol: perp)
      _ = driver.order("h", "h\(driver.now)", .sell, other, price, symbol: perp) { $0.positionSideRaw = short }
    }
  }

  private func held(_ driver: borrowing ExchangeDriver, _ lane: Int) -> ExchangeHolding {
    let account = driver.setup.account("h") ?? 0
    let instrument = driver.setup.instrument(perp)?.id.number ?? 0
    return driver.exchange.holdings[driver.exchange.holdingIndex(account, instrument, lane: lane)]
  }

  private func mark(_ driver: inout ExchangeDriver, _ price: Int64) -> [VenueEvent] {
    let instrument = driver.setup.instrument("BTC-USDT")?.id.number ?? 0
    _ = driver.control(.setPrice) {
      $0.instrument = instrument
      $0.price = price * 10
    }
    return driver.pass(1_000_000_000)
  }

  @Test func bothPositionsStandSideBySide() {
    var driver = makeDriver()
    open(&driver, long: 50, short: 30)
    expect(held(driver, 0).quantity, is: 50)
    expect(held(driver, 1).quantity, is: -30)
    let told = driver.send(driver.request(.queryAccount, "h")).filter { $0.kind == .position && $0.quantity != 0 }
    #expect(told.map(\.positionSideRaw) == [long, short] && told.map(\.quantity) == [50, -30])
    let fills = driver.send(driver.request(.queryFills, "h")).filter { $0.kind == .fill }
    #expect(fills.map(\.positionSideRaw) == [long, short])
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func openOrdersOfBothPositionsNeedMarginSideBySide() {
    var driver = makeDriver()
    _ = driver.order("h", "1", .buy, 2_000, 600_000, symbol: perp) { $0.positionSideRaw = long }
    let other = driver.order("h", "2", .sell, 1_000, 610_000, symbol: perp) { $0.positionSideRaw = short }
    #expect(other.map(line) == ["2 accepted"])
    let told = driver.send(driver.request(.queryAccount, "h"))
    let balance = told.first { $0.kind == .balance && $0.walletRaw == Wallet.futures.rawValue && $0.asset.number == 1 }
    // 120,000 and 61,000 at 20x: neither covers the other, since both can become positions.
    #expect(balance?.locked.units == 9_050 * usdt)
    let more = driver.order("h", "3", .sell, 400, 610_000, symbol: perp) { $0.positionSideRaw = short }
    #expect(more.map(line) == ["3 rejected insufficientMargin"], "1,220 of the 950 that are left")
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func anOrderSaysWhichPositionItMeans() {
    var driver = makeDriver()
    expect(driver.order("h", "1", .buy, 5, 600_000, symbol: perp).map(line), is: ["1 rejected positionSide"])
    let wrong = driver.order("a", "2", .buy, 5, 600_000, symbol: perp) { $0.positionSideRaw = long }
    #expect(wrong.map(line) == ["2 rejected positionSide"])
    let spot = driver.order("h", "3", .buy, 100, 6_000_000) { $0.positionSideRaw = long }
    #expect(spot.map(line) == ["3 rejected positionSide"])
    expect(driver.order("h", "4", .buy, 100, 6_000_000).map(line), is: ["4 accepted"])
    let flag = driver.order("h", "5", .buy, 5, 600_000, symbol: perp) {
      $0.positionSideRaw = long
      $0.flagsRaw = OrderFlags.reduceOnly.rawValue
    }
    #expect(flag.map(line) == ["5 rejected reduceOnly"], "buying opens a long position")
  }

  @Test func whatClosesNeverDoesMore() {
    var driver = makeDriver()
    let early = driver.order("h", "1", .sell, 5, 600_000, symbol: perp) { $0.positionSideRaw = long }
    #expect(early.map(line) == ["1 rejected reduceOnly"], "there is no long position to close")
    open(&driver, long: 50, short: 30)
    _ = driver.order("b", "bid", .buy, 100, 599_000, symbol: perp)
    let close = driver.order("h", "2", .sell, 80, 599_000, symbol: perp) { $0.positionSideRaw = long }
    #expect(close.map(line).contains("2 fill 50@599000"))
    expect(held(driver, 0).quantity, is: 0)
    expect(held(driver, 1).quantity, is: -30)
    let first = driver.order("h", "3", .buy, 20, 580_000, symbol: perp) { $0.positionSideRaw = short }
    let second = driver.order("h", "4", .buy, 20, 570_000, symbol: perp) { $0.positionSideRaw = short }
    #expect(first.map(line) == ["3 accepted"])
    #expect(second.map(line) == ["4 accepted", "4 amended 10@570000"], "together no more than the short position")
    expect(driver.exchange.isSound(), is: true)
  }

  /// Each isolated position stands for itself; the cross ones of an account go down together.
  @Test func onlyThePositionThatLosesIsLiquidated() {
    var driver = makeDriver()
    var mode = driver.request(.setMarginMode, "h")
    mode.instrument = driver.setup.instrument(perp)?.id ?? .none
    mode.marginModeRaw = MarginMode.isolated.rawValue
    expect(driver.send(mode).map(line), is: [" accepted"])
    open(&driver, long: 1_500, short: 100)
    let price = driver.exchange.liquidationPrice(driver.setup.account("h") ?? 0, 2, lane: 0)
    #expect(price > 500_000 && price < 600_000)
    let other = driver.exchange.liquidationPrice(driver.setup.account("h") ?? 0, 2, lane: 1)
    #expect(other > 600_000)
    _ = mark(&driver, price + 100)
    expect(held(driver, 0).quantity, is: 1_500)
    let told = mark(&driver, price - 100)
    let forced = told.filter { $0.kind == .fill && $0.isForced == 1 }
    #expect(!forced.isEmpty && forced.allSatisfy { $0.positionSideRaw == long })
    expect(held(driver, 0).quantity, is: 0)
    expect(held(driver, 1).quantity, is: -100)
    expect(driver.exchange.isSound(), is: true)
  }

  @Test func fundingIsPaidByOneAndGotByTheOther() {
    var driver = makeDriver()
    open(&driver, long: 50, short: 30)
    let before = driver.balance("h", "USDT", .futures).total
    let told = driver.pass(28_800_000_000_000).filter { $0.kind == .funding && $0.account.number == 7 }
    #expect(told.map(\.positionSideRaw) == [long, short])
    #expect(told.map(\.trade.high) == [0, 1] && told.first?.trade.low == told.last?.trade.low)
    let paid = told.reduce(Int128(0)) { $0 + $1.fee.units }
    let after = driver.balance("h", "USDT", .futures).total
    #expect(paid != 0 && after == before - paid)
    let next = driver.pass(28_800_000_000_000).filter { $0.kind == .funding && $0.account.number == 7 }
    #expect(next.first?.trade.low == (told.first?.trade.low ?? 0) + 1, "each payment has a number of its own")
  }

  @Test func theModeStaysWhileThereIsAnything() {
    var driver = makeDriver()
    open(&driver, long: 50, short: 0)
    let account = driver.setup.account("h") ?? 0
    _ = driver.control(.setHedge) {
      $0.account = account
      $0.detail = 0
    }
    expect(driver.exchange.isHedged(account), is: true)
    _ = driver.order("b", "bid", .buy, 50, 600_000, symbol: perp)
    _ = driver.order("h", "out", .sell, 50, 600_000, symbol: perp) { $0.positionSideRaw = long }
    _ = driver.control(.setHedge) {
      $0.account = account
      $0.detail = 0
    }
    expect(driver.exchange.isHedged(account), is: false)
  }
}
