import OMSLib

/// Placing, cancelling and asking for order lists.
extension VenueServer where Recorder: ~Copyable {
  /// Lists of one symbol that an account may have.
  private static var listMax: Int { 20 }

  // MARK: - OCO

  mutating func placeOCO(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let symbol = try symbol(parameters)
    let side = try readSide(parameters, "side")
    let above = try readLeg(parameters, "above", "quantity", side, symbol, caller)
    let below = try readLeg(parameters, "below", "quantity", side, symbol, caller)
    let (limit, stop) = try Self.pair(above, below)
    let clientID = try parameters.clientID("listClientOrderId") ?? drawClientID()
    let form = try listForm(parameters)
    try checkListCount(caller.account, symbol)
    try countOrders(2, &caller, at: time)
    let list = addList([above, below], caller, symbol, "OCO", clientID) { list in
      (list.limitLeg, list.stopLeg) = (limit.key, stop.key)
    }
    hold(stop.key)
    guard hasGoodPrices(list) else {
      forget(list)
      rates.count(caller.counted.map { -$0 }, of: caller.owner, at: time.utc)
      throw VenueError(-2010, "The relationship of the prices for the orders is not correct.")
    }
    begin(list, limit.key, caller, form, at: time) { server, time in server.arm(stop.key, list.id, at: time) }
  }

  /// One leg takes profit, the other stops a loss.
  private static func pair(_ above: OrderRecord, _ below: OrderRecord) throws(VenueError) -> (OrderRecord, OrderRecord)
  {
    func isLimit(_ leg: OrderRecord) -> Bool {
      leg.type == "LIMIT_MAKER" || leg.type == "TAKE_PROFIT" || leg.type == "TAKE_PROFIT_LIMIT"
    }
    guard isLimit(above) != isLimit(below) else { throw VenueError(-1014, "Unsupported order combination.") }
    return isLimit(above) ? (above, below) : (below, above)
  }

  // MARK: - OTO and OTOCO

  mutating func placeOTO(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let symbol = try symbol(parameters)
    let working = try readWorking(parameters, symbol, caller)
    let side = try readSide(parameters, "pendingSide")
    let pending = try readLeg(parameters, "pending", "pendingQuantity", side, symbol, caller, isPending: true)
    let clientID = try parameters.clientID("listClientOrderId") ?? drawClientID()
    let form = try listForm(parameters)
    try checkListCount(caller.account, symbol)
    try countOrders(2, &caller, at: time)
    let list = addList([working, pending], caller, symbol, "OTO", clientID) { list in
      (list.working, list.pending) = (working.key, [pending.key])
    }
    hold(pending.key)
    begin(list, working.key, caller, form, at: time) { server, time in server.tellPending(list, at: time) }
  }

  mutating func placeOTOCO(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let symbol = try symbol(parameters)
    let working = try readWorking(parameters, symbol, caller)
    let side = try readSide(parameters, "pendingSide")
    let above = try readLeg(parameters, "pendingAbove", "pendingQuantity", side, symbol, caller)
    let below = try readLeg(parameters, "pendingBelow", "pendingQuantity", side, symbol, caller)
    let (limit, stop) = try Self.pair(above, below)
    let clientID = try parameters.clientID("listClientOrderId") ?? drawClientID()
    let form = try listForm(parameters)
    try checkListCount(caller.account, symbol)
    try countOrders(3, &caller, at: time)
    let list = addList([working, above, below], caller, symbol, "OTO", clientID) { list in
      (list.working, list.pending) = (working.key, [above.key, below.key])
      (list.limitLeg, list.stopLeg) = (limit.key, stop.key)
    }
    hold(above.key)
    hold(below.key)
    begin(list, working.key, caller, form, at: time) { server, time in server.tellPending(list, at: time) }
  }

  private mutating func tellPending(_ list: OrderList, at time: ServerTime) {
    for key in list.pending {
      if let record = ledger.record(key) { tellHeld(record, "NEW", at: time) }
    }
  }

  // MARK: - Reading

  private mutating func readWorking(
    _ parameters: Parameters, _ symbol: VenueSymbol, _ caller: Caller
  ) throws(VenueError) -> OrderRecord {
    let type = try parameters.required("workingType")
    guard type == "LIMIT" || type == "LIMIT_MAKER" else { throw VenueError(-1014, "Unsupported order combination.") }
    return try readLeg(
      parameters, "working", "workingQuantity", try readSide(parameters, "workingSide"), symbol, caller, isPending: true
    )
  }

  private mutating func readLeg(
    _ parameters: Parameters, _ prefix: String, _ quantity: String, _ side: Side, _ symbol: VenueSymbol,
    _ caller: Caller, isPending: Bool = false
  ) throws(VenueError) -> OrderRecord {
    let type = try parameters.required("\(prefix)Type")
    guard OrderNames.spotTypes.contains(type) else { throw VenueError(-1116, "Invalid orderType.") }
    guard isPending || !["LIMIT", "MARKET"].contains(type) else {
      throw VenueError(-1014, "Unsupported order combination.")
    }
    var record = newRecord(symbol, caller, try parameters.clientID("\(prefix)ClientOrderId"))
    (record.side, record.type) = (side, type)
    if OrderNames.kind(type, .spot).hasLimitPrice && type != "LIMIT_MAKER" {
      record.timeInForce = try readTimeInForce(parameters, "\(prefix)TimeInForce")
    } else {
      try parameters.refuse("\(prefix)TimeInForce")
    }
    record.prevention = try readPrevention(parameters, fallback: "NONE")
    (record.strategyID, record.strategyType) = try readStrategy(parameters, "\(prefix)Strategy")
    guard !parameters.has("\(prefix)TrailingDelta") else { throw VenueError(-1014, "Unsupported order combination.") }
    try readNumbers(
      parameters,
      LegNames(
        price: "\(prefix)Price", quantity: quantity, stopPrice: "\(prefix)StopPrice",
        trailingDelta: "\(prefix)TrailingDelta", iceberg: "\(prefix)IcebergQty", mayQuote: false), &record)
    if let error = judge(record) ?? duplicate(record) { throw error }
    return record
  }

  private func listForm(_ parameters: Parameters) throws(VenueError) -> ResponseForm {
    guard let text = try parameters.text("newOrderRespType") else { return .result }
    guard let form = ResponseForm(rawValue: text) else { throw Parameters.invalid("newOrderRespType") }
    return form
  }

  private func checkListCount(_ account: UInt16, _ symbol: VenueSymbol) throws(VenueError) {
    let count = lists.lists(of: account).filter { $0.isExecuting && $0.symbol.number == symbol.number }.count
    guard count < Self.listMax else { throw VenueError(-1013, "Filter failure: MAX_NUM_ORDER_LISTS") }
  }

  // MARK: - Beginning

  private mutating func addList(
    _ legs: [OrderRecord], _ caller: Caller, _ symbol: VenueSymbol, _ contingency: String, _ clientID: String,
    _ change: (inout OrderList) -> Void
  ) -> OrderList {
    let list = lists.add { id in
      var list = OrderList(
        id: id, account: caller.account, symbol: symbol, contingency: contingency, clientID: clientID,
        legs: legs.map(\.key))
      change(&list)
      return list
    }
    for leg in legs {
      var leg = leg
      leg.listID = list.id
      ledger.add(leg)
    }
    return list
  }

  private mutating func hold(_ key: OrderKey) {
    ledger.update(key) { $0.held = .pending }
    ledger.numberHeld(key)
  }

  private mutating func forget(_ list: OrderList) {
    for key in list.legs { ledger.remove(key) }
    lists.remove(list.id)
  }

  /// Places the first leg; with it the list begins.
  private mutating func begin(
    _ list: OrderList, _ first: OrderKey, _ caller: Caller, _ form: ResponseForm, at time: ServerTime,
    then: @escaping (inout VenueServer, ServerTime) -> Void
  ) {
    guard let record = ledger.record(first) else { return }
    run([record.request], for: caller, at: time) { server, outcomes, time in
      guard let event = outcomes[0].event, let view = server.view(of: first, accepted: event) else {
        server.forget(list)
        let error = outcomes[0].refusal.map { server.error(of: $0, .spot, .order) } ?? Self.unknownOrder
        return server.answer(caller, .failure(error), at: time)
      }
      server.lists.update(list.id) { $0.time = event.venueTime }
      for key in list.legs where key != first {
        server.ledger.update(key) { ($0.created, $0.heldSince) = (event.venueTime, event.venueTime) }
      }
      server.tellList(list.id, "EXEC_STARTED", "EXECUTING", at: time)
      then(&server, time)
      let reports = list.legs.compactMap { key -> [UInt8]? in
        let leg = key == first ? view : server.ledger.record(key).map { OrderView($0) }
        return leg.map {
          SpotJSON.placed($0, form == .acknowledgement ? .acknowledgement : .result, caller.face, event.venueTime)
        }
      }
      let body = server.listBody(list.id, "EXEC_STARTED", "EXECUTING", caller.face, reports: reports)
      server.answer(caller, .success(body), at: time)
    }
  }

  // MARK: - Cancelling and asking

  mutating func cancelList(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let list = try findList(parameters, caller, id: "listClientOrderId", Self.unknownOrder)
    guard list.symbol.number == symbol.number, list.isExecuting else { throw Self.unknownOrder }
    let cancelID = try parameters.clientID("newClientOrderId") ?? drawClientID()
    var real: [OrderRecord] = []
    for key in list.legs {
      guard let record = ledger.record(key), venue.exchange.order(of: key.account, key.wireID)?.isOpen == true else {
        continue
      }
      ledger.update(key) { $0.cancelID = cancelID }
      real.append(record)
    }
    run(real.map { $0.request(.cancelOrder) }, for: caller, at: time) { server, outcomes, time in
      guard outcomes.isEmpty || outcomes.contains(where: { $0.event != nil }) else {
        return server.answer(caller, .failure(Self.unknownOrder), at: time)
      }
      server.endList(list.id, cancelID: cancelID, at: time)
      server.answer(caller, .success(server.cancelledList(list.id, cancelID, caller.face)), at: time)
    }
  }

  private func findList(
    _ parameters: Parameters, _ caller: Caller, id name: String, _ absent: VenueError
  ) throws(VenueError) -> OrderList {
    let number = try parameters.integer("orderListId")
    let text = try parameters.text(name)
    guard number != nil || text != nil else {
      throw VenueError(-1102, "Param '\(name)' or 'orderListId' must be sent, but both were empty/null!")
    }
    if let number, let list = lists[number], list.account == caller.account { return list }
    let found = lists.lists(of: caller.account).last { $0.clientID == text }
    guard number == nil, let found else { throw absent }
    return found
  }

  mutating func queryList(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let name = parameters.has("listClientOrderId") ? "listClientOrderId" : "origClientOrderId"
    let list = try findList(parameters, caller, id: name, VenueError(-2013, "Order list does not exist."))
    ask(for: caller, at: time) { server, time in
      server.answer(caller, .success(server.listBody(list.id, caller.face)), at: time)
    }
  }

  mutating func queryOpenLists(_ caller: Caller, at time: ServerTime) {
    ask(for: caller, at: time) { server, time in
      let open = server.lists.lists(of: caller.account).filter(\.isExecuting)
      server.answer(caller, .success(array(open.map { server.listBody($0.id, caller.face) })), at: time)
    }
  }

  mutating func queryAllLists(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let first = try parameters.integer("fromId")
    let (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
    let limit = try parameters.limit(500, most: 1_000)
    ask(for: caller, at: time) { server, time in
      let found = server.lists.lists(of: caller.account).filter { list in
        (first == nil || list.id >= first ?? 0) && (start == nil || list.time >= start ?? .zero)
          && (end == nil || list.time <= end ?? .zero)
      }
      let shown = first == nil && start == nil ? Array(found.suffix(limit)) : Array(found.prefix(limit))
      server.answer(caller, .success(array(shown.map { server.listBody($0.id, caller.face) })), at: time)
    }
  }

  // MARK: - Bodies

  /// A list as it stands.
  private func listBody(_ id: Int64, _ face: TimeFace) -> [UInt8] {
    let isExecuting = lists[id]?.isExecuting ?? false
    return listBody(
      id, isExecuting ? "EXEC_STARTED" : "ALL_DONE", isExecuting ? "EXECUTING" : "ALL_DONE", face, reports: nil)
  }

  mutating func cancelledList(_ id: Int64, _ cancelID: String, _ face: TimeFace) -> [UInt8] {
    let reports = (lists[id]?.legs ?? []).compactMap { ledger.record($0) }.map { record in
      let view = self.view(of: record)
      return SpotJSON.cancelled(view, cancelID: cancelID, face, view.updated)
    }
    return listBody(id, "ALL_DONE", "ALL_DONE", face, reports: reports)
  }

  private func listBody(
    _ id: Int64, _ type: String, _ status: String, _ face: TimeFace, reports: [[UInt8]]?
  ) -> [UInt8] {
    guard let list = lists[id] else { return object { _ in } }
    return object { writer in
      writer.member("orderListId", list.id)
      writer.member("contingencyType", list.contingency)
      writer.member("listStatusType", type)
      writer.member("listOrderStatus", status)
      writer.member("listClientOrderId", list.clientID)
      writer.member("transactionTime", list.time, face)
      writer.member("symbol", list.symbol.name)
      writer.name("orders")
      writer.beginArray()
      for record in list.legs.compactMap({ ledger.record($0) }) {
        writer.beginObject()
        writer.member("symbol", list.symbol.name)
        writer.member("orderId", record.orderID)
        writer.member("clientOrderId", record.clientID)
        writer.endObject()
      }
      writer.endArray()
      if let reports { writer.member("orderReports", raw: array(reports)) }
    }
  }
}
