// Orders: into a frame, onto the wire, once. What cannot leave now is told as not sent.

extension BinanceVenue where Network: ~Copyable {
  /// So much under way to the venue and not acknowledged is a link that does not move: what is more goes another way.
  private static var unsentMax: Int { 4_096 }

  /// What a request costs where it is not carried out, and whether the account's own count takes part.
  private struct Cost {
    var weight: Int64
    var orders: Int64
  }

  private static func cost(_ request: VenueRequest, _ product: BinanceProduct) -> Cost {
    switch (product, request.kind) {
    case (.spot, .newOrder): Cost(weight: 1, orders: 1)
    case (.spot, .amendOrder), (.spot, .queryOrder): Cost(weight: 4, orders: 0)
    case (.usdm, .newOrder): Cost(weight: 0, orders: 1)
    case (.usdm, .amendOrder): Cost(weight: 1, orders: 1)
    default: Cost(weight: 1, orders: 0)
    }
  }

  func enter(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    guard let face = face(of: request.instrument), let instrument = face.instrument(request.instrument) else {
      refuse(request, .refused)
      return true
    }
    let isAlgo = request.kind == .cancelOrder && waits(request, face)
    guard encode(request, instrument, face.product, isAlgo: isAlgo) else {
      refuse(request, .refused)
      return true
    }
    return send(request, face, tag: isAlgo ? 1 : 0, now: now, utc: utc)
  }

  /// Fills the call. `false`: it cannot be said there, so it cannot be done.
  private func encode(
    _ request: VenueRequest, _ instrument: Instrument, _ product: BinanceProduct, isAlgo: Bool
  ) -> Bool {
    do throws(BinanceEncodingError) {
      switch (request.kind, product) {
      case (.newOrder, .spot): try SpotEncoder.place(request, instrument, into: &call)
      case (.newOrder, .usdm): try FuturesEncoder.place(request, instrument, into: &call)
      case (.cancelOrder, .spot): try SpotEncoder.cancel(request, instrument, into: &call)
      case (.cancelOrder, .usdm): try FuturesEncoder.cancel(request, instrument, isAlgo: isAlgo, into: &call)
      case (.amendOrder, .spot):
        // Only what makes an order smaller is done in place there.
        guard request.price == 0 else { return false }
        var larger = request
        larger.quantity = .max
        try SpotEncoder.amend(request, of: BinancePlaced(larger, filled: 0), instrument, into: &call)
      case (.amendOrder, .usdm):
        var limit = request
        limit.orderKindRaw = OrderKind.limit.rawValue
        try FuturesEncoder.amend(request, of: BinancePlaced(limit, filled: 0), instrument, into: &call)
      case (.queryOrder, .spot): try SpotEncoder.order(request, instrument, into: &call)
      case (.queryOrder, .usdm): try FuturesEncoder.order(request, instrument, isAlgo: isAlgo, into: &call)
      default: return false
      }
      return true
    } catch {
      return false
    }
  }

  /// Whether the algo service has the order: as was heard, or else as its kind says.
  func waits(_ request: VenueRequest, _ face: BinanceFace) -> Bool {
    guard face.product == .usdm else { return false }
    return waiting.contains(request.wireID)
      || OrderKind(rawValue: request.orderKindRaw)?.isConditional ?? false
  }

  /// Asks for one order. On USD-M two services may have it: the likelier one is asked first.
  func ask(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    guard let face = face(of: request.instrument) else {
      refuse(request, .refused)
      return true
    }
    return ask(request, face, isAlgo: waits(request, face), isLast: face.product == .spot, now: now, utc: utc)
  }

  func ask(
    _ request: VenueRequest, _ face: BinanceFace, isAlgo: Bool, isLast: Bool, now: EngineTime, utc: UTCTime
  ) -> Bool {
    guard let instrument = face.instrument(request.instrument),
      encode(request, instrument, face.product, isAlgo: isAlgo)
    else {
      refuse(request, .refused)
      return true
    }
    return send(request, face, tag: (isAlgo ? 1 : 0) | (isLast ? 2 : 0), now: now, utc: utc)
  }

  /// Sends the call that was filled. `false`: there is no room, and nothing happened.
  private func send(
    _ request: VenueRequest, _ face: BinanceFace, tag: UInt8, now: EngineTime, utc: UTCTime
  ) -> Bool {
    guard now <= request.signBy else {
      refuse(request, .none)
      return true
    }
    guard let seat = face.seat(of: request.account), let apiKey = keys.apiKey(of: request.account, face.product) else {
      refuse(request, .key)
      return true
    }
    guard face.knowsTime else {
      refuse(request, .clock)
      return true
    }
    guard face.pending.hasRoom else { return false }
    let isSocket = usesSocket(face)
    let cost = Self.cost(request, face.product)
    let time = face.time(at: utc)
    let isCancel = request.kind == .cancelOrder
    guard time >= face.weight.closedUntil else {
      refuse(request, .throttled, retryAfter: face.weight.closedUntil.nanoseconds - time.nanoseconds)
      return true
    }
    let charge = cost.weight > 0 ? face.weight.take(cost.weight, isCancel: isCancel, at: time) : nil
    guard charge != nil || cost.weight == 0 else {
      let opens = face.weight.opens(cost.weight, isCancel: isCancel, at: time)
      refuse(request, .throttled, retryAfter: opens.nanoseconds - time.nanoseconds)
      return true
    }
    let own = cost.orders > 0 ? face.seats[seat].orders.take(cost.orders, isCancel: false, at: time) : nil
    guard own != nil || cost.orders == 0 else {
      if let charge { face.weight.settle(charge, isFree: true, at: time) }
      let opens = face.seats[seat].orders.opens(cost.orders, isCancel: false, at: time)
      refuse(request, .throttled, retryAfter: opens.nanoseconds - time.nanoseconds)
      return true
    }
    var access = BinanceAccess(apiKey: apiKey, product: face.product)
    access.windowMicroseconds = settings.receiveWindowNanoseconds / 1_000
    let way = Way(seat: seat, charge: charge, own: own, tag: tag)
    if isSocket, let line = face.orders, let wire = line.inUse {
      access.isLoggedOn = face.loggedOn.contains { $0.wire == wire && $0.account == request.account }
      if sendFrame(request, face, line, wire, access, way, now: now, utc: utc) { return true }
      // What was begun for the frame must not stand twice in what follows.
      let isAlgo = tag & 1 != 0
      guard let instrument = face.instrument(request.instrument),
        encode(request, instrument, face.product, isAlgo: isAlgo)
      else { preconditionFailure("what could be said once can be said again") }
    }
    sendCall(request, face, access, way, now: now, utc: utc)
    return true
  }

  /// What is taken along with a request on its way.
  private struct Way {
    var seat: Int
    var charge: RateBudget.Charge?
    var own: RateBudget.Charge?
    var tag: UInt8
  }

  private func usesSocket(_ face: BinanceFace) -> Bool {
    guard call.endpoint.frame != nil, let line = face.orders, let wire = line.inUse else { return false }
    return line.unsent(wire, network) < Self.unsentMax
  }

  /// `false`: nothing was written.
  private func sendFrame(
    _ request: VenueRequest, _ face: BinanceFace, _ line: SocketLine, _ wire: UInt32, _ access: BinanceAccess,
    _ way: Way, now: EngineTime, utc: UTCTime
  ) -> Bool {
    let signer = BinanceSeatSigner(keys: keys, account: request.account, product: face.product)
    frame.removeAll()
    guard
      writer.writeFrame(
        &call, id: face.pending.nextNumber, access: access, at: face.time(at: utc), signer: signer, into: &frame),
      line.send(wire, text: frame, &network)
    else { return false }
    face.pending.add(
      request, charge: way.charge, accountCharge: way.own, link: wire, tag: way.tag, now: now)
    return true
  }

  private func sendCall(
    _ request: VenueRequest, _ face: BinanceFace, _ access: BinanceAccess, _ way: Way, now: EngineTime, utc: UTCTime
  ) {
    let errand = BinanceErrand.order(request, charge: way.charge, accountCharge: way.own, tag: way.tag)
    let isQuestion = request.kind == .queryOrder
    guard
      submitCall(
        face, errand, account: request.account, access: access, isRepeatable: isQuestion, isUrgent: true,
        sendBy: request.signBy, now: now, utc: utc)
    else {
      face.settle(way.charge, way.own, way.seat, isFree: true, at: utc)
      return refuse(request, .key)
    }
  }

  /// Nothing left this machine.
  func refuse(_ request: VenueRequest, _ remedy: VenueEvent.Remedy, retryAfter: Int64 = 0) {
    var event = VenueEvent(.notSent, to: request)
    event.venueOrder = request.venueOrder
    event.price = request.price
    event.quantity = request.quantity
    event.sideRaw = request.sideRaw
    event.remedyRaw = remedy.rawValue
    event.retryAfterNanoseconds = max(0, retryAfter)
    events.push(event)
  }
}
