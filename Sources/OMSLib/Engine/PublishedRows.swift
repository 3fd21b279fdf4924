internal import CCore

/// The stamp of published rows: what is true as of which record, and when that was.
struct PublishStamp {
  var lsn: UInt64
  var now: EngineTime
  var utc: UTCTime

  /// Calendar time of an instant of record time; 0 for none.
  func calendar(_ time: EngineTime) -> Int64 {
    time == .zero ? 0 : utc.nanoseconds - (now.nanoseconds - time.nanoseconds)
  }
}

// What the core's rows look like to programs outside. Nothing here allocates.

extension cc_account_row {
  init(_ row: AccountRow, _ stamp: PublishStamp) {
    self.init()
    account = UInt64(row.id.number)
    name = cc_text32(row.name.low)
    venue = UInt64(row.venue.number)
    mode = UInt64(row.modeRaw)
    trading = UInt64(row.tradingRaw)
    open_orders = UInt64(clamping: row.exposure.openOrders)
    equity = cc_amount(row.equity.units)
    available = cc_amount(row.equity.subtracting(row.exposure.margin)?.units ?? 0)
    realised = cc_amount(row.realisedToday.units)
    fees = cc_amount(row.feesToday.units)
    gross_notional = cc_amount(row.exposure.gross.units)
    lsn = stamp.lsn
    updated = stamp.utc.nanoseconds
  }
}

extension cc_position_row {
  init(_ row: PositionRow, _ owner: AccountRow, _ traded: InstrumentRow, _ stamp: PublishStamp) {
    self.init()
    account = UInt64(row.account.number)
    instrument = UInt64(row.instrument.number)
    account_name = cc_text32(owner.name.low)
    instrument_name = cc_text32(traded.rules.name)
    side = UInt64(row.positionSideRaw)
    mode = UInt64(owner.modeRaw)
    margin_mode = UInt64(row.marginModeRaw)
    leverage = UInt64(row.leverage)
    quantity = cc_amount(row.book.quantity.units)
    entry_price = cc_amount(row.book.average.units)
    realised = cc_amount(row.book.realised.units)
    fees = cc_amount(row.fees.units)
    funding = cc_amount(row.book.funding.units)
    margin = cc_amount(row.margin.units)
    mark_price = traded.market.mark
    liquidation_price = row.liquidationPrice
    price_scale = UInt64(traded.rules.priceScale)
    mark_time = stamp.calendar(traded.market.updatedAt)
    lsn = stamp.lsn
    updated = stamp.utc.nanoseconds
  }
}

extension cc_balance_row {
  init(_ row: BalanceRow, _ owner: AccountRow, _ held: AssetRow, _ stamp: PublishStamp) {
    self.init()
    account = UInt64(row.account.number)
    asset = UInt64(row.asset.number)
    account_name = cc_text32(owner.name.low)
    asset_name = cc_text32(held.name)
    wallet = UInt64(row.walletRaw)
    mode = UInt64(owner.modeRaw)
    total = cc_amount(row.total.units)
    free = cc_amount(row.total.subtracting(row.locked)?.units ?? 0)
    locked = cc_amount(row.locked.units)
    lsn = stamp.lsn
    updated = stamp.utc.nanoseconds
  }
}

extension cc_order_row {
  init(_ image: OrderImage, _ rules: Instrument, _ stamp: PublishStamp) {
    self.init()
    order_number = image.orderNumber
    id = cc_text64(image.id)
    account = UInt64(image.account.number)
    instrument = UInt64(image.instrument.number)
    strategy = UInt64(image.strategy.number)
    status = UInt64(image.statusRaw)
    side = UInt64(image.sideRaw)
    kind = UInt64(image.kindRaw)
    time_in_force = UInt64(image.timeInForceRaw)
    flags = UInt64(image.flagsRaw)
    mode = UInt64(image.modeRaw)
    reason = UInt64(image.reasonRaw)
    price = image.price
    stop_price = image.stopPrice
    quantity = image.quantity
    filled = image.filled
    price_scale = UInt64(rules.priceScale)
    quantity_scale = UInt64(rules.quantityScale)
    filled_notional = cc_amount(image.filledNotional.units)
    lsn = stamp.lsn
    created = image.created.nanoseconds
    updated = image.updated.nanoseconds
  }
}

extension cc_instrument_row {
  init(_ rules: Instrument, _ top: TopOfBook, _ stamp: PublishStamp) {
    self.init()
    instrument = UInt64(rules.id.number)
    name = cc_text32(rules.name)
    venue = UInt64(rules.venue.number)
    instrument_class = UInt64(rules.classRaw)
    price_scale = UInt64(rules.priceScale)
    quantity_scale = UInt64(rules.quantityScale)
    bid = top.bid
    bid_quantity = top.bidQuantity
    ask = top.ask
    ask_quantity = top.askQuantity
    last = top.last
    mark = top.mark
    index_price = top.index
    book_sequence = top.bookSequence
    book_time = top.updatedAt.nanoseconds
    is_valid = top.isValid
    updated = stamp.utc.nanoseconds
  }
}
