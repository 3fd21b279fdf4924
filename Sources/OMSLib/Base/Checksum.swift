internal import CCore

/// CRC-32C (Castagnoli): tells damage, not malice.
package enum CRC32C {
  /// The checksum of `bytes`, continued from that of what precedes them (0: nothing does).
  package static func of(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress else { return previous }
    return unsafe cc_crc32c(previous, base, bytes.count)
  }

  package static func of(_ bytes: RawSpan, after previous: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe of($0, after: previous) }
  }

  package static func of(_ bytes: [UInt8], after previous: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe of($0, after: previous) }
  }
}

/// SHA-256 of bytes that do not lie in one piece. A value: a copy goes on by itself, so a common prefix is added once.
///
/// Allocates nothing. Not for keys: what it was fed stays in memory until overwritten.
@safe package struct SHA256Digest: Hashable, Sendable, BitwiseCopyable {
  package var words: (UInt64, UInt64, UInt64, UInt64)

  package init() { words = (0, 0, 0, 0) }

  /// Lends the 32 bytes in the order they are written.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try unsafe withUnsafeBytes(of: words) { try unsafe body($0) }
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  /// Lower-case hexadecimal, 64 characters.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return unsafe withBytes { bytes in
      var text: [UInt8] = []
      text.reserveCapacity(64)
      for index in 0..<32 {
        let byte = unsafe bytes[index]
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
      }
      return String(decoding: text, as: UTF8.self)
    }
  }
}

@safe package struct SHA256: Sendable, BitwiseCopyable {
  private var state = cc_sha256_state()

  package init() { unsafe cc_sha256_begin(&state) }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    unsafe cc_sha256_add(&state, base, bytes.count)
  }

  package mutating func add(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe add($0) } }

  /// The digest of all that was added. More can be added afterwards: this finishes a copy.
  package func digest() -> SHA256Digest {
    var last = state
    var result = SHA256Digest()
    unsafe withUnsafeMutableBytes(of: &result.words) { out in
      unsafe cc_sha256_end(&last, out.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    return result
  }

  package static func of(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
    var hash = SHA256()
    unsafe hash.add(bytes)
    return hash.digest()
  }

  package static func of(_ bytes: [UInt8]) -> SHA256Digest { unsafe bytes.withUnsafeBytes { unsafe of($0) } }
}
