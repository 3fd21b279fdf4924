import Testing

@testable import OMSLib
@testable import OMSVenue

/// An exchange with its public side, driven by hand: time passes when a test says so.
struct MarketDriver: ~Copyable {
  var exchange: Exchange
  let setup: ExchangeSetup
  var pages: MarketPages
  var streams = MarketStreams()
  var now: Int64
  var random: SplitMix64
  private var requests: UInt64 = 0
  private var ids: [(account: UInt16, id: Text32)] = []

  /// A whole day, so that aligned intervals are easy to see.
  static let start: Int64 = 1_789_948_800_000_000_000
  static let millisecond: Int64 = 1_000_000

  init(
    _ setup: ExchangeSetup = .standard(), seed: UInt64 = 1, openOrders: UInt32 = 1_000,
    change: (inout ExchangeOptions) -> Void = { _ in }
  ) {
    self.setup = setup
    now = Self.start
    random = SplitMix64(seed: seed)
    var options = ExchangeOptions()
    options.seed = seed
    options.capacity.orders = 1 << 13
    options.capacity.fills = 1 << 12
    options.capacity.accounts = 64
    options.capacity.instruments = 8
    options.capacity.assets = 8
    options.openOrders = openOrders
    options.ordersPerTenSeconds = 1_000_000
    change(&options)
    exchange = Exchange(options, startingAt: UTCTime(nanoseconds: now))
    for control in setup.controls { exchange.control(control, at: ExchangeStamp(time: UTCTime(nanoseconds: now))) }
    while exchange.output.pop() != nil {}
    pages = MarketPages(claims: MarketClaims(options))
    pages.look(in: exchange)
  }

  var time: ServerTime {
    ServerTime(now: EngineTime(nanoseconds: now - Self.start), utc: UTCTime(nanoseconds: now))
  }

  // MARK: - The exchange

  @discardableResult
  mutating func drain() -> [VenueEvent] {
    var events: [VenueEvent] = []
    while let event = exchange.output.pop() {
      streams.note(event)
      pages.note(event)
      events.append(event)
    }
    return events
  }

  /// Lets time pass and tells the streams, as a server does: whatever is due in between is done when it is due.
  mutating func pass(milliseconds: Int64) {
    let end = now + milliseconds * Self.millisecond
    while now < end {
      let due = streams.nextDue(at: time)
      let dueAt = due == .never ? end : Self.start + due.nanoseconds
      now = min(end, max(now + 1, min(dueAt, exchange.nextTickTime.nanoseconds)))
      while !exchange.advance(to: UTCTime(nanoseconds: now)) { drain() }
      drain()
      streams.turn(&pages, in: exchange, at: time)
    }
  }

  mutating func turn() { streams.turn(&pages, in: exchange, at: time) }

  @discardableResult
  mutating func order(
    _ account: String, _ symbol: String, _ side: Side, _ quantity: Int64, _ price: Int64 = 0,
    _ change: (inout VenueRequest) -> Void = { _ in }
  ) -> [VenueEvent] {
    requests += 1
    var request = VenueRequest(.newOrder)
    request.requestID = requests
    request.account = AccountID(number: setup.account(account) ?? 0)
    request.wireID = Text32("t\(requests)") ?? Text32()
    request.instrument = setup.instrument(symbol)?.id ?? .none
    request.sideRaw = side.rawValue
    request.quantity = quantity
    request.price = price
    request.orderKindRaw = (price == 0 ? OrderKind.market : .limit).rawValue
    request.timeInForceRaw = (price == 0 ? TimeInForce.ioc : .gtc).rawValue
    change(&request)
    ids.append((request.account.number, request.wireID))
    exchange.apply(request, at: ExchangeStamp(time: UTCTime(nanoseconds: now)))
    return drain()
  }

  mutating func cancel(_ account: UInt16, _ id: Text32) {
    var request = VenueRequest(.cancelOrder)
    request.account = AccountID(number: account)
    request.wireID = id
    exchange.apply(request, at: ExchangeStamp(time: UTCTime(nanoseconds: now)))
    drain()
  }

  @discardableResult
  mutating func control(_ kind: ExchangeControl.Kind, _ change: (inout ExchangeControl) -> Void) -> [VenueEvent] {
    var control = ExchangeControl(kind)
    change(&control)
    exchange.control(control, at: ExchangeStamp(time: UTCTime(nanoseconds: now)))
    return drain()
  }

  /// Somebody does something: mostly orders near the market, some taken back, now and then a jump of the market.
  mutating func act() {
    let draws = (random.next(), random.next(), random.next(), random.next())
    switch draws.0 % 10 {
    case 0...2 where !ids.isEmpty:
      let (account, id) = ids[Int(draws.1 % UInt64(ids.count))]
      cancel(account, id)
    case 3 where draws.1 % 16 == 0:
      control(.setPrice) {
        $0.instrument = 1
        $0.price = 5_900_000 + Int64(draws.2 % 200_000)
      }
    default:
      let symbol = ["BTC-USDT", "BTC-USDT-PERP"][Int(draws.1 % 2)]
      guard let rules = setup.instrument(symbol) else { return }
      let mark = exchange.markets[rules.id.index].mark
      let account = ["sim.main", "sim.sub01", "sim.sub02"][Int(draws.3 % 3)]
      order(
        account, symbol, draws.1 & 2 == 0 ? .buy : .sell, Int64(draws.2 % 60) + 10,
        mark + Int64((draws.2 >> 16) % UInt64(mark / 400)) - mark / 800
      ) {
        $0.timeInForceRaw = (draws.3 >> 8) % 4 == 0 ? TimeInForce.ioc.rawValue : TimeInForce.gtc.rawValue
        $0.preventionRaw = UInt8((draws.3 >> 16) % 4)
        if (draws.3 >> 24) % 6 == 0 { $0.displayQuantity = 5 }
      }
    }
  }

  // MARK: - The public side

  mutating func answer(
    _ path: String, _ query: String = "", _ product: VenueProduct = .spot, unit: TimeUnit = .millisecond
  ) throws -> JSONValue {
    let bytes = try pages.answer(
      path, VenueQuery(query: query), product, in: exchange, at: time, unit: unit
    ).get()
    return try JSONReader.read(bytes, limits: JSONLimits(byteCount: 1 << 24, nodeCount: 1 << 20)).root
  }

  mutating func failure(_ path: String, _ query: String, _ product: VenueProduct) throws -> VenueError? {
    let answer = pages.answer(path, try VenueQuery(query: query), product, in: exchange, at: time)
    guard case .failure(let error) = answer else { return nil }
    return error
  }

  mutating func open(_ number: UInt64, _ target: String, _ product: VenueProduct = .spot) throws -> OMSVenue.VenueLink {
    let link = OMSVenue.VenueLink(number: number)
    try streams.open(link, StreamTarget(target, product), product, &pages, in: exchange, at: time)
    return link
  }

  mutating func say(_ text: String, on link: OMSVenue.VenueLink) {
    streams.take(Array(text.utf8), on: link, &pages, in: exchange, at: time)
  }

  /// What came for everybody since the last call.
  mutating func outputs() -> [MarketOutput] {
    var all: [MarketOutput] = []
    while let output = streams.nextOutput() { all.append(output) }
    return all
  }

  /// Messages of one connection; those of others are dropped.
  mutating func texts(of link: OMSVenue.VenueLink) -> [String] {
    outputs().compactMap { output in
      guard case .message(link, let bytes) = output else { return nil }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}

extension JSONValue {
  func text(_ name: String) -> String { self[name]?.string ?? "(none)" }
  func whole(_ name: String) -> Int64 { self[name]?.integer() ?? .min }

  /// Price and quantity of each level.
  func levels(_ name: String) -> [(price: String, quantity: String)] {
    (self[name]?.elements ?? []).map { ($0.elements[0].string ?? "", $0.elements[1].string ?? "") }
  }
}

/// A decimal as whole hundred-millionths.
func e8(_ text: String?) -> Int128 {
  guard let text else { return .min }
  let parts = text.split(separator: ".", omittingEmptySubsequences: false)
  var fraction = parts.count > 1 ? String(parts[1]) : ""
  #expect(fraction.dropFirst(8).allSatisfy { $0 == "0" }, "\(text) has more decimals than a price has")
  fraction = String((fraction + "00000000").prefix(8))
  let isNegative = text.hasPrefix("-")
  let value = (Int128(parts[0]) ?? 0) * 100_000_000
  return isNegative ? value - (Int128(fraction) ?? 0) : value + (Int128(fraction) ?? 0)
}
