/// What a peer sent. The bytes are lent by ``WebSocketReader/withPayload(_:)`` until `next` is called again.
package enum WebSocketEvent: Equatable, Sendable {
  case text
  case binary
  case ping
  case pong
  case close(WebSocketClose)
}

/// Bytes in, messages and control frames out: RFC 6455 without extensions, for both ends.
///
/// A message that came in one frame is lent where it lies in the buffer; in steady state nothing is allocated. Call `next`
/// until it answers `nil` before adding more. A reader that has thrown throws the same again; behind a close frame
/// everything is passed over.
///
/// Owner: the thread of the connection.
package struct WebSocketReader: ~Copyable {
  private struct Frame {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    var headBytes: Int
    var payloadBytes: Int
    var mask: UInt32
    /// Payload that is unmasked and, in a text, checked.
    var seenBytes = 0
  }

  private enum Lent {
    case nothing
    case inPlace(offset: Int, count: Int)
    case assembled
  }

  private let role: WebSocketRole
  private let limits: WebSocketLimits
  /// May be filled from a socket directly.
  package var input: ByteQueue
  private var frame: Frame?
  /// Of the message in several frames that is under way.
  private var message: WebSocketOpcode?
  private var fragmentCount = 0
  private var assembled = ByteBuffer()
  private var text = UTF8Check()
  private var lent = Lent.nothing
  private var failure: WebSocketError?
  private var isClosed = false

  /// `role` is this end's: a server reads what is masked.
  package init(role: WebSocketRole, limits: WebSocketLimits, bufferBytes: Int = 16_384) {
    self.role = role
    self.limits = limits
    input = ByteQueue(capacity: bufferBytes)
  }

  package mutating func append(_ bytes: some Collection<UInt8>) { input.append(bytes) }
  package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe input.append(bytes) }

  package mutating func next() throws(WebSocketError) -> WebSocketEvent? {
    giveBack()
    if let failure { throw failure }
    if isClosed {
      input.removeAll()
      return nil
    }
    do throws(WebSocketError) {
      while true {
        guard try readHead(), try readPayload(), let done = frame else { return nil }
        frame = nil
        if let event = try finish(done) { return event }
      }
    } catch {
      failure = error
      throw error
    }
  }

  /// Lends the content of the last event; of a close frame, code and reason as they came.
  package borrowing func withPayload<R, E: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    switch lent {
    case .nothing: return try unsafe body(UnsafeBufferPointer(start: nil, count: 0))
    case .assembled: return try unsafe assembled.withBytes { bytes throws(E) in try unsafe body(bytes) }
    case .inPlace(let offset, let count):
      return try unsafe input.withBytes { bytes throws(E) in
        try unsafe body(UnsafeBufferPointer(rebasing: bytes[offset..<(offset + count)]))
      }
    }
  }

  /// A copy of the content.
  package var payload: [UInt8] { unsafe withPayload { unsafe Array($0) } }

  private mutating func giveBack() {
    switch lent {
    case .nothing: return
    case .inPlace(let offset, let count): input.removeFirst(offset + count)
    case .assembled: assembled.removeAll()
    }
    lent = .nothing
  }

  /// Whether the head of a frame is known.
  private mutating func readHead() throws(WebSocketError) -> Bool {
    if frame != nil { return true }
    guard input.count >= 2 else {
      // One byte tells enough to refuse it.
      if input.count == 1 { _ = try Self.opcode(input[0]) }
      return false
    }
    let opcode = try Self.opcode(input[0])
    let isFinal = input[0] & 0x80 != 0
    let isMasked = input[1] & 0x80 != 0
    guard isMasked == (role == .server) else { throw isMasked ? .unwantedMask : .missingMask }
    let short = Int(input[1] & 0x7F)
    if opcode.isControl {
      guard isFinal else { throw .fragmentedControl }
      guard short <= 125 else { throw .controlTooLong }
    } else {
      guard (opcode == .continuation) == (message != nil) else {
        throw opcode == .continuation ? .unexpectedContinuation : .interruptedMessage
      }
    }
    let lengthBytes = short < 126 ? 0 : short == 126 ? 2 : 8
    let headBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
    guard input.count >= 2 + lengthBytes else { return false }
    var length: UInt64 = lengthBytes == 0 ? UInt64(short) : 0
    for index in 0..<lengthBytes { length = length << 8 | UInt64(input[2 + index]) }
    if lengthBytes == 2, length < 126 { throw .lengthNotMinimal }
    if lengthBytes == 8, length < 65_536 { throw .lengthNotMinimal }
    guard length <= UInt64(limits.messageBytes - (opcode.isControl ? 0 : assembled.count)) else {
      throw .messageTooLong
    }
    guard input.count >= headBytes else { return false }
    var mask: UInt32 = 0
    if isMasked { for index in 0..<4 { mask |= UInt32(input[headBytes - 4 + index]) << UInt32(index * 8) } }
    frame = Frame(
      opcode: opcode, isFinal: isFinal, headBytes: headBytes, payloadBytes: Int(length), mask: mask)
    return true
  }

  private static func opcode(_ byte: UInt8) throws(WebSocketError) -> WebSocketOpcode {
    guard byte & 0x70 == 0 else { throw .reservedBits }
    guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else { throw .reservedOpcode(byte & 0x0F) }
    return opcode
  }

  /// Unmasks and checks what came of the frame. Whether it is whole.
  private mutating func readPayload() throws(WebSocketError) -> Bool {
    guard var current = frame else { return false }
    let there = min(current.payloadBytes, input.count - current.headBytes)
    if there > current.seenBytes {
      let isText = current.opcode == .text || current.opcode == .continuation && message == .text
      let (from, to) = (current.headBytes + current.seenBytes, current.headBytes + there)
      var check = text
      let isValid = unsafe input.withMutableBytes { bytes in
        let fresh = unsafe UnsafeMutableBufferPointer(rebasing: bytes[from..<to])
        if current.mask != 0 { unsafe WebSocketMask.apply(current.mask, to: fresh, position: current.seenBytes) }
        return unsafe !isText || check.add(UnsafeBufferPointer(fresh))
      }
      guard isValid else { throw .invalidText }
      text = check
      current.seenBytes = there
      frame = current
    }
    return there == current.payloadBytes
  }

  /// What a whole frame means; `nil`: a message goes on.
  private mutating func finish(_ done: Frame) throws(WebSocketError) -> WebSocketEvent? {
    if done.opcode.isControl {
      lent = .inPlace(offset: done.headBytes, count: done.payloadBytes)
      switch done.opcode {
      case .ping: return .ping
      case .pong: return .pong
      default:
        let close = try unsafe withPayload { bytes throws(WebSocketError) in try unsafe Self.close(bytes) }
        isClosed = true
        return .close(close)
      }
    }
    let kind = message ?? done.opcode
    if done.isFinal, kind == .text, !text.isComplete { throw .invalidText }
    if done.isFinal, message == nil {
      lent = .inPlace(offset: done.headBytes, count: done.payloadBytes)
      return kind == .text ? .text : .binary
    }
    fragmentCount += 1
    guard fragmentCount <= limits.fragmentCount else { throw .tooManyFragments }
    unsafe input.withBytes { bytes in
      let payload = unsafe bytes[done.headBytes..<(done.headBytes + done.payloadBytes)]
      unsafe assembled.append(bytes: UnsafeBufferPointer(rebasing: payload))
    }
    input.removeFirst(done.headBytes + done.payloadBytes)
    guard done.isFinal else {
      message = kind
      return nil
    }
    message = nil
    fragmentCount = 0
    lent = .assembled
    return kind == .text ? .text : .binary
  }

  private static func close(_ bytes: UnsafeBufferPointer<UInt8>) throws(WebSocketError) -> WebSocketClose {
    guard bytes.count > 0 else { return WebSocketClose(code: nil) }
    guard bytes.count >= 2 else { throw .badCloseFrame }
    let code = unsafe UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    guard WebSocketClose.isSendable(code) else { throw .badCloseCode(code) }
    let reason = unsafe UnsafeBufferPointer(rebasing: bytes[2...])
    var check = UTF8Check()
    guard unsafe check.add(reason), check.isComplete else { throw .invalidText }
    return WebSocketClose(code: code, reason: unsafe String(decoding: reason, as: UTF8.self))
  }
}
