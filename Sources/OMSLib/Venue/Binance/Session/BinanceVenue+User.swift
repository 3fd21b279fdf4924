// News of accounts: on spot each account subscribes with its signature, on USD-M by a key that is asked for over HTTP; all
// of them come over one connection.

extension BinanceVenue where Network: ~Copyable {
  /// Frames of subscriptions that may wait for the network; the rest follows.
  private static var subscribingBytesMax: Int { 32_768 }
  private static var subscribeWeight: Int64 { 2 }
  private static var retryNanoseconds: Int64 { 1_000_000_000 }
  /// A key that the venue does not know is a matter for people.
  private static var refusedNanoseconds: Int64 { 60_000_000_000 }
  /// Keys of streams live for an hour.
  private static var renewNanoseconds: Int64 { 1_800_000_000_000 }
  /// Names in one question; the venue takes ten messages a second.
  private static var namesPerQuestion: Int { 100 }
  private static var questionPauseNanoseconds: Int64 { 250_000_000 }

  func turnUser(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    if face.product == .usdm, now >= face.keysAt { askForKeys(face, now: now, utc: utc) }
    while let event = face.user.next(&network, now: now) {
      switch event {
      case .opened(let wire): face.userLinks.append(BinanceUserLink(wire))
      case .up: hear(face)
      case .down(let wire, _):
        face.userLinks.removeAll { $0.wire == wire }
        hear(face)
      case .message(let wire):
        if let link = face.userLink(wire) { take(face, link, now: now, utc: utc) }
      }
    }
    for link in face.userLinks where now >= link.asksAt { subscribe(face, link, now: now, utc: utc) }
    for link in face.userLinks where link.takesTooLong(at: now) { face.user.announceEnd(link.wire, now: now) }
  }

  // MARK: Subscribing

  /// Asks for the news of those that do not come over this link yet; with all of them it is ready.
  private func subscribe(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime, utc: UTCTime) {
    link.cover(face.seats.count)
    link.asksAt = .never
    switch face.product {
    case .spot: subscribeSigned(face, link, now: now, utc: utc)
    case .usdm: subscribeKeys(face, link, now: now)
    }
    guard isReady(face, link) else { return }
    face.user.confirm(link.wire, &network, now: now)
  }

  private func isReady(_ face: BinanceFace, _ link: BinanceUserLink) -> Bool {
    link.stages.indices.allSatisfy { index in
      let hasNoKey = face.product == .usdm && face.seats[index].listenKey.isEmpty
      return link.stages[index] == .heard || link.stages[index] == .refused || hasNoKey
    }
  }

  private func mayAsk(_ face: BinanceFace, _ link: BinanceUserLink, _ index: Int, now: EngineTime) -> Bool {
    guard link.stages[index] == .none || link.stages[index] == .refused else { return false }
    if face.product == .usdm, face.seats[index].listenKey.isEmpty { return false }
    if now >= face.seats[index].retryAt { return true }
    link.asksAt = min(link.asksAt, face.seats[index].retryAt)
    return false
  }

  private func pause(_ link: BinanceUserLink, now: EngineTime) {
    link.asksAt = now.advanced(byNanoseconds: Self.questionPauseNanoseconds)
  }

  private func subscribeSigned(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime, utc: UTCTime) {
    guard face.knowsTime else { return }
    for (index, seat) in face.seats.enumerated() where mayAsk(face, link, index, now: now) {
      guard network.unsent(link.wire) < Self.subscribingBytesMax,
        let charge = face.weight.take(Self.subscribeWeight, isCancel: false, at: face.time(at: utc))
      else { return pause(link, now: now) }
      face.weight.settle(charge, at: face.time(at: utc))
      let apiKey = keys.apiKey(of: seat.account, .spot) ?? Text64()
      call.begin(SpotEndpoint.subscribeSigned)
      var access = BinanceAccess(apiKey: apiKey, product: .spot)
      access.windowMicroseconds = settings.receiveWindowNanoseconds / 1_000
      let signer = BinanceSeatSigner(keys: keys, account: seat.account, product: .spot)
      frame.removeAll()
      let isWritten = writer.writeFrame(
        &call, id: UInt64(index) + 1, access: access, at: face.time(at: utc), signer: signer, into: &frame)
      guard isWritten else {
        seat.retryAt = now.advanced(byNanoseconds: Self.refusedNanoseconds)
        link.stages[index] = .refused
        link.asksAt = min(link.asksAt, seat.retryAt)
        continue
      }
      guard face.user.send(link.wire, text: frame, &network) else { return pause(link, now: now) }
      link.stages[index] = .asked
      link.expectAnswers(from: now)
    }
  }

  private func subscribeKeys(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime) {
    var chosen: [Int] = []
    for index in face.seats.indices where mayAsk(face, link, index, now: now) {
      if chosen.count < Self.namesPerQuestion { chosen.append(index) } else { pause(link, now: now) }
    }
    guard !chosen.isEmpty else { return }
    frame.removeAll()
    frame.append(literal: "{\"method\":\"SUBSCRIBE\",\"params\":[")
    for (place, index) in chosen.enumerated() {
      if place > 0 { frame.append(UInt8(ascii: ",")) }
      frame.append(quoted: face.seats[index].listenKey)
    }
    frame.append(literal: "],\"id\":")
    frame.append(decimal: link.nextQuestion)
    frame.append(UInt8(ascii: "}"))
    guard face.user.send(link.wire, text: frame, &network) else { return pause(link, now: now) }
    for index in chosen { link.subscribe(face.seats[index].listenKey, seat: index) }
    link.questions[link.nextQuestion] = chosen
    link.nextQuestion += 1
    link.expectAnswers(from: now)
  }

  /// Whose news come is decided by the link that is in use.
  private func hear(_ face: BinanceFace) {
    face.wakeUserLinks()
    let link = face.user.inUse.flatMap { face.userLink($0) }
    for (index, seat) in face.seats.enumerated() {
      let isHeard = link.map { index < $0.stages.count && $0.stages[index] == .heard } ?? false
      guard isHeard != seat.isHeard else { continue }
      seat.isHeard = isHeard
      judge(seat.account)
    }
  }

  // MARK: Messages

  private func take(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime, utc: UTCTime) {
    switch face.product {
    case .spot: takeSpot(face, link, now: now, utc: utc)
    case .usdm: takeUsdm(face, link, now: now)
    }
  }

  private func takeSpot(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime, utc: UTCTime) {
    let found: (subscription: Int64, news: SpotUserNews)
    do throws(BinanceProblem) {
      found = try unsafe face.user.withPayload { (bytes) throws(BinanceProblem) in
        try unsafe spotUsers.read(bytes, face.names) { number in
          link.subscriptions[number].map { (face.seats[$0].account, face.seats[$0].memory) }
        }
      }
    } catch {
      unreadable += 1
      return
    }
    let index = link.subscriptions[found.subscription]
    switch found.news {
    case .order(let news):
      guard let index else { return }
      news.events(of: face.seats[index].account) { event in
        judge(event, face, seat: index, now: now)
        emit(event, face)
      }
    case .balances(let changes):
      guard let index else { return }
      for event in changes {
        face.seats[index].memory.set(event.asset, total: event.amount, locked: event.locked)
        emit(event, face)
      }
    case .ended:
      guard let index else { return }
      link.subscriptions[found.subscription] = nil
      link.stages[index] = .none
      hear(face)
    case .shutdown: face.user.announceEnd(link.wire, now: now)
    case .answer(let answer): takeSubscription(answer, face, link, now: now, utc: utc)
    case .list, .other: break
    }
  }

  private func takeSubscription(
    _ answer: BinanceAnswer, _ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime, utc: UTCTime
  ) {
    face.note(answer, seat: nil, retryAfterSeconds: 0, at: utc, now: now)
    guard let id = answer.id, id > 0, id <= UInt64(link.stages.count) else { return }
    let index = Int(id) - 1
    if answer.isGood, let number = answer.result?["subscriptionId"]?.integer(as: Int64.self) {
      link.subscriptions[number] = index
      link.stages[index] = .heard
    } else {
      let verdict = answer.verdict(.spot, now: face.time(at: utc))
      // The link has had as many subscriptions as one may have, or one whose number nobody knows.
      let isUsedUp = verdict.code == Self.tooManySubscriptions || verdict.code == Self.subscribedAlready
      if isUsedUp { face.user.announceEnd(link.wire, now: now) }
      let pause = verdict.meaning == .key ? Self.refusedNanoseconds : Self.retryNanoseconds
      face.seats[index].retryAt = now.advanced(byNanoseconds: max(pause, verdict.retryAfterNanoseconds))
      link.stages[index] = .refused
    }
    link.noteAnswer(at: now)
    hear(face)
  }

  private static var tooManySubscriptions: Int32 { -2_042 }
  private static var subscribedAlready: Int32 { -2_035 }

  private func takeUsdm(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime) {
    var index: Int?
    let news: FuturesUserNews
    do throws(BinanceProblem) {
      news = try unsafe face.user.withPayload { (bytes) throws(BinanceProblem) in
        guard let parts = unsafe BinanceCombined(bytes) else {
          return try unsafe usdmUsers.read(bytes, face.names, .none, nobody).news
        }
        index = link.seats[parts.stream]
        guard let index else { return .other("") }
        let seat = face.seats[index]
        return try unsafe usdmUsers.read(parts.data, face.names, seat.account, seat.memory).news
      }
    } catch {
      // What answers a question here has no status.
      takeKeysAnswer(face, link, now: now)
      return
    }
    if case .shutdown = news { return face.user.announceEnd(link.wire, now: now) }
    guard let index else { return }
    tell(news, face, link, index, now: now)
  }

  private func tell(
    _ news: FuturesUserNews, _ face: BinanceFace, _ link: BinanceUserLink, _ index: Int, now: EngineTime
  ) {
    let seat = face.seats[index]
    switch news {
    case .order(let order):
      order.events(of: seat.account) { event in
        judge(event, face, seat: index, now: now)
        emit(event, face)
      }
    case .algo(let algo):
      if !algo.engine.isNone {
        face.orderIDs.note(algo.engine, algo.instrument, algo.client.wireID(algo.algo))
      }
      if let event = algo.event(of: seat.account) { emit(event, face, isAlgo: true) }
    case .account(let changes):
      for event in changes {
        if event.kind == .balance { seat.memory.set(event.asset, total: event.amount, locked: event.locked) }
        if event.kind == .position, let mode = MarginMode(rawValue: event.marginModeRaw) {
          seat.memory[mode: event.instrument] = mode
        }
        emit(event, face)
      }
    case .leverage(let instrument, let leverage): seat.memory[leverage: instrument] = leverage
    case .keyExpired:
      (seat.listenKey, seat.renewAt) = (Text64(), now)
      face.keysAt = now
      link.stages[index] = .none
      hear(face)
    // The whole fill follows. Multi-assets mode is read with the account.
    case .early, .multiAssets, .answer, .other, .shutdown: break
    }
  }

  /// `{"result":null,"id":1}`, or an error beside the id.
  private func takeKeysAnswer(_ face: BinanceFace, _ link: BinanceUserLink, now: EngineTime) {
    let bytes = unsafe face.user.withPayload { unsafe Array($0) }
    guard let root = try? JSONReader.read(bytes, limits: BinanceEnvelope.limits).root,
      let number = root["id"]?.integer(as: UInt64.self), let asked = link.questions.removeValue(forKey: number)
    else {
      unreadable += 1
      return
    }
    let isGood = root["error"] == nil && root["code"] == nil
    for index in asked where link.stages[index] == .asked {
      link.stages[index] = isGood ? .heard : .refused
      if !isGood { face.seats[index].retryAt = now.advanced(byNanoseconds: Self.retryNanoseconds) }
    }
    link.noteAnswer(at: now)
    hear(face)
  }

  // MARK: Keys of streams

  private func askForKeys(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    face.keysAt = .never
    for (index, seat) in face.seats.enumerated() where !seat.asksForKey {
      let due = max(seat.renewAt, seat.retryAt)
      guard now >= due else {
        face.keysAt = min(face.keysAt, due)
        continue
      }
      let time = face.time(at: utc)
      guard let apiKey = keys.apiKey(of: seat.account, face.product),
        let charge = face.weight.take(1, isCancel: false, at: time)
      else {
        seat.retryAt = now.advanced(byNanoseconds: Self.retryNanoseconds)
        face.keysAt = min(face.keysAt, seat.retryAt)
        continue
      }
      face.weight.settle(charge, at: time)
      let isRenewal = !seat.listenKey.isEmpty
      call.begin(isRenewal ? FuturesEndpoint.keepListening : FuturesEndpoint.listen)
      seat.asksForKey = submitCall(
        face, .listenKey(seat: index, isRenewal: isRenewal), account: seat.account,
        access: BinanceAccess(apiKey: apiKey, product: face.product), isRepeatable: true, now: now, utc: utc)
    }
  }

  func takeListenKey(_ answer: BinanceAnswer, seat index: Int, isRenewal: Bool, _ face: BinanceFace, now: EngineTime) {
    let seat = face.seats[index]
    seat.asksForKey = false
    face.keysAt = .zero
    let key = answer.result?["listenKey"]?.string.flatMap { Text64($0) }
    if answer.isGood, let key = key ?? (isRenewal ? seat.listenKey : nil), !key.isEmpty {
      seat.renewAt = now.advanced(byNanoseconds: Self.renewNanoseconds)
      guard key != seat.listenKey else { return }
      seat.listenKey = key
      for link in face.userLinks where index < link.stages.count { link.stages[index] = .none }
      return hear(face)
    }
    let code = answer.error?["code"]?.integer(as: Int32.self) ?? 0
    if isRenewal, code == Self.unknownListenKey {
      // It has run out unnoticed: what was missed is asked for when the new one is up.
      (seat.listenKey, seat.renewAt) = (Text64(), now)
      for link in face.userLinks where index < link.stages.count { link.stages[index] = .none }
      return hear(face)
    }
    let isKey = answer.status == 401 || code == -2_014 || code == -2_015
    seat.retryAt = now.advanced(byNanoseconds: isKey ? Self.refusedNanoseconds : Self.retryNanoseconds)
  }

  private static var unknownListenKey: Int32 { -1_125 }

  func failListenKey(seat index: Int, _ face: BinanceFace, now: EngineTime) {
    face.seats[index].asksForKey = false
    face.keysAt = .zero
    face.seats[index].retryAt = now.advanced(byNanoseconds: Self.retryNanoseconds)
  }
}

/// A message with the name of its stream around it, taken apart without copying: `{"stream":"…","data":{…}}`.
@safe struct BinanceCombined {
  let stream: Text64
  let data: UnsafeBufferPointer<UInt8>

  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    let (head, middle): (StaticString, StaticString) = ("{\"stream\":\"", "\",\"data\":")
    guard unsafe Self.begins(bytes, with: head, at: 0) else { return nil }
    let first = head.utf8CodeUnitCount
    var end = first
    while end < bytes.count, unsafe bytes[end] != UInt8(ascii: "\"") { end += 1 }
    guard unsafe Self.begins(bytes, with: middle, at: end), unsafe bytes[bytes.count - 1] == UInt8(ascii: "}"),
      let stream = unsafe Text64(utf8: bytes[first..<end])
    else { return nil }
    let start = end + middle.utf8CodeUnitCount
    guard start < bytes.count - 1 else { return nil }
    self.stream = stream
    unsafe data = UnsafeBufferPointer(rebasing: bytes[start..<bytes.count - 1])
  }

  private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, with text: StaticString, at place: Int) -> Bool {
    guard place + text.utf8CodeUnitCount <= bytes.count else { return false }
    for index in 0..<text.utf8CodeUnitCount {
      guard unsafe bytes[place + index] == text.utf8Start[index] else { return false }
    }
    return true
  }
}
