/// The 64 bytes in front of every record of a journal.
///
/// `chain` is a CRC-32C over this header (with `chain` as 0) continued from the chain of the record before, so that a
/// record proves its place; `bodyCRC` covers the body. The layout is part of the file format: new fields only in
/// `reserved`, under a new type version.
package struct RecordHeader: Sendable, BitwiseCopyable {
  /// Header and body: a multiple of 64, 64 at least, 4,096 at most.
  package var length: UInt32 = 0
  package var typeRaw: UInt16 = 0
  package var version: UInt16 = 1
  /// Numbers records: rises by exactly 1.
  package var lsn: UInt64 = 0
  package var time = EngineTime.zero
  package var utc = UTCTime.zero
  /// Position in the exported event line; 0 for a record that is not exported.
  package var seq: UInt64 = 0
  /// Of the run that wrote it.
  package var epoch: UInt32 = 0
  /// CRC-32C of the instance's identity: a segment of another instance is refused.
  package var instance: UInt32 = 0
  package var bodyCRC: UInt32 = 0
  package var chain: UInt32 = 0
  package var reserved: UInt64 = 0

  package init() {}

  package var type: RecordType? { RecordType(rawValue: typeRaw) }
}
