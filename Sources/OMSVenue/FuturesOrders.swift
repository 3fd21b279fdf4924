import OMSLib

/// Placing and reading futures orders.
extension VenueServer where Recorder: ~Copyable {
  /// A date of an order's end is at least so far ahead.
  private static var goodTillAhead: Int64 { 600_000 }
  private static var goodTillMax: Int64 { 253_402_300_799_000 }

  mutating func placeFuturesOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let record = try readFuturesOrder(
      parameters, caller, prevention: caller.isSocket ? "NONE" : "EXPIRE_MAKER", at: time)
    let isFinal = try parameters.word(
      "newOrderRespType", of: ["ACK", "RESULT"], Parameters.invalid("newOrderRespType"))
    if let error = duplicate(record) { throw error }
    try countOrders(1, &caller, at: time)
    ledger.add(record)
    run([record.request], for: caller, at: time) { server, outcomes, time in
      server.answer(caller, server.placedFutures(record, outcomes[0], caller, isFinal == "RESULT"), at: time)
    }
  }

  mutating func testFuturesOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let record = try readFuturesOrder(parameters, caller, prevention: "EXPIRE_MAKER", at: time)
    ask(for: caller, at: time) { server, time in
      server.answer(caller, .success(FuturesJSON.order(OrderView(record), caller.face, isAnswer: true)), at: time)
    }
  }

  /// The answer to a placement. An order that had to fill at once or not at all, and did not, leaves no trace.
  mutating func placedFutures(
    _ record: OrderRecord, _ outcome: Outcome, _ caller: Caller, _ isFinal: Bool
  ) -> Result<[UInt8], VenueError> {
    guard let event = outcome.event, let view = view(of: record.key, accepted: event) else {
      ledger.remove(record.key)
      let error = outcome.refusal.map { self.error(of: $0, .usdm, .order) }
      return .failure(
        error ?? VenueError(-1006, "An unexpected response was received from the message bus.", status: 503))
    }
    if record.timeInForce == "FOK", view.status == "EXPIRED", view.filled == 0 {
      ledger.update(record.key) { $0.isHidden = true }
      return .failure(Self.fillOrKillFailed)
    }
    return .success(FuturesJSON.order(isFinal ? view : view.beforeTrades, caller.face, isAnswer: true))
  }

  // MARK: - Batches

  /// Orders of one request.
  private static var batchMax: Int { 5 }

  /// The objects of a parameter that is a JSON array, each as parameters of its own.
  func readBatch(_ parameters: Parameters, _ name: String) throws(VenueError) -> [Parameters] {
    let text = try parameters.required(name)
    guard let document = try? JSONReader.read(text), document.root.isArray else { throw Parameters.invalid(name) }
    let rows = document.root.elements
    guard !rows.isEmpty, rows.count <= Self.batchMax, rows.allSatisfy(\.isObject) else {
      throw VenueError(-4082, "Invalid number of batch place orders.")
    }
    return rows.map { row in
      var query = VenueQuery()
      for member in row.members {
        query.set(member.name, member.value.string ?? String(decoding: member.value.source, as: UTF8.self))
      }
      return Parameters(query: query, product: .usdm)
    }
  }

  mutating func placeBatch(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let batch = try readBatch(parameters, "batchOrders")
    // Once in the shorter window for each order, once in the longer one for the batch.
    try countOrders(batch.count, &caller, at: time)
    rates.count([0, 1 - batch.count], of: caller.owner, at: time.utc)
    caller.counted = []
    var rows: [[UInt8]?] = []
    var records: [OrderRecord] = []
    for row in batch {
      do throws(VenueError) {
        let record = try readFuturesOrder(row, caller, prevention: "NONE", at: time)
        if let error = duplicate(record) { throw error }
        ledger.add(record)
        records.append(record)
        rows.append(nil)
      } catch {
        rows.append(error.body)
      }
    }
    let (answers, placed, last) = (rows, records, caller)
    run(placed.map(\.request), for: caller, at: time) { server, outcomes, time in
      var results: [[UInt8]] = []
      for (record, outcome) in zip(placed, outcomes) {
        switch server.placedFutures(record, outcome, last, false) {
        case .success(let body): results.append(body)
        case .failure(let error): results.append(error.body)
        }
      }
      server.answer(last, .success(Self.merged(answers, results)), at: time)
    }
  }

  /// Fills the places that had no answer yet, in order.
  static func merged(_ answers: [[UInt8]?], _ results: [[UInt8]]) -> [UInt8] {
    var rest = results[...]
    return array(answers.map { $0 ?? rest.popFirst() ?? [] })
  }

  // MARK: - Reading

  mutating func readFuturesOrder(
    _ parameters: Parameters, _ caller: Caller, prevention: String, at time: ServerTime
  ) throws(VenueError) -> OrderRecord {
    let symbol = try symbol(parameters)
    let side = try readSide(parameters, "side")
    let type = try parameters.required("type")
    guard !OrderNames.algoTypes.contains(type) else {
      throw VenueError(
        -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.")
    }
    guard OrderNames.futuresTypes.contains(type) else { throw VenueError(-1116, "Invalid orderType.") }
    var record = newRecord(symbol, caller, try parameters.clientID("newClientOrderId"))
    (record.side, record.type) = (side, type)
    try readShared(parameters, prevention: prevention, &record, at: time)
    guard !(try parameters.flag("closePosition") ?? false) else {
      throw VenueError(-4136, "Target strategy invalid for orderType '\(type)', closePosition 'true'.")
    }
    record.quantity = try futuresQuantity(parameters, "quantity", symbol, isMarket: type == "MARKET")
    return record
  }

  /// What plain and conditional orders have in common: everything but the quantity and the trigger.
  mutating func readShared(
    _ parameters: Parameters, prevention: String, _ record: inout OrderRecord, at time: ServerTime
  ) throws(VenueError) {
    let hasLimit = OrderNames.kind(record.type, .usdm).hasLimitPrice
    try readPosition(parameters, &record)
    if let text = try parameters.text("timeInForce") {
      guard ["GTC", "IOC", "FOK", "GTX", "GTD"].contains(text) else {
        throw text == "RPI"
          ? VenueError(-4188, "This account is not allowed to place RPI orders.")
          : VenueError(-1115, "Invalid timeInForce.")
      }
      guard hasLimit || record.algoID != 0 else { throw Parameters.notNeeded("timeinforce") }
      record.timeInForce = text
    } else if hasLimit && record.algoID == 0 {
      throw Parameters.missing("timeInForce")
    }
    record.prevention = try readPrevention(parameters, fallback: prevention)
    try readGoodTill(parameters, &record, at: time)
    record.priceMatch = try parameters.text("priceMatch") ?? "NONE"
    guard hasLimit else {
      guard record.priceMatch == "NONE" else { throw Parameters.notNeeded("priceMatch") }
      return try parameters.refuse("price")
    }
    if record.priceMatch == "NONE" {
      record.price = try futuresPrice(parameters, "price", record.symbol)
    } else {
      guard !parameters.has("price") else {
        throw VenueError(-5038, "Price is not allowed with priceMatch.")
      }
      record.price = try matchedPrice(record)
    }
  }

  private func readPosition(_ parameters: Parameters, _ record: inout OrderRecord) throws(VenueError) {
    let isHedged = venue.exchange.isHedged(record.account)
    switch try parameters.text("positionSide") {
    case nil, "BOTH": record.positionSide = .net
    case "LONG": record.positionSide = .long
    case "SHORT": record.positionSide = .short
    default: throw VenueError(-4060, "Invalid position side.")
    }
    guard (record.positionSide != .net) == isHedged else {
      throw VenueError(-4061, "Order's position side does not match user's setting.")
    }
    record.isReduceOnly = try parameters.flag("reduceOnly") ?? false
    if isHedged && parameters.has("reduceOnly") { throw Parameters.notNeeded("reduceonly") }
  }

  private func readGoodTill(
    _ parameters: Parameters, _ record: inout OrderRecord, at time: ServerTime
  ) throws(VenueError) {
    guard record.timeInForce == "GTD" else { return }
    let date = try parameters.requiredInteger("goodTillDate")
    guard date > time.milliseconds + Self.goodTillAhead, date < Self.goodTillMax else {
      throw VenueError(-5040, "The GoodTillDate timestamp must be greater than the current time plus 600 seconds.")
    }
    // By the second.
    record.goodTillDate = date / 1_000 * 1_000
  }

  func futuresPrice(_ parameters: Parameters, _ name: String, _ symbol: VenueSymbol) throws(VenueError) -> Int64 {
    let value = try parameters.requiredDecimal(name)
    guard let wide = value.exactMantissa(scale: Int(symbol.rules.priceScale)), let price = Int64(exactly: wide) else {
      throw VenueError(-1111, "Precision is over the maximum defined for this asset.")
    }
    guard price > 0 else {
      throw name == "price" ? VenueError(-4001, "Price less than 0.") : VenueError(-4006, "Stop price less than zero.")
    }
    guard price % max(symbol.rules.tick, 1) == 0 else { throw VenueError(-4014, "Price not increased by tick size.") }
    return price
  }

  func futuresQuantity(
    _ parameters: Parameters, _ name: String, _ symbol: VenueSymbol, isMarket: Bool
  ) throws(VenueError) -> Int64 {
    let value = try parameters.requiredDecimal(name)
    guard let wide = value.exactMantissa(scale: Int(symbol.rules.quantityScale)), let quantity = Int64(exactly: wide)
    else { throw VenueError(-1111, "Precision is over the maximum defined for this asset.") }
    guard quantity > 0 else { throw VenueError(-4003, "Quantity less than or equal to zero.") }
    guard quantity >= symbol.rules.minQuantity else { throw VenueError(-4004, "Quantity less than min quantity.") }
    guard symbol.rules.maxQuantity == 0 || quantity <= symbol.rules.maxQuantity else {
      throw VenueError(-4005, "Quantity greater than max quantity.")
    }
    guard quantity % max(symbol.rules.lot, 1) == 0 else {
      throw VenueError(-4023, "Quantity not increased by step size.")
    }
    return quantity
  }

  /// The price that the book has at the place a client names instead of one.
  func matchedPrice(_ record: OrderRecord) throws(VenueError) -> Int64 {
    let parts = record.priceMatch.split(separator: "_")
    guard let first = parts.first, first == "OPPONENT" || first == "QUEUE", parts.count <= 2,
      parts.count == 1 || ["5", "10", "20"].contains(parts[1])
    else { throw VenueError(-5037, "Invalid price match.") }
    let place = parts.count == 1 ? 1 : Int(parts[1]) ?? 1
    let side = first == "OPPONENT" ? record.side.opposite : record.side
    var (count, price) = (0, Int64(0))
    venue.exchange.forEachLevel(of: record.symbol.number, side, count: place) { level, _ in
      count += 1
      if count == place { price = level }
    }
    guard price != 0 else { throw VenueError(-5041, "No depth matches this BBO order.") }
    return price
  }
}

extension OrderView {
  /// As it was before it met the book: what an acknowledgement shows.
  var beforeTrades: OrderView {
    var view = self
    (view.status, view.filled, view.quote, view.isOpen, view.endReason) = ("NEW", 0, .zero, true, nil)
    return view
  }
}
