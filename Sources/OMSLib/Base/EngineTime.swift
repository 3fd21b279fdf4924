/// Record time: monotone nanoseconds of one instance, over all its runs. In a simulation the seed supplies it.
package struct EngineTime: Comparable, Hashable, Sendable, BitwiseCopyable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let zero = EngineTime(nanoseconds: 0)
  /// Later than anything that happens: "no deadline".
  package static let never = EngineTime(nanoseconds: .max)

  package static func < (a: EngineTime, b: EngineTime) -> Bool { a.nanoseconds < b.nanoseconds }

  /// This time plus `interval` nanoseconds; stops at `never` instead of wrapping.
  package func advanced(byNanoseconds interval: Int64) -> EngineTime {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(interval)
    return EngineTime(nanoseconds: overflow ? .max : sum)
  }
}

/// An instant of the calendar: nanoseconds since 1970-01-01T00:00:00Z. Deadlines, days and `ts` use it.
package struct UTCTime: Comparable, Hashable, Sendable, BitwiseCopyable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let zero = UTCTime(nanoseconds: 0)

  package static func < (a: UTCTime, b: UTCTime) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// What reads the time. Only the engine's edge holds a real one; everything else is handed instants.
package protocol Clock {
  /// Monotone nanoseconds since the machine started.
  func boottime() -> Int64
  /// Calendar nanoseconds, as the machine believes them.
  func realtime() -> Int64
}
