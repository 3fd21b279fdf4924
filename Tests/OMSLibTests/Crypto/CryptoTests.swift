import CCore
import CReference
import Foundation
import Testing

@testable import OMSLib

/// Signatures against published vectors, and against OpenSSL.
@Suite struct CryptoTests {
  private static func hex(_ tag: HMACTag) -> String {
    var text = ByteBuffer()
    text.append(hex: tag)
    return text.text
  }

  private static func sign(_ payload: String, _ secret: [UInt8]) throws -> String {
    var arena = try SecretArena(slotCount: 1, slotBytes: HMACKey.slotBytes)
    let made = HMACKey(secret: secret, in: &arena)
    let key = try #require(made)
    return hex(key.sign(Array(payload.utf8), in: arena))
  }

  // MARK: HMAC

  private static let venueKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
  private static let venueSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
  private static let order = "&side=BUY&type=LIMIT&timeInForce=GTC"
  private static let rest = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
  private static let socketTail = "&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"

  /// What Binance publishes, its example keys with it.
  @Test(arguments: [
    ("symbol=LTCBTC\(order)&\(rest)", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    (
      "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96\(order)&\(rest)",
      "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"
    ),
    // Query and body, without a sign between.
    ("symbol=LTCBTC\(order)\(rest)", "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"),
    (
      "apiKey=\(venueKey)&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT\(socketTail)",
      "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    ),
    (
      "apiKey=\(venueKey)&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY&symbol=\u{FF11}\u{FF12}\u{FF13}"
        + "\u{FF14}\u{FF15}\u{FF16}\(socketTail)",
      "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd"
    ),
  ])
  func venueExamplesAreSignedAsPublished(payload: String, signature: String) throws {
    try #expect(Self.sign(payload, Array(Self.venueSecret.utf8)) == signature)
  }

  /// RFC 4231, cases 1 to 7; of case 5 the first half is given.
  @Test(
    arguments: [
      (
        Array(repeating: 0x0B, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        Array(repeating: 0xAA, count: 20), Array(repeating: 0xDD, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        Array(1...25), Array(repeating: 0xCD, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (Array(repeating: 0x0C, count: 20), Array("Test With Truncation".utf8), "a3b6167473100ee06e0c796c2955552b"),
      (
        Array(repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        Array(repeating: 0xAA, count: 131),
        Array(
          ("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
            + "before being used by the HMAC algorithm.").utf8),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
    ] as [([UInt8], [UInt8], String)])
  func agreesWithRFC4231(secret: [UInt8], message: [UInt8], digest: String) throws {
    var arena = try SecretArena(slotCount: 1, slotBytes: 64)
    let made = HMACKey(secret: secret, in: &arena)
    let key = try #require(made)
    let signed = Self.hex(key.sign(message, in: arena))
    #expect(signed.hasPrefix(digest))
  }

  /// Every length around the blocks of the hash, and keys of all lengths around one block.
  @Test func agreesWithOpenSSLAtEveryLength() throws {
    #expect(cc_crypto_start() == 0)
    var random = SplitMix64(seed: 11)
    var arena = try SecretArena(slotCount: 1, slotBytes: 64)
    for length in 0...300 {
      let message = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let secret = (0..<Int(random.below(140))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let made = HMACKey(secret: secret, in: &arena)
      let key = try #require(made)
      var once = [UInt8](repeating: 0, count: 32)
      #expect(cr_hmac_once(secret, secret.count, message, message.count, &once) == 1)
      let signed = key.sign(message, in: arena).bytes
      #expect(signed == once, "\(secret.count) bytes of key, \(length) of message")
      arena.giveBack(key.slot)
    }
  }

  @Test func oneArenaHoldsTheKeysOfManyAccounts() throws {
    var arena = try SecretArena(slotCount: 300, slotBytes: 64)
    var keys: [HMACKey] = []
    for number in 0..<300 {
      let made = HMACKey(secret: Array("secret-\(number)".utf8), in: &arena)
      keys.append(try #require(made))
    }
    let late = HMACKey(secret: [1], in: &arena)
    #expect(late == nil, "no slot is left")
    for (number, key) in keys.enumerated() {
      let made = Self.hex(key.sign([1, 2, 3], in: arena))
      try #expect(made == Self.sign("\u{1}\u{2}\u{3}", Array("secret-\(number)".utf8)))
    }
  }

  @Test func signaturesAreReadAndCompared() throws {
    var arena = try SecretArena(slotCount: 1, slotBytes: 64)
    let made = HMACKey(secret: Array("k".utf8), in: &arena)
    let key = try #require(made)
    let tag = key.sign([7], in: arena)
    #expect(HMACTag(hex: Array(Self.hex(tag).utf8)) == tag)
    #expect(HMACTag(hex: Array(Self.hex(tag).uppercased().utf8)) == tag)
    for index in 0..<32 {
      var bytes = tag.bytes
      bytes[index] ^= 1
      #expect(HMACTag(bytes) != tag)
    }
    for wrong in ["", "00", String(repeating: "g", count: 64), String(repeating: "0", count: 63), Self.hex(tag) + "00"]
    {
      #expect(HMACTag(hex: Array(wrong.utf8)) == nil, "'\(wrong)'")
    }
  }

  // MARK: Ed25519 and RSA

  /// RFC 8032, 7.1: seed, public key, message, signature.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
  ])
  func agreesWithRFC8032(seed: String, raw: String, message: String, signature: String) throws {
    let seed = try #require(Hex.decoded(Array(seed.utf8)))
    let key = try PrivateKey(seed: seed)
    let bytes = try #require(Hex.decoded(Array(message.utf8)))
    let made = try key.sign(bytes)
    #expect(made == Hex.decoded(Array(signature.utf8)))
    let raw = try #require(Hex.decoded(Array(raw.utf8)))
    let known = try PublicKey(raw: raw)
    let (isSame, isOther) = (known.verifies(made, of: bytes), known.verifies(made, of: bytes + [0]))
    #expect(isSame && !isOther)
    let (own, given) = (try key.publicKey().raw, known.raw)
    #expect(own == given && given != nil)
  }

  /// The example key of Binance's pages and what they sign with it.
  private static let seed = "8244616b4606b8400a66fd0efcbea9af1611fd2540e975b3808b20007d9bcf6e"
  private static let pem = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u
    -----END PRIVATE KEY-----

    """

  @Test(arguments: [
    (
      "A\u{1}EXAMPLE\u{1}SPOT\u{1}1\u{1}20240627-11:17:25.223",
      "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA=="
    ),
    (
      "apiKey=4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO&price=52000.00&quantity=0.01000000"
        + "&recvWindow=100&side=SELL&symbol=BTCUSDT\(socketTail)",
      "82wlF5RobwT7JZehRQgOaupNEm5GrAqJj5tqZeCCE6ZxkhlUbWBThOx00q3FVnCKn882P+9p85phztjk4bOMAQ=="
    ),
  ])
  func venueExamplesOfEd25519(payload: String, signature: String) throws {
    let key = try PrivateKey(pem: Self.pem)
    let algorithm = key.algorithm
    #expect(algorithm == .ed25519)
    var text = ByteBuffer()
    text.append(base64: try key.sign(Array(payload.utf8)))
    #expect(text.text == signature)
    let seed = try #require(Hex.decoded(Array(Self.seed.utf8)))
    let raw = try PrivateKey(seed: seed).publicKey().raw
    let own = try key.publicKey().raw
    #expect(own == raw)
    #expect(raw == Hex.decoded(Array("19420abfd752a565c15625e9da6eaf0086fc40c14960183214442c14996a800d".utf8)))
  }

  /// Made for this test, by `openssl genrsa`; it is nobody's.
  private static let rsa = """
    -----BEGIN PRIVATE KEY-----
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCigIcRj3acw5sp
    eCXSri2pfJGft6O7iZBEWLo3D+yEi9tDG6f0KeO7Go1j1YUNuUBsIhJkEtA8Hxsb
    X8BKCUvkJ9zxfqlN/JRuJB17PMR+XwD8CZJ72carriiLPsKDbr7UQCoFfvsd+WbB
    xUwpb98rf+6FkQ9Qd877wNpVNZsliF8/nEGX8ea1swQFDZxlygm+H/RSbZkp6Kn2
    d9dY7AO32+EoVFKrhl9d5gqL5gMmWgMp+8xd3WmUGvU3rtiNakt1W+/fa16iivhB
    67N0Nh+5pWk47qHI5wRB1SfA7jNEnvC7Q0JxJamM3KxWNkgtRAFsqnRXgUyeRA25
    mFltw6z9AgMBAAECggEAEB88R0u6ctcdP8IBzqMlOJl5QSVRAzwkqgM7hlb4GjZd
    7IyD3z+AroF14Z+/cZsdfxzqQi9zpWNYpyCazT2a3+nsi7ELTwduGndOzXk77WWz
    jU3N0KfMhB/lOdtiJPQJzrkG8kCk3VZvEW5nnfzRYVlx6qJ3qH4adPOvNaD54YE7
    qTepW5JVLHZ09S8bqGuMtMyPftriUxqs2sJxFm9g+RmRRwRQylwhTJltd/Z+aKNs
    yZYe+DAc13PjPqw7O/RoL/n2OwpdNV0F9yAVoa7fn4m0DJi94yGpuQfnnVJICjJC
    IAJd5tuY22fbUkW4JWlqvRa/HWH+sXmyZw6UwrQNaQKBgQDMvsAy5t6kNtlV5hEb
    20vy80hpu3B1I4BcQXqHr/RYNRlDgQryglaLVto8iqwOzbY0yEQPPex+jq8FJVu+
    wVRbW+jzk364fUSghn1s9rGJjC5MrGpQpLWvjo3n7unDmJiB5Q+pcZd/otAd/8Pt
    DpDeTejOrfKTzsVuvnYZ+1IbXwKBgQDLLpkF0t54pAhR7L6TTQYdtUtxQcWUPLO+
    LVbt0v+5qoFSRYBY48a3kmVp8aLoLMkTPmd5yR8Z0BUiIZ8sDwh3hpV3urH5Y8oH
    4P17ktaCPSl8Nla0XXVBEMNnnfiSJLq/ET2uNhEMlOXI6zvZEUBmWTSbV3Ymhe5x
    mBzSVatxIwKBgQCyJK4aG+JPwyFqqdjtAeudIaw5wsrgQNloa9huwtu4+8pVf6vE
    wT8H0bPkxUtbPgVw+2asVFa27vK9aXngCVqaeue/NvAlGWliumHbMvHaGcwXDlUa
    gZVLgJ9b0/Y1J0pairEL3zfP6BtoXqdcVTYbFnKfkZ3kmR4Tc0hS5ubTxQJ/dKtN
    MwritGN8Y46N4Adae7SenWonCffRPmLKh8WhEfvWRmeiS2h/suldUnhuEuOkkmhD
    Aqt6MFhLyk2EGMiJFBkzuox5pbqnR97prwuiISb9q1WIdAk2SyZVDiqnkUOF+DDu
    OhrRr2fQio6IzxwY3qxaiNiv/27ofFHcOur2hwKBgQC16g8isWLV6+cCFUN1KdJK
    pdc4itoqJ6DuV/OOLH8WZ7vFEscQcYiJGCuJuEFOLtNKd70Vi3h3OZPW4XA2zpt4
    rYJ4FAf9QrNS9F4HPQtHIy9/IKYqIfKcmpujfKNGHRYxnkdHyBOi1TB1OETcD063
    Nfqa+hOXoioypV/K9RAgpw==
    -----END PRIVATE KEY-----

    """
  /// `printf hello | openssl dgst -sha256 -sign KEY | base64`.
  private static let rsaSignature = """
    QI+q/yeRTTq1/2c8Lm+R6IUsiFTjYzYGPX2uf3Lv0nGS/Kv+LCLPddSenSX5FASomCzRDP7Kk7S0kuOYf7igfB2k6EdWMi1G6hX3\
    pWQE5t07iB2dbxCoaJpXmKkZtXAei9bYJbOvXMh8uScXTJpw56e8AFH9bnFMCF0IHy6P7ySefiQebPBj2YkEd6Nr9GWqmKF7jNPI\
    5cQCPLdqnb6y05weYhMrMKynRVrWGhfOO4ptwp27S9pYNAAkzyTctJhDXL8Ntknsi98owCkYVPgJ7suR+h/0XMmjv58LrWIAUYwA\
    qF4ldciD02JFfp+43jtc5GP1QNKNCggMpWE7oRcK8g==
    """

  @Test func rsaSignsAsTheToolDoes() throws {
    let key = try PrivateKey(pem: Self.rsa)
    let algorithm = key.algorithm
    #expect(algorithm == .rsa)
    let signature = try key.sign(Array("hello".utf8))
    #expect(signature == Base64.decoded(Array(Self.rsaSignature.utf8)))
    let known = try key.publicKey()
    let again = try PublicKey(pem: known.pem)
    let verdicts = [
      known.verifies(signature, of: Array("hello".utf8)), again.verifies(signature, of: Array("hello".utf8)),
      known.verifies(signature, of: Array("hullo".utf8)), known.verifies([], of: Array("hello".utf8)),
    ]
    #expect(verdicts == [true, true, false, false])
    let raw = known.raw
    #expect(raw == nil)
  }

  /// Another private exponent: it is read, and is found out by what it signs.
  @Test func aKeyWhoseHalvesDifferIsNotWhole() throws {
    let isWhole = try PrivateKey(pem: Self.rsa).isWhole
    let isPairWhole = try PrivateKey(pem: Self.pem).isWhole
    #expect(isWhole && isPairWhole)
    let lines = Self.rsa.split(separator: "\n").map(String.init)
    var broken: [Bool] = []
    for line in 2..<(lines.count - 2) {
      var changed = lines
      changed[line] = String(lines[line].dropLast(8)) + "AAAAAAAA"
      guard let key = try? PrivateKey(pem: changed.joined(separator: "\n")) else { continue }
      broken.append(key.isWhole)
    }
    #expect(broken.contains(false), "none of \(broken.count) changes was found")
  }

  @Test func whatIsNoKeyIsRefused() throws {
    let broken = [
      "", "\0", "-----BEGIN PRIVATE KEY-----\n", Self.pem.replacing("MC4C", with: "MC4D"),
      // One that wants a passphrase, a curve that no venue takes, RSA with 1024 bits.
      """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgPLZ6ykV7JGAICCAAw
      -----END ENCRYPTED PRIVATE KEY-----
      """,
      """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VuBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u
      -----END PRIVATE KEY-----
      """,
    ]
    for text in broken { #expect(throws: CryptoError.noKey) { _ = try PrivateKey(pem: text) } }
    for count in [0, 31, 33] {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect(throws: CryptoError.noKey) { _ = try PrivateKey(seed: bytes) }
      #expect(throws: CryptoError.noKey) { _ = try PublicKey(raw: bytes) }
    }
    // The half that everybody may know signs nothing.
    let known = try PrivateKey(pem: Self.pem).publicPEM
    #expect(throws: CryptoError.noKey) { _ = try PrivateKey(pem: known) }
  }

  // MARK: The file beside the repository

  @Test(.enabled(if: shared != nil)) func theFileOfVectorsSaysTheSame() throws {
    let file = try #require(Self.shared)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let binance = try #require(json["binance"] as? [String: Any])
    let text = try #require(binance["hmac_secret"] as? String)
    let secret = Array(text.utf8)
    var count = 0
    for vector in try #require(binance["cases"] as? [[String: String]]) {
      let payload = try #require(vector["payload"])
      try #expect(Self.sign(payload, secret) == vector["hex"], "\(vector["id"] ?? "")")
      count += 1
    }
    let pair = try #require(binance["ed25519"] as? [String: Any])
    let digits = try #require(pair["seed_hex"] as? String)
    let seed = try #require(Hex.decoded(Array(digits.utf8)))
    let key = try PrivateKey(seed: seed)
    for vector in try #require(pair["cases"] as? [[String: String]]) {
      var text = ByteBuffer()
      let payload = try #require(vector["payload"])
      text.append(base64: try key.sign(Array(payload.utf8)))
      #expect(text.text == vector["base64"], "\(vector["id"] ?? "")")
      count += 1
    }
    #expect(count >= 7)
  }

  private static let shared: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    let path = ProcessInfo.processInfo.environment["OMS_SHARED"].map { URL(filePath: $0) }
    let file = (path ?? root.appending(path: "../shared").standardized).appending(path: "protocols/vectors.json")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }()
}
