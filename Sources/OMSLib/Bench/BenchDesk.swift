internal import CCore

/// A core with accounts, instruments and money, and the records of everything it does: what several benchmarks drive.
///
/// Owner: one thread. All memory is taken at the start.
@safe struct BenchDesk: ~Copyable {
  static let identity = JournalIdentity(
    id: (0x62_656E_6368, 1), name: Text64("bench") ?? Text64(), tag: Text32("bench") ?? Text32())

  static let bid: Int64 = 6_000_000
  static let ask: Int64 = 6_000_100

  var core: Core
  var output = StepOutput()
  var appender: JournalAppender
  private let memory: JournalRingMemory
  private let body: UnsafeMutableRawPointer
  let accountCount: Int
  let instrumentCount: Int
  private(set) var now: Int64 = 1_000_000_000
  private var trade: UInt64 = 0
  /// Writes the records to a file, where one is wanted.
  private var writer: JournalWriter<KernelFileSystem>?
  /// Records that a step may append before the ring is freed.
  private var stepsUntilFree = BenchDesk.stepsBetweenFrees

  /// A journal thread frees slots in batches; this stands for it, outside of what a step costs.
  private static let stepsBetweenFrees = 64
  private static let bodyBytes = 1_024

  init(
    accounts: Int, instruments: Int, capacity: CoreCapacity, ringBytes: Int = JournalRing.defaultCapacity,
    writesTo options: JournalOptions? = nil
  ) throws(BenchError) {
    precondition(accounts < capacity.accounts && instruments < capacity.instruments)
    core = Core(capacity: capacity)
    memory = JournalRingMemory(capacity: ringBytes)
    let ring = memory.makeRing(identity: Self.identity, epoch: 1)
    appender = JournalAppender(ring: ring, end: JournalEnd())
    unsafe body = .allocate(byteCount: Self.bodyBytes, alignment: 64)
    unsafe body.initializeMemory(as: UInt8.self, repeating: 0, count: Self.bodyBytes)
    accountCount = accounts
    instrumentCount = instruments
    if let options {
      do throws(JournalError) {
        writer = try JournalWriter(
          fileSystem: KernelFileSystem(), options: options, ring: ring, start: JournalStart(), utc: .zero)
      } catch { throw .journal(error) }
    }
    define()
  }

  deinit { unsafe body.deallocate() }

  // MARK: Steps

  /// Runs one input and records it with what follows from it.
  @inline(__always)
  mutating func step<Body: BitwiseCopyable>(_ type: RecordType, _ input: Body) {
    now += 1_000
    output.clear()
    let stamp = StepStamp(
      time: EngineTime(nanoseconds: now), utc: UTCTime(nanoseconds: 1_790_000_000_000_000_000 + now),
      lsn: appender.nextLsn)
    unsafe body.storeBytes(of: input, as: Body.self)
    unsafe core.step(type, body, at: stamp, into: &output)
    record(type, MemoryLayout<Body>.size, stamp)
  }

  @inline(__always)
  private mutating func record(_ type: RecordType, _ bytes: Int, _ stamp: StepStamp) {
    let length = (bytes + 63) & ~63
    let input = unsafe UnsafeRawBufferPointer(start: body, count: length)
    var last = unsafe appender.append(type.rawValue, time: stamp.time, utc: stamp.utc, body: input)
    for index in 0..<output.eventCount {
      let event = output.event(index)
      last = unsafe appender.append(
        event.typeRaw, time: stamp.time, utc: stamp.utc, seq: event.seq, body: output.body(index))
    }
    precondition(last != nil, "the ring is freed before it is full")
    stepsUntilFree -= 1
    if stepsUntilFree == 0 { free() }
  }

  /// What the journal thread does: everything appended is durable and its slots are free.
  mutating func free() {
    stepsUntilFree = Self.stepsBetweenFrees
    appender.publish()
    guard writer == nil else {
      _ = writer?.poll(now: EngineTime(nanoseconds: now), utc: .zero)
      return
    }
    unsafe cc_journal_durable_publish(appender.ring.header, appender.ring.appendedPosition, appender.lsn)
  }

  /// Ends the journal in good order.
  mutating func close() throws(BenchError) {
    appender.publish()
    guard let writer = writer.take() else { return }
    guard writer.close(now: EngineTime(nanoseconds: now), utc: .zero) != nil else {
      throw .unavailable("the journal of the benchmark could not be closed")
    }
  }

  /// Fires what is due.
  @inline(__always)
  mutating func fireTimers() {
    while core.nextDue.nanoseconds <= now { step(.timer, EmptyInput()) }
  }

  // MARK: Orders

  func market() -> TopOfBook {
    var top = TopOfBook()
    top.bid = Self.bid
    top.ask = Self.ask
    top.bidQuantity = 1_000_000
    top.askQuantity = 1_000_000
    top.mark = Self.bid + 50
    top.last = top.mark
    top.updatedAt = EngineTime(nanoseconds: now)
    top.isValid = 1
    return top
  }

  /// A bid under the market, or an offer above it, with an id that the core makes.
  func order(account: Int, instrument: Int, _ side: Side, quantity: Int64 = 1_000) -> NewOrderInput {
    var input = NewOrderInput()
    input.account = AccountID(number: UInt16(account))
    input.instrument = InstrumentID(number: UInt16(instrument))
    input.sideRaw = side.rawValue
    input.kindRaw = OrderKind.limit.rawValue
    input.quantity = quantity
    input.price = side == .buy ? Self.bid - 1_000 : Self.ask + 1_000
    input.market = market()
    input.token = 1
    return input
  }

  /// What the venue says about the order that the last step asked for.
  func event(_ kind: VenueEvent.Kind, about request: VenueRequest) -> VenueEvent {
    var event = VenueEvent(kind, to: request)
    event.sideRaw = request.sideRaw
    return event
  }

  mutating func fill(_ request: VenueRequest) {
    trade += 1
    var fill = event(.fill, about: request)
    fill.quantity = request.quantity
    fill.price = request.price
    fill.fee = Money(units: 1_000_000_000_000)
    fill.asset = AssetID(number: 1)
    fill.trade = VenueReference(trade)
    step(.venueEvent, fill)
  }

  // MARK: Set-up

  private mutating func define() {
    defineNames()
    for account in 1...accountCount { defineAccount(account) }
    var start = StartInput()
    start.epoch = 1
    start.tag = Self.identity.tag
    step(.start, start)
    while core.hasUnfinishedWork { step(.proceed, EmptyInput()) }
    for account in 1...accountCount { open(AccountID(number: UInt16(account))) }
    liftLimits()
    for instrument in 1...instrumentCount {
      var mark = MarkInput()
      mark.instrument = InstrumentID(number: UInt16(instrument))
      mark.market = market()
      step(.mark, mark)
    }
  }

  private mutating func defineNames() {
    for number in 1...2 {
      var asset = DefineAssetInput()
      asset.name = Text32(number == 1 ? "USDT" : "COIN") ?? Text32()
      asset.id = AssetID(number: UInt16(number))
      asset.isReport = number == 1 ? 1 : 0
      step(.defineAsset, asset)
    }
    var venue = DefineVenueInput()
    venue.name = Text32("sim") ?? Text32()
    venue.id = VenueID(number: 1)
    venue.fenceNanoseconds = 20_000_000
    venue.visibilityNanoseconds = 50_000_000
    step(.defineVenue, venue)
    for number in 1...instrumentCount { step(.defineInstrument, instrument(number)) }
  }

  private func instrument(_ number: Int) -> Instrument {
    var rules = Instrument()
    rules.name = Text32("COIN\(number)-USDT-PERP") ?? Text32()
    rules.native = Text32("COIN\(number)USDT") ?? Text32()
    rules.id = InstrumentID(number: UInt16(number))
    rules.venue = VenueID(number: 1)
    rules.base = AssetID(number: 2)
    rules.quote = AssetID(number: 1)
    rules.settle = AssetID(number: 1)
    rules.classRaw = InstrumentClass.perp.rawValue
    rules.priceScale = 2
    rules.quantityScale = 5
    rules.tick = 10
    rules.lot = 10
    rules.minQuantity = 10
    rules.maxQuantity = 900_000_000
    rules.minNotional = Money(5)
    rules.maker = Rate(e8: 20_000)
    rules.taker = Rate(e8: 50_000)
    rules.maxLeverage = 20
    rules.isTrading = 1
    rules.featuresRaw =
      VenueFeatures([.stop, .takeProfit, .trailing, .iceberg, .postOnly, .reduceOnly, .amend]).rawValue
    return rules
  }

  private mutating func defineAccount(_ number: Int) {
    var account = DefineAccountInput()
    account.id = AccountID(number: UInt16(number))
    account.name = Text64("sim.sub\(number)") ?? Text64()
    account.venue = VenueID(number: 1)
    account.typeRaw = (number == 1 ? AccountType.main : .sub).rawValue
    account.modeRaw = Mode.paper.rawValue
    step(.defineAccount, account)
  }

  /// Compares an account with what the venue has: money, and nothing open.
  private mutating func open(_ account: AccountID) {
    var input = ReconcileInput()
    input.account = account
    step(.reconcile, input)
    let queries = (0..<output.requestCount).map { output.request(at: $0).requestID }
    var balance = VenueEvent(.balance)
    balance.account = account
    balance.asset = AssetID(number: 1)
    balance.walletRaw = Wallet.futures.rawValue
    balance.amount = Money(1_000_000_000)
    balance.isReplay = 1
    step(.venueEvent, balance)
    for query in queries {
      var end = VenueEvent(.reportEnd)
      end.account = account
      end.requestID = query
      step(.venueEvent, end)
    }
  }

  /// Limits that no benchmark meets: each is tested, none refuses.
  private mutating func liftLimits() {
    let lifted: [(LimitKind, Int64)] = [
      (.maxOrderNotional, 1_000_000_000), (.maxPositionNotional, 1_000_000_000_000),
      (.maxGrossNotional, 1_000_000_000_000_000), (.maxNetNotional, 1_000_000_000_000_000),
      (.maxVaR, 1_000_000_000_000_000), (.maxOpenOrders, 1_000_000_000), (.maxOrdersPerSecond, 1_000_000_000),
      (.maxLeverage, 1_000), (.maxBalance, 1_000_000_000_000_000), (.dailyLoss, 1_000_000_000_000),
      (.maxRepeatedRejects, 1_000_000_000),
    ]
    for (kind, value) in lifted {
      for scope in LimitScope.allCases {
        var limit = SetLimitInput()
        limit.kindRaw = kind.rawValue
        limit.scopeRaw = scope.rawValue
        limit.value = Money(value)
        step(.setLimit, limit)
      }
    }
  }
}

extension CoreCapacity {
  /// As large as the engine's, with a position for each pair of 200 accounts and 500 instruments.
  static let bench: CoreCapacity = {
    var capacity = CoreCapacity.standard
    capacity.positions = 1 << 17
    return capacity
  }()
}
