import CCore
import Foundation
import OMSLib
import Testing

/// A server that answers `status` at once, and a few clients, all on one thread: no test waits for a clock.
private struct Bench: ~Copyable {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ctl-\(UUID().uuidString.prefix(8))")
  var server: ControlServer
  var refused = 0
  var closed = 0
  /// Who asked, in the order of the questions.
  var asked: [ClientID] = []
  var time: Int64 = 0
  /// The client whose requests nobody answers.
  var unanswered: ClientID?

  var path: String { directory.appendingPathComponent("s").path }

  init(bounds: ServerBounds = ServerBounds()) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    server = try ControlServer(
      path: directory.appendingPathComponent("s").path, readOnlyPath: directory.appendingPathComponent("r").path,
      bounds: bounds)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  mutating func turn(_ count: Int = 1) {
    for _ in 0..<count {
      var inputs: [ControlInput] = []
      let now = EngineTime(nanoseconds: time)
      server.turn(timeoutMilliseconds: 0, now: { now }) { inputs.append($0) }
      for input in inputs {
        switch input {
        case .request(let client, let request):
          asked.append(client)
          if client != unanswered { answer(request, client) }
        case .refused: refused += 1
        case .closed: closed += 1
        }
      }
    }
  }

  private mutating func answer(_ request: Request, _ client: ClientID) {
    server.send(ReplyLine.data(Array(#"{"type":"status"}"#.utf8), request: request.number), to: client)
    server.send(ReplyLine.end(exit: 0, request: request.number), to: client)
    server.requestEnded(of: client)
  }
}

private final class Peer {
  let descriptor: Int32
  private(set) var received: [UInt8] = []
  private(set) var isClosed = false

  init(_ path: String) throws {
    descriptor = cc_net_connect(path, 0)
    try #require(descriptor >= 0)
  }

  deinit { _ = cc_sys_close(descriptor) }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Int {
    Int(bytes.withUnsafeBytes { cc_net_send(descriptor, $0.baseAddress, $0.count) })
  }

  @discardableResult
  func send(_ text: String) -> Int { send(Array(text.utf8)) }

  func read() {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = buffer.withUnsafeMutableBytes { cc_net_receive(descriptor, $0.baseAddress, $0.count) }
      if got == 0 { isClosed = true }
      guard got > 0 else {
        if got != -11 && got != 0 { isClosed = true }
        return
      }
      received += buffer[0..<Int(got)]
    }
  }

  var text: String { String(decoding: received, as: UTF8.self) }
  var lineCount: Int { received.count { $0 == 0x0A } }
}

@Suite("Control socket")
struct ControlServerTests {
  private func request(_ number: Int) -> String { #"{"req":\#(number),"op":"status"}"# + "\n" }

  @Test("Several requests in flight are answered, also of a client that sends no more")
  func answers() throws {
    var bench = try Bench()
    let peer = try Peer(bench.path)
    peer.send(request(1) + request(2) + "\n" + request(3))
    try #require(shutdown(peer.descriptor, Int32(SHUT_WR)) == 0)
    bench.turn(4)
    peer.read()
    #expect(peer.lineCount == 6)
    #expect(peer.text.hasSuffix(#"{"req":3,"end":{"exit":0}}"# + "\n"))
    #expect(peer.isClosed)
  }

  @Test("A request split into single bytes is one request")
  func split() throws {
    var bench = try Bench()
    let peer = try Peer(bench.path)
    for byte in request(9).utf8 {
      peer.send([byte])
      bench.turn()
    }
    bench.turn()
    peer.read()
    #expect(peer.lineCount == 2)
  }

  @Test("Garbage is answered with typed errors, and ends the connection after the bound")
  func garbage() throws {
    var bench = try Bench()
    let peer = try Peer(bench.path)
    for _ in 0..<8 { peer.send("garbage\n") }
    bench.turn(6)
    peer.read()
    #expect(peer.text.contains(#""code":"usage.json","exit":2"#))
    #expect(peer.isClosed)
    let clients = bench.server.clientCount
    #expect(clients == 0)
  }

  @Test("A line without end is refused within bounded memory, and what follows it is read again")
  func endlessLine() throws {
    var bench = try Bench()
    let peer = try Peer(bench.path)
    let piece = [UInt8](repeating: 0x41, count: 60_000)
    for _ in 0..<5 {
      peer.send(piece)
      bench.turn()
    }
    peer.send("\n" + request(5))
    bench.turn(3)
    peer.read()
    #expect(peer.text.contains(#""code":"usage.line""#))
    #expect(peer.text.contains(#"{"req":5,"end":{"exit":0}}"#))
  }

  @Test("A client that reads nothing is cut off, and others are answered meanwhile")
  func stalled() throws {
    var bounds = ServerBounds()
    bounds.outputHighWater = 4_096
    var bench = try Bench(bounds: bounds)
    let slow = try Peer(bench.path)
    let honest = try Peer(bench.path)
    var flood = 0
    for round in 0..<400 {
      for number in 0..<16 where slow.send(request(number)) > 0 { flood += 1 }
      if round % 40 == 0 { honest.send(request(round)) }
      bench.time += 1_000_000
      bench.turn()
    }
    honest.read()
    #expect(honest.lineCount == 20)
    #expect(flood > 1_000, "the flood reached the server's bounds")
    bench.time += 31_000_000_000
    bench.turn(2)
    let clients = bench.server.clientCount
    #expect(clients == 1, "the stalled one is gone")
  }

  @Test("A flood from one client does not delay another's request by more than one turn")
  func fairness() throws {
    var bench = try Bench()
    let flood = try Peer(bench.path)
    let honest = try Peer(bench.path)
    flood.send((0..<1_000).map(request).joined())
    bench.turn()
    honest.send(request(1))
    bench.turn(2)
    honest.read()
    #expect(honest.lineCount == 2)
  }

  @Test("Clients take turns line by line, however many lines one has sent")
  func roundRobin() throws {
    var bench = try Bench()
    let flood = try Peer(bench.path)
    let others = try (0..<3).map { _ in try Peer(bench.path) }
    bench.time = 1_000_000_000
    bench.turn()
    flood.send((0..<500).map(request).joined())
    for other in others { other.send(request(1) + request(2)) }
    for turn in 1...2 {
      bench.time += 250_000
      bench.turn()
      let asked = bench.asked.suffix(4)
      #expect(bench.asked.count == 4 * turn)
      #expect(Set(asked).count == 4, "one line of each client before the second of any")
    }
    bench.time += 250_000
    bench.turn()
    let beside = bench.asked.count
    #expect(beside == 9, "the others have asked just now: the flood gets one line")
    bench.time += 11_000_000
    bench.turn()
    let alone = bench.asked.count
    #expect(alone == 25, "nobody else asks any more: a turn is the flood's")
  }

  @Test("Beside others, lines sent ahead of their turns are taken at a pace")
  func pace() throws {
    var bounds = ServerBounds()
    bounds.paceNanoseconds = 100_000
    bounds.courtesyNanoseconds = 100_000
    var bench = try Bench(bounds: bounds)
    let (waiting, other) = (try Peer(bench.path), try Peer(bench.path))
    bench.time = 1_000_000_000
    bench.turn()
    waiting.send((0..<10).map(request).joined())
    var counts: [Int] = []
    for _ in 0..<6 {
      bench.time += 50_000
      other.send(request(1))
      bench.turn()
      counts.append(bench.asked.count)
    }
    // The other one sends a line at a time and is always served; the one that sent ten gets one in 100 microseconds.
    #expect(counts == [2, 3, 5, 6, 8, 9])
  }

  @Test("Lines sent ahead wait for the answer that somebody waits for, but not for ever")
  func courtesy() throws {
    var bounds = ServerBounds()
    bounds.paceNanoseconds = 100_000
    bounds.courtesyNanoseconds = 400_000
    var bench = try Bench(bounds: bounds)
    let (flood, other) = (try Peer(bench.path), try Peer(bench.path))
    bench.time = 1_000_000_000
    bench.turn()
    other.send(request(1))
    bench.turn()
    bench.unanswered = bench.asked.last
    flood.send((0..<10).map(request).joined())
    bench.time += 50_000
    bench.turn()
    other.send(request(2))
    var counts: [Int] = []
    for _ in 0..<5 {
      bench.time += 100_000
      bench.turn()
      counts.append(bench.asked.count)
    }
    // One line of the flood before it was known as one; then the other's question, and nothing until 400 microseconds.
    #expect(counts == [3, 3, 3, 4, 5])
    let last = bench.asked.suffix(3).map { $0 == bench.unanswered }
    #expect(last == [true, false, false])
  }

  @Test("A turn takes and gives so many bytes of one client, and no line is read ahead of those that wait")
  func boundedBytes() throws {
    var bounds = ServerBounds()
    bounds.bytesPerTurn = 100
    bounds.requestsPerTurn = 2
    var bench = try Bench(bounds: bounds)
    let peer = try Peer(bench.path)
    bench.turn()
    // 100 bytes hold three whole lines of 24: they last two turns, and the fourth is read behind them.
    peer.send((0..<6).map(request).joined())
    var counts: [Int] = []
    for _ in 0..<5 {
      bench.turn()
      counts.append(bench.asked.count)
    }
    #expect(counts == [2, 4, 4, 6, 6])
    peer.read()
    #expect(peer.received.count <= 6 * 2 * 100, "at most the bound at both ends of each turn")
    bench.turn(20)
    peer.read()
    #expect(peer.lineCount == 12)
  }

  @Test("What a client sent whole before it died is still taken")
  func lastWords() throws {
    var bench = try Bench()
    var peer: Peer? = try Peer(bench.path)
    peer?.send((0..<20).map(request).joined() + #"{"req":9,"op":"sta"#)
    peer = nil
    bench.turn(15)
    let asked = bench.asked.count
    #expect(asked == 20)
    let closed = bench.closed
    #expect(closed == 1)
  }

  @Test("Dead clients with lines left take few places")
  func manyLastWords() throws {
    var bounds = ServerBounds()
    bounds.leavingCount = 2
    var bench = try Bench(bounds: bounds)
    for _ in 0..<10 {
      let peer = try Peer(bench.path)
      peer.send((0..<40).map(request).joined())
    }
    bench.turn(2)
    let (clients, closed) = (bench.server.clientCount, bench.closed)
    #expect(clients == 2)
    #expect(closed == 8)
  }

  @Test("Connections beyond the bound are told so and closed; a place that gets free is given again")
  func tooMany() throws {
    var bounds = ServerBounds()
    bounds.clientCount = 2
    var bench = try Bench(bounds: bounds)
    var peers = try (0..<3).map { _ in try Peer(bench.path) }
    bench.turn(2)
    peers[2].read()
    #expect(peers[2].text.contains(#""code":"busy.clients","exit":16"#))
    #expect(peers[2].isClosed)
    peers.removeFirst()
    bench.turn(2)
    let next = try Peer(bench.path)
    next.send(request(1))
    bench.turn(3)
    next.read()
    #expect(next.lineCount == 2)
    let closed = bench.closed
    #expect(closed == 1)
  }

  @Test("The read-only socket answers reads and refuses everything else")
  func readOnly() throws {
    var bench = try Bench()
    let peer = try Peer(bench.directory.appendingPathComponent("r").path)
    peer.send(request(1) + #"{"req":2,"op":"stop"}"# + "\n")
    bench.turn(3)
    peer.read()
    #expect(peer.text.contains(#"{"req":1,"end":{"exit":0}}"#))
    #expect(peer.text.contains(#""code":"auth.read_only""#))
    let mode = try FileManager.default.attributesOfItem(atPath: bench.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("A socket file that answers is not taken over, a dead one is replaced")
  func takeOver() throws {
    let bench = try Bench()
    #expect(throws: SystemError.self) { try Self.listen(bench.path) }
    let dead = bench.directory.appendingPathComponent("dead").path
    let descriptor = cc_net_listen(dead, 0o600, 1)
    try #require(descriptor >= 0)
    _ = cc_sys_close(descriptor)
    try Self.listen(dead)
  }

  private static func listen(_ path: String) throws {
    _ = try ControlServer(path: path)
  }
}
