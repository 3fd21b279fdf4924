// The orders' link: log-on, answers, its end.

extension BinanceVenue where Network: ~Copyable {
  func turnOrders(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    guard let line = face.orders else { return }
    while let event = line.next(&network, now: now) {
      switch event {
      case .opened(let wire): if wantsLogOn(face) { face.waitsForTime = wire } else { face.readyOrders = wire }
      case .up: break
      case .down(let wire, _):
        face.loggedOn.removeAll { $0.wire == wire }
        if face.readyOrders == wire { face.readyOrders = nil }
        if face.waitsForTime == wire { face.waitsForTime = nil }
        while let entry = face.pending.giveUpLost(link: wire) { giveUp(entry, face, at: utc) }
      case .message(let wire): takeAnswer(face, line, wire, now: now, utc: utc)
      }
    }
    while let entry = face.pending.giveUpLate(at: now) { giveUp(entry, face, at: utc) }
    if let wire = face.waitsForTime, face.knowsTime {
      face.waitsForTime = nil
      logOn(face, line, wire, at: utc)
    }
    // A link that goes takes what is under way on it along: its successor waits for a quiet moment.
    if let wire = face.readyOrders, line.inUse == nil || face.pending.waiting == 0 {
      face.readyOrders = nil
      line.confirm(wire, &network, now: now)
      turnOrders(face, now: now, utc: utc)
    }
  }

  private func giveUp(_ entry: PendingRequests.Entry, _ face: BinanceFace, at utc: UTCTime) {
    let request = entry.request
    face.settle(entry.charge, entry.accountCharge, face.seat(of: request.account), isFree: false, at: utc)
    // A question that has no answer is asked again by whoever asked it.
    if request.kind != .queryOrder { emit(Self.unknown(request), face) }
  }

  static func unknown(_ request: VenueRequest) -> VenueEvent {
    var event = VenueEvent(.outcomeUnknown, to: request)
    event.venueOrder = request.venueOrder
    event.sideRaw = request.sideRaw
    event.price = request.price
    event.quantity = request.quantity
    return event
  }

  /// A connection is logged on where all its requests are of one account with a key that can; it saves a signature each.
  private func wantsLogOn(_ face: BinanceFace) -> Bool {
    face.seats.count == 1 && keys.canLogOn(face.seats[0].account, face.product)
  }

  private func logOn(_ face: BinanceFace, _ line: SocketLine, _ wire: UInt32, at utc: UTCTime) {
    face.readyOrders = wire
    guard face.seats.count == 1, let apiKey = keys.apiKey(of: face.seats[0].account, face.product) else { return }
    call.begin(face.product == .spot ? SpotEndpoint.logOn : FuturesEndpoint.logOn)
    let access = BinanceAccess(apiKey: apiKey, product: face.product)
    let signer = BinanceSeatSigner(keys: keys, account: face.seats[0].account, product: face.product)
    frame.removeAll()
    guard
      writer.writeFrame(
        &call, id: Self.logOnNumber, access: access, at: face.time(at: utc), signer: signer, into: &frame),
      line.send(wire, text: frame, &network)
    else { return }
    // It is ready with the answer.
    face.readyOrders = nil
  }

  /// Requests are numbered from one.
  private static var logOnNumber: UInt64 { 0 }

  private func takeAnswer(_ face: BinanceFace, _ line: SocketLine, _ wire: UInt32, now: EngineTime, utc: UTCTime) {
    let bytes = unsafe line.withPayload { unsafe Array($0) }
    guard let root = try? JSONReader.read(bytes, limits: BinanceAnswer.limits).root else {
      unreadable += 1
      return
    }
    guard let answer = BinanceAnswer(root) else {
      if (root["event"] ?? root)["e"]?.string == "serverShutdown" { line.announceEnd(wire, now: now) }
      return
    }
    if answer.id == Self.logOnNumber {
      if answer.isGood, let account = face.seats.first?.account { face.loggedOn.append((wire, account)) }
      face.note(answer, seat: nil, retryAfterSeconds: 0, at: utc, now: now)
      face.readyOrders = wire
      return
    }
    guard let number = answer.id, let entry = face.pending.take(number) else {
      // About nothing that was asked: a key that is not valid any more ends the log-on.
      if answer.status == 401 { face.loggedOn.removeAll { $0.wire == wire } }
      face.note(answer, seat: nil, retryAfterSeconds: 0, at: utc, now: now)
      return
    }
    let seat = face.seat(of: entry.request.account)
    if !entry.isGivenUp {
      let isFree = answer.isGood && Self.isFreeWhenGood(entry.request, face.product)
      face.settle(entry.charge, entry.accountCharge, seat, isFree: isFree, at: utc)
    }
    face.note(answer, seat: seat, retryAfterSeconds: 0, at: utc, now: now)
    answered(entry.request, tag: entry.tag, answer, face, retryAfterSeconds: 0, now: now, utc: utc)
  }

  static func isFreeWhenGood(_ request: VenueRequest, _ product: BinanceProduct) -> Bool {
    product == .spot && (request.kind == .newOrder || request.kind == .cancelOrder)
  }

  /// The answer to a request about one order, by whichever way it came.
  func answered(
    _ request: VenueRequest, tag: UInt8, _ answer: BinanceAnswer, _ face: BinanceFace, retryAfterSeconds: Int64,
    now: EngineTime, utc: UTCTime
  ) {
    if face.product == .usdm, isNotThere(answer, face, at: utc), asksOther(request, tag, face, now: now, utc: utc) {
      return
    }
    let isPlaced = request.kind == .newOrder && OrderKind(rawValue: request.orderKindRaw)?.isConditional ?? false
    let isAlgo = face.product == .usdm && (tag & 1 != 0 || isPlaced)
    let problem = BinanceReply.read(
      answer, to: request, face.reading(request.account), retryAfterSeconds: retryAfterSeconds, now: face.time(at: utc)
    ) { emit($0, face, isAlgo: isAlgo) }
    if problem != nil { unreadable += 1 }
  }

  private func isNotThere(_ answer: BinanceAnswer, _ face: BinanceFace, at utc: UTCTime) -> Bool {
    !answer.isGood && answer.verdict(face.product, now: face.time(at: utc)).meaning == .unknownOrder
  }

  /// Who does not find an order asks the other service that may have it; only both together know that it is nowhere.
  private func asksOther(
    _ request: VenueRequest, _ tag: UInt8, _ face: BinanceFace, now: EngineTime, utc: UTCTime
  ) -> Bool {
    guard request.kind == .queryOrder, tag & 2 == 0 else { return false }
    var other = request
    // A number of one service is none of the other's.
    other.venueOrder = .none
    return ask(other, face, isAlgo: tag & 1 == 0, isLast: true, now: now, utc: utc)
  }

  /// Hands an event on, under the id that the order was placed with. `isAlgo`: its number is one of the algo service's.
  func emit(_ event: VenueEvent, _ face: BinanceFace, isAlgo: Bool = false) {
    var event = event
    event.venue = settings.venue
    if face.product == .usdm { noteWaiting(event) }
    if !isAlgo {
      // An order that a trigger made may have another id than the one it waited under.
      if face.product == .usdm, let known = face.orderIDs.find(event.venueOrder, event.instrument) {
        event.wireID = known.wireID
      } else {
        face.orderIDs.note(event)
      }
    }
    events.push(event)
  }

  /// Keeps who waits for a trigger of USD-M, by our ids.
  func noteWaiting(_ event: VenueEvent) {
    switch event.kind {
    case .accepted where OrderKind(rawValue: event.orderKindRaw)?.isConditional ?? false:
      waiting.insert(event.wireID)
    case .orderReport where event.status == .waiting: waiting.insert(event.wireID)
    case .triggered, .orderReport, .fill, .cancelled, .expired, .rejected: waiting.remove(event.wireID)
    default: break
    }
  }
}
