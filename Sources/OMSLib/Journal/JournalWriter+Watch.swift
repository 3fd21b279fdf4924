internal import CCore

extension JournalWriter {
  /// Looks once a second whether the files are still what was opened: somebody may have removed, cut or replaced them.
  mutating func watch(_ now: EngineTime) {
    guard now.nanoseconds - lastWatch.nanoseconds >= JournalOptions.watchInterval else { return }
    lastWatch = now
    if let path = segment?.path, let identity = segment?.identity { watchSegment(path, identity) }
    if let path = options.ringPath, !fileSystem.exists(path) { alarms.insert(.ringUnlinked) }
    ring.setAlarms(alarms)
  }

  /// The ring has a name again.
  package mutating func ringIsNamed(_ path: String) {
    options.ringPath = path
    alarms.remove(.ringUnlinked)
    ring.setAlarms(alarms)
  }

  private mutating func watchSegment(_ path: String, _ identity: FileIdentity) {
    do throws(SystemError) {
      let found = try fileSystem.identity(path: path)
      if found.device != identity.device || found.inode != identity.inode {
        alarms.insert(.segmentReplaced)
      } else if found.size < identity.size {
        alarms.insert(.segmentTruncated)
      }
    } catch {
      alarms.insert(.segmentMissing)
    }
  }
}

extension JournalRing {
  func publishDurable(position: UInt64, lsn: UInt64, syncCount: UInt64) {
    precondition(position <= appendedPosition, "only what was published can be durable")
    unsafe cc_journal_durable_publish(header, position, lsn)
    unsafe cc_journal_set_sync_count(header, syncCount)
    let oldest = position < appendedPosition ? firstTime(from: position) : .never
    unsafe cc_journal_set_oldest_time(header, oldest.nanoseconds)
  }

  /// Time of the first record at or behind `position`, which is published and not durable.
  private func firstTime(from position: UInt64) -> EngineTime {
    var at = position
    while at < appendedPosition {
      let header = unsafe place(at).loadUnaligned(as: RecordHeader.self)
      if header.typeRaw != 0 { return header.time }
      at += UInt64(header.length)
    }
    return .never
  }

  var oldestTime: EngineTime { EngineTime(nanoseconds: unsafe cc_journal_oldest_time(header)) }
  func setOldestTime(_ time: EngineTime) { unsafe cc_journal_set_oldest_time(header, time.nanoseconds) }
  func setState(_ state: JournalState) { unsafe cc_journal_set_state(header, state.rawValue) }
  func setAlarms(_ alarms: JournalAlarms) { unsafe cc_journal_set_alarms(header, alarms.rawValue) }
  func setLastErrno(_ errno: Int32) { unsafe cc_journal_set_last_errno(header, UInt32(bitPattern: errno)) }
  func setSegmentCount(_ count: UInt32) { unsafe cc_journal_set_segment_count(header, count) }
}
