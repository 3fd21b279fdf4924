/// Requests in the words of spot. Parameters stand in the order of their names, as the WebSocket API signs them.
package enum SpotEncoder {
  /// A new order.
  package static func place(
    _ request: VenueRequest, _ instrument: Instrument, detail: BinanceDetail = .full, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    let shape = try shape(of: request)
    call.begin(SpotEndpoint.place)
    try addTerms(request, shape, instrument, detail, id: request.wireID, to: &call.parameters)
  }

  /// Cancels by the venue's number, which is the fastest way, or by our id.
  package static func cancel(
    _ request: VenueRequest, _ instrument: Instrument, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    call.begin(SpotEndpoint.cancel)
    try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
    call.parameters.add("symbol", instrument.native)
  }

  /// An order that only becomes smaller keeps its place in the queue and its id; all else is a new order in place of the
  /// old one, with `newWireID`.
  package static func amend(
    _ request: VenueRequest, of placed: BinancePlaced, _ instrument: Instrument, detail: BinanceDetail = .full,
    into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    guard request.quantity > 0 else { throw .noQuantity }
    let isSamePrice = request.price == 0 || request.price == placed.request.price
    if isSamePrice, request.quantity < placed.request.quantity {
      call.begin(SpotEndpoint.reduce)
      call.parameters.add("newClientOrderId", request.wireID)
      call.parameters.add(quantity: request.quantity, as: "newQty", instrument)
      try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
      call.parameters.add("symbol", instrument.native)
      return
    }
    guard !request.newWireID.isEmpty else { throw .needsReplacementID }
    var terms = placed.request
    terms.quantity = request.quantity - placed.filled
    if request.price != 0 { terms.price = request.price }
    let shape = try shape(of: terms)
    guard !shape.kind.isConditional else { throw .conditionalAmend }
    call.begin(SpotEndpoint.replace)
    try call.parameters.addOrder(request, number: "cancelOrderId", id: "cancelOrigClientOrderId")
    call.parameters.add("cancelReplaceMode", "STOP_ON_FAILURE")
    try addTerms(terms, shape, instrument, detail, id: request.newWireID, to: &call.parameters)
  }

  private static func shape(of request: VenueRequest) throws(BinanceEncodingError) -> OrderShape {
    let shape = try OrderShape(request)
    guard !shape.flags.contains(.closePosition) else { throw .closePosition }
    guard !shape.flags.contains(.reduceOnly) else { throw .reduceOnly }
    guard request.positionSideRaw == PositionSide.net.rawValue else { throw .positionSide }
    guard shape.timeInForce != .gtd else { throw .goodTillDate }
    guard request.displayQuantity == 0 || shape.kind.hasLimitPrice && shape.timeInForce == .gtc else { throw .iceberg }
    // The venue counts in hundredths of a percent.
    guard shape.kind != .trailingStop || request.trailPpm % 100 == 0 else { throw .trailStep }
    return shape
  }

  private static func addTerms(
    _ request: VenueRequest, _ shape: OrderShape, _ instrument: Instrument, _ detail: BinanceDetail, id: Text32,
    to parameters: inout BinanceParameters
  ) throws(BinanceEncodingError) {
    if request.displayQuantity > 0 {
      parameters.add(quantity: request.displayQuantity, as: "icebergQty", instrument)
    }
    parameters.add("newClientOrderId", id)
    parameters.add("newOrderRespType", detail.rawValue)
    if shape.kind.hasLimitPrice { parameters.add(price: request.price, as: "price", instrument) }
    parameters.add(quantity: request.quantity, as: "quantity", instrument)
    parameters.add("selfTradePreventionMode", shape.prevention)
    parameters.add("side", shape.side)
    if shape.kind.isConditional, request.stopPrice > 0 {
      parameters.add(price: request.stopPrice, as: "stopPrice", instrument)
    }
    parameters.add("symbol", instrument.native)
    let isPostOnly = shape.flags.contains(.postOnly)
    if shape.kind.hasLimitPrice, !isPostOnly { parameters.add("timeInForce", shape.timeInForce.binanceWord) }
    if shape.kind == .trailingStop { parameters.add("trailingDelta", request.trailPpm / 100) }
    parameters.add("type", type(shape.kind, isPostOnly: isPostOnly))
  }

  private static func type(_ kind: OrderKind, isPostOnly: Bool) -> String {
    switch kind {
    case .limit: isPostOnly ? "LIMIT_MAKER" : "LIMIT"
    case .market: "MARKET"
    case .stopMarket, .trailingStop: "STOP_LOSS"
    case .stopLimit: "STOP_LOSS_LIMIT"
    case .takeProfitMarket: "TAKE_PROFIT"
    case .takeProfitLimit: "TAKE_PROFIT_LIMIT"
    }
  }

  // MARK: Questions

  package static func order(
    _ request: VenueRequest, _ instrument: Instrument, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    call.begin(SpotEndpoint.order)
    try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
    call.parameters.add("symbol", instrument.native)
  }

  /// Of all symbols without one, which costs thirteen times as much.
  package static func openOrders(_ symbol: Text32?, into call: inout BinanceCall) {
    call.begin(SpotEndpoint.openOrders)
    if let symbol { call.parameters.add("symbol", symbol) }
  }

  /// Orders of a symbol from a number of the venue on, or from a time on.
  package static func allOrders(
    _ symbol: Text32, from order: VenueReference = .none, since time: UTCTime = .zero, until end: UTCTime = .zero,
    limit: Int64 = 1_000, into call: inout BinanceCall
  ) {
    call.begin(SpotEndpoint.allOrders)
    if order.isNone { call.parameters.addTime("endTime", end) }
    call.parameters.addLimit(limit)
    if let number = Int64(exactly: order.low), !order.isNone { call.parameters.add("orderId", number) }
    if order.isNone { call.parameters.addTime("startTime", time) }
    call.parameters.add("symbol", symbol)
  }

  /// Trades of a symbol behind a trade's number, oldest first; or from a time on. Only one of the two may be said.
  package static func myTrades(
    _ symbol: Text32, from trade: VenueReference = .none, since time: UTCTime = .zero, until end: UTCTime = .zero,
    limit: Int64 = 1_000, into call: inout BinanceCall
  ) {
    call.begin(SpotEndpoint.myTrades)
    if trade.isNone { call.parameters.addTime("endTime", end) }
    if let number = Int64(exactly: trade.low), !trade.isNone { call.parameters.add("fromId", number) }
    call.parameters.addLimit(limit)
    if trade.isNone { call.parameters.addTime("startTime", time) }
    call.parameters.add("symbol", symbol)
  }

  package static func account(into call: inout BinanceCall, omitsEmpty: Bool = false) {
    call.begin(SpotEndpoint.account)
    if omitsEmpty { call.parameters.add("omitZeroBalances", .flag(true)) }
  }

  package static func cancelAll(_ symbol: Text32, into call: inout BinanceCall) {
    call.begin(SpotEndpoint.cancelAll)
    call.parameters.add("symbol", symbol)
  }

  package static func commission(_ symbol: Text32, into call: inout BinanceCall) {
    call.begin(SpotEndpoint.commission)
    call.parameters.add("symbol", symbol)
  }

  package static func depth(_ symbol: Text32, limit: Int64 = 5_000, into call: inout BinanceCall) {
    call.begin(SpotEndpoint.depth)
    call.parameters.addLimit(limit)
    call.parameters.add("symbol", symbol)
  }
}
