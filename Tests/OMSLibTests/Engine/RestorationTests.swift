import Foundation
import Testing

@testable import OMSLib

/// Going back to a snapshot: nothing that was seen is rewound, nothing is lost, and a kill anywhere is harmless.
@Suite struct RestorationTests {
  /// A state directory with a journal of order events, and a snapshot in the middle of it.
  final class Place {
    static let identity = JournalKit.identity
    let root: String
    var state: String { root + "/state" }
    let snapshotLsn: UInt64 = 6
    let lastLsn: UInt64
    let files = KernelFileSystem()

    init(orders: UInt64 = 12, withRole: Bool = false) throws {
      root = NSTemporaryDirectory() + "oms-restore-\(UUID().uuidString)"
      lastLsn = orders + (withRole ? 2 : 0)
      for part in ["journal", "snapshots", "logs"] {
        try FileManager.default.createDirectory(atPath: root + "/state/" + part, withIntermediateDirectories: true)
      }
      try writeJournal(orders, withRole)
      try writeSnapshot()
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    var options: JournalOptions {
      var options = JournalOptions(directory: state + "/journal", identity: Self.identity)
      options.segmentBytes = 1 << 15
      return options
    }

    static func time(_ lsn: UInt64) -> EngineTime { EngineTime(nanoseconds: Int64(lsn) * 1_000) }

    /// Record n: order `o<n>`; the even ones have ended.
    private func writeJournal(_ orders: UInt64, _ withRole: Bool) throws {
      let memory = JournalRingMemory(capacity: 1 << 16)
      let ring = memory.makeRing(identity: Self.identity, epoch: 4)
      var appender = JournalAppender(ring: ring, end: JournalEnd())
      for lsn in 1...orders {
        var image = IDIndexTests.image("o\(lsn)", lsn % 2 == 0 ? .cancelled : .open)
        image.orderNumber = lsn << 20 | lsn
        _ = appender.append(.order, time: Self.time(lsn), utc: UTCTime(nanoseconds: Int64(lsn)), seq: lsn, image)
      }
      if withRole {
        var role = OpenRoleInput()
        role.name = fixed("mm")
        _ = appender.append(.openRole, time: Self.time(lastLsn), utc: UTCTime(nanoseconds: 1), role)
        let cancel = RoleCancelInput(RoleStamp(RoleID(number: 1), 41))
        _ = appender.append(.roleCancel, time: Self.time(lastLsn), utc: UTCTime(nanoseconds: 1), cancel)
      }
      appender.publish()
      let writer = try JournalWriter(
        fileSystem: files, options: options, ring: ring, start: JournalStart(), utc: UTCTime(nanoseconds: 1))
      #expect(writer.close(now: Self.time(orders), utc: UTCTime(nanoseconds: 2)) != nil)
    }

    private func writeSnapshot() throws {
      var core = Core(capacity: .small)
      var output = StepOutput()
      var asset = DefineAssetInput()
      asset.name = fixed("USDT")
      asset.id = AssetID(number: 1)
      withUnsafeBytes(of: asset) { bytes in
        guard let base = bytes.baseAddress else { return }
        core.step(
          .defineAsset, base, at: StepStamp(time: Self.time(1), utc: UTCTime(nanoseconds: 1), lsn: 1), into: &output)
      }
      var end = JournalEnd()
      end.lsn = snapshotLsn
      end.chain = 77
      end.epoch = 4
      end.time = Self.time(snapshotLsn)
      let store = SnapshotStore(fileSystem: files, directory: state + "/snapshots", identity: Self.identity)
      _ = try SnapshotLoad.write(core, end, created: UTCTime(nanoseconds: 6), note: nil, to: store, Self.identity)
    }

    func restore(_ name: String? = SnapshotStore<KernelFileSystem>.name(lsn: 6)) throws -> Restoration.Report {
      try Restoration(
        stateDirectory: state, logDirectory: state + "/logs", fallback: nil, identity: Self.identity,
        utc: UTCTime(nanoseconds: 1_790_000_000_000_000_000), capacity: .small
      ).run(to: name)
    }

    /// What a start finds: the state, and the journal behind it.
    func begin() throws -> (core: GlobalRow, end: JournalEnd, report: JournalReport, start: JournalStart) {
      var passed: [SnapshotError] = []
      let store = SnapshotStore(fileSystem: files, directory: state + "/snapshots", identity: Self.identity)
      let loaded = try SnapshotLoad.newest(store, capacity: .small, passing: &passed)
      #expect(passed.isEmpty)
      let end = loaded.end
      let core = loaded.takeCore()
      let global = core.state.global
      var recovery = try JournalRecovery(fileSystem: files, options: options, after: end)
      while let record = try recovery.next() { #expect(record.header.type == .restore) }
      let (start, report) = try recovery.finish(utc: .zero)
      return (global, end, report, start)
    }

    func index() throws -> IDIndex<KernelFileSystem> {
      try IDIndex(fileSystem: files, directory: state + "/ids", identity: Self.identity)
    }

    var tree: [String] {
      ((try? FileManager.default.subpathsOfDirectory(atPath: state)) ?? []).sorted()
    }
  }

  /// What a role's commands made is not in the index of ids: the sequence is what keeps them from being taken again.
  @Test func rolesGoOnAboveTheLastCommandOfTheRecordPutAside() throws {
    for name in [SnapshotStore<KernelFileSystem>.name(lsn: 6), nil] {
      let place = try Place(withRole: true)
      _ = try place.restore(name)
      var passed: [SnapshotError] = []
      let store = SnapshotStore(
        fileSystem: place.files, directory: place.state + "/snapshots", identity: Place.identity)
      let core = try SnapshotLoad.newest(store, capacity: .small, passing: &passed).takeCore()
      let row = core.state.roles[1]
      #expect(row.name == fixed("mm") && row.lastSequence == 41)
    }
  }

  @Test func theNextStartGoesOnAboveEverything() throws {
    let place = try Place()
    let report = try place.restore()
    let found = try place.begin()
    #expect(report.highest.lsn == place.lastLsn && report.findings.isEmpty)
    #expect(found.end.lsn == place.lastLsn + 1)
    #expect(found.core.nextSeq == place.lastLsn + 1)
    #expect(found.core.nextOrderNumber == place.lastLsn + 1)
    #expect(found.core.assetCount == 1, "it is the snapshot's state")
    #expect(found.core.forgottenLsn == found.end.lsn, "only the index can say that an id is unused")
    #expect(found.report.mayHaveLost, "new risk waits for the venues")
    #expect(found.report.end.lsn == found.end.lsn + 1)
    #expect(found.start.end.time >= Place.time(place.lastLsn))
    #expect(found.report.epoch == 4)
  }

  @Test func theOldJournalIsKeptWhole() throws {
    let place = try Place()
    let report = try place.restore()
    var options = place.options
    options.directory = report.aside
    var count: UInt64 = 0
    let found = JournalVerify.run(fileSystem: place.files, options: options) { _ in count += 1 }
    #expect(found.isSound && count == place.lastLsn)
  }

  @Test func idsBehindTheSnapshotStayBurnt() throws {
    let place = try Place()
    let report = try place.restore()
    let index = try place.index()
    #expect(index.completeLsn == place.lastLsn + 1)
    #expect(report.burntCount == Int(place.lastLsn))
    for lsn in 1...place.lastLsn {
      guard case .present(let row) = index.find(fixed("o\(lsn)")) else {
        Issue.record("o\(lsn) could be used again")
        continue
      }
      let shown = ControlAgent.order(of: row).image.statusRaw
      let expected: OrderStatus = lsn % 2 == 0 ? .cancelled : .unknown
      #expect(shown == expected.rawValue, "what had not ended is unknown")
    }
  }

  /// A kill behind any rename: the next start ends what was begun, and finds what it would have found.
  @Test func aRestoreThatWasKilledIsEnded() throws {
    let whole = try Place()
    _ = try whole.restore()
    let expected = whole.tree
    let steps = 4
    for kill in 0...steps {
      let place = try Place()
      _ = try place.restore()
      // The same steps again, from the state as it was made ready.
      let ready = try Ready(place)
      #expect(try Restoration.finish(ready.state, steps: kill))
      #expect(try Restoration.finish(ready.state))
      #expect(ready.tree == expected, "killed behind rename \(kill)")
      let nothingLeft = try Restoration.finish(ready.state)
      #expect(!nothingLeft)
    }
  }

  /// A restore that counts, with none of its renames done.
  private struct Ready {
    let state: String
    private let place: Place

    init(_ place: Place) throws {
      self.place = place
      state = place.state
      let manager = FileManager.default
      let aside = try #require(try manager.contentsOfDirectory(atPath: state).first { $0.hasPrefix("journal-until") })
      try manager.createDirectory(atPath: state + "/restore.tmp/snapshots", withIntermediateDirectories: true)
      try manager.moveItem(atPath: state + "/journal", toPath: state + "/restore.tmp/journal")
      try manager.moveItem(atPath: state + "/" + aside, toPath: state + "/journal")
      try manager.moveItem(atPath: state + "/ids", toPath: state + "/restore.tmp/ids")
      let newest = try #require(try manager.contentsOfDirectory(atPath: state + "/snapshots").max())
      try manager.moveItem(
        atPath: state + "/snapshots/" + newest, toPath: state + "/restore.tmp/snapshots/" + newest)
      try Data("\(aside)\n\n".utf8).write(to: URL(filePath: state + "/restore"))
    }

    var tree: [String] { place.tree }
  }

  /// Before the mark is written nothing has happened.
  @Test func whatWasOnlyPreparedIsForgotten() throws {
    let place = try Place()
    let before = place.tree
    try FileManager.default.createDirectory(
      atPath: place.state + "/restore.tmp/journal", withIntermediateDirectories: true)
    let finished = try Restoration.finish(place.state)
    #expect(!finished)
    #expect(place.tree == before)
  }

  /// A journal that is damaged gives what can be read of it, and room for what cannot.
  @Test func aDamagedJournalIsLeftBehindWithAMargin() throws {
    let place = try Place()
    let segment = try #require(
      try FileManager.default.contentsOfDirectory(atPath: place.state + "/journal").first { $0.hasPrefix("SEGMENT") })
    let url = URL(filePath: place.state + "/journal/" + segment)
    var bytes = try Data(contentsOf: url)
    bytes[SegmentHeader.bytes + 4 * 384 + 100] ^= 1
    try bytes.write(to: url)
    let report = try place.restore(nil)
    #expect(!report.findings.isEmpty)
    #expect(report.highest.lsn >= place.lastLsn + 1_000_000)
    let found = try place.begin()
    #expect(found.end.lsn == report.highest.lsn + 1)
    #expect(found.core.nextSeq > place.lastLsn + 1_000_000)
    let index = try place.index()
    guard case .present = index.find(fixed("o12")) else {
      Issue.record("an id behind the bad place could be used again")
      return
    }
  }

  /// Twice in a row, also to the same snapshot: each goes on above the other.
  @Test func aRestoreCanBeRestored() throws {
    let place = try Place()
    let first = try place.restore()
    let second = try place.restore()
    #expect(second.highest.lsn > first.highest.lsn)
    let found = try place.begin()
    #expect(found.end.lsn == second.highest.lsn + 1)
    #expect(first.aside != second.aside)
  }
}
