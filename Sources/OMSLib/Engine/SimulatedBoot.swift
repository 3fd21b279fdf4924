internal import CCore

/// The built-in exchange with its own journal: its state is never derived from the engine's.
struct SimulatedBoot: ~Copyable {
  static let ringBytes = 1 << 22

  var journal: JournalStore
  var venue: EngineDoor.OwnVenue

  /// `now` is what the venue's door will be called with at this moment.
  static func open(
    _ options: EngineOptions, _ identity: JournalIdentity, venue: VenueID, now: EngineTime, utc: UTCTime
  ) throws(EngineFailure) -> SimulatedBoot {
    let setup = makeSetup(options.settings)
    let directory = options.stateDirectory + "/exchange"
    var book = try ExchangeBook(
      newestOf: ExchangeShadow.store(JournalOptions(directory: directory, fallback: nil, identity: identity)))
    let journal = try JournalStore.open(
      directory: directory, fallback: nil, identity: identity, purpose: "exchange", mode: options.durability,
      ringBytes: ringBytes, segmentBytes: options.settings.journal.segmentBytes, utc: utc, after: book.end,
      epoch: { $0 + 1 }
    ) { (record) throws(EngineFailure) in try book.take(record) }
    var exchange = book.takeExchange()
    var recorder = JournalExchangeRecorder(JournalAppender(ring: journal.ring, end: journal.report.end))
    let isNew = exchange == nil
    var start = ExchangeStartRecord()
    start.options.seed = options.simulatorSeed ?? options.settings.venues.first { $0.adapter == .simulated }?.seed ?? 1
    start.time = utc
    if isNew { recorder.start(start) }
    var door = EngineDoor.OwnVenue(
      exchange.take() ?? Exchange(start.options, startingAt: start.time), venue: venue, recorder: recorder,
      speed: options.simulatorSpeed, now: now, utc: utc)
    if isNew {
      for control in setup.controls { try desk(control, &door, now) }
    } else {
      try addInstruments(setup, &door, now)
      try addAccounts(setup, &door, now)
    }
    door.opening = setup
    return SimulatedBoot(journal: journal, venue: door)
  }

  private static func desk(
    _ control: ExchangeControl, _ door: inout EngineDoor.OwnVenue, _ now: EngineTime
  ) throws(EngineFailure) {
    guard door.desk(control, now: now) else {
      throw EngineFailure(10, "config.capacity", "the built-in exchange has no room for what the configuration names")
    }
  }

  /// Markets that the configuration has gained since the exchange opened. Those that it has keep their rules: orders and
  /// positions were made under them.
  private static func addInstruments(
    _ setup: ExchangeSetup, _ door: inout EngineDoor.OwnVenue, _ now: EngineTime
  ) throws(EngineFailure) {
    for control in setup.controls where control.kind == .defineInstrument {
      var control = control
      if let row = door.exchange.instrument(named: control.rules.name) {
        guard hasSameRules(control, setup, row, door.exchange) else {
          throw EngineFailure(
            10, "config.symbols",
            "the built-in exchange opened '\(control.rules.name)' with other rules than exchanges.yaml has now; take them "
              + "back, or begin anew with another state directory")
        }
        continue
      }
      control.rules.id = InstrumentID(number: UInt16(door.exchange.instrumentCount + 1))
      control.instrument = control.rules.id.number
      control.rules.base = try asset(control.rules.base, setup, &door, now)
      control.rules.quote = try asset(control.rules.quote, setup, &door, now)
      control.rules.settle = try asset(control.rules.settle, setup, &door, now)
      // A perpetual follows the spot market of its own exchange.
      if control.other != 0 {
        let spot = setup.allInstruments[Int(control.other) - 1].name
        control.other = door.exchange.instrument(named: spot) ?? 0
      }
      try desk(control, &door, now)
    }
  }

  private static func hasSameRules(
    _ wanted: ExchangeControl, _ setup: ExchangeSetup, _ row: UInt16, _ exchange: borrowing Exchange
  ) -> Bool {
    let rules = exchange.rules(of: row)
    return rules.priceScale == wanted.rules.priceScale && rules.tick == wanted.rules.tick
      && rules.quantityScale == wanted.rules.quantityScale && rules.lot == wanted.rules.lot
      && rules.maxQuantity == wanted.rules.maxQuantity && rules.minNotional == wanted.rules.minNotional
      && rules.maker == wanted.rules.maker && rules.taker == wanted.rules.taker
      && rules.maxLeverage == wanted.rules.maxLeverage
  }

  private static func asset(
    _ id: AssetID, _ setup: ExchangeSetup, _ door: inout EngineDoor.OwnVenue, _ now: EngineTime
  ) throws(EngineFailure) -> AssetID {
    guard let name = Text32(setup.assetNames[id.index - 1]) else {
      preconditionFailure("an asset's name was checked when it was read")
    }
    if let row = door.exchange.asset(named: name) { return AssetID(number: row) }
    var control = ExchangeControl(.defineAsset)
    control.text.low = name
    control.asset = UInt16(door.exchange.assetCount + 1)
    try desk(control, &door, now)
    return AssetID(number: control.asset)
  }

  /// Accounts that the configuration has gained since the exchange opened.
  private static func addAccounts(
    _ setup: ExchangeSetup, _ door: inout EngineDoor.OwnVenue, _ now: EngineTime
  ) throws(EngineFailure) {
    var known = door.exchange.accountCount
    var numbers: [UInt16: UInt16] = [:]
    for control in setup.controls {
      var control = control
      switch control.kind {
      case .defineAccount:
        if let row = door.exchange.account(named: control.text) {
          try setMode(control, row, &door, now)
          continue
        }
        known += 1
        numbers[control.account] = UInt16(known)
        control.account = UInt16(known)
      case .deposit:
        guard let number = numbers[control.account] else { continue }
        control.account = number
      default: continue
      }
      try desk(control, &door, now)
    }
  }

  /// Positions side by side or as one, as the configuration has it by now.
  private static func setMode(
    _ wanted: ExchangeControl, _ row: UInt16, _ door: inout EngineDoor.OwnVenue, _ now: EngineTime
  ) throws(EngineFailure) {
    let isHedged = wanted.sideRaw == 1
    guard door.exchange.isHedged(row) != isHedged else { return }
    var control = ExchangeControl(.setHedge)
    control.account = row
    control.detail = isHedged ? 1 : 0
    try desk(control, &door, now)
    guard door.exchange.isHedged(row) == isHedged else {
      throw EngineFailure(
        10, "config.position_mode",
        "the position mode of \(wanted.text) cannot change while it has positions or orders in perpetuals; close them")
    }
  }

  /// The built-in market, and every simulated account with its funds.
  static func makeSetup(_ settings: EngineSettings) -> ExchangeSetup {
    var setup = ExchangeSetup()
    let venues = settings.venues.filter { $0.adapter == .simulated }
    for venue in venues { setup.list(venue) { rowName(of: $0, at: venue.name) } }
    let simulated = Set(venues.map(\.name))
    let standIns = Set(venues.filter(\.standsIn).map(\.name))
    for account in settings.accounts where simulated.contains(account.venue) {
      // Real money has no place on what stands in for its exchange.
      if account.mode == .live, standIns.contains(account.venue) { continue }
      let number = setup.addAccount(account.name, isHedged: account.isHedged)
      for fund in funds(of: account) where setup.asset(fund.asset) != nil {
        setup.deposit(fund.amount.decimalString, fund.asset, into: number, fund.wallet)
      }
    }
    return setup
  }

  /// What the built-in exchange calls a symbol of one of the exchanges that it stands for. The one that is always there
  /// needs no prefix.
  static func rowName(of symbol: String, at venue: String) -> String {
    venue == builtInName ? symbol : "\(venue):\(symbol)"
  }

  private static let builtInName = "sim"

  /// What a simulated account starts with. Futures wallets are separate; a sub-account starts with little.
  static func funds(of account: AccountSetting) -> [(asset: String, wallet: Wallet, amount: Money)] {
    let spot = account.balances.isEmpty ? EngineSettings.builtInBalances : account.balances
    return spot.map { ($0.asset, .spot, $0.amount) }
      + [("USDT", .futures, account.parent == nil ? Money(100_000) : Money(1_000))]
  }
}

/// Who this instance is: drawn once, kept in the state directory.
enum InstanceIdentity {
  private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)

  /// The identity kept in `stateDirectory`; `nil` when it was never drawn.
  static func read(_ stateDirectory: String, instance: String) throws(EngineFailure) -> JournalIdentity? {
    let path = stateDirectory + "/identity"
    guard let bytes = Files.read(path) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
    guard parts.count == 3, let high = UInt64(parts[0], radix: 16), let low = UInt64(parts[1], radix: 16),
      let tag = InstanceTag(String(parts[2]))
    else { throw EngineFailure(10, "config.identity", "\(path) is damaged; restore it") }
    return try identity((high, low), instance, tag)
  }

  static func load(_ options: EngineOptions) throws(EngineFailure) -> JournalIdentity {
    let path = options.stateDirectory + "/identity"
    let name = options.settings.instance
    if let found = try read(options.stateDirectory, instance: name) {
      guard options.settings.tag.isEmpty || options.settings.tag == found.tag.description else {
        throw EngineFailure(
          10, "config.tag", "instance_tag is '\(options.settings.tag)', but this instance began as '\(found.tag)'")
      }
      return found
    }
    var random: (UInt64, UInt64, UInt64) = (0, 0, 0)
    let status = unsafe withUnsafeMutableBytes(of: &random) { unsafe cc_sys_random($0.baseAddress, $0.count) }
    guard status == 0 else { throw EngineFailure(1, "io.random", "the kernel gives no random bytes") }
    let drawn = (0..<5).map { alphabet[Int(random.2 >> UInt64($0 * 8) & 31)] }
    let text = options.settings.tag.isEmpty ? String(decoding: drawn, as: UTF8.self) : options.settings.tag
    guard let tag = InstanceTag(text) else {
      throw EngineFailure(10, "config.tag", "instance_tag '\(text)' is not five characters of 0-9a-v")
    }
    let line = "\(String(random.0, radix: 16)) \(String(random.1, radix: 16)) \(tag)\n"
    do throws(SystemError) { try Files.write(Array(line.utf8), to: path) } catch {
      throw EngineFailure(1, "io.state", "\(path): \(error.call) failed with errno \(error.errno)")
    }
    return try identity((random.0, random.1), name, tag)
  }

  private static func identity(
    _ id: (UInt64, UInt64), _ name: String, _ tag: InstanceTag
  ) throws(EngineFailure) -> JournalIdentity {
    guard let text = Text64(name) else {
      throw EngineFailure(10, "config.instance", "instance '\(name)' is longer than 64 bytes")
    }
    return JournalIdentity(id: (high: id.0, low: id.1), name: text, tag: tag.text)
  }
}
