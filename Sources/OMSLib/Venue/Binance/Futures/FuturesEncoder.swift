/// Requests in the words of USD-M futures. Parameters stand in the order of their names, as the WebSocket API signs them.
///
/// Conditional orders go to the algo service, with names of its own for the same things.
package enum FuturesEncoder {
  package static func place(
    _ request: VenueRequest, _ instrument: Instrument, detail: BinanceDetail = .result, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    let shape = try OrderShape(request)
    guard request.displayQuantity == 0 else { throw .iceberg }
    guard let side = PositionSide(rawValue: request.positionSideRaw) else { throw .malformed }
    guard shape.timeInForce != .gtd || request.expiresAt > .zero else { throw .goodTillDate }
    // One word says how long it stays and that it may not take: there is none for both of these.
    guard shape.timeInForce != .gtd || !shape.flags.contains(.postOnly) else { throw .postOnly }
    // In hedge mode the side of the position says what an order may close.
    guard side == .net || !shape.flags.contains(.reduceOnly) else { throw .reduceOnly }
    guard !shape.flags.contains(.closePosition) || shape.kind == .stopMarket || shape.kind == .takeProfitMarket else {
      throw .closePosition
    }
    if shape.kind.isConditional { return try placeAlgo(request, shape, side, instrument, detail, into: &call) }
    call.begin(FuturesEndpoint.place)
    addDate(request, shape, to: &call.parameters)
    call.parameters.add("newClientOrderId", request.wireID)
    call.parameters.add("newOrderRespType", detail.short)
    if side != .net { call.parameters.add("positionSide", side.binanceWord) }
    if shape.kind.hasLimitPrice { call.parameters.add(price: request.price, as: "price", instrument) }
    call.parameters.add(quantity: request.quantity, as: "quantity", instrument)
    if shape.flags.contains(.reduceOnly) { call.parameters.add("reduceOnly", .flag(true)) }
    call.parameters.add("selfTradePreventionMode", shape.prevention)
    call.parameters.add("side", shape.side)
    call.parameters.add("symbol", instrument.native)
    if shape.kind.hasLimitPrice { call.parameters.add("timeInForce", timeInForce(shape)) }
    call.parameters.add("type", shape.kind == .market ? "MARKET" : "LIMIT")
  }

  private static func placeAlgo(
    _ request: VenueRequest, _ shape: OrderShape, _ side: PositionSide, _ instrument: Instrument,
    _ detail: BinanceDetail, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    let closes = shape.flags.contains(.closePosition)
    guard !closes || request.quantity == 0 && !shape.flags.contains(.reduceOnly) else { throw .closePosition }
    // The venue takes a tenth of a percent.
    guard shape.kind != .trailingStop || request.trailPpm % 1_000 == 0 else { throw .trailStep }
    call.begin(FuturesEndpoint.placeAlgo)
    if shape.kind == .trailingStop, request.stopPrice > 0 {
      call.parameters.add(price: request.stopPrice, as: "activatePrice", instrument)
    }
    call.parameters.add("algoType", "CONDITIONAL")
    if shape.kind == .trailingStop { call.parameters.add("callbackRate", .decimal(request.trailPpm, scale: 4)) }
    call.parameters.add("clientAlgoId", request.wireID)
    if closes { call.parameters.add("closePosition", .flag(true)) }
    addDate(request, shape, to: &call.parameters)
    call.parameters.add("newOrderRespType", detail.short)
    if side != .net { call.parameters.add("positionSide", side.binanceWord) }
    if shape.kind.hasLimitPrice { call.parameters.add(price: request.price, as: "price", instrument) }
    if !closes { call.parameters.add(quantity: request.quantity, as: "quantity", instrument) }
    if shape.flags.contains(.reduceOnly) { call.parameters.add("reduceOnly", .flag(true)) }
    call.parameters.add("selfTradePreventionMode", shape.prevention)
    call.parameters.add("side", shape.side)
    call.parameters.add("symbol", instrument.native)
    if shape.kind.hasLimitPrice { call.parameters.add("timeInForce", shape.timeInForce.binanceWord) }
    if shape.kind != .trailingStop {
      call.parameters.add(price: request.stopPrice, as: "triggerPrice", instrument)
    }
    call.parameters.add("type", algoType(shape.kind))
  }

  /// By the venue's number or our id. `isAlgo`: the order waits for its trigger, so the algo service has it.
  package static func cancel(
    _ request: VenueRequest, _ instrument: Instrument, isAlgo: Bool, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    guard !isAlgo else {
      call.begin(FuturesEndpoint.cancelAlgo)
      return try call.parameters.addOrder(request, number: "algoId", id: "clientAlgoId")
    }
    call.begin(FuturesEndpoint.cancel)
    try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
    call.parameters.add("symbol", instrument.native)
  }

  /// Price and quantity are both said, whichever changes. The order loses its place in the queue.
  package static func amend(
    _ request: VenueRequest, of placed: BinancePlaced, _ instrument: Instrument, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    guard let side = Side(rawValue: request.sideRaw) else { throw .malformed }
    guard request.quantity > 0 else { throw .noQuantity }
    guard placed.request.orderKindRaw == OrderKind.limit.rawValue else { throw .conditionalAmend }
    let price = request.price == 0 ? placed.request.price : request.price
    guard price > 0 else { throw .noPrice }
    call.begin(FuturesEndpoint.modify)
    try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
    call.parameters.add(price: price, as: "price", instrument)
    call.parameters.add(quantity: request.quantity, as: "quantity", instrument)
    call.parameters.add("side", side.binanceWord)
    call.parameters.add("symbol", instrument.native)
  }

  private static func addDate(_ request: VenueRequest, _ shape: OrderShape, to parameters: inout BinanceParameters) {
    guard shape.timeInForce == .gtd else { return }
    // The venue keeps whole seconds: later than asked would be longer than allowed.
    parameters.add("goodTillDate", request.expiresAt.nanoseconds / 1_000_000_000 * 1_000)
  }

  private static func timeInForce(_ shape: OrderShape) -> String {
    shape.flags.contains(.postOnly) ? "GTX" : shape.timeInForce.binanceWord
  }

  private static func algoType(_ kind: OrderKind) -> String {
    switch kind {
    case .stopLimit: "STOP"
    case .takeProfitMarket: "TAKE_PROFIT_MARKET"
    case .takeProfitLimit: "TAKE_PROFIT"
    case .trailingStop: "TRAILING_STOP_MARKET"
    case .limit, .market, .stopMarket: "STOP_MARKET"
    }
  }

  // MARK: Questions

  package static func order(
    _ request: VenueRequest, _ instrument: Instrument, isAlgo: Bool, into call: inout BinanceCall
  ) throws(BinanceEncodingError) {
    guard !isAlgo else {
      call.begin(FuturesEndpoint.algoOrder)
      return try call.parameters.addOrder(request, number: "algoId", id: "clientAlgoId")
    }
    call.begin(FuturesEndpoint.order)
    try call.parameters.addOrder(request, number: "orderId", id: "origClientOrderId")
    call.parameters.add("symbol", instrument.native)
  }

  /// Of all symbols without one, which costs forty times as much.
  package static func openOrders(_ symbol: Text32?, isAlgo: Bool = false, into call: inout BinanceCall) {
    call.begin(isAlgo ? FuturesEndpoint.openAlgoOrders : FuturesEndpoint.openOrders)
    if let symbol { call.parameters.add("symbol", symbol) }
  }

  /// Orders of a symbol from a number of the venue on, or within the seven days from a time on.
  package static func allOrders(
    _ symbol: Text32, isAlgo: Bool = false, from order: VenueReference = .none, since time: UTCTime = .zero,
    until end: UTCTime = .zero, limit: Int64 = 1_000, into call: inout BinanceCall
  ) {
    call.begin(isAlgo ? FuturesEndpoint.allAlgoOrders : FuturesEndpoint.allOrders)
    if let number = Int64(exactly: order.low), !order.isNone {
      call.parameters.add(isAlgo ? "algoId" : "orderId", number)
    }
    if order.isNone { call.parameters.addTime("endTime", end) }
    call.parameters.addLimit(limit)
    if order.isNone { call.parameters.addTime("startTime", time) }
    call.parameters.add("symbol", symbol)
  }

  package static func myTrades(
    _ symbol: Text32, from trade: VenueReference = .none, since time: UTCTime = .zero, until end: UTCTime = .zero,
    limit: Int64 = 1_000, into call: inout BinanceCall
  ) {
    call.begin(FuturesEndpoint.myTrades)
    if trade.isNone { call.parameters.addTime("endTime", end) }
    if let number = Int64(exactly: trade.low), !trade.isNone { call.parameters.add("fromId", number) }
    call.parameters.addLimit(limit)
    if trade.isNone { call.parameters.addTime("startTime", time) }
    call.parameters.add("symbol", symbol)
  }

  /// Funding payments and other income since a time.
  package static func income(
    _ type: String?, symbol: Text32?, since time: UTCTime, until end: UTCTime = .zero, limit: Int64 = 1_000,
    into call: inout BinanceCall
  ) {
    call.begin(FuturesEndpoint.income)
    call.parameters.addTime("endTime", end)
    if let type { call.parameters.add("incomeType", type) }
    call.parameters.addLimit(limit)
    call.parameters.addTime("startTime", time)
    if let symbol { call.parameters.add("symbol", symbol) }
  }

  /// Any question about one symbol, or about all of them.
  package static func ask(_ endpoint: BinanceEndpoint, _ symbol: Text32?, into call: inout BinanceCall) {
    call.begin(endpoint)
    if let symbol { call.parameters.add("symbol", symbol) }
  }

  package static func depth(_ symbol: Text32, limit: Int64 = 1_000, into call: inout BinanceCall) {
    call.begin(FuturesEndpoint.depth)
    call.parameters.addLimit(limit)
    call.parameters.add("symbol", symbol)
  }

  // MARK: Settings

  package static func setLeverage(_ leverage: UInt16, _ symbol: Text32, into call: inout BinanceCall) {
    call.begin(FuturesEndpoint.setLeverage)
    call.parameters.add("leverage", Int64(leverage))
    call.parameters.add("symbol", symbol)
  }

  package static func setMarginMode(_ mode: MarginMode, _ symbol: Text32, into call: inout BinanceCall) {
    call.begin(FuturesEndpoint.setMarginType)
    call.parameters.add("marginType", mode == .isolated ? "ISOLATED" : "CROSSED")
    call.parameters.add("symbol", symbol)
  }

  /// Two positions a symbol, or one.
  package static func setPositionMode(isHedged: Bool, into call: inout BinanceCall) {
    call.begin(FuturesEndpoint.setPositionMode)
    call.parameters.add("dualSidePosition", .flag(isHedged))
  }

  /// Adds to the margin of an isolated position, or takes from it where `amount` is negative; `nil` for zero and for
  /// amounts of more digits than the venue takes.
  package static func moveMargin(
    _ amount: Money, _ side: PositionSide, _ symbol: Text32, into call: inout BinanceCall
  ) -> Bool {
    guard !amount.isZero, let exact = Decimal(amount.magnitude)?.exactMantissa(scale: 8),
      let mantissa = Int64(exactly: exact)
    else { return false }
    call.begin(FuturesEndpoint.moveMargin)
    call.parameters.add("amount", .decimal(mantissa, scale: 8))
    if side != .net { call.parameters.add("positionSide", side.binanceWord) }
    call.parameters.add("symbol", symbol)
    call.parameters.add("type", amount.isNegative ? 2 : 1)
    return true
  }

  /// All orders of the symbol fall when no such request comes for so long; 0 disarms.
  package static func countdown(milliseconds: Int64, _ symbol: Text32, into call: inout BinanceCall) {
    call.begin(FuturesEndpoint.countdown)
    call.parameters.add("countdownTime", milliseconds)
    call.parameters.add("symbol", symbol)
  }
}

extension PositionSide {
  var binanceWord: String {
    switch self {
    case .net: "BOTH"
    case .long: "LONG"
    case .short: "SHORT"
    }
  }
}

extension BinanceDetail {
  /// Futures have no answer with fills.
  fileprivate var short: String { self == .acknowledgement ? rawValue : BinanceDetail.result.rawValue }
}
