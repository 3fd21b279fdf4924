import OMSLib
import Testing

@testable import OMSVenue

/// What a client sees of connections whose bytes something is done to.
@Suite struct WireTroubleTests {
  /// Time that only the test moves.
  private final class HandClock: Clock {
    var now: Int64 = 1_790_000_000_000_000_000
    func boottime() -> Int64 { now }
    func realtime() -> Int64 { now }
  }

  /// The exchange and one client of it, moved on in turn by one thread.
  private struct Stage: ~Copyable {
    var runner: VenueRunner<ServedVenue<NoExchangeRecorder>, HandClock>
    var client: Connection
    let clock: HandClock
    private(set) var end = ""
    private var got = ByteQueue()

    init() throws {
      let clock = HandClock()
      let time = ServerTime(now: EngineTime(nanoseconds: clock.now), utc: UTCTime(nanoseconds: clock.now))
      let server = VenueServer.open(VenueOptions(), recorder: NoExchangeRecorder(), at: time)
      var runner = try VenueRunner(ServedVenue(server, token: "token"), clock: clock)
      let client = try Connection(to: try runner.listen(.spot, at: .loopback(port: 0)))
      self.runner = runner
      self.client = client
      self.clock = clock
    }

    func trouble(_ change: (WireTroubles) -> Void) throws {
      let troubles = runner.surface.wireTroubles
      change(try #require(troubles))
    }

    /// So many turns; `step`: how far time moves in each.
    mutating func turn(_ count: Int, step: Int64 = 0) throws {
      for _ in 0..<count {
        try runner.turn(atMost: 0)
        clock.now += step
        guard end.isEmpty else { continue }
        do throws(ConnectionError) {
          guard try client.advance() else { continue }
          if case .ended = try client.read(into: &got) { end = "ended" }
        } catch {
          end = "reset"
        }
      }
    }

    /// Until something has come or ended, or enough was done for it.
    mutating func settle() throws { try turn(400) }

    mutating func ask(_ target: String = "/api/v3/ping", closes: Bool = false) throws {
      let connection = closes ? "close" : "keep-alive"
      _ = try client.write(Array("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: \(connection)\r\n\r\n".utf8))
    }

    var text: String { got.withBytes { String(decoding: $0, as: UTF8.self) } }
    mutating func take() -> [UInt8] {
      defer { got.removeAll() }
      return got.withBytes { Array($0) }
    }

    /// A WebSocket, with nothing of it unread.
    mutating func open() throws {
      var out = ByteBuffer()
      let key = WebSocketHandshake.key((1, 2))
      try HTTPWriter.append(WebSocketHandshake.request(host: "x", target: "/ws-api/v3", key: key), to: &out)
      _ = try client.write(out)
      try settle()
      let answer = String(decoding: take(), as: UTF8.self)
      #expect(answer.hasPrefix("HTTP/1.1 101"))
    }

    mutating func ping(_ payload: String) throws {
      var out = ByteBuffer()
      WebSocketWriter.append(.ping, Array(payload.utf8), mask: 7, to: &out)
      _ = try client.write(out)
      try settle()
    }
  }

  @Test func aConnectionBreaksBehindEveryByte() throws {
    var whole = try Stage()
    try whole.ask()
    try whole.settle()
    let count = whole.text.utf8.count
    #expect(whole.text.hasSuffix("{}") && whole.end.isEmpty)
    for bytes in [1, 2, 17, count - 1] {
      var stage = try Stage()
      try stage.trouble { $0.bytesOutMax = bytes }
      try stage.ask()
      try stage.settle()
      // Behind a reset a kernel may drop what it had: never more than was let through.
      let (got, end) = (stage.text.utf8.count, stage.end)
      #expect(got <= bytes && end == "reset", "\(bytes): \(got) \(end)")
    }
  }

  @Test func aRequestBreaksOffOnItsWay() throws {
    var stage = try Stage()
    try stage.trouble { $0.bytesInMax = 20 }
    try stage.ask()
    try stage.settle()
    let (text, end) = (stage.text, stage.end)
    #expect(text.isEmpty && end == "reset")
  }

  @Test func answersComeDropByDrop() throws {
    var stage = try Stage()
    try stage.trouble { $0.bytesPerSecond = 100 }
    try stage.ask()
    try stage.turn(50, step: 10_000_000)
    let half = stage.text.utf8.count
    try stage.turn(1_000, step: 10_000_000)
    let whole = stage.text
    #expect((1...60).contains(half) && whole.hasSuffix("{}"), "\(half)")
  }

  @Test(arguments: [WireTroubles.Freeze.requests, .answers, .both])
  func whatIsFrozenComesWhenItThaws(freeze: WireTroubles.Freeze) throws {
    var stage = try Stage()
    try stage.turn(100)
    try stage.trouble { $0.freeze = freeze }
    try stage.ask()
    try stage.settle()
    let (silent, end) = (stage.text, stage.end)
    try stage.trouble { $0.freeze = .none }
    try stage.settle()
    let loud = stage.text
    #expect(silent.isEmpty && end.isEmpty && loud.hasSuffix("{}"))
  }

  /// Who comes later meets an exchange that is well.
  @Test func oldConnectionsStandStillAlone() throws {
    var stage = try Stage()
    let place = try stage.runner.listen(.spot, at: .loopback(port: 0))
    try stage.turn(100)
    let now = EngineTime(nanoseconds: stage.clock.now)
    try stage.trouble { ($0.oldFreeze, $0.oldUntil, $0.now) = (.both, now, now) }
    try stage.ask()
    try stage.turn(400, step: 1_000)
    let silent = stage.text
    stage.client = try Connection(to: place)
    try stage.ask()
    try stage.turn(400, step: 1_000)
    let loud = stage.text
    #expect(silent.isEmpty && loud.hasSuffix("{}"))
  }

  @Test func whatIsHeldComesBeforeTheEnd() throws {
    var stage = try Stage()
    try stage.trouble { $0.freeze = .answers }
    try stage.ask(closes: true)
    try stage.settle()
    let early = stage.end
    try stage.trouble { $0.freeze = .none }
    try stage.settle()
    let (text, end) = (stage.text, stage.end)
    #expect(early.isEmpty && text.hasSuffix("{}") && end == "ended")
  }

  @Test func pingsAreAnsweredWrongOrNotAtAll() throws {
    var stage = try Stage()
    try stage.open()
    try stage.ping("7")
    let right = stage.take()
    try stage.trouble { $0.pongs = .wrong }
    try stage.ping("7")
    let wrong = stage.take()
    try stage.trouble { $0.pongs = .none }
    try stage.ping("7")
    let none = stage.take()
    #expect(right == [0x8A, 1, UInt8(ascii: "7")] && wrong == [0x8A, 1, UInt8(ascii: "6")] && none.isEmpty)
  }

  @Test func anIdleConnectionIsClosedEarly() throws {
    var stage = try Stage()
    try stage.trouble { $0.idleNanoseconds = 100_000_000 }
    try stage.ask()
    try stage.settle()
    let before = stage.end
    try stage.turn(200, step: 1_000_000)
    let after = stage.end
    #expect(before.isEmpty && after == "reset")
  }

  /// Whoever steers the exchange is not touched by what he does.
  @Test func thoseWhoSteerAreNotTouched() throws {
    var stage = try Stage()
    let control = try stage.runner.listen(nil, at: .loopback(port: 0))
    try stage.trouble { $0.freeze = .both }
    stage.client = try Connection(to: control)
    try stage.ask("/nothing", closes: true)
    try stage.settle()
    let (text, end) = (stage.text, stage.end)
    #expect(text.hasPrefix("HTTP/1.1 404") && end == "ended")
  }
}
