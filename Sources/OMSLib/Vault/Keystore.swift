/// What the keystore tells of one secret without being opened.
package struct KeystoreEntry: Equatable, Sendable {
  package let name: String
  package let kind: SecretKind
  package let added: UTCTime
  /// Unknown until a venue has been asked.
  package var canTrade: Bool?
  package var canWithdraw: Bool?

  package init(name: String, kind: SecretKind, added: UTCTime, canTrade: Bool? = nil, canWithdraw: Bool? = nil) {
    self.name = name
    self.kind = kind
    self.added = added
    self.canTrade = canTrade
    self.canWithdraw = canWithdraw
  }
}

/// The local keystore as it lies in its file: what is secret in it is sealed, so its bytes may be anywhere.
///
/// A key of the whole (made by scrypt of a passphrase, or at random for a session that is thrown away) opens it. Each
/// writing has a file key of its own, made of that key and 32 random bytes, so that a nonce (the number of the record)
/// is never used twice with a key. The header is authenticated with the count and the length, each record with its name,
/// so that nothing can be changed, cut, swapped or made cheaper to guess.
package struct Keystore: Sendable {
  package static let apiKeyBytesMax = 256
  /// PEM of an RSA key with 8192 bits has 6.4 KB.
  package static let secretBytesMax = 8_192
  package static let nameBytesMax = 64
  /// Five venues with a main account and 200 sub-accounts each, and as many again for a change of keys.
  package static let entryCountMax = 2_048
  package static let bytesMax =
    KeystoreLayout.headerBytes + entryCountMax * KeystoreLayout.recordBytes(sealed: apiKeyBytesMax + secretBytesMax)
    + KeystoreLayout.checksumBytes

  package enum Origin: Equatable, Sendable {
    /// Its key was made at random and is nowhere but in the kernel's keyring.
    case random
    case passphrase(PassphraseCost)
  }

  package let bytes: [UInt8]
  package let origin: Origin
  package let salt: [UInt8]
  /// How often it was written.
  package let generation: UInt64
  /// By name.
  package let entries: [KeystoreEntry]
  fileprivate let records: [KeystoreLayout.Record]

  /// Under which name the key lies in the kernel's keyring while the keystore is unlocked.
  package var keyringName: String {
    var name = ByteBuffer()
    name.append(literal: "oms:keystore:")
    name.append(hex: salt.prefix(16))
    return name.text
  }

  package func entry(named name: String) -> KeystoreEntry? { entries.first { $0.name == name } }

  /// Reads the form; what only the key can prove is left to `prove`.
  package init(reading bytes: [UInt8], path: String) throws(VaultError) {
    let header = try KeystoreLayout.Header(reading: bytes, path: path)
    self.bytes = bytes
    origin = header.origin
    salt = header.salt
    generation = header.generation
    var records: [KeystoreLayout.Record] = []
    var place = KeystoreLayout.headerBytes
    for number in 0..<header.count {
      guard let record = KeystoreLayout.Record(reading: bytes, at: place, number: number) else {
        throw .damaged(path: path, "record \(number + 1) is none")
      }
      if let last = records.last, !last.entry.name.utf8.lexicographicallyPrecedes(record.entry.name.utf8) {
        throw .damaged(path: path, "record \(number + 1) is out of order")
      }
      records.append(record)
      place = record.end
    }
    guard place == bytes.count - KeystoreLayout.checksumBytes else {
      throw .damaged(path: path, "\(bytes.count - KeystoreLayout.checksumBytes - place) bytes belong to no record")
    }
    self.records = records
    entries = records.map(\.entry)
  }

  /// A new one without entries. `key` is what `makeKey` made.
  package static func empty(
    origin: Origin, salt: [UInt8], key: SecretBytes, desk: inout SecretDesk, random: some RandomSource
  ) throws(VaultError) -> Keystore {
    let writing = try KeystoreWriting(origin: origin, salt: salt, generation: 1, key, &desk, random)
    return try writing.finish(&desk)
  }

  package static func makeSalt(_ random: some RandomSource) throws(VaultError) -> [UInt8] {
    try KeystoreWriting.randomBytes(KeystoreLayout.saltBytes, random)
  }

  /// The key of a passphrase; takes scrypt's time.
  package static func makeKey(
    _ passphrase: SecretBytes, cost: PassphraseCost, salt: [UInt8], desk: inout SecretDesk
  ) throws(VaultError) -> SecretBytes {
    var key = desk.take()
    var isMade = false
    unsafe desk.withBytes(passphrase) { text in
      unsafe desk.fill(&key) { room in
        isMade = unsafe cost.derive(
          text, salt: salt, into: UnsafeMutableRawBufferPointer(rebasing: room[..<Sealing.keyBytes]))
        return Sealing.keyBytes
      }
    }
    guard isMade else {
      desk.giveBack(key)
      throw .crypto
    }
    return key
  }

  package static func makeRandomKey(
    desk: inout SecretDesk, random: some RandomSource
  ) throws(VaultError) -> SecretBytes {
    var key = desk.take()
    var failure: SystemError?
    unsafe desk.fill(&key) { room in
      do throws(SystemError) {
        try unsafe random.fill(UnsafeMutableRawBufferPointer(rebasing: room[..<Sealing.keyBytes]))
      } catch { failure = error }
      return Sealing.keyBytes
    }
    if let failure {
      desk.giveBack(key)
      throw .system(failure)
    }
    return key
  }

  // MARK: With the key

  /// Whether `key` is the one, and the header and every record are as they were written.
  package func prove(_ key: SecretBytes, desk: inout SecretDesk) throws(VaultError) {
    let fileKey = KeystoreLayout.fileKey(of: key, bytes, &desk)
    defer { desk.giveBack(fileKey) }
    guard KeystoreLayout.isHeaderTrue(bytes, fileKey, desk) else { throw .wrongKey }
    var room = desk.take()
    defer { desk.giveBack(room) }
    for record in records {
      guard record.open(bytes, fileKey, into: &room, desk) else { throw .wrongKey }
    }
  }

  /// Lends API key and secret of each entry, in order, after all of it was proved.
  package func open(
    _ key: SecretBytes, desk: inout SecretDesk,
    _ body: (KeystoreEntry, _ apiKey: UnsafeRawBufferPointer, _ secret: UnsafeRawBufferPointer) -> Void
  ) throws(VaultError) {
    try prove(key, desk: &desk)
    let fileKey = KeystoreLayout.fileKey(of: key, bytes, &desk)
    defer { desk.giveBack(fileKey) }
    var room = desk.take()
    defer { desk.giveBack(room) }
    for record in records {
      guard record.open(bytes, fileKey, into: &room, desk) else { throw .wrongKey }
      unsafe desk.withBytes(room) { plain in
        unsafe body(
          record.entry, UnsafeRawBufferPointer(rebasing: plain[..<record.apiKeyBytes]),
          UnsafeRawBufferPointer(rebasing: plain[record.apiKeyBytes...]))
      }
    }
  }

  /// With one more entry, or another one in place of that of its name.
  package func putting(
    _ entry: KeystoreEntry, _ form: SecretForm, key: SecretBytes, desk: inout SecretDesk, random: some RandomSource
  ) throws(VaultError) -> Keystore {
    precondition(entry.kind == form.kind, "an entry says how its secret signs")
    guard entries.count < Self.entryCountMax || self.entry(named: entry.name) != nil else { throw .full }
    return try rewritten(without: entry.name, key, &desk, random) { (writing, desk) throws(VaultError) in
      try writing.add(entry, form, &desk)
    }
  }

  package func removing(
    _ name: String, key: SecretBytes, desk: inout SecretDesk, random: some RandomSource
  ) throws(VaultError) -> Keystore {
    guard entry(named: name) != nil else { throw .unknownName(name) }
    return try rewritten(without: name, key, &desk, random, nil)
  }

  private func rewritten(
    without name: String, _ key: SecretBytes, _ desk: inout SecretDesk, _ random: some RandomSource,
    _ add: ((inout KeystoreWriting, inout SecretDesk) throws(VaultError) -> Void)?
  ) throws(VaultError) -> Keystore {
    let fileKey = KeystoreLayout.fileKey(of: key, bytes, &desk)
    defer { desk.giveBack(fileKey) }
    guard KeystoreLayout.isHeaderTrue(bytes, fileKey, desk) else { throw .wrongKey }
    var writing = try KeystoreWriting(origin: origin, salt: salt, generation: generation + 1, key, &desk, random)
    var added = add == nil
    var room = desk.take()
    defer { desk.giveBack(room) }
    for record in records where record.entry.name != name {
      if !added, name.utf8.lexicographicallyPrecedes(record.entry.name.utf8) {
        try add?(&writing, &desk)
        added = true
      }
      guard record.open(bytes, fileKey, into: &room, desk) else { throw .wrongKey }
      try writing.add(record.entry, plain: room, apiKeyBytes: record.apiKeyBytes, desk)
    }
    if !added { try add?(&writing, &desk) }
    return try writing.finish(&desk)
  }
}

/// A keystore that is being written anew, record by record.
private struct KeystoreWriting {
  private let origin: Keystore.Origin
  private let salt: [UInt8]
  private let generation: UInt64
  private let fileKey: SecretBytes
  private var bytes: [UInt8]
  private var count = 0

  init(
    origin: Keystore.Origin, salt: [UInt8], generation: UInt64, _ key: SecretBytes, _ desk: inout SecretDesk,
    _ random: some RandomSource
  ) throws(VaultError) {
    self.origin = origin
    self.salt = salt
    self.generation = generation
    let fileSalt = try Self.randomBytes(KeystoreLayout.saltBytes, random)
    bytes = KeystoreLayout.header(origin: origin, salt: salt, fileSalt: fileSalt, generation: generation)
    fileKey = KeystoreLayout.fileKey(of: key, bytes, &desk)
  }

  static func randomBytes(_ count: Int, _ random: some RandomSource) throws(VaultError) -> [UInt8] {
    do throws(SystemError) { return try random.bytes(count) } catch { throw .system(error) }
  }

  mutating func add(_ entry: KeystoreEntry, _ form: SecretForm, _ desk: inout SecretDesk) throws(VaultError) {
    var plain = desk.take()
    defer { desk.giveBack(plain) }
    unsafe desk.withBytes(form.apiKey) { key in
      unsafe desk.withBytes(form.secret) { secret in
        unsafe desk.fill(&plain) { room in
          unsafe room.copyBytes(from: key)
          unsafe UnsafeMutableRawBufferPointer(rebasing: room[key.count...]).copyBytes(from: secret)
          return key.count + secret.count
        }
      }
    }
    try add(entry, plain: plain, apiKeyBytes: form.apiKey.count, desk)
  }

  mutating func add(
    _ entry: KeystoreEntry, plain: SecretBytes, apiKeyBytes: Int, _ desk: borrowing SecretDesk
  ) throws(VaultError) {
    guard KeystoreLayout.append(entry, plain, apiKeyBytes: apiKeyBytes, number: count, fileKey, to: &bytes, desk) else {
      throw .crypto
    }
    count += 1
  }

  /// Gives the file key back and reads what was written, as everybody after it will.
  consuming func finish(_ desk: inout SecretDesk) throws(VaultError) -> Keystore {
    let isSealed = KeystoreLayout.seal(&bytes, count: count, fileKey, desk)
    desk.giveBack(fileKey)
    guard isSealed else { throw .crypto }
    return try Keystore(reading: bytes, path: "the new keystore")
  }
}
