/// Orders and trades as queries show them.
package enum BinanceReport {
  /// One order: an `orderReport`.
  package static func order(_ order: JSONValue, _ reading: borrowing BinanceReading) throws(BinanceProblem)
    -> VenueEvent
  {
    if order["algoId"] != nil { return try algoOrder(order, reading) }
    let symbol = try order.symbol("symbol", reading.names)
    let number = try order.reference("orderId")
    var event = report(symbol, reading)
    event.venueOrder = number
    event.wireID = try order.clientID("clientOrderId").wireID(number)
    try takeTerms(order, "type", symbol, reading.product, &event)
    event.quantity = try order.mantissa("origQty", scale: symbol.quantityScale)
    event.cumulative = try order.mantissa("executedQty", scale: symbol.quantityScale)
    let prevented = try preventedQuantity(order, symbol)
    event.quantity = max(0, event.quantity - prevented)
    let word = try order.word("status")
    guard var status = BinanceStatus(word: word).reported else { throw .member("status") }
    let kind = OrderKind(rawValue: event.orderKindRaw) ?? .limit
    if status == .open, kind.isConditional, order["isWorking"]?.bool == false { status = .waiting }
    event.statusRaw = status.rawValue
    try takeTimes(order, "time", &event)
    return event
  }

  /// A list of orders; those of symbols that are not configured are left out, and counted.
  package static func orders(
    _ rows: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) -> Int {
    guard rows.isArray else { throw .member("orders") }
    var skipped = 0
    for row in rows.elements {
      guard let symbol = row["symbol"]?.string else { throw .member("symbol") }
      guard reading.names.symbol(symbol) != nil else {
        skipped += 1
        continue
      }
      var event = try order(row, reading)
      event.requestID = request.requestID
      emit(event)
    }
    return skipped
  }

  private static func preventedQuantity(_ order: JSONValue, _ symbol: BinanceSymbol) throws(BinanceProblem) -> Int64 {
    try order.mantissa("preventedQuantity", scale: symbol.quantityScale, or: 0)
  }

  /// An order of the algo service: waiting, or what the engine's order made of it.
  private static func algoOrder(
    _ order: JSONValue, _ reading: borrowing BinanceReading
  ) throws(BinanceProblem) -> VenueEvent {
    let symbol = try order.symbol("symbol", reading.names)
    let number = try order.reference("algoId")
    var event = report(symbol, reading)
    event.venueOrder = number
    event.wireID = try order.clientID("clientAlgoId").wireID(number)
    try takeTerms(order, order["orderType"] == nil ? "type" : "orderType", symbol, reading.product, &event)
    event.quantity = try order.mantissa("quantity", scale: symbol.quantityScale)
    event.cumulative = try order.mantissa("actualQty", scale: symbol.quantityScale, or: 0)
    let status = BinanceAlgoStatus(word: try order.word("algoStatus"))
    guard let reported = status.reported(filled: event.cumulative, of: event.quantity) else {
      throw .member("algoStatus")
    }
    event.statusRaw = reported.rawValue
    // In the engine it has a number of its own.
    if status == .triggered || status == .finished, let text = order["actualOrderId"]?.string,
      let engine = UInt64(text),
      engine > 0
    {
      event.venueOrder = VenueReference(engine)
    }
    try takeTimes(order, "createTime", &event)
    return event
  }

  private static func report(_ symbol: BinanceSymbol, _ reading: borrowing BinanceReading) -> VenueEvent {
    var event = VenueEvent(.orderReport)
    event.account = reading.account
    event.instrument = symbol.instrument
    event.venue = symbol.venue
    return event
  }

  private static func takeTerms(
    _ order: JSONValue, _ type: String, _ symbol: BinanceSymbol, _ product: BinanceProduct, _ event: inout VenueEvent
  ) throws(BinanceProblem) {
    event.sideRaw = try order.side("side").rawValue
    event.positionSideRaw = try order.positionSide("positionSide").rawValue
    // An order at the market has none, and neither has a list of stops.
    event.price = try order.mantissa("price", scale: symbol.priceScale, or: 0)
    let type = BinanceOrderType(word: try order.word(type))
    let force = BinanceTimeInForce(word: try order.word("timeInForce"))
    event.orderKindRaw = (type.kind(product) ?? .limit).rawValue
    event.timeInForceRaw = (force.timeInForce ?? .gtc).rawValue
    var flags: OrderFlags = []
    if order["reduceOnly"]?.bool ?? false { flags.insert(.reduceOnly) }
    if order["closePosition"]?.bool ?? false { flags.insert(.closePosition) }
    if force.isPostOnly || type == .limitMaker { flags.insert(.postOnly) }
    event.flagsRaw = flags.rawValue
  }

  private static func takeTimes(_ order: JSONValue, _ placed: String, _ event: inout VenueEvent) throws(BinanceProblem)
  {
    if order[placed] != nil { event.placedAt = try order.time(placed) }
    if order["updateTime"] != nil { event.venueTime = try order.time("updateTime") }
  }

  /// Trades of an account as history shows them: fills that may be known already. Returns the number and time of the
  /// last one.
  package static func trades(
    _ rows: JSONValue, of symbol: BinanceSymbol, _ reading: borrowing BinanceReading, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) -> (last: VenueReference, time: UTCTime) {
    guard rows.isArray else { throw .member("trades") }
    var last = (VenueReference.none, UTCTime.zero)
    for row in rows.elements {
      let fill = try trade(row, symbol, reading)
      emit(fill)
      if fill.trade.low > last.0.low { last = (fill.trade, fill.venueTime) }
    }
    return last
  }

  private static func trade(
    _ row: JSONValue, _ symbol: BinanceSymbol, _ reading: borrowing BinanceReading
  ) throws(BinanceProblem) -> VenueEvent {
    let name = try row.word("symbol")
    guard Text32(name) == symbol.name else { throw .mismatch(name) }
    var fill = VenueEvent(.fill)
    fill.account = reading.account
    fill.instrument = symbol.instrument
    fill.venue = symbol.venue
    fill.trade = try row.reference("id")
    fill.venueOrder = try row.reference("orderId")
    fill.price = try row.mantissa("price", scale: symbol.priceScale)
    fill.quantity = try row.mantissa("qty", scale: symbol.quantityScale)
    guard fill.quantity > 0, fill.price > 0 else { throw .number("qty") }
    fill.fee = try row.money("commission")
    let asset = try row.word("commissionAsset")
    guard let found = reading.names.asset(asset) else { throw .unknownAsset(asset) }
    fill.asset = found
    fill.venueTime = try row.time("time")
    if reading.product == .spot {
      fill.sideRaw = (try row.flag("isBuyer") ? Side.buy : .sell).rawValue
      fill.isMaker = try row.flag("isMaker") ? 1 : 0
    } else {
      fill.sideRaw = try row.side("side").rawValue
      fill.isMaker = try row.flag("maker") ? 1 : 0
      fill.positionSideRaw = try row.positionSide("positionSide").rawValue
    }
    fill.isReplay = 1
    return fill
  }
}

extension BinanceAlgoStatus {
  /// In the core's words; `nil` for one that is not known.
  func reported(filled: Int64, of quantity: Int64) -> VenueEvent.ReportedStatus? {
    switch self {
    case .new, .triggering: .waiting
    case .triggered: .open
    // The engine's order is over, filled or not.
    case .finished: filled >= quantity && quantity > 0 ? .filled : .cancelled
    case .cancelled: .cancelled
    case .expired: .expired
    case .rejected: .rejected
    case .unknown: nil
    }
  }
}
