/// Where a journal lives and how it is kept.
package struct JournalOptions: Sendable {
  /// Absolute; made with its last component if it is not there.
  package var directory: String
  /// On another file system: where a segment goes when `directory` fails.
  package var fallback: String?
  package var identity: JournalIdentity
  package var coreVersion: UInt32 = 0
  package var mode = DurabilityMode.group
  /// Size of a segment, header included.
  package var segmentBytes = JournalOptions.segmentBytesDefault
  /// File whose name the ring has, watched for unlinking.
  package var ringPath: String?

  package static let segmentBytesDefault = 64 << 20
  package static let segmentBytesMin = 4 * JournalFormat.recordBytes
  /// `async` syncs this often.
  package static let asyncInterval: Int64 = 100_000_000
  /// The files are looked at this often, to see whether they are still there.
  package static let watchInterval: Int64 = 1_000_000_000
  /// Bytes written before a sync is due in `strict` and `group`: bounds the wait of whoever needs the sync.
  package static let batchBytes = 1 << 20

  package init(directory: String, fallback: String? = nil, identity: JournalIdentity) {
    self.directory = directory
    self.fallback = fallback
    self.identity = identity
  }
}

/// From where a writer goes on: what recovery hands to a new run.
package struct JournalStart: Equatable, Sendable {
  package var end = JournalEnd()
  /// Of the last segment; 0 when there is none.
  package var ordinal: UInt64 = 0
  /// SHA-256 of the last segment.
  package var digest = SHA256Digest()
  /// Records may have been lost (`DESIGN.md` 4): accounts stay closed to new risk until read.
  package var mayHaveLost = false

  package init() {}
}
