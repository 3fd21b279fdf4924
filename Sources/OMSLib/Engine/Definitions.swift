/// The Define and limit inputs that bring a core's names into line with the settings: what is new, changed or removed.
///
/// Pure: settings, what the journal has defined, and what each exchange lists in; inputs out, in order.
struct Definitions {
  private(set) var assets: [DefineAssetInput] = []
  private(set) var venues: [DefineVenueInput] = []
  private(set) var instruments: [Instrument] = []
  private(set) var accounts: [DefineAccountInput] = []
  private(set) var strategies: [DefineStrategyInput] = []
  private let names: NameDirectory
  private let settings: EngineSettings
  private var assetNames: [String]
  private var venueNames: [String]
  private var instrumentKeys: [String]
  private var accountKeys: [String]

  /// An exchange that could not be asked is not in `listings`: what is known of it stays. `defined`: exchanges as the core
  /// has them.
  init(
    settings: EngineSettings, names: NameDirectory, listings: [String: VenueListing], defined: [DefineVenueInput] = []
  ) throws(EngineFailure) {
    self.names = names
    self.settings = settings
    assetNames = names.assets.map(\.name)
    venueNames = names.venues
    instrumentKeys = names.instruments.map { "\($0.venue.number):\($0.name)" }
    accountKeys = names.accounts.map { "\($0.name):\($0.mode.word)" }
    for venue in settings.venues {
      guard let listing = listings[venue.name] else { continue }
      try define(venue, listing, defined)
    }
    for account in settings.accounts { try define(account) }
    for (index, known) in names.accounts.enumerated().dropFirst() where !known.isRemoved && !known.name.isEmpty {
      guard !settings.accounts.contains(where: { $0.name == known.name && $0.mode == known.mode }) else { continue }
      remove(index, known)
    }
    for strategy in settings.strategies where names.strategyID(named: strategy.name) == nil {
      var input = DefineStrategyInput()
      input.name = Text32(strategy.name) ?? Text32()
      input.id = StrategyID(number: UInt16(names.strategies.count + strategies.count))
      strategies.append(input)
    }
  }

  private mutating func define(
    _ venue: VenueSetting, _ listing: VenueListing, _ defined: [DefineVenueInput]
  ) throws(EngineFailure) {
    var id = venueNames.lastIndex(of: venue.name) ?? 0
    if id == 0 {
      id = venueNames.count
      guard id < Limits.venueCount, Text32(venue.name) != nil else { throw Self.full("venues") }
      venueNames.append(venue.name)
      venues.append(Self.input(venue, listing, id))
    } else if let known = defined.first(where: { $0.id.index == id }) {
      // Other windows or limits than the last time.
      let input = Self.input(venue, listing, id)
      let isSame =
        known.fenceNanoseconds == input.fenceNanoseconds && known.visibilityNanoseconds == input.visibilityNanoseconds
        && known.ordersPerTenSeconds == input.ordersPerTenSeconds
      if !isSame { venues.append(input) }
    }
    // How many decimals an asset is shown with: those of the spot market it is the base of, cents for what one pays in.
    for item in listing.instruments {
      try define(asset: item.quote, scale: min(item.rules.priceScale, 2))
      try define(asset: item.base, scale: item.rules.quantityScale)
      try define(asset: item.settle, scale: min(item.rules.priceScale, 2))
    }
    for item in listing.instruments { try define(item, venue: id) }
  }

  private static func input(_ venue: VenueSetting, _ listing: VenueListing, _ id: Int) -> DefineVenueInput {
    var input = DefineVenueInput()
    input.name = Text32(venue.name) ?? Text32()
    input.id = VenueID(number: UInt16(id))
    input.fenceNanoseconds = listing.fenceNanoseconds
    input.visibilityNanoseconds = listing.visibilityNanoseconds
    input.ordersPerTenSeconds = listing.ordersPerTenSeconds
    return input
  }

  private mutating func define(asset: String, scale: UInt8) throws(EngineFailure) {
    guard !assetNames.contains(asset) else { return }
    guard assetNames.count < Limits.assetCount, let name = Text32(asset) else { throw Self.full("assets") }
    var input = DefineAssetInput()
    input.name = name
    input.id = AssetID(number: UInt16(assetNames.count))
    input.scale = scale
    input.isReport = asset == settings.reportCurrency ? 1 : 0
    assetNames.append(asset)
    assets.append(input)
  }

  private mutating func define(_ item: VenueListing.Item, venue: Int) throws(EngineFailure) {
    func asset(_ name: String) -> AssetID { AssetID(number: UInt16(assetNames.lastIndex(of: name) ?? 0)) }
    var input = item.rules
    input.venue = VenueID(number: UInt16(venue))
    input.base = asset(item.base)
    input.quote = asset(item.quote)
    input.settle = asset(item.settle)
    let key = "\(venue):\(item.rules.name)"
    if let known = instrumentKeys.lastIndex(of: key),
      known >= names.instruments.count || Self.fits(input, names.instruments[known])
    {
      input.id = InstrumentID(number: UInt16(known))
      let old = known < names.instruments.count ? names.instruments[known] : Instrument()
      input.rulesVersion = old.rulesVersion
      guard !Self.sameRules(old, input) else { return }
      input.rulesVersion += 1
    } else {
      guard instrumentKeys.count < Limits.instrumentCount else { throw Self.full("instruments") }
      input.id = InstrumentID(number: UInt16(instrumentKeys.count))
      instrumentKeys.append(key)
    }
    instruments.append(input)
  }

  /// The scales of a number never change: finer steps than it can say make a new one of the same name.
  private static func fits(_ new: Instrument, _ old: Instrument) -> Bool {
    new.priceScale == old.priceScale && new.quantityScale == old.quantityScale
  }

  private static func sameRules(_ a: Instrument, _ b: Instrument) -> Bool {
    unsafe withUnsafeBytes(of: a) { left in unsafe withUnsafeBytes(of: b) { unsafe left.elementsEqual($0) } }
  }

  private mutating func define(_ account: AccountSetting) throws(EngineFailure) {
    let key = "\(account.name):\(account.mode.word)"
    var input = DefineAccountInput()
    input.name = Text64(account.name) ?? Text64()
    let venue = venueNames.lastIndex(of: account.venue) ?? 0
    // An account of an exchange that this build cannot reach stays off.
    guard venue > 0, !input.name.isEmpty else { return }
    input.venue = VenueID(number: UInt16(venue))
    input.modeRaw = account.mode.rawValue
    input.typeRaw = (account.parent == nil ? AccountType.main : .sub).rawValue
    input.spotEnabled = account.isSpotEnabled ? 1 : 0
    input.futuresEnabled = account.isFuturesEnabled ? 1 : 0
    input.hedgeMode = account.isHedged ? 1 : 0
    if let parent = account.parent {
      input.parent = AccountID(number: UInt16(accountKeys.lastIndex(of: "\(parent):\(account.mode.word)") ?? 0))
    }
    if let known = accountKeys.lastIndex(of: key) {
      input.id = AccountID(number: UInt16(known))
      let old = names.accounts[known]
      let isSame =
        !old.isRemoved && old.venue == input.venue && old.spotEnabled == account.isSpotEnabled
        && old.futuresEnabled == account.isFuturesEnabled && old.isHedged == account.isHedged
        && old.parent == input.parent
      if isSame { return }
    } else {
      guard accountKeys.count < Limits.accountCount else { throw Self.full("accounts") }
      input.id = AccountID(number: UInt16(accountKeys.count))
      accountKeys.append(key)
    }
    accounts.append(input)
  }

  private mutating func remove(_ index: Int, _ known: NameDirectory.Account) {
    var input = DefineAccountInput()
    input.name = Text64(known.name) ?? Text64()
    input.id = AccountID(number: UInt16(index))
    input.venue = known.venue
    input.parent = known.parent
    input.modeRaw = known.mode.rawValue
    input.typeRaw = known.type.rawValue
    input.isRemoved = 1
    accounts.append(input)
  }

  private static func full(_ what: String) -> EngineFailure {
    EngineFailure(10, "config.capacity", "more \(what) than there is room for; see Limits")
  }

  /// The limits of the files as inputs, after all names are defined.
  static func limits(_ settings: EngineSettings, _ names: NameDirectory) -> [SetLimitInput] {
    var inputs: [SetLimitInput] = []
    for limit in settings.limits {
      guard let target = target(limit, names) else { continue }
      for mode in Mode.allCases {
        var input = SetLimitInput()
        input.value = limit.value
        input.kindRaw = limit.kind.rawValue
        input.scopeRaw = limit.scope.rawValue
        input.target = target
        input.modeRaw = mode.rawValue
        input.line = UInt32(clamping: limit.place.line)
        if !limit.asset.isEmpty {
          guard let asset = names.assetID(named: limit.asset) else { continue }
          input.asset = asset.number
        }
        inputs.append(input)
      }
    }
    return inputs
  }

  private static func target(_ limit: LimitSetting, _ names: NameDirectory) -> UInt16? {
    if limit.target == "*" || limit.scope == .total || limit.target.isEmpty { return 0 }
    switch limit.scope {
    case .total: return 0
    case .venue: return names.venueID(named: limit.target)?.number
    case .account: return names.accountID(named: limit.target)?.number
    case .instrument: return names.instruments.first { $0.name.description == limit.target }?.id.number
    case .strategy: return names.strategyID(named: limit.target)?.number
    }
  }
}
