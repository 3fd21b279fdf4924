/// What a seed makes of a world before it begins: how large it is, what is traded, what can go wrong.
struct WorldSettings {
  let faults: FaultPlan
  let durability: DurabilityMode
  let accountCount: Int
  let segmentBytes: Int
  let warmNanoseconds: Int64 = 500_000_000
  let chaosNanoseconds: Int64
  let quietNanoseconds: Int64 = 25_000_000_000
  /// Mean time between two commands.
  let commandInterval: Int64
  let setup: ExchangeSetup
  let exchange: ExchangeOptions
  /// As the engine knows them.
  let instruments: [Instrument]
  let assetNames: [String]
  /// By account, from the first.
  let isHedged: [Bool]
  /// When the world begins.
  let start: Int64
  let capacity: CoreCapacity
  /// Ids of users are kept in an index, so that they may leave the table.
  let keepsIDs: Bool
  let hasGateFile: Bool
  /// Of the price that a market order goes by.
  var marketAgeMax: Int64 { faults[.staleMarket] == .off ? 10_000_000_000 : 50_000_000 }

  /// Orders that the venue takes of one account in ten seconds; 0: nobody counts.
  var ordersPerTenSeconds: UInt32 { Self.ordersPerTenSeconds(faults) ?? 0 }

  private static func ordersPerTenSeconds(_ plan: FaultPlan) -> UInt32? {
    switch plan[.tightBudget] {
    case .off: nil
    case .low: 60
    case .extreme: 20
    }
  }

  init(_ root: SplitMix64, _ change: (inout FaultPlan) -> Void) {
    var random = root.stream(10)
    var plan = FaultPlan(seed: root.stream(11))
    change(&plan)
    faults = plan
    let draw = random.below(20)
    durability = draw < 10 ? .strict : draw < 17 ? .group : .async
    let accounts = 1 + Int(random.below(4))
    accountCount = accounts
    segmentBytes = 1 << (16 + Int(random.below(4)))
    chaosNanoseconds = 2_000_000_000 + Int64(random.below(8_000_000_000))
    commandInterval = 1_000_000 + Int64(random.below(9_000_000))
    // Later traits have chances of their own.
    var trait = root.stream(12)
    let hedged = (0..<accounts).map { _ in
      plan[.hedge] == .extreme || (plan[.hedge] == .low && trait.chance(1, in: 2))
    }
    let deposit = plan[.thinMargin] == .off ? "100000" : plan[.thinMargin] == .low ? "5000" : "1000"
    var market = ExchangeSetup()
    for name in ["USDT", "BTC"] { market.addAsset(name) }
    market.deposit("100000000", "USDT", into: Exchange.insuranceAccount, .futures)
    market.addSpot("BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000)
    market.addPerpetual("BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000)
    for number in 1...accounts {
      let account = market.addAccount("sim.a\(number)", isHedged: hedged[number - 1])
      market.deposit("100000", "USDT", into: account)
      market.deposit("5", "BTC", into: account)
      market.deposit(deposit, "USDT", into: account, .futures)
    }
    setup = market
    isHedged = hedged
    keepsIDs = plan[.idIndex] != .off || plan[.retention] != .off
    hasGateFile = plan[.gateFile] != .off
    start = Self.start(plan, &trait)
    capacity = Self.capacity(plan)
    var options = ExchangeOptions()
    options.seed = random.next()
    options.capacity.accounts = 16
    options.capacity.instruments = 4
    options.capacity.assets = 4
    options.capacity.orders = 1 << 13
    options.capacity.fills = 1 << 13
    options.chargesBase = random.chance(1, in: 3) ? 1 : 0
    options.ordersPerTenSeconds = Self.ordersPerTenSeconds(plan) ?? options.ordersPerTenSeconds
    exchange = options
    assetNames = market.assetNames
    // What the exchange can do and the engine does not know of, the core does itself.
    var features = VenueFeatures(rawValue: UInt32(random.below(512)))
    if random.chance(1, in: 2) { features = ExchangeSetup.features }
    instruments = market.allInstruments.map { rules in
      var rules = rules
      rules.featuresRaw &= features.rawValue | VenueFeatures.reduceOnly.rawValue
      rules.venue = VenueLink.venue
      return rules
    }
  }

  private static func start(_ plan: FaultPlan, _ random: inout SplitMix64) -> Int64 {
    let usual: Int64 = 1_790_000_000_000_000_000
    guard plan[.funding] != .off else { return usual }
    // Funding falls due while things go wrong.
    let due = (usual / Exchange.fundingNanoseconds + 1) * Exchange.fundingNanoseconds
    return due - 2_000_000_000 - Int64(random.below(4_000_000_000)) / 100_000_000 * 100_000_000
  }

  private static func capacity(_ plan: FaultPlan) -> CoreCapacity {
    var capacity = CoreCapacity.small
    if plan[.idIndex] != .off { capacity.orders = plan[.idIndex] == .low ? 1 << 10 : 1 << 8 }
    return capacity
  }

  func isHedged(_ account: AccountID) -> Bool { isHedged[account.index - 1] }

  /// The positions that an account may have in an instrument.
  func positionSides(_ account: Int, _ rules: Instrument) -> [PositionSide] {
    isHedged[account - 1] && rules.instrumentClass != .spot ? [.long, .short] : [.net]
  }
}
