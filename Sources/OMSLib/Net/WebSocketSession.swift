/// One WebSocket connection as a state machine, for both ends: bytes in, events out, and into a buffer what is to be sent
/// for it. Pings and closes are answered here.
///
/// A client's masks come from a generator that the edge of the process seeded with random bytes: they keep programs in
/// between from reading foreign content as HTTP, and all content here is our own.
///
/// Owner: the thread of the connection.
package struct WebSocketSession: ~Copyable {
  package enum Event: Equatable, Sendable {
    /// The bytes are lent by ``WebSocketSession/withPayload(_:)`` until the next call.
    case text
    case binary
    /// Answered already.
    case ping
    case pong
    /// The peer closed, or answered our close; a code of 1006 says that the stream ended without.
    case closed(WebSocketClose)
    /// The peer broke the protocol and was told so.
    case failed(WebSocketError)
  }

  private enum Phase {
    case open
    /// Our close frame is out, the peer's has not come.
    case closing
    case over
  }

  package static let abnormalClosure: UInt16 = 1_006

  private let role: WebSocketRole
  private var reader: WebSocketReader
  private var masks: SplitMix64
  private var phase = Phase.open

  package init(role: WebSocketRole, limits: WebSocketLimits, masks: SplitMix64) {
    self.role = role
    self.masks = masks
    reader = WebSocketReader(role: role, limits: limits)
  }

  /// Neither side has anything to say: send what is left, then end the stream.
  package var isOver: Bool { phase == .over }
  /// Messages can be sent.
  package var isOpen: Bool { phase == .open }

  package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe reader.append(bytes) }
  package mutating func append(_ bytes: some Collection<UInt8>) { reader.append(bytes) }

  /// May be filled from a socket directly.
  package var input: ByteQueue {
    _read { yield reader.input }
    _modify { yield &reader.input }
  }

  /// The next event, until `nil`. Each may add an answer to `out`: stop asking while the peer does not take them.
  package mutating func next(_ out: inout ByteBuffer) -> Event? {
    guard phase != .over else { return nil }
    do throws(WebSocketError) {
      switch try reader.next() {
      case nil: return nil
      case .text: return .text
      case .binary: return .binary
      case .pong: return .pong
      case .ping:
        if phase == .open {
          let mask = drawMask()
          unsafe reader.withPayload { unsafe WebSocketWriter.append(.pong, $0, mask: mask, to: &out) }
        }
        return .ping
      case .close(let close):
        if phase == .open { WebSocketWriter.append(WebSocketClose(code: close.code), mask: drawMask(), to: &out) }
        phase = .over
        return .closed(close)
      }
    } catch {
      if phase == .open {
        WebSocketWriter.append(
          WebSocketClose(code: error.closeCode, reason: "\(error)"), mask: drawMask(), to: &out)
      }
      phase = .over
      return .failed(error)
    }
  }

  package borrowing func withPayload<R, E: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R
  ) throws(E) -> R { try unsafe reader.withPayload(body) }

  package var payload: [UInt8] { reader.payload }

  /// A message, text or binary. `false`: the connection is closing, nothing was written.
  package mutating func send(
    _ opcode: WebSocketOpcode, _ payload: UnsafeBufferPointer<UInt8>, to out: inout ByteBuffer
  ) -> Bool {
    precondition(opcode != .close && opcode != .continuation, "messages are whole; a close has its own call")
    guard phase == .open else { return false }
    unsafe WebSocketWriter.append(opcode, payload, mask: drawMask(), to: &out)
    return true
  }

  package mutating func send(
    _ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>, to out: inout ByteBuffer
  ) -> Bool {
    unsafe Array(payload).withUnsafeBufferPointer { unsafe send(opcode, $0, to: &out) }
  }

  /// The message just received, back to its sender.
  package mutating func echo(_ opcode: WebSocketOpcode, to out: inout ByteBuffer) -> Bool {
    guard phase == .open else { return false }
    let mask = drawMask()
    unsafe reader.withPayload { unsafe WebSocketWriter.append(opcode, $0, mask: mask, to: &out) }
    return true
  }

  /// The mask for a frame that the caller writes itself; `nil` on a server.
  package mutating func drawMask() -> UInt32? {
    role == .client ? UInt32(truncatingIfNeeded: masks.next() >> 32) : nil
  }

  /// Asks the peer to close. Events go on until its answer; give it a deadline.
  package mutating func close(_ close: WebSocketClose, to out: inout ByteBuffer) {
    guard phase == .open else { return }
    WebSocketWriter.append(close, mask: drawMask(), to: &out)
    phase = .closing
  }

  /// The stream ended. `nil` when both sides had closed before.
  package mutating func end() -> Event? {
    guard phase != .over else { return nil }
    phase = .over
    return .closed(WebSocketClose(code: Self.abnormalClosure))
  }
}
