/// What is made of the trades of one market.
protocol TapeView {
  init()
  /// Checks what was asked; how far back it goes is known from here on.
  mutating func begin(_ request: MarketRequest, now: UTCTime) throws(RequestError)
  mutating func take(_ trades: [TapeTrade])
  /// All that was there is taken; `isFirst`: for the first time.
  mutating func caughtUp(now: UTCTime, isFirst: Bool, follows: Bool)
  /// Objects that can be shown, which are then forgotten.
  mutating func objects(_ objects: StateObjects, _ rules: Instrument) -> [[UInt8]]
}

/// `trades` and `candles` of one symbol: what is on the tape, then with `follow` what comes.
final class TapeJob<View: TapeView>: Job {
  private let request: MarketRequest
  private var view: View
  private var tape: TapeReader?
  private var isFirst = true
  private var count: Int64 = 0
  private var missed: UInt64 = 0
  private var lastShown: EngineTime
  private var nextLook = EngineTime.zero
  private static var lookNanoseconds: Int64 { 20_000_000 }

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: MarketRequest, _ view: View) {
    self.request = request
    self.view = view
    lastShown = agent.now
    super.init(agent, client, number, timeout: request.follows ? 0 : nil)
  }

  override func wants(_ token: UInt64) -> Bool { tape?.wants(token) == true }
  override func patience(_ agent: ControlAgent) -> Int32 { request.follows ? 20 : super.patience(agent) }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if tape == nil { try begin(agent) }
      guard let tape else { preconditionFailure("begun above") }
      guard agent.now >= nextLook, client.map({ agent.server.hasRoom($0) }) ?? true else {
        try checkIdle(agent)
        return false
      }
      while true {
        guard let trades = tape.next(agent) else {
          guard isLate(agent) else { return false }
          throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
        }
        if trades.isEmpty { break }
        view.take(trades)
      }
      nextLook = agent.now.advanced(byNanoseconds: max(request.every ?? 0, Self.lookNanoseconds))
      view.caughtUp(now: agent.utc, isFirst: isFirst, follows: request.follows)
      isFirst = false
      return try show(agent, tape)
    } catch {
      return fail(agent, error)
    }
  }

  private func begin(_ agent: ControlAgent) throws(RequestError) {
    guard request.symbols.count == 1 else { throw .usage("symbol", "one symbol at a time") }
    guard let rules = try agent.resolver.instruments(request.symbols[0], venue: request.venue).first else {
      throw RequestError("notfound.symbol", exit: 18, "no symbol matches", hint: "oms symbols")
    }
    guard agent.facts.hasOwnExchange else {
      throw RequestError(
        "engine.no_tape", exit: 16, "trades of an exchange in another process do not come through its door")
    }
    try view.begin(request, now: agent.utc)
    tape = TapeReader(rules)
  }

  /// `true`: it has ended.
  private func show(_ agent: ControlAgent, _ tape: TapeReader) throws(RequestError) -> Bool {
    if tape.missed > missed {
      note(agent, "\(tape.missed - missed) trades of \(tape.rules.name) left the tape unread")
      missed = tape.missed
    }
    for object in view.objects(StateObjects(names: agent.view.names, utc: agent.utc), tape.rules) {
      data(agent, object)
      lastShown = agent.now
      count += 1
      if let take = request.take, count >= take { return end(agent, exit: 0) }
    }
    if !request.follows { return end(agent, exit: 0) }
    try checkIdle(agent)
    return false
  }

  private func checkIdle(_ agent: ControlAgent) throws(RequestError) {
    if let bound = request.maxAge, agent.now.nanoseconds - lastShown.nanoseconds > bound {
      throw RequestError("stream.stale", exit: 40, "the last is older than \(bound / 1_000_000) ms")
    }
    if let idle = request.idle, agent.now >= lastShown.advanced(byNanoseconds: idle) {
      throw RequestError("stream.idle", exit: 31, "nothing came for that long")
    }
  }
}

/// The trades themselves.
struct TradeTape: TapeView {
  private static let lastDefault = 20
  private var last = 0
  private var since: UTCTime?
  private var isPast = true
  private var waiting: [PublicTrade] = []

  mutating func begin(_ request: MarketRequest, now: UTCTime) throws(RequestError) {
    since = try Resolver.time(request.since, now: now)
    guard since == nil || request.last == nil else { throw .usage("value", "last and since exclude each other") }
    last = request.last.map { Int(clamping: $0) } ?? (since != nil ? .max : request.follows ? 0 : Self.lastDefault)
  }

  mutating func take(_ trades: [TapeTrade]) {
    for row in trades where since.map({ !(row.trade.time < $0) }) ?? true { waiting.append(row.trade) }
  }

  mutating func caughtUp(now: UTCTime, isFirst: Bool, follows: Bool) {
    if isFirst, waiting.count > last { waiting.removeFirst(waiting.count - last) }
  }

  mutating func objects(_ objects: StateObjects, _ rules: Instrument) -> [[UInt8]] {
    defer { waiting = [] }
    return waiting.map { objects.trade(rules, $0) }
  }
}

/// What the trades of each interval come to. The first interval counts only if the tape holds all of it.
struct CandleTape: TapeView {
  private static let minimum: Int64 = 1_000_000_000
  private static let countMax = 10_000
  private var maker = CandleMaker(interval: 60_000_000_000)
  private var since: UTCTime?
  private var last = Int.max
  /// The interval in which the tape begins, unless it begins with the market.
  private var partialStart: UTCTime?
  private var closed: [Candle] = []
  private var shown: Candle?

  mutating func begin(_ request: MarketRequest, now: UTCTime) throws(RequestError) {
    let interval = request.interval ?? maker.interval
    let day: Int64 = 86_400_000_000_000
    guard interval >= Self.minimum, interval <= day, day % interval == 0 else {
      throw .usage("value", "interval is a part of a day, 1s to 24h, such as 1m, 5m, 1h")
    }
    maker = CandleMaker(interval: interval)
    since = try Resolver.time(request.since, now: now)
    last = request.last.map { Int(clamping: $0) } ?? (request.follows && since == nil ? 0 : .max)
  }

  mutating func take(_ trades: [TapeTrade]) {
    for row in trades {
      if maker.current == nil, row.place > 1 { partialStart = maker.start(of: row.trade.time) }
      maker.add(row.trade) { closed.append($0) }
      if closed.count > Self.countMax { closed.removeFirst(closed.count - Self.countMax) }
    }
  }

  mutating func caughtUp(now: UTCTime, isFirst: Bool, follows: Bool) {
    maker.advance(to: now) { closed.append($0) }
    let (bound, partial) = (since ?? UTCTime(nanoseconds: .min), partialStart)
    closed.removeAll { $0.start == partial || $0.start < bound }
    guard isFirst else { return }
    if closed.count > last { closed.removeFirst(closed.count - last) }
  }

  mutating func objects(_ objects: StateObjects, _ rules: Instrument) -> [[UInt8]] {
    var result = closed.map { objects.candle(rules, $0, interval: maker.interval, isClosed: true) }
    closed = []
    if let current = maker.current, current != shown, current.start != partialStart {
      shown = current
      result.append(objects.candle(rules, current, interval: maker.interval, isClosed: false))
    }
    return result
  }
}

/// `funding`: the rate of the next payment and when it is due, once or whenever it changes.
final class FundingJob: Job {
  private let request: MarketRequest
  private var instruments: [Instrument]?
  private var facts: RowCopy<MarketFacts>?
  private var shown: [UInt16: MarketFacts] = [:]
  private var count: Int64 = 0
  private var lastShown: EngineTime
  private var nextLook = EngineTime.zero
  private static let lookNanoseconds: Int64 = 100_000_000

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: MarketRequest) {
    self.request = request
    lastShown = agent.now
    super.init(agent, client, number, timeout: request.follows ? 0 : nil)
  }

  override func wants(_ token: UInt64) -> Bool { facts?.wants(token) == true }
  override func patience(_ agent: ControlAgent) -> Int32 { request.follows ? 100 : super.patience(agent) }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if instruments == nil { instruments = try resolve(agent) }
      guard facts != nil || agent.now >= nextLook else { return false }
      let facts = facts ?? RowCopy(.marketFacts)
      self.facts = facts
      guard facts.step(agent) else {
        guard isLate(agent) else { return false }
        throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
      }
      self.facts = nil
      nextLook = agent.now.advanced(byNanoseconds: max(request.every ?? 0, Self.lookNanoseconds))
      for rules in instruments ?? [] where facts.rows.indices.contains(rules.id.index - 1) {
        let row = facts.rows[rules.id.index - 1]
        guard row.nextFunding != .zero, changed(rules, row) else { continue }
        shown[rules.id.number] = row
        data(agent, StateObjects(names: agent.view.names, utc: agent.utc).funding(rules, row))
        lastShown = agent.now
        count += 1
        if let take = request.take, count >= take { return end(agent, exit: 0) }
      }
      if !request.follows { return end(agent, exit: 0) }
      if let idle = request.idle, agent.now >= lastShown.advanced(byNanoseconds: idle) {
        throw RequestError("stream.idle", exit: 31, "nothing came for that long")
      }
      return false
    } catch {
      return fail(agent, error)
    }
  }

  private func changed(_ rules: Instrument, _ row: MarketFacts) -> Bool {
    guard let before = shown[rules.id.number] else { return true }
    return before.nextFunding != row.nextFunding || before.fundingRate != row.fundingRate
  }

  private func resolve(_ agent: ControlAgent) throws(RequestError) -> [Instrument] {
    var found: [Instrument] = []
    for symbol in request.symbols { found += try agent.resolver.instruments(symbol, venue: request.venue) }
    if request.symbols.isEmpty { found = try agent.resolver.instruments(nil, venue: request.venue) }
    if let spot = found.first(where: { $0.instrumentClass != .perp }), !request.symbols.isEmpty {
      throw RequestError("notfound.funding", exit: 18, "\(spot.name) pays no funding", hint: "oms symbols --class perp")
    }
    return found.filter { $0.instrumentClass == .perp }
  }
}
