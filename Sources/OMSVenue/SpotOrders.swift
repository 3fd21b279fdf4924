import OMSLib

/// Placing spot orders.
extension VenueServer where Recorder: ~Copyable {
  static var trailingDeltaRange: ClosedRange<Int64> { 10...2_000 }
  /// More decimals than any asset has.
  private static var assetDecimals: Int { 8 }

  mutating func placeSpotOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let form = try responseForm(parameters)
    let record = try readSpotOrder(parameters, caller)
    if let error = duplicate(record) { throw error }
    try countOrders(1, &caller, at: time)
    ledger.add(record)
    place(record, caller, form, at: time)
  }

  private mutating func place(_ record: OrderRecord, _ caller: Caller, _ form: ResponseForm, at time: ServerTime) {
    run([record.request], for: caller, at: time) { server, outcomes, time in
      server.answer(caller, server.placed(record, outcomes[0], caller, form), at: time)
    }
  }

  /// Ids are unique among what an account has open.
  mutating func duplicate(_ record: OrderRecord) -> VenueError? {
    guard let twin = ledger.newest(record.clientID, of: record.account, record.product), view(of: twin).isOpen else {
      return nil
    }
    return record.product == .spot
      ? VenueError(-2010, "Duplicate order sent.") : VenueError(-4116, "ClientOrderId is duplicated.")
  }

  /// The answer to a placement.
  mutating func placed(
    _ record: OrderRecord, _ outcome: Outcome, _ caller: Caller, _ form: ResponseForm
  ) -> Result<[UInt8], VenueError> {
    guard let event = outcome.event, let view = view(of: record.key, accepted: event) else {
      ledger.remove(record.key)
      let error = outcome.refusal.map { self.error(of: $0, caller.product, .order) }
      return .failure(
        error ?? VenueError(-1006, "An unexpected response was received from the message bus.", status: 503))
    }
    return .success(SpotJSON.placed(view, form, caller.face, event.venueTime))
  }

  mutating func testSpotOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let record = try readSpotOrder(parameters, caller)
    let withRates = try parameters.flag("computeCommissionRates") ?? false
    if let error = judge(record) { throw error }
    ask(for: caller, at: time) { server, time in
      let rates = server.venue.exchange.rates(of: record.account, record.symbol.number)
      server.answer(caller, .success(withRates ? SpotJSON.testRates(rates) : Array("{}".utf8)), at: time)
    }
  }

  // MARK: - Reading

  func responseForm(_ parameters: Parameters) throws(VenueError) -> ResponseForm {
    if let text = try parameters.text("newOrderRespType") {
      guard let form = ResponseForm(rawValue: text) else { throw Parameters.invalid("newOrderRespType") }
      return form
    }
    let type = parameters.query["type"] ?? ""
    return type == "MARKET" || type == "LIMIT" ? .full : .acknowledgement
  }

  mutating func readSpotOrder(_ parameters: Parameters, _ caller: Caller) throws(VenueError) -> OrderRecord {
    let symbol = try symbol(parameters)
    let side = try readSide(parameters, "side")
    let type = try parameters.required("type")
    guard OrderNames.spotTypes.contains(type) else { throw VenueError(-1116, "Invalid orderType.") }
    let clientID = try parameters.clientID("newClientOrderId")
    var record = newRecord(symbol, caller, clientID)
    (record.side, record.type) = (side, type)
    if OrderNames.kind(type, .spot).hasLimitPrice && type != "LIMIT_MAKER" {
      record.timeInForce = try readTimeInForce(parameters, "timeInForce")
    } else {
      try parameters.refuse("timeInForce")
    }
    record.prevention = try readPrevention(parameters, fallback: "NONE")
    (record.strategyID, record.strategyType) = try readStrategy(parameters, "strategy")
    try readNumbers(parameters, LegNames(), &record)
    return record
  }

  mutating func newRecord(_ symbol: VenueSymbol, _ caller: Caller, _ clientID: String?) -> OrderRecord {
    let clientID = clientID ?? drawClientID()
    var record = OrderRecord(
      account: caller.account, symbol: symbol, wireID: ledger.wireID(for: clientID, of: caller.account),
      clientID: clientID)
    record.signed = caller.signed
    return record
  }

  func readSide(_ parameters: Parameters, _ name: String) throws(VenueError) -> Side {
    switch try parameters.required(name) {
    case "BUY": .buy
    case "SELL": .sell
    default: throw VenueError(-1117, "Invalid side.")
    }
  }

  func readTimeInForce(_ parameters: Parameters, _ name: String) throws(VenueError) -> String {
    let text = try parameters.required(name)
    guard ["GTC", "IOC", "FOK"].contains(text) else { throw VenueError(-1115, "Invalid timeInForce.") }
    return text
  }

  func readPrevention(_ parameters: Parameters, fallback: String) throws(VenueError) -> String {
    guard let text = try parameters.text("selfTradePreventionMode") else { return fallback }
    guard OrderNames.prevention(text) != nil else {
      throw VenueError(-1013, "This symbol does not allow the specified self-trade prevention mode.")
    }
    return text
  }

  func readStrategy(_ parameters: Parameters, _ prefix: String) throws(VenueError) -> (Int64?, Int64?) {
    let type = try parameters.integer("\(prefix)Type")
    if let type, type < 1_000_000 { throw Parameters.invalid("\(prefix)Type") }
    return (try parameters.integer("\(prefix)Id"), type)
  }

  /// Where the numbers of an order, or of a leg of a list, are found.
  struct LegNames {
    var price = "price"
    var quantity = "quantity"
    var stopPrice = "stopPrice"
    var trailingDelta = "trailingDelta"
    var iceberg = "icebergQty"
    var mayQuote = true
  }

  func readNumbers(_ parameters: Parameters, _ names: LegNames, _ record: inout OrderRecord) throws(VenueError) {
    let kind = OrderNames.kind(record.type, .spot)
    for name in ["pegPriceType", "pegOffsetType", "pegOffsetValue"] where parameters.has(name) {
      throw VenueError(-1014, "Pegged orders are not supported here.")
    }
    if kind.hasLimitPrice {
      record.price = try readPrice(parameters, names.price, record.symbol)
    } else {
      try parameters.refuse(names.price)
    }
    try readQuantity(parameters, names, kind, &record)
    if kind.isConditional {
      try readTrigger(parameters, names, kind, &record)
    } else {
      try parameters.refuse(names.stopPrice, names.trailingDelta)
    }
    if let iceberg = try parameters.decimal(names.iceberg), !iceberg.isZero {
      guard kind.hasLimitPrice, record.timeInForce == "GTC" else {
        throw Parameters.notNeeded(names.iceberg)
      }
      record.display = try quantity(iceberg, names.iceberg, record.symbol)
      guard (record.quantity + record.display - 1) / max(record.display, 1) <= 100 else {
        throw VenueError(-1013, "Filter failure: ICEBERG_PARTS")
      }
    }
  }

  private func readQuantity(
    _ parameters: Parameters, _ names: LegNames, _ kind: OrderKind, _ record: inout OrderRecord
  ) throws(VenueError) {
    guard names.mayQuote, kind == .market, parameters.has("quoteOrderQty") else {
      if names.mayQuote { try parameters.refuse("quoteOrderQty") }
      guard names.mayQuote, kind == .market, !parameters.has("quantity") else {
        let given = try parameters.requiredDecimal(names.quantity)
        return record.quantity = try quantity(given, names.quantity, record.symbol)
      }
      throw VenueError(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
    }
    guard !parameters.has("quantity") else {
      throw VenueError(-1128, "Combination of optional parameters invalid.")
    }
    let spent = try parameters.requiredDecimal("quoteOrderQty")
    guard spent.normalized.scale <= Self.assetDecimals else {
      throw VenueError(-1111, "Parameter 'quoteOrderQty' has too much precision.")
    }
    guard let money = Money(mantissa: spent.mantissa, scale: Int(spent.scale)), money > .zero else {
      throw Parameters.invalid("quoteOrderQty")
    }
    guard money >= record.symbol.rules.minNotional else { throw VenueError(-1013, "Filter failure: NOTIONAL") }
    record.quoteQuantity = money
    record.quantity = quantity(for: money, record.side, record.symbol)
    guard record.quantity > 0 else { throw VenueError(-1013, "Filter failure: LOT_SIZE") }
  }

  /// How much a market order gets for so much of the quote asset, by what the book shows now.
  private func quantity(for money: Money, _ side: Side, _ symbol: VenueSymbol) -> Int64 {
    var (left, quantity) = (money.units, Int64(0))
    let unit = Int128(PowerOfTen.int64(Money.decimals - Int(symbol.rules.priceScale) - Int(symbol.rules.quantityScale)))
    venue.exchange.forEachLevel(of: symbol.number, side.opposite, count: Limits.bookDepth) { price, shown in
      guard left > 0 else { return }
      let affordable = Int64(clamping: left / (Int128(price) * unit))
      let taken = min(affordable, shown)
      quantity += taken
      left = taken < shown ? 0 : left - Int128(price) * Int128(taken) * unit
    }
    return quantity - quantity % max(symbol.rules.lot, 1)
  }

  private func readTrigger(
    _ parameters: Parameters, _ names: LegNames, _ kind: OrderKind, _ record: inout OrderRecord
  ) throws(VenueError) {
    let delta = try parameters.integer(names.trailingDelta)
    guard parameters.has(names.stopPrice) || delta != nil else {
      throw VenueError(
        -1102, "Param '\(names.stopPrice)' or '\(names.trailingDelta)' must be sent, but both were empty/null!")
    }
    if parameters.has(names.stopPrice) {
      record.stopPrice = try readPrice(parameters, names.stopPrice, record.symbol)
    }
    guard let delta else { return }
    guard Self.trailingDeltaRange.contains(delta) else { throw VenueError(-1013, "Filter failure: TRAILING_DELTA") }
    // The exchange trails with market orders that stop a loss, and with no others.
    guard record.type == "STOP_LOSS" else { throw VenueError(-1014, "Unsupported order combination.") }
    record.trailingDelta = delta
    record.trailPpm = delta * 100
  }

  func readPrice(_ parameters: Parameters, _ name: String, _ symbol: VenueSymbol) throws(VenueError) -> Int64 {
    let value = try parameters.requiredDecimal(name)
    guard value.normalized.scale <= Self.assetDecimals else {
      throw VenueError(-1111, "Parameter '\(name)' has too much precision.")
    }
    guard let wide = value.exactMantissa(scale: Int(symbol.rules.priceScale)), let price = Int64(exactly: wide),
      price > 0, price % max(symbol.rules.tick, 1) == 0
    else { throw VenueError(-1013, "Filter failure: PRICE_FILTER") }
    return price
  }

  func quantity(_ value: Decimal, _ name: String, _ symbol: VenueSymbol) throws(VenueError) -> Int64 {
    guard value.normalized.scale <= Self.assetDecimals else {
      throw VenueError(-1111, "Parameter '\(name)' has too much precision.")
    }
    guard let wide = value.exactMantissa(scale: Int(symbol.rules.quantityScale)), let quantity = Int64(exactly: wide)
    else { throw VenueError(-1013, "Filter failure: LOT_SIZE") }
    guard quantity > 0 else { throw VenueError(-1013, "Invalid quantity.") }
    guard symbol.rules.isValid(Quantity(mantissa: quantity)) else {
      throw VenueError(-1013, "Filter failure: LOT_SIZE")
    }
    return quantity
  }

  /// What the exchange would say first to an order that is only tested.
  func judge(_ record: OrderRecord) -> VenueError? {
    let symbol = record.symbol
    let last = venue.exchange.top(of: symbol.number, at: .zero).last
    let price = record.price != 0 ? record.price : max(record.stopPrice, last)
    return symbol.notional(price, record.quantity) < symbol.rules.minNotional
      ? VenueError(-1013, "Filter failure: NOTIONAL") : nil
  }
}

/// How much the answer to a placement says.
enum ResponseForm: String, Sendable {
  case acknowledgement = "ACK"
  case result = "RESULT"
  case full = "FULL"
}
