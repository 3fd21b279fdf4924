// Public data: the streams' links, and what is asked besides them.

extension BinanceVenue where Network: ~Copyable {
  private static var questionPauseNanoseconds: Int64 { 250_000_000 }

  func turnMarket(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    for stream in face.streams { listen(face, stream, now: now) }
    face.market.turn(now: now)
    while let failure = face.market.nextFailure() {
      guard let stream = face.streams.first(where: { $0.socket.owns(failure.link) }) else { continue }
      stream.socket.give(up: failure.link, failure.reason, &network, now: now)
      listen(face, stream, now: now)
    }
    // Who was told to be silent says nothing here either, and does not connect again for want of an answer.
    face.isMarketSilent = face.time(at: utc) < face.weight.closedUntil
    guard !face.isMarketSilent else {
      for stream in face.streams {
        for wire in stream.open { stream.socket.confirm(wire, &network, now: now) }
      }
      face.marketAsksAt = now.advanced(byNanoseconds: Self.questionPauseNanoseconds)
      return
    }
    for stream in face.streams { speak(face, stream, now: now) }
    ask(face, now: now, utc: utc)
  }

  private func listen(_ face: BinanceFace, _ stream: BinanceStreamLine, now: EngineTime) {
    while let event = stream.socket.next(&network, now: now) {
      switch event {
      case .opened(let wire):
        stream.open.append(wire)
        face.market.linkOpened(wire, stream.line, now: now)
      case .up: break
      case .down(let wire, _):
        stream.open.removeAll { $0 == wire }
        face.market.linkLost(wire, now: now)
      case .message(let wire):
        let isEnding = unsafe stream.socket.withPayload { unsafe face.market.take(wire, $0, now: now) }
        if isEnding { stream.socket.announceEnd(wire, now: now) }
      }
    }
  }

  private func speak(_ face: BinanceFace, _ stream: BinanceStreamLine, now: EngineTime) {
    for wire in stream.open {
      while face.market.nextFrame(wire, now: now, into: &frame) {
        guard stream.socket.send(wire, text: frame, &network) else {
          // What the market has counted as asked was not: another link asks for all of it.
          stream.socket.give(up: wire, "it takes nothing", &network, now: now)
          break
        }
      }
      if face.market.isReady(wire) { stream.socket.confirm(wire, &network, now: now) }
    }
  }

  private func ask(_ face: BinanceFace, now: EngineTime, utc: UTCTime) {
    guard now >= face.marketAsksAt else { return }
    while let question = face.market.nextQuestion(now: now, into: &call) {
      let time = face.time(at: utc)
      guard let charge = face.weight.take(question.weight, isCancel: false, at: time) else {
        face.market.lost(question, now: now)
        let wait = face.weight.opens(question.weight, isCancel: false, at: time).nanoseconds - time.nanoseconds
        face.marketAsksAt = now.advanced(byNanoseconds: max(wait, Self.questionPauseNanoseconds))
        return
      }
      let isAsked = submitCall(
        face, .market(question, charge), account: nil, access: nil, isRepeatable: true, now: now, utc: utc)
      if !isAsked { face.market.lost(question, now: now) }
    }
  }
}
