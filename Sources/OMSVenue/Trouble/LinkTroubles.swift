import OMSLib

/// Faults that have a time, and those of whole connections.
extension VenueServer where Recorder: ~Copyable {
  /// What is due: the end of waiting for a second answer, goodbyes, the end of an upkeep.
  mutating func turnTroubles(at time: ServerTime) {
    for (link, waiting) in troubles.waitingAnswers where waiting.until <= time.now {
      troubles.waitingAnswers[link] = nil
      if links[link] != nil { speak(to: waiting.caller, waiting.result, at: time, data: waiting.data) }
    }
    if troubles.goodbye <= time.now {
      troubles.goodbye = .never
      closeSockets(1_001)
    }
    if troubles.isUnderUpkeep, troubles.upkeepEnd <= time.now { endUpkeep() }
  }

  var troublesDue: EngineTime {
    var due = troubles.goodbye
    for waiting in troubles.waitingAnswers.values { due = min(due, waiting.until) }
    return troubles.isUnderUpkeep ? min(due, troubles.upkeepEnd) : due
  }

  /// Everybody is told, and closed a while later.
  mutating func sayGoodbye(in nanoseconds: Int64, at time: ServerTime) {
    announceShutdown(at: time)
    troubles.goodbye = time.now.advanced(byNanoseconds: nanoseconds)
  }

  private mutating func closeSockets(_ code: UInt16) {
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) where state.isSocket {
      closeSocket(link, code)
    }
  }

  /// No request is taken for a while, and no connection kept. Behind it the numbers of the books begin anew.
  mutating func beginUpkeep(_ nanoseconds: Int64, at time: ServerTime) {
    troubles.isUnderUpkeep = true
    troubles.upkeepEnd = time.now.advanced(byNanoseconds: nanoseconds)
    announceShutdown(at: time)
    closeSockets(1_001)
  }

  mutating func endUpkeep() {
    troubles.isUnderUpkeep = false
    pages.startNumbersAnew(in: venue.exchange)
  }

  /// From now on, and for connections that are open, a WebSocket lasts so long.
  mutating func setLife(_ nanoseconds: Int64, at time: ServerTime) {
    lifeNanoseconds = nanoseconds
    let end = time.now.advanced(byNanoseconds: nanoseconds)
    for (link, state) in links where state.isSocket { links[link]?.ends = min(state.ends, end) }
  }

  mutating func ban(_ nanoseconds: Int64, at time: ServerTime) {
    troubles.banEnd = UTCTime(nanoseconds: time.utc.nanoseconds + nanoseconds)
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) {
      if case .api = state.role { closeSocket(link, 1_008) }
    }
  }

  /// So many pings to every WebSocket at once.
  mutating func storm(_ pings: Int) {
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) where state.isSocket {
      for number in 0..<pings { put(.ping(link, Array("\(number)".utf8))) }
    }
  }

  /// The faults end, but for what was made and waits: that leaves now.
  mutating func endTroubles(at time: ServerTime) {
    if troubles.isUnderUpkeep { endUpkeep() }
    let old = troubles
    troubles = ExchangeTroubles()
    rates.foreignWeight = 0
    lifeNanoseconds = Self.standardLife
    listenKeys.lifeNanoseconds = ListenKeys.standardLife
    for (_, waiting) in old.waitingAnswers.sorted(by: { $0.key.number < $1.key.number }) {
      if links[waiting.caller.link] != nil { speak(to: waiting.caller, waiting.result, at: time, data: waiting.data) }
    }
  }
}
