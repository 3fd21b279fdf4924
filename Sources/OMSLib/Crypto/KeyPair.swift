internal import CCore

/// What OpenSSL refused.
package enum CryptoError: Error, Equatable, Sendable {
  /// Not the PEM of an Ed25519 key or an RSA key of 2048 to 8192 bits, or one that wants a passphrase.
  case noKey
  /// A call failed: out of memory, or OpenSSL was used before its memory was ours. The kernel's number.
  case failed(errno: Int32)

  fileprivate init(_ status: some SignedInteger) {
    // EINVAL
    self = status == -22 ? .noKey : .failed(errno: Int32(truncatingIfNeeded: -status))
  }
}

package enum KeyAlgorithm: UInt8, Sendable { case ed25519 = 1, rsa = 2 }

/// The secret half of an Ed25519 or RSA key, in memory that is in no dump and is wiped when the key goes away.
@safe package struct PrivateKey: ~Copyable {
  /// Of RSA with 8192 bits.
  package static let signatureBytesMax = 1_024

  private let key: UnsafeMutableRawPointer
  package let algorithm: KeyAlgorithm

  /// A key of PKCS#8 PEM; RSA also of PKCS#1.
  package init(pem: UnsafeRawBufferPointer) throws(CryptoError) {
    var key: UnsafeMutableRawPointer?
    let status = unsafe cc_private_key_read(pem.baseAddress, pem.count, &key)
    guard status > 0, let key = unsafe key, let algorithm = KeyAlgorithm(rawValue: UInt8(status)) else {
      throw CryptoError(status)
    }
    unsafe self.key = key
    self.algorithm = algorithm
  }

  package init(pem: String) throws(CryptoError) {
    var text = Array(pem.utf8)
    defer { unsafe text.withUnsafeMutableBytes { unsafe SecretArena.wipe($0) } }
    self = try unsafe text.span.bytes.withUnsafeBytes { bytes throws(CryptoError) in
      try unsafe PrivateKey(pem: bytes)
    }
  }

  /// The Ed25519 key of these 32 bytes.
  package init(seed: [UInt8]) throws(CryptoError) {
    guard seed.count == 32 else { throw .noKey }
    var key: UnsafeMutableRawPointer?
    let status = unsafe cc_private_key_seed(seed, &key)
    guard status > 0, let key = unsafe key else { throw CryptoError(status) }
    unsafe self.key = key
    algorithm = .ed25519
  }

  deinit { unsafe cc_key_free(key) }

  /// Ed25519, or RSA PKCS#1 v1.5 with SHA-256. OpenSSL allocates for it, in our memory.
  package func sign(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Self.signatureBytesMax)
    let used = unsafe cc_key_sign(key, bytes.baseAddress, bytes.count, &signature, signature.count)
    guard used > 0 else { throw CryptoError(used) }
    signature.removeLast(signature.count - Int(used))
    return signature
  }

  package func sign(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
    try unsafe bytes.span.bytes.withUnsafeBytes { raw throws(CryptoError) in try unsafe sign(raw) }
  }

  /// Whether its public half verifies what it signs. Of a damaged RSA key, numbers may be left that read well.
  package var isWhole: Bool {
    let message = Array("oms".utf8)
    guard let signature = try? sign(message), let known = try? publicKey() else { return false }
    return known.verifies(signature, of: message)
  }

  /// What a venue is given.
  package var publicPEM: String { unsafe KeyText.publicPEM(key) }

  package func publicKey() throws(CryptoError) -> PublicKey { try PublicKey(pem: publicPEM) }
}

/// The half of a key that everybody may know: what a server verifies with.
@safe package struct PublicKey: ~Copyable {
  private let key: UnsafeMutableRawPointer
  package let algorithm: KeyAlgorithm

  /// A key of SubjectPublicKeyInfo PEM.
  package init(pem: String) throws(CryptoError) {
    let text = Array(pem.utf8)
    var key: UnsafeMutableRawPointer?
    let status = unsafe cc_public_key_read(text, text.count, &key)
    guard status > 0, let key = unsafe key, let algorithm = KeyAlgorithm(rawValue: UInt8(status)) else {
      throw CryptoError(status)
    }
    unsafe self.key = key
    self.algorithm = algorithm
  }

  /// The 32 bytes of an Ed25519 key.
  package init(raw: [UInt8]) throws(CryptoError) {
    guard raw.count == 32 else { throw .noKey }
    var key: UnsafeMutableRawPointer?
    let status = unsafe cc_public_key_raw(raw, &key)
    guard status > 0, let key = unsafe key else { throw CryptoError(status) }
    unsafe self.key = key
    algorithm = .ed25519
  }

  deinit { unsafe cc_key_free(key) }

  package func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
    unsafe cc_key_verify(key, bytes, bytes.count, signature, signature.count) == 0
  }

  package var pem: String { unsafe KeyText.publicPEM(key) }

  /// The 32 bytes of an Ed25519 key; `nil` for RSA.
  package var raw: [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 32)
    return unsafe cc_key_public_raw(key, &bytes) == 0 ? bytes : nil
  }
}

private enum KeyText {
  static func publicPEM(_ key: UnsafeMutableRawPointer) -> String {
    var text = [CChar](repeating: 0, count: 4_096)
    let used = unsafe cc_key_public_pem(key, &text, text.count)
    precondition(used > 0, "a key that was read can be written")
    return String(decoding: text[..<Int(used)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
