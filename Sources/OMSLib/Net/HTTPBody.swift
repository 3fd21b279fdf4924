/// Takes a body out of a stream by what its head says about the length.
struct HTTPBody {
  enum Framing: Equatable {
    case length(Int)
    case chunked
    /// Everything up to the end of the stream: answers of old servers.
    case untilEnd
  }

  private enum Place {
    /// So many bytes are missing.
    case data(Int)
    case chunkSize
    /// The line end behind the bytes of a chunk.
    case chunkEnd
    case trailer(HTTPHeadScan)
    case untilEnd
    case complete
  }

  private var place: Place
  private var isChunked = false
  private var extensionBytes = 0
  private(set) var bytes: [UInt8] = []

  init(_ framing: Framing, _ limits: HTTPLimits) throws(HTTPError) {
    switch framing {
    case .length(let length):
      guard length <= limits.bodyBytes else { throw .bodyTooLong }
      place = length == 0 ? .complete : .data(length)
      // What a peer announces is not yet there.
      bytes.reserveCapacity(min(length, 1 << 16))
    case .chunked:
      place = .chunkSize
      isChunked = true
    case .untilEnd: place = .untilEnd
    }
  }

  var endsWithTheStream: Bool { if case .untilEnd = place { true } else { false } }

  /// Takes what there is. Whether the body is complete.
  mutating func take(from input: inout ByteQueue, _ limits: HTTPLimits) throws(HTTPError) -> Bool {
    while true {
      switch place {
      case .complete: return true
      case .untilEnd:
        guard input.count <= limits.bodyBytes - bytes.count else { throw .bodyTooLong }
        take(input.count, from: &input)
        return false
      case .data(let missing):
        let count = min(missing, input.count)
        take(count, from: &input)
        place = .data(missing - count)
        if count < missing { return false }
        place = isChunked ? .chunkEnd : .complete
      case .chunkEnd:
        guard input.count >= 2 else {
          if !input.isEmpty, input[0] != 0x0D { throw .badChunk }
          return false
        }
        guard input[0] == 0x0D, input[1] == 0x0A else { throw .badChunk }
        input.removeFirst(2)
        place = .chunkSize
      case .chunkSize:
        guard let size = try takeSize(from: &input, limits) else { return false }
        guard size <= limits.bodyBytes - bytes.count else { throw .bodyTooLong }
        place = size == 0 ? .trailer(HTTPHeadScan()) : .data(size)
      case .trailer(var scan):
        let end = try unsafe input.withBytes { bytes throws(HTTPError) in
          let end = try unsafe scan.findEnd(bytes, byteMax: limits.headBytes, lineMax: limits.fieldCount)
          // Their form is checked; nothing that matters may arrive behind the body.
          if let end { _ = try unsafe HTTPFields(UnsafeBufferPointer(rebasing: bytes[..<end])) }
          return end
        }
        guard let end else {
          place = .trailer(scan)
          return false
        }
        input.removeFirst(end)
        place = .complete
      }
    }
  }

  private mutating func take(_ count: Int, from input: inout ByteQueue) {
    guard count > 0 else { return }
    unsafe input.withBytes { source in
      unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[..<count]))
    }
    input.removeFirst(count)
  }

  private mutating func takeSize(from input: inout ByteQueue, _ limits: HTTPLimits) throws(HTTPError) -> Int? {
    let line = try unsafe input.withBytes { bytes throws(HTTPError) in
      try unsafe Self.sizeLine(bytes, byteMax: limits.chunkLineBytes)
    }
    guard let line else { return nil }
    extensionBytes += line.extensionBytes
    guard extensionBytes <= limits.chunkExtensionBytes else { throw .chunkLineTooLong }
    input.removeFirst(line.length)
    return line.size
  }

  /// Hexadecimal digits and, behind a semicolon, extensions; `nil` while the line has no end.
  private static func sizeLine(
    _ bytes: UnsafeBufferPointer<UInt8>, byteMax: Int
  ) throws(HTTPError) -> (size: Int, length: Int, extensionBytes: Int)? {
    var size = 0
    var digits = 0
    var at = 0
    while at < bytes.count, let digit = unsafe hexadecimal(bytes[at]) {
      guard at < byteMax else { throw .chunkLineTooLong }
      // 2^59 is beyond every limit.
      guard size < 1 << 55 else { throw .bodyTooLong }
      size = size << 4 | digit
      digits += 1
      at += 1
    }
    guard digits > 0 || bytes.isEmpty else { throw .badChunk }
    let digitEnd = at
    var isInExtension = false
    while at < bytes.count {
      guard at < byteMax else { throw .chunkLineTooLong }
      let byte = unsafe bytes[at]
      if byte == 0x0D {
        // White space alone is no extension.
        guard isInExtension || at == digitEnd else { throw .badChunk }
        guard at + 1 < bytes.count else { return nil }
        guard unsafe bytes[at + 1] == 0x0A else { throw .badChunk }
        return (size, at + 2, at - digitEnd)
      }
      if byte == UInt8(ascii: ";") {
        isInExtension = true
      } else if isInExtension {
        guard HTTPBytes.isText(byte) else { throw .badChunk }
      } else if !HTTPBytes.isBlank(byte) {
        throw .badChunk
      }
      at += 1
    }
    return nil
  }

  private static func hexadecimal(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30)
    case 0x41...0x46: Int(byte - 0x41 + 10)
    case 0x61...0x66: Int(byte - 0x61 + 10)
    default: nil
    }
  }
}
