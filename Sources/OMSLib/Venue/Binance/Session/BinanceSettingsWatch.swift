/// What the venue lets one account do on one product, and what it charges: facts that change without a word, each with
/// the time at which it was read.
///
/// Its owner asks what `next` says whenever there is budget to spare. What has not been read for longer than its age
/// allows is stale: nobody should rely on it, and `forEachStale` names it.
package struct BinanceSettingsWatch: Sendable {
  package enum Subject: Hashable, Sendable {
    /// Whether it may trade, and on futures the mode of its positions.
    case account
    /// Futures: leverage and margin mode of all symbols.
    case symbols
    /// Spot: what the key is allowed.
    case key
    case fees(InstrumentID)
  }

  /// How long a fact is good for.
  package struct Ages: Sendable {
    /// Rates follow the volume of thirty days, once a day; a fill that contradicts them asks again at once.
    package var feesNanoseconds: Int64 = 86_400_000_000_000
    /// New orders depend on it.
    package var accountNanoseconds: Int64 = 600_000_000_000
    package var keyNanoseconds: Int64 = 3_600_000_000_000

    package init() {}
  }

  /// A fact that is not what it was, or was not known.
  package enum Change: Equatable, Sendable {
    case canTrade(Bool)
    /// Two positions a symbol, or one.
    case isHedged(Bool)
    case leverage(InstrumentID, UInt16)
    case marginMode(InstrumentID, MarginMode)
    case key(BinanceKeyPermissions)
    case fees(InstrumentID, BinanceFeeRates)
  }

  private struct Row: Sendable {
    var subject: Subject
    var dueAt: EngineTime
    var readAt: EngineTime?
    /// The venue has no such page.
    var isAbsent = false
  }

  /// After an answer that was none.
  private static let pauseNanoseconds: Int64 = 30_000_000_000
  /// Between two readings, whoever doubts.
  private static let doubtNanoseconds: Int64 = 600_000_000_000

  private let product: BinanceProduct
  private let ages: Ages
  private let begun: EngineTime
  private var rows: [Row] = []
  private var instruments: [Instrument] = []
  private var fees: [InstrumentID: BinanceFeeRates] = [:]
  private var changes = WaitingLine<Change>()
  private var underWay: Subject?
  private var tokens: UInt32 = 0
  package private(set) var canTrade: Bool?
  package private(set) var isHedged: Bool?
  package private(set) var key: BinanceKeyPermissions?

  package init(_ product: BinanceProduct, ages: Ages = Ages(), now: EngineTime) {
    self.product = product
    self.ages = ages
    begun = now
    for subject: Subject in product == .spot ? [.account, .key] : [.account, .symbols] {
      rows.append(Row(subject: subject, dueAt: now))
    }
  }

  /// A symbol that the account may trade.
  package mutating func add(_ instrument: Instrument, now: EngineTime) {
    guard !instruments.contains(where: { $0.id == instrument.id }) else { return }
    instruments.append(instrument)
    rows.append(Row(subject: .fees(instrument.id), dueAt: now))
  }

  // MARK: Facts

  package func rates(of instrument: InstrumentID) -> BinanceFeeRates? { fees[instrument] }

  /// Holds a fee against the rates; where it deviates they are read again.
  package mutating func judge(_ fill: VenueEvent, now: EngineTime) -> BinanceFeeVerdict {
    guard let rates = fees[fill.instrument], let instrument = instruments.first(where: { $0.id == fill.instrument })
    else { return .notJudged }
    let verdict = BinanceFeeVerdict(fill, rates, instrument)
    if case .deviates = verdict { doubt(.fees(fill.instrument), now: now) }
    return verdict
  }

  package mutating func nextChange() -> Change? { changes.pop() }

  /// Something speaks against what was read: it is read again before its time. Not at once where it has just been read:
  /// whatever speaks against it may do so with every fill.
  package mutating func doubt(_ subject: Subject, now: EngineTime) {
    guard let index = rows.firstIndex(where: { $0.subject == subject }), let readAt = rows[index].readAt else { return }
    let again = max(now, readAt.advanced(byNanoseconds: Self.doubtNanoseconds))
    rows[index].dueAt = min(rows[index].dueAt, again)
  }

  /// What was not read in time, and how old it is. It was due before that: an answer may take a while.
  package func forEachStale(at now: EngineTime, _ body: (Subject, _ ageNanoseconds: Int64) -> Void) {
    for row in rows where !row.isAbsent {
      let age = now.nanoseconds - (row.readAt ?? begun).nanoseconds
      if age > self.age(of: row.subject) * 3 / 2 { body(row.subject, age) }
    }
  }

  private func age(of subject: Subject) -> Int64 {
    switch subject {
    case .account, .symbols: ages.accountNanoseconds
    case .key: ages.keyNanoseconds
    case .fees: ages.feesNanoseconds
    }
  }

  // MARK: Questions

  /// When there is something to ask; one question is under way at a time.
  package var nextDue: EngineTime {
    underWay != nil ? .never : rows.reduce(EngineTime.never) { min($0, $1.dueAt) }
  }

  /// Fills the call with the question that is due the longest; `nil`: there is none.
  package mutating func next(now: EngineTime, into call: inout BinanceCall) -> (token: UInt32, weight: Int64)? {
    guard underWay == nil, let row = rows.min(by: { $0.dueAt < $1.dueAt }), row.dueAt <= now else { return nil }
    underWay = row.subject
    tokens += 1
    return (tokens, write(row.subject, into: &call))
  }

  private func write(_ subject: Subject, into call: inout BinanceCall) -> Int64 {
    switch subject {
    case .account:
      if product == .spot {
        SpotEncoder.account(into: &call, omitsEmpty: true)
        return 20
      }
      FuturesEncoder.ask(FuturesEndpoint.accountConfig, nil, into: &call)
      return 5
    case .symbols:
      FuturesEncoder.ask(FuturesEndpoint.symbolConfig, nil, into: &call)
      return 5
    case .key:
      call.begin(SpotEndpoint.keyPermissions)
      return 1
    case .fees(let id):
      let symbol = instruments.first { $0.id == id }?.native ?? Text32()
      if product == .spot {
        SpotEncoder.commission(symbol, into: &call)
      } else {
        FuturesEncoder.ask(FuturesEndpoint.commission, symbol, into: &call)
      }
      return 20
    }
  }

  // MARK: Answers

  /// Returns why an answer could not be read. What it changes is told by `nextChange`.
  package mutating func take(
    _ answer: BinanceAnswer, token: UInt32, _ reading: borrowing BinanceReading, memory: inout BinanceAccountMemory,
    retryAfterSeconds: Int64 = 0, now: EngineTime, utc: UTCTime
  ) -> BinanceProblem? {
    guard token == tokens, let subject = underWay, let index = rows.firstIndex(where: { $0.subject == subject }) else {
      return nil
    }
    underWay = nil
    rows[index].dueAt = now.advanced(byNanoseconds: Self.pauseNanoseconds)
    guard answer.isGood, let result = answer.result else {
      let verdict = answer.verdict(reading.product, retryAfterSeconds: retryAfterSeconds, now: utc)
      let pause = max(verdict.retryAfterNanoseconds, Self.pauseNanoseconds)
      rows[index].dueAt = now.advanced(byNanoseconds: pause)
      if subject == .key, answer.status == 404 {
        rows[index].isAbsent = true
        rows[index].dueAt = .never
      }
      return nil
    }
    do throws(BinanceProblem) {
      try read(subject, result, reading, &memory)
    } catch {
      return error
    }
    rows[index].readAt = now
    rows[index].dueAt = now.advanced(byNanoseconds: age(of: subject))
    return nil
  }

  /// No answer came.
  package mutating func lost(token: UInt32) { if token == tokens { underWay = nil } }

  private mutating func read(
    _ subject: Subject, _ result: JSONValue, _ reading: borrowing BinanceReading,
    _ memory: inout BinanceAccountMemory
  ) throws(BinanceProblem) {
    switch subject {
    case .account:
      let mayTrade = try result.flag("canTrade")
      let isHedged = product == .usdm ? try result.flag("dualSidePosition") : nil
      if mayTrade != canTrade { changes.push(.canTrade(mayTrade)) }
      if let isHedged, isHedged != self.isHedged { changes.push(.isHedged(isHedged)) }
      (canTrade, self.isHedged) = (mayTrade, isHedged)
    case .symbols:
      let before = memory
      try FuturesAccountReader.configuration(result, reading, into: &memory)
      for id in instruments.map(\.id) {
        if memory[leverage: id] != before[leverage: id] { changes.push(.leverage(id, memory[leverage: id])) }
        if memory[mode: id] != before[mode: id] { changes.push(.marginMode(id, memory[mode: id])) }
      }
    case .key:
      let permissions = try BinanceKeyPermissions(result)
      if permissions != key { changes.push(.key(permissions)) }
      key = permissions
    case .fees(let id):
      let rates = try BinanceFeeRates(result, product)
      if rates != fees[id] { changes.push(.fees(id, rates)) }
      fees[id] = rates
    }
  }
}

/// What a key is allowed, as the venue tells it of the key that asks.
package struct BinanceKeyPermissions: Equatable, Sendable {
  package var canRead: Bool
  package var canTradeSpot: Bool
  package var canTradeFutures: Bool
  /// More than an order manager needs.
  package var canWithdraw: Bool
  package var isBoundToAddresses: Bool

  package init(_ body: JSONValue) throws(BinanceProblem) {
    canRead = try body.flag("enableReading")
    canTradeSpot = try body.flag("enableSpotAndMarginTrading")
    canTradeFutures = try body.flag("enableFutures")
    canWithdraw = try body.flag("enableWithdrawals")
    isBoundToAddresses = try body.flag("ipRestrict")
  }
}
