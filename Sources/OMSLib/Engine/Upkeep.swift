/// What keeps the state directory from growing for ever: closed segments are compressed, and what is older than the
/// configuration keeps goes, as far as nothing needs it.
///
/// Owner: the shadow's thread, at idle priority, behind each snapshot of the full hour.
struct Upkeep {
  /// Segments compressed at one time: the next hour goes on.
  private static let compressedMax = 16

  let journal: JournalOptions
  /// `nil`: another process holds the exchange, and keeps its house.
  let exchange: JournalOptions?
  let journalRetention: Retention
  let snapshotRetention: Retention
  /// Up to here records are in the event log.
  let loggedLsn: SharedGauge
  /// Up to here ids of users are in their index.
  let indexedLsn: @Sendable () -> UInt64

  /// `oldestOpen`: when the oldest order began that is still open; its segments stay. Returns what could not be done.
  func run<FS: FileSystem>(
    _ fileSystem: FS, snapshots: SnapshotStore<FS>, images: SnapshotStore<FS>?, utc: UTCTime, oldestOpen: UTCTime
  ) -> [String] {
    var troubles: [String] = []
    do throws(SnapshotError) {
      if let before = snapshotRetention.limit(utc) { _ = try snapshots.prune(madeBefore: before) }
    } catch {
      troubles.append("\(error)")
    }
    let before = journalRetention.limit(utc).map { min($0, oldestOpen) }
    keep(
      fileSystem, journal, snapshots, before, cursor: UInt64(clamping: loggedLsn.value), index: indexedLsn(), &troubles)
    // Nobody reads the exchange's journal but its recovery.
    if let exchange, let images { keep(fileSystem, exchange, images, before, cursor: .max, index: .max, &troubles) }
    return troubles
  }

  private func keep<FS: FileSystem>(
    _ fileSystem: FS, _ options: JournalOptions, _ store: SnapshotStore<FS>, _ before: UTCTime?, cursor: UInt64,
    index: UInt64, _ troubles: inout [String]
  ) {
    let retention = JournalRetention(fileSystem: fileSystem, options: options)
    do throws(JournalError) {
      for _ in 0..<Self.compressedMax where try retention.compressNext() == nil { break }
      guard let before, let oldest = oldestSound(store) else { return }
      _ = try retention.prune(
        RetentionRule(
          snapshotLsn: oldest, cursorLsn: cursor, indexLsn: index, oldestOpenLsn: 0, madeBefore: before))
    } catch {
      troubles.append("\(error)")
    }
  }

  /// Of the oldest snapshot from which a start could go on: all that follows it is needed.
  private func oldestSound<FS: FileSystem>(_ store: SnapshotStore<FS>) -> UInt64? {
    guard let names = try? store.names() else { return nil }
    for name in names where store.verify(name) == nil { return SnapshotStore<FS>.lsn(of: name) }
    return nil
  }
}

extension Retention {
  /// What is older than this may go; `nil`: nothing may.
  func limit(_ now: UTCTime) -> UTCTime? {
    guard case .nanoseconds(let length) = self else { return nil }
    let (time, overflow) = now.nanoseconds.subtractingReportingOverflow(length)
    return overflow ? nil : UTCTime(nanoseconds: time)
  }
}
