/// What an engine tells an exchange in another process.
package struct SharedExchangeRequest: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// A new engine is here: `epoch`. What was meant for the one before is void.
    case attach = 1
    case registerAccount = 2
    case registerInstrument = 3
    case registerAsset = 4
    case request = 5
    /// With the engine's numbers.
    case control = 6
  }

  /// `signBy` in it is calendar time, which both processes read from the same machine.
  package var request = VenueRequest(.queryOrder)
  package var control = ExchangeControl(.runFlow)
  package var name = Text64()
  package var epoch: UInt64 = 0
  package var number: UInt16 = 0
  package var kindRaw: UInt8
  package var reserved: (UInt8, UInt32) = (0, 0)
  package init(_ kind: Kind) { kindRaw = kind.rawValue }

  package var kind: Kind? { Kind(rawValue: kindRaw) }
}

/// What it hears: an event, or new prices of an instrument.
package struct SharedExchangeEvent: Sendable, BitwiseCopyable {
  package var event = VenueEvent(.connected)
  package var top = TopOfBook()
  /// The engine it is meant for.
  package var epoch: UInt64 = 0
  /// Not none: this is about prices. `updatedAt` is calendar time.
  package var instrument = InstrumentID.none
  package var reserved: (UInt16, UInt32) = (0, 0)
  package init() {}
}

/// The named region between an engine and an exchange: a ring each way. The exchange makes it, engines come and go.
@safe package struct SharedExchangeRegion: ~Copyable {
  static let requests = RingLayout<SharedExchangeRequest>(capacity: 1 << 11)
  static let events = RingLayout<SharedExchangeEvent>(capacity: 1 << 13)
  private static var eventOffset: Int { (requests.byteCount + 127) & ~127 }
  private static var byteCount: Int { eventOffset + events.byteCount }

  private let memory: SharedMemory

  /// For the exchange. EEXIST: the name is taken.
  package static func create(name: String) throws(SystemError) -> SharedExchangeRegion {
    let memory = try SharedMemory.create(name: name, byteCount: byteCount)
    unsafe requests.create(unsafeAt: memory.base)
    unsafe events.create(unsafeAt: memory.base + eventOffset)
    return SharedExchangeRegion(memory: memory)
  }

  /// For an engine. EINVAL: it is not such a region, or of another version.
  package static func open(name: String) throws(SystemError) -> SharedExchangeRegion {
    let memory = try SharedMemory.open(name: name)
    let invalid = SystemError(errno: 22, call: "exchange region \(name)")
    guard memory.byteCount >= byteCount else { throw invalid }
    do throws(RingError) {
      let requests = unsafe try RingLayout<SharedExchangeRequest>.find(
        unsafeAt: memory.base, byteCount: eventOffset)
      let events = unsafe try RingLayout<SharedExchangeEvent>.find(
        unsafeAt: memory.base + eventOffset, byteCount: memory.byteCount - eventOffset)
      guard requests.capacity == Self.requests.capacity, events.capacity == Self.events.capacity else {
        throw .notARing
      }
    } catch {
      throw invalid
    }
    return SharedExchangeRegion(memory: memory)
  }

  // The rings live as long as the region: both are fields of the same owner.
  func requestProducer() -> RingProducer<SharedExchangeRequest> {
    unsafe RingProducer(Self.requests, unsafeAt: memory.base)
  }
  func requestConsumer() -> RingConsumer<SharedExchangeRequest> {
    unsafe RingConsumer(Self.requests, unsafeAt: memory.base, onDamage: .refuse)
  }
  func eventProducer() -> RingProducer<SharedExchangeEvent> {
    unsafe RingProducer(Self.events, unsafeAt: memory.base + Self.eventOffset)
  }
  func eventConsumer() -> RingConsumer<SharedExchangeEvent> {
    unsafe RingConsumer(Self.events, unsafeAt: memory.base + Self.eventOffset, onDamage: .refuse)
  }
}
