internal import Glibc
import OMSLib

/// The processes of one life: an exchange that stays, engines that come and go, all in one directory.
struct CrashStage: ~Copyable {
  let name: String
  let directory: String
  let isStrict: Bool
  private let programs: String
  private let clock = SystemClock()
  private var exchange: ChildProcess?
  private(set) var engine: ChildProcess?

  init(name: String, directory: String, isStrict: Bool, seed: UInt64) throws(CrashError) {
    self.name = name
    self.directory = directory
    self.isStrict = isStrict
    programs = CrashFiles.ownDirectory()
    for folder in ["run", "conf"] { try CrashFiles.makeDirectory(directory + "/" + folder) }
    try CrashFiles.write(
      "durability: \(isStrict ? "strict" : "group")\njournal:\n  segment: 1MiB\n", to: directory + "/conf/oms.yaml")
    exchange = nil
    engine = nil
    try startExchange(seed: seed)
  }

  var state: String { directory + "/state" }
  var exchangeJournal: String { directory + "/exchange/exchange" }
  private var socket: String { "\(directory)/run/oms/\(name)/oms.sock" }
  private var doorPath: String { "/dev/shm/oms-\(ProcessIdentity.user)-\(name)-door" }

  // MARK: The exchange

  mutating func startExchange(seed: UInt64) throws(CrashError) {
    exchange = try start(
      ["\(programs)/omsim", "exchange", "--door", name, "--state", directory + "/exchange", "--seed", "\(seed)"],
      log: "exchange.log")
    try wait(for: "the exchange to open its door", seconds: 60) { KernelFileSystem().exists(doorPath) }
  }

  /// Its ledger as text, written by itself now.
  func ledger() throws(CrashError) -> [String] {
    let path = directory + "/exchange/ledger"
    CrashFiles.remove(path)
    exchange?.signal(SIGUSR1)
    try wait(for: "the exchange to write its ledger", seconds: 60) { KernelFileSystem().exists(path) }
    return (CrashFiles.text(path) ?? "").split(separator: "\n").map(String.init)
  }

  mutating func stopExchange() throws(CrashError) {
    guard let child = exchange.take() else { return }
    child.signal(SIGTERM)
    let status = try end(of: child, "exchange", seconds: 60)
    guard status == 0 else { throw CrashError("the exchange ended with status \(status)") }
  }

  // MARK: Engines

  mutating func startEngine() throws(CrashError) {
    engine = try start(
      [
        "\(programs)/oms", "run", "-q", "-I", name, "-C", directory + "/conf", "--state", state, "--sim-door", name,
        "--no-pin",
      ], log: "engine.log")
  }

  /// The engine's own process: what the small parent started.
  var engineProcess: Int32? { engine.flatMap { CrashFiles.children(of: $0.number).first } }

  /// Sends KILL to one of the two processes of the engine, and waits until neither runs. `false`: it had ended by
  /// itself before.
  mutating func kill(parent: Bool) throws(CrashError) -> Bool {
    guard let child = engine.take() else { return true }
    if let status = status(of: child) { throw CrashError("the engine ended by itself with status \(status)") }
    let inner = CrashFiles.children(of: child.number).first
    if parent { child.signal(SIGKILL) } else { Glibc.kill(inner ?? child.number, SIGKILL) }
    let status = try end(of: child, "killed engine", seconds: 60)
    // The kernel kills the engine of a parent that is gone, but not in no time; until then it may answer.
    if let inner { try wait(for: "the engine of the killed parent to end", seconds: 60) { CrashFiles.isGone(inner) } }
    return status == 137
  }

  /// Ends in good order.
  mutating func stopEngine() throws(CrashError) {
    guard let child = engine.take() else { return }
    child.signal(SIGTERM)
    let status = try end(of: child, "engine", seconds: 60)
    guard status == 0 else { throw CrashError("the engine ended with status \(status) when it was asked to stop") }
  }

  /// Connected as soon as the engine answers.
  func connect() throws(CrashError) -> CrashLine {
    let deadline = clock.monotonic() + 60_000_000_000
    while clock.monotonic() < deadline {
      if let child = engine, let status = status(of: child) {
        throw CrashError("the engine does not start: status \(status), see \(directory)/engine.log")
      }
      // The one that was killed may take calls until the kernel has taken it apart.
      if var line = try? CrashLine(path: socket), let process = try? line.greet(), process == engineProcess {
        return line
      }
      clock.pause(milliseconds: 1)
    }
    throw CrashError("the engine does not answer within 60 s of its start")
  }

  /// Nothing of this life stays but its directory.
  mutating func clear() {
    for child in [engine.take(), exchange.take()] {
      guard let child else { continue }
      for inner in CrashFiles.children(of: child.number) { Glibc.kill(inner, SIGKILL) }
      child.signal(SIGKILL)
      _ = try? child.end(wait: true)
    }
    CrashFiles.removeShared(of: name)
    CrashFiles.remove(doorPath)
  }

  // MARK: Processes

  private func start(_ words: [String], log: String) throws(CrashError) -> ChildProcess {
    do throws(SystemError) {
      return try ChildProcess.start(
        ["/bin/sh", "-c", "exec \"$0\" \"$@\" >> '\(directory)/\(log)' 2>&1 < /dev/null"] + words,
        with: [("XDG_RUNTIME_DIR", directory + "/run"), ("OMS_INSTANCE", name)])
    } catch {
      throw CrashError("\(words[0]) cannot be started: \(error.call) failed with errno \(error.errno)")
    }
  }

  private func status(of child: ChildProcess) -> UInt8? { (try? child.end(wait: false)) ?? nil }

  private func end(of child: ChildProcess, _ what: String, seconds: Int64) throws(CrashError) -> UInt8 {
    var status: UInt8?
    try wait(for: "the \(what) to end", seconds: seconds) {
      status = self.status(of: child)
      return status != nil
    }
    return status ?? 0
  }

  func wait(for what: String, seconds: Int64, _ isTrue: () -> Bool) throws(CrashError) {
    let deadline = clock.monotonic() + seconds * 1_000_000_000
    while !isTrue() {
      guard clock.monotonic() < deadline else { throw CrashError("\(seconds) s were not enough for \(what)") }
      clock.pause(milliseconds: 1)
    }
  }
}

/// A connection to the engine's socket: requests go out by number, what comes back is taken one event at a time.
struct CrashLine: ~Copyable {
  private var client: ControlClient
  private let clock = SystemClock()
  private var nextNumber: UInt64 = 1

  init(path: String) throws(SystemError) {
    client = try ControlClient(path: path, signals: -1, clock: clock)
  }

  /// The number of the process that answers.
  mutating func greet() throws(CrashError) -> Int32? {
    var hello = RequestDraft("hello")
    hello.set("protocol", .number(1))
    return try ask(hello).first?["pid"]?.integer()
  }

  /// Returns the number under which the answer comes.
  mutating func send(_ request: RequestDraft) -> UInt64 {
    let number = nextNumber
    nextNumber += 1
    client.send(request.line(number: number))
    return number
  }

  /// `nil`: nothing came in that time. Throws when the connection is over.
  mutating func next(milliseconds: Int64) throws(CrashError) -> ControlReply? {
    let event: ControlClient.Event
    do throws(ErrorObject) {
      event = try client.next(until: clock.monotonic() + milliseconds * 1_000_000)
    } catch {
      throw CrashError(error.message)
    }
    switch event {
    case .reply(let reply): return reply
    case .closed: throw CrashError("the engine closed the connection")
    case .timeout, .signal, .input: return nil
    }
  }

  /// Asks and waits: the objects of the answer, in order. A refusal is an error.
  mutating func ask(_ request: RequestDraft, seconds: Int64 = 60) throws(CrashError) -> [JSONValue] {
    let number = send(request)
    let deadline = clock.monotonic() + seconds * 1_000_000_000
    var objects: [JSONValue] = []
    while clock.monotonic() < deadline {
      guard let reply = try next(milliseconds: 100), reply.request == number else { continue }
      switch reply.body {
      case .data(let bytes):
        if let document = try? JSONReader.read(Array(bytes)) { objects.append(document.root) }
      case .error(let bytes):
        throw CrashError("'\(request.operation)' is refused: \(String(decoding: bytes, as: UTF8.self))")
      case .note: break
      case .end: return objects
      }
    }
    throw CrashError("'\(request.operation)' was not answered within \(seconds) s")
  }
}
