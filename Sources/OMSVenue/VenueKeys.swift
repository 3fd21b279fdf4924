import OMSLib

/// Says whether a signature was made over a payload by whoever holds a secret.
package protocol KeyCheck: Sendable {
  func isValid(_ signature: String, of payload: [UInt8]) -> Bool
}

/// HMAC-SHA256 with the secret as its key; the signature is hexadecimal in either case.
package struct SharedSecretCheck: KeyCheck {
  private static let blockBytes = 64

  private let inner: SHA256
  private let outer: SHA256

  package init(secret: String) {
    var key = Array(secret.utf8)
    if key.count > Self.blockBytes { key = SHA256.of(key).bytes }
    key += Array(repeating: 0, count: Self.blockBytes - key.count)
    var (inner, outer) = (SHA256(), SHA256())
    inner.add(key.map { $0 ^ 0x36 })
    outer.add(key.map { $0 ^ 0x5C })
    self.inner = inner
    self.outer = outer
  }

  package func signature(of payload: [UInt8]) -> String { digest(of: payload).hex }

  /// Takes as long for a wrong signature as for a right one.
  package func isValid(_ signature: String, of payload: [UInt8]) -> Bool {
    let wanted = Array(digest(of: payload).hex.utf8)
    let given = Array(signature.utf8)
    guard given.count == wanted.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<wanted.count {
      let byte = given[index]
      let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F")
      difference |= wanted[index] ^ (isUpper ? byte | 0x20 : byte)
    }
    return difference == 0
  }

  private func digest(of payload: [UInt8]) -> SHA256Digest {
    var (inner, outer) = (inner, outer)
    inner.add(payload)
    outer.add(inner.digest().bytes)
    return outer.digest()
  }
}

extension SHA256Digest {
  var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}

/// The keys of all accounts, made from a seed: the same seed gives the same keys.
struct KeyRing: Sendable {
  static let keyLength = 64
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

  let credentials: [VenueCredential]
  private let checks: [any KeyCheck]
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
