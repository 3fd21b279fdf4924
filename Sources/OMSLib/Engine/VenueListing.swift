/// What an exchange lists, and how it takes orders: what its names are defined from.
struct VenueListing: Sendable {
  /// Rules whose assets are named, not numbered.
  struct Item: Sendable {
    var rules: Instrument
    var base: String
    var quote: String
    var settle: String
  }

  var instruments: [Item]
  /// After the deadline of a request plus this nothing of it can be accepted any more.
  var fenceNanoseconds: Int64
  /// So long after that, what the exchange has accepted can be seen by asking.
  var visibilityNanoseconds: Int64
  /// Orders and amendments of one account; 0: no such limit.
  var ordersPerTenSeconds: UInt32

  /// One of the exchanges that the built-in one stands for.
  private init(_ venue: VenueSetting, _ exchange: ExchangeSetup) {
    instruments = venue.instruments.compactMap { listed in
      guard var rules = exchange.instrument(SimulatedBoot.rowName(of: listed.name, at: venue.name)) else { return nil }
      rules.name = Text32(listed.name) ?? rules.name
      func name(_ id: AssetID) -> String { exchange.assetNames[id.index - 1] }
      return Item(rules: rules, base: name(rules.base), quote: name(rules.quote), settle: name(rules.settle))
    }
    fenceNanoseconds = 20_000_000
    visibilityNanoseconds = 20_000_000
    ordersPerTenSeconds = ExchangeOptions().ordersPerTenSeconds
  }

  /// A real exchange, before its rules are known.
  init(wire venue: VenueSetting) {
    instruments = []
    // What was signed in time is taken until its window is over, by a clock that may be a second away from ours.
    fenceNanoseconds = venue.receiveWindowNanoseconds + 1_000_000_000
    visibilityNanoseconds = venue.visibilityWindowNanoseconds
    ordersPerTenSeconds = 0
  }

  mutating func add(_ listed: BinanceListing, _ venue: VenueSetting) {
    var rules = listed.instrument
    // Until an account's own rates are known.
    (rules.maker, rules.taker) = venue.fees(of: rules.instrumentClass)
    instruments.append(Item(rules: rules, base: listed.base, quote: listed.quote, settle: listed.settle))
  }

  /// The core counts the orders of an account over all products, so the widest limit is its; each product's own is kept
  /// where frames leave.
  mutating func take(_ limits: [RateLimit]) {
    for limit in limits where limit.kind == .orders && limit.intervalNanoseconds == 10_000_000_000 {
      ordersPerTenSeconds = max(ordersPerTenSeconds, UInt32(clamping: limit.limit))
    }
  }

  /// The built-in exchange under each of the names it has in the settings.
  static func builtIn(_ settings: EngineSettings) -> [String: VenueListing] {
    let setup = SimulatedBoot.makeSetup(settings)
    let venues = settings.venues.filter { $0.adapter == .simulated }
    return Dictionary(venues.map { ($0.name, VenueListing($0, setup)) }, uniquingKeysWith: { first, _ in first })
  }
}
