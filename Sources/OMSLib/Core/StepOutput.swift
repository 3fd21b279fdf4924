/// One event that `step` produced: the driver gives it header, lsn and chain.
package struct StepEvent: Sendable, BitwiseCopyable {
  package var typeRaw: UInt16
  package var bodyBytes: UInt16
  package var offset: UInt32
  /// 0: not exported.
  package var seq: UInt64
}

/// Where `step` writes. All memory is taken at start; the bound is the most that one input can produce.
///
/// Owner: the driver of one core. Cleared by the driver before each step.
@safe package struct StepOutput: ~Copyable {
  package static let eventCapacity = 512
  package static let byteCapacity = eventCapacity * 384
  package static let requestCapacity = 256
  package static let replyCapacity = 8

  package private(set) var eventCount = 0
  package private(set) var requestCount = 0
  package private(set) var replyCount = 0
  private var byteCount = 0
  private let events: UnsafeMutablePointer<StepEvent>
  private let bytes: UnsafeMutableRawPointer
  private let requests: UnsafeMutablePointer<VenueRequest>
  private let replies: UnsafeMutablePointer<Reply>

  package init() {
    unsafe events = .allocate(capacity: Self.eventCapacity)
    unsafe bytes = .allocate(byteCount: Self.byteCapacity, alignment: 64)
    unsafe requests = .allocate(capacity: Self.requestCapacity)
    unsafe replies = .allocate(capacity: Self.replyCapacity)
  }

  deinit {
    unsafe events.deallocate()
    unsafe bytes.deallocate()
    unsafe requests.deallocate()
    unsafe replies.deallocate()
  }

  package mutating func clear() {
    eventCount = 0
    requestCount = 0
    replyCount = 0
    byteCount = 0
  }

  @inline(__always)
  package mutating func emit<Body: BitwiseCopyable>(_ type: RecordType, seq: UInt64, _ body: Body) {
    unsafe withUnsafeBytes(of: body) { unsafe emit(type, seq: seq, bytes: $0) }
  }

  /// The same with a body that lies elsewhere.
  @inline(__always)
  mutating func emit(_ type: RecordType, seq: UInt64, bytes body: UnsafeRawBufferPointer) {
    let size = body.count
    let room = (size + 63) & ~63
    precondition(
      eventCount < Self.eventCapacity && byteCount + room <= Self.byteCapacity, "one input produced too much")
    if room != size {
      // The body ends inside its last step; the rest of that is zero.
      unsafe bytes.advanced(by: byteCount + room - 64).initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    }
    if let source = body.baseAddress { unsafe (bytes + byteCount).copyMemory(from: source, byteCount: size) }
    unsafe events[eventCount] = StepEvent(
      typeRaw: type.rawValue, bodyBytes: UInt16(room), offset: UInt32(byteCount), seq: seq)
    eventCount += 1
    byteCount += room
  }

  package mutating func request(_ request: VenueRequest) {
    precondition(requestCount < Self.requestCapacity, "one input produced too many requests")
    unsafe requests[requestCount] = request
    requestCount += 1
  }

  package mutating func reply(_ reply: Reply) {
    precondition(replyCount < Self.replyCapacity, "one input produced too many replies")
    unsafe replies[replyCount] = reply
    replyCount += 1
  }

  /// The answers of this step go to the holder of this role.
  mutating func addressReplies(to role: RoleID) {
    for index in 0..<replyCount { unsafe replies[index].role = role }
  }

  package func event(_ index: Int) -> StepEvent {
    precondition(index < eventCount)
    return unsafe events[index]
  }

  /// The body of event `index`, valid until `clear`.
  package func body(_ index: Int) -> UnsafeRawBufferPointer {
    let event = event(index)
    return unsafe UnsafeRawBufferPointer(start: bytes + Int(event.offset), count: Int(event.bodyBytes))
  }

  package func request(at index: Int) -> VenueRequest {
    precondition(index < requestCount)
    return unsafe requests[index]
  }

  package func reply(at index: Int) -> Reply {
    precondition(index < replyCount)
    return unsafe replies[index]
  }
}
