/// What one message of the user stream says about one order, in our numbers: both products, both readers.
package struct BinanceOrderNews: Equatable, Sendable {
  package var product: BinanceProduct
  package var execution = BinanceExecution.unknown
  package var status = BinanceStatus.unknown
  package var type = BinanceOrderType.unknown
  package var timeInForce = BinanceTimeInForce.unknown
  package var side = Side.buy
  package var positionSide = PositionSide.net
  /// The order's own id; not that of the cancel which ended it.
  package var client = Text64()
  package var order = VenueReference.none
  package var trade = VenueReference.none
  package var instrument = InstrumentID.none
  package var venue = VenueID.none
  package var quantity: Int64 = 0
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var lastQuantity: Int64 = 0
  package var lastPrice: Int64 = 0
  package var cumulative: Int64 = 0
  /// What self-trade prevention took off: the order is for `quantity` less this.
  package var prevented: Int64 = 0
  package var fee = Money.zero
  package var feeAsset = AssetID.none
  package var time = UTCTime.zero
  package var placedAt = UTCTime.zero
  package var endReasonRaw = VenueEvent.EndReason.asked.rawValue
  package var isMaker = false
  /// Spot: it is in the book, not waiting for its trigger.
  package var isOnBook = false
  package var isReduceOnly = false
  /// A liquidation, deleveraging or settlement, which nobody here asked for.
  package var isForced = false

  package init(_ product: BinanceProduct) { self.product = product }

  mutating func take(_ symbol: BinanceSymbol) {
    instrument = symbol.instrument
    venue = symbol.venue
  }

  /// The rest, once all members are read. `false`: they do not fit together.
  @inline(__always)
  mutating func finish(
    trade number: Int64, fee mantissa: Int64?, asset: Text32?, isNamed: Bool, _ names: borrowing BinanceNames
  ) -> Bool {
    if number > 0 { trade = VenueReference(UInt64(number)) }
    guard isTrade else { return true }
    guard number > 0, let mantissa, let money = Money(mantissa: Int128(mantissa), scale: 8) else { return false }
    fee = money
    guard isNamed else { return mantissa == 0 }
    guard let asset, let found = names.asset(asset) else { return false }
    feeAsset = found
    return true
  }

  /// Whether it moves money.
  package var isTrade: Bool { (execution == .trade || execution == .calculated) && lastQuantity > 0 }
}

extension FlatScan {
  /// A fee of at most eight decimals that is paid, or `null`.
  @inline(__always)
  mutating func takeFee(_ fee: inout Int64?) -> Bool {
    if take("null") { return true }
    guard let value = quotedDecimal(scale: 8) else { return false }
    fee = value
    return true
  }

  @inline(__always)
  mutating func takeAsset(_ asset: inout Range<Int>?) -> Bool {
    if take("null") { return true }
    guard let range = string(), !range.isEmpty else { return false }
    asset = range
    return true
  }

  @inline(__always)
  func positionSide(_ range: Range<Int>) -> PositionSide? {
    if equals(range, "BOTH") { return .net }
    if equals(range, "LONG") { return .long }
    return equals(range, "SHORT") ? .short : nil
  }
}

extension BinanceOrderNews {
  /// In the core's words: none, one or two events.
  package func events(of account: AccountID, _ emit: (VenueEvent) -> Void) {
    switch execution {
    case .new where status == .rejected, .rejected: emit(rejected(account))
    case .new: placed(account, emit)
    case .trade, .calculated: traded(account, emit)
    case .cancelled where status == .pendingCancel: emit(report(account))
    case .cancelled: emit(ended(.cancelled, account))
    case .expired: emit(ended(.expired, account))
    case .prevented:
      // What is left works on, for less; or nothing is left.
      emit(status.isDone ? ended(.expired, account) : report(account))
    case .replaced, .amended: emit(report(account))
    case .unknown: emit(report(account))
    }
  }

  private func event(_ kind: VenueEvent.Kind, _ account: AccountID) -> VenueEvent {
    var event = VenueEvent(kind)
    event.wireID = client.wireID(order)
    event.venueOrder = order
    event.account = account
    event.instrument = instrument
    event.venue = venue
    event.sideRaw = side.rawValue
    event.positionSideRaw = positionSide.rawValue
    event.price = price
    event.quantity = max(0, quantity - prevented)
    event.cumulative = cumulative
    event.venueTime = time
    event.placedAt = placedAt
    event.orderKindRaw = (type.kind(product) ?? .limit).rawValue
    event.timeInForceRaw = (timeInForce.timeInForce ?? .gtc).rawValue
    event.flagsRaw = flags.rawValue
    event.isForced = isForced ? 1 : 0
    return event
  }

  private var flags: OrderFlags {
    var flags: OrderFlags = []
    if isReduceOnly { flags.insert(.reduceOnly) }
    if timeInForce.isPostOnly || type == .limitMaker { flags.insert(.postOnly) }
    return flags
  }

  private func placed(_ account: AccountID, _ emit: (VenueEvent) -> Void) {
    emit(event(.accepted, account))
    // The same word says that a stop of spot has been triggered: then it is in the book.
    if product == .spot, isOnBook, type.kind(product)?.isConditional ?? false { emit(event(.triggered, account)) }
  }

  private func rejected(_ account: AccountID) -> VenueEvent {
    var event = event(.rejected, account)
    event.code = Self.rejectedCode
    event.remedyRaw = VenueEvent.Remedy.refused.rawValue
    return event
  }

  /// The number Binance gives new orders that are rejected: the stream brings words only.
  private static let rejectedCode: Int32 = -2010

  private func traded(_ account: AccountID, _ emit: (VenueEvent) -> Void) {
    guard isTrade else {
      // The first word of a forced order, and trades of nothing: what the order has become may be news.
      if execution == .trade { emit(report(account)) }
      return
    }
    var fill = event(.fill, account)
    fill.trade = trade
    fill.price = lastPrice
    fill.quantity = lastQuantity
    fill.fee = fee
    fill.asset = feeAsset
    fill.isMaker = isMaker ? 1 : 0
    emit(fill)
    if status.isDone, status != .filled { emit(ended(status == .cancelled ? .cancelled : .expired, account)) }
  }

  private func ended(_ kind: VenueEvent.Kind, _ account: AccountID) -> VenueEvent {
    var event = event(kind, account)
    let isPrevented = status == .expiredInMatch || execution == .prevented
    event.statusRaw = isPrevented ? VenueEvent.EndReason.selfTrade.rawValue : endReasonRaw
    return event
  }

  /// The order as it is now. With a status that nobody knows the venue is asked.
  private func report(_ account: AccountID) -> VenueEvent {
    guard let reported = status.reported else { return event(.outcomeUnknown, account) }
    var event = event(.orderReport, account)
    event.statusRaw = reported.rawValue
    return event
  }
}
