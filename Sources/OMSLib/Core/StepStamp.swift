/// When and where an input stands in the record: the only notion of "now" that `step` has.
package struct StepStamp: Sendable, BitwiseCopyable {
  package var time: EngineTime
  package var utc: UTCTime
  package var lsn: UInt64

  package init(time: EngineTime, utc: UTCTime, lsn: UInt64) {
    self.time = time
    self.utc = utc
    self.lsn = lsn
  }
}
