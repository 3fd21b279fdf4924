// Names: whom and what the engine's numbers mean, how an exchange opens, and how it begins anew.

extension SimulatedVenue where Recorder: ~Copyable {
  /// Ties an engine number to the account of that name. `false`: the exchange has none.
  package mutating func register(account: AccountID, name: Text64) -> Bool {
    guard let row = exchange.account(named: name) else { return false }
    accountOut[Int(row)] = account.number
    accountIn[account.index] = row
    return true
  }

  /// Opens a customer's account at a running exchange, without money: controls deposit it. `false`: the name is taken,
  /// or there is no room.
  package mutating func addAccount(named name: Text64, isHedged: Bool = false, now: EngineTime) -> Bool {
    guard exchange.account(named: name) == nil, exchange.accountCount + 1 < accountOut.count else { return false }
    var control = ExchangeControl(.defineAccount)
    control.text = name
    control.account = UInt16(exchange.accountCount + 1)
    control.detail = ExchangeAccountKind.customer.rawValue
    control.group = 1
    control.sideRaw = isHedged ? 1 : 0
    return desk(control, now: now)
  }

  /// Ties the engine's number to the account of that name, which is opened if it is not there.
  mutating func openAccount(_ control: ExchangeControl, now: EngineTime) -> Bool {
    let isHedged = control.sideRaw == 1
    if exchange.account(named: control.text) == nil {
      guard addAccount(named: control.text, isHedged: isHedged, now: now) else { return false }
    }
    let name = control.text.description
    if opening?.account(name) == nil { opening?.addAccount(name, isHedged: isHedged) }
    return register(account: AccountID(number: control.account), name: control.text)
  }

  /// A deposit that a reset repeats.
  mutating func depositAtOpening(_ control: ExchangeControl, now: EngineTime) -> Bool {
    guard Int(control.account) < Limits.accountCount, Int(control.asset) < Limits.assetCount,
      accountIn[Int(control.account)] != 0, assetIn[Int(control.asset)] != 0, self.control(control, now: now)
    else { return false }
    let account = exchange.accounts[Int(accountIn[Int(control.account)])].name.description
    let asset = exchange.assets[Int(assetIn[Int(control.asset)])].name.description
    if let number = opening?.account(account), let wallet = Wallet(rawValue: control.walletRaw) {
      opening?.deposit(control.amount.decimalString, asset, into: number, wallet)
    }
    return true
  }

  package mutating func register(instrument: InstrumentID, name: Text32) -> Bool {
    guard let row = exchange.instrument(named: name) else { return false }
    instrumentOut[Int(row)] = instrument.number
    instrumentIn[instrument.index] = row
    publish(row, at: clock.engine(at: exchange.time), force: true)
    return true
  }

  package mutating func register(asset: AssetID, name: Text32) -> Bool {
    guard let row = exchange.asset(named: name) else { return false }
    assetOut[Int(row)] = asset.number
    assetIn[asset.index] = row
    return true
  }

  /// Sets up an exchange that has nothing yet: records its start, then every control. Register names afterwards.
  package mutating func open(
    _ setup: ExchangeSetup, now: EngineTime, after numbers: (order: UInt64, trade: UInt64) = (0, 0)
  ) {
    precondition(exchange.accountCount == 0, "an exchange is set up once")
    var start = ExchangeStartRecord()
    start.options = exchange.options
    start.time = exchange.time
    recorder.start(start)
    if numbers != (0, 0) {
      var control = ExchangeControl(.continueNumbers)
      (control.order, control.requestID) = numbers
      take(control, now)
    }
    for control in setup.controls {
      let isDone = desk(control, now: now)
      precondition(isDone, "an empty exchange has room for its own set-up")
    }
  }

  /// A new exchange in place of the old one (`oms sim reset`): other seed, empty books, opening balances. Accounts,
  /// instruments and assets that the new one has under the same names keep their engine numbers. The link breaks and
  /// comes back, so that the engine reads everything anew.
  ///
  /// Numbers of orders and trades go on: who has heard of some before would take new ones for repetitions. `false`: the
  /// recorder has no room for it now, nothing happened.
  package mutating func reset(_ options: ExchangeOptions, _ setup: ExchangeSetup, now: EngineTime) -> Bool {
    guard recorder.hasRoom(forControls: setup.controls.count + 2) else { return false }
    let numbers = (order: exchange.orderNumber, trade: exchange.tradeNumber)
    let old = (
      accountIn: (0..<Limits.accountCount).map { accountIn[$0] },
      instrumentIn: (0..<Limits.instrumentCount).map { instrumentIn[$0] },
      assetIn: (0..<Limits.assetCount).map { assetIn[$0] }
    )
    let names = (
      accounts: (0..<Limits.accountCount).map { exchange.accounts[Int(old.accountIn[$0])].name },
      instruments: (0..<Limits.instrumentCount).map { exchange.markets[Int(old.instrumentIn[$0])].rules.name },
      assets: (0..<Limits.assetCount).map { exchange.assets[Int(old.assetIn[$0])].name }
    )
    precondition(options.capacity.accounts == exchange.options.capacity.accounts, "the tables keep their size")
    precondition(options.capacity.instruments == exchange.options.capacity.instruments)
    precondition(options.capacity.assets == exchange.options.capacity.assets)
    exchange = Exchange(options, startingAt: clock.market(at: now))
    faults = FaultState()
    for row in 0..<accountOut.count { accountOut[row] = 0 }
    for row in 0..<instrumentOut.count { instrumentOut[row] = 0 }
    for row in 0..<assetOut.count { assetOut[row] = 0 }
    for number in 0..<Limits.accountCount { accountIn[number] = 0 }
    for number in 0..<Limits.instrumentCount { (instrumentIn[number], feedFaults[number]) = (0, 0) }
    for number in 0..<Limits.assetCount { assetIn[number] = 0 }
    open(setup, now: now, after: numbers)
    for (number, name) in names.accounts.enumerated() where old.accountIn[number] != 0 {
      _ = register(account: AccountID(number: UInt16(number)), name: name)
    }
    for (number, name) in names.instruments.enumerated() where old.instrumentIn[number] != 0 {
      _ = register(instrument: InstrumentID(number: UInt16(number)), name: name)
    }
    for (number, name) in names.assets.enumerated() where old.assetIn[number] != 0 {
      _ = register(asset: AssetID(number: UInt16(number)), name: name)
    }
    disconnect(0, now)
    return true
  }

  /// As `opening` says, with the rules of the house as they are; a seed of its own if one is given.
  mutating func startOver(seed: UInt64?, now: EngineTime) -> Bool {
    guard let opening else { return false }
    var options = exchange.options
    if let seed { options.seed = seed }
    return reset(options, opening, now: now)
  }
}
