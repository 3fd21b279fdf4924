internal import CCore

/// An HMAC-SHA256 key: what the hash has made of the secret's two padded forms, in a slot of an arena. The secret itself
/// is kept nowhere.
///
/// A handle; the arena wipes what it stands for. Signing is for the order path: no allocation, no system call.
package struct HMACKey: Hashable, Sendable, BitwiseCopyable {
  /// What a slot must hold at least.
  package static let slotBytes = MemoryLayout<cc_hmac_key>.size

  package let slot: SecretSlot

  /// `nil` when the arena has no slot left.
  package init?(secret: UnsafeRawBufferPointer, in arena: inout SecretArena) {
    precondition(arena.slotBytes >= Self.slotBytes, "the slots of this arena are too small for an HMAC key")
    guard let slot = arena.take() else { return nil }
    self.slot = slot
    unsafe arena.withBytes(slot) { bytes in
      unsafe cc_hmac_prepare(
        bytes.baseAddress?.assumingMemoryBound(to: cc_hmac_key.self), secret.baseAddress, secret.count)
    }
  }

  /// As above, of bytes that are no secret any more than the program is: published examples, keys of the built-in venue.
  package init?(secret: some Collection<UInt8>, in arena: inout SecretArena) {
    var bytes = Array(secret)
    defer { unsafe bytes.withUnsafeMutableBytes { unsafe SecretArena.wipe($0) } }
    guard let key = unsafe bytes.withUnsafeBytes({ unsafe HMACKey(secret: $0, in: &arena) }) else { return nil }
    self = key
  }

  package func sign(_ bytes: UnsafeRawBufferPointer, in arena: borrowing SecretArena) -> HMACTag {
    var tag = HMACTag()
    unsafe arena.withBytes(slot) { key in
      unsafe withUnsafeMutableBytes(of: &tag.words) { out in
        unsafe cc_hmac_sign(
          key.baseAddress?.assumingMemoryBound(to: cc_hmac_key.self), bytes.baseAddress, bytes.count,
          out.baseAddress?.assumingMemoryBound(to: UInt8.self))
      }
    }
    return tag
  }

  package func sign(_ bytes: [UInt8], in arena: borrowing SecretArena) -> HMACTag {
    unsafe bytes.withUnsafeBytes { raw in unsafe sign(raw, in: arena) }
  }

  package func sign(_ text: borrowing ByteBuffer, in arena: borrowing SecretArena) -> HMACTag {
    unsafe text.withBytes { bytes in unsafe sign(UnsafeRawBufferPointer(bytes), in: arena) }
  }
}

/// The 32 bytes that HMAC-SHA256 makes. Two are compared in a time that tells nothing about where they differ.
package struct HMACTag: Equatable, Sendable, BitwiseCopyable {
  package static let byteCount = 32

  fileprivate var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  fileprivate init() {}

  /// Of 64 hexadecimal digits, as they come in a request.
  package init?(hex: some Collection<UInt8>) {
    guard let bytes = Hex.decoded(hex) else { return nil }
    self.init(bytes)
  }

  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
  }

  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try unsafe withUnsafeBytes(of: words) { try unsafe body($0) }
  }

  package var firstByte: UInt8 { UInt8(truncatingIfNeeded: words.0) }

  package var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }

  package static func == (a: HMACTag, b: HMACTag) -> Bool {
    unsafe a.withBytes { left in unsafe b.withBytes { right in unsafe ConstantTime.areEqual(left, right) } }
  }
}

extension ByteSink where Self: ~Copyable {
  /// 64 digits in lower case: how venues want it.
  package mutating func append(hex tag: HMACTag) {
    unsafe tag.withBytes { bytes in unsafe append(hex: bytes) }
  }

  package mutating func append(base64 tag: HMACTag) {
    unsafe tag.withBytes { bytes in unsafe append(base64: bytes) }
  }
}

/// Comparison of what must stay secret.
package enum ConstantTime {
  /// The time depends on the lengths alone.
  package static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count else { return false }
    guard let left = a.baseAddress, let right = b.baseAddress else { return true }
    return unsafe cc_secret_equal(left, right, a.count) != 0
  }
}
