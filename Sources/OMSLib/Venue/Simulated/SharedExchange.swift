internal import CCore

/// What an engine tells an exchange in another process.
package struct SharedExchangeRequest: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// A new engine is here: `epoch`. What was meant for the one before is void.
    case attach = 1
    case registerAccount = 2
    case registerInstrument = 3
    case registerAsset = 4
    case request = 5
    /// For a person: with the engine's numbers. What became of it is the event with the command's token.
    case steer = 6
    /// For a person: the best `depth` levels of both sides of instrument `number`. The event with `token` says how many
    /// there are; they lie beside the rings until the next question.
    case levels = 7
  }

  /// `signBy` in it is calendar time, which both processes read from the same machine.
  package var request = VenueRequest(.queryOrder)
  package var command = SimulatorCommand(.clear)
  package var name = Text64()
  package var epoch: UInt64 = 0
  package var token: UInt64 = 0
  package var number: UInt16 = 0
  package var kindRaw: UInt8
  package var reserved: UInt8 = 0
  package var depth: UInt32 = 0
  package init(_ kind: Kind) { kindRaw = kind.rawValue }

  package var kind: Kind? { Kind(rawValue: kindRaw) }
}

/// What it hears: an event, new prices of an instrument, or the answer to what a person asked.
package struct SharedExchangeEvent: Sendable, BitwiseCopyable {
  package var event = VenueEvent(.connected)
  package var top = TopOfBook()
  /// The engine it is meant for.
  package var epoch: UInt64 = 0
  /// Not 0: this is the answer to the question with that token.
  package var token: UInt64 = 0
  /// Not none: this is about prices. `updatedAt` is calendar time.
  package var instrument = InstrumentID.none
  /// Levels of each side that an answer has.
  package var bidCount: UInt16 = 0
  package var askCount: UInt16 = 0
  /// Of a command that was answered.
  package var outcomeRaw: UInt8 = 0
  package var reserved: UInt8 = 0
  package init() {}
}

/// One price level of a book.
package struct SharedLevel: Sendable, BitwiseCopyable {
  package var price: Int64 = 0
  package var quantity: Int64 = 0
}

/// The named region between an engine and an exchange: a page that says who holds the exchange, a ring each way, and room
/// for the levels of one book. The exchange makes it, engines come and go, one at a time.
@safe package struct SharedExchangeRegion: ~Copyable {
  static let requests = RingLayout<SharedExchangeRequest>(capacity: 1 << 11)
  static let events = RingLayout<SharedExchangeEvent>(capacity: 1 << 13)
  private static var requestOffset: Int { Int(CC_DOOR_HEADER_BYTES) }
  private static var eventOffset: Int { requestOffset + ((requests.byteCount + 127) & ~127) }
  private static var levelOffset: Int { eventOffset + ((events.byteCount + 127) & ~127) }
  private static var byteCount: Int { levelOffset + 2 * Limits.bookDepth * MemoryLayout<SharedLevel>.stride }

  package enum TakenError: Error, Equatable, Sendable {
    /// Another exchange that lives holds the name.
    case held(by: Int32)
    case system(SystemError)
  }

  private let memory: SharedMemory

  /// The name of the door `door` among those of this user; at most 32 of a-z, 0-9, `-` and `_`.
  package static func name(ofDoor door: String, user: UInt32 = ProcessIdentity.user) -> String {
    "/oms-\(user)-\(door)-door"
  }

  /// For the exchange. What an exchange that has died left under the name is removed.
  package static func create(name: String) throws(TakenError) -> SharedExchangeRegion {
    if let old = try? SharedMemory.open(name: name), old.byteCount >= requestOffset {
      let header = unsafe old.base.assumingMemoryBound(to: cc_door_header.self)
      if unsafe header.pointee.magic == CC_DOOR_MAGIC, unsafe cc_owner_alive([header.pointee.owner]) != 0 {
        throw .held(by: unsafe Int32(bitPattern: header.pointee.owner.pid))
      }
      SharedMemory.unlink(name: name)
    }
    do throws(SystemError) {
      let memory = try SharedMemory.create(name: name, byteCount: byteCount)
      let header = unsafe memory.base.assumingMemoryBound(to: cc_door_header.self)
      let status = unsafe cc_owner_self(&header.pointee.owner)
      guard status == 0 else { throw SystemError(errno: -status, call: "/proc/self/stat") }
      unsafe requests.create(unsafeAt: memory.base + requestOffset)
      unsafe events.create(unsafeAt: memory.base + eventOffset)
      unsafe header.pointee.version = CC_DOOR_VERSION
      unsafe header.pointee.magic = CC_DOOR_MAGIC
      return SharedExchangeRegion(memory: memory)
    } catch {
      throw .system(error)
    }
  }

  /// For an engine. EINVAL: it is not such a region, or of another version. EAGAIN: another engine uses it.
  package static func open(name: String) throws(SystemError) -> SharedExchangeRegion {
    let memory = try SharedMemory.open(name: name)
    let invalid = SystemError(errno: 22, call: "exchange region \(name)")
    guard memory.byteCount >= byteCount else { throw invalid }
    let header = unsafe memory.base.assumingMemoryBound(to: cc_door_header.self)
    guard unsafe header.pointee.magic == CC_DOOR_MAGIC, unsafe header.pointee.version == CC_DOOR_VERSION else {
      throw invalid
    }
    // Goes with the descriptor, so with the engine.
    let locked = cc_sys_lock(memory.descriptor, 0)
    guard locked == 0 else { throw SystemError(errno: -locked, call: "flock(\(name))") }
    do throws(RingError) {
      let requests = unsafe try RingLayout<SharedExchangeRequest>.find(
        unsafeAt: memory.base + requestOffset, byteCount: eventOffset - requestOffset)
      let events = unsafe try RingLayout<SharedExchangeEvent>.find(
        unsafeAt: memory.base + eventOffset, byteCount: levelOffset - eventOffset)
      guard requests.capacity == Self.requests.capacity, events.capacity == Self.events.capacity else {
        throw .notARing
      }
    } catch {
      throw invalid
    }
    return SharedExchangeRegion(memory: memory)
  }

  // MARK: Life signs

  /// For the exchange, once a turn.
  func beat() { unsafe cc_door_beat(header) }

  /// Rises as long as the exchange is at work.
  var beatSeen: UInt64 { unsafe cc_door_beat_seen(header) }

  /// Asks the kernel; a process that cannot be told lives.
  var isHeld: Bool { unsafe cc_owner_alive([header.pointee.owner]) != 0 }

  private var header: UnsafeMutablePointer<cc_door_header> {
    unsafe memory.base.assumingMemoryBound(to: cc_door_header.self)
  }

  // MARK: Levels. The exchange writes them before it answers; the engine reads them between answer and next question.

  func setLevel(_ side: Side, _ index: Int, _ level: SharedLevel) {
    unsafe levels(side)[checked(index)] = level
  }

  func level(_ side: Side, _ index: Int) -> SharedLevel { unsafe levels(side)[checked(index)] }

  private func checked(_ index: Int) -> Int {
    precondition(index >= 0 && index < Limits.bookDepth, "a side has so many levels at most")
    return index
  }

  private func levels(_ side: Side) -> UnsafeMutablePointer<SharedLevel> {
    let base = unsafe (memory.base + Self.levelOffset).assumingMemoryBound(to: SharedLevel.self)
    return unsafe side == .buy ? base : base + Limits.bookDepth
  }

  // MARK: Rings. They live as long as the region: both are fields of the same owner.

  func requestProducer() -> RingProducer<SharedExchangeRequest> {
    unsafe RingProducer(Self.requests, unsafeAt: memory.base + Self.requestOffset)
  }
  func requestConsumer() -> RingConsumer<SharedExchangeRequest> {
    unsafe RingConsumer(Self.requests, unsafeAt: memory.base + Self.requestOffset, onDamage: .refuse)
  }
  func eventProducer() -> RingProducer<SharedExchangeEvent> {
    unsafe RingProducer(Self.events, unsafeAt: memory.base + Self.eventOffset)
  }
  func eventConsumer() -> RingConsumer<SharedExchangeEvent> {
    unsafe RingConsumer(Self.events, unsafeAt: memory.base + Self.eventOffset, onDamage: .refuse)
  }
}
