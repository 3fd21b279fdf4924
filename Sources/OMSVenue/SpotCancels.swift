import OMSLib

/// Ending and changing spot orders.
extension VenueServer where Recorder: ~Copyable {
  // MARK: - One

  mutating func cancelSpotOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let record = try record(parameters, caller, try symbol(parameters), absent: Self.unknownOrder)
    let cancelID = try parameters.clientID("newClientOrderId") ?? drawClientID()
    try checkRestrictions(parameters, record)
    cancel(record, cancelID, for: caller, at: time) { server, error, time in
      if let error { return server.answer(caller, .failure(error), at: time) }
      let view = server.view(of: record)
      server.answer(caller, .success(SpotJSON.cancelled(view, cancelID: cancelID, caller.face, view.updated)), at: time)
    }
  }

  private mutating func checkRestrictions(_ parameters: Parameters, _ record: OrderRecord) throws(VenueError) {
    guard let restriction = try parameters.text("cancelRestrictions") else { return }
    let wanted: String
    switch restriction {
    case "ONLY_NEW": wanted = "NEW"
    case "ONLY_PARTIALLY_FILLED": wanted = "PARTIALLY_FILLED"
    default: throw VenueError(-1145, "Invalid cancelRestrictions")
    }
    let view = view(of: record)
    guard view.isOpen, view.status != wanted else { return }
    throw VenueError(-2011, "Order was not canceled due to cancel restrictions.")
  }

  /// Cancels an order and, with a leg, its list. `then` hears why not.
  mutating func cancel(
    _ record: OrderRecord, _ cancelID: String, for caller: Caller?, at time: ServerTime,
    then: @escaping (inout VenueServer, VenueError?, ServerTime) -> Void
  ) {
    if record.held != nil && record.number == 0 {
      guard let caller else { return then(&self, nil, time) }
      return ask(for: caller, at: time) { server, time in
        let isOpen = server.ledger.record(record.key).map { $0.held == .pending || $0.held == .armed } ?? false
        guard isOpen else { return then(&server, Self.unknownOrder, time) }
        server.endList(record.listID, cancelID: cancelID, at: time)
        then(&server, nil, time)
      }
    }
    ledger.update(record.key) { $0.cancelID = cancelID }
    run([record.request(.cancelOrder)], for: caller, at: time) { server, outcomes, time in
      if let refusal = outcomes[0].refusal {
        server.ledger.update(record.key) { $0.cancelID = nil }
        return then(&server, server.error(of: refusal, record.product, .cancel), time)
      }
      then(&server, nil, time)
    }
  }

  // MARK: - All of a symbol

  mutating func cancelSpotOpenOrders(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbol(parameters)
    let open = openRecords(of: caller.account, .spot, symbol)
    guard !open.isEmpty else {
      return ask(for: caller, at: time) { $0.answer(caller, .failure(Self.unknownOrder), at: $1) }
    }
    let cancelID = drawClientID()
    let real = open.filter { $0.held == nil || $0.number != 0 }
    let listIDs = Set(open.map(\.listID)).subtracting([-1]).sorted()
    for record in real { ledger.update(record.key) { $0.cancelID = cancelID } }
    run(real.map { $0.request(.cancelOrder) }, for: caller, at: time) { server, outcomes, time in
      for id in listIDs { server.endList(id, cancelID: cancelID, at: time) }
      var rows: [[UInt8]] = []
      for (record, outcome) in zip(real, outcomes) where record.listID == -1 {
        if outcome.refusal != nil {
          server.ledger.update(record.key) { $0.cancelID = nil }
          continue
        }
        let view = server.view(of: record)
        rows.append(SpotJSON.cancelled(view, cancelID: cancelID, caller.face, view.updated))
      }
      for id in listIDs { rows.append(server.cancelledList(id, cancelID, caller.face)) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  /// What an account has open, the oldest first.
  mutating func openRecords(of account: UInt16, _ product: VenueProduct, _ symbol: VenueSymbol?) -> [OrderRecord] {
    resolveOpen(of: account, product)
    var keys: [OrderKey] = []
    venue.exchange.forEachOpenOrder(of: account) { keys.append(OrderKey(account: account, wireID: $0.wireID)) }
    var found = keys.compactMap { ledger.record($0) }
    if product == .spot {
      for list in lists.lists(of: account) where list.isExecuting {
        found += list.legs.compactMap { ledger.record($0) }
          .filter { $0.number == 0 && ($0.held == .pending || $0.held == .armed) }
      }
    }
    return found.filter { record in
      record.product == product && (symbol == nil || record.symbol.number == symbol?.number)
    }
    .sorted { $0.orderID < $1.orderID }
  }

  // MARK: - Cancel and replace

  private struct Replacement {
    var old: OrderRecord
    var new: OrderRecord
    var cancelID: String
    var form: ResponseForm
    var stopsOnFailure: Bool
  }

  mutating func cancelReplace(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let mode = try parameters.required("cancelReplaceMode")
    guard mode == "STOP_ON_FAILURE" || mode == "ALLOW_FAILURE" else { throw Parameters.invalid("cancelReplaceMode") }
    let symbol = try symbol(parameters)
    let cancelID = try parameters.clientID("cancelNewClientOrderId") ?? drawClientID()
    let form = try responseForm(parameters)
    let stops = mode == "STOP_ON_FAILURE"
    let new = try readSpotOrder(parameters, caller)
    if let error = judge(new) { throw error }
    let limit = rates.broken(by: 1, of: caller.owner, at: time.utc)
    if limit != nil, try parameters.text("orderRateLimitExceededMode") == "CANCEL_ONLY" {
      caller.countsOrders = true
    } else {
      try countOrders(1, &caller, at: time)
    }
    let old: OrderRecord
    do throws(VenueError) {
      old = try record(
        parameters, caller, symbol, id: "cancelOrderId", clientID: "cancelOrigClientOrderId", absent: Self.unknownOrder)
      try checkRestrictions(parameters, old)
    } catch {
      guard error.code != -1102 else {
        rates.count(caller.counted.map { -$0 }, of: caller.owner, at: time.utc)
        throw error
      }
      return replaceFailed(error, new, caller, form, stops, at: time)
    }
    let replacement = Replacement(old: old, new: new, cancelID: cancelID, form: form, stopsOnFailure: stops)
    let isLimited = limit != nil
    cancel(old, cancelID, for: caller, at: time) { server, error, time in
      server.replace(replacement, error, isLimited, caller, at: time)
    }
  }

  private mutating func replace(
    _ job: Replacement, _ error: VenueError?, _ isLimited: Bool, _ caller: Caller, at time: ServerTime
  ) {
    if let error { return replaceFailed(error, job.new, caller, job.form, job.stopsOnFailure, at: time) }
    let view = view(of: job.old)
    let cancelled = SpotJSON.cancelled(view, cancelID: job.cancelID, caller.face, view.updated)
    guard !isLimited else {
      let error = VenueError(-1015, "Too many new orders.", status: 429)
      return answerPartly("SUCCESS", cancelled, "FAILURE", error.body, caller, at: time)
    }
    placeNew(job.new, caller, job.form, at: time) { server, result, time in
      switch result {
      case .success(let placed):
        let body = Self.replaceBody("SUCCESS", cancelled, "SUCCESS", placed)
        server.answer(caller, .success(body), at: time)
      case .failure(let error): server.answerPartly("SUCCESS", cancelled, "FAILURE", error.body, caller, at: time)
      }
    }
  }

  /// The cancel failed: the new order is tried all the same, or not at all.
  private mutating func replaceFailed(
    _ error: VenueError, _ new: OrderRecord, _ caller: Caller, _ form: ResponseForm, _ stops: Bool, at time: ServerTime
  ) {
    if stops {
      let data = Self.replaceBody("FAILURE", error.body, "NOT_ATTEMPTED", nil)
      // What was not attempted counts all the same.
      var caller = caller
      caller.counted = []
      return answer(caller, .failure(VenueError(-2022, "Order cancel-replace failed.")), at: time, data: data)
    }
    placeNew(new, caller, form, at: time) { server, result, time in
      switch result {
      case .success(let placed): server.answerPartly("FAILURE", error.body, "SUCCESS", placed, caller, at: time)
      case .failure(let second):
        let data = Self.replaceBody("FAILURE", error.body, "FAILURE", second.body)
        server.answer(caller, .failure(VenueError(-2022, "Order cancel-replace failed.")), at: time, data: data)
      }
    }
  }

  private mutating func placeNew(
    _ record: OrderRecord, _ caller: Caller, _ form: ResponseForm, at time: ServerTime,
    then: @escaping (inout VenueServer, Result<[UInt8], VenueError>, ServerTime) -> Void
  ) {
    // The order that was cancelled has given its name free.
    if let error = duplicate(record) { return then(&self, .failure(error), time) }
    ledger.add(record)
    run([record.request], for: caller, at: time) { server, outcomes, time in
      then(&server, server.placed(record, outcomes[0], caller, form), time)
    }
  }

  private mutating func answerPartly(
    _ cancel: String, _ cancelBody: [UInt8], _ order: String, _ orderBody: [UInt8], _ caller: Caller,
    at time: ServerTime
  ) {
    let error = VenueError(-2021, "Order cancel-replace partially failed.", status: 409)
    answer(caller, .failure(error), at: time, data: Self.replaceBody(cancel, cancelBody, order, orderBody))
  }

  private static func replaceBody(_ cancel: String, _ cancelBody: [UInt8], _ order: String, _ orderBody: [UInt8]?)
    -> [UInt8]
  {
    object { writer in
      writer.member("cancelResult", cancel)
      writer.member("newOrderResult", order)
      writer.member("cancelResponse", raw: cancelBody)
      if let orderBody {
        writer.member("newOrderResponse", raw: orderBody)
      } else {
        writer.memberNull("newOrderResponse")
      }
    }
  }

  // MARK: - Amend

  private static var amendmentMax: Int { 10 }

  mutating func amendSpotOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let quantity = try quantity(try parameters.requiredDecimal("newQty"), "newQty", symbol)
    let newID = try parameters.clientID("newClientOrderId") ?? drawClientID()
    let record = try record(parameters, caller, symbol, absent: VenueError(-2038, "Unknown order sent."))
    let view = view(of: record)
    guard view.isOpen, record.held == nil || record.number != 0 else { throw VenueError(-2038, "Unknown order sent.") }
    guard quantity < view.quantity else {
      throw VenueError(-2038, "Order amend (quantity increase) is not supported.")
    }
    guard record.amendments.count < Self.amendmentMax else {
      throw VenueError(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
    }
    var request = record.request(.amendOrder)
    request.quantity = quantity
    let amendment = OrderRecord.Amendment(
      time: .zero, execution: drawExecution(), from: view.quantity, to: quantity, oldID: record.clientID, newID: newID)
    // Its event names both ids.
    ledger.update(record.key) {
      $0.amendments.append(amendment)
      $0.clientID = newID
    }
    run([request], for: caller, at: time) { server, outcomes, time in
      guard let event = outcomes[0].event else {
        server.ledger.update(record.key) {
          $0.amendments.removeLast()
          $0.clientID = record.clientID
        }
        let error = outcomes[0].refusal.map { server.error(of: $0, .spot, .amend) } ?? Self.unknownOrder
        return server.answer(caller, .failure(error), at: time)
      }
      server.ledger.update(record.key) { $0.amendments[$0.amendments.count - 1].time = event.venueTime }
      let body = SpotJSON.amended(
        server.view(of: record), amendment, server.lists[record.listID], caller.face, event.venueTime)
      server.answer(caller, .success(body), at: time)
    }
  }
}

extension SpotJSON {
  static func amended(
    _ view: OrderView, _ amendment: OrderRecord.Amendment, _ list: OrderList?, _ face: TimeFace, _ time: UTCTime
  ) -> [UInt8] {
    object { writer in
      writer.member("transactTime", time, face)
      writer.member("executionId", amendment.execution)
      writer.name("amendedOrder")
      writer.beginObject()
      writer.member("symbol", view.symbol.name)
      writer.member("orderId", view.record.orderID)
      writer.member("orderListId", view.record.listID)
      writer.member("origClientOrderId", amendment.oldID)
      writer.member("clientOrderId", amendment.newID)
      writer.member("price", view.symbol.price(view.price))
      writer.member("qty", view.symbol.quantity(view.quantity))
      writer.member("executedQty", view.symbol.quantity(view.filled))
      writer.member("preventedQty", view.symbol.quantity(0))
      writer.member("quoteOrderQty", money: view.record.quoteQuantity)
      writer.member("cumulativeQuoteQty", money: view.quote)
      writer.member("status", view.status)
      writer.member("timeInForce", view.record.timeInForce)
      writer.member("type", view.record.type)
      writer.member("side", OrderNames.side(view.record.side))
      if let working = view.working { writer.member("workingTime", working, face) }
      writer.member("selfTradePreventionMode", view.record.prevention)
      writer.endObject()
    }
  }
}
