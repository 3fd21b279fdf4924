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
  /// How many images engines have asked for; whoever drives this makes them.
  package private(set) var imagesAsked: UInt64 = 0
  /// Those that were not answered yet.
  private var images: [(number: UInt64, token: UInt64)] = []
  private var imageOutcome: (upTo: UInt64, isMade: Bool) = (0, false)
  /// Places in the ring that events of the market leave to answers and to the word that some were lost.
  private static var reservedPlaces: Int { 8 }
  private static var imagesMax: Int { 16 }

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
    region.beat()
    var work = 0
    while work < 256, let message = requests.peek() {
      guard take(message, now, utc) else { break }
      requests.advance()
      work += 1
    }
    if hasLost, events.room() > 2 { tellLoss() }
    answerImages()
    while let event = venue.poll(now: now, utc: utc) {
      work += 1
      // Without an engine the events go nowhere; the market must not stand still for it.
      if epoch == 0 || hasLost { continue }
      var message = SharedExchangeEvent()
      message.event = event
      message.epoch = epoch
      if events.room() < Self.reservedPlaces || !events.tryPush(message) { hasLost = true }
    }
    if epoch != 0 && !hasLost { sendPrices() }
    return work
  }

  /// All images up to number `upTo` of those asked for are on the disk, or cannot be made.
  package mutating func imagesEnded(upTo: UInt64, isMade: Bool) { imageOutcome = (upTo, isMade) }

  private mutating func answerImages() {
    while let first = images.first, first.number <= imageOutcome.upTo, events.room() > 2 {
      images.removeFirst()
      answer(first.token, imageOutcome.isMade ? .done : .refused)
    }
  }

  /// `false`: the venue, or the ring for the answer, has no room; the message stays.
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
    case .steer:
      guard events.room() >= Self.reservedPlaces else { return false }
      if message.epoch == epoch, message.command.token != 0 { steer(message.command, now) }
    case .levels:
      guard events.room() >= Self.reservedPlaces else { return false }
      if message.epoch == epoch, message.token != 0 { tellLevels(message) }
    case nil: break
    }
    return true
  }

  private mutating func attach(_ epoch: UInt64) {
    precondition(epoch != 0, "an engine has an epoch")
    self.epoch = epoch
    hasLost = false
    images = []
    for place in 0..<watchedCount { sent[Int(watched[place])] = 0 }
    var message = SharedExchangeEvent()
    message.epoch = epoch
    message.event.venue = venue.venue
    if !events.tryPush(message) { hasLost = true }
  }

  /// Names that are registered behind it must not be overtaken: where the venue has no room it is refused.
  private mutating func steer(_ command: SimulatorCommand, _ now: EngineTime) {
    guard command.kind == .image else {
      return answer(command.token, venue.obey(command, now: now) ? .done : .refused)
    }
    guard images.count < Self.imagesMax else { return answer(command.token, .refused) }
    imagesAsked += 1
    images.append((imagesAsked, command.token))
  }

  private mutating func tellLevels(_ question: SharedExchangeRequest) {
    var message = SharedExchangeEvent()
    message.epoch = epoch
    message.token = question.token
    let depth = min(Int(question.depth), Limits.bookDepth)
    if Int(question.number) < Limits.instrumentCount, case let row = venue.instrumentIn[Int(question.number)], row != 0
    {
      message.bidCount = writeLevels(of: row, .buy, depth)
      message.askCount = writeLevels(of: row, .sell, depth)
    }
    _ = events.tryPush(message)
  }

  private func writeLevels(of row: UInt16, _ side: Side, _ depth: Int) -> UInt16 {
    var count = 0
    venue.exchange.forEachLevel(of: row, side, count: depth) { price, quantity in
      region.setLevel(side, count, SharedLevel(price: price, quantity: quantity))
      count += 1
    }
    return UInt16(count)
  }

  private mutating func answer(_ token: UInt64, _ outcome: SimulatorOutcome) {
    var message = SharedExchangeEvent()
    message.epoch = epoch
    message.token = token
    message.outcomeRaw = outcome.rawValue
    _ = events.tryPush(message)
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
