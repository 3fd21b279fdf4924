import Testing

@testable import OMSLib

/// A door with the standard exchange behind it; the engine's numbers are the exchange's plus 10.
private struct Engine: ~Copyable {
  var door: SimulatedVenue<NoExchangeRecorder>
  var now = EngineTime(nanoseconds: 1_000_000_000)
  private var requests: UInt64 = 0

  init() {
    let start = UTCTime(nanoseconds: ExchangeDriver.start)
    let setup = ExchangeSetup.standard()
    var exchange = Exchange(ExchangeDriver.small, startingAt: start)
    for control in setup.controls { exchange.control(control, at: ExchangeStamp(time: start)) }
    while exchange.output.pop() != nil {}
    door = SimulatedVenue(
      exchange, venue: VenueID(number: 1), recorder: NoExchangeRecorder(), now: now, utc: start)
    for (index, name) in setup.accountNames.enumerated() {
      _ = Text64(name).map { door.register(account: AccountID(number: UInt16(index + 11)), name: $0) }
    }
    for rules in setup.allInstruments {
      _ = door.register(instrument: InstrumentID(number: rules.id.number + 10), name: rules.name)
    }
    for (index, name) in setup.assetNames.enumerated() {
      _ = Text32(name).map { door.register(asset: AssetID(number: UInt16(index + 11)), name: $0) }
    }
  }

  var utc: UTCTime { UTCTime(nanoseconds: ExchangeDriver.start + now.nanoseconds) }

  mutating func request(_ kind: VenueRequest.Kind, _ id: String) -> VenueRequest {
    var request = VenueRequest(kind)
    requests += 1
    request.requestID = requests
    request.account = AccountID(number: 14)
    request.instrument = InstrumentID(number: 11)
    request.wireID = Text32(id) ?? Text32()
    request.sideRaw = Side.buy.rawValue
    request.orderKindRaw = OrderKind.market.rawValue
    request.timeInForceRaw = TimeInForce.ioc.rawValue
    request.quantity = 1_000
    return request
  }

  /// Sends, lets `nanoseconds` pass in steps of 10 ms, returns what was told.
  mutating func send(_ request: VenueRequest?, passing nanoseconds: Int64 = 0) -> [String] {
    if let request { _ = door.submit(request, now: now, utc: utc) }
    let end = now.advanced(byNanoseconds: nanoseconds)
    var lines: [String] = []
    while true {
      while let event = door.poll(now: now, utc: utc) { lines.append(line(event)) }
      guard now < end else { return lines }
      now = min(end, now.advanced(byNanoseconds: 10_000_000))
    }
  }

  mutating func market(_ id: String, passing nanoseconds: Int64 = 0) -> [String] {
    let request = request(.newOrder, id)
    return send(request, passing: nanoseconds)
  }
}

private let ms: Int64 = 1_000_000

@Suite struct SimulatedVenueTests {
  /// Ten ticks a second would be 432,000 of them; by the minute it is 720.
  @Test func aHalfDayThatNobodySawIsMadeUpByTheMinute() {
    var engine = Engine()
    var request = engine.request(.newOrder, "long")
    request.instrument = InstrumentID(number: 13)
    request.quantity = 100
    _ = engine.send(request, passing: 100 * ms)
    let before = engine.door.exchange.markets[1].index
    engine.now = engine.now.advanced(byNanoseconds: 43_200_000 * ms)
    let told = engine.send(nil)
    #expect(told.count { $0.contains("funding") } == 2)
    // The market began with the door, at the first second of the engine's clock.
    #expect(engine.door.exchange.time.nanoseconds - ExchangeDriver.start == engine.now.nanoseconds - 1_000 * ms)
    let after = engine.door.exchange.markets[1].index
    // Nineteen basis points an hour are about 66 in half a day: it moved, and not out of this world.
    #expect(before != after && (before - after).magnitude < before.magnitude / 10)
    expect(engine.door.exchange.isSound(), is: true)
    // Back in the present it ticks ten times a second again.
    #expect(engine.door.exchange.nextTickTime.nanoseconds - engine.door.exchange.time.nanoseconds <= 100 * ms)
  }

  @Test func anAnswerSpeaksTheEnginesNumbers() throws {
    var engine = Engine()
    let request = engine.request(.newOrder, "a")
    expect(engine.door.submit(request, now: engine.now, utc: engine.utc), is: true)
    let accepted = engine.door.poll(now: engine.now, utc: engine.utc)
    let fill = engine.door.poll(now: engine.now, utc: engine.utc)
    #expect(accepted?.kind == .accepted)
    #expect(accepted?.requestID == request.requestID)
    #expect(fill?.kind == .fill)
    #expect(fill?.account == request.account)
    #expect(fill?.instrument == request.instrument)
    #expect(fill?.asset.number == 11)
  }

  @Test func latencyDelaysTheRequestAndTheAnswer() {
    var engine = Engine()
    engine.door.setLatency(nanoseconds: 5 * ms, jitterNanoseconds: 0)
    let none = engine.market("a", passing: 9 * ms)
    #expect(none.isEmpty)
    let both = engine.send(nil, passing: 1 * ms)
    #expect(both.count == 2)
  }

  @Test func aDroppedAcknowledgementLeavesTheOutcomeUnknownAndTheOrderThere() {
    var engine = Engine()
    engine.door.inject(.dropAcknowledgements(1), now: engine.now)
    let told = engine.market("a", passing: 600 * ms)
    #expect(told == ["a outcomeUnknown"])
    let query = engine.request(.queryOrder, "a")
    let found = engine.send(query)
    #expect(found == ["a filled 1000/1000"])
    let fills = engine.request(.queryFills, "")
    let replayed = engine.send(fills)
    #expect(replayed.count == 2)
  }

  @Test func aRequestAfterItsDeadlineIsNotSentAndOneThatArrivesLateIsRefused() {
    var engine = Engine()
    var request = engine.request(.newOrder, "a")
    request.signBy = EngineTime(nanoseconds: engine.now.nanoseconds - 1)
    expect(engine.send(request), is: ["a notSent"])
    engine.door.setLatency(nanoseconds: 25 * ms, jitterNanoseconds: 0)
    request.signBy = engine.now
    expect(engine.send(request, passing: 60 * ms), is: ["a rejected late"])
  }

  @Test func eachFaultDoesWhatItsNameSays() {
    var engine = Engine()
    engine.door.inject(.reject(code: -2010, count: 1), now: engine.now)
    expect(engine.market("a"), is: ["a rejected insufficientBalance"])
    engine.door.inject(.rateLimit(1), now: engine.now)
    expect(engine.market("b"), is: ["b rejected tooManyRequests"])
    engine.door.inject(.refuseKey, now: engine.now)
    expect(engine.market("c"), is: ["c rejected badKey"])
    engine.door.inject(.clear, now: engine.now)
    engine.door.inject(.duplicateAcknowledgements(1), now: engine.now)
    let twice = engine.market("d")
    #expect(twice.count == 4 && twice[0] == twice[1])
    engine.door.inject(.partial(percent: 50), now: engine.now)
    let half = engine.market("e")
    #expect(half.last == "e expired timeInForce after 500")
    engine.door.inject(.clear, now: engine.now)
    engine.door.inject(.lateFills(nanoseconds: 300 * ms), now: engine.now)
    expect(engine.market("f"), is: ["f accepted"])
    expect(engine.send(nil, passing: 300 * ms).count, is: 1)
  }

  @Test func aBrokenLinkLosesNewsAndComesBack() {
    var engine = Engine()
    engine.door.inject(.disconnect(nanoseconds: 100 * ms), now: engine.now)
    let during = engine.market("a")
    #expect(during == [" disconnected", "a notSent"])
    let after = engine.send(nil, passing: 110 * ms)
    #expect(after == [" connected"])
  }

  @Test func aLostCancelNeverArrives() {
    var engine = Engine()
    var resting = engine.request(.newOrder, "a")
    resting.orderKindRaw = OrderKind.limit.rawValue
    resting.timeInForceRaw = TimeInForce.gtc.rawValue
    resting.price = 5_000_000
    expect(engine.send(resting), is: ["a accepted"])
    engine.door.inject(.loseCancels(1), now: engine.now)
    let cancel = engine.request(.cancelOrder, "a")
    expect(engine.send(cancel, passing: 500 * ms), is: ["a outcomeUnknown"])
    let again = engine.request(.cancelOrder, "a")
    expect(engine.send(again), is: ["a cancelled asked after 0"])
  }

  @Test func aStaleFeedStopsAndAGappedOneIsInvalidForASecond() {
    var engine = Engine()
    let instrument = InstrumentID(number: 11)
    engine.door.inject(.staleFeed(instrument), now: engine.now)
    let before = engine.door.top(of: instrument)
    _ = engine.send(nil, passing: 500 * ms)
    expect(engine.door.top(of: instrument).updatedAt, is: before.updatedAt)
    engine.door.inject(.clear, now: engine.now)
    expect(engine.door.top(of: instrument).updatedAt > before.updatedAt, is: true)
    engine.door.inject(.sequenceGap(instrument), now: engine.now)
    expect(engine.door.top(of: instrument).isValid, is: 0)
    _ = engine.send(nil, passing: 1_200 * ms)
    expect(engine.door.top(of: instrument).isValid, is: 1)
  }

  @Test func aPriceOnCommandMovesTheBookAndWhatFollowsIt() {
    var engine = Engine()
    var control = ExchangeControl(.setPrice)
    control.instrument = 11
    control.price = 5_800_000
    expect(engine.door.control(control, now: engine.now), is: true)
    let top = engine.door.top(of: InstrumentID(number: 11))
    #expect(top.last <= 5_801_000 && top.bid < top.ask && top.ask < 5_801_000)
    let perpetual = engine.door.top(of: InstrumentID(number: 13))
    #expect(perpetual.mark == 580_000)
    control = ExchangeControl(.setSpread)
    control.instrument = 11
    control.price = 30_000
    expect(engine.door.control(control, now: engine.now), is: true)
    let wide = engine.door.top(of: InstrumentID(number: 11))
    #expect((wide.ask - wide.bid) * 10_000 > 2 * wide.bid)
  }

  @Test func aResetGivesBackTheOpeningBalancesUnderTheSameNumbers() {
    var engine = Engine()
    _ = engine.market("a")
    var options = ExchangeDriver.small
    options.seed = 2
    expect(engine.door.reset(options, .standard(), now: engine.now), is: true)
    expect(engine.send(nil), is: [" disconnected", " connected"])
    expect(engine.market("a").count, is: 2)
    let fills = engine.request(.queryFills, "")
    expect(engine.send(fills).count, is: 2)
  }
}
