/// `queryFills`: trades of all symbols since a time, told in the order of their times.
///
/// Numbers of trades are a symbol's own, so the place to go on from is a time: milliseconds of the venue's clock. Trades
/// name their orders by the engine's numbers; what is not known by one is asked for. Funding that was paid meanwhile is
/// told as well, under the names that the stream gives it.
struct BinanceFillsWork: Sendable {
  /// A place that is older than this moves on. It stays where it is else: an account that trades without end would
  /// never be read to its end, since whoever is told of a new place asks again from there.
  private static let placeAge: Int64 = 600_000
  /// Lists lag behind the engine, of orders more than of trades. What is newer is read again the next time.
  private static let lag: Int64 = 60_000
  /// The venue's lists of trades of futures reach back three months.
  private static let futuresReach: Int64 = 89 * 86_400_000
  /// Funding is paid on full hours, and may be listed some minutes later.
  private static let fundingInterval: Int64 = 3_600_000
  private static let fundingDelay: Int64 = 600_000
  /// So many are told before all are here; from then on order of time holds among these only.
  private static let heldMax = 4_096
  /// Orders that cost less one by one than by the list of them.
  private static let singleMax = 5

  private let from: Int64
  private var pages: [Int: BinancePages] = [:]
  private var fills: [VenueEvent] = []
  /// What the engine's numbers stand for.
  private var ids: [BinanceOrderKey: (wireID: Text32, isForced: Bool)] = [:]
  /// Of each symbol: numbers that stand for something unknown yet.
  private var unknown: [Int: Set<UInt64>] = [:]
  /// Orders that the venue says it does not know.
  private var absent: Set<BinanceOrderKey> = []
  private let newest: Int64
  private var fundingPages: BinancePages?
  /// The venue's numbers of payments that were read.
  private var payments: Set<UInt64> = []
  private var paid: [VenueEvent] = []
  private(set) var count: Int64 = 0
  let place: VenueReference

  /// Without a place nothing is known of the account: what it traded until now is in the balances that its ledger opens
  /// with.
  init(_ scope: BinanceJobScope, _ questions: inout BinanceQuestions) {
    let now = scope.begun.milliseconds
    // What is no time of our age is no place.
    let asked = UTCTime(milliseconds: Int64(clamping: scope.request.venueOrder.low))?.milliseconds
    from = asked ?? now - Self.placeAge
    newest = now - Self.lag
    // Whoever is told of a place asks for all symbols from there.
    let moves = scope.request.instrument.isNone && (asked ?? 0) < now - Self.placeAge
    place = VenueReference(UInt64(max(0, moves ? newest : asked ?? 0)))
    if let asked { askForFunding(since: asked, now, scope, &questions) }
    for index in scope.symbols.indices {
      let isSpot = scope.symbols[index].product == .spot
      let first = isSpot ? from : max(from, now - Self.futuresReach)
      let window = scope.symbols[index].product.historyWindow
      let list = BinancePages(from: first, until: max(now, first), window: window, seesNewest: isSpot)
      pages[index] = list
      if let page = list.next { questions.add(.trades(index, page)) }
    }
  }

  private mutating func askForFunding(
    since asked: Int64, _ now: Int64, _ scope: BinanceJobScope, _ questions: inout BinanceQuestions
  ) {
    let first = max(asked - Self.fundingDelay, now - Self.futuresReach)
    let wasPaid = now / Self.fundingInterval > (first - 1) / Self.fundingInterval
    guard wasPaid, !scope.places(of: .usdm).isEmpty else { return }
    let list = BinancePages(
      from: first, until: now, window: BinanceProduct.usdm.historyWindow, seesNewest: false)
    fundingPages = list
    if let page = list.next { questions.add(.funding(page)) }
  }

  // MARK: Answers

  mutating func take(
    _ question: BinanceQuestion, _ result: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ orders: inout BinanceOrderIDs, _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    switch question {
    case .trades(let index, _): try takeTrades(result, index, scope, reading, orders, &questions)
    case .funding: try takeFunding(result, scope, reading, &questions)
    case .orders(let index, .behind(let number)):
      try takeOrders(result, index, number, scope, reading, &orders, &questions)
    case .order(let index, let number):
      let event = try BinanceReport.order(result, reading)
      guard event.venueOrder == number else { throw .mismatch("orderId") }
      note(event, try result.clientID("clientOrderId"), index, &orders)
      unknown[index]?.remove(number.low)
    default: preconditionFailure("a question that this does not ask")
    }
  }

  /// An order that the venue has forgotten: its trades belong to nobody here. Of a new one the list may know later.
  mutating func refused(_ question: BinanceQuestion, _ verdict: BinanceVerdict, _ scope: BinanceJobScope) -> Bool {
    guard case .order(let index, let number) = question, verdict.meaning == .unknownOrder else { return false }
    unknown[index]?.remove(number.low)
    absent.insert(BinanceOrderKey(scope.symbols[index].instrument.id, number.low))
    return true
  }

  private mutating func takeTrades(
    _ result: JSONValue, _ index: Int, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ orders: borrowing BinanceOrderIDs, _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    var rows: [VenueEvent] = []
    _ = try BinanceReport.trades(result, of: scope.symbols[index].symbol, reading) { rows.append($0) }
    try follow(index, rows, &questions)
    var asked: Set<UInt64> = []
    for var fill in rows where fill.venueTime.milliseconds >= from {
      fill.requestID = scope.request.requestID
      let key = BinanceOrderKey(fill)
      if let known = ids[key] ?? orders.find(fill.venueOrder, fill.instrument) {
        ids[key] = known
      } else if unknown[index, default: []].insert(key.number).inserted {
        asked.insert(key.number)
      }
      fills.append(fill)
    }
    ask(for: asked, index, &questions)
  }

  /// Two positions of a symbol are paid for apart; the stream's name of a payment is one for both.
  private mutating func takeFunding(
    _ result: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    guard result.isArray else { throw .member("income") }
    var marks: [BinancePages.Mark] = []
    var found = paid
    for row in result.elements {
      let mark = BinancePages.Mark(
        number: try row.reference("tranId").low, time: try row.time("time").milliseconds)
      marks.append(mark)
      guard var payment = try FuturesAccountReader.payment(row, reading), !payments.contains(mark.number),
        scope.place(of: payment.instrument) != nil
      else { continue }
      payment.requestID = scope.request.requestID
      if let known = found.firstIndex(where: { Self.place(of: $0) == Self.place(of: payment) }) {
        found[known].fee += payment.fee
      } else {
        found.append(payment)
      }
    }
    let (first, last) = (marks.min { $0.time < $1.time }, marks.max { $0.time < $1.time })
    guard var list = fundingPages, list.take(count: Int64(marks.count), first: first, last: last) else {
      throw .mismatch("income")
    }
    fundingPages = list
    for mark in marks { payments.insert(mark.number) }
    paid = found
    if let page = list.next { questions.add(.funding(page)) }
  }

  private mutating func follow(
    _ index: Int, _ rows: [VenueEvent], _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    func mark(_ event: VenueEvent?) -> BinancePages.Mark? {
      event.map { BinancePages.Mark(number: $0.trade.low, time: $0.venueTime.milliseconds) }
    }
    guard var list = pages[index] else { return }
    let first = mark(rows.min { $0.trade.low < $1.trade.low })
    let last = mark(rows.max { $0.trade.low < $1.trade.low })
    guard list.take(count: Int64(rows.count), first: first, last: last) else { throw .mismatch("trades") }
    pages[index] = list
    if let page = list.next { questions.add(.trades(index, page)) }
  }

  // MARK: Orders

  private mutating func ask(for numbers: Set<UInt64>, _ index: Int, _ questions: inout BinanceQuestions) {
    guard let first = numbers.min() else { return }
    if numbers.count > Self.singleMax { return questions.addUrgent(.orders(index, .behind(first))) }
    for number in numbers.sorted() { questions.addUrgent(.order(index, VenueReference(number))) }
  }

  /// The list from an order's number on: what it leaves out, although it is about it, is asked for by itself.
  private mutating func takeOrders(
    _ result: JSONValue, _ index: Int, _ number: UInt64, _ scope: BinanceJobScope,
    _ reading: borrowing BinanceReading, _ orders: inout BinanceOrderIDs, _ questions: inout BinanceQuestions
  ) throws(BinanceProblem) {
    guard result.isArray else { throw .member("orders") }
    let wanted = unknown[index] ?? []
    var last = number
    for row in result.elements {
      let event = try BinanceReport.order(row, reading)
      last = max(last, event.venueOrder.low)
      guard wanted.contains(event.venueOrder.low) else { continue }
      note(event, try row.clientID("clientOrderId"), index, &orders)
      unknown[index]?.remove(event.venueOrder.low)
    }
    if result.count < Int(BinancePages.rowMax) { last = .max }
    let left = (unknown[index] ?? []).filter { $0 >= number }
    for number in left.filter({ $0 <= last }).sorted() { questions.addUrgent(.order(index, VenueReference(number))) }
    ask(for: left.filter { $0 > last }, index, &questions)
  }

  private mutating func note(
    _ event: VenueEvent, _ client: Text64, _ index: Int, _ orders: inout BinanceOrderIDs
  ) {
    let isForced = FuturesEnd.isForced(client)
    orders.note(event.venueOrder, event.instrument, event.wireID, isForced: isForced)
    ids[BinanceOrderKey(event)] = (event.wireID, isForced)
  }

  // MARK: Telling

  /// Tells what is complete: at the end, and before that when there is too much to be kept.
  mutating func tell(_ scope: BinanceJobScope, isOver: Bool, _ emit: (VenueEvent) -> Void) {
    guard isOver || fills.count >= Self.heldMax && unknown.values.allSatisfy(\.isEmpty) else { return }
    if isOver {
      fills += paid
      paid.removeAll()
    }
    fills.sort { Self.place(of: $0) < Self.place(of: $1) }
    var last: VenueEvent?
    for var fill in fills {
      // Pages overlap. Both sides of a trade may be the account's own.
      if let last, Self.place(of: last) == Self.place(of: fill) { continue }
      last = fill
      let key = BinanceOrderKey(fill)
      if fill.kind == .funding {
        emit(fill)
        continue
      }
      if let order = ids[key] {
        fill.wireID = order.wireID
        fill.isForced = order.isForced ? 1 : 0
      } else if !absent.contains(key) || fill.venueTime.milliseconds >= newest {
        // Told without its order it would never be credited to it.
        continue
      }
      count += 1
      emit(fill)
    }
    fills.removeAll(keepingCapacity: true)
  }

  private static func place(of fill: VenueEvent) -> (Int64, UInt8, UInt16, UInt64, UInt8) {
    (fill.venueTime.nanoseconds, fill.kindRaw, fill.instrument.number, fill.trade.low, fill.sideRaw)
  }
}
