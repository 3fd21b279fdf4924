internal import CCore

/// The first 512 bytes of a run: what it covers and how its rows are found.
struct IDRunHeader: Equatable, Sendable {
  static let magic: UInt64 = 0x4F4D_5349_4452_554E
  static let version: UInt32 = 1
  static let bytes = 512

  var identity: JournalIdentity
  /// Every order that ended in a record above `from` and up to `to` is in this run or in a later one.
  var from: UInt64 = 0
  var to: UInt64 = 0
  /// Chain of record `to`: a journal that has another record there is not the one the run was made from.
  var chain: UInt32 = 0
  /// Ids of this range may be missing: its records were given up (`run --adopt`).
  var isIncomplete = false
  var count: UInt64 = 0
  /// Over this header and the filter: checked whenever the run is opened.
  var filterDigest = SHA256Digest()
  /// Over all rows: checked by `journal verify`; each row has a checksum of its own besides.
  var rowDigest = SHA256Digest()

  init(identity: JournalIdentity) { self.identity = identity }

  /// About eight rows share a bucket.
  var bucketBits: Int { max(0, UInt64.bitWidth - (count >> 3).leadingZeroBitCount) }
  var bucketCount: Int { 1 << bucketBits }
  var rowsEnd: Int { Self.bytes + Int(count) * IDRow.bytes }
  var filterBytes: Int { (bucketCount + 1) * 4 + Int(count) * 2 }
  var name: String { IDRunName(from: from, to: to).file }

  /// `crc` and the digest of the filter cover what is encoded here.
  func encode() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.bytes)
    unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe bytes.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt64.self)
      unsafe bytes.storeBytes(of: Self.version, toByteOffset: 8, as: UInt32.self)
      unsafe bytes.storeBytes(of: isIncomplete ? 1 : 0, toByteOffset: 12, as: UInt32.self)
      unsafe bytes.storeBytes(of: from, toByteOffset: 16, as: UInt64.self)
      unsafe bytes.storeBytes(of: to, toByteOffset: 24, as: UInt64.self)
      unsafe bytes.storeBytes(of: count, toByteOffset: 32, as: UInt64.self)
      unsafe bytes.storeBytes(of: chain, toByteOffset: 40, as: UInt32.self)
      unsafe bytes.storeBytes(of: UInt32(IDRow.bytes), toByteOffset: 44, as: UInt32.self)
      unsafe bytes.storeBytes(of: identity.id.high, toByteOffset: 48, as: UInt64.self)
      unsafe bytes.storeBytes(of: identity.id.low, toByteOffset: 56, as: UInt64.self)
      unsafe bytes.storeBytes(of: identity.name, toByteOffset: 64, as: Text64.self)
      unsafe bytes.storeBytes(of: identity.tag, toByteOffset: 128, as: Text32.self)
      unsafe bytes.storeBytes(of: rowDigest.words, toByteOffset: 160, as: (UInt64, UInt64, UInt64, UInt64).self)
      unsafe bytes.storeBytes(of: filterDigest.words, toByteOffset: 192, as: (UInt64, UInt64, UInt64, UInt64).self)
      let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.bytes - 4)
      unsafe bytes.storeBytes(of: crc, toByteOffset: Self.bytes - 4, as: UInt32.self)
    }
    return bytes
  }

  init(decoding bytes: UnsafeRawBufferPointer, file: String) throws(IDIndexError) {
    guard bytes.count >= Self.bytes else { throw .damaged(file: file, what: "file ends inside its header") }
    guard unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == Self.magic else {
      throw .damaged(file: file, what: "this is no run of ids")
    }
    let crc = unsafe cc_crc32c(0, bytes.baseAddress, Self.bytes - 4)
    guard unsafe bytes.loadUnaligned(fromByteOffset: Self.bytes - 4, as: UInt32.self) == crc else {
      throw .damaged(file: file, what: "checksum of the header does not match")
    }
    let found = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    guard found <= Self.version else { throw .newerFormat(file: file, found: found, known: Self.version) }
    guard unsafe bytes.loadUnaligned(fromByteOffset: 44, as: UInt32.self) == UInt32(IDRow.bytes) else {
      throw .damaged(file: file, what: "its rows have another size")
    }
    identity = unsafe JournalIdentity(
      id: (
        bytes.loadUnaligned(fromByteOffset: 48, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 56, as: UInt64.self)
      ),
      name: bytes.loadUnaligned(fromByteOffset: 64, as: Text64.self),
      tag: bytes.loadUnaligned(fromByteOffset: 128, as: Text32.self))
    isIncomplete = unsafe bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self) != 0
    from = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    to = unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    count = unsafe bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
    chain = unsafe bytes.loadUnaligned(fromByteOffset: 40, as: UInt32.self)
    rowDigest.words = unsafe bytes.loadUnaligned(fromByteOffset: 160, as: (UInt64, UInt64, UInt64, UInt64).self)
    filterDigest.words = unsafe bytes.loadUnaligned(fromByteOffset: 192, as: (UInt64, UInt64, UInt64, UInt64).self)
    guard count <= 1 << 32, from < to else { throw .damaged(file: file, what: "its numbers cannot be") }
  }

  /// What the digest of the filter begins with: the header without that digest.
  var filterSeed: [UInt8] {
    var plain = self
    plain.filterDigest = SHA256Digest()
    return plain.encode()
  }
}

/// Name of a run's file: the records that it covers.
struct IDRunName: Equatable, Sendable {
  var from: UInt64
  var to: UInt64

  init(from: UInt64, to: UInt64) {
    self.from = from
    self.to = to
  }

  init?(file: String) {
    guard file.hasPrefix("IDS-"), file.hasSuffix(".oms") else { return nil }
    let parts = file.dropFirst(4).dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 20 }), let from = UInt64(parts[0]),
      let to = UInt64(parts[1])
    else { return nil }
    self.from = from
    self.to = to
  }

  var file: String {
    func padded(_ number: UInt64) -> String {
      let digits = String(number)
      return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }
    return "IDS-\(padded(from))-\(padded(to)).oms"
  }
}

/// The part of a run that stays in memory: per row two bytes of its key, in buckets by the bits before.
///
/// A search looks at about eight pairs of bytes; one row in eight thousand is then read in vain.
struct IDFilter: Sendable {
  private let bits: Int
  private(set) var starts: [UInt32]
  private(set) var marks: [UInt16] = []

  /// To be fed with the keys of `count` rows, in order.
  init(bits: Int, count: Int) {
    self.bits = bits
    starts = [0]
    starts.reserveCapacity((1 << bits) + 1)
    marks.reserveCapacity(count)
  }

  private func bucket(_ key: UInt64) -> Int { bits == 0 ? 0 : Int(key >> UInt64(64 - bits)) }
  private func mark(_ key: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: key >> UInt64(max(0, 48 - bits))) }

  mutating func add(_ keyHigh: UInt64) {
    let bucket = bucket(keyHigh)
    while starts.count <= bucket { starts.append(UInt32(marks.count)) }
    marks.append(mark(keyHigh))
  }

  mutating func finish() {
    while starts.count <= 1 << bits { starts.append(UInt32(marks.count)) }
    precondition(starts.count == (1 << bits) + 1, "a filter has a start for each bucket and an end")
  }

  /// Rows that may have this key.
  func candidates(_ keyHigh: UInt64) -> [Int] {
    let bucket = bucket(keyHigh)
    let mark = mark(keyHigh)
    var rows: [Int] = []
    for row in Int(starts[bucket])..<Int(starts[bucket + 1]) where marks[row] == mark { rows.append(row) }
    return rows
  }

  var bytes: [UInt8] {
    unsafe starts.withUnsafeBytes { unsafe [UInt8]($0) } + marks.withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Reads one back; `nil` when it is none for so many rows.
  init?(_ bytes: [UInt8], bits: Int, count: Int) {
    self.bits = bits
    let buckets = (1 << bits) + 1
    guard bytes.count == buckets * 4 + count * 2 else { return nil }
    starts = unsafe bytes.withUnsafeBytes { bytes in
      (0..<buckets).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
    }
    marks = unsafe bytes.withUnsafeBytes { bytes in
      (0..<count).map { unsafe bytes.loadUnaligned(fromByteOffset: buckets * 4 + $0 * 2, as: UInt16.self) }
    }
    guard starts.first == 0, starts.last == UInt32(count), zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 })
    else { return nil }
  }
}

/// One file of the index: rows in the order of their keys, written once and never changed.
///
/// Any thread may search it. The file stays open, so that it can be read although it has been merged into another.
final class IDRun<FS: FileSystem>: @unchecked Sendable {
  // Unchecked: nothing in it changes; a file system is called from any thread.
  let header: IDRunHeader
  let path: String
  private let fileSystem: FS
  private let file: FS.File
  private let filter: IDFilter

  private init(_ fileSystem: FS, _ file: FS.File, path: String, header: IDRunHeader, filter: IDFilter) {
    self.fileSystem = fileSystem
    self.file = file
    self.path = path
    self.header = header
    self.filter = filter
  }

  deinit { do throws(SystemError) { try fileSystem.close(file) } catch {} }

  /// Opens and checks header and filter; rows are checked when they are read.
  static func open(
    _ fileSystem: FS, path: String, identity: JournalIdentity
  ) throws(IDIndexError) -> IDRun {
    let file: FS.File
    do throws(SystemError) { file = try fileSystem.open(path, [.read]) } catch { throw .system(file: path, error) }
    do throws(IDIndexError) {
      let head = try read(fileSystem, file, path, at: 0, count: IDRunHeader.bytes)
      let header = try decode(head, path)
      guard header.identity == identity else {
        throw .otherInstance(file: path, found: header.identity.name.description)
      }
      let bytes = try read(fileSystem, file, path, at: header.rowsEnd, count: header.filterBytes)
      var digest = SHA256()
      digest.add(header.filterSeed)
      digest.add(bytes)
      guard digest.digest() == header.filterDigest,
        let filter = IDFilter(bytes, bits: header.bucketBits, count: Int(header.count))
      else { throw .damaged(file: path, what: "SHA-256 of its filter does not match") }
      return IDRun(fileSystem, file, path: path, header: header, filter: filter)
    } catch {
      do throws(SystemError) { try fileSystem.close(file) } catch {}
      throw error
    }
  }

  private static func decode(_ bytes: [UInt8], _ path: String) throws(IDIndexError) -> IDRunHeader {
    let result = unsafe bytes.withUnsafeBytes { bytes in
      Result<IDRunHeader, IDIndexError> { () throws(IDIndexError) in try unsafe IDRunHeader(decoding: bytes, file: path)
      }
    }
    return try result.get()
  }

  private static func read(
    _ fileSystem: FS, _ file: FS.File, _ path: String, at offset: Int, count: Int
  ) throws(IDIndexError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = unsafe bytes.withUnsafeMutableBytes { bytes in
      Result<Int, SystemError> { () throws(SystemError) in
        try unsafe fileSystem.read(file, into: bytes, at: Int64(offset))
      }
    }
    switch result {
    case .failure(let error): throw .system(file: path, error)
    case .success(let got):
      guard got == count else { throw .damaged(file: path, what: "file ends early") }
      return bytes
    }
  }

  var count: Int { Int(header.count) }

  /// Rows `first` and those behind it, `count` at most, each checked.
  func rows(_ first: Int, _ count: Int) throws(IDIndexError) -> [IDRow] {
    let wanted = min(count, self.count - first)
    guard wanted > 0 else { return [] }
    let offset = IDRunHeader.bytes + first * IDRow.bytes
    let bytes = try Self.read(fileSystem, file, path, at: offset, count: wanted * IDRow.bytes)
    let rows = unsafe bytes.withUnsafeBytes { bytes in
      (0..<wanted).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * IDRow.bytes, as: IDRow.self) }
    }
    guard rows.allSatisfy(\.isWhole) else { throw .damaged(file: path, what: "a row's checksum does not match") }
    return rows
  }

  /// The row with this key.
  func find(_ key: WireID.Key) throws(IDIndexError) -> IDRow? {
    for row in filter.candidates(key.high) {
      guard let found = try rows(row, 1).first else { continue }
      if found.key == key { return found }
    }
    return nil
  }

  /// Reads everything: order, checksums, keys, filter and the digest over all rows.
  func verify() throws(IDIndexError) {
    var digest = SHA256()
    var last: IDRow?
    var first = 0
    while first < count {
      let rows = try rows(first, 512)
      for row in rows {
        if let last, !IDRow.precedes(last, row) { throw .damaged(file: path, what: "its rows are out of order") }
        guard IndexedIDs.keys(of: row.image).contains(row.key) else {
          throw .damaged(file: path, what: "a row's key is not that of its id")
        }
        guard filter.candidates(row.keyHigh).contains(first) else {
          throw .damaged(file: path, what: "its filter does not know row \(first)")
        }
        unsafe withUnsafeBytes(of: row) { unsafe digest.add($0) }
        last = row
        first += 1
      }
    }
    guard digest.digest() == header.rowDigest else { throw .damaged(file: path, what: "SHA-256 does not match") }
  }
}

/// Writes a run: rows one behind the other, then the filter, the header last, all under a temporary name.
struct IDRunSink<FS: FileSystem> {
  private let fileSystem: FS
  private let file: FS.File
  private let temporary: String
  private let directory: String
  private var header: IDRunHeader
  private var filter: IDFilter
  private var digest = SHA256()
  private var pending: [UInt8] = []
  private var offset = IDRunHeader.bytes
  private var written: UInt64 = 0

  /// `header.count` says how many rows are to come.
  init(_ fileSystem: FS, directory: String, header: IDRunHeader) throws(IDIndexError) {
    self.fileSystem = fileSystem
    self.directory = directory
    self.header = header
    temporary = directory + "/" + header.name + ".tmp"
    filter = IDFilter(bits: header.bucketBits, count: Int(header.count))
    do throws(SystemError) {
      file = try fileSystem.open(temporary, [.read, .write, .create, .truncate])
    } catch {
      throw .system(file: temporary, error)
    }
  }

  mutating func add(_ row: IDRow) throws(IDIndexError) {
    let row = row.sealed()
    unsafe withUnsafeBytes(of: row) { bytes in
      unsafe digest.add(bytes)
      unsafe pending.append(contentsOf: bytes)
    }
    filter.add(row.keyHigh)
    written += 1
    if pending.count >= 1 << 18 { try drain() }
  }

  /// Syncs everything and gives the file its name. Returns its path.
  mutating func finish() throws(IDIndexError) -> String {
    precondition(written == header.count, "a run holds the rows it was made for")
    try drain()
    filter.finish()
    let bytes = filter.bytes
    header.rowDigest = digest.digest()
    var whole = SHA256()
    whole.add(header.filterSeed)
    whole.add(bytes)
    header.filterDigest = whole.digest()
    pending = bytes
    try drain()
    offset = 0
    pending = header.encode()
    try drain()
    let path = directory + "/" + header.name
    do throws(SystemError) {
      try fileSystem.synchronize(file)
      try fileSystem.close(file)
      try fileSystem.rename(temporary, to: path)
      try fileSystem.synchronizeDirectory(directory)
    } catch {
      throw .system(file: temporary, error)
    }
    return path
  }

  /// Gives it up.
  func discard() {
    do throws(SystemError) {
      try fileSystem.close(file)
      try fileSystem.remove(temporary)
    } catch {}
  }

  private mutating func drain() throws(IDIndexError) {
    let result = unsafe pending.withUnsafeBytes { bytes in
      Result<Void, SystemError> { () throws(SystemError) in
        try unsafe fileSystem.write(file, bytes, at: Int64(offset))
      }
    }
    if case .failure(let error) = result { throw .system(file: temporary, error) }
    offset += pending.count
    pending.removeAll(keepingCapacity: true)
  }
}
