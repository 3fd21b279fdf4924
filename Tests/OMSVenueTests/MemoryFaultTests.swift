import OMSLib
import Testing

@testable import OMSVenue

/// What can go wrong between a client and an exchange, as production's lines live through it.
@Suite struct MemoryFaultTests {
  private static let ms: Int64 = 1_000_000

  /// A connection that breaks behind any byte of an order: whoever sent it never believes that it did not leave while the
  /// exchange has it.
  @Test func anOrderIsCutAtEveryPlace() {
    var stage = LineStage(WireFaults())
    var outcomes: Set<String> = []
    for count in stride(from: 0, to: 460, by: 11) {
      stage.warm()
      let before = stage.openOrders
      stage.hub.cut(stage.restWire, .toVenue, behindBytes: count)
      stage.order(2, "cut\(count)")
      _ = stage.wait { !$0.answers.isEmpty }
      let (answer, placed) = (stage.client.takeAnswers().joined(), stage.openOrders - before)
      #expect(answer == "2 unknown: recv failed with error 104" || answer.hasPrefix("2 200"), "\(count): \(answer)")
      outcomes.insert("\(answer.prefix(5)) \(placed)")
      if !stage.hub.wires(to: LineStage.rest).isEmpty { stage.hub.reset(stage.restWire) }
    }
    #expect(outcomes == ["2 unk 0", "2 200 1"])
  }

  @Test func anAnswerIsCutAtEveryPlace() {
    var stage = LineStage(WireFaults())
    var outcomes: Set<String> = []
    for count in stride(from: 0, to: 900, by: 23) {
      stage.warm()
      let before = stage.openOrders
      stage.hub.cut(stage.restWire, .toClient, behindBytes: count)
      stage.order(2, "cut\(count)")
      _ = stage.wait { !$0.answers.isEmpty }
      let (answer, placed) = (stage.client.takeAnswers().joined(), stage.openOrders - before)
      outcomes.insert("\(answer.hasPrefix("2 200") ? "2 200" : answer) \(placed)")
      if !stage.hub.wires(to: LineStage.rest).isEmpty { stage.hub.reset(stage.restWire) }
    }
    #expect(outcomes == ["2 unknown: recv failed with error 104 1", "2 200 1"])
  }

  /// The peer has vanished: within two seconds the link is given up, and the next one is there.
  @Test func aHalfOpenLinkIsFound() {
    var stage = LineStage()
    _ = stage.wait { $0.told.contains("up") }
    _ = stage.client.takeTold()
    for direction in WireDirection.allCases { stage.hub.freeze(stage.socketWire, direction) }
    let time = stage.wait { !$0.told.isEmpty }
    #expect(time <= 2_000)
    #expect(stage.client.takeTold() == ["down: nothing came from it any more"])
    _ = stage.wait { $0.told.contains("up") }
    #expect(stage.client.takeTold() == ["opened", "up"])
  }

  /// Orders leave and nothing comes back: that is not an order that was not placed.
  @Test func onlyTheWayBackIsGone() {
    var stage = LineStage()
    stage.warm()
    stage.hub.freeze(stage.restWire, .toClient)
    stage.order(2, "oneway")
    let time = stage.wait { !$0.answers.isEmpty }
    #expect(time == 10_000)
    #expect(stage.client.takeAnswers() == ["2 unknown: no answer came in time"])
    let open = stage.openOrders
    #expect(open == 1)
  }

  /// Nobody acknowledges what was sent: the kernel gives up before our own patience ends.
  @Test func onlyTheWayThereIsGone() {
    var stage = LineStage()
    stage.warm()
    stage.hub.freeze(stage.restWire, .toVenue)
    stage.order(2, "lost")
    let time = stage.wait { !$0.answers.isEmpty }
    #expect(time == 2_000)
    #expect(stage.client.takeAnswers() == ["2 unknown: recv failed with error 110"])
    let open = stage.openOrders
    #expect(open == 0)
  }

  @Test func whatWasHeldComesLate() {
    var stage = LineStage()
    stage.warm()
    stage.hub.freeze(stage.restWire, .toClient)
    stage.order(2, "late")
    stage.run(milliseconds: 3_000)
    #expect(stage.client.takeAnswers() == [])
    stage.hub.thaw(stage.restWire, .toClient)
    _ = stage.wait { !$0.answers.isEmpty }
    #expect(stage.client.takeAnswers().joined().hasPrefix("2 200"))
  }

  /// Without a connection nothing can have left.
  @Test(arguments: [HostMood.nameless, .refusing(111), .silent])
  func whoIsNotReachedWasAskedNothing(mood: HostMood) {
    var stage = LineStage()
    stage.hub.setMood(mood, of: LineStage.rest)
    stage.order(1, "never")
    let time = stage.wait { !$0.answers.isEmpty }
    #expect(time == 10_000)
    let answer = stage.client.takeAnswers().joined()
    #expect(answer.hasPrefix("1 not sent: "))
    switch mood {
    case .nameless: #expect(answer.hasSuffix("the address of rest.spot is not known"))
    case .refusing: #expect(answer.hasSuffix("connect(rest.spot:443) failed with error 111"))
    case .silent, .open: #expect(answer.hasSuffix("no connection came up in time"))
    }
  }

  /// Attempts to connect grow rarer, and the first that succeeds serves all that waited.
  @Test func aHostComesBack() {
    var stage = LineStage()
    stage.hub.setMood(.refusing(111), of: LineStage.socket)
    stage.run(milliseconds: 30_000)
    #expect(stage.client.takeTold() == [])
    stage.hub.setMood(.open, of: LineStage.socket)
    let time = stage.wait { !$0.told.isEmpty }
    #expect(time < 10_000)
    #expect(stage.client.takeTold() == ["opened", "up"])
  }

  /// Bytes that come one by one are the same bytes.
  @Test func aDripIsUnderstood() {
    var faults = WireFaults()
    faults.pieceBytes = 1
    faults.bytesPerSecond = 20_000
    var stage = LineStage(faults)
    stage.order(1, "drip")
    let time = stage.wait { !$0.answers.isEmpty }
    #expect(time > 40, "some thousand bytes at 20 a millisecond")
    #expect(stage.client.takeAnswers().joined().hasPrefix("1 200"))
  }

  /// Two connections are two ways: what left later can be there first. Within one nothing overtakes.
  @Test func answersOvertakeOnlyOnOtherConnections() {
    var orders: Set<String> = []
    for seed in 1...8 as ClosedRange<UInt64> {
      var stage = LineStage(WireFaults(jitterNanoseconds: 100 * Self.ms), seed: seed)
      for number in 1...2 as ClosedRange<UInt64> { stage.client.ask(number, "GET", "/api/v3/ping") }
      _ = stage.wait { $0.answers.count == 2 }
      orders.insert(stage.client.takeAnswers().map { String($0.prefix(1)) }.joined())
    }
    #expect(orders == ["12", "21"])
  }

  /// A lost piece holds up all behind it; an hour of that loses nothing.
  @Test func lossIsDelay() {
    var faults = WireFaults(delayNanoseconds: 20 * Self.ms, jitterNanoseconds: 10 * Self.ms)
    faults.lostPerMillion = 100_000
    var stage = LineStage(faults, seed: 5)
    var times: [Int64] = []
    for number in 1...20 as ClosedRange<UInt64> {
      stage.client.ask(number, "GET", "/api/v3/ping")
      times.append(stage.wait { !$0.answers.isEmpty })
      #expect(stage.client.takeAnswers() == ["\(number) 200 {}"])
    }
    #expect(times.contains { $0 > 200 } && times.contains { $0 < 100 }, "\(times)")
  }

  @Test func theSameSeedTellsTheSameStory() {
    func story(_ seed: UInt64) -> [Int64] {
      var faults = WireFaults(delayNanoseconds: Self.ms, jitterNanoseconds: 50 * Self.ms)
      faults.lostPerMillion = 50_000
      faults.pieceBytes = 100
      var stage = LineStage(faults, seed: seed)
      return (1...5).map { number in
        stage.order(UInt64(number), "story\(number)")
        let count = number
        _ = stage.wait { $0.answers.count == count }
        return stage.world.time.now.nanoseconds
      }
    }
    #expect(story(3) == story(3))
    #expect(story(3) != story(4))
  }
}
