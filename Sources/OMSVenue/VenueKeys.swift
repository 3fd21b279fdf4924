import OMSLib

/// HMAC-SHA256 with the secret as its key; the signature is hexadecimal in either case.
package final class SharedSecretCheck: @unchecked Sendable {
  // Unchecked: nothing of it changes once it is made.
  private let arena: SecretArena
  private let key: HMACKey

  package init(secret: String) {
    // The secrets are made up, so memory that is not locked is as good.
    guard var arena = try? SecretArena(slotCount: 1, slotBytes: HMACKey.slotBytes, allowUnlocked: true),
      let key = HMACKey(secret: secret.utf8, in: &arena)
    else { preconditionFailure("there is no memory for the key of an account") }
    self.arena = arena
    self.key = key
  }

  package func signature(of payload: [UInt8]) -> String {
    var text = ByteBuffer(capacity: 64)
    text.append(hex: key.sign(payload, in: arena))
    return text.text
  }

  /// Takes as long for a wrong signature as for a right one.
  package func isValid(_ signature: String, of payload: [UInt8]) -> Bool {
    HMACTag(hex: signature.utf8) == key.sign(payload, in: arena)
  }
}

/// The keys of all accounts, made from a seed: the same seed gives the same keys.
struct VenueKeys: Sendable {
  static let keyLength = 64
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  let credentials: [VenueCredential]
  private let checks: [SharedSecretCheck]
  private let places: [String: Int]

  init(accounts: [(number: UInt16, name: String)], seed: UInt64) {
    let root = SplitMix64(seed: seed)
    credentials = accounts.map { account in
      // By name: an account keeps its key when others come before it.
      var mixer = root
      for byte in account.name.utf8 { mixer = mixer.stream(UInt64(byte) + 1) }
      return VenueCredential(
        name: account.name, account: account.number, key: Self.text(&mixer), secret: Self.text(&mixer))
    }
    checks = credentials.map { SharedSecretCheck(secret: $0.secret) }
    places = Dictionary(credentials.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func text(_ random: inout SplitMix64) -> String {
    let letters = (0..<keyLength).map { _ in alphabet[Int(random.below(UInt64(alphabet.count)))] }
    return String(decoding: letters, as: UTF8.self)
  }

  static func isWellFormed(_ key: String) -> Bool {
    key.utf8.count == keyLength && key.utf8.allSatisfy { alphabet.contains($0) }
  }

  func account(of key: String) -> UInt16? { places[key].map { credentials[$0].account } }

  func isValid(_ signature: String, of payload: [UInt8], by key: String) -> Bool {
    guard let place = places[key] else { return false }
    return checks[place].isValid(signature, of: payload)
  }
}
