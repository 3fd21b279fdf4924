internal import Synchronization

/// Record time and calendar time of one engine, for all its threads.
///
/// Record time is the machine's boot clock behind a base that makes it go on where the journal ended. Calendar time is
/// record time plus an offset that follows the machine's calendar by 500 ppm at most.
final class EngineClock: Sendable {
  static let slewNanosecondsPerSecond: Int64 = 500_000
  private let machine = SystemClock()
  private let base: Int64
  private let offset: Atomic<Int64>

  /// `end` is the time of the journal's last record.
  init(after end: EngineTime) {
    let boot = machine.boottime()
    base = max(0, end.nanoseconds + 1 - boot)
    offset = Atomic(machine.realtime() - (boot + base))
  }

  var now: EngineTime { EngineTime(nanoseconds: machine.boottime() + base) }
  var utc: UTCTime { utc(at: now) }
  /// The machine's own clock, which other processes read too.
  var boottime: Int64 { machine.boottime() }

  func utc(at time: EngineTime) -> UTCTime {
    UTCTime(nanoseconds: time.nanoseconds + offset.load(ordering: .relaxed))
  }

  /// Follows the machine's calendar; call once a second. Answers with the change when it is a step of more than a second.
  func follow() -> Int64? {
    let wanted = machine.realtime() - now.nanoseconds
    let old = offset.load(ordering: .relaxed)
    let difference = wanted - old
    if difference.magnitude > 1_000_000_000 {
      offset.store(wanted, ordering: .relaxed)
      return difference
    }
    let bound = Self.slewNanosecondsPerSecond
    offset.store(old + min(max(difference, -bound), bound), ordering: .relaxed)
    return nil
  }
}
