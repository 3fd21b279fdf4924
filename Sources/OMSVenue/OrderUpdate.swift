import OMSLib

/// One event of a futures order.
struct OrderUpdate {
  let record: OrderRecord
  let time: UTCTime
  let transaction: UTCTime
  var execution = "NEW"
  var status = "NEW"
  var price: Int64
  var quantity: Int64
  var filled: Int64
  var fill: (price: Int64, quantity: Int64, trade: UInt64, fee: Money, asset: String)?
  var realised = Money.zero
  var isMaker = false
  var reason = 0
  var modifyID: String?

  init(_ record: OrderRecord, _ event: VenueEvent, at time: UTCTime) {
    self.record = record
    self.time = time
    transaction = event.venueTime
    (price, quantity, filled) = (event.price, event.quantity, event.cumulative)
    if !OrderNames.kind(record.type, .usdm).hasLimitPrice { price = 0 }
    if event.kind == .accepted || event.kind == .triggered { filled = 0 }
    status = filled > 0 ? "PARTIALLY_FILLED" : "NEW"
  }

  /// A trade; a forced one is no doing of the account.
  mutating func setFill(_ event: VenueEvent, realised: Money) {
    execution = record.isForced ? "CALCULATED" : "TRADE"
    fill = (event.price, event.quantity, event.trade.low, event.fee, record.symbol.asset(event.asset.number))
    (price, quantity) = (record.price, record.quantity)
    status = event.cumulative >= record.quantity ? "FILLED" : "PARTIALLY_FILLED"
    isMaker = event.isMaker == 1
    self.realised = realised
  }

  /// Why it ended, by the exchange's numbers.
  static func reason(_ reason: VenueEvent.EndReason?) -> Int {
    switch reason {
    case .selfTrade: 1
    case .timeInForce: 2
    case .reduceOnly: 4
    case .liquidation: 5
    case .fillLimit: 9
    default: 0
    }
  }

  func json(_ face: TimeFace) -> [UInt8] {
    let symbol = record.symbol
    let isTriggered = record.algoID != 0
    let quote = record.quote(filled: filled)
    return object { writer in
      writer.member("e", "ORDER_TRADE_UPDATE")
      writer.member("T", transaction, face)
      writer.member("E", time, face)
      writer.name("o")
      writer.beginObject()
      writer.member("s", symbol.name)
      writer.member("c", record.clientID)
      writer.member("S", OrderNames.side(record.side))
      writer.member("o", isTriggered ? OrderNames.workingType(record.type) : record.type)
      writer.member("f", record.timeInForce)
      writer.member("q", symbol.quantity(quantity))
      writer.member("p", symbol.price(price))
      writer.member("ap", symbol.average(quote, over: filled))
      writer.member("sp", symbol.price(isTriggered ? record.stopPrice : 0))
      writer.member("x", execution)
      writer.member("X", status)
      writer.member("i", record.orderID)
      writer.member("l", symbol.quantity(fill?.quantity ?? 0))
      writer.member("z", symbol.quantity(filled))
      writer.member("L", symbol.price(fill?.price ?? 0))
      if let fill {
        writer.member("N", fill.asset)
        writer.member("n", money: fill.fee)
      }
      writer.member("T", transaction, face)
      writer.member("t", fill?.trade ?? 0)
      writeExposure(symbol, into: &writer)
      writer.member("m", isMaker)
      writer.member("R", record.isReduceOnly)
      writer.member("wt", record.workingType)
      writer.member("ot", record.type)
      writer.member("ps", OrderNames.positionSide(record.positionSide))
      writer.member("cp", record.closesPosition)
      writer.member("rp", money: realised, least: 0)
      writer.member("pP", record.protectsPrice)
      writer.member("si", 0)
      writer.member("ss", 0)
      writer.member("V", record.prevention)
      writer.member("pm", record.priceMatch)
      writer.member("gtd", record.goodTillDate)
      writer.member("er", "\(reason)")
      if let modifyID { writer.member("M", modifyID) }
      writer.endObject()
    }
  }

  /// What the rest of it may still add, by side.
  private func writeExposure(_ symbol: VenueSymbol, into writer: inout JSONWriter) {
    let isOpen = status == "NEW" || status == "PARTIALLY_FILLED"
    let open = isOpen && price > 0 ? symbol.notional(price, quantity - filled) : .zero
    writer.member("b", money: record.side == .buy ? open : .zero, least: 0)
    writer.member("a", money: record.side == .sell ? open : .zero, least: 0)
  }
}
