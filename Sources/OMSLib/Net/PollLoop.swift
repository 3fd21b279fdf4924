internal import CCore

/// What a descriptor is ready for, or waited for to be.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bytes, or the end of the stream.
  package static let read = Readiness(rawValue: UInt32(cc_ready_read))
  package static let write = Readiness(rawValue: UInt32(cc_ready_write))
  /// Both directions are over, or the descriptor is broken. Always watched for.
  package static let hangup = Readiness(rawValue: UInt32(cc_ready_hangup))
}

/// Waits for descriptors and deadlines. Time is handed in.
///
/// Owner: one thread.
package struct PollLoop: ~Copyable {
  package struct Report: Equatable, Sendable {
    package var token: UInt64
    package var readiness: Readiness
  }

  private static let reportMax = 64

  private let poll: Int32
  /// Readable when something that is watched is ready: for a loop around this one.
  package var descriptor: Int32 { poll }
  package var timers = TimerQueue()
  private var reports = [cc_ready](repeating: cc_ready(), count: Self.reportMax)
  private var reportCount = 0
  private var reportNext = 0

  package init() throws(SystemError) {
    poll = cc_poll_create()
    guard poll >= 0 else { throw SystemError(errno: -poll, call: "epoll_create1") }
  }

  deinit { _ = cc_sys_close(poll) }

  /// Watches `descriptor`, which comes back as `token`. Calling again changes what is watched for.
  package func watch(_ descriptor: Int32, for readiness: Readiness, token: UInt64) throws(SystemError) {
    let status = cc_poll_watch(poll, descriptor, readiness.rawValue, token)
    guard status == 0 else { throw SystemError(errno: -status, call: "epoll_ctl") }
  }

  /// Before a descriptor is closed. Reports that were made already still come: look the token up.
  package func forget(_ descriptor: Int32) { _ = cc_poll_forget(poll, descriptor) }

  /// Sleeps until something is ready or a deadline has come, at most `nanoseconds`. Does not sleep while there are
  /// reports.
  package mutating func wait(now: EngineTime, atMost nanoseconds: Int64 = .max) throws(SystemError) {
    guard reportNext == reportCount else { return }
    let (poll, wait) = (poll, Self.milliseconds(min(nanoseconds, left(now))))
    let count = unsafe reports.withUnsafeMutableBufferPointer {
      unsafe cc_poll_wait(poll, $0.baseAddress, Int32(Self.reportMax), wait)
    }
    guard count >= 0 else { throw SystemError(errno: -count, call: "epoll_wait") }
    reportNext = 0
    reportCount = Int(count)
  }

  package mutating func nextReport() -> Report? {
    guard reportNext < reportCount else { return nil }
    let report = reports[reportNext]
    reportNext += 1
    return Report(token: report.token, readiness: Readiness(rawValue: report.events))
  }

  private func left(_ now: EngineTime) -> Int64 {
    let due = timers.nextDue
    return due == .never ? .max : due <= now ? 0 : due.nanoseconds - now.nanoseconds
  }

  /// Rounded up: who wakes before a deadline would only sleep again.
  private static func milliseconds(_ nanoseconds: Int64) -> Int32 {
    guard nanoseconds < .max else { return -1 }
    return Int32(clamping: max(0, nanoseconds) / 1_000_000 + (nanoseconds > 0 && nanoseconds % 1_000_000 != 0 ? 1 : 0))
  }
}
