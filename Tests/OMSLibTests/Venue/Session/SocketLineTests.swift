import OMSLib
import Testing

@Suite struct SocketLineTests {
  private static let host = WireHost(name: "venue.example", port: 9_443, isEncrypted: true)
  private static let ms: Int64 = 1_000_000

  private func time(_ ms: Int64) -> EngineTime { EngineTime(nanoseconds: ms * Self.ms) }

  private func line(waits: Bool = false) -> SocketLine {
    let backoff = Backoff(
      leastNanoseconds: 100 * Self.ms, mostNanoseconds: 10_000 * Self.ms, stableNanoseconds: 60_000 * Self.ms)
    return SocketLine(
      Self.host, target: "/ws-api/v3", line: 3, settings: .orders(backoff), waitsForConfirmation: waits,
      seed: SplitMix64(seed: 5), now: time(0))
  }

  private func events(_ line: SocketLine, _ network: inout PipeNetwork, at now: EngineTime) -> [SocketLine.Event] {
    while let news = network.next(now: now) { line.take(news, &network, now: now) }
    var found: [SocketLine.Event] = []
    while let event = line.next(&network, now: now) { found.append(event) }
    return found
  }

  private func text(_ line: SocketLine) -> String { line.withPayload { String(decoding: $0, as: UTF8.self) } }

  private func open(_ line: SocketLine, _ network: inout PipeNetwork, at now: EngineTime) throws -> UInt32 {
    _ = events(line, &network, at: now)
    let wire = try #require(network.opened.last)
    var venue = VenueEnd(wire)
    try venue.accept(&network)
    _ = events(line, &network, at: now)
    try venue.upgrade(&network)
    _ = events(line, &network, at: now)
    return wire
  }

  @Test func aLinkIsUpgradedAndUsed() throws {
    var network = PipeNetwork()
    let line = line()
    #expect(events(line, &network, at: time(0)).isEmpty)
    let wire = try #require(network.opened.first)
    #expect(line.owns(wire) && network.pipes[wire]?.host == Self.host)
    var venue = VenueEnd(wire)
    try venue.accept(&network)
    _ = events(line, &network, at: time(10))
    try venue.upgrade(&network, followedBy: ["{}"])
    #expect(events(line, &network, at: time(20)) == [.opened(wire), .up(wire), .message(wire)])
    #expect(venue.target == "/ws-api/v3")
    #expect(line.inUse == wire)
  }

  @Test(arguments: 1...7) func bytesMayComeInAnyPieces(_ pieceBytes: Int) throws {
    var network = PipeNetwork()
    network.pieceBytes = pieceBytes
    let line = line()
    _ = events(line, &network, at: time(0))
    var venue = VenueEnd(network.opened[0])
    try venue.accept(&network)
    _ = events(line, &network, at: time(1))
    let said = (0..<50).map { "{\"n\":\($0),\"text\":\"\(String(repeating: "x", count: $0 * 7))\"}" }
    try venue.upgrade(&network, followedBy: said)
    var heard: [String] = []
    while let news = network.next(now: time(2)) { line.take(news, &network, now: time(2)) }
    while let event = line.next(&network, now: time(2)) {
      if case .message = event { heard.append(text(line)) }
    }
    #expect(heard == said)
  }

  @Test func whatIsSentArrivesAndPingsAreAnswered() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = try open(line, &network, at: time(0))
    var venue = VenueEnd(wire)
    var message = ByteBuffer()
    message.append(utf8: "{\"id\":1}")
    #expect(line.send(wire, text: message, &network))
    venue.ping(&network)
    _ = events(line, &network, at: time(5))
    venue.listen(&network)
    #expect(venue.messages == ["{\"id\":1}"])
    network.isFull = true
    let isTaken = line.send(wire, text: message, &network)
    #expect(!isTaken, "what has no room is not half sent")
  }

  @Test func aQuietLinkIsAskedAndASilentOneGivenUp() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = try open(line, &network, at: time(0))
    var venue = VenueEnd(wire)
    #expect(events(line, &network, at: time(700)) == [])
    venue.listen(&network)
    #expect(venue.pings == 1)
    #expect(events(line, &network, at: time(710)) == [], "its answer is a sign of life")
    #expect(events(line, &network, at: time(2_000)) == [])
    #expect(events(line, &network, at: time(2_700)) == [.down(wire, "nothing came from it any more")])
    #expect(network.pipes[wire]?.isGone == true)
    #expect(network.opened.count == 2, "the next one is opened at once")
  }

  @Test func whoMustLogOnIsNotUsedBefore() throws {
    var network = PipeNetwork()
    let line = line(waits: true)
    let wire = try open(line, &network, at: time(0))
    #expect(line.inUse == nil)
    line.confirm(wire, &network, now: time(5))
    #expect(events(line, &network, at: time(5)) == [.up(wire)])
    #expect(line.inUse == wire)
  }

  @Test func aSuccessorTakesOverBeforeTheOldLinkGoes() throws {
    var network = PipeNetwork()
    let line = line()
    let old = try open(line, &network, at: time(0))
    line.announceEnd(old, now: time(100))
    let new = try open(line, &network, at: time(100))
    #expect(new != old && line.inUse == new)
    #expect(network.pipes[old]?.isGone == true)
    var venue = VenueEnd(old)
    venue.listen(&network)
    #expect(venue.closeCode == 1_000)
    #expect(line.losses == 0)
  }

  @Test func whatTheVenueSaysAtTheEndIsKept() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = try open(line, &network, at: time(0))
    var venue = VenueEnd(wire)
    venue.say("last", &network)
    venue.close(1_001, &network)
    while let news = network.next(now: time(5)) { line.take(news, &network, now: time(5)) }
    #expect(line.next(&network, now: time(5)) == .message(wire))
    #expect(text(line) == "last")
    #expect(line.next(&network, now: time(5)) == .down(wire, "the venue closed it (1001): bye"))
  }

  @Test(arguments: [
    ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "the server answered 403 instead of 101"),
    ("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", "does not belong"),
    ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "none of HTTP"),
  ])
  func whoIsNoWebSocketIsNotUsed(_ answer: String, _ reason: String) throws {
    var network = PipeNetwork()
    let line = line()
    _ = events(line, &network, at: time(0))
    let wire = network.opened[0]
    network.connect(wire)
    _ = events(line, &network, at: time(1))
    network.deliver(wire, Array(answer.utf8))
    #expect(events(line, &network, at: time(2)) == [], "it was never up, so it is not down")
    #expect(network.pipes[wire]?.isGone == true)
    #expect(line.lastEnd.contains(reason), "\(line.lastEnd)")
  }

  @Test func aLinkThatEndsInTheMiddleOfAMessageTellsNothingOfIt() throws {
    for cut in 1..<12 {
      var network = PipeNetwork()
      let line = line()
      let wire = try open(line, &network, at: time(0))
      network.deliver(wire, Array([0x81, 10] + Array("0123456789".utf8))[..<cut].map { $0 })
      #expect(events(line, &network, at: time(5)) == [])
      network.end(wire, "reset by the peer")
      #expect(events(line, &network, at: time(6)) == [.down(wire, "reset by the peer")])
    }
  }

  @Test func whatCameBeforeTheEndIsTold() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = try open(line, &network, at: time(0))
    var venue = VenueEnd(wire)
    venue.say("a fill", &network)
    venue.say("another", &network)
    network.end(wire, "cut")
    #expect(events(line, &network, at: time(5)) == [.message(wire), .message(wire), .down(wire, "cut")])
  }

  @Test func aReasonWhyNothingComesUpIsKnown() {
    var network = PipeNetwork()
    let line = line()
    _ = events(line, &network, at: time(0))
    network.end(network.opened[0], "the certificate has expired")
    #expect(events(line, &network, at: time(1)) == [])
    #expect(line.lastEnd == "the certificate has expired")
  }
}
