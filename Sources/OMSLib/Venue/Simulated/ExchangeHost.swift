/// Holds an exchange for engines in other processes.
///
/// Owner: one thread, which calls `turn` for ever. Engines may die and come back; the exchange trades on. Events that
/// nobody takes are dropped, and the engine hears `disconnected` and `connected` instead: it reads everything anew.
@safe package struct ExchangeHost<Recorder: ExchangeRecorder & ~Copyable>: ~Copyable {
  // Before the region: the rings lie in it and end first.
  private var requests: RingConsumer<SharedExchangeRequest>
  private var events: RingProducer<SharedExchangeEvent>
  package var venue: SimulatedVenue<Recorder>
  private let region: SharedExchangeRegion
  private var epoch: UInt64 = 0
  private var hasLost = false
  private let watched = Rows<UInt16>(zeroed: Limits.instrumentCount)
  private var watchedCount = 0
  private let sent = Rows<UInt64>(zeroed: Limits.instrumentCount)

  /// The venue's times are calendar times here: `now` of its door is what `turn` is given.
  package init(_ region: consuming SharedExchangeRegion, venue: consuming SimulatedVenue<Recorder>) {
    requests = region.requestConsumer()
    events = region.eventProducer()
    self.region = region
    self.venue = venue
  }

  /// Takes what came, lets the market run to `utc`, hands out what happened. Returns how much there was to do.
  package mutating func turn(utc: UTCTime) -> Int {
    let now = EngineTime(nanoseconds: utc.nanoseconds)
    var work = 0
    while work < 256, let message = requests.peek() {
      guard take(message, now, utc) else { break }
      requests.advance()
      work += 1
    }
    if hasLost, events.room() > 2 { tellLoss() }
    while let event = venue.poll(now: now, utc: utc) {
      work += 1
      // Without an engine the events go nowhere; the market must not stand still for it.
      if epoch == 0 || hasLost { continue }
      var message = SharedExchangeEvent()
      message.event = event
      message.epoch = epoch
      if events.room() < 8 || !events.tryPush(message) { hasLost = true }
    }
    if epoch != 0 && !hasLost { sendPrices() }
    return work
  }

  /// `false`: the venue has no room; the message stays.
  private mutating func take(_ message: SharedExchangeRequest, _ now: EngineTime, _ utc: UTCTime) -> Bool {
    switch message.kind {
    case .attach: attach(message.epoch)
    case .registerAccount:
      guard Int(message.number) < Limits.accountCount else { return true }
      _ = venue.register(account: AccountID(number: message.number), name: message.name)
    case .registerInstrument:
      guard Int(message.number) < Limits.instrumentCount else { return true }
      if venue.register(instrument: InstrumentID(number: message.number), name: message.name.low) {
        watch(message.number)
      }
    case .registerAsset:
      guard Int(message.number) < Limits.assetCount else { return true }
      _ = venue.register(asset: AssetID(number: message.number), name: message.name.low)
    case .request:
      // The ring's other end may be anybody of this user: numbers are checked before they index anything.
      guard message.request.account.index < Limits.accountCount,
        message.request.instrument.index < Limits.instrumentCount, message.epoch == epoch
      else { return true }
      return venue.submit(message.request, now: now, utc: utc)
    case .control:
      guard Int(message.control.account) < Limits.accountCount, Int(message.control.other) < Limits.accountCount,
        Int(message.control.instrument) < Limits.instrumentCount, Int(message.control.asset) < Limits.assetCount
      else { return true }
      _ = venue.control(message.control, now: now)
    case nil: break
    }
    return true
  }

  private mutating func attach(_ epoch: UInt64) {
    precondition(epoch != 0, "an engine has an epoch")
    self.epoch = epoch
    hasLost = false
    for place in 0..<watchedCount { sent[Int(watched[place])] = 0 }
    var message = SharedExchangeEvent()
    message.epoch = epoch
    message.event.venue = venue.venue
    if !events.tryPush(message) { hasLost = true }
  }

  private mutating func watch(_ number: UInt16) {
    for place in 0..<watchedCount where watched[place] == number { return }
    watched[watchedCount] = number
    watchedCount += 1
  }

  private mutating func tellLoss() {
    for kind in [VenueEvent.Kind.disconnected, .connected] {
      var message = SharedExchangeEvent()
      message.event.kindRaw = kind.rawValue
      message.event.venue = venue.venue
      message.epoch = epoch
      _ = events.tryPush(message)
    }
    hasLost = false
  }

  /// Prices that changed since they were last sent. A full ring drops them: newer ones follow.
  private mutating func sendPrices() {
    for place in 0..<watchedCount {
      let number = Int(watched[place])
      let top = venue.top(of: InstrumentID(number: UInt16(number)))
      let stamp = UInt64(bitPattern: top.updatedAt.nanoseconds) ^ top.isValid
      guard stamp != sent[number], events.room() > SharedExchangeRegion.events.capacity / 2 else { continue }
      var message = SharedExchangeEvent()
      message.top = top
      message.instrument = InstrumentID(number: UInt16(number))
      message.epoch = epoch
      if events.tryPush(message) { sent[number] = stamp }
    }
  }
}

/// The door to an exchange in another process.
///
/// Owner: one hot thread. The first event after `init` is `connected`; until then nothing that an earlier engine was
/// meant to hear is passed on.
@safe package struct SharedVenueDoor: ~Copyable, VenueDoor {
  private var requests: RingProducer<SharedExchangeRequest>
  private var events: RingConsumer<SharedExchangeEvent>
  private let region: SharedExchangeRegion
  private let tops = Rows<TopOfBook>(zeroed: Limits.instrumentCount)
  private let epoch: UInt64
  /// Calendar time minus engine time, as last seen.
  private var offset: Int64
  private var polledAt: EngineTime

  /// How often to look: nothing wakes the engine when the other process writes.
  private static let pollNanoseconds: Int64 = 1_000_000

  /// `epoch` is above that of every engine before.
  package init(_ region: consuming SharedExchangeRegion, epoch: UInt64, now: EngineTime, utc: UTCTime) {
    precondition(epoch != 0, "an engine has an epoch")
    requests = region.requestProducer()
    events = region.eventConsumer()
    self.region = region
    self.epoch = epoch
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    var message = SharedExchangeRequest(.attach)
    message.epoch = epoch
    _ = requests.tryPush(message)
  }

  /// Each returns `false` when the other side is a whole ring behind: try again later.
  package mutating func register(account: AccountID, name: Text64) -> Bool {
    register(.registerAccount, account.number, name)
  }

  package mutating func register(instrument: InstrumentID, name: Text32) -> Bool {
    var text = Text64()
    text.low = name
    return register(.registerInstrument, instrument.number, text)
  }

  package mutating func register(asset: AssetID, name: Text32) -> Bool {
    var text = Text64()
    text.low = name
    return register(.registerAsset, asset.number, text)
  }

  private mutating func register(_ kind: SharedExchangeRequest.Kind, _ number: UInt16, _ name: Text64) -> Bool {
    var message = SharedExchangeRequest(kind)
    message.number = number
    message.name = name
    return requests.tryPush(message)
  }

  package mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    offset = utc.nanoseconds - now.nanoseconds
    var message = SharedExchangeRequest(.request)
    message.request = request
    message.epoch = epoch
    if request.signBy != .never { message.request.signBy = request.signBy.advanced(byNanoseconds: offset) }
    return requests.tryPush(message)
  }

  package mutating func control(_ control: ExchangeControl) -> Bool {
    var message = SharedExchangeRequest(.control)
    message.control = control
    return requests.tryPush(message)
  }

  package mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    while let message = events.tryPop() {
      guard message.epoch == epoch else { continue }
      guard !message.instrument.isNone else { return message.event }
      guard message.instrument.index < Limits.instrumentCount else { continue }
      var top = message.top
      top.updatedAt = EngineTime(nanoseconds: min(top.updatedAt.nanoseconds - offset, now.nanoseconds))
      tops[message.instrument.index] = top
    }
    return nil
  }

  package func top(of instrument: InstrumentID) -> TopOfBook {
    instrument.index < Limits.instrumentCount ? tops[instrument.index] : TopOfBook()
  }

  package var nextDue: EngineTime { polledAt.advanced(byNanoseconds: Self.pollNanoseconds) }
}
