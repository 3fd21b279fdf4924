import OMSLib
import Testing

@testable import OMSVenue

extension LineStage {
  /// Brings a fault into force, as somebody who steers the exchange says it.
  fileprivate mutating func trouble(_ members: String) throws {
    var order = try ControlOrder(Array("{\"verb\":\"fault\",\(members)}".utf8))
    let orders = try TrafficOrders(&order)
    try order.finish()
    for trouble in orders.troubles { add(trouble) }
  }

  /// Listens to the account on the connection of its calls.
  fileprivate mutating func subscribe() {
    _ = wait { $0.told.contains("up") }
    let milliseconds = world.time.milliseconds
    let payload = "apiKey=\(credential.key)&timestamp=\(milliseconds)"
    let signature = SharedSecretCheck(secret: credential.secret).signature(of: Array(payload.utf8))
    let isSaid = client.say(
      "{\"id\":9,\"method\":\"userDataStream.subscribe.signature\",\"params\":{\"apiKey\":\"\(credential.key)\","
        + "\"timestamp\":\(milliseconds),\"signature\":\"\(signature)\"}}")
    precondition(isSaid, "the connection is up")
    _ = wait { !$0.messages.isEmpty }
    _ = client.takeMessages()
  }

  /// An order that rests, and then fills at once.
  fileprivate mutating func trade(_ id: String) throws {
    order(1, id)
    _ = wait { !$0.answers.isEmpty }
    _ = client.takeAnswers()
    var order = try ControlOrder(Array("{\"verb\":\"fill\",\"id\":\"\(id)\"}".utf8))
    let failure: ErrorObject? = world.withSurface { surface, time in
      do throws(ErrorObject) {
        try surface.inner.obey(&order, at: time)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure == nil)
  }

  /// What was told of orders.
  fileprivate mutating func news() -> [String] {
    client.takeMessages().compactMap { text in
      guard let event = (try? JSONReader.read(text))?.root["event"], event.words("e") == "executionReport" else {
        return nil
      }
      return event.words("x", "X")
    }
  }
}

/// What goes wrong with requests, answers and news, from what is said to who sees it.
@Suite struct TrafficFaultTests {
  private func fate(_ members: String, milliseconds: Int64 = 11_000) throws -> (answer: String, open: Int) {
    var stage = LineStage(WireFaults())
    try stage.trouble(members)
    stage.order(1, "one")
    stage.run(milliseconds: milliseconds)
    return (stage.client.takeAnswers().joined(separator: "; "), stage.openOrders)
  }

  @Test(arguments: [
    (#""lost_request":1"#, "1 unknown: no answer came in time", 0),
    (#""lost_answer":1"#, "1 unknown: no answer came in time", 1),
    (#""reset_answer":1"#, "1 unknown: recv failed with error 104", 1),
    (#""answer":"unknown-503""#, #"1 503 {"code":-1000,"msg":"Unknown error, please"#, 1),
    (#""answer":"strange-503""#, "1 503 {", 1), (#""answer":"timeout""#, #"1 504 {"code":-1007"#, 1),
    (#""answer":"unexpected""#, #"1 500 {"code":-1006"#, 1), (#""answer":"bad-gateway""#, "1 502 <html>", 1),
    (#""answer":"html""#, "1 200 <html>", 1), (#""answer":"empty""#, "1 200 ", 1),
    (#""answer":"truncated""#, #"1 200 {"symbol":"BTCUSDT","#, 1), (#""answer":"gzip""#, "1 200 ", 1),
    (#""answer":"unavailable-503""#, #"1 503 {"code":-1000,"msg":"Service Unavailable."}"#, 0),
    (#""answer":"overload-503""#, #"1 503 {"code":-1008"#, 0), (#""answer":"waf""#, "1 403 <html>", 0),
    // Of other requests it is not.
    (#""lost_request":1,"of":"cancels""#, "1 200 {", 1), (#""answer":"html","of":"reads""#, "1 200 {", 1),
    (#""answer":"html","of":"all""#, "1 200 <html>", 1),
  ])
  func anOrderIsAnsweredOtherwise(members: String, answer: String, open: Int) throws {
    let fate = try fate(members)
    #expect(fate.answer.hasPrefix(answer) && fate.open == open, "\(fate.answer) \(fate.open)")
    #expect(members.contains("truncated") == (fate.answer.hasPrefix("1 200 {") && !fate.answer.hasSuffix("}")))
  }

  @Test func aQuestionIsAnsweredOtherwise() throws {
    var stage = LineStage()
    try stage.trouble(#""answer":"empty:2","of":"reads""#)
    stage.order(1, "one")
    for number in 2..<5 { stage.client.ask(UInt64(number), "GET", "/api/v3/ping") }
    _ = stage.wait { $0.answers.count == 4 }
    let answers = stage.client.takeAnswers().sorted()
    #expect(answers[0].hasPrefix("1 200 {\"symbol\"") && answers.dropFirst() == ["2 200 ", "3 200 ", "4 200 {}"])
  }

  @Test func anAnswerIsLateUntilItIsNot() throws {
    var stage = LineStage(WireFaults())
    try stage.trouble(#""late_answer":"3s""#)
    stage.order(1, "one")
    let first = stage.wait { $0.answers.count == 1 }
    stage.order(2, "two")
    let second = stage.wait { $0.answers.count == 2 }
    #expect(first == 3_000 && second == 3_000)
  }

  // MARK: - News

  private func news(_ members: String, passing milliseconds: Int64 = 1_000) throws -> [String] {
    var stage = LineStage()
    stage.subscribe()
    try stage.trouble(members)
    try stage.trade("one")
    stage.run(milliseconds: milliseconds)
    return stage.news()
  }

  @Test func newsAreMissingLateAgainAndOutOfOrder() throws {
    let (new, filled) = ("NEW NEW", "TRADE FILLED")
    #expect(try news(#""lost_event":0"#) == [new, filled])
    #expect(try news(#""mute":true"#).isEmpty)
    #expect(try news(#""lost_event":1"#) == [filled])
    #expect(try news(#""lost_fill":1"#) == [new])
    #expect(try news(#""late_event":"2s""#).isEmpty)
    #expect(try news(#""late_event":"2s""#, passing: 2_100) == [new, filled])
    #expect(try news(#""repeat_event":"2m""#) == [new, filled])
    #expect(try news(#""repeat_event":"2m""#, passing: 121_000) == [new, filled, new, filled])
  }

  /// Both come at once, and the first waits for the second.
  @Test func twoNewsChangePlaces() throws {
    var stage = LineStage(WireFaults())
    stage.subscribe()
    try stage.trouble(#""turn_events":2"#)
    for id in ["one", "two", "three"] {
      try stage.trade(id)
      stage.run(milliseconds: 100)
    }
    let (new, filled) = ("NEW NEW", "TRADE FILLED")
    let news = stage.news()
    #expect(news == [filled, new, filled, new, new, filled])
  }
}
