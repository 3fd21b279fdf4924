/// The keys of the accounts that an engine trades for, by the account's number. Says nothing; signs.
///
/// Owner: whoever opens it, then the hot thread.
final class EngineKeys: BinanceKeys {
  private let ring: KeyRing
  private var keys = [SigningKey?](repeating: nil, count: Limits.accountCount + 1)
  private var names = [Text64](repeating: Text64(), count: Limits.accountCount + 1)

  /// The name in the keystore that an account's settings lead to.
  static func entry(of account: AccountSetting) -> String? {
    switch account.key {
    case .none, .credential: nil
    case .keystore(let name), .vault(let name): name
    }
  }

  init(_ ring: consuming KeyRing) { self.ring = ring }

  /// From now on `account` signs with the entry of that name. `false`: there is none, or its API key is longer than a
  /// venue's.
  func assign(_ name: String, to account: AccountID) -> Bool {
    guard let key = ring.key(named: name) else { return false }
    var text = ByteBuffer(capacity: 64)
    ring.appendAPIKey(of: key, to: &text)
    let apiKey = unsafe text.withBytes { unsafe Text64(String(decoding: $0, as: UTF8.self)) }
    guard let apiKey else { return false }
    keys[account.index] = key
    names[account.index] = apiKey
    return true
  }

  func apiKey(of account: AccountID, _ product: BinanceProduct) -> Text64? {
    keys[account.index] == nil ? nil : names[account.index]
  }

  func sign(
    _ payload: UnsafeRawBufferPointer, of account: AccountID, _ product: BinanceProduct,
    into signature: inout ByteBuffer
  ) -> Bool {
    guard let key = keys[account.index] else { return false }
    return (try? unsafe ring.sign(payload, with: key, into: &signature)) != nil
  }

  func canLogOn(_ account: AccountID, _ product: BinanceProduct) -> Bool {
    keys[account.index].map { ring.entry(of: $0).kind == .ed25519 } ?? false
  }
}

/// Reads the keystore of an engine that may trade with real money. An engine on paper never does.
package struct KeyUnsealing: Sendable {
  package let directory: String
  /// The keystore's key comes from here, once.
  package let descriptor: Int32

  package init(directory: String, descriptor: Int32) {
    self.directory = directory
    self.descriptor = descriptor
  }

  /// The accounts of `settings` that cannot be traded for without a key, and what it is called.
  package static func wanted(_ settings: EngineSettings) -> [(account: String, entry: String?)] {
    let venues = Set(WireBoot.venues(settings).map(\.name))
    return settings.accounts.filter { $0.mode == .live && venues.contains($0.venue) }
      .map { ($0.name, EngineKeys.entry(of: $0)) }
  }

  func open() throws(EngineFailure) -> EngineKeys {
    do throws(VaultError) {
      try Concealment.begin()
      var desk = try SecretDesk()
      let key = try desk.readAll(descriptor)
      defer { desk.giveBack(key) }
      let ring = try KeyRing(try KeystoreFile(directory: directory).read(), key: key, desk: &desk)
      return EngineKeys(ring)
    } catch {
      throw EngineFailure(ExitCode.credentials.rawValue, "auth.keystore", "the keystore cannot be opened: \(error)")
    }
  }
}
