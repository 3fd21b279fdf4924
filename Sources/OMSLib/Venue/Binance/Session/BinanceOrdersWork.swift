/// `queryOpenOrders`: what is open at the engine and at the algo service, and on demand what has ended since a time.
///
/// A conditional order of futures is the algo service's until it is triggered; then the engine has an order with another
/// number. Both are one order here: it is told once, under the id that it was placed with.
struct BinanceOrdersWork: Sendable {
  private enum Phase: Int, Sendable {
    case notBegun, algos, open, history, algoHistory, triggered, over
  }

  /// An order of the algo service.
  private struct Algo: Sendable {
    var report: VenueEvent
    var number: UInt64
    /// The engine's order, once there is one.
    var engine = VenueReference.none
    /// Triggered: what has become of it is the engine's to say.
    var isTriggered = false
  }

  /// The venue forgets sooner or later; an order that ended before cannot be asked for.
  private static let reach: Int64 = 90 * 86_400_000

  private var phase = Phase.notBegun
  private var pages: [Int: BinancePages] = [:]
  private var reports: [BinanceOrderKey: VenueEvent] = [:]
  /// In the order in which they were found.
  private var keys: [BinanceOrderKey] = []
  private var algos: [Algo] = []
  /// Where in the list each number of the service is.
  private var algoPlaces: [UInt64: Int] = [:]

  // MARK: Questions

  /// The next round of questions: what waits for its trigger before what is open, so that an order that is triggered
  /// meanwhile is in one of both. `false`: there is none.
  mutating func proceed(_ scope: BinanceJobScope, _ questions: inout BinanceQuestions) -> Bool {
    while questions.isEmpty {
      guard let next = Phase(rawValue: phase.rawValue + 1), next != .over else { return false }
      phase = next
      switch next {
      case .notBegun, .over: break
      case .algos: askOpen(.usdm, isAlgo: true, scope, &questions)
      case .open: for product in scope.products { askOpen(product, isAlgo: false, scope, &questions) }
      case .history:
        for product in scope.products { askHistory(product, isAlgo: false, scope, &questions) }
      case .algoHistory: askHistory(.usdm, isAlgo: true, scope, &questions)
      case .triggered: askTriggered(scope, &questions)
      }
    }
    return true
  }

  private func askOpen(
    _ product: BinanceProduct, isAlgo: Bool, _ scope: BinanceJobScope, _ questions: inout BinanceQuestions
  ) {
    let places = scope.places(of: product)
    guard scope.products.contains(product), !places.isEmpty else { return }
    let single = BinanceQuestion.openOrders(product, ofAll: false) * Int64(places.count)
    let isAll = single >= BinanceQuestion.openOrders(product, ofAll: true)
    for place in isAll ? [nil] : places.map({ Optional($0) }) {
      questions.add(isAlgo ? .openAlgos(place) : .openOrders(product, place))
    }
  }

  private mutating func askHistory(
    _ product: BinanceProduct, isAlgo: Bool, _ scope: BinanceJobScope, _ questions: inout BinanceQuestions
  ) {
    guard scope.request.expiresAt != .zero, scope.products.contains(product) else { return }
    let now = scope.begun.milliseconds
    let first = min(now, max(scope.request.expiresAt.milliseconds, now - Self.reach))
    for place in scope.places(of: product) {
      let list = BinancePages(
        from: first, until: now, window: product.historyWindow, seesNewest: product == .spot)
      pages[place] = list
      if let page = list.next { questions.add(isAlgo ? .algos(place, page) : .orders(place, page)) }
    }
  }

  /// Orders of the engine that came from triggers and are in no list so far: they have just ended, or are about to
  /// appear.
  private func askTriggered(_ scope: BinanceJobScope, _ questions: inout BinanceQuestions) {
    for algo in algos where algo.isTriggered {
      guard let place = scope.place(of: algo.report.instrument),
        reports[BinanceOrderKey(algo.report.instrument, algo.engine.low)] == nil
      else { continue }
      questions.add(.order(place, algo.engine))
    }
  }

  // MARK: Answers

  mutating func take(
    _ question: BinanceQuestion, _ result: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ orders: inout BinanceOrderIDs, _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    switch question {
    case .openOrders: try takeOpen(result, scope, reading, &orders)
    case .openAlgos:
      for algo in try readAlgos(result, scope, reading) { note(algo, &orders) }
    case .orders(let place, _):
      let rows = try readOrders(result, scope, reading, &orders)
      try follow(place, rows.map { ($0.venueOrder.low, $0.placedAt) })
      for row in rows where isAskedFor(row, scope) { note(row) }
      if let page = pages[place]?.next { questions.add(.orders(place, page)) }
    case .algos(let place, _):
      let rows = try readAlgos(result, scope, reading)
      try follow(place, rows.map { ($0.number, $0.report.placedAt) })
      for algo in rows where algo.report.placedAt >= scope.request.expiresAt { note(algo, &orders) }
      if let page = pages[place]?.next { questions.add(.algos(place, page)) }
    case .order(_, let number):
      let report = try BinanceReport.order(result, reading)
      guard report.venueOrder == number else { throw .mismatch("orderId") }
      note(report)
    default: preconditionFailure("a question that this does not ask")
    }
  }

  /// The engine's order of a trigger is gone: it ended without having traded.
  mutating func refused(_ question: BinanceQuestion, _ verdict: BinanceVerdict, _ scope: BinanceJobScope) -> Bool {
    guard case .order(let place, let number) = question, verdict.meaning == .unknownOrder,
      var report = algos.first(where: {
        $0.engine == number && $0.report.instrument == scope.symbols[place].instrument.id
      })?.report
    else { return false }
    report.venueOrder = number
    report.cumulative = 0
    report.statusRaw = VenueEvent.ReportedStatus.cancelled.rawValue
    note(report)
    return true
  }

  private mutating func takeOpen(
    _ result: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ orders: inout BinanceOrderIDs
  ) throws(BinanceProblem) {
    for row in try readOrders(result, scope, reading, &orders) { note(row) }
  }

  private func readOrders(
    _ rows: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading, _ orders: inout BinanceOrderIDs
  ) throws(BinanceProblem) -> [VenueEvent] {
    var found: [VenueEvent] = []
    for row in try Self.known(rows, scope, reading) {
      var report = try BinanceReport.order(row, reading)
      // The link between trigger and order may be known from the stream.
      if let known = orders.find(report.venueOrder, report.instrument) {
        report.wireID = known.wireID
      } else {
        orders.note(report)
      }
      found.append(report)
    }
    return found
  }

  private func readAlgos(
    _ rows: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading
  ) throws(BinanceProblem) -> [Algo] {
    var found: [Algo] = []
    for row in try Self.known(rows, scope, reading) {
      var algo = Algo(report: try BinanceReport.order(row, reading), number: try row.reference("algoId").low)
      let status = BinanceAlgoStatus(word: try row.word("algoStatus"))
      algo.isTriggered = status == .triggered || status == .finished
      if algo.isTriggered {
        guard let text = row["actualOrderId"]?.string, let number = UInt64(text), number > 0 else {
          throw .member("actualOrderId")
        }
        algo.engine = VenueReference(number)
      }
      found.append(algo)
    }
    return found
  }

  /// Rows about symbols of the job; of others nothing can be said here.
  private static func known(
    _ rows: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading
  ) throws(BinanceProblem) -> [JSONValue] {
    guard rows.isArray else { throw .member("orders") }
    var found: [JSONValue] = []
    for row in rows.elements {
      guard let symbol = reading.names.symbol(try row.word("symbol")) else { continue }
      if scope.place(of: symbol.instrument) != nil { found.append(row) }
    }
    return found
  }

  private mutating func follow(_ place: Int, _ rows: [(number: UInt64, time: UTCTime)]) throws(BinanceProblem) {
    func mark(_ row: (number: UInt64, time: UTCTime)?) -> BinancePages.Mark? {
      row.map { BinancePages.Mark(number: $0.number, time: $0.time.milliseconds) }
    }
    let (first, last) = (rows.min { $0.number < $1.number }, rows.max { $0.number < $1.number })
    let isLeading = pages[place]?.take(count: Int64(rows.count), first: mark(first), last: mark(last)) ?? true
    guard isLeading else { throw .mismatch("orders") }
  }

  private func isAskedFor(_ report: VenueEvent, _ scope: BinanceJobScope) -> Bool {
    report.placedAt >= scope.request.expiresAt || reports[BinanceOrderKey(report)] != nil
  }

  /// What was read later is what counts.
  private mutating func note(_ report: VenueEvent) {
    let key = BinanceOrderKey(report)
    if reports.updateValue(report, forKey: key) == nil { keys.append(key) }
  }

  private mutating func note(_ algo: Algo, _ orders: inout BinanceOrderIDs) {
    orders.note(algo.engine, algo.report.instrument, algo.report.wireID)
    if let known = algoPlaces[algo.number] {
      algos[known] = algo
    } else {
      algoPlaces[algo.number] = algos.count
      algos.append(algo)
    }
  }

  // MARK: Telling

  /// All of it; returns how many there were.
  func tell(_ scope: BinanceJobScope, _ emit: (VenueEvent) -> Void) -> Int64 {
    var all: [VenueEvent] = []
    var links: [BinanceOrderKey: VenueEvent] = [:]
    for algo in algos {
      if algo.isTriggered {
        links[BinanceOrderKey(algo.report.instrument, algo.engine.low)] = algo.report
      } else {
        all.append(algo.report)
      }
    }
    for key in keys {
      guard var report = reports[key] else { continue }
      if let placed = links[key] {
        report.wireID = placed.wireID
        report.placedAt = placed.placedAt
      }
      all.append(report)
    }
    for var report in all {
      report.requestID = scope.request.requestID
      emit(report)
    }
    return Int64(all.count)
  }
}
