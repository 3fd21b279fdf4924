internal import Glibc
import OMSLib

/// The engines of one life, one after the other on one state directory.
struct CrashEngine {
  let name: String
  let directory: String
  /// Behind `oms run`: what the exchange is, and how it is reached.
  let words: [String]
  /// A file that is read as descriptor 3.
  let secret: String?
  private let programs = CrashFiles.ownDirectory()
  private let clock = SystemClock()
  private var child: ChildProcess?
  /// When each of them answered for the first time.
  private(set) var starts: [UTCTime] = []
  /// When what only the ring had was lost.
  private(set) var losses: [UTCTime] = []

  init(name: String, directory: String, words: [String], secret: String? = nil) throws(CrashError) {
    self.name = name
    self.directory = directory
    self.words = words
    self.secret = secret
    for folder in ["run", "conf"] { try CrashFiles.makeDirectory(directory + "/" + folder) }
    child = nil
  }

  var state: String { directory + "/state" }
  /// Of every process of this life.
  var variables: [(String, String)] { [("XDG_RUNTIME_DIR", directory + "/run"), ("OMS_INSTANCE", name)] }
  private var socket: String { "\(directory)/run/oms/\(name)/oms.sock" }
  /// The engine's own process: what the small parent started.
  private var process: Int32? { child.flatMap { CrashFiles.children(of: $0.number).first } }

  mutating func start() throws(CrashError) {
    child = try CrashProcess.start(
      ["\(programs)/oms", "run", "-q", "-I", name, "-C", directory + "/conf", "--state", state, "--no-pin"] + words,
      in: directory, log: "engine.log", secret: secret, with: variables)
  }

  /// Sends KILL to one of the two processes of the engine, and waits until neither runs. `false`: it had ended by
  /// itself before.
  mutating func kill(parent: Bool) throws(CrashError) -> Bool {
    guard let child else { return true }
    self.child = nil
    if let status = CrashProcess.status(of: child) {
      throw CrashError("the engine ended by itself with status \(status)")
    }
    let inner = CrashFiles.children(of: child.number).first
    if parent { child.signal(SIGKILL) } else { Glibc.kill(inner ?? child.number, SIGKILL) }
    let status = try CrashProcess.end(of: child, "killed engine", seconds: 60)
    // The kernel kills the engine of a parent that is gone, but not in no time; until then it may answer.
    if let inner {
      try CrashProcess.wait(for: "the engine of the killed parent to end", seconds: 60) { CrashFiles.isGone(inner) }
    }
    return status == 137
  }

  /// Ends in good order.
  mutating func stop() throws(CrashError) {
    guard let child else { return }
    self.child = nil
    child.signal(SIGTERM)
    let status = try CrashProcess.end(of: child, "engine", seconds: 60)
    guard status == 0 else { throw CrashError("the engine ended with status \(status) when it was asked to stop") }
  }

  /// Connected as soon as the engine answers.
  mutating func connect() throws(CrashError) -> CrashLine {
    let deadline = clock.monotonic() + 60_000_000_000
    while clock.monotonic() < deadline {
      if let child, let status = CrashProcess.status(of: child) {
        throw CrashError("the engine does not start: status \(status), see \(directory)/engine.log")
      }
      // The one that was killed may take calls until the kernel has taken it apart.
      if var line = try? CrashLine(path: socket), let process = try? line.greet(), process == self.process {
        starts.append(UTCTime(nanoseconds: clock.realtime()))
        return line
      }
      clock.pause(milliseconds: 1)
    }
    throw CrashError("the engine does not answer within 60 s of its start")
  }

  /// As after a reboot.
  mutating func removeJournalRing() {
    losses.append(UTCTime(nanoseconds: clock.realtime()))
    CrashFiles.removeShared(of: name, purpose: "journal")
  }

  /// Nothing of it stays but its directory.
  mutating func clear() {
    if let child { CrashProcess.kill(child) }
    child = nil
    CrashFiles.removeShared(of: name)
  }
}
