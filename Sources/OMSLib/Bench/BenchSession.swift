/// A paper session of this program in a process of its own, with everything it writes below one directory.
struct BenchSession: ~Copyable {
  private static let readyNanoseconds: Int64 = 10_000_000_000

  private let child: ChildProcess
  let socketPath: String
  var process: Int32 { child.number }

  init(_ executable: String, home: String) throws(SystemError) {
    try ScratchFile.makeDirectories(home)
    let places = ["HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]
    child = try ChildProcess.start([executable, "run", "--quiet", "--until", "5m"], with: places.map { ($0, home) })
    socketPath = home + "/oms/default/oms.sock"
  }

  /// Asks it to stop, then insists.
  deinit {
    child.signal(15)
    for _ in 0..<50 {
      if (try? child.end(wait: false)) != nil { return }
      ThreadPlace.rest(nanoseconds: 100_000_000)
    }
    child.signal(9)
    _ = try? child.end(wait: true)
  }

  var isRunning: Bool {
    do throws(SystemError) { return try child.end(wait: false) == nil } catch { return false }
  }

  /// A connection, as soon as the session takes them.
  func connect(_ clock: SystemClock) throws(SystemError) -> ControlClient {
    let limit = clock.monotonic() + Self.readyNanoseconds
    while true {
      do throws(SystemError) {
        return try ControlClient(path: socketPath, signals: -1, clock: clock)
      } catch {
        guard clock.monotonic() < limit, isRunning else { throw error }
        ThreadPlace.rest(nanoseconds: 10_000_000)
      }
    }
  }
}
