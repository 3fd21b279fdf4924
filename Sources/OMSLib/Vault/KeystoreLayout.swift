/// Where what lies in a keystore's file. Numbers are little-endian.
///
/// A header, records in the order of their names, a CRC-32C over everything before it. The checksum tells damage from a
/// wrong passphrase to whoever has no key; against a change on purpose stand the tags.
enum KeystoreLayout {
  private static let magic = Array("OMSVAULT".utf8)
  static let version: UInt32 = 1
  static let saltBytes = 32
  static let checksumBytes = 4

  // The header: magic, version, how the key was made (0 at random, 1 scrypt with log2 N, r, p), records, salt of the
  // key, salt of the file, length of the file, how often it was written; behind it the tag over all that.
  private enum At {
    static let version = 8
    static let origin = 12
    static let log2N = 16
    static let r = 20
    static let p = 24
    static let count = 28
    static let salt = 32
    static let fileSalt = 64
    static let length = 96
    static let generation = 104
    static let tag = 112
  }

  static let headerBytes = At.tag + Sealing.tagBytes

  // A record: length of all of it, kind, what the key may do (0 unknown, 1 no, 2 yes), length of the name, when it was
  // added, lengths of API key and secret, name; behind it both, sealed, and the tag over all that.
  private enum RecordAt {
    static let kind = 4
    static let canTrade = 5
    static let canWithdraw = 6
    static let nameBytes = 7
    static let added = 8
    static let apiKeyBytes = 16
    static let secretBytes = 18
    static let zeros = 20
    static let name = 24
  }

  private static let recordHeadBytes = RecordAt.name + Keystore.nameBytesMax

  static func recordBytes(sealed: Int) -> Int { recordHeadBytes + sealed + Sealing.tagBytes }

  // MARK: Header

  struct Header {
    let origin: Keystore.Origin
    let count: Int
    let salt: [UInt8]
    let generation: UInt64

    init(reading bytes: [UInt8], path: String) throws(VaultError) {
      guard bytes.starts(with: KeystoreLayout.magic.prefix(bytes.count)), bytes.count >= 12 else {
        throw .damaged(path: path, bytes.isEmpty ? "it is empty" : "it is no keystore of oms")
      }
      let version: UInt32 = bytes.number(at: At.version)
      guard version == KeystoreLayout.version else { throw .version(path: path, version) }
      let least = KeystoreLayout.headerBytes + KeystoreLayout.checksumBytes
      guard bytes.count >= least, bytes.count <= Keystore.bytesMax, bytes.number(at: At.length) == UInt64(bytes.count)
      else { throw .damaged(path: path, "it has \(bytes.count) bytes, which is not what it says") }
      let body = bytes.count - KeystoreLayout.checksumBytes
      guard unsafe CRC32C.of(bytes.span.bytes.extracting(0..<body)) == bytes.number(at: body) else {
        throw .damaged(path: path, "its checksum is wrong: it was changed or cut")
      }
      let cost = PassphraseCost(
        readingLog2N: bytes.number(at: At.log2N), r: bytes.number(at: At.r), p: bytes.number(at: At.p))
      switch (bytes.number(at: At.origin) as UInt32, cost) {
      case (0, _): origin = .random
      case (1, let cost?): origin = .passphrase(cost)
      default: throw .damaged(path: path, "its key is made in a way that is not accepted")
      }
      let count: UInt32 = bytes.number(at: At.count)
      guard count <= Keystore.entryCountMax else { throw .damaged(path: path, "it has \(count) records") }
      self.count = Int(count)
      salt = Array(bytes[At.salt..<(At.salt + KeystoreLayout.saltBytes)])
      generation = bytes.number(at: At.generation)
    }
  }

  /// A header whose count, length and tag are still to come.
  static func header(origin: Keystore.Origin, salt: [UInt8], fileSalt: [UInt8], generation: UInt64) -> [UInt8] {
    var bytes = magic + [UInt8](repeating: 0, count: headerBytes - magic.count)
    bytes.set(version, at: At.version)
    if case .passphrase(let cost) = origin {
      bytes.set(1 as UInt32, at: At.origin)
      bytes.set(cost.log2N, at: At.log2N)
      bytes.set(cost.r, at: At.r)
      bytes.set(cost.p, at: At.p)
    }
    bytes.replaceSubrange(At.salt..<(At.salt + saltBytes), with: salt)
    bytes.replaceSubrange(At.fileSalt..<(At.fileSalt + saltBytes), with: fileSalt)
    bytes.set(generation, at: At.generation)
    return bytes
  }

  /// The key of this writing of the file.
  static func fileKey(of key: SecretBytes, _ bytes: [UInt8], _ desk: inout SecretDesk) -> SecretBytes {
    let purpose = Array("oms keystore file".utf8) + bytes[At.fileSalt..<(At.fileSalt + saltBytes)]
    var fileKey = desk.take()
    unsafe desk.withBytes(key) { key in
      unsafe desk.fill(&fileKey) { room in
        unsafe KeyDerivation.derive(
          purpose, of: key, into: UnsafeMutableRawBufferPointer(rebasing: room[..<Sealing.keyBytes]))
        return Sealing.keyBytes
      }
    }
    return fileKey
  }

  /// Numbers of records begin at 0; that of the header is beyond all of them.
  private static func nonce(_ number: Int?) -> [UInt8] {
    var nonce = [UInt8](repeating: 0, count: Sealing.nonceBytes)
    nonce.set(number.map { UInt64($0) } ?? .max, at: 0)
    return nonce
  }

  static func isHeaderTrue(_ bytes: [UInt8], _ fileKey: SecretBytes, _ desk: borrowing SecretDesk) -> Bool {
    unsafe desk.withBytes(fileKey) { key in
      unsafe bytes.withUnsafeBytes { file in
        unsafe Sealing.open(
          UnsafeRawBufferPointer(start: nil, count: 0), header: UnsafeRawBufferPointer(rebasing: file[..<At.tag]),
          nonce: nonce(nil), key: key, tag: UnsafeRawBufferPointer(rebasing: file[At.tag..<headerBytes]),
          into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
      }
    }
  }

  /// Writes what was still to come, and the checksum.
  static func seal(
    _ bytes: inout [UInt8], count: Int, _ fileKey: SecretBytes, _ desk: borrowing SecretDesk
  ) -> Bool {
    bytes.set(UInt32(count), at: At.count)
    bytes.set(UInt64(bytes.count + checksumBytes), at: At.length)
    let isSealed = unsafe desk.withBytes(fileKey) { key in
      unsafe bytes.withUnsafeMutableBytes { file in
        unsafe Sealing.seal(
          UnsafeRawBufferPointer(start: nil, count: 0), header: UnsafeRawBufferPointer(rebasing: file[..<At.tag]),
          nonce: nonce(nil), key: key, into: UnsafeMutableRawBufferPointer(start: nil, count: 0),
          tag: UnsafeMutableRawBufferPointer(rebasing: file[At.tag..<headerBytes]))
      }
    }
    let checksum = CRC32C.of(bytes)
    bytes += [0, 0, 0, 0]
    bytes.set(checksum, at: bytes.count - checksumBytes)
    return isSealed
  }

  // MARK: Records

  struct Record: Sendable {
    let entry: KeystoreEntry
    let apiKeyBytes: Int
    let end: Int
    private let start: Int
    private let number: Int

    init?(reading bytes: [UInt8], at start: Int, number: Int) {
      let limit = bytes.count - KeystoreLayout.checksumBytes
      guard start + KeystoreLayout.recordHeadBytes <= limit else { return nil }
      let length: UInt32 = bytes.number(at: start)
      let apiKeyBytes: UInt16 = bytes.number(at: start + RecordAt.apiKeyBytes)
      let secretBytes: UInt16 = bytes.number(at: start + RecordAt.secretBytes)
      let nameBytes = Int(bytes[start + RecordAt.nameBytes])
      guard (1...Keystore.apiKeyBytesMax).contains(Int(apiKeyBytes)),
        (1...Keystore.secretBytesMax).contains(Int(secretBytes)),
        Int(length) == KeystoreLayout.recordBytes(sealed: Int(apiKeyBytes) + Int(secretBytes)),
        start + Int(length) <= limit, (1...Keystore.nameBytesMax).contains(nameBytes),
        bytes.number(at: start + RecordAt.zeros) == UInt32(0),
        let kind = SecretKind(rawValue: bytes[start + RecordAt.kind]),
        let canTrade = Self.label(bytes[start + RecordAt.canTrade]),
        let canWithdraw = Self.label(bytes[start + RecordAt.canWithdraw])
      else { return nil }
      let name = bytes[(start + RecordAt.name)..<(start + KeystoreLayout.recordHeadBytes)]
      guard name.prefix(nameBytes).allSatisfy(\.isNameByte), name.dropFirst(nameBytes).allSatisfy({ $0 == 0 }) else {
        return nil
      }
      entry = KeystoreEntry(
        name: String(decoding: name.prefix(nameBytes), as: UTF8.self), kind: kind,
        added: UTCTime(nanoseconds: Int64(bitPattern: bytes.number(at: start + RecordAt.added))),
        canTrade: canTrade, canWithdraw: canWithdraw)
      self.apiKeyBytes = Int(apiKeyBytes)
      self.start = start
      self.number = number
      end = start + Int(length)
    }

    private static func label(_ byte: UInt8) -> Bool?? {
      switch byte {
      case 0: .some(nil)
      case 1: false
      case 2: true
      default: nil
      }
    }

    /// API key and secret, one behind the other, into `room`.
    func open(
      _ bytes: [UInt8], _ fileKey: SecretBytes, into room: inout SecretBytes, _ desk: borrowing SecretDesk
    ) -> Bool {
      let sealed = (start + KeystoreLayout.recordHeadBytes)..<(end - Sealing.tagBytes)
      var isTrue = false
      unsafe desk.withBytes(fileKey) { key in
        unsafe bytes.withUnsafeBytes { file in
          unsafe desk.fill(&room) { open in
            isTrue = unsafe Sealing.open(
              UnsafeRawBufferPointer(rebasing: file[sealed]),
              header: UnsafeRawBufferPointer(rebasing: file[start..<sealed.lowerBound]),
              nonce: KeystoreLayout.nonce(number), key: key,
              tag: UnsafeRawBufferPointer(rebasing: file[sealed.upperBound..<end]),
              into: UnsafeMutableRawBufferPointer(rebasing: open[..<sealed.count]))
            return isTrue ? sealed.count : 0
          }
        }
      }
      return isTrue
    }
  }

  static func append(
    _ entry: KeystoreEntry, _ plain: SecretBytes, apiKeyBytes: Int, number: Int, _ fileKey: SecretBytes,
    to bytes: inout [UInt8], _ desk: borrowing SecretDesk
  ) -> Bool {
    let start = bytes.count
    let name = Array(entry.name.utf8)
    precondition((1...Keystore.nameBytesMax).contains(name.count), "a name has 1 to 64 bytes")
    let length = recordBytes(sealed: plain.count)
    bytes += [UInt8](repeating: 0, count: length)
    bytes.set(UInt32(length), at: start)
    bytes[start + RecordAt.kind] = entry.kind.rawValue
    bytes[start + RecordAt.canTrade] = label(entry.canTrade)
    bytes[start + RecordAt.canWithdraw] = label(entry.canWithdraw)
    bytes[start + RecordAt.nameBytes] = UInt8(name.count)
    bytes.set(UInt64(bitPattern: entry.added.nanoseconds), at: start + RecordAt.added)
    bytes.set(UInt16(apiKeyBytes), at: start + RecordAt.apiKeyBytes)
    bytes.set(UInt16(plain.count - apiKeyBytes), at: start + RecordAt.secretBytes)
    bytes.replaceSubrange((start + RecordAt.name)..<(start + RecordAt.name + name.count), with: name)
    let sealed = (start + recordHeadBytes)..<(start + recordHeadBytes + plain.count)
    return unsafe desk.withBytes(fileKey) { key in
      unsafe desk.withBytes(plain) { open in
        unsafe bytes.withUnsafeMutableBytes { file in
          unsafe Sealing.seal(
            open, header: UnsafeRawBufferPointer(rebasing: file[start..<sealed.lowerBound]), nonce: nonce(number),
            key: key, into: UnsafeMutableRawBufferPointer(rebasing: file[sealed]),
            tag: UnsafeMutableRawBufferPointer(
              rebasing: file[sealed.upperBound..<(sealed.upperBound + Sealing.tagBytes)]))
        }
      }
    }
  }

  private static func label(_ value: Bool?) -> UInt8 { value.map { $0 ? 2 : 1 } ?? 0 }
}

extension [UInt8] {
  fileprivate func number<N: FixedWidthInteger & UnsignedInteger>(at place: Int) -> N {
    var value: N = 0
    for index in (0..<MemoryLayout<N>.size).reversed() { value = value << 8 | N(self[place + index]) }
    return value
  }

  fileprivate mutating func set<N: FixedWidthInteger & UnsignedInteger>(_ value: N, at place: Int) {
    for index in 0..<MemoryLayout<N>.size { self[place + index] = UInt8(truncatingIfNeeded: value >> N(8 * index)) }
  }
}
