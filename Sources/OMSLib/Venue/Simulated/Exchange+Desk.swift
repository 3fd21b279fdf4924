/// The exchange's own desk: setting it up and the controls of a simulated venue.
extension Exchange {
  package mutating func control(_ control: ExchangeControl, at stamp: ExchangeStamp) {
    precondition(stamp.time >= time && stamp.time.nanoseconds < nextTick, "advance to the time of a control first")
    precondition(output.room >= Self.inputRoom, "take the events before the next input")
    time = stamp.time
    guard let kind = control.kind else { return }
    switch kind {
    case .defineAsset: defineAsset(control)
    case .defineAccount: defineAccount(control)
    case .defineInstrument: defineInstrument(control)
    case .deposit: deposit(control, total: nil)
    case .setBalance: deposit(control, total: control.amount.units)
    case .transfer: transfer(control)
    case .setPartial: setPartial(control.detail)
    case .makeUp: makeUp(control.detail == 1)
    case .bust: bust(control)
    case .fillOrder: fillOrder(control)
    case .setHedge: setHedge(control.account, control.detail == 1)
    case .adjustMargin: adjustMargin(control)
    case .continueNumbers:
      orderNumber = max(orderNumber, control.order)
      tradeNumber = max(tradeNumber, control.requestID)
    default:
      guard hasInstrument(control.instrument) else { return }
      market(control, kind)
    }
    fireTriggered()
  }

  private mutating func market(_ control: ExchangeControl, _ kind: ExchangeControl.Kind) {
    let instrument = Int(control.instrument)
    switch kind {
    case .setPrice: setPrice(control.instrument, control.price)
    case .setSpread:
      markets[instrument].spreadE8 = max(control.price, 0)
      if markets[instrument].hasFlow == 0 { withdrawFlow(control.instrument) }
      markets[instrument].hasFlow = 1
      requote(control.instrument, isForced: true)
    case .clearBook:
      withdrawQuotes(control.instrument)
      withdrawFlow(control.instrument)
      markets[instrument].hasFlow = 0
    case .runFlow:
      markets[instrument].hasFlow = 1
      requote(control.instrument, isForced: true)
    case .addLevel:
      guard let side = Side(rawValue: control.sideRaw), control.price > 0, control.quantity > 0 else { return }
      placeFlow(control.instrument, side, control.price, control.quantity, timeInForce: .gtc)
    case .setTrading: markets[instrument].rules.isTrading = control.detail
    default: preconditionFailure("this control is not about a market")
    }
  }

  /// The next tick lies on the grid of the new pace.
  private mutating func makeUp(_ isOn: Bool) {
    precondition(phase == 0, "no control comes in the middle of a tick")
    pace = isOn ? Self.makeUpPace : 1
    let length = Self.tickNanoseconds * pace
    nextTick = (time.nanoseconds / length + 1) * length
  }

  private mutating func setPartial(_ percent: UInt8) {
    partialPercent = Int64(min(max(percent, 1), 100))
    guard partialPercent == 100 else { return }
    for instrument in 1...max(instrumentCount, 1) where instrument <= instrumentCount {
      requote(UInt16(instrument), isForced: true)
    }
  }

  // MARK: - Definitions

  private mutating func defineAsset(_ control: ExchangeControl) {
    precondition(Int(control.asset) == assetCount + 1 && Int(control.asset) < assets.count, "assets come in order")
    assetCount += 1
    var row = ExchangeAsset()
    row.name = control.text.low
    row.scale = control.scale
    row.isDefined = 1
    assets[assetCount] = row
  }

  private mutating func defineAccount(_ control: ExchangeControl) {
    precondition(
      Int(control.account) == accountCount + 1 && Int(control.account) < accounts.count, "accounts come in order")
    precondition(ExchangeAccountKind(rawValue: control.detail) != nil, "an account has a kind")
    accountCount += 1
    var row = ExchangeAccount()
    row.name = control.text
    row.kindRaw = control.detail
    row.group = control.group
    row.isHedged = control.sideRaw == 1 ? 1 : 0
    row.day = time.nanoseconds / Self.dayNanoseconds
    accounts[accountCount] = row
  }

  private mutating func setHedge(_ account: UInt16, _ isHedged: Bool) {
    guard isCustomer(account) else { return }
    for instrument in 1...max(instrumentCount, 1) where markets[instrument].isPerpetual {
      for lane in 0..<2 {
        let holding = holdings[holdingIndex(account, UInt16(instrument), lane: lane)]
        guard holding.quantity == 0, holding.openOrders == 0 else { return }
      }
    }
    accounts[Int(account)].isHedged = isHedged ? 1 : 0
  }

  private mutating func defineInstrument(_ control: ExchangeControl) {
    let rules = control.rules
    let number = Int(rules.id.number)
    precondition(number == instrumentCount + 1 && number < markets.count, "instruments come in order")
    precondition(Int(rules.priceScale) + Int(rules.quantityScale) <= Money.decimals, "a product must be exact")
    precondition(rules.tick > 0 && rules.lot > 0 && control.price > 0 && control.price < 1 << 46)
    instrumentCount += 1
    var market = ExchangeMarket()
    market.rules = rules
    market.unit = Self.power(Money.decimals - Int(rules.priceScale) - Int(rules.quantityScale))
    market.quantityUnit = Self.power(Money.decimals - Int(rules.quantityScale))
    market.isDefined = 1
    market.walk = control.price << 16
    market.anchor = market.walk
    market.index = control.price
    market.mark = control.price
    market.last = control.price
    market.spreadE8 = Self.standardSpreadE8
    market.random = random.stream(UInt64(number))
    market.follows = control.other
    market.hasFlow = control.detail
    market.quoteQuantity = quoteQuantity(market, control.price)
    markets[number] = market
    books.make(number, around: control.price / rules.tick)
    if market.hasFlow == 1 { requote(UInt16(number), isForced: true) }
  }

  static func power(_ exponent: Int) -> Int128 {
    precondition(exponent >= 0 && exponent <= Money.decimals)
    var value: Int128 = 1
    for _ in 0..<exponent { value *= 10 }
    return value
  }

  // MARK: - Money

  private mutating func deposit(_ control: ExchangeControl, total: Int128?) {
    guard control.account != 0, Int(control.account) <= accountCount, control.asset != 0,
      Int(control.asset) <= assetCount, let wallet = Wallet(rawValue: control.walletRaw)
    else { return }
    let row = balanceIndex(control.account, wallet, control.asset)
    let amount = total.map { $0 - balances[row].total } ?? control.amount.units
    balances[row].total += amount
    assets[Int(control.asset)].deposits += amount
    guard accounts[Int(control.account)].isCustomer, control.detail == 0 else { return }
    emitBalanceChange(control.account, wallet, control.asset, by: amount)
  }

  /// Moves money between wallets. Answered like a request: `accepted` or `rejected` with the request id, to the sender.
  private mutating func transfer(_ control: ExchangeControl) {
    var answer = VenueEvent(.rejected)
    answer.requestID = control.requestID
    answer.account = AccountID(number: control.account)
    answer.asset = AssetID(number: control.asset)
    answer.amount = control.amount
    answer.code = ExchangeRefusal.insufficientBalance.rawValue
    answer.remedyRaw = VenueEvent.Remedy.refused.rawValue
    if move(control) {
      answer.kindRaw = VenueEvent.Kind.accepted.rawValue
      answer.code = 0
      answer.remedyRaw = 0
    }
    emit(answer)
  }

  private mutating func move(_ control: ExchangeControl) -> Bool {
    guard isCustomer(control.account), isCustomer(control.other), control.amount > .zero, control.asset != 0,
      Int(control.asset) <= assetCount, let from = Wallet(rawValue: control.walletRaw),
      let to = Wallet(rawValue: control.otherWalletRaw)
    else { return false }
    let row = balanceIndex(control.account, from, control.asset)
    let free =
      from == .spot
      ? balances[row].total - balances[row].locked
      : min(available(control.account, control.asset), balances[row].total)
    guard control.amount.units <= free else { return false }
    balances[row].total -= control.amount.units
    balances[balanceIndex(control.other, to, control.asset)].total += control.amount.units
    emitBalanceChange(control.account, from, control.asset, by: -control.amount.units)
    emitBalanceChange(control.other, to, control.asset, by: control.amount.units)
    return true
  }

  // MARK: - Trades out of turn

  /// Fills a resting order at its own price from the flow, wherever it stands in the queue.
  private mutating func fillOrder(_ control: ExchangeControl) {
    guard isCustomer(control.account) else { return }
    var slot = accounts[Int(control.account)].firstOrder
    while slot != 0 && orders[Int(slot)].number != control.order { slot = orders[Int(slot)].next }
    guard slot != 0, memory.orders[Int(slot)].isResting == 1 else { return }
    let order = orders[Int(slot)]
    let quantity = control.quantity == 0 ? order.remaining : min(control.quantity, order.remaining)
    tradeNumber += 1
    takeOut(slot)
    settleOutside(slot, order.price, quantity, with: Self.flowAccount)
    if orders[Int(slot)].remaining > 0 { rest(slot) }
    markTriggers(order.instrument)
  }

  /// Undoes a trade of a customer with the market's flow: contrary entries at the same price and fee; history stays.
  private mutating func bust(_ control: ExchangeControl) {
    var place = fillCount > UInt64(fills.count) ? fillCount - UInt64(fills.count) : 0
    while place < fillCount && fills[Int(place % UInt64(fills.count))].trade != control.order { place += 1 }
    guard place < fillCount else { return }
    let fill = fills[Int(place % UInt64(fills.count))]
    guard fill.isBust == 0, !accounts[Int(fill.other)].isCustomer else { return }
    fills[Int(place % UInt64(fills.count))].isBust = 1
    var undo = ExchangeOrder()
    undo.account = fill.account
    undo.instrument = fill.instrument
    undo.positionSideRaw = fill.positionSideRaw
    undo.sideRaw = (fill.sideRaw == Side.buy.rawValue ? Side.sell : .buy).rawValue
    moveMoney(undo, fill.price, fill.quantity)
    undo.account = fill.other
    undo.sideRaw = fill.sideRaw
    undo.positionSideRaw = 0
    moveMoney(undo, fill.price, fill.quantity)
    pay(-fill.fee, from: fill.account, markets[Int(fill.instrument)].wallet, fill.feeAsset)
    emit(event(of: fill, .bust))
  }
}
