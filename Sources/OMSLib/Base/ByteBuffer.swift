/// Takes bytes: a reply, a log line, a frame. Numbers and names print into it without a `String` in between.
package protocol ByteSink: ~Copyable {
  mutating func append(_ byte: UInt8)
}

extension ByteSink where Self: ~Copyable {
  package mutating func append(utf8 text: String) {
    for byte in text.utf8 { append(byte) }
  }

  package mutating func append(literal text: StaticString) {
    text.withUTF8Buffer { bytes in
      for index in 0..<bytes.count { unsafe append(bytes[index]) }
    }
  }

  package mutating func append(text: some InlineText) {
    unsafe text.withUTF8 { bytes in
      for index in 0..<bytes.count { unsafe append(bytes[index]) }
    }
  }

  package mutating func append(decimal number: Int64) {
    if number < 0 { append(0x2D) }
    append(decimal: number.magnitude)
  }

  package mutating func append(decimal number: UInt64) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = number
    var first = 20
    repeat {
      first -= 1
      digits[first] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest != 0
    for index in first..<20 { append(digits[index]) }
  }

  /// `number` with leading zeros up to `width` digits; more digits than that are all printed.
  package mutating func append(decimal number: UInt64, width: Int) {
    var bound: UInt64 = 10
    var digits = 1
    while digits < width {
      if number < bound { append(0x30) }
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      bound = overflow ? .max : next
      digits += 1
    }
    append(decimal: number)
  }
}

/// Bytes in one piece, growing by doubling. Emptied and used again, it stops allocating.
///
/// Owner: whoever holds it; it cannot be copied.
@safe package struct ByteBuffer: ~Copyable, ByteSink {
  private var base: UnsafeMutablePointer<UInt8>
  package private(set) var count = 0
  package private(set) var capacity: Int

  package init(capacity: Int = 256) {
    precondition(capacity > 0, "a buffer needs room for a byte")
    unsafe base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit {
    unsafe base.deallocate()
  }

  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ byte: UInt8) {
    if count == capacity { grow(to: count + 1) }
    unsafe base[count] = byte
    count += 1
  }

  package mutating func append(bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    unsafe (base + count).update(from: source, count: bytes.count)
    count += bytes.count
  }

  /// In one piece where they lie in one: byte by byte a caller in another module would ask for each by its witnesses.
  package mutating func append(bytes source: some Collection<UInt8>) {
    let taken: Void? = source.withContiguousStorageIfAvailable { bytes in unsafe append(bytes: bytes) }
    if taken == nil { for byte in source { append(byte) } }
  }

  package mutating func append(utf8 text: String) {
    var text = text
    text.withUTF8 { unsafe append(bytes: $0) }
  }

  package mutating func append(literal text: StaticString) {
    text.withUTF8Buffer { unsafe append(bytes: $0) }
  }

  /// Makes room for `extra` more bytes.
  package mutating func reserve(_ extra: Int) {
    precondition(extra >= 0)
    if count + extra > capacity { grow(to: count + extra) }
  }

  package mutating func removeAll() { count = 0 }

  /// Forgets everything behind the first `length` bytes.
  package mutating func truncate(to length: Int) {
    precondition(length >= 0 && length <= count, "a buffer is truncated to a part of itself")
    count = length
  }

  package subscript(index: Int) -> UInt8 {
    get {
      precondition(index >= 0 && index < count, "read behind the end of a buffer")
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count, "write behind the end of a buffer")
      unsafe base[index] = newValue
    }
  }

  /// Lends the bytes.
  package borrowing func withBytes<R, E: Error>(_ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R) throws(E) -> R {
    try unsafe body(UnsafeBufferPointer(start: base, count: count))
  }

  /// Lends the bytes for changes in place.
  package mutating func withMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(UnsafeMutableBufferPointer(start: base, count: count))
  }

  package var text: String {
    borrowing get { unsafe withBytes { unsafe String(decoding: $0, as: UTF8.self) } }
  }

  private mutating func grow(to needed: Int) {
    var wider = capacity
    while wider < needed { wider *= 2 }
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: wider)
    unsafe moved.update(from: base, count: count)
    unsafe base.deallocate()
    unsafe base = moved
    capacity = wider
  }
}
