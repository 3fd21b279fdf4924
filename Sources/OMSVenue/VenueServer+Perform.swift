import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// Does what was asked, or says why not. The answer comes with one of the next turns.
  mutating func perform(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    switch operation {
    case .startListenKey, .extendListenKey, .closeListenKey:
      try performListenKey(operation, parameters, caller, at: time)
    case .sessionLogon, .sessionStatus, .sessionLogout, .subscriptions, .subscribe, .subscribeBySignature,
      .unsubscribe:
      try performSession(operation, parameters, caller, at: time)
    default:
      if caller.product == .spot {
        try performSpot(operation, parameters, caller, at: time)
      } else {
        try performFutures(operation, parameters, caller, at: time)
      }
    }
  }

  private mutating func performSpot(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    switch operation {
    case .placeOrder: try placeSpotOrder(parameters, caller, at: time)
    case .testOrder: try testSpotOrder(parameters, caller, at: time)
    case .cancelOrder: try cancelSpotOrder(parameters, caller, at: time)
    case .cancelOpenOrders: try cancelSpotOpenOrders(parameters, caller, at: time)
    case .cancelReplace: try cancelReplace(parameters, caller, at: time)
    case .amendOrder: try amendSpotOrder(parameters, caller, at: time)
    case .queryOrder: try querySpotOrder(parameters, caller, at: time)
    case .openOrders: try querySpotOpenOrders(parameters, caller, at: time)
    case .allOrders: try queryAllSpotOrders(parameters, caller, at: time)
    case .amendments: try queryAmendments(parameters, caller, at: time)
    case .trades: try querySpotTrades(parameters, caller, at: time)
    case .account: try querySpotAccount(parameters, caller, at: time)
    case .commission: try querySpotCommission(parameters, caller, at: time)
    case .orderRates: queryOrderRates(caller, at: time)
    case .placeOCO: try placeOCO(parameters, caller, at: time)
    case .placeOTO: try placeOTO(parameters, caller, at: time)
    case .placeOTOCO: try placeOTOCO(parameters, caller, at: time)
    case .cancelList: try cancelList(parameters, caller, at: time)
    case .queryList: try queryList(parameters, caller, at: time)
    case .openLists: queryOpenLists(caller, at: time)
    case .allLists: try queryAllLists(parameters, caller, at: time)
    default: preconditionFailure("a route of the other product")
    }
  }

  /// The symbol that a request names.
  func symbol(_ parameters: Parameters) throws(VenueError) -> VenueSymbol {
    let name = try parameters.required("symbol")
    guard let symbol = symbols.symbol(name, parameters.product) else { throw Self.unknownSymbol }
    return symbol
  }

  func symbolIfGiven(_ parameters: Parameters) throws(VenueError) -> VenueSymbol? {
    parameters.has("symbol") ? try symbol(parameters) : nil
  }

  /// An id of 22 letters and digits, as the exchange gives where the client gave none.
  mutating func drawClientID() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    return String(decoding: (0..<22).map { _ in alphabet[Int(random.below(UInt64(alphabet.count)))] }, as: UTF8.self)
  }

  mutating func drawExecution() -> UInt64 {
    executionNumber += 1
    return executionNumber
  }

  /// How an order stands now, by the exchange's rows.
  mutating func view(of record: OrderRecord) -> OrderView {
    ledger.resolve(record.account, record.wireID, venue.exchange)
    let record = ledger.record(record.key) ?? record
    let isHeld = record.held != nil && record.number == 0
    guard !isHeld, let facts = venue.exchange.order(of: record.account, record.wireID) ?? record.last else {
      return OrderView(record)
    }
    return OrderView(record, facts)
  }

  /// How it stood right after the exchange took it.
  mutating func view(of key: OrderKey, accepted event: VenueEvent) -> OrderView? {
    ledger.resolve(key.account, key.wireID, venue.exchange)
    guard let record = ledger.record(key), let facts = venue.exchange.order(of: key.account, key.wireID) else {
      return nil
    }
    return OrderView(record, facts, accepted: event.venueTime)
  }

  /// The order that a request means: by `orderId`, else by the client's id; both have to agree.
  mutating func record(
    _ parameters: Parameters, _ caller: Caller, _ symbol: VenueSymbol, id: String = "orderId",
    clientID: String = "origClientOrderId", absent: VenueError
  ) throws(VenueError) -> OrderRecord {
    let number = try parameters.integer(id)
    let text = try parameters.text(clientID)
    guard number != nil || text != nil else {
      throw VenueError(-1102, "Param '\(clientID)' or '\(id)' must be sent, but both were empty/null!")
    }
    // An order whose acceptance was never told has its number in the exchange all the same.
    if let number, let record = ledger.record(UInt64(clamping: number), of: caller.account, symbol) {
      if let text, record.clientID != text {
        throw VenueError(-2039, "Client order ID is not correct for this order ID.")
      }
      return record
    }
    if number == nil, let text, let record = ledger.record(text, of: caller.account, symbol) { return record }
    throw absent
  }

  // MARK: - Order counts

  /// Counts so many orders against the account's windows, or refuses them.
  mutating func countOrders(_ count: Int, _ caller: inout Caller, at time: ServerTime) throws(VenueError) {
    caller.countsOrders = true
    if let rule = rates.broken(by: count, of: caller.owner, at: time.utc) {
      let unit = "\(rule.intervalNumber) \(rule.interval)"
      throw VenueError(
        -1015, "Too many new orders; current limit is \(rule.limit) orders per \(unit).", status: 429,
        until: rule.end(at: time.utc))
    }
    caller.counted = rates.orderRules(caller.product).map { _ in count }
    rates.count(caller.counted, of: caller.owner, at: time.utc)
  }

  mutating func queryOrderRates(_ caller: Caller, at time: ServerTime) {
    ask(for: caller, at: time) { server, time in
      let counts = server.rates.orderCounts(of: caller.owner, at: time.utc)
      let rows = zip(server.rates.orderRules(caller.product), counts).map { rule, count in
        guard caller.product == .usdm else { return Self.rateLimit(rule, count) }
        return object { writer in
          writer.member("rateLimitType", rule.kind.rawValue)
          writer.member("interval", rule.interval)
          writer.member("intervalNum", rule.intervalNumber)
          writer.member("limit", rule.limit)
        }
      }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }
}
