internal import CCore

/// The id of an order on a venue's wire: a pure function of the instance's tag and the user's id.
///
/// 32 characters of `0-9a-v`: version, five of the tag, and the first 130 bits of SHA-256 over the bytes of the id, five
/// bits a character. It holds neither account nor venue, so that a retry that is routed elsewhere meets itself. The
/// N-th replacement of an order has the id `ID/rN`.
package enum WireID {
  package static let version: UInt8 = 0x31

  /// Allocates nothing. `replacement` 0 is the order as it was first sent.
  package static func make(tag: Text32, id: Text64, replacement: UInt16 = 0) -> Text32 {
    var bytes = InlineArray<80, UInt8>(repeating: 0)
    var count = 0
    unsafe id.withUTF8 { source in
      for index in 0..<source.count {
        bytes[count] = unsafe source[index]
        count += 1
      }
    }
    if replacement > 0 {
      bytes[count] = 0x2F
      bytes[count + 1] = 0x72
      count += 2
      var divisor: UInt16 = 10_000
      while divisor > 1 && replacement / divisor == 0 { divisor /= 10 }
      while divisor > 0 {
        bytes[count] = 0x30 + UInt8(replacement / divisor % 10)
        count += 1
        divisor /= 10
      }
    }
    return make(tag: tag, bytes: bytes, count: count)
  }

  private static func make(tag: Text32, bytes: InlineArray<80, UInt8>, count: Int) -> Text32 {
    precondition(tag.count == 5, "an instance tag has five characters")
    var digest = InlineArray<32, UInt8>(repeating: 0)
    let source = bytes.span
    unsafe source.withUnsafeBufferPointer { source in
      var target = digest.mutableSpan
      unsafe target.withUnsafeMutableBufferPointer { target in
        unsafe cc_sha256(source.baseAddress, count, target.baseAddress)
      }
    }
    var wire = Text32()
    unsafe tag.withUTF8 { tag in
      unsafe withUnsafeMutableBytes(of: &wire) { wire in
        unsafe wire[0] = version
        for index in 0..<5 { unsafe wire[1 + index] = tag[index] }
        for index in 0..<26 { unsafe wire[6 + index] = letter(fiveBits(digest, at: index * 5)) }
      }
    }
    return wire
  }

  private static func fiveBits(_ digest: InlineArray<32, UInt8>, at bit: Int) -> UInt8 {
    let pair = UInt16(digest[bit / 8]) << 8 | UInt16(digest[bit / 8 + 1])
    return UInt8(pair >> UInt16(11 - bit % 8) & 31)
  }

  private static func letter(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
