/// What is asked by REST, and what becomes of the answers.
extension BinanceMarket {
  /// The next thing to ask, in the place of what `call` holds; it takes no key. The answer is told with ``take(_:to:now:)``,
  /// and that none will come with ``lost(_:now:)``.
  package func nextQuestion(now: EngineTime, into call: inout BinanceCall) -> MarketQuestion? {
    self.now = now
    if now >= topsDue { return askTops(&call) }
    if let place = books.firstIndex(where: { now >= $0.asksAt }) { return askDepth(place, &call) }
    return now >= intervalsDue ? askIntervals(&call) : nil
  }

  package func take(_ answer: BinanceAnswer, to question: MarketQuestion, now: EngineTime) {
    self.now = now
    guard answer.isGood, let result = answer.result else {
      if question.kind == .tops, answer.error?["code"]?.integer(as: Int64.self) == Self.badSymbol {
        asksForAllTops = true
      }
      return lost(question, now: now)
    }
    switch question.kind {
    case .tops: takeTops(result, question)
    case .intervals: takeIntervals(result, question)
    case .depth(let instrument, let limit): takeDepth(result, of: instrument, limit, question)
    }
  }

  package func lost(_ question: MarketQuestion, now: EngineTime) {
    self.now = now
    switch question.kind {
    case .tops: if tops.underWay == question.number { tops.fail(at: now, &random) }
    case .intervals: if intervals.underWay == question.number { intervals.fail(at: now, &random) }
    case .depth(let instrument, _):
      guard let place = place(of: instrument), books[place].asking.underWay == question.number else { return }
      books[place].asking.fail(at: now, &random)
    }
  }

  private func question(_ kind: MarketQuestion.Kind, weight: Int64) -> MarketQuestion {
    questionNumber &+= 1
    return MarketQuestion(kind: kind, number: questionNumber, askedAt: now, weight: weight)
  }

  // MARK: Best prices

  /// Best prices come over their stream when they change. They are asked for where none has come yet, where the stream
  /// is quiet, and where it is in doubt.
  var topsDue: EngineTime {
    guard tops.underWay == nil, links.contains(where: { $0.line == .book && $0.isReady }), !instruments.isEmpty else {
      return .never
    }
    var due = lines[.book].wantsTops ? .zero : lines[.book].provenAt.advanced(byNanoseconds: Self.quiet)
    for number in doubted where rows[Int(number)].divergedAt != .zero {
      due = min(due, rows[Int(number)].divergedAt.advanced(byNanoseconds: Self.divergenceAsks))
    }
    return max(due, tops.opensAt)
  }

  private static let badSymbol: Int64 = -1_121

  /// More names than this are not listed in a question.
  private static let namesMax = 100

  private func askTops(_ call: inout BinanceCall) -> MarketQuestion {
    call.begin(product == .spot ? SpotEndpoint.bookTicker : FuturesEndpoint.bookTicker)
    var weight: Int64 = product == .spot ? 4 : 5
    if instruments.count == 1, !asksForAllTops {
      call.parameters.add("symbol", instruments[0].native)
      weight = 2
    } else if product == .spot, instruments.count <= Self.namesMax, !asksForAllTops {
      call.parameters.add("symbols", "[\"" + instruments.map(\.native.description).joined(separator: "\",\"") + "\"]")
    }
    let question = question(.tops, weight: weight)
    tops.begin(question.number)
    return question
  }

  private func takeTops(_ result: JSONValue, _ question: MarketQuestion) {
    guard tops.underWay == question.number else { return }
    tops.succeed(at: now, restNanoseconds: Self.quiet)
    lines[.book].wantsTops = false
    for row in result.isArray ? result.elements : [result] {
      if let ticker = try? TickerReader.answer(row, names) { confirm(ticker, askedAt: question.askedAt) }
    }
    lines[.book].provenAt = max(lines[.book].provenAt, question.askedAt)
  }

  // MARK: Funding

  var intervalsDue: EngineTime { wantsIntervals && intervals.underWay == nil ? intervals.opensAt : .never }

  private func askIntervals(_ call: inout BinanceCall) -> MarketQuestion {
    call.begin(FuturesEndpoint.fundingInfo)
    let question = question(.intervals, weight: 1)
    intervals.begin(question.number)
    return question
  }

  /// Only contracts that differ from the usual eight hours are listed.
  private func takeIntervals(_ result: JSONValue, _ question: MarketQuestion) {
    guard intervals.underWay == question.number else { return }
    guard result.isArray else { return lost(question, now: now) }
    intervals.succeed(at: now)
    wantsIntervals = false
    let hour: Int64 = 3_600_000_000_000
    for instrument in instruments { rows[instrument.id.index].interval = 8 * hour }
    for row in result.elements {
      guard let symbol = try? row.symbol("symbol", names),
        let hours = row["fundingIntervalHours"]?.integer(as: Int64.self),
        (1...24).contains(hours)
      else { continue }
      rows[symbol.instrument.index].interval = hours * hour
    }
  }

  // MARK: Books

  private func askDepth(_ place: Int, _ call: inout BinanceCall) -> MarketQuestion {
    call.begin(product == .spot ? SpotEndpoint.depth : FuturesEndpoint.depth)
    let limit = books[place].wantedLimit
    call.parameters.add("symbol", books[place].instrument.native)
    call.parameters.add("limit", Int64(limit))
    let isSpot = product == .spot
    let weight: Int64 = limit <= 100 ? 5 : limit <= 500 ? isSpot ? 25 : 10 : isSpot ? 50 : 20
    let question = question(.depth(books[place].instrument.id, limit: limit), weight: weight)
    books[place].limit = limit
    books[place].asking.begin(question.number)
    return question
  }

  private func takeDepth(_ result: JSONValue, of instrument: InstrumentID, _ limit: Int, _ question: MarketQuestion) {
    guard let place = place(of: instrument), books[place].asking.underWay == question.number else { return }
    do throws(BinanceProblem) {
      try DepthReader.snapshot(result, BinanceSymbol(books[place].instrument), into: &snapshot)
    } catch {
      return lost(question, now: now)
    }
    guard books[place].book.take(snapshot: snapshot, limit: limit) == .applied else {
      count { $0.resyncs += 1 }
      return books[place].asking.fail(at: now, &random)
    }
    books[place].liveAt = now
    books[place].asking.succeed(at: now)
  }
}
