import Testing

@testable import OMSLib

/// Keeps the inputs of an exchange in memory.
private struct MemoryRecorder: ExchangeRecorder, ~Copyable {
  enum Record {
    case start(ExchangeStartRecord)
    case request(ExchangeRequestRecord)
    case control(ExchangeControlRecord)
    case advance(ExchangeAdvanceRecord)
  }
  var records: [Record] = []
  mutating func start(_ record: ExchangeStartRecord) { records.append(.start(record)) }
  mutating func request(_ record: ExchangeRequestRecord) { records.append(.request(record)) }
  mutating func control(_ record: ExchangeControlRecord) { records.append(.control(record)) }
  mutating func advance(_ record: ExchangeAdvanceRecord) { records.append(.advance(record)) }
  var hasRoom: Bool { true }
  func hasRoom(forControls count: Int) -> Bool { true }
}

@Suite struct ExchangeReplayTests {
  private func run(seed: UInt64, steps: Int, checks: Bool) -> [String] {
    var options = ExchangeDriver.small
    options.seed = seed
    var driver = ExchangeDriver(.standard(), options)
    var customers = RandomCustomers(seed: seed)
    for _ in 0..<steps {
      customers.act(on: &driver)
      if checks { expect(driver.exchange.isSound(), is: true) }
    }
    return driver.ledger
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func everyUnitOfMoneyIsAccountedForAfterEveryStep(seed: UInt64) {
    let lines = run(seed: seed, steps: 400, checks: true)
    #expect(lines.contains { $0.hasPrefix("fill ") })
  }

  @Test func theSameSeedGivesTheSameLedgerAndAnotherOneAnother() {
    let first = run(seed: 9, steps: 200, checks: false)
    let second = run(seed: 9, steps: 200, checks: false)
    let other = run(seed: 10, steps: 200, checks: false)
    #expect(first == second)
    #expect(first != other)
  }

  @Test func replayingTheInputsGivesTheSameLedger() {
    let start = UTCTime(nanoseconds: ExchangeDriver.start)
    let setup = ExchangeSetup.standard()
    var now = EngineTime.zero
    var venue = SimulatedVenue(
      Exchange(ExchangeDriver.small, startingAt: start), venue: VenueID(number: 1), recorder: MemoryRecorder(),
      now: now, utc: start)
    for control in setup.controls { expect(venue.desk(control, now: now), is: true) }
    for (index, name) in setup.accountNames.enumerated() {
      _ = Text64(name).map { venue.register(account: AccountID(number: UInt16(index + 1)), name: $0) }
    }
    for rules in setup.allInstruments { _ = venue.register(instrument: rules.id, name: rules.name) }
    var random = SplitMix64(seed: 5)
    for number in 0..<200 {
      now = now.advanced(byNanoseconds: Int64(random.below(300_000_000)))
      var request = VenueRequest(.newOrder)
      request.wireID = Text32("r\(number)") ?? Text32()
      request.account = AccountID(number: UInt16(random.below(4)) + 4)
      request.instrument = InstrumentID(number: UInt16(random.below(4)) + 1)
      request.sideRaw = UInt8(random.below(2)) + 1
      let isMarket = random.chance(1, in: 2)
      request.orderKindRaw = (isMarket ? OrderKind.market : .limit).rawValue
      request.timeInForceRaw = (isMarket ? TimeInForce.ioc : .gtc).rawValue
      let top = venue.top(of: request.instrument)
      request.price = random.chance(1, in: 2) ? top.bid : top.ask
      request.quantity = Int64(random.below(500)) + 1
      _ = venue.submit(request, now: now, utc: start)
      while venue.poll(now: now, utc: start) != nil {}
    }
    var wanted: [String] = []
    venue.exchange.dump { wanted.append($0) }
    var copy = Exchange(ExchangeDriver.small, startingAt: start)
    for record in venue.recorder.records {
      switch record {
      case .start: break
      case .request(let record): copy.replay(record)
      case .control(let record): copy.replay(record)
      case .advance(let record): copy.replay(record)
      }
    }
    copy.replay(ExchangeAdvanceRecord(time: venue.exchange.time))
    var replayed: [String] = []
    copy.dump { replayed.append($0) }
    #expect(wanted.filter { $0.hasPrefix("fill") }.count > 50)
    #expect(wanted == replayed)
  }

  @Test func theJournalOfAnExchangeGivesItsLedgerBackAfterAKill() throws {
    let start = UTCTime(nanoseconds: ExchangeDriver.start)
    let disk = JournalKit.makeDisk()
    let memory = JournalRingMemory(capacity: 1 << 20)
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var writer = try JournalWriter(
      fileSystem: disk, options: JournalKit.options(segmentBytes: 1 << 20), ring: ring, start: JournalStart(),
      utc: start)
    var now = EngineTime.zero
    var venue = SimulatedVenue(
      Exchange(ExchangeDriver.small, startingAt: start), venue: VenueID(number: 1),
      recorder: JournalExchangeRecorder(JournalAppender(ring: ring, end: JournalEnd())), now: now, utc: start)
    venue.open(.standard(), now: now)
    let main = try #require(Text64("sim.main"))
    let symbol = try #require(Text32("BTC-USDT"))
    _ = venue.register(account: AccountID(number: 1), name: main)
    _ = venue.register(instrument: InstrumentID(number: 1), name: symbol)
    for number in 0..<60 {
      now = now.advanced(byNanoseconds: 130_000_000)
      var request = VenueRequest(.newOrder)
      request.wireID = Text32("j\(number)") ?? Text32()
      request.account = AccountID(number: 1)
      request.instrument = InstrumentID(number: 1)
      request.sideRaw = UInt8(number % 2) + 1
      request.orderKindRaw = OrderKind.limit.rawValue
      request.timeInForceRaw = TimeInForce.gtc.rawValue
      let top = venue.top(of: request.instrument)
      request.price = number % 3 == 0 ? top.ask : top.bid
      request.quantity = 100
      _ = venue.submit(request, now: now, utc: start)
      while venue.poll(now: now, utc: start) != nil {}
      // Half of it only ever reaches the ring, which outlives the process.
      if number < 30 { while writer.poll(now: now, utc: start) > 0 {} }
    }
    var wanted: [String] = []
    venue.exchange.dump { wanted.append($0) }
    var recovery = try JournalRecovery(fileSystem: disk, options: JournalKit.options(), ring: ring)
    var book = try ExchangeBook(
      newestOf: SnapshotStore(fileSystem: disk, directory: "/images", identity: JournalKit.identity))
    while let record = try recovery.next() { try book.take(record) }
    guard var copy = book.takeExchange() else {
      Issue.record("the journal holds an exchange")
      return
    }
    copy.replay(ExchangeAdvanceRecord(time: venue.exchange.time))
    var rebuilt: [String] = []
    copy.dump { rebuilt.append($0) }
    #expect(wanted.contains { $0.hasPrefix("fill") })
    #expect(wanted == rebuilt)
    _ = memory.bytes
  }
}
