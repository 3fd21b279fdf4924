/// Body of a `restore` record, the first of a journal that goes on from an older state: what it stands on and above.
package struct RestoreRecord: Equatable, Sendable, BitwiseCopyable {
  /// The snapshot's record; 0: none, the state began anew.
  package var snapshotLsn: UInt64 = 0
  /// The highest that was found in what was put aside.
  package var highestLsn: UInt64 = 0
  package var highestSeq: UInt64 = 0
  package var reserved: UInt64 = 0

  package init() {}
}
