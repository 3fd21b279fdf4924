import OMSLib

/// One event of a spot order.
struct ExecutionReport {
  let record: OrderRecord
  let time: UTCTime
  let transaction: UTCTime
  var number: UInt64
  var clientID: String
  /// The order's own id, where the event has another: of a cancel, or of the order before it was changed.
  var originalID = ""
  var execution = "NEW"
  var status = "NEW"
  var price: Int64
  var quantity: Int64
  var filled: Int64 = 0
  var quote = Money.zero
  var fill: (price: Int64, quantity: Int64, trade: UInt64, fee: Money, asset: String)?
  var isMaker = false
  var isOnBook = false
  var working: UTCTime?
  /// Quantity that a prevention of self-trades has taken away.
  var prevented: Int64?
  var expiryReason: String?

  init(_ record: OrderRecord, _ event: VenueEvent, _ number: UInt64, at time: UTCTime) {
    self.record = record
    self.time = time
    self.number = number
    transaction = event.venueTime
    clientID = record.clientID
    (price, quantity, filled) = (event.price, event.quantity, event.cumulative)
    if OrderNames.kind(record.type, .spot).hasLimitPrice == false { price = 0 }
    quote = record.quote(filled: event.cumulative)
    status = filled > 0 ? "PARTIALLY_FILLED" : "NEW"
    working = record.working
  }

  init(_ record: OrderRecord, _ number: UInt64, at time: UTCTime) {
    self.record = record
    self.time = time
    self.number = number
    transaction = time
    clientID = record.clientID
    (price, quantity) = (record.price, record.quantity)
  }

  func json(_ face: TimeFace) -> [UInt8] {
    let symbol = record.symbol
    return object { writer in
      writer.member("e", "executionReport")
      writer.member("E", time, face)
      writer.member("s", symbol.name)
      writer.member("c", clientID)
      writer.member("S", OrderNames.side(record.side))
      writer.member("o", record.type)
      writer.member("f", record.timeInForce)
      writer.member("q", symbol.quantity(quantity))
      writer.member("p", symbol.price(price))
      writer.member("P", symbol.price(record.stopPrice))
      if record.trailingDelta != 0 { writer.member("d", record.trailingDelta) }
      writer.member("F", symbol.quantity(record.display))
      writer.member("g", record.listID)
      writer.member("C", originalID)
      writer.member("x", execution)
      writer.member("X", status)
      writer.member("r", "NONE")
      writer.member("i", record.orderID)
      writer.member("l", symbol.quantity(fill?.quantity ?? 0))
      writer.member("z", symbol.quantity(filled))
      writer.member("L", symbol.price(fill?.price ?? 0))
      writer.member("n", money: fill?.fee ?? .zero, least: fill == nil ? 0 : 8)
      writer.member("N", fill?.asset)
      writer.member("T", transaction, face)
      if let fill { writer.member("t", fill.trade) } else { writer.member("t", -1) }
      writer.member("I", number)
      writer.member("w", isOnBook)
      writer.member("m", isMaker)
      writer.member("M", fill != nil)
      writer.member("O", record.created, face)
      writer.member("Z", money: quote)
      writer.member("Y", money: fill.map { symbol.notional($0.price, $0.quantity) } ?? .zero)
      writer.member("Q", money: record.quoteQuantity)
      writeOptional(face, into: &writer)
      writer.member("V", record.prevention)
    }
  }

  private func writeOptional(_ face: TimeFace, into writer: inout JSONWriter) {
    if let working { writer.member("W", working, face) }
    if let strategy = record.strategyID { writer.member("j", strategy) }
    if let type = record.strategyType { writer.member("J", type) }
    if let prevented {
      writer.member("A", record.symbol.quantity(prevented))
      writer.member("B", record.symbol.quantity(prevented))
    }
    if let expiryReason { writer.member("eR", expiryReason) }
  }
}
