/// Money: locks, fees, the two ledgers. Every unit that leaves one account arrives in another.
extension Exchange {
  static let volumeDays = 32

  /// Share of the instrument's own rates by 30-day volume, in percent: what large traders pay.
  private static let tiers: [(volume: Int128, maker: Int128, taker: Int128)] = [
    (0, 100, 100), (1_000_000, 90, 100), (5_000_000, 80, 90), (20_000_000, 60, 80), (100_000_000, 40, 60),
  ]
  static let one: Int128 = 1_000_000_000_000_000_000

  // MARK: - Locks

  /// What an order that waits or rests holds back: money of a spot wallet, or notional in a perpetual holding.
  private func lockNeeded(_ order: ExchangeOrder) -> Int128 {
    guard accounts[Int(order.account)].isCustomer else { return 0 }
    let market = markets[Int(order.instrument)]
    if market.isPerpetual {
      let counts = !order.flags.contains(.reduceOnly) && order.state == .working
      return counts ? notional(order.price, order.remaining, order.instrument) : 0
    }
    if order.side == .sell { return amount(order.remaining, order.instrument) }
    guard order.kind.hasLimitPrice else { return 0 }
    let cost = notional(order.price, order.remaining, order.instrument)
    return options.chargesBase == 1 ? cost : cost + worstFee(on: cost, order.account, order.instrument)
  }

  mutating func lock(_ slot: UInt32) {
    precondition(orders[Int(slot)].locked == 0, "an order locks once")
    setLock(slot, lockNeeded(orders[Int(slot)]))
  }

  mutating func unlock(_ slot: UInt32) { setLock(slot, 0) }

  /// After a fill: what the rest of the order still needs.
  mutating func relock(_ slot: UInt32) { setLock(slot, lockNeeded(orders[Int(slot)])) }

  private mutating func setLock(_ slot: UInt32, _ needed: Int128) {
    let order = orders[Int(slot)]
    let change = needed - order.locked
    guard change != 0 else { return }
    orders[Int(slot)].locked = needed
    let market = markets[Int(order.instrument)]
    if market.isPerpetual {
      // What an order needs counts before its account holds anything.
      chainPosition(order.account, order.instrument)
      let row = holdingIndex(of: order)
      if order.side == .buy { holdings[row].buyNotional += change } else { holdings[row].sellNotional += change }
      return
    }
    let asset = order.side == .buy ? market.rules.quote : market.rules.base
    balances[balanceIndex(order.account, .spot, asset.number)].locked += change
  }

  // MARK: - Fees

  /// Down to 18 decimals, so that the parts of an order never cost more than the lock of the whole.
  static func fee(on notional: Int128, rateE8: Int128) -> Int128 {
    let (quotient, rest) = (notional * rateE8).quotientAndRemainder(dividingBy: 100_000_000)
    return rest < 0 ? quotient - 1 : quotient
  }

  static func divideHalfEven(_ value: Int128, by divisor: Int128) -> Int128 {
    precondition(divisor > 0)
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    let twice = rest.magnitude * 2
    let roundsUp = twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 == 1)
    return roundsUp ? quotient + (value < 0 ? -1 : 1) : quotient
  }

  /// value x part / whole, half-even, exact in between.
  static func share(_ value: Int128, _ part: Int64, of whole: Int64) -> Int128 {
    precondition(part >= 0 && whole > 0 && part <= whole, "a share is at most the whole")
    if part == whole { return value }
    let product = value.magnitude.multipliedFullWidth(by: UInt128(part))
    let (quotient, rest) = UInt128(whole).dividingFullWidth(product)
    let twice = rest * 2
    let roundsUp = twice > UInt128(whole) || (twice == UInt128(whole) && quotient & 1 == 1)
    let magnitude = Int128(roundsUp ? quotient + 1 : quotient)
    return value < 0 ? -magnitude : magnitude
  }

  func rateE8(_ account: UInt16, _ instrument: UInt16, isMaker: Bool) -> Int128 {
    let rules = markets[Int(instrument)].rules
    let base = Int128(isMaker ? rules.maker.e8 : rules.taker.e8)
    let tier = Self.tiers[Int(accounts[Int(account)].tier)]
    // A rebate is no fee to be reduced.
    guard base > 0 else { return base }
    return base * (isMaker ? tier.maker : tier.taker) / 100
  }

  /// The larger of the two fees an order may pay, rounded up: what it must have in hand.
  func worstFee(on notional: Int128, _ account: UInt16, _ instrument: UInt16) -> Int128 {
    let rate = max(
      rateE8(account, instrument, isMaker: true), rateE8(account, instrument, isMaker: false), 0)
    return (notional * rate + 99_999_999) / 100_000_000
  }

  /// Adds to the volume that decides about the fee tier.
  mutating func addVolume(_ account: UInt16, _ notional: Int128) {
    accounts[Int(account)].volumeToday += notional
    accounts[Int(account)].volumeMonth += notional
  }

  /// At the change of the day: today's volume is stored, the oldest day forgotten, the tier found anew.
  mutating func rollVolume(_ account: Int, day: Int64) {
    let row = account * Self.volumeDays
    volumes[row + Int((day - 1) % Int64(Self.volumeDays))] = accounts[account].volumeToday
    volumes[row + Int(day % Int64(Self.volumeDays))] = 0
    accounts[account].volumeToday = 0
    var sum: Int128 = 0
    for back in 1...30 { sum += volumes[row + Int((day - Int64(back)) % Int64(Self.volumeDays))] }
    accounts[account].volumeMonth = sum
    accounts[account].tier = UInt16(Self.tiers.lastIndex { sum >= $0.volume * Self.one } ?? 0)
  }

  // MARK: - Fills

  /// Books one side of a trade; the fee goes to the house.
  mutating func book(
    _ order: ExchangeOrder, _ price: Int64, _ quantity: Int64, isMaker: Bool
  ) -> (amount: Int128, asset: UInt16) {
    let market = markets[Int(order.instrument)]
    let isCustomer = accounts[Int(order.account)].isCustomer
    let rate = isCustomer ? rateE8(order.account, order.instrument, isMaker: isMaker) : 0
    moveMoney(order, price, quantity)
    let isInBase = options.chargesBase == 1 && order.side == .buy && !market.isPerpetual
    let charged = isInBase ? amount(quantity, order.instrument) : notional(price, quantity, order.instrument)
    let asset = market.isPerpetual ? market.rules.settle : isInBase ? market.rules.base : market.rules.quote
    let fee = Self.fee(on: charged, rateE8: rate)
    pay(fee, from: order.account, market.wallet, asset.number)
    return (fee, asset.number)
  }

  /// What was bought against what was paid, or the change of the position.
  mutating func moveMoney(_ order: ExchangeOrder, _ price: Int64, _ quantity: Int64) {
    let market = markets[Int(order.instrument)]
    if market.isPerpetual {
      return changePosition(of: order, price, quantity)
    }
    let sign = Int128(order.side.sign)
    let received = amount(quantity, order.instrument)
    let paid = notional(price, quantity, order.instrument)
    balances[balanceIndex(order.account, .spot, market.rules.base.number)].total += sign * received
    balances[balanceIndex(order.account, .spot, market.rules.quote.number)].total -= sign * paid
  }

  /// A fee of an account to the house, or a rebate the other way.
  mutating func pay(_ fee: Int128, from account: UInt16, _ wallet: Wallet, _ asset: UInt16) {
    balances[balanceIndex(account, wallet, asset)].total -= fee
    balances[balanceIndex(Self.feeAccount, wallet, asset)].total += fee
  }

  // MARK: - Audit

  /// Per asset: everything the accounts have, positions at cost included, minus everything that was ever paid in.
  /// 0 for every asset, always.
  package func imbalance(of asset: UInt16) -> Money {
    var sum: Int128 = 0
    for account in 1...max(accountCount, 1) {
      for wallet in Wallet.allCases { sum += balances[balanceIndex(UInt16(account), wallet, asset)].total }
      for instrument in 1...max(instrumentCount, 1) where markets[instrument].rules.settle.number == asset {
        guard markets[instrument].isPerpetual else { continue }
        for lane in 0..<2 { sum -= holdings[holdingIndex(UInt16(account), UInt16(instrument), lane: lane)].cost }
      }
    }
    return Money(units: sum - assets[Int(asset)].deposits)
  }

  /// Whether every invariant of the ledger holds: money and contracts conserved, locks equal to what orders need,
  /// nobody's spot balance negative.
  package func isSound() -> Bool {
    for asset in 1...max(assetCount, 1) where imbalance(of: UInt16(asset)) != .zero { return false }
    for instrument in 1...max(instrumentCount, 1) where markets[instrument].isPerpetual {
      var sum: Int64 = 0
      for account in 1...max(accountCount, 1) {
        for lane in 0..<2 {
          let held = holdings[holdingIndex(UInt16(account), UInt16(instrument), lane: lane)].quantity
          if accounts[account].isHedged == 1, lane == 0 ? held < 0 : held > 0 { return false }
          sum += held
        }
      }
      if sum != 0 { return false }
    }
    for account in 1...max(accountCount, 1) where accounts[account].isCustomer {
      if !hasSoundLocks(UInt16(account)) { return false }
    }
    return true
  }

  private func hasSoundLocks(_ account: UInt16) -> Bool {
    for instrument in 1...max(instrumentCount, 1) where markets[instrument].isPerpetual {
      for lane in 0..<2 where !countsItsOrders(account, UInt16(instrument), lane) { return false }
    }
    for asset in 1...max(assetCount, 1) {
      var locked: Int128 = 0
      var slot = accounts[Int(account)].firstOrder
      while slot != 0 {
        let order = orders[Int(slot)]
        let rules = markets[Int(order.instrument)].rules
        let held = order.side == .buy ? rules.quote : rules.base
        if !markets[Int(order.instrument)].isPerpetual && Int(held.number) == asset { locked += order.locked }
        slot = order.next
      }
      let balance = balances[balanceIndex(account, .spot, UInt16(asset))]
      guard balance.locked == locked, balance.total >= balance.locked, locked >= 0 else { return false }
    }
    return true
  }

  /// Whether a holding counts the notional of its open orders, and so their margin: all of it, and nothing else.
  private func countsItsOrders(_ account: UInt16, _ instrument: UInt16, _ lane: Int) -> Bool {
    var (buys, sells): (Int128, Int128) = (0, 0)
    var slot = accounts[Int(account)].firstOrder
    while slot != 0 {
      let order = orders[Int(slot)]
      if order.instrument == instrument && order.lane == lane {
        if order.side == .buy { buys += order.locked } else { sells += order.locked }
      }
      slot = order.next
    }
    let holding = holdings[holdingIndex(account, instrument, lane: lane)]
    let isListed = holdings[holdingIndex(account, instrument)].isChained == 1
    return holding.buyNotional == buys && holding.sellNotional == sells && (isListed || (buys == 0 && sells == 0))
  }
}
