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
  /// Steps that nobody has told the core of yet, and whether any of them went back too far.
  private let steps = Atomic<Int64>(0)

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

  /// The steps since the last call, `nil` when there was none.
  func takeStep() -> Int64? {
    let step = steps.exchange(0, ordering: .acquiring)
    return step == 0 ? nil : step
  }

  /// Follows the machine's calendar; call once a second. Answers with the change when it is a step of more than a second.
  @discardableResult
  func follow() -> Int64? { follow(realtime: machine.realtime()) }

  /// As above, with what the machine's calendar says.
  func follow(realtime: Int64) -> Int64? {
    let wanted = realtime - now.nanoseconds
    let old = offset.load(ordering: .relaxed)
    let difference = wanted - old
    if difference.magnitude > UInt64(ClockStep.least) {
      offset.store(wanted, ordering: .relaxed)
      steps.add(difference, ordering: .releasing)
      return difference
    }
    let bound = Self.slewNanosecondsPerSecond
    offset.store(old + min(max(difference, -bound), bound), ordering: .relaxed)
    return nil
  }
}

/// What a step of the calendar means: more than a second is told, more than five back keeps new risk out until somebody
/// accepts it (`oms resume --clock`), since limits of the day and deadlines may be off.
enum ClockStep {
  static let least: Int64 = 1_000_000_000
  private static let alarm: Int64 = -5_000_000_000

  static func input(_ step: Int64) -> ClockOffsetInput {
    var input = ClockOffsetInput()
    input.utcOffset = step
    input.isAlarm = step < alarm ? ClockOffsetInput.alarm : ClockOffsetInput.told
    return input
  }
}
