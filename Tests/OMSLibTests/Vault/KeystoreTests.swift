import Foundation
import Testing

@testable import OMSLib

/// Bytes that can be told again.
private final class SeededSource: RandomSource {
  private var random: SplitMix64
  init(_ seed: UInt64) { random = SplitMix64(seed: seed) }

  func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(SystemError) {
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
  }
}

/// A desk with the key of a keystore, and what the tests put into one.
private struct Kit: ~Copyable {
  var desk: SecretDesk
  let key: SecretBytes
  let random: SeededSource
  let salt: [UInt8]

  static func make() throws -> Kit {
    let random = SeededSource(5)
    var desk = try SecretDesk()
    let key = try Keystore.makeRandomKey(desk: &desk, random: random)
    return Kit(desk: desk, key: key, random: random, salt: try Keystore.makeSalt(random))
  }

  mutating func empty() throws -> Keystore {
    try Keystore.empty(origin: .random, salt: salt, key: key, desk: &desk, random: random)
  }

  mutating func put(_ name: String, _ apiKey: String, _ secret: String, into keystore: Keystore) throws -> Keystore {
    let (keyBytes, secretBytes) = (desk.take(copying: Array(apiKey.utf8)), desk.take(copying: Array(secret.utf8)))
    let form = try SecretForm(nil, apiKey: keyBytes, secret: secretBytes, desk: desk)
    let entry = KeystoreEntry(name: name, kind: form.kind, added: UTCTime(nanoseconds: 1_800_000_000_000_000_000))
    let changed = try keystore.putting(entry, form, key: key, desk: &desk, random: random)
    desk.giveBack(keyBytes)
    desk.giveBack(secretBytes)
    return changed
  }

  mutating func contents(_ keystore: Keystore) throws -> [String] {
    var found: [String] = []
    try keystore.open(key, desk: &desk) { entry, apiKey, secret in
      found.append(
        "\(entry.name) \(String(decoding: apiKey, as: UTF8.self)) \(String(decoding: secret, as: UTF8.self))")
    }
    return found
  }
}

@Suite struct KeystoreTests {
  private static let pem = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u
    -----END PRIVATE KEY-----

    """

  private static func checksummed(_ bytes: [UInt8]) -> [UInt8] {
    let body = Array(bytes.dropLast(4))
    let sum = CRC32C.of(body)
    return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
  }

  @Test func whatIsPutIsFoundAgainAndWhatIsRemovedIsGone() throws {
    var kit = try Kit.make()
    var store = try kit.empty()
    store = try kit.put("binance.main", "k-1", "s-1", into: store)
    store = try kit.put("binance.alt", "k-2", Self.pem, into: store)
    store = try kit.put("okx.main", "k-3", "s-3", into: store)
    store = try kit.put("binance.main", "k-4", "s-4", into: store)
    #expect(store.entries.map(\.name) == ["binance.alt", "binance.main", "okx.main"], "by name")
    #expect(store.entries.map(\.kind) == [.ed25519, .hmac, .hmac] && store.generation == 5)
    let again = try Keystore(reading: store.bytes, path: "x")
    try #expect(kit.contents(again) == ["binance.alt k-2 \(Self.pem)", "binance.main k-4 s-4", "okx.main k-3 s-3"])
    let less = try again.removing("binance.alt", key: kit.key, desk: &kit.desk, random: kit.random)
    try #expect(kit.contents(less) == ["binance.main k-4 s-4", "okx.main k-3 s-3"])
    #expect(throws: VaultError.unknownName("nobody")) {
      _ = try less.removing("nobody", key: kit.key, desk: &kit.desk, random: kit.random)
    }
  }

  /// Neither in clear nor under the same key stream twice.
  @Test func noSecretIsInTheFileAndNoTwoWritingsAreAlike() throws {
    var kit = try Kit.make()
    let first = try kit.put("a.b", "key-in-the-open", "secret-in-the-open", into: try kit.empty())
    let second = try kit.put("a.b", "key-in-the-open", "secret-in-the-open", into: first)
    for store in [first, second] {
      let text = String(decoding: store.bytes, as: UTF8.self)
      #expect(text.contains("a.b") && !text.contains("in-the-open"))
    }
    let tail = first.bytes.suffix(60)
    #expect(zip(tail, second.bytes.suffix(60)).count { $0 == $1 } < 20, "all that is sealed is new")
  }

  /// By the checksum, and where somebody mends that, by the tags.
  @Test func everyFlippedBitIsFound() throws {
    var kit = try Kit.make()
    let store = try kit.put("b.c", "k", "s-2", into: try kit.put("a.b", "key", "secret", into: try kit.empty()))
    var found = 0
    for bit in 0..<(store.bytes.count * 8) {
      var bytes = store.bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: VaultError.self) { _ = try Keystore(reading: bytes, path: "x") }
      guard bit / 8 < bytes.count - 4 else { continue }
      // The length and the like are found by the form, everything else by the proof.
      guard let mended = try? Keystore(reading: Self.checksummed(bytes), path: "x") else { continue }
      found += 1
      #expect(throws: VaultError.wrongKey, "bit \(bit)") { try mended.prove(kit.key, desk: &kit.desk) }
    }
    #expect(found > 1_000)
  }

  @Test func whatIsCutOrPutTogetherIsFound() throws {
    var kit = try Kit.make()
    let store = try kit.put("b.c", "k", "s-2", into: try kit.put("a.b", "k", "s-1", into: try kit.empty()))
    for length in 0..<store.bytes.count {
      #expect(throws: VaultError.self) { _ = try Keystore(reading: Array(store.bytes.prefix(length)), path: "x") }
    }
    #expect(throws: VaultError.self) { _ = try Keystore(reading: store.bytes + [0], path: "x") }
    // The sealed parts of two records change places: both are whole, and neither belongs to its name.
    let length = KeystoreLayout.recordBytes(sealed: 4)
    let start = KeystoreLayout.headerBytes
    var swapped = store.bytes
    for index in 88..<length {
      swapped.swapAt(start + index, start + length + index)
    }
    let mixed = try Keystore(reading: Self.checksummed(swapped), path: "x")
    #expect(throws: VaultError.wrongKey) { try mixed.prove(kit.key, desk: &kit.desk) }
  }

  @Test func anErrorNamesFileAndVersion() throws {
    var kit = try Kit.make()
    var bytes = try kit.empty().bytes
    bytes[8] = 2
    #expect(throws: VaultError.version(path: "/x/keystore", 2)) {
      _ = try Keystore(reading: bytes, path: "/x/keystore")
    }
    for (bytes, why) in [
      ([], "it is empty"), (Array("PK\u{3}\u{4} something else".utf8), "it is no keystore of oms"),
    ] as [([UInt8], String)] {
      #expect(throws: VaultError.damaged(path: "p", why)) { _ = try Keystore(reading: bytes, path: "p") }
    }
  }

  /// A passphrase costs what the file says, and the file cannot say less than the standard.
  @Test func aPassphraseOpensWhatItMade() throws {
    var desk = try SecretDesk()
    let random = SeededSource(9)
    let salt = try Keystore.makeSalt(random)
    let right = desk.take(copying: Array("correct horse".utf8))
    let key = try Keystore.makeKey(right, cost: .standard, salt: salt, desk: &desk)
    let store = try Keystore.empty(
      origin: .passphrase(.standard), salt: salt, key: key, desk: &desk, random: random)
    let again = try Keystore(reading: store.bytes, path: "x")
    #expect(again.origin == .passphrase(.standard) && again.salt == salt)
    try again.prove(key, desk: &desk)
    let wrong = desk.take(copying: Array("correct house".utf8))
    let other = try Keystore.makeKey(wrong, cost: .standard, salt: salt, desk: &desk)
    #expect(throws: VaultError.wrongKey) { try again.prove(other, desk: &desk) }
    var cheap = store.bytes
    cheap[16] = 10
    #expect(throws: VaultError.damaged(path: "x", "its key is made in a way that is not accepted")) {
      _ = try Keystore(reading: Self.checksummed(cheap), path: "x")
    }
    for (log2N, r, p) in [(14, 8, 3), (21, 8, 1), (15, 4, 3), (15, 8, 0), (15, 8, 17)] as [(UInt32, UInt32, UInt32)] {
      #expect(PassphraseCost(readingLog2N: log2N, r: r, p: p) == nil)
    }
  }

  /// A year of changes: no two writings had a file key in common, so no nonce came twice with a key.
  @Test func fileKeysAreNeverUsedTwice() throws {
    var kit = try Kit.make()
    var store = try kit.empty()
    var salts: Set<[UInt8]> = []
    for round in 0..<400 {
      store = try kit.put("a.\(round % 7)", "k", "s", into: store)
      salts.insert(Array(store.bytes[64..<96]))
    }
    #expect(salts.count == 400 && store.generation == 401)
  }

  @Test func aRingSignsForManyAccounts() throws {
    var kit = try Kit.make()
    var store = try kit.empty()
    let count = 230
    for number in 0..<count { store = try kit.put("binance.sub\(number)", "k-\(number)", "s-\(number)", into: store) }
    store = try kit.put("binance.pair", "k-pair", Self.pem, into: store)
    let ring = try KeyRing(store, key: kit.key, desk: &kit.desk)
    let held = ring.count
    #expect(held == count + 1)
    var arena = try SecretArena(slotCount: count, slotBytes: 64)
    for number in 0..<count {
      let found = ring.key(named: "binance.sub\(number)")
      let key = try #require(found)
      var text = ByteBuffer()
      try ring.sign(Array("payload".utf8), with: key, into: &text)
      ring.appendAPIKey(of: key, to: &text)
      let single = HMACKey(secret: Array("s-\(number)".utf8), in: &arena)
      let expected = try #require(single).sign(Array("payload".utf8), in: arena)
      var other = ByteBuffer()
      other.append(hex: expected)
      #expect(text.text == other.text + "k-\(number)")
    }
    let found = ring.key(named: "binance.pair")
    let pair = try #require(found)
    var text = ByteBuffer()
    try ring.sign(Array("payload".utf8), with: pair, into: &text)
    let signature = try #require(Base64.decoded(Array(text.text.utf8)))
    let isTrue = try PrivateKey(pem: Self.pem).publicKey().verifies(signature, of: Array("payload".utf8))
    let nobody = ring.key(named: "nobody")
    #expect(isTrue && nobody == nil)
  }
}

@Suite struct SecretInputTests {
  private static func read(_ text: String, kind: SecretKind? = nil) throws -> String {
    var desk = try SecretDesk()
    let input = desk.take(copying: Array(text.utf8))
    let form = try SecretInput.read(input, kind: kind, desk: &desk)
    let key = desk.withBytes(form.apiKey) { String(decoding: $0, as: UTF8.self) }
    let secret = desk.withBytes(form.secret) { String(decoding: $0, as: UTF8.self) }
    return "\(form.kind.word) \(key) \(secret)"
  }

  private static let pem =
    #"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u\n"#
    + #"-----END PRIVATE KEY-----\n"#

  @Test func readsKeyAndSecret() throws {
    try #expect(Self.read(#"{"key":"k-demo","secret":"s-demo"}"#) == "hmac k-demo s-demo")
    try #expect(
      Self.read(" { \"secret\" : \"s\\u002B\\/\\\\\" ,\n\"key\":\"k\" , \"kind\":\"hmac\" }\n") == #"hmac k s+/\"#)
    let pair = try Self.read(#"{"key":"k","secret":"\#(Self.pem)"}"#)
    #expect(pair.hasPrefix("ed25519 k -----BEGIN PRIVATE KEY-----\nMC4C"))
    try #expect(Self.read(#"{"key":"k","secret":"\#(Self.pem)"}"#, kind: .ed25519) == pair)
  }

  /// What is refused is not repeated: it may be the secret.
  @Test(arguments: [
    "", "{", "{}", "[]", "null", "k-demo", #"{"key":"k-demo"}"#, #"{"key":"k-demo","secret":"s-demo""#,
    #"{"key":"k-demo","secret":"s-demo"} x"#, #"{"key":"k-demo","secret":"s-demo",}"#,
    #"{"key":"k-demo","key":"k-demo","secret":"s-demo"}"#, #"{"key":"k-demo","secret":7}"#,
    #"{"key":"","secret":"s-demo"}"#, #"{"key":"k-demo","secret":""}"#, #"{"key":"k demo","secret":"s-demo"}"#,
    #"{"key":"k-demo","secret":"s demo"}"#, #"{"key":"k-demo","secret":"s-demo","passphrase":"s-demo"}"#,
    #"{"key":"k-demo","secret":"s-demo","kind":"dsa"}"#, #"{"key":"k-demo","secret":"s-demo","kind":"rsa"}"#,
    #"{"key":"k-demo","secret":"s-demo\n"}"#, #"{"key":"k-demo","secret":"s-\u00e9"}"#,
    #"{"key":"k-demo","secret":"s-\x"}"#,
    #"{"key":"k-demo","secret":"-----BEGIN s-demo"}"#, #"{"key":"k-demo","secret":"s-dem\u00"#, "{\"key\":\"k-demo\n\"",
    #"{"key":"k-demo","secret":"\#(pem)","kind":"rsa"}"#, #"{"key":"k-demo","secret":"\#(pem)","kind":"hmac"}"#,
  ])
  func refusesWithoutRepeatingIt(text: String) throws {
    let error = #expect(throws: VaultError.self) { _ = try Self.read(text) }
    guard case .input(let why) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!why.contains("demo") && !why.contains("MC4"), "\(why)")
  }
}
