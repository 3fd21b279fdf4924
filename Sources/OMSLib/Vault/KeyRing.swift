/// One key of a ring. Says nothing, signs through the ring.
package struct SigningKey: Hashable, Sendable, BitwiseCopyable {
  fileprivate let index: UInt32
}

/// All keys of a keystore, ready to sign: hash states and API keys in locked memory, key pairs in OpenSSL's, which is
/// ours. What they were made of is wiped.
package struct KeyRing: ~Copyable {
  private enum Signer {
    case hmac(HMACKey)
    case pair(KeyPairBox)
  }

  private final class KeyPairBox {
    let key: PrivateKey
    init(_ key: consuming PrivateKey) { self.key = key }
  }

  private struct Row {
    let entry: KeystoreEntry
    let signer: Signer
    let apiKey: SecretBytes
  }

  private var states: SecretArena
  private var apiKeys: SecretArena
  private var rows: [Row] = []

  /// Opens `keystore` and takes over all of it.
  package init(_ keystore: Keystore, key: SecretBytes, desk: inout SecretDesk) throws(VaultError) {
    let count = max(1, keystore.entries.count)
    var states = try Self.arena(count, HMACKey.slotBytes)
    var apiKeys = try Self.arena(count, Keystore.apiKeyBytesMax)
    var rows: [Row] = []
    var isComplete = true
    try unsafe keystore.open(key, desk: &desk) { entry, apiKey, secret in
      guard let signer = unsafe Self.signer(entry.kind, secret, &states), let slot = apiKeys.take() else {
        isComplete = false
        return
      }
      unsafe apiKeys.withBytes(slot) { room in unsafe room.copyBytes(from: apiKey) }
      rows.append(Row(entry: entry, signer: signer, apiKey: SecretBytes(slot: slot, count: apiKey.count)))
    }
    guard isComplete else { throw .crypto }
    self.states = states
    self.apiKeys = apiKeys
    self.rows = rows
  }

  private static func arena(_ slotCount: Int, _ slotBytes: Int) throws(VaultError) -> SecretArena {
    do { return try SecretArena(slotCount: slotCount, slotBytes: slotBytes) } catch { throw .memory(error) }
  }

  private static func signer(
    _ kind: SecretKind, _ secret: UnsafeRawBufferPointer, _ states: inout SecretArena
  ) -> Signer? {
    switch kind {
    case .hmac: unsafe HMACKey(secret: secret, in: &states).map { .hmac($0) }
    case .ed25519, .rsa:
      if let pair = try? unsafe PrivateKey(pem: secret) { .pair(KeyPairBox(pair)) } else { nil }
    }
  }

  package var count: Int { rows.count }

  package func key(named name: String) -> SigningKey? {
    rows.firstIndex { $0.entry.name == name }.map { SigningKey(index: UInt32($0)) }
  }

  package func entry(of key: SigningKey) -> KeystoreEntry { rows[Int(key.index)].entry }

  /// Appends the signature of `bytes` as the venue reads it: hexadecimal of HMAC, base 64 of a key pair. For HMAC
  /// nothing is allocated and the kernel is not called.
  package func sign(
    _ bytes: UnsafeRawBufferPointer, with key: SigningKey, into sink: inout some ByteSink & ~Copyable
  ) throws(CryptoError) {
    switch rows[Int(key.index)].signer {
    case .hmac(let hmac): sink.append(hex: unsafe hmac.sign(bytes, in: states))
    case .pair(let box): sink.append(base64: try unsafe box.key.sign(bytes))
    }
  }

  package func sign(
    _ bytes: [UInt8], with key: SigningKey, into sink: inout some ByteSink & ~Copyable
  ) throws(CryptoError) {
    switch rows[Int(key.index)].signer {
    case .hmac(let hmac): sink.append(hex: hmac.sign(bytes, in: states))
    case .pair(let box): sink.append(base64: try box.key.sign(bytes))
    }
  }

  /// Appends the API key: it goes with every request.
  package func appendAPIKey(of key: SigningKey, to sink: inout some ByteSink & ~Copyable) {
    let apiKey = rows[Int(key.index)].apiKey
    unsafe apiKeys.withBytes(apiKey.slot) { room in
      for index in 0..<apiKey.count { unsafe sink.append(room[index]) }
    }
  }
}
