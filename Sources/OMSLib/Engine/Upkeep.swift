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

  /// `oldestOpenLsn`: the record of the oldest order that is still open, 0 without one; its segment stays, and all behind
  /// it. Returns what could not be done.
  func run<FS: FileSystem>(
    _ fileSystem: FS, snapshots: SnapshotStore<FS>, images: SnapshotStore<FS>?, utc: UTCTime, oldestOpenLsn: UInt64
  ) -> [String] {
    var troubles: [String] = []
    do throws(SnapshotError) {
      if let before = snapshotRetention.limit(utc) { _ = try snapshots.prune(madeBefore: before) }
    } catch {
      troubles.append("\(error)")
    }
    let rule = journalRetention.limit(utc).map {
      RetentionRule(
        snapshotLsn: 0, cursorLsn: UInt64(clamping: loggedLsn.value), indexLsn: indexedLsn(),
        oldestOpenLsn: oldestOpenLsn, madeBefore: $0)
    }
    Self.keep(fileSystem, journal, snapshots, rule, &troubles)
    guard let exchange, let images else { return troubles }
    return troubles + Self.keepExchange(fileSystem, exchange, images, journalRetention, utc: utc)
  }

  /// Nobody reads the exchange's journal but its recovery, which needs nothing in front of the oldest image.
  static func keepExchange<FS: FileSystem>(
    _ fileSystem: FS, _ exchange: JournalOptions, _ images: SnapshotStore<FS>, _ retention: Retention, utc: UTCTime
  ) -> [String] {
    var troubles: [String] = []
    let rule = retention.limit(utc).map {
      RetentionRule(snapshotLsn: 0, cursorLsn: .max, indexLsn: .max, oldestOpenLsn: 0, madeBefore: $0)
    }
    keep(fileSystem, exchange, images, rule, &troubles)
    return troubles
  }

  private static func keep<FS: FileSystem>(
    _ fileSystem: FS, _ options: JournalOptions, _ store: SnapshotStore<FS>, _ rule: RetentionRule?,
    _ troubles: inout [String]
  ) {
    let retention = JournalRetention(fileSystem: fileSystem, options: options)
    do throws(JournalError) {
      for _ in 0..<Self.compressedMax where try retention.compressNext() == nil { break }
      guard var rule, let oldest = oldestSound(store) else { return }
      rule.snapshotLsn = oldest
      _ = try retention.prune(rule)
    } catch {
      troubles.append("\(error)")
    }
  }

  /// Of the oldest snapshot from which a start could go on: all that follows it is needed.
  private static func oldestSound<FS: FileSystem>(_ store: SnapshotStore<FS>) -> UInt64? {
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
