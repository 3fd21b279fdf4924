internal import CCore
internal import Synchronization

/// What clients that stall, flood, send garbage or die cost a client that behaves.
///
/// The honest one asks for verdicts on orders, one after the other: the way of an order through socket, control and core,
/// without using up its rate. Rounds with and without the hostile ones alternate; their 99th percentiles are compared.
enum HostileBench {
  private static let rounds = 10

  static let benchmark = Benchmark("socket.hostile", "p99 of a client beside hostile ones") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard let executable = setup.executable else { return [] }
    do throws(SystemError) {
      let session = try BenchSession(executable, home: setup.directory + "/hostile")
      var honest = HonestClient(try session.connect(setup.clock), setup.clock)
      let crowd = HostileCrowd(session.socketPath)
      let thread = try WorkerThread(named: "hostile") { crowd.run() }
      let measured: Result<BenchRow, SystemError>
      do throws(SystemError) { measured = .success(try measure(&honest, crowd, setup)) } catch {
        measured = .failure(error)
      }
      crowd.stop()
      thread.join()
      let row = try measured.get()
      guard session.isRunning else { throw SystemError(errno: 10, call: "run: the session ended by itself") }
      return [row]
    } catch { throw .system(error) }
  }

  private static func measure(
    _ honest: inout HonestClient, _ crowd: HostileCrowd, _ setup: borrowing BenchSetup
  ) throws(SystemError) -> BenchRow {
    let asked = setup.count(small: 5, real: 1_000)
    var alone: [Int64] = []
    var beside: [Int64] = []
    for _ in 0..<asked { _ = try honest.ask() }
    for _ in 0..<Self.rounds {
      crowd.setActive(false)
      for _ in 0..<asked { alone.append(try honest.ask()) }
      crowd.setActive(true)
      for _ in 0..<asked { beside.append(try honest.ask()) }
    }
    alone.sort()
    beside.sort()
    var row = BenchRow("socket.hostile", bar: .ratioMax(1_200), moonshot: .ratioMax(1_050))
    row.count = UInt64(alone.count + beside.count)
    row.picoseconds = beside[beside.count * 99 / 100] * 1_000
    row.reference = alone[alone.count * 99 / 100] * 1_000
    row.referenceName = "the same client alone"
    row.minimum = (beside.first ?? 0) * 1_000
    row.maximum = (beside.last ?? 0) * 1_000
    row.plan = "verdicts over the socket"
    row.durability = "group"
    row.details = [
      ("p50_alone_ns", alone[alone.count / 2]), ("p50_beside_ns", beside[beside.count / 2]),
      ("hostile_lines", crowd.lineCount), ("hostile_deaths", crowd.deathCount),
    ]
    return row
  }
}

/// Asks whether an order would pass, and waits for the answer.
private struct HonestClient: ~Copyable {
  private var client: ControlClient
  private let clock: SystemClock
  private var number: UInt64 = 0

  init(_ client: consuming ControlClient, _ clock: SystemClock) {
    self.client = client
    self.clock = clock
  }

  /// Nanoseconds of one question.
  mutating func ask() throws(SystemError) -> Int64 {
    let begin = clock.monotonic()
    number += 1
    try ask(
      #"{"req":\#(number),"op":"risk_check","symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000"}"#)
    return clock.monotonic() - begin
  }

  private mutating func ask(_ line: String) throws(SystemError) {
    client.send(Array(line.utf8) + [0x0A])
    let limit = clock.monotonic() + 5_000_000_000
    while true {
      let event: ControlClient.Event
      do throws(ErrorObject) { event = try client.next(until: limit) } catch {
        throw SystemError(errno: 71, call: "reply: \(error.message)")
      }
      switch event {
      case .reply(let reply):
        guard case .end(let exit) = reply.body else { continue }
        guard exit == 0 else { throw SystemError(errno: 71, call: "the engine refused: exit \(exit)") }
        return
      case .timeout: throw SystemError(errno: 110, call: "reply")
      case .closed: throw SystemError(errno: 104, call: "reply")
      case .signal, .input: continue
      }
    }
  }
}

/// Clients as nobody wants them, driven by one thread: some ask for streams and never read, one floods, one sends bytes
/// that are no requests, and every few milliseconds one dies in the middle of a line.
private final class HostileCrowd: Sendable {
  private static let restNanoseconds: Int64 = 2_000_000
  private static let stallers = 8
  private static let floodLines = 32
  private static let flood: [UInt8] = Array(#"{"req":1,"op":"status"}"#.utf8) + [0x0A]
  private static let stream: [UInt8] = Array(#"{"req":1,"op":"events","follow":true,"from_start":true}"#.utf8) + [0x0A]

  private let path: String
  private let active = Atomic<Bool>(false)
  private let stopped = Atomic<Bool>(false)
  private let lines = Atomic<Int64>(0)
  private let deaths = Atomic<Int64>(0)

  init(_ path: String) { self.path = path }

  var lineCount: Int64 { lines.load(ordering: .relaxed) }
  var deathCount: Int64 { deaths.load(ordering: .relaxed) }

  func setActive(_ isActive: Bool) { active.store(isActive, ordering: .releasing) }
  func stop() { stopped.store(true, ordering: .releasing) }

  func run() {
    var random = SplitMix64(seed: 0x4057)
    var stallers: [Int32] = []
    var flooder: Int32 = -1
    var babbler: Int32 = -1
    while !stopped.load(ordering: .acquiring) {
      ThreadPlace.rest(nanoseconds: Self.restNanoseconds)
      guard active.load(ordering: .acquiring) else {
        close(stallers + [flooder, babbler])
        (stallers, flooder, babbler) = ([], -1, -1)
        continue
      }
      if stallers.count < Self.stallers {
        stallers.append(connect())
        send(Self.stream, stallers.last ?? -1)
      }
      if flooder < 0 { flooder = connect() }
      for _ in 0..<Self.floodLines where !send(Self.flood, flooder) {
        close([flooder])
        flooder = connect()
      }
      drain(flooder)
      if babbler < 0 { babbler = connect() }
      if !send(noise(&random), babbler) {
        close([babbler])
        babbler = -1
      }
      die()
    }
    close(stallers + [flooder, babbler])
  }

  private func connect() -> Int32 { unsafe cc_net_connect(path, 0) }

  private func close(_ sockets: [Int32]) {
    for socket in sockets where socket >= 0 { _ = cc_sys_close(socket) }
  }

  /// `false`: the connection is gone. What does not fit is not sent.
  @discardableResult
  private func send(_ bytes: [UInt8], _ socket: Int32) -> Bool {
    guard socket >= 0 else { return false }
    let sent = unsafe bytes.withUnsafeBytes { unsafe cc_net_send(socket, $0.baseAddress, $0.count) }
    lines.add(1, ordering: .relaxed)
    return sent >= 0 || sent == -11
  }

  private func drain(_ socket: Int32) {
    guard socket >= 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    while unsafe bytes.withUnsafeMutableBytes({ unsafe cc_net_receive(socket, $0.baseAddress, $0.count) }) > 0 {}
  }

  private func noise(_ random: inout SplitMix64) -> [UInt8] {
    (0..<512).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private func die() {
    let socket = connect()
    guard socket >= 0 else { return }
    send(Array(Self.flood.prefix(11)), socket)
    _ = cc_sys_close(socket)
    deaths.add(1, ordering: .relaxed)
  }
}
