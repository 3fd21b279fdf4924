/// The door to an exchange in another process.
///
/// That process may end and come back: then the link is down, nothing is sent, and everything is registered anew when it
/// is up. What was under way is left to whoever sent it: no answer means unknown.
///
/// Owner: one hot thread. The first event of a link is `connected`; nothing that an earlier engine was meant to hear is
/// passed on.
@safe package struct SharedVenueDoor: ~Copyable, VenueDoor {
  private struct Link: ~Copyable {
    // Before the region: the rings lie in it and end first.
    var requests: RingProducer<SharedExchangeRequest>
    var events: RingConsumer<SharedExchangeEvent>
    let region: SharedExchangeRegion
    let epoch: UInt64
    var beat: UInt64
    var beatAt: EngineTime

    init(_ region: consuming SharedExchangeRegion, epoch: UInt64, now: EngineTime) {
      requests = region.requestProducer()
      events = region.eventConsumer()
      beat = region.beatSeen
      beatAt = now
      self.region = region
      self.epoch = epoch
    }
  }

  private struct Registration {
    var name: Text64
    var number: UInt16
    var kind: SharedExchangeRequest.Kind
  }

  private let name: String
  private let venue: VenueID
  private var link: Link?
  private var registrations: [Registration] = []
  /// Of them, those that the exchange was told on this link.
  private var told = 0
  private let tops = Rows<TopOfBook>(zeroed: Limits.instrumentCount)
  /// What this side says by itself: requests that did not leave, the link that broke.
  private var own = DeliveryQueue(capacity: 1 << 13)
  private var nextEpoch: UInt64
  /// Calendar time minus engine time, as last seen.
  private var offset: Int64
  private var polledAt: EngineTime
  private var retryAt: EngineTime

  /// How often to look: nothing wakes the engine when the other process writes.
  private static let pollNanoseconds: Int64 = 1_000_000
  /// How long an exchange may show no sign of life before the kernel is asked about it, and a broken link be left alone.
  package static let patienceNanoseconds: Int64 = 50_000_000

  /// `epoch` is that of the engine's run: above those of all runs before. The link need not be there yet.
  package init(name: String, venue: VenueID, epoch: UInt32, now: EngineTime, utc: UTCTime) {
    precondition(epoch != 0, "an engine has an epoch")
    self.name = name
    self.venue = venue
    nextEpoch = UInt64(epoch) << 24
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    retryAt = now
    connect(now)
  }

  /// Whether there is an exchange at the other end, as far as is known.
  package var isUp: Bool {
    switch link {
    case .some: true
    case .none: false
    }
  }

  // MARK: Names

  package mutating func register(account: AccountID, name: Text64) {
    register(.registerAccount, account.number, name)
  }

  package mutating func register(instrument: InstrumentID, name: Text32) {
    var text = Text64()
    text.low = name
    register(.registerInstrument, instrument.number, text)
  }

  package mutating func register(asset: AssetID, name: Text32) {
    var text = Text64()
    text.low = name
    register(.registerAsset, asset.number, text)
  }

  private mutating func register(_ kind: SharedExchangeRequest.Kind, _ number: UInt16, _ name: Text64) {
    registrations.append(Registration(name: name, number: number, kind: kind))
    _ = tellNames()
  }

  /// `false`: not all of them, the other side is a whole ring behind.
  private mutating func tellNames() -> Bool {
    while told < registrations.count {
      let registration = registrations[told]
      var message = SharedExchangeRequest(registration.kind)
      message.number = registration.number
      message.name = registration.name
      guard link?.requests.tryPush(message) == true else { return false }
      told += 1
    }
    return true
  }

  // MARK: The door

  package mutating func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    offset = utc.nanoseconds - now.nanoseconds
    guard let epoch = link?.epoch else {
      guard own.room > 2 else { return false }
      own.push(Self.notSent(request), due: now)
      return true
    }
    guard tellNames() else { return false }
    var message = SharedExchangeRequest(.request)
    message.request = request
    message.epoch = epoch
    if request.signBy != .never { message.request.signBy = request.signBy.advanced(byNanoseconds: offset) }
    return link?.requests.tryPush(message) == true
  }

  /// `false`: no exchange, or no room. Whether it can be done is not known here.
  package mutating func obey(_ command: SimulatorCommand) -> Bool {
    guard let epoch = link?.epoch, command.isInRange, tellNames() else { return false }
    var message = SharedExchangeRequest(.steer)
    message.command = command
    message.epoch = epoch
    return link?.requests.tryPush(message) == true
  }

  package mutating func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    offset = utc.nanoseconds - now.nanoseconds
    polledAt = now
    if let event = own.pop() { return event }
    guard isUp else {
      if now >= retryAt { connect(now) }
      return nil
    }
    _ = tellNames()
    while let message = link?.events.tryPop() {
      guard message.epoch == link?.epoch else { continue }
      guard !message.instrument.isNone else { return message.event }
      guard message.instrument.index < Limits.instrumentCount else { continue }
      var top = message.top
      top.updatedAt = EngineTime(nanoseconds: min(top.updatedAt.nanoseconds - offset, now.nanoseconds))
      tops[message.instrument.index] = top
    }
    guard isBroken(now) else { return nil }
    return disconnect(now)
  }

  package func top(of instrument: InstrumentID) -> TopOfBook {
    instrument.index < Limits.instrumentCount ? tops[instrument.index] : TopOfBook()
  }

  package var nextDue: EngineTime {
    if own.nextDue != .never { return .zero }
    return isUp ? polledAt.advanced(byNanoseconds: Self.pollNanoseconds) : retryAt
  }

  // MARK: The link

  private mutating func connect(_ now: EngineTime) {
    retryAt = now.advanced(byNanoseconds: Self.patienceNanoseconds)
    guard let region = try? SharedExchangeRegion.open(name: name), region.isHeld else { return }
    nextEpoch += 1
    var fresh = Link(region, epoch: nextEpoch, now: now)
    var message = SharedExchangeRequest(.attach)
    message.epoch = nextEpoch
    guard fresh.requests.tryPush(message) else { return }
    link = consume fresh
    told = 0
    _ = tellNames()
  }

  /// The kernel is asked only about an exchange that shows no sign of life.
  private mutating func isBroken(_ now: EngineTime) -> Bool {
    guard let beat = link?.region.beatSeen, let isDamaged = link?.events.isDamaged else { return false }
    if isDamaged { return true }
    if beat != link?.beat {
      link?.beat = beat
      link?.beatAt = now
      return false
    }
    guard let since = link?.beatAt, now.nanoseconds - since.nanoseconds >= Self.patienceNanoseconds else {
      return false
    }
    link?.beatAt = now
    return link?.region.isHeld == false
  }

  private mutating func disconnect(_ now: EngineTime) -> VenueEvent {
    link = nil
    retryAt = now
    for index in 0..<tops.count { tops[index].isValid = 0 }
    var event = VenueEvent(.disconnected)
    event.venue = venue
    return event
  }

  private static func notSent(_ request: VenueRequest) -> VenueEvent {
    var event = VenueEvent(.notSent, to: request)
    event.venueOrder = request.venueOrder
    return event
  }
}
