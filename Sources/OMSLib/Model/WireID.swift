internal import CCore

/// Five characters that tell the orders of one instance from those of others on the same account: `[0-9a-z]{5}`.
package struct InstanceTag: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  package static let length = 5
  package let text: Text32

  package init?(_ text: String) {
    guard let short = Text32(text) else { return nil }
    self.init(short)
  }

  package init?(_ text: Text32) {
    let isTag = unsafe text.withUTF8 { bytes in
      unsafe bytes.count == InstanceTag.length && bytes.allSatisfy { $0.isDigit || $0.isLowerLetter }
    }
    guard isTag else { return nil }
    self.text = text
  }

  package var description: String { text.description }
}

/// An order's id on the wire: a pure function of its id here, so that it can be recomputed from the record, and a retry
/// meets itself at any account.
///
/// 32 characters that every venue takes: version, instance tag, and 130 bits of SHA-256 of the id, five bits a
/// character. The N-th replacement of an order has the id `ID/rN`.
package struct WireID: Hashable, Sendable, BitwiseCopyable {
  /// The first 128 of those bits: what tables are indexed by.
  package struct Key: Hashable, Sendable, BitwiseCopyable {
    package let high: UInt64
    package let low: UInt64
    package init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }
  }

  package static let version = UInt8(ascii: "1")
  private static let digestStart = 1 + InstanceTag.length
  private static let digestCharacters = 26

  package let text: Text32
  package let key: Key

  /// `replacement` counts from 1; 0 is the order as it was first sent. No allocation; the cost is one SHA-256.
  package init(_ id: Text64, replacement: UInt16 = 0, tag: InstanceTag) {
    precondition(!id.isEmpty, "an order without an id has no wire id")
    let bits = WireID.digest(of: id, replacement: replacement)
    key = Key(high: bits.high, low: bits.low)
    text = WireID.encode(bits, tag: tag)
  }

  /// Reads one back; `nil` for a text that is none of ours.
  package init?(_ text: Text32) {
    let decoded = unsafe text.withUTF8 { bytes -> Key? in
      guard bytes.count == Limits.wireIDBytes, unsafe bytes[0] == WireID.version else { return nil }
      let tag = unsafe UnsafeBufferPointer(rebasing: bytes[1..<WireID.digestStart])
      guard unsafe tag.allSatisfy({ $0.isDigit || $0.isLowerLetter }) else { return nil }
      var bits: UInt128 = 0
      for index in WireID.digestStart..<Limits.wireIDBytes {
        guard let value = unsafe WireID.value(of: bytes[index]) else { return nil }
        // The last character carries three bits of the key and two beyond it.
        bits = index == Limits.wireIDBytes - 1 ? bits << 3 | UInt128(value >> 2) : bits << 5 | UInt128(value)
      }
      return Key(high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits))
    }
    guard let decoded else { return nil }
    self.text = text
    key = decoded
  }

  package var tag: InstanceTag {
    let found = unsafe text.withUTF8 { unsafe Text32(utf8: $0[1..<WireID.digestStart]) }
    guard let tag = found.flatMap({ InstanceTag($0) }) else { preconditionFailure("a wire id holds a tag") }
    return tag
  }

  /// The text for a tag as records carry it.
  package static func make(tag: Text32, id: Text64, replacement: UInt16 = 0) -> Text32 {
    guard let tag = InstanceTag(tag) else { preconditionFailure("an instance tag is [0-9a-z]{5}") }
    return WireID(id, replacement: replacement, tag: tag).text
  }

  /// The key alone, where the text is not needed.
  package static func key(_ id: Text64, replacement: UInt16 = 0) -> Key {
    let bits = digest(of: id, replacement: replacement)
    return Key(high: bits.high, low: bits.low)
  }

  private struct Bits {
    var high: UInt64
    var low: UInt64
    /// Bits 129 and 130.
    var rest: UInt8
  }

  /// The id and its suffix, as they are digested: at most 64 + 7 bytes.
  private struct Input {
    var words: (Text64, Text32) = (Text64(), Text32())
    var count = 0
  }

  private static func digest(of id: Text64, replacement number: UInt16) -> Bits {
    var input = Input()
    input.words.0 = id
    input.count = id.count
    if number > 0 {
      append(UInt8(ascii: "/"), to: &input)
      append(UInt8(ascii: "r"), to: &input)
      var divisor: UInt16 = 10_000
      while divisor > 1, number < divisor { divisor /= 10 }
      while divisor > 0 {
        append(UInt8(ascii: "0") + UInt8(number / divisor % 10), to: &input)
        divisor /= 10
      }
    }
    let length = input.count
    var hash = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    unsafe withUnsafeBytes(of: input.words) { source in
      unsafe withUnsafeMutableBytes(of: &hash) { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe cc_sha256(from, length, to.assumingMemoryBound(to: UInt8.self))
      }
    }
    return Bits(
      high: UInt64(bigEndian: hash.0), low: UInt64(bigEndian: hash.1), rest: UInt8(UInt64(bigEndian: hash.2) >> 62))
  }

  private static func append(_ byte: UInt8, to input: inout Input) {
    let place = input.count
    unsafe withUnsafeMutableBytes(of: &input.words) { bytes in
      precondition(place < bytes.count, "an id and its suffix fit 96 bytes")
      unsafe bytes[place] = byte
    }
    input.count += 1
  }

  private static func encode(_ bits: Bits, tag: InstanceTag) -> Text32 {
    var text = Text32()
    unsafe withUnsafeMutableBytes(of: &text) { target in
      unsafe target[0] = version
      unsafe tag.text.withUTF8 { bytes in
        for index in 0..<InstanceTag.length { unsafe target[1 + index] = bytes[index] }
      }
      var left = UInt128(bits.high) << 64 | UInt128(bits.low)
      for index in 0..<(digestCharacters - 1) {
        unsafe target[digestStart + index] = character(of: UInt8(truncatingIfNeeded: left >> 123))
        left <<= 5
      }
      // 25 characters took 125 bits; three are left, and two of the rest make the last one.
      let last = UInt8(truncatingIfNeeded: left >> 125) << 2 | bits.rest
      unsafe target[Limits.wireIDBytes - 1] = character(of: last)
    }
    return text
  }

  /// `0`-`9`, then `a`-`v`.
  @inline(__always)
  private static func character(of value: UInt8) -> UInt8 {
    precondition(value < 32, "five bits")
    return value < 10 ? 0x30 + value : 0x61 + value - 10
  }

  @inline(__always)
  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x61...0x76: character - 0x61 + 10
    default: nil
    }
  }
}

extension WireID.Key {
  /// Of an order that others placed: its id is no digest, so the words of its text are folded. The constant keeps an
  /// empty half from cancelling out.
  package init(foreign text: Text32) {
    let words = text.words
    self.init(high: words.0 ^ words.2, low: words.1 ^ words.3 ^ 0x5D58_8B65_6C07_8965)
  }
}
