/// What happens when margin runs out.
extension Exchange {
  /// Margin balance and maintenance of the cross positions of an account in one asset, at the marks.
  func crossMargin(_ account: UInt16, _ asset: UInt16) -> (balance: Int128, maintenance: Int128) {
    var balance = balances[balanceIndex(account, .futures, asset)].total
    var maintenance: Int128 = 0
    var instrument = accounts[Int(account)].firstPosition
    while instrument != 0 {
      let isSettledIn = markets[Int(instrument)].rules.settle.number == asset
      for lane in 0..<laneCount(account) where isSettledIn {
        let holding = holdings[holdingIndex(account, instrument, lane: lane)]
        guard holding.quantity != 0 else { continue }
        if holding.marginModeRaw == MarginMode.isolated.rawValue {
          balance -= holding.isolatedWallet
        } else {
          let value = notional(markets[Int(instrument)].mark, holding.quantity, instrument)
          balance += value - holding.cost
          maintenance += Self.maintenance(of: Int128(value.magnitude))
        }
      }
      instrument = holdings[holdingIndex(account, instrument)].next
    }
    return (balance, maintenance)
  }

  /// The mark, on a tick, at which the position is liquidated if nothing else moves: below the mark for a long one, above
  /// it for a short one. 0: there is none.
  func liquidationPrice(_ account: UInt16, _ instrument: UInt16, lane: Int) -> Int64 {
    let holding = holdings[holdingIndex(account, instrument, lane: lane)]
    guard holding.quantity != 0 else { return 0 }
    let market = markets[Int(instrument)]
    let tick = market.rules.tick
    let isLong = holding.quantity > 0
    let here = max(market.mark / tick, 1)
    // The margin of a long position shrinks with the price, that of a short one with its rise: halving finds the place.
    var (low, high) = isLong ? (Int64(1), here) : (here, (Int64(1) << 46) / tick)
    func isGone(_ level: Int64) -> Bool { isLiquidated(account, instrument, lane, at: level * tick) }
    guard isGone(isLong ? low : high) else { return 0 }
    while low < high {
      let middle = isLong ? low + (high - low + 1) / 2 : low + (high - low) / 2
      if isLong {
        if isGone(middle) { low = middle } else { high = middle - 1 }
      } else if isGone(middle) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low * tick
  }

  /// Whether the position would be liquidated with the instrument's mark at `price` and all others where they are.
  private func isLiquidated(_ account: UInt16, _ instrument: UInt16, _ lane: Int, at price: Int64) -> Bool {
    let market = markets[Int(instrument)]
    let held = holdings[holdingIndex(account, instrument, lane: lane)]
    if held.marginModeRaw == MarginMode.isolated.rawValue {
      let value = notional(price, held.quantity, instrument)
      return held.isolatedWallet + value - held.cost < Self.maintenance(of: Int128(value.magnitude))
    }
    var margin = crossMargin(account, market.rules.settle.number)
    for lane in 0..<laneCount(account) {
      let quantity = holdings[holdingIndex(account, instrument, lane: lane)].quantity
      guard quantity != 0 else { continue }
      let (now, then) = (notional(market.mark, quantity, instrument), notional(price, quantity, instrument))
      margin.balance += then - now
      margin.maintenance += Self.maintenance(of: Int128(then.magnitude)) - Self.maintenance(of: Int128(now.magnitude))
    }
    return margin.balance < margin.maintenance
  }

  /// Closes positions of an account whose margin balance is below maintenance at the mark.
  mutating func judgeMargin(_ account: UInt16) {
    var instrument = accounts[Int(account)].firstPosition
    while instrument != 0 {
      let next = holdings[holdingIndex(account, instrument)].next
      for lane in 0..<laneCount(account) {
        let holding = holdings[holdingIndex(account, instrument, lane: lane)]
        guard holding.quantity != 0 else { continue }
        if holding.marginModeRaw == MarginMode.isolated.rawValue {
          judgeIsolated(account, instrument, lane, holding)
        } else {
          judgeCross(account, instrument, lane)
        }
      }
      instrument = next
    }
  }

  private mutating func judgeIsolated(
    _ account: UInt16, _ instrument: UInt16, _ lane: Int, _ holding: ExchangeHolding
  ) {
    let value = notional(markets[Int(instrument)].mark, holding.quantity, instrument)
    let balance = holding.isolatedWallet + value - holding.cost
    guard balance < Self.maintenance(of: Int128(value.magnitude)) else { return }
    liquidate(account, instrument, lane, balance: balance)
  }

  /// One position of a cross account: closing it may be enough, then the next one stays.
  private mutating func judgeCross(_ account: UInt16, _ instrument: UInt16, _ lane: Int) {
    let asset = markets[Int(instrument)].rules.settle.number
    let margin = crossMargin(account, asset)
    callMargin(account, asset, margin)
    guard margin.balance < margin.maintenance else { return }
    liquidate(account, instrument, lane, balance: margin.balance)
  }

  /// Tells an account once that 80 % of its margin balance is needed, and again after it was below 70 %.
  private mutating func callMargin(_ account: UInt16, _ asset: UInt16, _ margin: (balance: Int128, maintenance: Int128))
  {
    let row = Int(account)
    if margin.maintenance * 10 < margin.balance * 7 { accounts[row].isCalled = 0 }
    guard margin.maintenance * 10 > margin.balance * 8, accounts[row].isCalled == 0 else { return }
    accounts[row].isCalled = 1
    var event = VenueEvent(.marginCall)
    event.account = AccountID(number: account)
    event.asset = AssetID(number: asset)
    event.walletRaw = Wallet.futures.rawValue
    event.amount = Money(units: margin.balance)
    event.locked = Money(units: margin.maintenance)
    emit(event)
  }

  /// Cancels the account's orders in the instrument, closes the position in the book down to the price at which its
  /// margin is gone, hands what is left to the insurance account at that price, and covers a debt from there.
  private mutating func liquidate(_ account: UInt16, _ instrument: UInt16, _ lane: Int, balance: Int128) {
    forEachOpenOrder(of: account) { exchange, slot in
      if exchange.orders[Int(slot)].instrument == instrument { exchange.end(slot, .cancelled, why: .liquidation) }
    }
    let row = holdingIndex(account, instrument, lane: lane)
    let quantity = holdings[row].quantity
    precondition(quantity != 0, "only a position is liquidated")
    let slot = takeSlot()
    guard slot != 0 else { return }
    let price = bankruptcyPrice(instrument, quantity, balance)
    var order = ExchangeOrder()
    order.wireID = Self.forcedID(orderNumber + 1)
    order.account = account
    order.instrument = instrument
    order.positionSideRaw = positionSide(account, lane: lane).rawValue
    order.sideRaw = (quantity > 0 ? Side.sell : .buy).rawValue
    order.kindRaw = OrderKind.limit.rawValue
    order.timeInForceRaw = TimeInForce.ioc.rawValue
    order.price = price
    order.quantity = Int64(quantity.magnitude)
    order.stateRaw = ExchangeOrder.State.working.rawValue
    order.isForced = 1
    open(order, at: slot)
    var incoming = incoming(orders[Int(slot)], slot: slot, quantity: order.quantity)
    incoming.fillMax = Self.fillMax
    _ = trade(&incoming, instrument)
    if orders[Int(slot)].remaining > 0 {
      tradeNumber += 1
      settleOutside(slot, price, orders[Int(slot)].remaining, with: Self.insuranceAccount)
    }
    precondition(holdings[row].quantity == 0, "a liquidated position is closed")
    coverDebt(account, instrument)
  }

  /// The price at which closing leaves nothing: mark less margin balance per contract, on a tick, never below one.
  private func bankruptcyPrice(_ instrument: UInt16, _ quantity: Int64, _ balance: Int128) -> Int64 {
    let market = markets[Int(instrument)]
    let tick = market.rules.tick
    let value = notional(market.mark, quantity, instrument) - balance
    let price = value / (Int128(quantity) * market.unit)
    let level = max(Int64(clamping: price) / tick, 1)
    return level * tick
  }

  /// A wallet below zero with nothing left that could lift it is filled up by the insurance account.
  private mutating func coverDebt(_ account: UInt16, _ instrument: UInt16) {
    let asset = markets[Int(instrument)].rules.settle.number
    let row = balanceIndex(account, .futures, asset)
    let margin = crossMargin(account, asset)
    guard margin.balance < 0, margin.maintenance == 0 else { return }
    balances[row].total -= margin.balance
    balances[balanceIndex(Self.insuranceAccount, .futures, asset)].total += margin.balance
    emitBalanceChange(account, .futures, asset, by: -margin.balance)
  }

  /// `autoclose-N`: an id that no customer's order has.
  private static func forcedID(_ number: UInt64) -> Text32 {
    var digits: (UInt64, Int) = (number, 1)
    while digits.0 >= 10 {
      digits.0 /= 10
      digits.1 += 1
    }
    let count = digits.1
    let prefix: StaticString = "autoclose-"
    var rest = number
    var id = Text32()
    unsafe withUnsafeMutableBytes(of: &id) { bytes in
      for index in 0..<prefix.utf8CodeUnitCount { unsafe bytes[index] = prefix.utf8Start[index] }
      for index in stride(from: prefix.utf8CodeUnitCount + count - 1, through: prefix.utf8CodeUnitCount, by: -1) {
        unsafe bytes[index] = UInt8(48 + rest % 10)
        rest /= 10
      }
    }
    return id
  }
}
