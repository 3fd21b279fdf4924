import Testing

@testable import OMSLib

@Suite struct ChecksumTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let crc: UInt32
  }

  /// Published with iSCSI (RFC 3720, B.4), and the customary check string.
  static let vectors = [
    Vector(testDescription: "32 zeros", bytes: [UInt8](repeating: 0, count: 32), crc: 0x8A91_36AA),
    Vector(testDescription: "32 ones", bytes: [UInt8](repeating: 0xFF, count: 32), crc: 0x62A8_AB43),
    Vector(testDescription: "32 ascending", bytes: Array(0..<32), crc: 0x46DD_794E),
    Vector(testDescription: "32 descending", bytes: Array((0..<32).reversed()), crc: 0x113F_DB5C),
    Vector(testDescription: "check string", bytes: Array("123456789".utf8), crc: 0xE306_9283),
    Vector(testDescription: "nothing", bytes: [], crc: 0),
  ]

  @Test(arguments: vectors)
  func agreesWithThePublishedChecksum(_ vector: Vector) {
    #expect(CRC32C.of(vector.bytes) == vector.crc)
  }

  @Test(arguments: 0..<20)
  func continuesWhereThePieceBeforeEnded(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<Int(random.below(3_000))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let cut = Int(random.below(UInt64(bytes.count + 1)))
    let first = CRC32C.of(Array(bytes[..<cut]))
    #expect(CRC32C.of(Array(bytes[cut...]), after: first) == CRC32C.of(bytes))
  }

  /// FIPS 180-4 examples: none, one and two blocks, and padding that needs a block of its own.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func agreesWithThePublishedDigest(text: String, hex: String) {
    #expect(SHA256.of(Array(text.utf8)).hex == hex)
  }

  @Test func digestsAMillionLetters() {
    var hash = SHA256()
    let piece = [UInt8](repeating: 0x61, count: 1_000)
    for _ in 0..<1_000 { hash.add(piece) }
    #expect(hash.digest().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: 0..<20)
  func digestDoesNotDependOnThePieces(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<Int(random.below(1_000))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var hash = SHA256()
    var at = 0
    while at < bytes.count {
      let end = min(bytes.count, at + Int(random.below(150)))
      hash.add(Array(bytes[at..<end]))
      at = end
    }
    #expect(hash.digest() == SHA256.of(bytes))
  }

  @Test func aDigestInTheMiddleDoesNotDisturbTheRest() {
    var hash = SHA256()
    hash.add(Array("ab".utf8))
    _ = hash.digest()
    hash.add(Array("c".utf8))
    #expect(hash.digest() == SHA256.of(Array("abc".utf8)))
  }
}
