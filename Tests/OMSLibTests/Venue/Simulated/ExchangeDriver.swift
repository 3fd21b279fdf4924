import Testing

@testable import OMSLib

/// Drives one exchange in tests: names instead of numbers, decimals as mantissas, all events of an input at once.
struct ExchangeDriver: ~Copyable {
  var exchange: Exchange
  let setup: ExchangeSetup
  var now: Int64
  private var requests: UInt64 = 0

  static let start: Int64 = 1_790_000_000_000_000_000

  init(
    _ setup: ExchangeSetup = .standard(), _ options: ExchangeOptions = ExchangeDriver.small, at start: Int64 = start
  ) {
    self.setup = setup
    now = start
    exchange = Exchange(options, startingAt: UTCTime(nanoseconds: start))
    for control in setup.controls { exchange.control(control, at: ExchangeStamp(time: UTCTime(nanoseconds: now))) }
    while exchange.output.pop() != nil {}
  }

  static var small: ExchangeOptions {
    var options = ExchangeOptions()
    options.capacity.orders = 1 << 13
    options.capacity.fills = 1 << 12
    options.capacity.accounts = 64
    options.capacity.instruments = 8
    options.capacity.assets = 8
    return options
  }

  /// An exchange whose books are empty: nobody trades but the test.
  static func quiet() -> ExchangeSetup {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    setup.deposit("1000000", "USDT", into: 3, .futures)
    setup.addSpot(
      "BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000, hasFlow: false)
    setup.addPerpetual(
      "BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000, hasFlow: false)
    for name in ["a", "b", "c"] {
      let account = setup.addAccount(name)
      setup.deposit("100000", "USDT", into: account)
      setup.deposit("10", "BTC", into: account)
      setup.deposit("100000", "USDT", into: account, .futures)
    }
    return setup
  }

  /// Goes on from where another driver is, with an exchange of the same set-up.
  mutating func adopt(_ other: consuming Exchange, of driver: borrowing ExchangeDriver) {
    exchange = other
    now = driver.now
    requests = driver.requests
  }

  /// The whole ledger as text.
  var ledger: [String] {
    var lines: [String] = []
    exchange.dump { lines.append($0) }
    return lines
  }

  mutating func drain() -> [VenueEvent] {
    var events: [VenueEvent] = []
    while let event = exchange.output.pop() { events.append(event) }
    return events
  }

  mutating func pass(_ nanoseconds: Int64) -> [VenueEvent] {
    now += nanoseconds
    var events: [VenueEvent] = []
    var isDone = false
    while !isDone {
      isDone = exchange.advance(to: UTCTime(nanoseconds: now))
      events += drain()
    }
    return events
  }

  mutating func send(_ request: VenueRequest, isLate: Bool = false) -> [VenueEvent] {
    exchange.apply(request, at: ExchangeStamp(time: UTCTime(nanoseconds: now), isLate: isLate))
    return drain()
  }

  mutating func control(_ kind: ExchangeControl.Kind, _ change: (inout ExchangeControl) -> Void) -> [VenueEvent] {
    var control = ExchangeControl(kind)
    change(&control)
    exchange.control(control, at: ExchangeStamp(time: UTCTime(nanoseconds: now)))
    return drain()
  }

  mutating func request(_ kind: VenueRequest.Kind, _ account: String, _ id: String = "") -> VenueRequest {
    var request = VenueRequest(kind)
    requests += 1
    request.requestID = requests
    request.account = AccountID(number: setup.account(account) ?? 0)
    request.wireID = Text32(id) ?? Text32()
    return request
  }

  /// A limit order when `price` is given, else a market order; `change` makes it special.
  mutating func order(
    _ account: String, _ id: String, _ side: Side, _ quantity: Int64, _ price: Int64 = 0,
    symbol: String = "BTC-USDT", _ change: (inout VenueRequest) -> Void = { _ in }
  ) -> [VenueEvent] {
    var request = request(.newOrder, account, id)
    request.instrument = setup.instrument(symbol)?.id ?? .none
    request.sideRaw = side.rawValue
    request.quantity = quantity
    request.price = price
    request.orderKindRaw = (price == 0 ? OrderKind.market : .limit).rawValue
    request.timeInForceRaw = (price == 0 ? TimeInForce.ioc : .gtc).rawValue
    change(&request)
    return send(request)
  }

  func balance(_ account: String, _ asset: String, _ wallet: Wallet = .spot) -> ExchangeBalance {
    guard let row = setup.account(account), let asset = setup.asset(asset) else { return ExchangeBalance() }
    return exchange.balances[exchange.balanceIndex(row, wallet, asset)]
  }

  func holding(_ account: String, _ symbol: String) -> ExchangeHolding {
    guard let row = setup.account(account), let rules = setup.instrument(symbol) else { return ExchangeHolding() }
    return exchange.holdings[exchange.holdingIndex(row, rules.id.number)]
  }
}

/// What an event says, in one line: what stories compare.
func line(_ event: VenueEvent) -> String {
  let kind = event.kind.map { "\($0)" } ?? "?"
  switch event.kind {
  case .fill:
    return "\(event.wireID) fill \(event.quantity)@\(event.price)\(event.isMaker == 1 ? " maker" : "")"
  case .rejected, .cancelRejected, .amendRejected:
    let refusal = ExchangeRefusal(rawValue: event.code).map { "\($0)" } ?? "\(event.code)"
    return "\(event.wireID) \(kind) \(refusal)"
  case .cancelled, .expired:
    let why = event.endReason.map { "\($0)" } ?? "\(event.statusRaw)"
    return "\(event.wireID) \(kind) \(why) after \(event.cumulative)"
  case .amended:
    return "\(event.wireID) amended \(event.quantity)@\(event.price)"
  case .orderReport:
    return "\(event.wireID) \(event.status.map { "\($0)" } ?? "?") \(event.cumulative)/\(event.quantity)"
  default:
    return "\(event.wireID) \(kind)"
  }
}

/// `#expect` for values that a noncopyable driver has to make: a function may call what changes it, the macro may not.
func expect<T: Equatable>(_ value: T, is wanted: T, _ location: SourceLocation = #_sourceLocation) {
  #expect(value == wanted, sourceLocation: location)
}
