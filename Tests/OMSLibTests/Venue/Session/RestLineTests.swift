import OMSLib
import Testing

@Suite struct RestLineTests {
  private static let host = WireHost(name: "127.0.0.1", port: 8_080, isEncrypted: false)
  private static let ms: Int64 = 1_000_000

  private func time(_ ms: Int64) -> EngineTime { EngineTime(nanoseconds: ms * Self.ms) }

  private func line(connections: Int = 1) -> RestLine {
    var settings = RestLine.Settings(
      Backoff(leastNanoseconds: 100 * Self.ms, mostNanoseconds: 5_000 * Self.ms, stableNanoseconds: 60_000 * Self.ms))
    settings.connectionMax = connections
    return RestLine(Self.host, line: 4, settings: settings, seed: SplitMix64(seed: 1), now: time(0))
  }

  private func get(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target, fields: []) }

  private func events(_ line: RestLine, _ network: inout PipeNetwork, at now: EngineTime) -> [RestLine.Event] {
    while let news = network.next(now: now) { line.take(news, &network, now: now) }
    var found: [RestLine.Event] = []
    while let event = line.next(&network, now: now) { found.append(event) }
    return found
  }

  private func answer(_ status: Int, _ body: String, keeps: Bool = true) -> [UInt8] {
    Array(
      "HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\(keeps ? "" : "connection: close\r\n")\r\n\(body)"
        .utf8)
  }

  private func bodies(_ events: [RestLine.Event]) -> [String] {
    events.map { event in
      switch event {
      case .answered(let number, let response):
        "\(number) \(response.status) \(String(decoding: response.body, as: UTF8.self))"
      case .failed(let number, let mayHaveLeft, _): "\(number) \(mayHaveLeft ? "may have left" : "not sent")"
      }
    }
  }

  /// With one question answered already: the connection is a kept one.
  private func warm(_ line: RestLine, _ network: inout PipeNetwork) -> UInt32 {
    line.submit(get("/first"), number: 1, isRepeatable: true, now: time(0))
    _ = events(line, &network, at: time(0))
    let wire = network.opened[0]
    network.connect(wire)
    _ = events(line, &network, at: time(1))
    network.deliver(wire, answer(200, "a"))
    #expect(bodies(events(line, &network, at: time(2))) == ["1 200 a"])
    _ = network.takeSent(wire)
    return wire
  }

  /// Who waits for a connection that is on its way has nothing to do until it is there, or its patience ends.
  @Test func waitingIsNotWork() throws {
    var network = PipeNetwork()
    let line = line(connections: 2)
    line.submit(get("/first"), number: 1, isRepeatable: true, now: time(0))
    #expect(line.nextDue <= time(0), "a connection has to be opened")
    _ = events(line, &network, at: time(0))
    #expect(line.nextDue == time(10_000))
    line.submit(get("/second"), number: 2, isRepeatable: true, now: time(1))
    #expect(line.nextDue <= time(1), "and one more")
  }

  /// What may leave until a time does not leave after it, though somebody would wait longer for the answer.
  @Test func whatMayNotLeaveAnyMoreDoesNot() {
    var network = PipeNetwork()
    let line = line()
    line.submit(get("/order"), number: 1, isRepeatable: false, sendBy: time(2_000), now: time(0))
    _ = events(line, &network, at: time(0))
    #expect(line.nextDue <= time(2_001))
    network.connect(network.opened[0])
    #expect(bodies(events(line, &network, at: time(2_001))) == ["1 not sent"])
    #expect(network.takeSent(network.opened[0]).isEmpty)
  }

  /// One connection more could not be had; the one that there is answers all the same.
  @Test func whoAnswersIsThere() throws {
    var network = PipeNetwork()
    let line = line(connections: 2)
    let wire = warm(line, &network)
    for number in 2...3 as ClosedRange<UInt64> {
      line.submit(get("/\(number)"), number: number, isRepeatable: true, now: time(3))
    }
    _ = events(line, &network, at: time(3))
    network.end(network.opened[1], "refused")
    _ = events(line, &network, at: time(4))
    #expect(line.isFailing)
    network.deliver(wire, answer(200, "x"))
    _ = events(line, &network, at: time(5))
    #expect(!line.isFailing)
  }

  /// Two orders leave in the order in which they were given, and both before a question that came first.
  @Test func whatIsUrgentKeepsItsOrder() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = warm(line, &network)
    line.submit(get("/question"), number: 2, isRepeatable: true, now: time(3))
    for (number, target) in [(3, "/one"), (4, "/two")] as [(UInt64, String)] {
      line.submit(get(target), number: number, isRepeatable: false, isUrgent: true, now: time(3))
    }
    var targets: [Substring] = []
    for step in 4...6 as ClosedRange<Int64> {
      _ = events(line, &network, at: time(step))
      targets += String(decoding: network.takeSent(wire), as: UTF8.self).split(separator: " ").dropFirst().prefix(1)
      network.deliver(wire, answer(200, "x"))
    }
    #expect(targets == ["/one", "/two", "/question"])
  }

  @Test func questionsShareAConnectionOneAfterTheOther() throws {
    var network = PipeNetwork()
    let line = line()
    let wire = warm(line, &network)
    line.submit(get("/second"), number: 2, isRepeatable: true, now: time(3))
    line.submit(get("/third"), number: 3, isRepeatable: true, now: time(3))
    #expect(events(line, &network, at: time(3)).isEmpty)
    let sent = String(decoding: network.takeSent(wire), as: UTF8.self)
    #expect(sent.hasPrefix("GET /second HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n") && !sent.contains("/third"))
    network.deliver(wire, answer(429, "b"))
    #expect(bodies(events(line, &network, at: time(4))) == ["2 429 b"])
    network.deliver(wire, answer(200, "c"))
    #expect(bodies(events(line, &network, at: time(5))) == ["3 200 c"])
    #expect(network.opened.count == 1)
  }

  @Test func whatIsUrgentGoesFirstAndMoreConnectionsComeWhenNeeded() {
    var network = PipeNetwork()
    let line = line(connections: 2)
    for number in 1...3 { line.submit(get("/\(number)"), number: UInt64(number), isRepeatable: true, now: time(0)) }
    line.submit(get("/urgent"), number: 9, isRepeatable: false, isUrgent: true, now: time(0))
    _ = events(line, &network, at: time(0))
    _ = events(line, &network, at: time(0))
    #expect(network.opened.count == 2)
    network.connect(network.opened[0])
    _ = events(line, &network, at: time(1))
    #expect(String(decoding: network.takeSent(network.opened[0]), as: UTF8.self).hasPrefix("GET /urgent"))
  }

  /// The venue left the kept connection just as the question was written.
  @Test(arguments: [true, false]) func onlyWhatMerelyAsksIsAskedAgain(_ isRepeatable: Bool) {
    var network = PipeNetwork()
    let line = line()
    let wire = warm(line, &network)
    line.submit(get("/again"), number: 2, isRepeatable: isRepeatable, now: time(3))
    _ = events(line, &network, at: time(3))
    network.end(wire, "reset by the peer")
    let found = bodies(events(line, &network, at: time(4)))
    guard isRepeatable else {
      #expect(found == ["2 may have left"])
      #expect(network.opened.count == 1)
      return
    }
    #expect(found.isEmpty && network.opened.count == 2)
    network.connect(network.opened[1])
    _ = events(line, &network, at: time(5))
    #expect(String(decoding: network.takeSent(network.opened[1]), as: UTF8.self).hasPrefix("GET /again"))
    network.end(network.opened[1], "reset by the peer")
    #expect(bodies(events(line, &network, at: time(6))) == ["2 may have left"], "once, not for ever")
  }

  @Test func aCutAnswerIsNone() {
    let whole = answer(200, "0123456789")
    for cut in 0..<whole.count {
      var network = PipeNetwork()
      let line = line()
      line.submit(get("/"), number: 7, isRepeatable: false, now: time(0))
      _ = events(line, &network, at: time(0))
      network.connect(network.opened[0])
      _ = events(line, &network, at: time(1))
      network.deliver(network.opened[0], Array(whole[..<cut]))
      #expect(events(line, &network, at: time(2)).isEmpty)
      network.end(network.opened[0], "reset by the peer")
      #expect(bodies(events(line, &network, at: time(3))) == ["7 may have left"])
    }
  }

  @Test func aBodyThatEndsWithTheStreamIsWhole() {
    var network = PipeNetwork()
    let line = line()
    line.submit(get("/"), number: 7, isRepeatable: false, now: time(0))
    _ = events(line, &network, at: time(0))
    network.connect(network.opened[0])
    _ = events(line, &network, at: time(1))
    network.deliver(network.opened[0], Array("HTTP/1.1 200 OK\r\n\r\nall of it".utf8))
    network.end(network.opened[0], "")
    #expect(bodies(events(line, &network, at: time(2))) == ["7 200 all of it"])
  }

  @Test func silenceEndsWithPatience() {
    var network = PipeNetwork()
    let line = line()
    let wire = warm(line, &network)
    line.submit(get("/a"), number: 2, isRepeatable: true, now: time(3))
    line.submit(get("/b"), number: 3, isRepeatable: true, now: time(3))
    _ = events(line, &network, at: time(3))
    #expect(line.nextDue == time(10_003))
    #expect(bodies(events(line, &network, at: time(10_003))) == ["3 not sent", "2 may have left"])
    #expect(network.pipes[wire]?.isGone == true && line.pendingCount == 0)
  }

  @Test func aHostThatRefusesIsNotStormed() {
    var network = PipeNetwork()
    let line = line()
    line.submit(get("/"), number: 5, isRepeatable: true, now: time(0))
    var now = time(0)
    var ended: [String] = []
    while now < time(11_000) {
      let count = network.opened.count
      ended += bodies(events(line, &network, at: now))
      if network.opened.count > count { network.end(network.opened[count], "connection refused") }
      now = now.advanced(byNanoseconds: 10 * Self.ms)
    }
    #expect(ended == ["5 not sent"])
    #expect(line.lastEnd == "connection refused")
    #expect(network.opened.count > 3 && network.opened.count < 30, "\(network.opened.count) attempts in ten seconds")
  }

  @Test func anIdleConnectionIsLeftBeforeTheVenueLeavesIt() {
    var network = PipeNetwork()
    let line = line()
    let wire = warm(line, &network)
    #expect(line.nextDue == time(15_002))
    _ = events(line, &network, at: time(15_002))
    #expect(network.pipes[wire]?.isGone == true)
    #expect(line.nextDue == .never)
  }

  @Test func aVenueThatSaysCloseIsTakenAtItsWord() {
    var network = PipeNetwork()
    let line = line()
    line.submit(get("/"), number: 1, isRepeatable: false, now: time(0))
    _ = events(line, &network, at: time(0))
    network.connect(network.opened[0])
    _ = events(line, &network, at: time(1))
    network.deliver(network.opened[0], answer(200, "x", keeps: false))
    #expect(bodies(events(line, &network, at: time(2))) == ["1 200 x"])
    #expect(network.pipes[network.opened[0]]?.isGone == true)
    line.submit(get("/"), number: 2, isRepeatable: false, now: time(3))
    _ = events(line, &network, at: time(3))
    #expect(network.opened.count == 2)
  }
}
