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
    guard text.words.1 | text.words.2 | text.words.3 == 0, InstanceTag.isTag(text.words.0) else { return nil }
    self.text = text
  }

  /// - Precondition: the five bytes were checked.
  @inline(__always)
  fileprivate init(checked bytes: UInt64) {
    var text = Text32()
    text.words.0 = bytes
    self.text = text
  }

  /// Whether the bytes of `word`, the lowest one first, are a tag and nothing else.
  @inline(__always)
  fileprivate static func isTag(_ word: UInt64) -> Bool {
    guard word >> 40 == 0 else { return false }
    var rest = word
    for _ in 0..<length {
      let byte = UInt8(truncatingIfNeeded: rest)
      guard byte.isDigit || byte.isLowerLetter else { return false }
      rest >>= 8
    }
    return true
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
    let first = text.words.0
    guard UInt8(truncatingIfNeeded: first) == WireID.version, InstanceTag.isTag(first >> 8 & WireID.tagMask),
      // Two characters, filled up with zeros to eight.
      let a = Base32Word(characters: first >> 48 | 0x3030_3030_3030_0000),
      let b = Base32Word(characters: text.words.1),
      let c = Base32Word(characters: text.words.2), let d = Base32Word(characters: text.words.3)
    else { return nil }
    self.text = text
    // 10 + 40 + 40 + 40 bits; the last two are beyond the key.
    key = Key(high: (a.bits >> 30) << 54 | b.bits << 14 | c.bits >> 26, low: c.bits << 38 | d.bits >> 2)
  }

  package var tag: InstanceTag { InstanceTag(checked: text.words.0 >> 8 & WireID.tagMask) }

  private static let tagMask: UInt64 = 0xFF_FFFF_FFFF

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
    if number == 0 { return unsafe withUnsafeBytes(of: id) { unsafe digest($0, count: id.count) } }
    var input = Input()
    input.words.0 = id
    input.count = id.count
    append(UInt8(ascii: "/"), to: &input)
    append(UInt8(ascii: "r"), to: &input)
    var divisor: UInt16 = 10_000
    while divisor > 1, number < divisor { divisor /= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(number / divisor % 10), to: &input)
      divisor /= 10
    }
    let length = input.count
    return unsafe withUnsafeBytes(of: input.words) { unsafe digest($0, count: length) }
  }

  private static func digest(_ bytes: UnsafeRawBufferPointer, count: Int) -> Bits {
    var hash = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    unsafe withUnsafeMutableBytes(of: &hash) { target in
      guard let from = bytes.baseAddress, let to = target.baseAddress else { return }
      unsafe cc_sha256(from, count, to.assumingMemoryBound(to: UInt8.self))
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
    let first = Base32Word(bits: (bits.high >> 54) << 30).characters
    text.words.0 = UInt64(version) | tag.text.words.0 << 8 | first << 48
    text.words.1 = Base32Word(bits: bits.high >> 14).characters
    text.words.2 = Base32Word(bits: bits.high << 26 | bits.low >> 38).characters
    text.words.3 = Base32Word(bits: bits.low << 2 | UInt64(bits.rest)).characters
    return text
  }
}

/// Eight characters at five bits each, `0`-`9`, then `a`-`v`: all eight are handled at once in one word, the first
/// character in its lowest byte, and in the highest of the 40 bits.
private struct Base32Word {
  /// The lowest 40 count.
  let bits: UInt64

  private static let each: UInt64 = 0x0101_0101_0101_0101
  private static let top: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  init(bits: UInt64) { self.bits = bits & 0xFF_FFFF_FFFF }

  /// `nil` when one of them is none of the alphabet.
  @inline(__always)
  init?(characters: UInt64) {
    // Bytes below 0x80 can be compared by an addition that reaches the top bit.
    guard characters & Self.top == 0 else { return nil }
    let isDigit = (characters &+ Self.each &* (0x80 - 0x30)) & ~(characters &+ Self.each &* (0x80 - 0x3A))
    let isLetter = (characters &+ Self.each &* (0x80 - 0x61)) & ~(characters &+ Self.each &* (0x80 - 0x77)) & Self.top
    guard (isDigit | isLetter) & Self.top == Self.top else { return nil }
    let values = (characters &- Self.each &* 0x30 &- (isLetter >> 7) &* 0x27).byteSwapped
    let pairs = values & 0x001F_001F_001F_001F | (values >> 8 & 0x001F_001F_001F_001F) << 5
    let fours = pairs & 0x0000_03FF_0000_03FF | (pairs >> 16 & 0x0000_03FF_0000_03FF) << 10
    bits = fours & 0xF_FFFF | (fours >> 32) << 20
  }

  @inline(__always)
  var characters: UInt64 {
    let fours = bits & 0xF_FFFF | (bits >> 20) << 32
    let pairs = fours & 0x0000_03FF_0000_03FF | (fours >> 10 & 0x0000_03FF_0000_03FF) << 16
    let values = pairs & 0x001F_001F_001F_001F | (pairs >> 5 & 0x001F_001F_001F_001F) << 8
    let isLetter = (values &+ Self.each &* (0x80 - 10)) & Self.top
    return (values &+ Self.each &* 0x30 &+ (isLetter >> 7) &* 0x27).byteSwapped
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
