/// An account at one product: its own limits, what the venue said of it last, and whether its news come.
///
/// Owner: the face that it belongs to.
final class BinanceSeat {
  let account: AccountID
  /// Orders in an interval; the venue counts them per account.
  var orders: RateBudget
  var memory = BinanceAccountMemory()
  var watch: BinanceSettingsWatch
  /// Its news come over the link that is in use.
  var isHeard = false
  /// What was refused is not asked for again before this.
  var retryAt = EngineTime.zero
  /// USD-M: under which its news are streamed; empty where there is none.
  var listenKey = Text64()
  /// USD-M: when the key is to be asked for, or prolonged.
  var renewAt = EngineTime.zero
  /// USD-M: a question for the key is under way.
  var asksForKey = false

  init(_ account: AccountID, orders: RateBudget, watch: BinanceSettingsWatch) {
    self.account = account
    self.orders = orders
    self.watch = watch
  }
}

/// One of the links that bring news of accounts: whose it brings.
final class BinanceUserLink {
  enum Stage: UInt8 {
    case none
    case asked
    case heard
    /// Not now; the others need not wait for it.
    case refused
  }

  let wire: UInt32
  /// By seat.
  var stages: [Stage] = []
  /// Spot: seats by the venue's numbers of subscriptions.
  var subscriptions: [Int64: Int] = [:]
  /// USD-M: the key that was subscribed for a seat.
  var keys: [Text64] = []
  /// USD-M: seats of each question that is not answered, by its number.
  var questions: [UInt64: [Int]] = [:]
  var nextQuestion: UInt64 = 1
  /// USD-M: seats by the keys that were subscribed.
  private(set) var seats: [Text64: Int] = [:]
  /// There is somebody to ask for, or all may have been answered; what happens to one of them wakes it.
  var asksAt = EngineTime.zero
  /// Until then what was asked has to be answered.
  private(set) var answersBy = EngineTime.never

  init(_ wire: UInt32) { self.wire = wire }

  /// A link over which an answer was lost, or could not be read, brings news that nobody can tell whose they are.
  private static let answerNanoseconds: Int64 = 5_000_000_000

  func expectAnswers(from now: EngineTime) {
    answersBy = min(answersBy, now.advanced(byNanoseconds: Self.answerNanoseconds))
  }

  func noteAnswer(at now: EngineTime) {
    answersBy = .never
    if stages.contains(.asked) { expectAnswers(from: now) }
  }

  /// `true`, once: another link has to take its place.
  func takesTooLong(at now: EngineTime) -> Bool {
    guard now >= answersBy else { return false }
    answersBy = .never
    return true
  }

  func wake() { asksAt = .zero }

  /// Accounts may come later than the link.
  func cover(_ count: Int) {
    while stages.count < count {
      stages.append(.none)
      keys.append(Text64())
    }
  }

  func subscribe(_ key: Text64, seat: Int) {
    if !keys[seat].isEmpty { seats[keys[seat]] = nil }
    keys[seat] = key
    seats[key] = seat
    stages[seat] = .asked
  }
}

/// One address of public streams.
final class BinanceStreamLine {
  let line: BinanceMarket.Line
  let socket: SocketLine
  /// Its links that were opened and are not down.
  var open: [UInt32] = []

  init(_ line: BinanceMarket.Line, _ socket: SocketLine) {
    self.line = line
    self.socket = socket
  }
}

/// Why a request went over HTTP.
enum BinanceErrand {
  case time(sent: UTCTime)
  case order(VenueRequest, charge: RateBudget.Charge?, accountCharge: RateBudget.Charge?, tag: UInt8)
  case listenKey(seat: Int, isRenewal: Bool)
  case market(MarketQuestion, RateBudget.Charge)
  case fact(seat: Int, token: UInt32, RateBudget.Charge)
  case job(AccountID, number: UInt32, token: UInt32, RateBudget.Charge)
}

/// One product of an exchange: its links and the number of each, its clock, limits, names and accounts.
///
/// Owner: the venue it belongs to.
final class BinanceFace {
  /// Of the numbers of lines: each product has eight.
  enum Line: UInt32, CaseIterable {
    case orders = 1
    case user = 2
    case books = 3
    case market = 4
    case rest = 5
  }

  /// Answers may be so many at one time.
  private static let pendingMax = 1 << 12
  private static let restConnections = 4

  let product: BinanceProduct
  let settings: BinanceProductSettings
  /// `nil`: orders go by HTTP only.
  let orders: SocketLine?
  let user: SocketLine
  let rest: RestLine
  let market: BinanceMarket
  let streams: [BinanceStreamLine]
  /// The venue wants silence: what the market has to say waits until `marketAsksAt`.
  var isMarketSilent = false
  /// Before this the limits have no room for questions about the market.
  var marketAsksAt = EngineTime.zero
  var pending: PendingRequests
  var errands: [UInt64: BinanceErrand] = [:]
  var nextErrand: UInt64 = 1
  var userLinks: [BinanceUserLink] = []
  /// USD-M: when the next key of a stream is to be asked for or prolonged.
  var keysAt = EngineTime.zero
  /// Opened for orders, and not confirmed yet.
  var readyOrders: UInt32?
  /// Opened for orders, and to be logged on once the venue's time is known.
  var waitsForTime: UInt32?
  /// Links that are logged on, and as whom: requests of that account carry no key.
  var loggedOn: [(wire: UInt32, account: AccountID)] = []

  var clock = VenueClock()
  var nextTimeAt = EngineTime.zero
  var asksTime = false
  /// The last question over HTTP was answered.
  var isRestAlive = false
  /// What its accounts were told.
  var wasOpen = false
  var weight: RateBudget
  var names = BinanceNames()
  var orderIDs = BinanceOrderIDs()
  private(set) var instruments: [Instrument] = []
  private var instrumentPlaces: [UInt16]
  private(set) var seats: [BinanceSeat] = []
  private var seatPlaces: [UInt16]
  private let accountLimits: [RateLimit]
  private let cancelReserve: Rate
  private let began: EngineTime

  init(
    _ product: BinanceProduct, _ own: BinanceProductSettings, _ all: BinanceVenueSettings, seed: SplitMix64,
    now: EngineTime
  ) {
    self.product = product
    began = now
    settings = own
    let backoff = all.backoff
    func number(_ line: Line) -> UInt32 { Self.number(product, line) }
    orders =
      all.entersOrdersByWebSocket
      ? SocketLine(
        own.orders.host, target: own.orders.path, line: number(.orders), settings: .orders(backoff),
        waitsForConfirmation: true, seed: seed.stream(1), now: now) : nil
    let target = product == .spot ? own.user.path : own.user.path + "/stream"
    user = SocketLine(
      own.user.host, target: target, line: number(.user), settings: .orders(backoff), waitsForConfirmation: true,
      seed: seed.stream(2), now: now)
    var calls = RestLine.Settings(backoff)
    calls.patienceNanoseconds = all.questionPatienceNanoseconds
    calls.connectionMax = Self.restConnections
    rest = RestLine(own.rest.host, line: number(.rest), settings: calls, seed: seed.stream(3), now: now)
    market = BinanceMarket(product, seed: seed.stream(4), now: now)
    streams = BinanceMarket.lines(of: product).map { line in
      let address = line == .book ? own.books : own.market
      let socket = SocketLine(
        address.host, target: address.path + BinanceMarket.target, line: number(line == .book ? .books : .market),
        settings: .market(backoff), waitsForConfirmation: true, seed: seed.stream(5 + UInt64(line.rawValue)), now: now)
      return BinanceStreamLine(line, socket)
    }
    pending = PendingRequests(capacity: Self.pendingMax, patienceNanoseconds: all.answerPatienceNanoseconds)
    cancelReserve = all.cancelReserve
    weight = RateBudget(own.limits.filter { $0.kind == .weight }, cancelReserve: all.cancelReserve)
    accountLimits = own.limits.filter { $0.kind == .orders }
    instrumentPlaces = Array(repeating: 0, count: Limits.instrumentCount + 1)
    seatPlaces = Array(repeating: 0, count: Limits.accountCount + 1)
  }

  private static func number(_ product: BinanceProduct, _ line: Line) -> UInt32 {
    (product == .spot ? 0 : 8) + line.rawValue
  }

  /// Which of its lines a wire is one of.
  func line(of wire: UInt32) -> Line? {
    let number = wire >> SocketLine.lineShift
    let base: UInt32 = product == .spot ? 0 : 8
    return number > base && number < base + 8 ? Line(rawValue: number - base) : nil
  }

  // MARK: Names

  func register(_ rules: Instrument) {
    names.add(rules)
    market.add(rules)
    let place = Int(instrumentPlaces[rules.id.index])
    if place > 0 {
      instruments[place - 1] = rules
    } else {
      instruments.append(rules)
      for seat in seats { seat.watch.add(rules, now: began) }
      instrumentPlaces[rules.id.index] = UInt16(instruments.count)
    }
  }

  func has(_ id: InstrumentID) -> Bool { id.index < instrumentPlaces.count && instrumentPlaces[id.index] > 0 }

  func instrument(_ id: InstrumentID) -> Instrument? {
    guard has(id) else { return nil }
    return instruments[Int(instrumentPlaces[id.index]) - 1]
  }

  func register(account: AccountID) {
    guard account.index < seatPlaces.count, seatPlaces[account.index] == 0 else { return }
    var watch = BinanceSettingsWatch(product, now: began)
    for instrument in instruments { watch.add(instrument, now: began) }
    seats.append(
      BinanceSeat(account, orders: RateBudget(accountLimits, cancelReserve: cancelReserve), watch: watch))
    seatPlaces[account.index] = UInt16(seats.count)
    keysAt = .zero
    wakeUserLinks()
  }

  func seat(of account: AccountID) -> Int? {
    guard account.index < seatPlaces.count, seatPlaces[account.index] > 0 else { return nil }
    return Int(seatPlaces[account.index]) - 1
  }

  // MARK: State

  /// The venue's time as far as is known.
  func time(at utc: UTCTime) -> UTCTime { clock.time(at: utc) }

  var knowsTime: Bool { clock.best != nil }

  /// Orders can be entered, by one way or the other.
  var isOpen: Bool { knowsTime && (orders?.inUse != nil || isRestAlive && !rest.isFailing) }

  func wakeUserLinks() {
    for link in userLinks { link.wake() }
  }

  func userLink(_ wire: UInt32) -> BinanceUserLink? { userLinks.first { $0.wire == wire } }

  func reading(_ account: AccountID) -> BinanceReading { BinanceReading(product, account, names) }

  /// Gives back what a request that was answered, or never will be, had taken.
  func settle(_ charge: RateBudget.Charge?, _ account: RateBudget.Charge?, _ seat: Int?, isFree: Bool, at utc: UTCTime)
  {
    let time = time(at: utc)
    if let charge { weight.settle(charge, isFree: isFree, at: time) }
    if let account, let seat { seats[seat].orders.settle(account, at: time) }
  }

  /// What an answer says about limits and clocks, whatever it was asked.
  func note(
    _ answer: BinanceAnswer, seat: Int?, retryAfterSeconds: Int64, at utc: UTCTime, now: EngineTime
  ) {
    let time = time(at: utc)
    note(answer.usages, seat: seat, at: time)
    guard !answer.isGood else { return }
    let verdict = answer.verdict(product, retryAfterSeconds: retryAfterSeconds, now: time)
    let until = UTCTime(nanoseconds: time.nanoseconds + verdict.retryAfterNanoseconds)
    switch verdict.meaning {
    case .banned: weight.close(until: until)
    // Too many orders is the account's own affair, too much weight that of all behind the address.
    case .throttled where verdict.code == Self.tooManyOrders: if let seat { seats[seat].orders.close(until: until) }
    case .throttled: weight.close(until: until)
    case .clock:
      clock.forget()
      nextTimeAt = now
    default: break
    }
  }

  private static let tooManyOrders: Int32 = -1015

  func note(_ usages: [BinanceUsage], seat: Int?, at time: UTCTime) {
    for usage in usages {
      let interval = usage.intervalSeconds * 1_000_000_000
      switch usage.kind {
      case .requestWeight: weight.note(used: usage.count, .weight, everyNanoseconds: interval, at: time)
      case .orders:
        if let seat { seats[seat].orders.note(used: usage.count, .orders, everyNanoseconds: interval, at: time) }
      case .rawRequests: break
      }
    }
  }

  // MARK: When

  var nextDue: EngineTime {
    // The log-on can be signed now.
    if waitsForTime != nil, knowsTime { return .zero }
    var due = min(user.nextDue, rest.nextDue, pending.nextDeadline, orders?.nextDue ?? .never)
    if !asksTime { due = min(due, nextTimeAt) }
    for link in userLinks { due = min(due, link.asksAt, link.answersBy) }
    if product == .usdm { due = min(due, keysAt) }
    for stream in streams { due = min(due, stream.socket.nextDue) }
    let marketDue = market.nextDue(asksAt: marketAsksAt)
    return min(due, isMarketSilent ? max(marketDue, marketAsksAt) : marketDue)
  }
}
