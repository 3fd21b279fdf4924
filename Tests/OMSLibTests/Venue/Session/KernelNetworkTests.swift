import OMSLib
import Testing

/// Links over real sockets of this machine, to a venue's end that this thread plays too.
@Suite struct KernelNetworkTests {
  private final class Clock {
    var now = EngineTime(nanoseconds: 1)
    func tick() -> EngineTime {
      now = now.advanced(byNanoseconds: 1_000)
      return now
    }
  }

  private static func authority() throws -> (TLSIdentity, TLSIdentity) {
    let from = UTCTime(nanoseconds: 1_600_000_000_000_000_000)
    let until = UTCTime(nanoseconds: 4_000_000_000_000_000_000)
    let authority = try TLSIdentity.makeAuthority(named: "test", from: from, until: until)
    return (authority, try authority.issue(for: ["127.0.0.1"], from: from, until: until))
  }

  private static func accept(_ listener: borrowing Listener) -> Connection? {
    switch listener.accept() {
    case .connection(let connection): connection
    default: nil
    }
  }

  private func line(_ port: UInt16, encrypted: Bool, _ now: EngineTime) -> SocketLine {
    let backoff = Backoff(
      leastNanoseconds: 1_000_000, mostNanoseconds: 1_000_000_000, stableNanoseconds: 60_000_000_000)
    return SocketLine(
      WireHost(name: "127.0.0.1", port: port, isEncrypted: encrypted), target: "/ws", line: 1,
      settings: .orders(backoff), waitsForConfirmation: false, seed: SplitMix64(seed: 1), now: now)
  }

  @Test(arguments: [false, true]) func messagesGoBothWays(_ isEncrypted: Bool) throws {
    let (authority, server) = try Self.authority()
    let listener = try Listener(
      at: .loopback(port: 0), tls: isEncrypted ? try TLSContext(chain: server.certificate, key: server.key) : nil)
    var network = try KernelNetwork(tls: try TLSContext(authorities: authority.certificate))
    let clock = Clock()
    let line = line(listener.address.port, encrypted: isEncrypted, clock.now)
    var accepted: Connection?
    var requests = HTTPRequestReader()
    var session = WebSocketSession(role: .server, limits: .server, masks: SplitMix64(seed: 0))
    var isUpgraded = false
    var heard: [String] = []
    var wasTold: [String] = []
    var message = ByteBuffer()
    message.append(utf8: String(repeating: "order ", count: 30_000))
    var turns = 0
    while heard.isEmpty || wasTold.count < 2, turns < 200_000 {
      turns += 1
      let now = clock.tick()
      while let news = network.next(now: now) { line.take(news, &network, now: now) }
      while let event = line.next(&network, now: now) {
        switch event {
        case .up(let wire): #expect(line.send(wire, text: message, &network))
        case .message: heard.append(line.withPayload { String(decoding: $0, as: UTF8.self) })
        case .opened: break
        case .down(_, let reason): Issue.record("\(reason)")
        }
      }
      if accepted == nil { accepted = Self.accept(listener) }
      guard try accepted?.advance() == true else { continue }
      var bytes = ByteQueue()
      guard case .bytes? = try accepted?.read(into: &bytes) else { continue }
      var out = ByteBuffer()
      if isUpgraded {
        bytes.withBytes { session.append($0) }
      } else {
        bytes.withBytes { requests.append($0) }
        guard let request = try requests.next() else { continue }
        try HTTPWriter.append(try WebSocketHandshake.answer(to: request), to: &out)
        isUpgraded = true
        wasTold.append(request.target)
      }
      while let event = session.next(&out) {
        guard event == .text else { continue }
        wasTold.append(String(session.payload.count))
        _ = session.send(.text, Array("accepted".utf8), to: &out)
      }
      _ = try accepted?.write(out)
    }
    #expect(wasTold == ["/ws", "180000"])
    #expect(heard == ["accepted"])
  }

  @Test func aCertificateOfNobodyKnownIsRefusedInWords() throws {
    let (_, server) = try Self.authority()
    let (stranger, _) = try Self.authority()
    let listener = try Listener(at: .loopback(port: 0), tls: try TLSContext(chain: server.certificate, key: server.key))
    var network = try KernelNetwork(tls: try TLSContext(authorities: stranger.certificate))
    let clock = Clock()
    let line = line(listener.address.port, encrypted: true, clock.now)
    var accepted: Connection?
    var turns = 0
    while line.lastEnd.isEmpty, turns < 200_000 {
      turns += 1
      let now = clock.tick()
      while let news = network.next(now: now) { line.take(news, &network, now: now) }
      while line.next(&network, now: now) != nil {}
      if accepted == nil { accepted = Self.accept(listener) }
      _ = try? accepted?.advance()
    }
    #expect(line.lastEnd.contains("authority"), "\(line.lastEnd)")
  }

  @Test func whoIsNotThereIsToldOf() throws {
    let listener = try Listener(at: .loopback(port: 0), tls: nil)
    let port = listener.address.port
    _ = consume listener
    var network = try KernelNetwork(tls: try TLSContext(authorities: nil))
    let clock = Clock()
    let line = line(port, encrypted: false, clock.now)
    var turns = 0
    while line.lastEnd.isEmpty, turns < 200_000 {
      turns += 1
      let now = clock.tick()
      while let news = network.next(now: now) { line.take(news, &network, now: now) }
      while line.next(&network, now: now) != nil {}
    }
    #expect(line.lastEnd.contains("error 111"), "\(line.lastEnd)")
  }

  @Test func aNameIsLookedUpBySomebodyElse() throws {
    var network = try KernelNetwork(tls: try TLSContext(authorities: nil))
    let host = WireHost(name: "venue.example", port: 443, isEncrypted: true)
    network.open(1, to: host, now: .zero)
    let (wanted, news) = (network.wantedHosts, network.next(now: .zero))
    #expect(wanted == [host])
    #expect(news == .ended(1, "the address of venue.example is not known"))
    network.learn(host, [.loopback(port: 9)])
    network.open(2, to: host, now: .zero)
    let left = network.wantedHosts
    #expect(left.isEmpty)
  }
}
