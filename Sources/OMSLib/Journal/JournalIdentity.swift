internal import CCore

/// Whose journal it is. A segment, ring or snapshot of another instance is refused.
package struct JournalIdentity: Equatable, Sendable, BitwiseCopyable {
  /// Drawn once, when the instance's state directory was made.
  package let id: (high: UInt64, low: UInt64)
  package let name: Text64
  /// The five characters in front of wire ids.
  package let tag: Text32
  /// CRC-32C of `id` and `name`: what every record carries.
  package let number: UInt32

  package init(id: (high: UInt64, low: UInt64), name: Text64, tag: Text32) {
    self.id = id
    self.name = name
    self.tag = tag
    var crc = unsafe withUnsafeBytes(of: id) { unsafe cc_crc32c(0, $0.baseAddress, $0.count) }
    crc = unsafe withUnsafeBytes(of: name) { unsafe cc_crc32c(crc, $0.baseAddress, $0.count) }
    number = crc
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.id == b.id && a.name == b.name && a.tag == b.tag
  }
}

/// The end of a journal: where the next record goes on. What recovery finds and a new run starts from.
package struct JournalEnd: Equatable, Sendable, BitwiseCopyable {
  /// Of the last record; 0 when there is none.
  package var lsn: UInt64 = 0
  package var chain: UInt32 = JournalFormat.firstChain
  /// The highest epoch of any record or segment.
  package var epoch: UInt32 = 0
  /// Of the last exported event.
  package var seq: UInt64 = 0
  package var time = EngineTime.zero
  package var utc = UTCTime.zero

  package init() {}

  package var nextLsn: UInt64 { lsn + 1 }

  /// Moves behind the next record.
  @inline(__always)
  package mutating func note(_ header: borrowing RecordHeader) {
    lsn = header.lsn
    chain = header.chain
    epoch = header.epoch
    time = header.time
    utc = header.utc
    if header.seq > 0 { seq = header.seq }
  }
}

/// Numbers of the file format, fixed for ever.
package enum JournalFormat {
  package static let version: UInt32 = 1
  package static let step = 64
  package static let recordBytes = Limits.recordBytes
  package static let headerBytes = MemoryLayout<RecordHeader>.size
  /// Chain in front of record 1.
  package static let firstChain: UInt32 = 0x6F6D_736A

  /// Bytes that a record with a body of `bodyBytes` takes.
  @inline(__always)
  package static func recordLength(bodyBytes: Int) -> Int { (headerBytes + bodyBytes + (step - 1)) & ~(step - 1) }
}

/// What waits for the disk (`DESIGN.md` 3).
package enum DurabilityMode: UInt8, Sendable, CaseIterable {
  /// Frames that can open risk, and acknowledgements, wait for the sync.
  case strict = 0
  /// Nothing waits; a sync runs whenever something is unsynced.
  case group = 1
  /// Synced every 100 ms.
  case async = 2
}

/// Health of the journal, as the core driver reads it.
package enum JournalState: UInt32, Sendable, CaseIterable {
  case healthy = 0
  /// A segment failed; a new one took over.
  case replaced = 1
  /// As `replaced`, in the fallback directory.
  case fallback = 2
  /// Nothing can be written: no new risk, what is left of the ring serves cancels and venue events.
  case dead = 3
}

/// What somebody did to the journal's files while it ran.
package struct JournalAlarms: OptionSet, Sendable, BitwiseCopyable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package static let segmentMissing = JournalAlarms(rawValue: 1)
  package static let segmentReplaced = JournalAlarms(rawValue: 2)
  package static let segmentTruncated = JournalAlarms(rawValue: 4)
  /// The ring's name is gone: it will not be found after a crash.
  package static let ringUnlinked = JournalAlarms(rawValue: 8)
  /// Alarms that say: what was durable may not be found again.
  package static let segment: JournalAlarms = [.segmentMissing, .segmentReplaced, .segmentTruncated]
}
