/// Body of a `stateHash` record: the running digest of the core's rows, which every replay must meet.
package struct StateHashRecord: Equatable, Sendable, BitwiseCopyable {
  package var high: UInt64
  package var low: UInt64
  package var inputCount: UInt64
  /// The digest covers the records from here on, up to the one in front of this one.
  package var firstLsn: UInt64 = 1

  package init(high: UInt64, low: UInt64, inputCount: UInt64) {
    self.high = high
    self.low = low
    self.inputCount = inputCount
  }
}
