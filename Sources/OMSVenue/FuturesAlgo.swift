import OMSLib

/// Conditional orders: a service of their own in front of the matching engine. They have ids of their own, and an order
/// id once they have been triggered.
struct AlgoDesk: Sendable {
  /// Open ones of an account, over all symbols.
  static let openMax = 200
  /// Far above the numbers of orders.
  private static let firstID: UInt64 = 1_000_000_000_000

  private var keys: [UInt64: OrderKey] = [:]
  private var next = firstID
  /// Where each stands that is not simply waiting.
  var states: [OrderKey: AlgoState] = [:]

  mutating func number() -> UInt64 {
    next += 1
    return next
  }

  mutating func add(_ record: OrderRecord) { keys[record.algoID] = record.key }
  mutating func remove(_ record: OrderRecord) { keys[record.algoID] = nil }
  func key(_ id: UInt64) -> OrderKey? { keys[id] }
}

struct AlgoState: Sendable {
  var status = "NEW"
  var triggered = UTCTime.zero
  var updated = UTCTime.zero
  /// Why the matching engine refused it when it was triggered.
  var reason = ""
}

extension VenueServer where Recorder: ~Copyable {
  private static var callbackRange: ClosedRange<Int64> { 1...200 }

  mutating func placeAlgo(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    guard try parameters.required("algoType") == "CONDITIONAL" else { throw Parameters.invalid("algoType") }
    let record = try readAlgo(parameters, caller, at: time)
    if let error = duplicate(record) { throw error }
    guard openAlgoRecords(of: caller.account, nil).count < AlgoDesk.openMax else {
      throw VenueError(-4045, "Reach max stop order limit.")
    }
    try countOrders(1, &caller, at: time)
    ledger.add(record)
    algos.add(record)
    let last = caller
    run([record.request], for: last, at: time) { server, outcomes, time in
      guard let event = outcomes[0].event else {
        server.ledger.remove(record.key)
        server.algos.remove(record)
        let error = outcomes[0].refusal.map { server.error(of: $0, .usdm, .order) } ?? Self.unknownOrder
        return server.answer(last, .failure(error), at: time)
      }
      server.algos.states[record.key] = AlgoState(updated: event.venueTime)
      server.answer(last, .success(server.algoBody(record.key, last.face, isQuery: false, last.isSocket)), at: time)
    }
  }

  private mutating func readAlgo(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) -> OrderRecord {
    let symbol = try symbol(parameters)
    let side = try readSide(parameters, "side")
    let type = try parameters.required("type")
    guard OrderNames.algoTypes.contains(type) else { throw VenueError(-1116, "Invalid orderType.") }
    var record = newRecord(symbol, caller, try parameters.clientID("clientAlgoId"))
    (record.side, record.type, record.algoID) = (side, type, algos.number())
    try readShared(parameters, prevention: "NONE", &record, at: time)
    switch try parameters.text("workingType") {
    case nil, "CONTRACT_PRICE": break
    // The exchange fires by its trades.
    case "MARK_PRICE": throw VenueError(-1130, "workingType 'MARK_PRICE' is not supported here.")
    default: throw VenueError(-4105, "Invalid workingType.")
    }
    record.protectsPrice = try parameters.flag("priceProtect") ?? false
    try readClosing(parameters, &record)
    if type == "TRAILING_STOP_MARKET" {
      try parameters.refuse("triggerPrice")
      try readTrailing(parameters, &record)
    } else {
      record.stopPrice = try futuresPrice(parameters, "triggerPrice", symbol)
    }
    return record
  }

  private func readClosing(_ parameters: Parameters, _ record: inout OrderRecord) throws(VenueError) {
    guard try parameters.flag("closePosition") ?? false else {
      record.quantity = try futuresQuantity(parameters, "quantity", record.symbol, isMarket: false)
      return
    }
    guard record.type == "STOP_MARKET" || record.type == "TAKE_PROFIT_MARKET" else {
      throw VenueError(-4136, "Target strategy invalid for orderType '\(record.type)', closePosition 'true'.")
    }
    try parameters.refuse("quantity", "reduceOnly")
    let opens = record.positionSide == .long ? record.side == .buy : record.side == .sell
    guard record.positionSide == .net || !opens else {
      throw VenueError(-4137, "In hedge mode a closing order is no order that opens.")
    }
    record.closesPosition = true
  }

  private func readTrailing(_ parameters: Parameters, _ record: inout OrderRecord) throws(VenueError) {
    // Percent, by the tenth.
    let rate = try parameters.requiredDecimal("callbackRate")
    guard let tenths = rate.exactMantissa(scale: 1), Self.callbackRange.contains(Int64(clamping: tenths)) else {
      throw VenueError(-2007, "Invalid callBack rate.")
    }
    record.trailPpm = Int64(clamping: tenths) * 1_000
    guard parameters.has("activatePrice") else { return }
    record.stopPrice = try futuresPrice(parameters, "activatePrice", record.symbol)
    let last = venue.exchange.top(of: record.symbol.number, at: .zero).last
    guard record.side == .buy ? record.stopPrice < last : record.stopPrice > last else {
      throw VenueError(-2021, "Order would immediately trigger.")
    }
  }

  // MARK: - Cancelling

  mutating func cancelAlgo(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let record = try algoRecord(parameters, caller)
    guard record.working == nil else {
      throw VenueError(-4117, "The stop order is being triggered; it cannot be cancelled here.")
    }
    cancel(record, record.clientID, for: caller, at: time) { server, error, time in
      if let error { return server.answer(caller, .failure(error), at: time) }
      let body = object { writer in
        writer.member("algoId", record.algoID)
        writer.member("clientAlgoId", record.clientID)
        writer.member("code", "200")
        writer.member("msg", "success")
      }
      server.answer(caller, .success(body), at: time)
    }
  }

  private func algoRecord(_ parameters: Parameters, _ caller: Caller) throws(VenueError) -> OrderRecord {
    let id = try parameters.integer("algoId")
    let text = try parameters.text("clientAlgoId")
    guard id != nil || text != nil else {
      throw VenueError(-1102, "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!")
    }
    let found =
      id.map { algos.key(UInt64(clamping: $0)).flatMap { ledger.record($0) } }
      ?? text.flatMap { ledger.newest($0, of: caller.account, .usdm) }
    guard let found, found.account == caller.account, found.algoID != 0 else { throw Self.unknownOrder }
    return found
  }

  mutating func cancelAllAlgos(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let open = openAlgoRecords(of: caller.account, try symbol(parameters))
    let body = Self.done("The operation of cancel all open order is done.")
    guard !open.isEmpty else { return ask(for: caller, at: time) { $0.answer(caller, .success(body), at: $1) } }
    run(open.map { $0.request(.cancelOrder) }, for: caller, at: time) { server, _, time in
      server.answer(caller, .success(body), at: time)
    }
  }

  mutating func openAlgoRecords(of account: UInt16, _ symbol: VenueSymbol?) -> [OrderRecord] {
    openRecords(of: account, .usdm, symbol).filter { $0.algoID != 0 && $0.working == nil }
  }

  // MARK: - Asking

  mutating func queryAlgo(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    ask(for: caller, at: time) { server, time in
      do throws(VenueError) {
        let record = try server.algoRecord(parameters, caller)
        server.answer(caller, .success(server.algoBody(record.key, caller.face, isQuery: true)), at: time)
      } catch {
        server.answer(caller, .failure(error.code == -2011 ? Self.absentOrder : error), at: time)
      }
    }
  }

  mutating func queryOpenAlgos(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbolIfGiven(parameters)
    ask(for: caller, at: time) { server, time in
      let rows = server.openAlgoRecords(of: caller.account, symbol)
        .map { server.algoBody($0.key, caller.face, isQuery: true) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  mutating func queryAllAlgos(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let first = try parameters.integer("algoId")
    let (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
    try Self.checkSpan(start, end, days: 7)
    let limit = try parameters.limit(500, most: 1_000)
    ask(for: caller, at: time) { server, time in
      let found = server.ledger.records(of: caller.account, .usdm).filter { record in
        record.algoID != 0 && record.symbol.number == symbol.number
          && (first == nil || record.algoID >= UInt64(clamping: first ?? 0))
          && (start == nil || record.created >= start ?? .zero) && (end == nil || record.created <= end ?? .zero)
      }
      let shown = first == nil && start == nil ? Array(found.suffix(limit)) : Array(found.prefix(limit))
      let rows = shown.map { server.algoBody($0.key, caller.face, isQuery: true) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  mutating func algoBody(_ key: OrderKey, _ face: TimeFace, isQuery: Bool, _ isSocket: Bool = false) -> [UInt8] {
    guard let record = ledger.record(key) else { return object { _ in } }
    let view = view(of: record)
    let state = algoState(record, view)
    let symbol = record.symbol
    return object { writer in
      writer.member("algoId", record.algoID)
      writer.member("clientAlgoId", record.clientID)
      writer.member("algoType", "CONDITIONAL")
      writer.member("orderType", record.type)
      writer.member("symbol", symbol.name)
      writer.member("side", OrderNames.side(record.side))
      writer.member("positionSide", OrderNames.positionSide(record.positionSide))
      writer.member("timeInForce", record.timeInForce)
      writer.member("quantity", symbol.quantity(record.quantity))
      writer.member("algoStatus", state.status)
      if isQuery {
        writer.member("actualOrderId", record.working == nil ? "" : "\(record.orderID)")
        writer.member("actualPrice", symbol.average(view.quote, over: view.filled))
        writer.member("actualType", record.working == nil ? "" : OrderNames.workingType(record.type))
        writer.member("actualQty", symbol.quantity(view.filled))
      }
      writer.member("triggerPrice", symbol.price(record.trailPpm == 0 ? record.stopPrice : 0))
      writer.member("price", symbol.price(record.price))
      writer.memberNull("icebergQuantity")
      writer.member("selfTradePreventionMode", record.prevention)
      writer.member("workingType", record.workingType)
      writer.member("priceMatch", record.priceMatch)
      writer.member("closePosition", record.closesPosition)
      writer.member("priceProtect", record.protectsPrice)
      writer.member("reduceOnly", record.isReduceOnly)
      if !isSocket {
        writer.member("activatePrice", symbol.price(record.trailPpm == 0 ? 0 : record.stopPrice))
        writer.member("callbackRate", trimmedDecimal: record.trailPpm, scale: 4, minimumScale: 1)
      }
      writer.member("createTime", record.created, face)
      writer.member("updateTime", max(state.updated, record.created), face)
      writer.member("triggerTime", state.triggered, face)
      writer.member("goodTillDate", record.goodTillDate)
    }
  }

  /// Where it stands, by the exchange's rows where nobody has heard of it.
  func algoState(_ record: OrderRecord, _ view: OrderView) -> AlgoState {
    var state = algos.states[record.key] ?? AlgoState(updated: view.updated)
    guard !view.isOpen else { return state }
    if state.status == "NEW" { state.status = view.status == "CANCELED" ? "CANCELED" : "EXPIRED" }
    if state.status == "TRIGGERED" { state.status = "FINISHED" }
    return state
  }
}
