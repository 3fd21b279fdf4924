/// A request of the core that takes several questions to Binance: `queryOpenOrders`, `queryFills`, `queryAccount`,
/// `setLeverage`, `setMarginMode`, `deadman`. Pure: it says what to ask, is handed the answers, and tells the core.
///
/// Its owner asks what `next` says, as the budget allows, and calls it again after each answer. All that the core hears
/// comes out of `next`; the last is `reportEnd`, or `accepted` where a setting was made, but only if everything was
/// read or done. Else it is `rejected`, as the built-in exchange says it, and the core asks again by its own patience.
///
/// Jobs of one account run one after the other, in the order of their requests: orders are compared behind fills, and
/// balances behind both. The core repeats after five seconds what has no answer: of two that ask the same and have not
/// begun only the later one is needed (`asksTheSame`).
package struct BinanceAccountJob: Sendable {
  package enum Step: Equatable, Sendable {
    /// The call is filled. The answer is handed back with the token; `weight`: what it costs at that product.
    case ask(BinanceProduct, token: UInt32, weight: Int64)
    /// Answers are under way.
    case waiting
    /// All is told.
    case done
    /// Nothing more will be told: a key, a ban, or a question that was answered with errors again and again.
    case failed(BinanceVerdict)
  }

  package let request: VenueRequest
  private let scope: BinanceJobScope
  // One of them, by the kind of the request.
  private var orders: BinanceOrdersWork?
  private var fills: BinanceFillsWork?
  private var account: BinanceAccountWork?
  private var setting: BinanceSettingWork?
  private var questions = BinanceQuestions()
  private var failure: BinanceVerdict?
  private var end: Step?

  /// `nil` for a request that is one question, or none at all. `products`: those the account has a key for; `symbols`
  /// and `assets`: all that are registered. `utc`: now, by the venue's clock: what it reads counts as read up to then.
  package init?(
    _ request: VenueRequest, products: [BinanceProduct], symbols: [BinanceProduct: [Instrument]], assets: [AssetID],
    utc: UTCTime
  ) {
    let all = products.flatMap { product in
      (symbols[product] ?? []).filter { request.instrument.isNone || $0.id == request.instrument }
        .map { BinanceJobSymbol(product: product, instrument: $0) }
    }
    let scope = BinanceJobScope(request, products: products, symbols: all, assets: assets, begun: utc)
    switch request.kind {
    case .queryOpenOrders: orders = BinanceOrdersWork()
    case .queryFills: fills = BinanceFillsWork(scope, &questions)
    case .queryAccount: account = BinanceAccountWork()
    case .setLeverage, .setMarginMode, .deadman: setting = BinanceSettingWork(scope, &questions)
    case .newOrder, .cancelOrder, .amendOrder, .queryOrder, nil: return nil
    }
    self.request = request
    self.scope = scope
  }

  /// Whether an answer to `later` says all that one to `earlier` would: whoever asks for fills behind a later place has
  /// those before it.
  package static func asksTheSame(_ earlier: VenueRequest, _ later: VenueRequest) -> Bool {
    // The low bits say what the end of an answer completes.
    let isForTheSame = earlier.requestID >> 62 == later.requestID >> 62 && earlier.requestID & 7 == later.requestID & 7
    let isBehind = later.kind == .queryFills && later.venueOrder.low >= earlier.venueOrder.low
    return isForTheSame && earlier.kindRaw == later.kindRaw && earlier.account == later.account
      && earlier.instrument == later.instrument && (isBehind || earlier.venueOrder == later.venueOrder)
      && earlier.expiresAt == later.expiresAt && earlier.leverage == later.leverage
      && earlier.marginModeRaw == later.marginModeRaw
  }

  // MARK: Turns

  /// What to do next; at most three questions are under way at once. To be called again after every answer, also to the
  /// last one: what was read is told then.
  package mutating func next(
    now: EngineTime, into call: inout BinanceCall, _ emit: (VenueEvent) -> Void
  ) -> Step {
    if let end { return end }
    while failure == nil {
      fills?.tell(scope, isOver: false, emit)
      if let asked = questions.next() {
        if let weight = asked.question.write(scope, now: now, into: &call) {
          return .ask(asked.question.product(scope), token: asked.token, weight: weight)
        }
        // It was to be done until then.
        failure = BinanceVerdict(.refused, code: 0)
        break
      }
      guard questions.isEmpty else { return .waiting }
      failure = setting?.refusal
      let hasMore = orders?.proceed(scope, &questions) ?? account?.proceed(scope, &questions) ?? false
      if !hasMore { break }
    }
    return finish(emit)
  }

  private mutating func finish(_ emit: (VenueEvent) -> Void) -> Step {
    var last = VenueEvent(.reportEnd, to: request)
    // Of fills and orders each counts by itself; balances are compared as a whole.
    fills?.tell(scope, isOver: true, emit)
    if let fills { (last.quantity, last.trade) = (fills.count, fills.place) }
    if let orders { last.quantity = orders.tell(scope, emit) }
    if failure == nil { account?.tell(scope, emit) }
    if let setting { last = setting.accepted(scope) }
    if let failure {
      last = VenueEvent(.rejected, to: request)
      last.code = failure.code
      last.remedyRaw = (failure.remedy ?? .throttled).rawValue
      last.retryAfterNanoseconds = failure.retryAfterNanoseconds
    }
    emit(last)
    questions.removeAll()
    let step = failure.map { Step.failed($0) } ?? .done
    end = step
    return step
  }

  // MARK: Answers

  /// What was asked under the token is answered. `reading` and `memory` are those of the product that was asked. Returns
  /// why an answer could not be read, or that the venue does not know a symbol.
  package mutating func take(
    _ answer: BinanceAnswer, token: UInt32, _ reading: borrowing BinanceReading, memory: inout BinanceAccountMemory,
    orders: inout BinanceOrderIDs, retryAfterSeconds: Int64 = 0, utc: UTCTime
  ) -> BinanceProblem? {
    guard let question = questions.find(token) else { return nil }
    guard answer.isGood, let result = answer.result else {
      let verdict = answer.verdict(reading.product, retryAfterSeconds: retryAfterSeconds, now: utc)
      return refused(question, token, verdict)
    }
    do throws(BinanceProblem) {
      try self.orders?.take(question, result, scope, reading, &orders, &questions)
      try fills?.take(question, result, scope, reading, &orders, &questions)
      try account?.take(question, result, scope, reading, &memory)
      try setting?.take(question, result, scope, &memory)
      questions.remove(token)
      return nil
    } catch {
      if !questions.fail(token) { failure = BinanceVerdict(.outcomeUnknown, code: 0) }
      return error
    }
  }

  private mutating func refused(
    _ question: BinanceQuestion, _ token: UInt32, _ verdict: BinanceVerdict
  ) -> BinanceProblem? {
    switch verdict.meaning {
    case .throttled:
      // The budget knows how long to wait; it says nothing about the question.
      questions.lose(token)
      return nil
    case .notNow, .clock, .outcomeUnknown:
      if !questions.fail(token) { failure = verdict }
      return nil
    case .banned, .key:
      failure = verdict
      return nil
    case .refused, .unknownOrder, .closed, .unchanged: break
    }
    let isDealtWith =
      orders?.refused(question, verdict, scope) ?? fills?.refused(question, verdict, scope)
      ?? (setting != nil && verdict.meaning == .unchanged)
    questions.remove(token)
    if isDealtWith { return nil }
    if setting == nil, let place = question.place, verdict.code == Self.unknownSymbol {
      // It is not listed any more: nothing can be read or stands there.
      return .unknownSymbol(scope.symbols[place].instrument.native.description)
    }
    failure = verdict
    return nil
  }

  private static let unknownSymbol: Int32 = -1121

  /// No answer will come: the question is asked again when `next` is called.
  package mutating func lost(token: UInt32) { questions.lose(token) }
}
