internal import CCore

/// The machine's clocks. Held only by the edge of a process; everything inside is handed instants.
package struct SystemClock: Clock, Sendable, BitwiseCopyable {
  package init() {}

  package func boottime() -> Int64 { cc_clock_boottime() }
  package func realtime() -> Int64 { cc_clock_realtime() }
  /// For intervals: what latencies are measured with.
  package func monotonic() -> Int64 { cc_clock_monotonic() }
  /// What the calling thread has had of a CPU.
  package func threadCPU() -> Int64 { cc_clock_thread_cpu() }
}
