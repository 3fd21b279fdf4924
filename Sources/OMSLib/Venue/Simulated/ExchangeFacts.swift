// What a face of the exchange tells of its rows: copies that others may read.

/// One order of a customer, open or ended.
package struct ExchangeOrderFacts: Sendable {
  package var wireID = Text32()
  package var number: UInt64 = 0
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var quantity: Int64 = 0
  package var filled: Int64 = 0
  package var display: Int64 = 0
  package var trailPpm: Int64 = 0
  /// The best price that a trailing stop has seen; 0: it does not follow the market yet.
  package var trailBest: Int64 = 0
  package var created = UTCTime.zero
  package var updated = UTCTime.zero
  package var expires = UTCTime.zero
  package var account: UInt16 = 0
  package var instrument: UInt16 = 0
  package var flags = OrderFlags(rawValue: 0)
  package var side = Side.buy
  package var kind = OrderKind.limit
  package var timeInForce = TimeInForce.gtc
  package var prevention = SelfTradePrevention.none
  package var status = VenueEvent.ReportedStatus.open
  /// Of an order that was cancelled or has expired.
  package var endReason = VenueEvent.EndReason.asked
  package var positionSide = PositionSide.net
  /// The exchange's own, to close a position.
  package var isForced = false

  package init() {}

  package var remaining: Int64 { quantity - filled }
  package var isOpen: Bool { status == .open || status == .waiting }
}

/// One side of a trade of a customer.
package struct ExchangeFillFacts: Sendable {
  package var wireID = Text32()
  package var fee = Money.zero
  package var trade: UInt64 = 0
  package var order: UInt64 = 0
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  /// Filled of the order, this fill included.
  package var cumulative: Int64 = 0
  package var time = UTCTime.zero
  package var account: UInt16 = 0
  package var other: UInt16 = 0
  package var instrument: UInt16 = 0
  package var feeAsset: UInt16 = 0
  package var side = Side.buy
  package var positionSide = PositionSide.net
  package var isMaker = false
  package var isForced = false
}

/// What an account holds in one perpetual, and the margins of it at the mark.
package struct ExchangePositionFacts: Sendable {
  /// Signed: negative for a short position.
  package var quantity: Int64 = 0
  package var cost = Money.zero
  package var isolatedWallet = Money.zero
  /// Notional at the limits of open orders that may add to it.
  package var buyNotional = Money.zero
  package var sellNotional = Money.zero
  /// Signed value at the mark.
  package var notional = Money.zero
  package var unrealised = Money.zero
  package var maintenance = Money.zero
  package var initialMargin = Money.zero
  package var orderMargin = Money.zero
  package var mark: Int64 = 0
  package var liquidationPrice: Int64 = 0
  package var openOrders: UInt32 = 0
  package var leverage: UInt16 = 0
  package var isIsolated = false
  package var side = PositionSide.net
}

/// One step of the maintenance table.
package struct ExchangeBracketFacts: Sendable {
  package var number: Int
  package var floor: Int64
  package var cap: Int64
  package var rate: Rate
  package var cum: Int64
  package var leverageMax: UInt16
}

extension Exchange {
  package var customers: [UInt16] {
    (1...max(accountCount, 1)).filter { $0 <= accountCount && accounts[$0].isCustomer }.map { UInt16($0) }
  }
  /// Customers, and those that are the exchange's own.
  package var accountNumbers: [UInt16] { (1...max(accountCount, 1)).filter { $0 <= accountCount }.map { UInt16($0) } }
  package var instrumentNumbers: [UInt16] {
    (1...max(instrumentCount, 1)).filter { $0 <= instrumentCount }.map { UInt16($0) }
  }
  package var assetNumbers: [UInt16] { (1...max(assetCount, 1)).filter { $0 <= assetCount }.map { UInt16($0) } }

  package func accountName(_ account: UInt16) -> Text64 { accounts[Int(account)].name }
  package func assetName(_ asset: UInt16) -> Text32 { assets[Int(asset)].name }

  /// The newest order of that id; `nil` when the account has none, or none that is still kept.
  package func order(of account: UInt16, _ wireID: Text32) -> ExchangeOrderFacts? {
    let slot = index.find(account, wireID, orders)
    return slot == 0 ? nil : facts(of: slot)
  }

  /// Calls `body` with every open order of an account, oldest first.
  package func forEachOpenOrder(of account: UInt16, _ body: (ExchangeOrderFacts) -> Void) {
    var slot = accounts[Int(account)].firstOrder
    while slot != 0 {
      body(facts(of: slot))
      slot = orders[Int(slot)].next
    }
  }

  /// Calls `body` with every order of a customer that is still kept, in no order.
  package func forEachOrder(_ body: (ExchangeOrderFacts) -> Void) {
    for slot in 1...max(Int(usedSlots), 1)
    where orders[slot].number != 0 && accounts[Int(orders[slot].account)].isCustomer {
      body(facts(of: UInt32(slot)))
    }
  }

  private func facts(of slot: UInt32) -> ExchangeOrderFacts {
    let order = orders[Int(slot)]
    var facts = ExchangeOrderFacts()
    facts.wireID = order.wireID
    facts.number = order.number
    (facts.price, facts.stopPrice) = (order.price, order.stopPrice)
    (facts.quantity, facts.filled, facts.display) = (order.quantity, order.filled, order.display)
    (facts.trailPpm, facts.trailBest) = (order.trailPpm, order.kind == .trailingStop ? order.extreme : 0)
    facts.created = UTCTime(nanoseconds: order.created)
    facts.updated = UTCTime(nanoseconds: order.updated)
    facts.expires = UTCTime(nanoseconds: order.expires)
    (facts.account, facts.instrument) = (order.account, order.instrument)
    (facts.flags, facts.side, facts.kind) = (order.flags, order.side, order.kind)
    (facts.timeInForce, facts.prevention) = (order.timeInForce, order.prevention)
    facts.status = order.reported
    facts.endReason = VenueEvent.EndReason(rawValue: order.endReasonRaw) ?? .asked
    facts.positionSide = PositionSide(rawValue: order.positionSideRaw) ?? .net
    facts.isForced = order.isForced == 1
    return facts
  }

  /// Trades on a market's tape so far: the place behind the last.
  package func tapeEnd(of instrument: UInt16) -> UInt64 { markets[Int(instrument)].tradeCount }

  /// Fills of customers so far; those that are still kept can be read by their place, which counts from 0.
  package var fillTotal: UInt64 { fillCount }

  /// Calls `body` with the fills from `place` on, as far as they are kept. Returns the place behind the last.
  package func forEachFill(from place: UInt64, _ body: (ExchangeFillFacts) -> Void) -> UInt64 {
    var place = max(place, fillCount > UInt64(fills.count) ? fillCount - UInt64(fills.count) : 0)
    while place < fillCount {
      let fill = fills[Int(place % UInt64(fills.count))]
      var facts = ExchangeFillFacts()
      facts.wireID = fill.wireID
      facts.fee = Money(units: fill.fee)
      (facts.trade, facts.order, facts.price) = (fill.trade, fill.order, fill.price)
      (facts.quantity, facts.cumulative) = (fill.quantity, fill.cumulative)
      facts.time = UTCTime(nanoseconds: fill.time)
      (facts.account, facts.other, facts.instrument) = (fill.account, fill.other, fill.instrument)
      facts.feeAsset = fill.feeAsset
      facts.side = fill.sideRaw == Side.buy.rawValue ? .buy : .sell
      facts.positionSide = PositionSide(rawValue: fill.positionSideRaw) ?? .net
      (facts.isMaker, facts.isForced) = (fill.isMaker == 1, fill.isForced == 1)
      body(facts)
      place += 1
    }
    return place
  }

  /// What came in from outside, less what left: the balances of all accounts add up to it.
  package func deposits(of asset: UInt16) -> Money { Money(units: assets[Int(asset)].deposits) }

  package func balance(of account: UInt16, _ wallet: Wallet, _ asset: UInt16) -> (total: Money, locked: Money) {
    let balance = balances[balanceIndex(account, wallet, asset)]
    return (Money(units: balance.total), Money(units: locked(account, wallet, asset)))
  }

  /// What a futures wallet has for new positions.
  package func free(of account: UInt16, _ asset: UInt16) -> Money { Money(units: available(account, asset)) }

  package func rates(of account: UInt16, _ instrument: UInt16) -> (maker: Rate, taker: Rate) {
    func rate(_ isMaker: Bool) -> Rate {
      Rate(e8: Int64(clamping: rateE8(account, instrument, isMaker: isMaker)))
    }
    return (rate(true), rate(false))
  }

  package func laneCount(of account: UInt16) -> Int { laneCount(account) }

  /// Quantity and cost of one position, without the work that its margins are.
  package func holding(of account: UInt16, _ instrument: UInt16, _ side: PositionSide) -> (quantity: Int64, cost: Money)
  {
    let row = holdings[holdingIndex(account, instrument, lane: side == .short ? 1 : 0)]
    return (row.quantity, Money(units: row.cost))
  }

  package func position(of account: UInt16, _ instrument: UInt16, lane: Int) -> ExchangePositionFacts {
    var holding = holdings[holdingIndex(account, instrument, lane: lane)]
    if holding.leverage == 0 { holding.leverage = defaultLeverage(instrument) }
    let mark = markets[Int(instrument)].mark
    let value = notional(mark, holding.quantity, instrument)
    let alone = (Int128(value.magnitude) + Int128(holding.leverage) - 1) / Int128(holding.leverage)
    var facts = ExchangePositionFacts()
    facts.quantity = holding.quantity
    facts.cost = Money(units: holding.cost)
    facts.isolatedWallet = Money(units: holding.isolatedWallet)
    (facts.buyNotional, facts.sellNotional) = (Money(units: holding.buyNotional), Money(units: holding.sellNotional))
    facts.notional = Money(units: value)
    facts.unrealised = Money(units: unrealised(holding, instrument))
    facts.maintenance = Money(units: Self.maintenance(of: Int128(value.magnitude)))
    facts.initialMargin = Money(units: alone)
    facts.orderMargin = Money(units: max(0, initialMargin(holding, instrument) - alone))
    facts.mark = mark
    facts.liquidationPrice = liquidationPrice(account, instrument, lane: lane)
    facts.openOrders = holding.openOrders
    facts.leverage = holding.leverage
    facts.isIsolated = holding.marginModeRaw == MarginMode.isolated.rawValue
    facts.side = positionSide(account, lane: lane)
    return facts
  }

  package static var bracketTable: [ExchangeBracketFacts] {
    var floor: Int128 = 0
    return brackets.enumerated().map { index, bracket in
      defer { floor = bracket.cap }
      return ExchangeBracketFacts(
        number: index + 1, floor: Int64(clamping: floor), cap: Int64(clamping: bracket.cap),
        rate: Rate(e8: Int64(clamping: bracket.rateE8)), cum: Int64(clamping: bracket.cum),
        leverageMax: bracket.leverageMax)
    }
  }

  /// The part of `cost` that closing `part` of `whole` takes with it: as the exchange's own ledger rounds it.
  package static func costShare(_ cost: Money, _ part: Int64, of whole: Int64) -> Money {
    Money(units: share(cost.units, part, of: whole))
  }
}

extension ExchangeOrder {
  /// How the exchange reports its state.
  var reported: VenueEvent.ReportedStatus {
    switch state {
    case .working: .open
    case .waiting: .waiting
    case .filled: .filled
    case .cancelled: .cancelled
    case .expired, .free: .expired
    }
  }
}
