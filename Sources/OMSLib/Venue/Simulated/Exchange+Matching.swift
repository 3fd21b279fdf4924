/// Orders through the book, and what each fill does.
extension Exchange {
  /// The order as its book sees it.
  func incoming(_ order: ExchangeOrder, slot: UInt32, quantity: Int64) -> MatchingBook.Incoming {
    let market = markets[Int(order.instrument)]
    var incoming = MatchingBook.Incoming()
    incoming.number = order.number
    incoming.slot = slot
    incoming.quantity = quantity
    incoming.side = order.side
    incoming.group = accounts[Int(order.account)].group
    incoming.prevention = order.prevention
    if order.kind.hasLimitPrice {
      incoming.limit = order.price / max(market.rules.tick, 1)
    } else {
      incoming.limit = order.side == .buy ? MatchingBook.anyBuy : MatchingBook.anySell
    }
    return incoming
  }

  /// What a market order would get now, and the sum of level x quantity.
  func reachableNow(_ order: ExchangeOrder) -> (quantity: Int64, cost: Int128) {
    var incoming = incoming(order, slot: 0, quantity: order.remaining)
    incoming.fillMax = Self.fillMax
    return books[Int(order.instrument)].reachable(incoming, memory)
  }

  /// Sends a working order through its book and decides about the rest of it.
  mutating func execute(_ slot: UInt32, fillMax: Int) {
    let order = orders[Int(slot)]
    precondition(order.state == .working && order.remaining > 0, "only a working order trades")
    var quantity = order.remaining
    if order.flags.contains(.reduceOnly) {
      let position = holdings[holdingIndex(of: order)].quantity
      let open = order.side == .buy ? -position : position
      guard open > 0 else { return end(slot, .expired, why: .reduceOnly) }
      quantity = min(quantity, open)
    }
    if partialPercent < 100 && accounts[Int(order.account)].isCustomer { thinOut(slot) }
    var incoming = incoming(order, slot: slot, quantity: quantity)
    incoming.fillMax = fillMax
    if order.timeInForce == .fok {
      let found = books[Int(order.instrument)].reachable(incoming, includesGuarded: false, memory)
      guard found.quantity == quantity else { return end(slot, .expired, why: .timeInForce) }
    }
    let stop = trade(&incoming, order.instrument)
    finish(slot, stop)
  }

  /// Matches and books in turns: a guarded order is only met once everything before it is in the ledger.
  mutating func trade(_ incoming: inout MatchingBook.Incoming, _ instrument: UInt16) -> MatchingBook.Stop {
    while true {
      let result = books[Int(instrument)].match(incoming, memory: &memory, output: &facts)
      incoming.fillMax -= facts.count
      incoming.quantity = result.remaining
      settleFacts(of: instrument)
      guard result.stop == .guarded else { return result.stop }
      guard incoming.fillMax > 0 else { return .fillLimit }
    }
  }

  /// What happens to the part of an order that did not trade at once.
  private mutating func finish(_ slot: UInt32, _ stop: MatchingBook.Stop) {
    let order = orders[Int(slot)]
    guard order.remaining > 0 else { return }
    if stop == .selfTrade { return end(slot, .expired, why: .selfTrade) }
    if stop == .fillLimit { return end(slot, .expired, why: .fillLimit) }
    if order.flags.contains(.reduceOnly), holdings[holdingIndex(of: order)].quantity == 0 {
      return end(slot, .expired, why: .reduceOnly)
    }
    let rests = order.kind.hasLimitPrice && (order.timeInForce == .gtc || order.timeInForce == .gtd)
    guard rests else { return end(slot, .expired, why: .timeInForce) }
    rest(slot)
    if order.flags.contains(.reduceOnly) { trimReduceOnly(order.account, order.instrument, order.lane) }
  }

  mutating func rest(_ slot: UInt32) {
    let order = orders[Int(slot)]
    lock(slot)
    let incoming = incoming(order, slot: slot, quantity: order.remaining)
    books[Int(order.instrument)].rest(
      incoming, display: order.display, isGuarded: order.flags.contains(.reduceOnly), memory: &memory, output: &facts)
    markets[Int(order.instrument)].bookSequence += 1
    while facts.pop() != nil {}
  }

  /// Takes the facts of one match in order and books them.
  mutating func settleFacts(of instrument: UInt16) {
    var hasTraded = false
    while let fact = facts.pop() {
      switch fact.kind {
      case .fill:
        settle(fact, instrument)
        hasTraded = true
      case .makerExpired:
        end(fact.makerSlot, .expired, why: .selfTrade)
      case .rested, .removed, nil:
        preconditionFailure("a match trades or expires, nothing else")
      }
    }
    guard hasTraded else { return }
    markets[Int(instrument)].bookSequence += 1
    markTriggers(instrument)
    workOffTrims(instrument)
  }

  /// One trade: both sides of the ledger, the tape, the messages.
  private mutating func settle(_ fact: BookEvent, _ instrument: UInt16) {
    let price = fact.level * max(markets[Int(instrument)].rules.tick, 1)
    let (taker, maker) = (fact.takerSlot, fact.makerSlot)
    tradeNumber += 1
    let takerAccount = orders[Int(taker)].account
    let makerAccount = orders[Int(maker)].account
    record(price, fact.quantity, fact.sideRaw, instrument)
    settleSide(taker, price, fact.quantity, other: makerAccount, isMaker: false)
    settleSide(maker, price, fact.quantity, other: takerAccount, isMaker: true)
    precondition(orders[Int(maker)].remaining == fact.makerRest, "book and ledger know the same open quantity")
    if orders[Int(taker)].remaining == 0 { close(taker, .filled) }
    if orders[Int(maker)].remaining == 0 { close(maker, .filled) }
  }

  /// A trade that did not come through the book: a desk fill, or the rest of a liquidation. Ends the order if it is
  /// filled; the order must not rest.
  mutating func settleOutside(_ slot: UInt32, _ price: Int64, _ quantity: Int64, with other: UInt16) {
    let order = orders[Int(slot)]
    precondition(memory.orders[Int(slot)].isResting == 0 && quantity <= order.remaining)
    record(price, quantity, order.sideRaw, order.instrument)
    settleSide(slot, price, quantity, other: other, isMaker: order.isForced == 0)
    var counter = ExchangeOrder()
    counter.account = other
    counter.instrument = order.instrument
    counter.sideRaw = order.side.opposite.rawValue
    moveMoney(counter, price, quantity)
    if orders[Int(slot)].remaining == 0 { close(slot, .filled) } else { unlock(slot) }
    workOffTrims(order.instrument)
  }

  /// Notes a trade on the public tape.
  private mutating func record(_ price: Int64, _ quantity: Int64, _ sideRaw: UInt8, _ instrument: UInt16) {
    let row = Int(instrument)
    var trade = PublicTrade()
    trade.number = tradeNumber
    trade.price = price
    trade.quantity = quantity
    trade.time = time
    trade.sideRaw = UInt64(sideRaw)
    trades[row * Self.tradeWindow + Int(markets[row].tradeCount % UInt64(Self.tradeWindow))] = trade
    markets[row].tradeCount += 1
    markets[row].last = price
  }

  /// Books one side of a trade and tells its owner.
  private mutating func settleSide(
    _ slot: UInt32, _ price: Int64, _ quantity: Int64, other: UInt16, isMaker: Bool
  ) {
    let order = orders[Int(slot)]
    precondition(quantity > 0 && quantity <= order.remaining, "a fill is part of its order")
    orders[Int(slot)].filled += quantity
    orders[Int(slot)].updated = time.nanoseconds
    if order.locked != 0 { relock(slot) }
    let fee = book(order, price, quantity, isMaker: isMaker)
    guard accounts[Int(order.account)].isCustomer else { return }
    var fill = ExchangeFill()
    fill.wireID = order.wireID
    fill.fee = fee.amount
    fill.feeAsset = fee.asset
    fill.trade = tradeNumber
    fill.order = order.number
    fill.price = price
    fill.quantity = quantity
    fill.cumulative = order.filled + quantity
    fill.time = time.nanoseconds
    fill.account = order.account
    fill.other = other
    fill.instrument = order.instrument
    fill.sideRaw = order.sideRaw
    fill.kindRaw = order.kindRaw
    fill.timeInForceRaw = order.timeInForceRaw
    fill.flagsRaw = order.flagsRaw
    fill.positionSideRaw = order.positionSideRaw
    fill.isMaker = isMaker ? 1 : 0
    fill.isForced = order.isForced
    fills[Int(fillCount % UInt64(fills.count))] = fill
    fillCount += 1
    output.push(self.event(of: fill, .fill))
    addVolume(order.account, notional(price, quantity, order.instrument))
    noteTrim(order)
  }

  /// Lists a holding whose position changed while it has reduce-only orders. They are looked at when all trades of the
  /// match are booked: until then the book is ahead of the ledger.
  private mutating func noteTrim(_ order: ExchangeOrder) {
    let row = holdingIndex(of: order)
    guard holdings[row].reduceOnlyOrders > 0, holdings[row].needsTrim == 0 else { return }
    holdings[row].needsTrim = 1
    trims[trimCount] = order.account << 1 | UInt16(order.lane)
    trimCount += 1
  }

  private mutating func workOffTrims(_ instrument: UInt16) {
    let count = trimCount
    trimCount = 0
    for index in 0..<count {
      let (account, lane) = (trims[index] >> 1, Int(trims[index] & 1))
      holdings[holdingIndex(account, instrument, lane: lane)].needsTrim = 0
      trimReduceOnly(account, instrument, lane)
    }
  }

  func event(of fill: ExchangeFill, _ kind: VenueEvent.Kind) -> VenueEvent {
    var event = VenueEvent(kind)
    event.wireID = fill.wireID
    event.venueOrder = VenueReference(fill.order)
    event.trade = VenueReference(fill.trade)
    event.fee = Money(units: fill.fee)
    event.asset = AssetID(number: fill.feeAsset)
    event.price = fill.price
    event.quantity = fill.quantity
    event.cumulative = fill.cumulative
    event.venueTime = UTCTime(nanoseconds: fill.time)
    event.account = AccountID(number: fill.account)
    event.instrument = InstrumentID(number: fill.instrument)
    event.sideRaw = fill.sideRaw
    event.orderKindRaw = fill.kindRaw
    event.timeInForceRaw = fill.timeInForceRaw
    event.flagsRaw = fill.flagsRaw
    event.positionSideRaw = fill.positionSideRaw
    event.isMaker = fill.isMaker
    event.isForced = fill.isForced
    return event
  }
}
