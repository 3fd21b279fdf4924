// Over HTTP: the venue's time, keys of streams, and orders where the other way is closed.

extension BinanceVenue where Network: ~Copyable {
  private static var timeEveryNanoseconds: Int64 { 30_000_000_000 }
  private static var timeRetryNanoseconds: Int64 { 1_000_000_000 }
  /// The venue tells its time in milliseconds.
  private static var timeResolution: Int64 { 1_000_000 }

  /// Hands the filled call over. `false`: it cannot be signed.
  func submitCall(
    _ face: BinanceFace, _ errand: BinanceErrand, account: AccountID?, access: BinanceAccess?, isRepeatable: Bool,
    isUrgent: Bool = false, sendBy: EngineTime = .never, now: EngineTime, utc: UTCTime
  ) -> Bool {
    let signer = BinanceSeatSigner(keys: keys, account: account ?? .none, product: face.product)
    let used = access ?? BinanceAccess(apiKey: Text64(), product: face.product)
    frame.removeAll()
    body.removeAll()
    guard
      writer.writeREST(&call, access: used, at: face.time(at: utc), signer: signer, target: &frame, body: &body)
    else { return false }
    var request = HTTPRequest(
      method: call.endpoint.method.rawValue, target: face.settings.rest.path + frame.text, body: body.bytes)
    if call.endpoint.security != .open {
      request.fields.append(HTTPField(name: "x-mbx-apikey", value: used.apiKey.description))
    }
    if !body.isEmpty {
      request.fields.append(HTTPField(name: "content-type", value: "application/x-www-form-urlencoded"))
    }
    face.errands[face.nextErrand] = errand
    face.rest.submit(
      request, number: face.nextErrand, isRepeatable: isRepeatable, isUrgent: isUrgent, sendBy: sendBy, now: now)
    face.nextErrand += 1
    return true
  }

  func turnCalls(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    while let event = face.rest.next(&network, now: now) {
      switch event {
      case .answered(let number, let response):
        guard let errand = face.errands.removeValue(forKey: number) else { continue }
        answered(errand, response, face, now: now, utc: utc)
      case .failed(let number, let mayHaveLeft, _):
        guard let errand = face.errands.removeValue(forKey: number) else { continue }
        failed(errand, mayHaveLeft: mayHaveLeft, face, now: now, utc: utc)
      }
    }
  }

  private func answered(
    _ errand: BinanceErrand, _ response: HTTPResponse, _ face: BinanceFace, now: EngineTime, utc: UTCTime
  ) {
    face.isRestAlive = true
    var answer = BinanceAnswer(status: response.status, body: response.body)
    answer.usages = response.fields.compactMap { BinanceUsage(header: $0.name, value: $0.value) }
    let retryAfter = response.field("retry-after").flatMap { Int64($0) } ?? 0
    switch errand {
    case .time(let sent):
      face.note(answer, seat: nil, retryAfterSeconds: retryAfter, at: utc, now: now)
      takeTime(answer, sent: sent, face, now: now, utc: utc)
    case .order(let request, let charge, let accountCharge, let tag):
      let seat = face.seat(of: request.account)
      let isFree = answer.isGood && Self.isFreeWhenGood(request, face.product)
      face.settle(charge, accountCharge, seat, isFree: isFree, at: utc)
      face.note(answer, seat: seat, retryAfterSeconds: retryAfter, at: utc, now: now)
      answered(request, tag: tag, answer, face, retryAfterSeconds: retryAfter, now: now, utc: utc)
    case .listenKey(let seat, let isRenewal):
      face.note(answer, seat: nil, retryAfterSeconds: retryAfter, at: utc, now: now)
      takeListenKey(answer, seat: seat, isRenewal: isRenewal, face, now: now)
    case .market(let question, let charge):
      face.weight.settle(charge, at: face.time(at: utc))
      face.note(answer, seat: nil, retryAfterSeconds: retryAfter, at: utc, now: now)
      face.market.take(answer, to: question, now: now)
    case .fact(let seat, let token, let charge):
      face.weight.settle(charge, at: face.time(at: utc))
      face.note(answer, seat: nil, retryAfterSeconds: retryAfter, at: utc, now: now)
      takeFact(answer, seat: seat, token: token, face, retryAfterSeconds: retryAfter, now: now, utc: utc)
    case .job(let account, let number, let token, let charge):
      face.weight.settle(charge, at: face.time(at: utc))
      face.note(answer, seat: nil, retryAfterSeconds: retryAfter, at: utc, now: now)
      answered(
        answer, account, number: number, token: token, face, retryAfterSeconds: retryAfter, utc: utc)
    }
  }

  private func failed(
    _ errand: BinanceErrand, mayHaveLeft: Bool, _ face: BinanceFace, now: EngineTime, utc: UTCTime
  ) {
    switch errand {
    case .time:
      face.asksTime = false
      face.nextTimeAt = now.advanced(byNanoseconds: Self.timeRetryNanoseconds)
      face.isRestAlive = false
    case .order(let request, let charge, let accountCharge, _):
      face.settle(charge, accountCharge, face.seat(of: request.account), isFree: !mayHaveLeft, at: utc)
      guard request.kind != .queryOrder else { return }
      if mayHaveLeft { emit(Self.unknown(request), face) } else { refuse(request, .none) }
    case .listenKey(let seat, _): failListenKey(seat: seat, face, now: now)
    case .market(let question, let charge):
      face.weight.settle(charge, isFree: !mayHaveLeft, at: face.time(at: utc))
      face.market.lost(question, now: now)
    case .fact(let seat, let token, let charge):
      face.weight.settle(charge, isFree: !mayHaveLeft, at: face.time(at: utc))
      face.seats[seat].watch.lost(token: token)
      facts.asksAt = now.advanced(byNanoseconds: Self.timeRetryNanoseconds)
    case .job(let account, let number, let token, let charge):
      face.weight.settle(charge, isFree: !mayHaveLeft, at: face.time(at: utc))
      lost(account, number: number, token: token, now: now)
    }
  }

  // MARK: Time

  func askTime(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    guard !face.asksTime, now >= face.nextTimeAt else { return }
    let time = face.time(at: utc)
    guard let charge = face.weight.take(1, isCancel: false, at: time) else {
      let wait = face.weight.opens(1, isCancel: false, at: time).nanoseconds - time.nanoseconds
      face.nextTimeAt = now.advanced(byNanoseconds: max(wait, Self.timeRetryNanoseconds))
      return
    }
    face.weight.settle(charge, at: time)
    call.begin(face.product == .spot ? SpotEndpoint.time : FuturesEndpoint.time)
    face.asksTime = submitCall(
      face, .time(sent: utc), account: nil, access: nil, isRepeatable: true, now: now, utc: utc)
  }

  private func takeTime(
    _ answer: BinanceAnswer, sent: UTCTime, _ face: BinanceFace, now: EngineTime, utc: UTCTime
  ) {
    face.asksTime = false
    let knew = face.knowsTime
    guard let milliseconds = answer.result?["serverTime"]?.integer(as: Int64.self),
      let time = UTCTime(milliseconds: milliseconds)
    else {
      face.nextTimeAt = now.advanced(byNanoseconds: Self.timeRetryNanoseconds)
      return
    }
    face.clock.take(venueTime: time, resolution: Self.timeResolution, sent: sent, received: utc, now: now)
    // The first question has waited for its connection, so the next one knows better.
    let pause = knew ? Self.timeEveryNanoseconds : Self.timeRetryNanoseconds
    face.nextTimeAt = now.advanced(byNanoseconds: pause)
    // Now something can be signed.
    if !knew { face.wakeUserLinks() }
  }
}
