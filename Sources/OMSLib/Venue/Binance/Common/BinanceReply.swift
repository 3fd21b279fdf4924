/// Answers to requests about orders, in the core's words.
package enum BinanceReply {
  /// What `answer` says to `request`. An answer that cannot be read, or that is about another order, leaves the outcome
  /// unknown; the problem is returned.
  package static func read(
    _ answer: BinanceAnswer, to request: VenueRequest, _ reading: borrowing BinanceReading,
    retryAfterSeconds: Int64 = 0,
    now: UTCTime, _ emit: (VenueEvent) -> Void
  ) -> BinanceProblem? {
    guard answer.isGood, let result = answer.result else {
      if reading.product == .spot, request.kind == .amendOrder, let data = answer.error?["data"],
        data["cancelResult"] != nil
      {
        SpotReplace.read(data, to: request, reading, now: now, emit)
        return nil
      }
      let verdict = answer.verdict(reading.product, retryAfterSeconds: retryAfterSeconds, now: now)
      if let event = verdict.event(about: request) { emit(event) }
      return nil
    }
    var events: [VenueEvent] = []
    do throws(BinanceProblem) {
      try collect(result, to: request, reading, now, &events)
    } catch {
      if unknownMatters(request) { emit(VenueEvent(.outcomeUnknown, to: request)) }
      return error
    }
    for event in events { emit(event) }
    return nil
  }

  private static func unknownMatters(_ request: VenueRequest) -> Bool {
    request.kind == .newOrder || request.kind == .cancelOrder || request.kind == .amendOrder
  }

  private static func collect(
    _ result: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ now: UTCTime,
    _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    switch request.kind {
    case .newOrder: try placed(result, to: request, reading, &events)
    case .cancelOrder: try cancelled(result, to: request, reading, &events)
    case .amendOrder:
      if result["cancelResult"] != nil {
        SpotReplace.read(result, to: request, reading, now: now) { events.append($0) }
      } else {
        try amended(result, to: request, reading, &events)
      }
    case .queryOrder:
      var event = try BinanceReport.order(result, reading)
      guard event.wireID == request.wireID || event.venueOrder == request.venueOrder else {
        throw .mismatch(event.wireID.description)
      }
      event.requestID = request.requestID
      events.append(event)
    default: break
    }
  }

  // MARK: Orders

  static func placed(
    _ result: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    let isAlgo = result["algoId"] != nil
    try match(result, isAlgo ? "clientAlgoId" : "clientOrderId", request.wireID)
    let symbol = try result.symbol("symbol", reading.names)
    guard symbol.instrument == request.instrument || request.instrument.isNone else { throw .mismatch("symbol") }
    var accepted = VenueEvent(.accepted, to: request)
    accepted.venueOrder = try result.reference(isAlgo ? "algoId" : "orderId")
    accepted.price = request.price
    accepted.quantity = request.quantity
    accepted.sideRaw = request.sideRaw
    accepted.positionSideRaw = request.positionSideRaw
    accepted.orderKindRaw = request.orderKindRaw
    accepted.timeInForceRaw = request.timeInForceRaw
    accepted.flagsRaw = request.flagsRaw
    if let time = result["transactTime"] ?? result["updateTime"], let number = time.integer(as: Int64.self) {
      guard let time = UTCTime(milliseconds: number) else { throw .time("transactTime") }
      accepted.venueTime = time
    }
    if !isAlgo, result["executedQty"] != nil {
      accepted.cumulative = try result.mantissa("executedQty", scale: symbol.quantityScale)
    }
    let cumulative = accepted.cumulative
    accepted.cumulative = 0
    events.append(accepted)
    try fills(result, symbol, like: accepted, reading, &events)
    guard !isAlgo, let word = result["status"]?.string else { return }
    try end(BinanceStatus(word: word), cumulative, accepted, &events)
  }

  private static func match(_ result: JSONValue, _ name: String, _ id: Text32) throws(BinanceProblem) {
    let client = try result.clientID(name)
    guard client.high.isEmpty, client.low == id else { throw .mismatch(client.description) }
  }

  /// The fills of a `FULL` answer, each as the stream brings it too.
  private static func fills(
    _ result: JSONValue, _ symbol: BinanceSymbol, like accepted: VenueEvent, _ reading: borrowing BinanceReading,
    _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    var cumulative: Int64 = 0
    for row in result["fills"]?.elements ?? [] {
      var fill = accepted
      fill.kindRaw = VenueEvent.Kind.fill.rawValue
      fill.trade = try row.reference("tradeId")
      fill.price = try row.mantissa("price", scale: symbol.priceScale)
      fill.quantity = try row.mantissa("qty", scale: symbol.quantityScale)
      let (sum, overflow) = cumulative.addingReportingOverflow(fill.quantity)
      guard !overflow else { throw .number("qty") }
      cumulative = sum
      fill.cumulative = sum
      fill.fee = try row.money("commission")
      let name = try row.word("commissionAsset")
      guard let asset = reading.names.asset(name) else { throw .unknownAsset(name) }
      fill.asset = asset
      events.append(fill)
    }
  }

  /// An order that is over with its answer: what was not filled at once has expired.
  private static func end(
    _ status: BinanceStatus, _ cumulative: Int64, _ accepted: VenueEvent, _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    var event = accepted
    event.cumulative = cumulative
    switch status {
    case .expired, .expiredInMatch, .cancelled:
      event.kindRaw = (status == .cancelled ? VenueEvent.Kind.cancelled : .expired).rawValue
      let isPrevented = status == .expiredInMatch
      event.statusRaw = (isPrevented ? VenueEvent.EndReason.selfTrade : .asked).rawValue
    case .rejected:
      event.kindRaw = VenueEvent.Kind.rejected.rawValue
      event.remedyRaw = VenueEvent.Remedy.refused.rawValue
      event.code = -2010
    default: return
    }
    events.append(event)
  }

  static func cancelled(
    _ result: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    var event = VenueEvent(.cancelled, to: request)
    event.sideRaw = request.sideRaw
    if result["algoId"] != nil {
      try match(result, "clientAlgoId", request.wireID)
      event.venueOrder = try result.reference("algoId")
      events.append(event)
      return
    }
    let symbol = try result.symbol("symbol", reading.names)
    event.venueOrder = try result.reference("orderId")
    if event.venueOrder != request.venueOrder {
      // On spot the cancel has an id of its own, and the order's stands beside it.
      try match(result, result["origClientOrderId"] == nil ? "clientOrderId" : "origClientOrderId", request.wireID)
    }
    event.cumulative = try result.mantissa("executedQty", scale: symbol.quantityScale)
    event.quantity = try result.mantissa("origQty", scale: symbol.quantityScale)
    event.price = try result.mantissa("price", scale: symbol.priceScale)
    let status = BinanceStatus(word: try result.word("status"))
    guard status == .cancelled else {
      // Not what was asked for: the venue is asked what the order has become.
      events.append(VenueEvent(.outcomeUnknown, to: request))
      return
    }
    events.append(event)
  }

  static func amended(
    _ result: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ events: inout [VenueEvent]
  ) throws(BinanceProblem) {
    let order = result["amendedOrder"] ?? result
    try match(order, "clientOrderId", request.wireID)
    let symbol = try order.symbol("symbol", reading.names)
    var event = VenueEvent(.amended, to: request)
    event.sideRaw = request.sideRaw
    event.venueOrder = try order.reference("orderId")
    event.price = try order.mantissa("price", scale: symbol.priceScale)
    let quantity = order["qty"] == nil ? "origQty" : "qty"
    event.quantity = try order.mantissa(quantity, scale: symbol.quantityScale)
    event.cumulative = try order.mantissa("executedQty", scale: symbol.quantityScale)
    events.append(event)
    guard let word = order["status"]?.string else { return }
    // A change to less than has filled, or to one that would take, ends the order.
    switch BinanceStatus(word: word) {
    case .cancelled, .expired, .expiredInMatch:
      event.kindRaw = VenueEvent.Kind.cancelled.rawValue
      events.append(event)
    default: break
    }
  }
}

/// `cancelReplace` of spot: each of its two parts is resolved by itself, whatever the status says.
enum SpotReplace {
  static func read(
    _ body: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, now: UTCTime,
    _ emit: (VenueEvent) -> Void
  ) {
    var cancel = request
    cancel.kindRaw = VenueRequest.Kind.cancelOrder.rawValue
    cancel.newWireID = Text32()
    var placing = request
    placing.kindRaw = VenueRequest.Kind.newOrder.rawValue
    placing.wireID = request.newWireID
    placing.venueOrder = .none
    var events: [VenueEvent] = []
    let wasCancelled = part(body, "cancelResult", "cancelResponse", cancel, reading, now, &events)
    if body["newOrderResult"]?.string == "NOT_ATTEMPTED" {
      var event = VenueEvent(.notSent, to: placing)
      event.remedyRaw = VenueEvent.Remedy.refused.rawValue
      // While the old order stands this is a refusal of the change; without it there is nothing left.
      if wasCancelled { events.append(event) }
    } else {
      _ = part(body, "newOrderResult", "newOrderResponse", placing, reading, now, &events)
    }
    for event in events { emit(event) }
  }

  private static func part(
    _ body: JSONValue, _ result: String, _ response: String, _ request: VenueRequest,
    _ reading: borrowing BinanceReading, _ now: UTCTime, _ events: inout [VenueEvent]
  ) -> Bool {
    let answer = body[response]
    switch body[result]?.string {
    case "SUCCESS":
      do throws(BinanceProblem) {
        guard let answer, !answer.isNull else { throw .member(response) }
        if request.kind == .newOrder {
          try BinanceReply.placed(answer, to: request, reading, &events)
        } else {
          try BinanceReply.cancelled(answer, to: request, reading, &events)
        }
        return true
      } catch {
        events.append(VenueEvent(.outcomeUnknown, to: request))
      }
    case "FAILURE":
      let code = answer?["code"]?.integer(as: Int32.self) ?? 0
      let context = BinanceErrorContext(.spot, status: 400, now: now)
      let verdict = BinanceVerdict(code: code, text: answer?["msg"]?.string ?? "", context)
      if let event = verdict.event(about: request) { events.append(event) }
    default: events.append(VenueEvent(.outcomeUnknown, to: request))
    }
    return false
  }
}
