import Testing

@testable import OMSVenue

@Suite struct MemoryWorldTests {
  @Test func theServedExchangeAnswersOverBothKindsOfLine() {
    var stage = LineStage()
    stage.client.ask(1, "GET", "/api/v3/time")
    let opening = stage.wait { !$0.answers.isEmpty && !$0.told.isEmpty }
    #expect(opening == 30, "two rounds until an encrypted wire is open, one for the question")
    #expect(stage.client.takeAnswers() == ["1 200 {\"serverTime\":\(VenueDriver.start / 1_000_000 + 25)}"])
    #expect(stage.client.takeTold() == ["opened", "up"])
    #expect(stage.client.say("{\"id\":7,\"method\":\"time\"}"))
    let round = stage.wait { !$0.messages.isEmpty }
    #expect(round == 10)
    let message = stage.client.takeMessages().joined()
    #expect(message.hasPrefix("{\"id\":7,\"status\":200,\"result\":{\"serverTime\":"), "\(message)")
  }

  @Test func anOrderIsPlacedOnceAndCounted() {
    var stage = LineStage()
    stage.order(1, "first")
    _ = stage.wait { !$0.answers.isEmpty }
    let answer = stage.client.takeAnswers().joined()
    #expect(answer.hasPrefix("1 200 ") && answer.contains("\"clientOrderId\":\"first\""), "\(answer)")
    let open = stage.openOrders
    #expect(open == 1)
  }

  /// Quiet links are asked whether they live, and live on.
  @Test func aMinutePassesInAMoment() {
    var stage = LineStage()
    stage.run(milliseconds: 60_000)
    #expect(stage.client.takeTold() == ["opened", "up"])
    #expect(stage.client.socket.losses == 0)
  }
}
