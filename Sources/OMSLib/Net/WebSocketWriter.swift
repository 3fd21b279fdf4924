/// Writes frames behind what is in a buffer. A client gives a fresh `mask` to each frame, a server none.
package enum WebSocketWriter {
  package static func append(
    _ opcode: WebSocketOpcode, _ payload: UnsafeBufferPointer<UInt8>, isFinal: Bool = true, mask: UInt32?,
    to out: inout ByteBuffer
  ) {
    precondition(!opcode.isControl || isFinal && payload.count <= 125, "a control frame is short and whole")
    out.reserve(14 + payload.count)
    out.append((isFinal ? 0x80 : 0) | opcode.rawValue)
    let flag: UInt8 = mask == nil ? 0 : 0x80
    switch payload.count {
    case 0..<126: out.append(flag | UInt8(payload.count))
    case 126..<65_536:
      out.append(flag | 126)
      appendBigEndian(UInt64(payload.count), bytes: 2, to: &out)
    default:
      out.append(flag | 127)
      appendBigEndian(UInt64(payload.count), bytes: 8, to: &out)
    }
    if let mask { for index in 0..<4 { out.append(UInt8(truncatingIfNeeded: mask >> UInt32(index * 8))) } }
    let start = out.count
    unsafe out.append(bytes: payload)
    if let mask { Self.mask(&out, from: start, mask) }
  }

  package static func append(
    _ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>, isFinal: Bool = true, mask: UInt32?,
    to out: inout ByteBuffer
  ) {
    let written: Void? = payload.withContiguousStorageIfAvailable { bytes in
      unsafe append(opcode, bytes, isFinal: isFinal, mask: mask, to: &out)
    }
    guard written == nil else { return }
    unsafe Array(payload).withUnsafeBufferPointer { bytes in
      unsafe append(opcode, bytes, isFinal: isFinal, mask: mask, to: &out)
    }
  }

  /// A close frame. A reason that does not fit is cut between two characters.
  package static func append(_ close: WebSocketClose, mask: UInt32?, to out: inout ByteBuffer) {
    var payload: [UInt8] = []
    if let code = close.code {
      precondition(WebSocketClose.isSendable(code), "the close code is one that may be sent")
      payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]
      for character in close.reason {
        guard payload.count + character.utf8.count <= 125 else { break }
        payload += Array(character.utf8)
      }
    }
    append(.close, payload, mask: mask, to: &out)
  }

  /// A text that is written straight into its frame. Nothing else may be written to the buffer until ``finish(_:in:)``.
  package struct OpenFrame {
    fileprivate let start: Int
    fileprivate let mask: UInt32?
    fileprivate var headBytes: Int { mask == nil ? 4 : 8 }
  }

  /// Leaves room for the head of a message between 126 bytes and 64 KiB, as orders are; others are moved at the end.
  package static func begin(mask: UInt32?, in out: inout ByteBuffer) -> OpenFrame {
    let frame = OpenFrame(start: out.count, mask: mask)
    for _ in 0..<frame.headBytes { out.append(0) }
    return frame
  }

  package static func finish(_ frame: OpenFrame, in out: inout ByteBuffer) {
    let roomBytes = frame.headBytes
    let payloadBytes = out.count - frame.start - roomBytes
    precondition(payloadBytes >= 0, "the frame's head was overwritten")
    let lengthBytes = payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8
    let headBytes = 2 + lengthBytes + (frame.mask == nil ? 0 : 4)
    for _ in 0..<max(0, headBytes - roomBytes) { out.append(0) }
    let (start, mask) = (frame.start, frame.mask)
    unsafe out.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let payload = unsafe base + start + headBytes
      if headBytes != roomBytes { unsafe payload.update(from: base + start + roomBytes, count: payloadBytes) }
      unsafe base[start] = 0x80 | WebSocketOpcode.text.rawValue
      let flag: UInt8 = mask == nil ? 0 : 0x80
      unsafe base[start + 1] = flag | (lengthBytes == 0 ? UInt8(payloadBytes) : lengthBytes == 2 ? 126 : 127)
      for index in 0..<lengthBytes {
        unsafe base[start + 2 + index] = UInt8(truncatingIfNeeded: payloadBytes >> ((lengthBytes - 1 - index) * 8))
      }
      guard let mask else { return }
      for index in 0..<4 {
        unsafe base[start + 2 + lengthBytes + index] = UInt8(truncatingIfNeeded: mask >> UInt32(index * 8))
      }
      unsafe WebSocketMask.apply(mask, to: UnsafeMutableBufferPointer(start: payload, count: payloadBytes), position: 0)
    }
    out.truncate(to: start + headBytes + payloadBytes)
  }

  private static func mask(_ out: inout ByteBuffer, from start: Int, _ mask: UInt32) {
    unsafe out.withMutableBytes { bytes in
      unsafe WebSocketMask.apply(mask, to: UnsafeMutableBufferPointer(rebasing: bytes[start...]), position: 0)
    }
  }

  private static func appendBigEndian(_ value: UInt64, bytes: Int, to out: inout ByteBuffer) {
    for index in (0..<bytes).reversed() { out.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
  }
}
