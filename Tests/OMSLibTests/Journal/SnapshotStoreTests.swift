import Testing

@testable import OMSLib

@Suite struct SnapshotStoreTests {
  static let directory = "/state/snapshots"

  static func makeStore(_ disk: MemoryFileSystem) -> SnapshotStore<MemoryFileSystem> {
    SnapshotStore(fileSystem: disk, directory: directory, identity: JournalKit.identity)
  }

  static func header(lsn: UInt64, created: Int64 = 0) -> SnapshotHeader {
    var end = JournalEnd()
    end.lsn = lsn
    end.chain = UInt32(lsn) &* 77
    end.seq = lsn / 2
    end.epoch = 3
    end.time = EngineTime(nanoseconds: Int64(lsn) * 10)
    return SnapshotHeader(
      identity: JournalKit.identity, coreVersion: 5, end: end, created: UTCTime(nanoseconds: created))
  }

  /// Stores two tables: 24-byte rows and 8-byte rows.
  @discardableResult
  static func write(
    _ store: SnapshotStore<MemoryFileSystem>, lsn: UInt64, created: Int64 = 0, change: Int? = nil
  ) throws -> String {
    var orders = (0..<240).map { UInt8(truncatingIfNeeded: $0) }
    if let change { orders[change] ^= 0xFF }
    let balances = (0..<5).map { UInt64($0) * 1_000_000_007 }
    return try orders.withUnsafeBytes { orders in
      try balances.withUnsafeBytes { balances in
        try store.write(
          header(lsn: lsn, created: created),
          [
            SnapshotSection(id: 7, rowBytes: 24, unsafeBytes: orders),
            SnapshotSection(id: 9, rowBytes: 8, unsafeBytes: balances),
          ])
      }
    }
  }

  static func newestLsn(
    _ store: SnapshotStore<MemoryFileSystem>, _ skipped: inout [SnapshotError]
  ) throws -> UInt64? {
    guard let loaded = try store.loadNewest(passing: &skipped) else { return nil }
    return loaded.header.end.lsn
  }

  @Test func tablesComeBackAsTheyWereStored() throws {
    let store = Self.makeStore(JournalKit.makeDisk())
    let name = try Self.write(store, lsn: 123)
    let loaded = try store.load(name)
    let isSame = loaded.header == Self.header(lsn: 123)
    #expect(isSame)
    let ordersFound = loaded.section(7)
    let orders = try #require(ordersFound)
    #expect(orders.count == 10 && orders.rowBytes == 24)
    #expect(orders.bytes.elementsEqual((0..<240).map { UInt8(truncatingIfNeeded: $0) }))
    let balancesFound = loaded.section(9)
    let balances = try #require(balancesFound)
    #expect(balances.bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self) == 4_000_000_028)
    let hasNone = loaded.section(8) == nil
    #expect(hasNone)
  }

  /// Any bit, anywhere: the snapshot is refused, and the one before is used.
  @Test func noBitFlipsUnseenAndTheOneBeforeIsUsed() throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    try Self.write(store, lsn: 100)
    let name = try Self.write(store, lsn: 200)
    let path = store.path(name)
    let count = try #require(disk.contents(path)).count
    for bit in stride(from: 0, to: count * 8, by: 3) {
      disk.flip(path, bit: bit)
      #expect(store.verify(name) != nil, "bit \(bit)")
      disk.flip(path, bit: bit)
    }
    #expect(store.verify(name) == nil)
    disk.flip(path, bit: 5_000)
    var skipped: [SnapshotError] = []
    let lsn = try Self.newestLsn(store, &skipped)
    #expect(lsn == 100 && skipped.count == 1)
    #expect("\(skipped[0])".hasPrefix(path))
  }

  @Test func aTruncatedSnapshotIsRefusedAtEveryLength() throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    let name = try Self.write(store, lsn: 100)
    let whole = try #require(disk.contents(store.path(name)))
    for length in stride(from: 0, to: whole.count, by: 7) {
      disk.overwrite(store.path(name), with: Array(whole[..<length]))
      #expect(store.verify(name) != nil, "length \(length)")
    }
  }

  /// Power cut at every change while a second snapshot is written: the first or the second is there, whole.
  @Test func aHalfWrittenSnapshotIsNeverUsed() throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    try Self.write(store, lsn: 100)
    disk.startTrace()
    try Self.write(store, lsn: 200)
    var random = SplitMix64(seed: 4)
    for count in 0...disk.trace.count {
      for image in JournalCrashTests.images(of: disk, after: count, random: &random) {
        let store = Self.makeStore(image)
        try store.removeLeftovers()
        var skipped: [SnapshotError] = []
        let lsn = try Self.newestLsn(store, &skipped)
        #expect(lsn == 100 || lsn == 200)
        #expect(skipped.isEmpty, "what has its name is whole")
        #expect(try image.list(Self.directory).allSatisfy { !$0.hasSuffix(".tmp") })
      }
    }
  }

  @Test(arguments: [MemoryFileSystem.Call.write, .synchronize, .rename, .open])
  func aDiskThatFailsLeavesTheOldSnapshot(call: MemoryFileSystem.Call) throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    try Self.write(store, lsn: 100)
    disk.inject(.init(call, path: "SNAPSHOT", errno: 28))
    #expect(throws: SnapshotError.self) { try Self.write(store, lsn: 200) }
    disk.clearFaults()
    try store.removeLeftovers()
    #expect(try store.names() == [SnapshotStore<MemoryFileSystem>.name(lsn: 100)])
  }

  @Test func differencesNameTableAndRow() throws {
    let store = Self.makeStore(JournalKit.makeDisk())
    let before = try store.load(try Self.write(store, lsn: 100))
    let after = try store.load(try Self.write(store, lsn: 200, change: 50))
    let differences = SnapshotDifference.between(before, after)
    #expect(
      differences == [SnapshotDifference(id: 7, countBefore: 10, countAfter: 10, rows: [2], differing: 1)])
    let none = SnapshotDifference.between(before, before)
    #expect(none.isEmpty)
  }

  @Test func pruningKeepsTheNewestSoundOnes() throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    for lsn in 1...5 as ClosedRange<UInt64> { try Self.write(store, lsn: lsn * 100, created: Int64(lsn)) }
    let names = try store.names()
    disk.flip(store.path(names[4]), bit: 4_000)
    #expect(try store.prune(madeBefore: UTCTime(nanoseconds: 0)).isEmpty)
    let removed = try store.prune(madeBefore: UTCTime(nanoseconds: 100))
    #expect(removed == [names[1], names[0]], "the damaged newest one does not count as one of the two")
    #expect(store.verify(names[3]) == nil && store.verify(names[2]) == nil)
  }

  @Test func anotherInstanceAndANewerFormatStopTheSearch() throws {
    let disk = JournalKit.makeDisk()
    let store = Self.makeStore(disk)
    let name = try Self.write(store, lsn: 100)
    let other = SnapshotStore(fileSystem: disk, directory: Self.directory, identity: JournalKit.other)
    #expect(other.verify(name) == .otherInstance(file: store.path(name), found: "unit"))
    var bytes = try #require(disk.contents(store.path(name)))
    bytes[8] = 2
    let crc = CRC32C.of(Array(bytes[..<508]))
    withUnsafeBytes(of: crc) { for (index, byte) in $0.enumerated() { bytes[508 + index] = byte } }
    disk.overwrite(store.path(name), with: bytes)
    #expect(store.verify(name) == .newerFormat(file: store.path(name), found: 2, known: 1))
    var skipped: [SnapshotError] = []
    #expect(throws: SnapshotError.self) { try Self.newestLsn(store, &skipped) }
  }
}
