// Numbers for names: what a Define record says is so for ever, new rules are a new version of the same number.

extension Core {
  mutating func define(_ input: DefineAssetInput) {
    precondition(input.id.index > 0 && input.id.index < state.capacity.assets, "asset number out of range")
    state.globals[0].assetCount = max(state.globals[0].assetCount, UInt32(input.id.number))
    state.assets[input.id.index].name = input.name
    state.assets[input.id.index].id = input.id
    state.assets[input.id.index].scale = input.scale
    if input.isReport != 0 {
      state.globals[0].reportAsset = input.id
      state.assets[input.id.index].value = Money.one
    }
  }

  mutating func define(_ input: DefineVenueInput) {
    precondition(input.id.index > 0 && input.id.index < state.capacity.venues, "venue number out of range")
    if state.venues[input.id.index].id.isNone {
      state.globals[0].venueCount = max(state.globals[0].venueCount, UInt32(input.id.number))
      state.inheritLimits(.venue, input.id.index)
    }
    state.venues[input.id.index].name = input.name
    state.venues[input.id.index].id = input.id
    state.venues[input.id.index].fence = input.fenceNanoseconds
    state.venues[input.id.index].visibility = input.visibilityNanoseconds
    state.venues[input.id.index].ordersPerTenSeconds = input.ordersPerTenSeconds
  }

  mutating func define(_ input: Instrument) {
    precondition(input.id.index > 0 && input.id.index < state.capacity.instruments, "instrument number out of range")
    precondition(input.tick > 0 && input.lot > 0, "an instrument has a tick and a lot")
    precondition(input.priceScale <= 18 && input.quantityScale <= 18, "scales are 0 to 18")
    let row = input.id.index
    if state.instruments[row].rules.id.isNone {
      state.globals[0].instrumentCount = max(state.globals[0].instrumentCount, UInt32(input.id.number))
      state.inheritLimits(.instrument, row)
      state.instruments[row].ownAskMin = .max
      state.instruments[row].takerAskMin = .max
      // Until its marks have taught better: five percent a day, times 2.33 for one day in a hundred.
      state.instruments[row].riskQ20 = (1 << 20) * 1165 / 10_000
    } else {
      let old = state.instruments[row].rules
      precondition(
        old.priceScale == input.priceScale && old.quantityScale == input.quantityScale,
        "the scales of a number never change; define a new instrument")
    }
    state.instruments[row].rules = input
  }

  mutating func define(_ input: DefineAccountInput) {
    precondition(input.id.index > 0 && input.id.index < state.capacity.accounts, "account number out of range")
    let row = input.id.index
    if state.accounts[row].id.isNone {
      state.globals[0].accountCount = max(state.globals[0].accountCount, UInt32(input.id.number))
      state.inheritLimits(.account, row)
    } else {
      precondition(state.accounts[row].modeRaw == input.modeRaw, "an account's number is defined by (name, mode)")
    }
    state.accounts[row].name = input.name
    state.accounts[row].id = input.id
    state.accounts[row].parent = input.parent
    state.accounts[row].venue = input.venue
    state.accounts[row].typeRaw = input.typeRaw
    state.accounts[row].modeRaw = input.modeRaw
    state.accounts[row].spotEnabled = input.spotEnabled
    state.accounts[row].futuresEnabled = input.futuresEnabled
    state.accounts[row].isRemoved = input.isRemoved
    state.accounts[row].hedgeMode = input.hedgeMode
  }

  mutating func define(_ input: DefineStrategyInput) {
    precondition(input.id.index > 0 && input.id.index < state.capacity.strategies, "strategy number out of range")
    if state.strategies[input.id.index].id.isNone {
      state.globals[0].strategyCount = max(state.globals[0].strategyCount, UInt32(input.id.number))
      state.inheritLimits(.strategy, input.id.index)
    }
    state.strategies[input.id.index].name = input.name
    state.strategies[input.id.index].id = input.id
  }

  mutating func setText(_ input: SetTextInput) {
    precondition(input.id > 0 && Int(input.id) < state.capacity.texts, "text number out of range")
    state.texts[Int(input.id)].text = input
    state.globals[0].textHighWater = max(state.globals[0].textHighWater, UInt64(input.id))
  }

  mutating func setLimit(_ input: SetLimitInput, _ output: inout StepOutput) {
    guard let kind = LimitKind(rawValue: input.kindRaw), let scope = LimitScope(rawValue: input.scopeRaw),
      let mode = Mode(rawValue: input.modeRaw), isDefined(scope, Int(input.target))
    else { return refuse(input.token, Verdict(reason: .notSupported), &output) }
    state.globals[0].limitsVersion += 1
    if input.asset != 0 {
      setAssetLimit(input, mode)
    } else if input.isReset != 0 {
      state.resetLimit(kind, scope, Int(input.target), mode)
    } else {
      state.setLimit(kind, scope, Int(input.target), mode, input.value)
    }
    if input.token != 0 {
      notice(.limitChanged, .info, &output) { image in
        image.amount = input.value
        image.a = Int64(input.kindRaw)
        image.b = Int64(input.scopeRaw) << 32 | Int64(input.target)
      }
    }
    answer(input.token, .accepted, &output)
  }

  private func isDefined(_ scope: LimitScope, _ target: Int) -> Bool {
    switch scope {
    case .total: target == 0
    case .venue: target <= Int(state.globals[0].venueCount)
    case .account: target <= Int(state.globals[0].accountCount)
    case .instrument: target <= Int(state.globals[0].instrumentCount)
    case .strategy: target <= Int(state.globals[0].strategyCount)
    }
  }

  /// The largest position by base asset: `max_position: {BTC: "2"}`.
  private mutating func setAssetLimit(_ input: SetLimitInput, _ mode: Mode) {
    let count = Int(state.globals[0].assetLimitCount)
    var row = count
    for i in 0..<count
    where state.assetLimits[i].asset.number == input.asset && state.assetLimits[i].account.number == input.target
      && state.assetLimits[i].modeRaw == mode.rawValue
    {
      row = i
    }
    guard row < CoreState.assetLimitCount else { return }
    if row == count { state.globals[0].assetLimitCount += 1 }
    state.assetLimits[row].asset = AssetID(number: input.asset)
    state.assetLimits[row].account = AccountID(number: input.target)
    state.assetLimits[row].modeRaw = mode.rawValue
    state.assetLimits[row].value = input.isReset != 0 ? Money.max : input.value
  }

  /// The largest position quantity of `account` in `asset`: its own entry before that of each account.
  func positionQuantityLimit(_ account: AccountID, _ asset: AssetID, _ mode: Mode) -> Money {
    var common: Money?
    for i in 0..<Int(state.globals[0].assetLimitCount) {
      let row = state.assetLimits[i]
      guard row.asset == asset, row.modeRaw == mode.rawValue else { continue }
      if row.account == account { return row.value }
      if row.account.isNone { common = row.value }
    }
    return common ?? state.limit(.maxPositionQuantity, .account, account.index, mode)
  }
}
