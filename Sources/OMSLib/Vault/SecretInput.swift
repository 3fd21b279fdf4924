/// How an account signs.
package enum SecretKind: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  case hmac = 1
  case ed25519
  case rsa

  package var word: String {
    switch self {
    case .hmac: "hmac"
    case .ed25519: "ed25519"
    case .rsa: "rsa"
    }
  }

  package init?(word: String) {
    guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = kind
  }
}

/// What an account signs with, in slots of a desk.
package struct SecretForm: Sendable, BitwiseCopyable {
  package let kind: SecretKind
  package let apiKey: SecretBytes
  package let secret: SecretBytes

  /// Checks both; without `kind`, PEM says which it is, and everything else is an HMAC secret.
  package init(
    _ kind: SecretKind?, apiKey: SecretBytes, secret: SecretBytes, desk: borrowing SecretDesk
  ) throws(VaultError) {
    let keyBytes = apiKey.count
    guard (1...Keystore.apiKeyBytesMax).contains(keyBytes),
      unsafe desk.withBytes(apiKey, { unsafe $0.allSatisfy { (0x21...0x7E).contains($0) } })
    else { throw .input("the key is not 1 to \(Keystore.apiKeyBytesMax) printable bytes without spaces") }
    guard (1...Keystore.secretBytesMax).contains(secret.count) else {
      throw .input("the secret is not 1 to \(Keystore.secretBytesMax) bytes long")
    }
    let isPEM = unsafe desk.withBytes(secret) { unsafe $0.starts(with: "-----BEGIN".utf8) }
    self.apiKey = apiKey
    self.secret = secret
    guard isPEM else {
      guard kind == nil || kind == .hmac else { throw .input("the secret of that kind is not PEM") }
      guard unsafe desk.withBytes(secret, { unsafe $0.allSatisfy { (0x21...0x7E).contains($0) } }) else {
        throw .input("the secret has bytes that are not printable, or spaces")
      }
      self.kind = .hmac
      return
    }
    let found = try Self.kind(ofPEM: secret, desk)
    guard kind == nil || kind == found else { throw .input("the secret is PEM of another kind: \(found.word)") }
    self.kind = found
  }

  private static func kind(ofPEM secret: SecretBytes, _ desk: borrowing SecretDesk) throws(VaultError) -> SecretKind {
    let outcome: Result<(KeyAlgorithm, isWhole: Bool), CryptoError> = unsafe desk.withBytes(secret) { bytes in
      Result { () throws(CryptoError) in
        let key = try unsafe PrivateKey(pem: bytes)
        return (key.algorithm, key.isWhole)
      }
    }
    switch outcome {
    case .success((_, false)): throw .input("the PEM is damaged: its public half does not verify what it signs")
    case .success((.ed25519, _)): return .ed25519
    case .success((.rsa, _)): return .rsa
    case .failure(.noKey):
      throw .input("the PEM is no private key of Ed25519 or RSA (2048 to 8192 bits), or it wants a passphrase")
    case .failure(.failed): throw .crypto
    }
  }
}

/// `{"key":"...","secret":"...","kind":"hmac"}`, read from a slot into slots. Nothing of it is in an error.
package struct SecretInput {
  private enum Member { case key, secret, kind }

  private var position = 0
  private var failure: String?

  package static func read(
    _ input: SecretBytes, kind: SecretKind?, desk: inout SecretDesk
  ) throws(VaultError) -> SecretForm {
    var key = desk.take()
    var secret = desk.take()
    var word = desk.take()
    defer { desk.giveBack(word) }
    var reader = SecretInput()
    reader.readObject(input, &key, &secret, &word, desk)
    do throws(VaultError) {
      if let failure = reader.failure { throw VaultError.input(failure + " (at byte \(reader.position + 1))") }
      var wanted = kind
      if word.count > 0 {
        let found = unsafe desk.withBytes(word) { bytes in
          SecretKind.allCases.first { unsafe bytes.elementsEqual($0.word.utf8) }
        }
        guard let found else { throw VaultError.input("the kind is none of hmac, ed25519, rsa") }
        guard kind == nil || kind == found else { throw VaultError.input("--kind says another kind than the input") }
        wanted = found
      }
      return try SecretForm(wanted, apiKey: key, secret: secret, desk: desk)
    } catch {
      desk.giveBack(key)
      desk.giveBack(secret)
      throw error
    }
  }

  private mutating func readObject(
    _ input: SecretBytes, _ key: inout SecretBytes, _ secret: inout SecretBytes, _ word: inout SecretBytes,
    _ desk: borrowing SecretDesk
  ) {
    unsafe desk.withBytes(input) { bytes in
      var seen: [Member] = []
      unsafe skipSpace(bytes)
      guard unsafe takes(UInt8(ascii: "{"), bytes) else {
        return fail("no object begins: write {\"key\":..,\"secret\":..}")
      }
      while failure == nil {
        unsafe skipSpace(bytes)
        guard let member = unsafe readName(bytes) else { return }
        guard !seen.contains(member) else { return fail("a member comes twice") }
        seen.append(member)
        unsafe skipSpace(bytes)
        guard unsafe takes(UInt8(ascii: ":"), bytes) else { return fail("a colon is missing") }
        unsafe skipSpace(bytes)
        switch member {
        case .key: unsafe readString(bytes, into: &key, desk)
        case .secret: unsafe readString(bytes, into: &secret, desk)
        case .kind: unsafe readString(bytes, into: &word, desk)
        }
        guard failure == nil else { return }
        unsafe skipSpace(bytes)
        if unsafe takes(UInt8(ascii: ","), bytes) { continue }
        guard unsafe takes(UInt8(ascii: "}"), bytes) else { return fail("the object does not end") }
        unsafe skipSpace(bytes)
        guard position == bytes.count else { return fail("there is more behind the object") }
        guard seen.contains(.key), seen.contains(.secret) else { return fail("\"key\" or \"secret\" is missing") }
        return
      }
    }
  }

  private mutating func fail(_ text: String) { if failure == nil { failure = text } }

  private mutating func readName(_ bytes: UnsafeRawBufferPointer) -> Member? {
    for (name, member) in [("\"key\"", Member.key), ("\"secret\"", .secret), ("\"kind\"", .kind)] {
      let end = position + name.utf8.count
      guard end <= bytes.count, unsafe bytes[position..<end].elementsEqual(name.utf8) else { continue }
      position = end
      return member
    }
    // Its name is not repeated: it may be what belongs elsewhere.
    fail("a member is none of \"key\", \"secret\", \"kind\"")
    return nil
  }

  /// A string without its escapes.
  private mutating func readString(
    _ bytes: UnsafeRawBufferPointer, into secret: inout SecretBytes, _ desk: borrowing SecretDesk
  ) {
    guard unsafe takes(UInt8(ascii: "\""), bytes) else { return fail("a string is missing") }
    unsafe desk.fill(&secret) { room in
      var used = 0
      while position < bytes.count {
        let byte = unsafe bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return used
        case UInt8(ascii: "\\"):
          guard let plain = unsafe readEscape(bytes) else { return 0 }
          unsafe room[used] = plain
        case 0..<0x20:
          fail("a control byte is not escaped")
          return 0
        default: unsafe room[used] = byte
        }
        // What is read is shorter than the input, which fits a slot.
        used += 1
      }
      fail("a string does not end")
      return 0
    }
  }

  /// Keys and PEM are ASCII: an escape stands for one such byte.
  private mutating func readEscape(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
    guard position < bytes.count else {
      fail("a string does not end")
      return nil
    }
    let letter = unsafe bytes[position]
    position += 1
    if letter != UInt8(ascii: "u") {
      if let plain = JSONDocument.simpleEscape(letter) { return plain }
    } else if position + 4 <= bytes.count,
      let unit = unsafe JSONDocument.codeUnit(ArraySlice(bytes[position..<(position + 4)])), unit < 0x80
    {
      position += 4
      return UInt8(unit)
    }
    fail("an escape stands for no ASCII byte")
    return nil
  }

  private mutating func takes(_ byte: UInt8, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard position < bytes.count, unsafe bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace(_ bytes: UnsafeRawBufferPointer) {
    while position < bytes.count, unsafe [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }
}
