import OMSLib
import Testing

@testable import OMSVenue

/// What a served exchange does wrong on command, as a client over HTTP and one of the WebSocket API see it.
@Suite struct TroubledSurfaceTests {
  private typealias Stage = LineStage

  private static let calls = VenueTrouble.Target.call("POST /api/v3/order")

  private func answer(_ act: VenueTrouble.Act, milliseconds: Int64 = 11_000) -> (answer: String, open: Int) {
    var stage = Stage(WireFaults())
    stage.add(VenueTrouble(Self.calls, act))
    stage.order(1, "one")
    stage.run(milliseconds: milliseconds)
    return (stage.client.takeAnswers().joined(separator: "; "), stage.openOrders)
  }

  @Test func anAnswerIsLost() {
    let (answer, open) = answer(.loseAnswer)
    #expect(answer == "1 unknown: no answer came in time" && open == 1)
  }

  @Test func aRequestIsLost() {
    let (answer, open) = answer(.lose)
    #expect(answer == "1 unknown: no answer came in time" && open == 0)
  }

  @Test func aRequestIsRefused() {
    let (answer, open) = answer(.refuse(VenueError(-1_003, "Too many.", status: 429)))
    #expect(answer == "1 429 {\"code\":-1003,\"msg\":\"Too many.\"}" && open == 0)
  }

  @Test func anOrderIsTakenAndTheAnswerSaysOtherwise() {
    let (answer, open) = answer(.answer(status: 503, body: "<html>"))
    #expect(answer == "1 503 <html>" && open == 1)
  }

  @Test func aConnectionBreaksInPlaceOfTheAnswer() {
    let (answer, open) = answer(.breakOff)
    #expect(answer == "1 unknown: recv failed with error 104" && open == 1)
  }

  @Test func anAnswerComesLate() {
    var stage = Stage(WireFaults())
    stage.add(VenueTrouble(Self.calls, .delay(nanoseconds: 3_000_000_000), skip: 1))
    stage.order(1, "one")
    _ = stage.wait { $0.answers.count == 1 }
    stage.order(2, "two")
    let time = stage.wait { $0.answers.count == 2 }
    #expect(time == 3_000)
    stage.order(3, "three")
    let next = stage.wait { $0.answers.count == 3 }
    #expect(next == 0, "one of two, and that was it")
  }

  @Test func callsOfASocketAreMetByTheirMethods() {
    var stage = Stage()
    _ = stage.wait { $0.told.contains("up") }
    stage.add(VenueTrouble(.call("time"), .refuse(VenueError(-1_008, "Overloaded.", status: 503)), skip: 1))
    stage.add(VenueTrouble(.call("ping"), .repeated(nanoseconds: 50_000_000)))
    for (id, method) in ["time", "time", "ping"].enumerated() {
      #expect(stage.client.say("{\"id\":\(id),\"method\":\"\(method)\"}"))
    }
    stage.run(milliseconds: 100)
    let heads = stage.client.takeMessages().map { String($0.prefix(21)) }
    #expect(heads.filter { $0.hasPrefix("{\"id\":0,\"status\":200") }.count == 1)
    #expect(heads.filter { $0.hasPrefix("{\"id\":1,\"status\":503") }.count == 1)
    #expect(heads.filter { $0.hasPrefix("{\"id\":2,\"status\":200") }.count == 2)
  }

  @Test func aClockThatIsWrongIsTheOneThatIsTold() {
    var stage = Stage(WireFaults())
    stage.world.withSurface { surface, _ in surface.skewNanoseconds = 90_000_000_000 }
    stage.order(1, "one")
    stage.client.ask(2, "GET", "/api/v3/time")
    _ = stage.wait { $0.answers.count == 2 }
    let answers = stage.client.takeAnswers().joined(separator: "; ")
    #expect(answers.contains("\"code\":-1021") && answers.contains("\(VenueDriver.start / 1_000_000 + 90_000)"))
  }

  @Test func socketsAreClosedWithACode() {
    var stage = Stage()
    _ = stage.wait { $0.told.contains("up") }
    _ = stage.client.takeTold()
    stage.world.withSurface { surface, time in
      surface.closeSockets(.spot, target: "/ws-api/v3", code: 1_001, at: time)
    }
    _ = stage.wait { !$0.told.isEmpty }
    #expect(stage.client.takeTold() == ["down: the venue closed it (1001)"])
  }
}
