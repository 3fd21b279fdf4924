import CCore
import OMSLib
import Testing

@Suite struct ConnectionTests {
  @Test func bytesGoBothWays() throws {
    var ends = try WireEnds()
    _ = try ends.client.write(Array("ask".utf8))
    try ends.run { $0.serverGot.count == 3 }
    _ = try ends.server.write(Array("answer".utf8))
    try ends.run { $0.clientGot.count == 6 }
    #expect(WireEnds.text(ends.serverGot) == "ask" && WireEnds.text(ends.clientGot) == "answer")
    let peer = ends.client.peer
    let bound = ends.listener.address
    #expect(peer == bound && bound.port != 0)
    let (sent, received) = (ends.client.sentBytes, ends.client.receivedBytes)
    #expect(sent == 3 && received == 6)
  }

  /// What the kernel does not take waits; beyond the bound nothing is taken.
  @Test func aSlowReaderFillsTheQueueAndNoMore() throws {
    var ends = try WireEnds(queueBytesMax: 100_000)
    ends.serverReads = false
    try ends.run { $0.client.phase == .open }
    let piece = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
    var taken = 0
    var last = Connection.Write.sent
    while last != .full, taken < 1 << 26 {
      last = try ends.client.write(piece)
      if last != .full { taken += piece.count }
    }
    let queued = ends.client.queuedBytes
    #expect(last == .full && queued > 60_000 && queued <= 100_000)
    let isUnacknowledged = ends.client.unacknowledgedBytes > 0
    #expect(isUnacknowledged)
    ends.serverReads = true
    try ends.run { $0.serverGot.count == taken }
    let isWhole = ends.serverGot.withBytes { bytes in
      stride(from: 0, to: taken, by: piece.count).allSatisfy { Array(bytes[$0..<($0 + piece.count)]) == piece }
    }
    let left = ends.client.queuedBytes
    #expect(isWhole && left == 0)
  }

  @Test func whoHasFinishedCanStillBeAnswered() throws {
    var ends = try WireEnds()
    _ = try ends.client.write(Array("last words".utf8))
    try ends.client.finish()
    try ends.run { $0.serverEnd != nil }
    #expect(ends.serverEnd == .ended(isClean: true) && WireEnds.text(ends.serverGot) == "last words")
    _ = try ends.server.write(Array("answer".utf8))
    try ends.server.finish()
    try ends.run { $0.clientEnd != nil }
    #expect(ends.clientEnd == .ended(isClean: true) && WireEnds.text(ends.clientGot) == "answer")
    let hasFinished = ends.server.hasFinished
    #expect(hasFinished)
  }

  @Test func anAbortIsAResetAtTheOtherEnd() throws {
    let listener = try Listener(at: .loopback(port: 0))
    var loop = try PollLoop()
    var client = try Connection(to: listener.address)
    try loop.watch(listener.descriptor, for: .read, token: 0)
    try loop.wait(now: .zero, atMost: 5_000_000_000)
    guard case .connection(let server) = listener.accept() else { throw WireEnds.Stuck() }
    let isOpen = try client.advance()
    #expect(isOpen)
    server.abort()
    try loop.watch(client.descriptor, for: .read, token: 1)
    try loop.wait(now: .zero, atMost: 5_000_000_000)
    var got = ByteQueue()
    var failure: ConnectionError?
    do throws(ConnectionError) { _ = try client.read(into: &got) } catch { failure = error }
    #expect(failure == .system(SystemError(errno: 104, call: "recv")))
  }

  @Test func nobodyThereIsRefused() throws {
    let address = try Listener(at: .loopback(port: 0)).address
    var failure: ConnectionError?
    do throws(ConnectionError) {
      var client = try Connection(to: address)
      while try !client.advance() {}
    } catch {
      failure = error
    }
    #expect(failure == .system(SystemError(errno: 111, call: "connect(\(address))")))
  }

  @Test func anAddressIsListenedOnOnce() throws {
    let listener = try Listener(at: .loopback(port: 0))
    let address = listener.address
    #expect(throws: SystemError(errno: 98, call: "listen(\(address))")) { _ = try Listener(at: address) }
  }

  @Test func theLocalAddressCanBeChosen() throws {
    let from = try #require(NetworkAddress("127.0.0.2", port: 0))
    let ends = try WireEnds(from: from)
    #expect(ends.server.peer.description.hasPrefix("127.0.0.2:"))
    #expect(ends.client.localAddress == ends.server.peer)
  }

  @Test func speaksTheNewerProtocol() throws {
    guard let address = NetworkAddress("::1", port: 0), (try? Listener(at: address)) != nil else { return }
    var ends = try WireEnds(at: address)
    _ = try ends.client.write([1])
    try ends.run { $0.serverGot.count == 1 }
    #expect(ends.listener.address.description.hasPrefix("[::1]:"))
  }

  @Test func whatIsWrittenTooEarlyIsQueued() throws {
    let listener = try Listener(at: .loopback(port: 0))
    var client = try Connection(to: listener.address)
    let first = try client.write([1, 2, 3])
    let queued = client.queuedBytes
    #expect(first == .queued && queued == 3)
  }

  @Test(arguments: ["127.0.0.1:80", "[::1]:8080", "[2001:db8::5]:1"]) func addressesReadAsWritten(text: String) throws {
    let colon = try #require(text.lastIndex(of: ":"))
    let host = text[..<colon].trimmingPrefix("[")
    let port = try #require(UInt16(text[text.index(after: colon)...]))
    let address = NetworkAddress(host.hasSuffix("]") ? String(host.dropLast()) : String(host), port: port)
    #expect(address?.description == text && address?.port == port)
  }

  @Test(arguments: ["localhost", "", "1.2.3", "1.2.3.256", "::g"]) func namesAreNoAddresses(text: String) {
    #expect(NetworkAddress(text, port: 1) == nil)
  }

  @Test func theMachineKnowsItself() throws {
    let found = try NetworkAddress.resolve("localhost", port: 7).map(\.description)
    #expect(found.contains("127.0.0.1:7") || found.contains("[::1]:7"))
  }
}

@Suite struct TimerQueueTests {
  /// Against the plainest thing that could work.
  @Test(arguments: 1...50) func theEarliestComesFirst(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var timers = TimerQueue()
    var plain: [(number: UInt64, due: Int64, order: Int)] = []
    var now: Int64 = 0
    for step in 0..<200 {
      let number = random.below(20)
      switch random.below(4) {
      case 0, 1:
        let due = now + Int64(random.below(6))
        timers.set(number, at: EngineTime(nanoseconds: due))
        plain.removeAll { $0.number == number }
        plain.append((number, due, step))
      case 2:
        timers.cancel(number)
        plain.removeAll { $0.number == number }
      default:
        now += Int64(random.below(3))
        plain.sort { ($0.due, $0.order) < ($1.due, $1.order) }
        #expect(timers.nextDue == plain.first.map { EngineTime(nanoseconds: $0.due) } ?? .never)
        while let first = plain.first, first.due <= now {
          #expect(timers.takeDue(EngineTime(nanoseconds: now)) == first.number)
          plain.removeFirst()
        }
        #expect(timers.takeDue(EngineTime(nanoseconds: now)) == nil)
      }
      #expect(timers.count == plain.count)
    }
  }

  @Test func theLoopDoesNotSleepOverADeadline() throws {
    var loop = try PollLoop()
    loop.timers.set(7, at: EngineTime(nanoseconds: 100))
    try loop.wait(now: EngineTime(nanoseconds: 100))
    let report = loop.nextReport()
    let due = loop.timers.takeDue(EngineTime(nanoseconds: 100))
    #expect(report == nil && due == 7)
  }
}
