internal import CCore
internal import Synchronization

/// What this process has to say to those who run it, from any of its threads: at once on standard error, as long as
/// somebody reads that, and in the diagnostic log of its instance. As ambient as standard error, whose twin it is.
///
/// Saying takes no disk: lines wait in memory until ``flush()``, so that a disk that hangs holds nobody up.
enum Diagnostics {
  private struct State {
    var lines: [DiagnosticLine] = []
    var lost = 0
    var isKept = false
    var echoes = true
  }

  /// More than are said between two flushes.
  private static let lineCountMax = 1_000
  private static let state = Mutex(State())
  /// Held while the disk is waited for; taken before `state`.
  private static let log = Mutex<DiagnosticLog<KernelFileSystem>?>(nil)

  /// From here on lines are kept in a log in `directory`.
  static func begin(in directory: String) {
    log.withLock { $0 = DiagnosticLog(KernelFileSystem(), directory: directory) }
    state.withLock { $0.isKept = true }
  }

  /// Nobody reads standard error any more.
  static func endEcho() { state.withLock { $0.echoes = false } }

  static func info(_ component: DiagnosticComponent, _ text: String) { say(.info, "", component, text) }
  static func warn(_ component: DiagnosticComponent, _ text: String) { say(.warn, "warning: ", component, text) }
  static func error(_ component: DiagnosticComponent, _ text: String) { say(.error, "error: ", component, text) }

  /// In the log only: what is of no use on a terminal.
  static func note(_ component: DiagnosticComponent, _ text: String) { _ = keep(.info, component, text) }

  private static func say(
    _ level: DiagnosticLevel, _ word: String, _ component: DiagnosticComponent, _ text: String
  ) {
    if keep(level, component, text) { EngineProcess.say("oms: \(word)\(text)\n") }
  }

  /// Whether it has to be said aloud too.
  private static func keep(_ level: DiagnosticLevel, _ component: DiagnosticComponent, _ text: String) -> Bool {
    let line = DiagnosticLine(level: level, component: component, message: text, process: cc_process_id(), utc: now)
    return state.withLock { state in
      if state.isKept, state.lines.count < lineCountMax {
        state.lines.append(line)
      } else if state.isKept {
        state.lost += 1
      }
      return state.echoes
    }
  }

  /// Writes what waits. Those who may wait for a disk do: housekeeping, and the process at its end, which `isLast`.
  static func flush(isLast: Bool = false) {
    log.withLock { log in
      let (lines, lost) = state.withLock { state in
        defer { (state.lines, state.lost) = ([], 0) }
        return (state.lines, state.lost)
      }
      for line in lines { log?.add(line) }
      log?.lose(lost)
      log?.flush(process: cc_process_id(), utc: now, isLast: isLast)
    }
  }

  static func prune(before time: UTCTime) throws(SystemError) {
    let result = log.withLock { log in
      Result { () throws(SystemError) in _ = try log?.prune(before: time) }
    }
    try result.get()
  }

  private static var now: UTCTime { UTCTime(nanoseconds: SystemClock().realtime()) }
}
