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

  /// The built-in exchange.
  init(_ exchange: ExchangeSetup) {
    instruments = exchange.allInstruments.map { rules in
      func name(_ id: AssetID) -> String { exchange.assetNames[id.index - 1] }
      return Item(rules: rules, base: name(rules.base), quote: name(rules.quote), settle: name(rules.settle))
    }
    fenceNanoseconds = 20_000_000
    visibilityNanoseconds = 20_000_000
    ordersPerTenSeconds = ExchangeOptions().ordersPerTenSeconds
  }

  /// The built-in exchange under each of the names it has in the settings.
  static func builtIn(_ settings: EngineSettings) -> [String: VenueListing] {
    let listing = VenueListing(SimulatedBoot.makeSetup(settings))
    let names = settings.venues.filter { $0.adapter == .simulated }.map(\.name)
    return Dictionary(names.map { ($0, listing) }, uniquingKeysWith: { first, _ in first })
  }
}
