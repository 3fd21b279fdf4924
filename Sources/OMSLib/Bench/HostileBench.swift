internal import CCore
internal import Synchronization

/// What clients that stall, flood, send garbage or die cost a client that behaves.
///
/// The honest one asks for verdicts on orders, one after the other: the way of an order through socket, control and core,
/// without using up its rate. Rounds beside the hostile ones alternate with rounds beside a thread that burns as much of
/// the machine as they do without connecting: what their own work takes from everybody is not what they do to the engine.
/// Of the pairs of 99th percentiles the one with the median ratio counts.
enum HostileBench {
  private static let rounds = 11

  static let benchmark = Benchmark("socket.hostile", "p99 of a client beside hostile ones") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard let executable = setup.executable else { return [] }
    do throws(SystemError) {
      let session = try BenchSession(executable, home: setup.directory + "/hostile")
      var honest = HonestClient(try session.connect(setup.clock), setup.clock)
      let crowd = HostileCrowd(session.socketPath, setup.clock)
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

  /// Percentiles of one round each way.
  private struct Pair {
    var alone: [Int64]
    var beside: [Int64]
    var aloneP99: Int64 { alone[alone.count * 99 / 100] }
    var besideP99: Int64 { beside[beside.count * 99 / 100] }
    var ratio: Int64 { besideP99 * 1_000 / max(1, aloneP99) }
  }

  private static func measure(
    _ honest: inout HonestClient, _ crowd: HostileCrowd, _ setup: borrowing BenchSetup
  ) throws(SystemError) -> BenchRow {
    let asked = setup.count(small: 5, real: 1_000)
    // The first round beside them tells how much they burn.
    crowd.set(.hostile)
    for _ in 0..<asked { _ = try honest.ask() }
    var pairs: [Pair] = []
    for _ in 0..<Self.rounds {
      crowd.set(.burning)
      let alone = try ask(&honest, asked)
      crowd.set(.hostile)
      pairs.append(Pair(alone: alone, beside: try ask(&honest, asked)))
    }
    pairs.sort { $0.ratio < $1.ratio }
    let median = pairs[pairs.count / 2]
    var row = BenchRow("socket.hostile", bar: .ratioMax(1_200), moonshot: .ratioMax(1_050))
    row.count = UInt64(pairs.reduce(0) { $0 + $1.alone.count + $1.beside.count })
    row.picoseconds = median.besideP99 * 1_000
    row.reference = median.aloneP99 * 1_000
    row.referenceName = "the same client beside a thread that burns as much"
    row.minimum = (pairs.compactMap(\.beside.first).min() ?? 0) * 1_000
    row.maximum = (pairs.compactMap(\.beside.last).max() ?? 0) * 1_000
    row.plan = "verdicts over the socket"
    row.durability = "group"
    row.details = [
      ("p50_alone_ns", median.alone[asked / 2]), ("p50_beside_ns", median.beside[asked / 2]),
      ("burnt_ns_per_turn", crowd.burntPerTurn),
      ("hostile_lines", crowd.lineCount), ("hostile_deaths", crowd.deathCount),
    ]
    return row
  }

  /// Times of so many questions, shortest first.
  private static func ask(_ honest: inout HonestClient, _ count: Int) throws(SystemError) -> [Int64] {
    var times: [Int64] = []
    for _ in 0..<count { times.append(try honest.ask()) }
    return times.sorted()
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
/// that are no requests, and every few milliseconds one dies in the middle of a line. Between such rounds the thread burns
/// what a turn of theirs took of its CPU.
private final class HostileCrowd: Sendable {
  enum Part: Int { case resting, hostile, burning }

  private static let restNanoseconds: Int64 = 2_000_000
  private static let stallers = 8
  private static let floodLines = 32
  private static let flood: [UInt8] = Array(#"{"req":1,"op":"status"}"#.utf8) + [0x0A]
  private static let stream: [UInt8] = Array(#"{"req":1,"op":"events","follow":true,"from_start":true}"#.utf8) + [0x0A]

  private let path: String
  private let clock: SystemClock
  private let part = Atomic<Int>(Part.resting.rawValue)
  private let burnt = Atomic<Int64>(0)
  private let turns = Atomic<Int64>(0)
  private let stopped = Atomic<Bool>(false)
  private let lines = Atomic<Int64>(0)
  private let deaths = Atomic<Int64>(0)

  init(_ path: String, _ clock: SystemClock) {
    self.path = path
    self.clock = clock
  }

  var lineCount: Int64 { lines.load(ordering: .relaxed) }
  var deathCount: Int64 { deaths.load(ordering: .relaxed) }

  /// What a hostile turn took of the thread's CPU, on average.
  var burntPerTurn: Int64 { burnt.load(ordering: .relaxed) / max(1, turns.load(ordering: .relaxed)) }

  func set(_ part: Part) { self.part.store(part.rawValue, ordering: .releasing) }
  func stop() { stopped.store(true, ordering: .releasing) }

  private struct Sockets {
    var stallers: [Int32] = []
    var flooder: Int32 = -1
    var babbler: Int32 = -1
  }

  func run() {
    var random = SplitMix64(seed: 0x4057)
    var sockets = Sockets()
    while !stopped.load(ordering: .acquiring) {
      ThreadPlace.rest(nanoseconds: Self.restNanoseconds)
      let part = Part(rawValue: part.load(ordering: .acquiring)) ?? .resting
      if part != .hostile { leave(&sockets) }
      let begin = clock.threadCPU()
      switch part {
      case .resting: break
      case .burning:
        let end = begin + burntPerTurn
        while clock.threadCPU() < end {}
      case .hostile:
        harass(&sockets, &random)
        burnt.add(clock.threadCPU() - begin, ordering: .relaxed)
        turns.add(1, ordering: .relaxed)
      }
    }
    leave(&sockets)
  }

  private func leave(_ sockets: inout Sockets) {
    close(sockets.stallers + [sockets.flooder, sockets.babbler])
    sockets = Sockets()
  }

  private func harass(_ sockets: inout Sockets, _ random: inout SplitMix64) {
    if sockets.stallers.count < Self.stallers {
      sockets.stallers.append(connect())
      send(Self.stream, sockets.stallers.last ?? -1)
    }
    if sockets.flooder < 0 { sockets.flooder = connect() }
    for _ in 0..<Self.floodLines where !send(Self.flood, sockets.flooder) {
      close([sockets.flooder])
      sockets.flooder = connect()
    }
    drain(sockets.flooder)
    if sockets.babbler < 0 { sockets.babbler = connect() }
    if !send(noise(&random), sockets.babbler) {
      close([sockets.babbler])
      sockets.babbler = -1
    }
    die()
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
