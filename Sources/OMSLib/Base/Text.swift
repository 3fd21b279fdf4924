/// Short texts of fixed size that live in records, rows and shared memory: no allocation, no references.
///
/// Unused bytes are zero, so equal texts are equal words and hash alike in every process.
package protocol InlineText: BitwiseCopyable, Hashable, Sendable, CustomStringConvertible {
  init()
  static var capacity: Int { get }
  /// Bytes in use.
  var count: Int { get }
}

extension InlineText {
  package static var capacity: Int { MemoryLayout<Self>.size }

  /// `nil` when `bytes` is longer than the capacity or contains a NUL.
  package init?<S: Sequence>(utf8 bytes: S) where S.Element == UInt8 {
    self.init()
    var count = 0
    let fits = unsafe withUnsafeMutableBytes(of: &self) { target in
      for byte in bytes {
        guard byte != 0, count < target.count else { return false }
        unsafe target[count] = byte
        count += 1
      }
      return true
    }
    guard fits else { return nil }
  }

  package init?(_ string: String) {
    self.init(utf8: string.utf8)
  }

  /// The first byte decides.
  @inline(__always)
  package var isEmpty: Bool { unsafe withUnsafeBytes(of: self) { unsafe $0[0] == 0 } }

  /// Lends the used bytes.
  package func withUTF8<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let used = count
    return unsafe withUnsafeBytes(of: self) { bytes in
      unsafe body(UnsafeBufferPointer(rebasing: bytes.assumingMemoryBound(to: UInt8.self)[0..<used]))
    }
  }

  package var description: String {
    unsafe withUTF8 { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension UInt64 {
  /// Bytes below the first zero byte, the lowest one being the first; 8 when there is none.
  @inline(__always)
  fileprivate var leadingTextBytes: Int {
    let zeros = (self &- 0x0101_0101_0101_0101) & ~self & 0x8080_8080_8080_8080
    return zeros.trailingZeroBitCount / 8
  }
}

/// Up to 32 bytes: names of instruments, accounts, assets; wire ids.
package struct Text32: InlineText {
  package var words: (UInt64, UInt64, UInt64, UInt64)
  package init() { words = (0, 0, 0, 0) }

  package static func == (a: Self, b: Self) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
  }

  /// Eight bytes at a time: a text is measured on the order path.
  @inline(__always)
  package var count: Int {
    var count = words.0.leadingTextBytes
    if count == 8 { count += words.1.leadingTextBytes }
    if count == 16 { count += words.2.leadingTextBytes }
    if count == 24 { count += words.3.leadingTextBytes }
    return count
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

/// Up to 64 bytes: user order ids, reasons.
package struct Text64: InlineText {
  package var low: Text32
  package var high: Text32
  package init() {
    low = Text32()
    high = Text32()
  }

  @inline(__always)
  package var count: Int {
    let count = low.count
    return count == Text32.capacity ? count + high.count : count
  }
}
