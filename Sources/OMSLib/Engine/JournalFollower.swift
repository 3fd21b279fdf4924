/// Follows the engine's own journal: out of the ring while the records are there, else out of segments.
///
/// A reader that falls behind, even by many laps, loses nothing and never slows the appender down. A journal that cannot
/// be read for a while is tried again; nothing is passed over.
///
/// Owner: one thread of its own choice, never the appender's.
struct JournalFollower<FS: FileSystem>: ~Copyable {
  private var tailer: JournalTailer<FS>
  private var retryAt = EngineTime.zero
  /// Why nothing comes at present; `nil` while records do.
  private(set) var trouble: JournalError?

  static var retryNanoseconds: Int64 { 100_000_000 }

  /// Starts with the first record of the run that `ring` was made for, behind `end`.
  init(
    fileSystem: FS, options: JournalOptions, ring: JournalRing, startingAt end: JournalEnd,
    bound: JournalTailer<FS>.Bound
  ) {
    tailer = JournalTailer(fileSystem: fileSystem, options: options, ring: ring, startingAt: end, bound: bound)
  }

  /// Of the last record delivered.
  var cursor: UInt64 { tailer.cursor }

  /// The next record, `nil` when there is none yet. The body is valid until the next call.
  mutating func next(now: EngineTime) -> JournalRecord? {
    guard trouble == nil || now >= retryAt else { return nil }
    do throws(JournalError) {
      guard let record = try tailer.next() else {
        trouble = nil
        return nil
      }
      trouble = nil
      return record
    } catch {
      trouble = error
      retryAt = now.advanced(byNanoseconds: Self.retryNanoseconds)
      return nil
    }
  }
}
