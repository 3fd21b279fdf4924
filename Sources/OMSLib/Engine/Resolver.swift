/// Turns the names and decimals of requests into numbers: accounts, instruments, scopes, mantissas.
///
/// A value made for one turn: it reads the directory and the settings and keeps nothing.
struct Resolver {
  let names: NameDirectory
  let settings: EngineSettings

  // MARK: Accounts

  /// One account, for commands that send.
  func account(_ text: String?) throws(RequestError) -> AccountID {
    let name: String
    if let text {
      name = text
    } else if known(settings.defaultAccount) != nil, !settings.defaultAccount.isEmpty {
      name = settings.defaultAccount
    } else {
      let all = activeAccounts
      guard all.count == 1 else {
        let list = all.map { names.accounts[$0.index].name }.joined(separator: ", ")
        throw .usage("account", "which account? there are \(list)", hint: "say -a ACCOUNT")
      }
      return all[0]
    }
    guard let id = known(name) else { throw unknownAccount(name) }
    return id
  }

  /// Every account that SEL names, in the order of their numbers.
  func accounts(_ selection: String?) throws(RequestError) -> [AccountID] {
    guard let selection, selection != "all" else { return activeAccounts }
    var wanted: Set<UInt16> = []
    for part in selection.split(separator: ",").map(String.init) {
      if part == "all" { return activeAccounts }
      if part.hasPrefix("@") {
        guard let group = settings.groups.first(where: { $0.name == part.dropFirst() }) else {
          throw RequestError("notfound.group", exit: 18, "there is no account group '\(part)'")
        }
        for name in group.accounts { if let id = known(name) { wanted.insert(id.number) } }
        continue
      }
      let pattern = AccountPattern(part)
      let matches = activeAccounts.filter { pattern.matches(names.accounts[$0.index].name) }
      guard !matches.isEmpty || !pattern.isName else { throw unknownAccount(part) }
      for id in matches { wanted.insert(id.number) }
    }
    return activeAccounts.filter { wanted.contains($0.number) }
  }

  var activeAccounts: [AccountID] {
    names.accounts.indices.dropFirst().filter { !names.accounts[$0].isRemoved && !names.accounts[$0].name.isEmpty }
      .map { AccountID(number: UInt16($0)) }
  }

  private func known(_ name: String) -> AccountID? {
    activeAccounts.last { names.accounts[$0.index].name == name }
  }

  private func unknownAccount(_ name: String) -> RequestError {
    var error = RequestError("notfound.account", exit: 18, "there is no account '\(name)'", hint: "oms accounts")
    error.account = name
    return error
  }

  // MARK: Locks

  /// The second and third lock of real money.
  func checkMode(_ account: AccountID, _ consent: Consent) throws(RequestError) {
    guard let row = names.account(account), row.mode == .live else { return }
    guard settings.mode == .live else {
      var error = RequestError(
        "guard.engine", exit: 13, "\(row.name) is live and this engine is paper; start it with oms run --live")
      error.account = row.name
      throw error
    }
    guard consent.live else {
      var error = RequestError("guard.live", exit: 13, "\(row.name) is live; say --live")
      error.account = row.name
      throw error
    }
  }

  // MARK: Instruments

  func instrument(_ text: String?, venue: VenueID?) throws(RequestError) -> Instrument {
    guard let text else { throw .usage("member", "member 'symbol' is missing") }
    let parsed: SymbolText
    do { parsed = try SymbolText(text) } catch { throw .usage("symbol", error.description) }
    var candidates = names.instruments.dropFirst().filter { !$0.id.isNone }
    if let pinned = parsed.venue {
      guard let id = names.venueID(named: pinned) else {
        throw RequestError("notfound.venue", exit: 18, "there is no venue '\(pinned)'")
      }
      candidates = candidates.filter { $0.venue == id }
    }
    if let venue { candidates = candidates.filter { $0.venue == venue } }
    let canonical = parsed.symbol?.description ?? parsed.name
    var matches = candidates.filter { $0.name.description == canonical }
    if matches.isEmpty { matches = candidates.filter { $0.native.description == parsed.name } }
    guard let first = matches.first else {
      var error = RequestError("notfound.symbol", exit: 18, "there is no symbol '\(text)'", hint: "oms symbols")
      error.symbol = text
      throw error
    }
    guard matches.count == 1 else {
      let list = matches.map { "\(names.venue($0.venue) ?? ""):\($0.name)" }.joined(separator: ", ")
      throw .usage("symbol", "'\(text)' can be \(list)")
    }
    return first
  }

  /// All instruments of a canonical name or a venue's own name, on any venue; empty text is all.
  func instruments(_ text: String?, venue: String?) throws(RequestError) -> [Instrument] {
    var all = names.instruments.dropFirst().filter { !$0.id.isNone }
    if let venue {
      guard let id = names.venueID(named: venue) else {
        throw RequestError("notfound.venue", exit: 18, "there is no venue '\(venue)'")
      }
      all = all.filter { $0.venue == id }
    }
    guard let text else { return Array(all) }
    if text.contains("*") {
      let pattern = AccountPattern(text)
      return all.filter { pattern.matches($0.name.description) }
    }
    return [try instrument(text, venue: nil)]
  }

  // MARK: Scopes

  struct Selected {
    var accounts: Set<UInt16>
    var instrument = InstrumentID.none
    var strategy = StrategyID.none
    var venue = VenueID.none

    func contains(
      account: AccountID, instrument: InstrumentID, strategy: StrategyID = .none, venue: VenueID
    ) -> Bool {
      accounts.contains(account.number) && (self.instrument.isNone || self.instrument == instrument)
        && (self.strategy.isNone || self.strategy == strategy) && (self.venue.isNone || self.venue == venue)
    }
  }

  func selected(_ selection: Selection) throws(RequestError) -> Selected {
    var selected = Selected(accounts: Set(try accounts(selection.account).map(\.number)))
    // Accounts that were removed are still asked about by those who name nothing.
    if selection.account == nil { selected.accounts = Set(names.accounts.indices.map { UInt16($0) }) }
    if let symbol = selection.symbol { selected.instrument = try instrument(symbol, venue: nil).id }
    if let strategy = selection.strategy {
      guard let id = names.strategyID(named: strategy) else {
        throw RequestError("notfound.strategy", exit: 18, "there is no strategy '\(strategy)'")
      }
      selected.strategy = id
    }
    if let venue = selection.venue {
      guard let id = names.venueID(named: venue) else {
        throw RequestError("notfound.venue", exit: 18, "there is no venue '\(venue)'")
      }
      selected.venue = id
    }
    return selected
  }

  // MARK: Numbers

  static func decimal(_ text: String, _ what: String) throws(RequestError) -> Decimal {
    do { return try Decimal(shell: text) } catch { throw .usage("decimal", "\(what): \(error)") }
  }

  static func price(_ text: String, _ what: String, _ rules: Instrument, _ round: RoundMode?) throws(RequestError)
    -> Int64
  {
    let value = try decimal(text, what)
    guard !value.isZero else { throw .usage("decimal", "\(what) must be above zero") }
    if let round {
      guard let price = value.price(scale: Int(rules.priceScale), tick: rules.tick, rounding(round)) else {
        throw .usage("decimal", "\(what) \(text) is too large")
      }
      return price.mantissa
    }
    do throws(NumberError) {
      return try value.price(scale: Int(rules.priceScale), tick: rules.tick).mantissa
    } catch {
      throw .usage("tick", "\(what) of \(rules.name): \(error)", hint: "round it, or say --round down|up|nearest")
    }
  }

  static func quantity(_ text: String, _ rules: Instrument, _ round: RoundMode?) throws(RequestError) -> Int64 {
    let value = try decimal(text, "qty")
    guard !value.isZero else { throw .usage("decimal", "qty must be above zero") }
    if let round {
      guard let quantity = value.quantity(scale: Int(rules.quantityScale), lot: rules.lot, rounding(round)) else {
        throw .usage("decimal", "qty \(text) is too large")
      }
      guard quantity.mantissa > 0 else { throw .usage("lot", "qty \(text) rounds to nothing") }
      return quantity.mantissa
    }
    do throws(NumberError) {
      return try value.quantity(scale: Int(rules.quantityScale), lot: rules.lot).mantissa
    } catch {
      throw .usage("lot", "qty of \(rules.name): \(error)", hint: "round it, or say --round down|up|nearest")
    }
  }

  static func rounding(_ mode: RoundMode) -> Rounding {
    switch mode {
    case .down: .floor
    case .up: .ceil
    case .nearest: .halfEven
    }
  }

  /// `25bps` or `0.5%` in millionths.
  static func partsPerMillion(_ text: String, _ what: String) throws(RequestError) -> Int64 {
    guard let (number, scale) = RatioText.split(text) else {
      throw .usage("unit", "\(what) '\(text)' has no unit; write 25bps or 0.5%")
    }
    let value = try decimal(number, what)
    guard let parts = value.mantissa(scale: scale, .halfEven), parts <= 1_000_000 else {
      throw .usage("unit", "\(what) '\(text)' is more than 100%")
    }
    return Int64(parts)
  }

  static func time(_ text: String?, now: UTCTime) throws(RequestError) -> UTCTime? {
    guard let text else { return nil }
    do { return try TimeText.parse(text, now: now) } catch { throw .usage("time", error.description) }
  }

  /// A session's name as the number that orders carry: digits are that number, other names their hash.
  static func session(_ name: String?) -> UInt64 {
    guard let name, !name.isEmpty else { return 0 }
    if let number = UInt64(name), number > 0 { return number }
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return sum | 1
  }
}
