internal import Glibc
import OMSLib

/// Processes that a campaign starts: each with a log of its own and no input, each waited for within a bound.
enum CrashProcess {
  private static let clock = SystemClock()

  /// `output`: where standard output goes, when it does not belong into the log; `secret`: a file to be read as
  /// descriptor 3.
  static func start(
    _ words: [String], in directory: String, log: String, output: String? = nil, secret: String? = nil,
    with variables: [(String, String)] = []
  ) throws(CrashError) -> ChildProcess {
    let log = "'\(directory)/\(log)'"
    let places = output.map { "> '\(directory)/\($0)' 2>> \(log)" } ?? ">> \(log) 2>&1"
    let secret = secret.map { " 3< '\(directory)/\($0)'" } ?? ""
    do throws(SystemError) {
      return try ChildProcess.start(
        ["/bin/sh", "-c", "exec \"$0\" \"$@\" \(places) < /dev/null\(secret)"] + words, with: variables)
    } catch {
      throw CrashError("\(words[0]) cannot be started: \(error.call) failed with errno \(error.errno)")
    }
  }

  /// `nil`: it runs.
  static func status(of child: ChildProcess) -> UInt8? { (try? child.end(wait: false)) ?? nil }

  static func end(of child: ChildProcess, _ what: String, seconds: Int64) throws(CrashError) -> UInt8 {
    var status: UInt8?
    try wait(for: "the \(what) to end", seconds: seconds) {
      status = self.status(of: child)
      return status != nil
    }
    return status ?? 0
  }

  /// With the processes that it started.
  static func kill(_ child: ChildProcess) {
    for inner in CrashFiles.children(of: child.number) { Glibc.kill(inner, SIGKILL) }
    child.signal(SIGKILL)
    _ = try? child.end(wait: true)
  }

  static func wait(for what: String, seconds: Int64, _ isTrue: () -> Bool) throws(CrashError) {
    let deadline = clock.monotonic() + seconds * 1_000_000_000
    while !isTrue() {
      guard clock.monotonic() < deadline else { throw CrashError("\(seconds) s were not enough for \(what)") }
      clock.pause(milliseconds: 1)
    }
  }
}
