internal import CCore

/// AES-256-GCM: what is sealed can be read with the key only, and opens only if no bit of it or of its header changed.
package enum Sealing {
  package static let keyBytes = 32
  package static let nonceBytes = 12
  package static let tagBytes = 16

  /// Writes as many bytes to `sealed` as `open` has, and the tag to `tag`. A nonce is used once with a key.
  package static func seal(
    _ open: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer, nonce: [UInt8], key: UnsafeRawBufferPointer,
    into sealed: UnsafeMutableRawBufferPointer, tag: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(key.count >= keyBytes && nonce.count == nonceBytes && tag.count == tagBytes, "sizes of AES-256-GCM")
    precondition(sealed.count == open.count, "what is sealed is as long as what is open")
    return unsafe cc_gcm_seal(
      key.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce, header.baseAddress, header.count, open.baseAddress,
      open.count, sealed.baseAddress, tag.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 0
  }

  /// `false` when it is not what was sealed; nothing is left at `open` then.
  package static func open(
    _ sealed: UnsafeRawBufferPointer, header: UnsafeRawBufferPointer, nonce: [UInt8], key: UnsafeRawBufferPointer,
    tag: UnsafeRawBufferPointer, into open: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(key.count >= keyBytes && nonce.count == nonceBytes && tag.count == tagBytes, "sizes of AES-256-GCM")
    precondition(sealed.count == open.count, "what is sealed is as long as what is open")
    return unsafe cc_gcm_open(
      key.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce, header.baseAddress, header.count,
      sealed.baseAddress, sealed.count, open.baseAddress, tag.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 0
  }
}

/// How much work a guess at a passphrase is.
package struct PassphraseCost: Equatable, Sendable {
  package let log2N: UInt32
  package let r: UInt32
  package let p: UInt32

  /// 32 MiB three times over: as much work as the 128 MiB that OWASP asks of scrypt, and beside an engine on a small
  /// machine no memory is missed.
  package static let standard = PassphraseCost(log2N: 15, r: 8, p: 3)

  /// `nil` for less than the standard memory: a file cannot talk a program into a cheap guess. And for more than a GiB.
  package init?(readingLog2N log2N: UInt32, r: UInt32, p: UInt32) {
    guard (15...20).contains(log2N), r == 8, (1...16).contains(p) else { return nil }
    self.init(log2N: log2N, r: r, p: p)
  }

  private init(log2N: UInt32, r: UInt32, p: UInt32) {
    self.log2N = log2N
    self.r = r
    self.p = p
  }

  /// Writes the 32 bytes that scrypt makes of the passphrase.
  package func derive(
    _ passphrase: UnsafeRawBufferPointer, salt: [UInt8], into key: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(key.count >= Sealing.keyBytes, "a key has 32 bytes")
    return unsafe cc_scrypt(
      passphrase.baseAddress, passphrase.count, salt, salt.count, UInt64(1) << UInt64(log2N), UInt64(r), UInt64(p),
      key.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 0
  }
}

/// Keys made of keys.
package enum KeyDerivation {
  /// A 32-byte key for one purpose.
  package static func derive(
    _ purpose: [UInt8], of key: UnsafeRawBufferPointer, into derived: UnsafeMutableRawBufferPointer
  ) {
    precondition(key.count >= Sealing.keyBytes && derived.count >= Sealing.keyBytes, "a key has 32 bytes")
    unsafe cc_hmac_derive(
      key.baseAddress?.assumingMemoryBound(to: UInt8.self), purpose, purpose.count,
      derived.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
}
