// The stop ladder as durable state, work on many orders, and the alarms that keep new risk out.

extension Core {
  mutating func setTrading(_ input: SetTradingInput, _ output: inout StepOutput) {
    guard let wanted = TradingState(rawValue: input.stateRaw), isDefined(input.scope) else {
      return refuse(input.token, Verdict(reason: .notSupported), &output)
    }
    setState(input.scope, wanted)
    notice(.tradingState, wanted == .on ? .info : .warn, &output) { notice in
      notice.text = input.reason
      notice.account = input.scope.account
      notice.instrument = input.scope.instrument
      notice.strategy = input.scope.strategy
      notice.venue = input.scope.venue
      notice.a = Int64(input.stateRaw)
      notice.user = input.user
    }
    guard input.cancelsOrders != 0 else { return answer(input.token, .accepted, &output) }
    var bulk = BulkRow()
    bulk.scope = input.scope
    bulk.token = input.token
    bulk.reasonRaw = Reason.cancelledByKill.rawValue
    begin(bulk, &output)
  }

  private func isDefined(_ scope: Scope) -> Bool {
    scope.account.index <= Int(state.globals[0].accountCount)
      && scope.instrument.index <= Int(state.globals[0].instrumentCount)
      && scope.strategy.index <= Int(state.globals[0].strategyCount)
      && scope.venue.index <= Int(state.globals[0].venueCount)
  }

  /// The narrowest thing that a scope names gets the state; a scope that names nothing is everything.
  private mutating func setState(_ scope: Scope, _ wanted: TradingState) {
    if !scope.account.isNone {
      state.accounts[scope.account.index].tradingRaw = wanted.rawValue
    } else if !scope.instrument.isNone {
      state.instruments[scope.instrument.index].tradingRaw = wanted.rawValue
    } else if !scope.strategy.isNone {
      state.strategies[scope.strategy.index].tradingRaw = wanted.rawValue
    } else if !scope.venue.isNone {
      state.venues[scope.venue.index].tradingRaw = wanted.rawValue
    } else {
      state.globals[0].tradingRaw = wanted.rawValue
    }
  }

  // MARK: Many orders

  mutating func cancelMany(_ input: CancelManyInput, _ output: inout StepOutput) {
    guard isDefined(input.scope) else { return refuse(input.token, Verdict(reason: .notSupported), &output) }
    var bulk = BulkRow()
    bulk.scope = input.scope
    bulk.token = input.token
    bulk.session = input.session
    bulk.sideRaw = input.sideRaw
    bulk.includesForeign = input.includesForeign
    bulk.reasonRaw = (input.session != 0 ? Reason.cancelledBySession : .cancelledByUser).rawValue
    begin(bulk, &output)
  }

  private mutating func begin(_ work: BulkRow, _ output: inout StepOutput) {
    for i in 0..<CoreState.bulkCount where state.bulks[i].isActive == 0 {
      state.bulks[i] = work
      state.bulks[i].isActive = 1
      state.bulks[i].cursorAccount = 1
      return proceed(&output)
    }
    refuse(work.token, Verdict(reason: .capacity), &output)
  }

  /// A portion of every unfinished work.
  mutating func proceed(_ output: inout StepOutput) {
    for i in 0..<CoreState.bulkCount where state.bulks[i].isActive != 0 {
      // Requests and events of one step are bounded: the next input goes on.
      guard output.requestCount < StepOutput.requestCapacity / 2, output.eventCount < StepOutput.eventCapacity / 4
      else {
        return
      }
      if state.bulks[i].isRestart != 0 { reviewOrders(i, &output) } else { cancelPortion(i, &output) }
    }
  }

  private mutating func cancelPortion(_ bulk: Int, _ output: inout StepOutput) {
    var budget = Limits.ordersPerStep
    while Int(state.bulks[bulk].cursorAccount) <= Int(state.globals[0].accountCount) {
      let account = Int(state.bulks[bulk].cursorAccount)
      let isInScope = isAccount(account, in: state.bulks[bulk].scope)
      var at = isInScope ? state.accounts[account].openHead : 0
      while at != 0 {
        let slot = Int(at) - 1
        at = state.orderLinks[slot].nextOfAccount
        guard wants(bulk, slot) else { continue }
        guard budget > 0 else { return }
        budget -= 1
        state.bulks[bulk].count += 1
        let reason = Reason(rawValue: state.bulks[bulk].reasonRaw) ?? .cancelledByUser
        requestCancel(slot, reason: reason, &output)
        // A held order that went took others with it: start over on this account.
        at = state.accounts[account].openHead
      }
      state.bulks[bulk].cursorAccount += 1
    }
    let done = state.bulks[bulk]
    state.bulks[bulk] = BulkRow()
    answer(done.token, .finished, count: done.count, &output)
  }

  private func isAccount(_ account: Int, in scope: Scope) -> Bool {
    guard scope.account.isNone || scope.account.index == account else { return false }
    return scope.venue.isNone || state.accounts[account].venue == scope.venue
  }

  private func wants(_ bulk: Int, _ slot: Int) -> Bool {
    let work = state.bulks[bulk]
    let row = state.orders[slot]
    guard row.cancelRequested == 0 else { return false }
    guard work.includesForeign != 0 || row.image.ownerRaw == OrderOwner.oms.rawValue else { return false }
    guard work.scope.instrument.isNone || row.image.instrument == work.scope.instrument else { return false }
    guard work.scope.strategy.isNone || row.image.strategy == work.scope.strategy else { return false }
    guard work.session == 0 || row.image.session == work.session else { return false }
    return work.sideRaw == 0 || row.image.sideRaw == work.sideRaw
  }

  // MARK: Accounts, clock, alarms

  mutating func setAccount(_ input: SetAccountInput, _ output: inout StepOutput) {
    guard input.account.index > 0, input.account.index <= Int(state.globals[0].accountCount) else {
      return refuse(input.token, Verdict(reason: .unknownAccount), &output)
    }
    if input.instrument.isNone {
      setOpen(input.account, input.isOpen != 0, &output)
    } else {
      requestLeverage(input, &output)
    }
    answer(input.token, .accepted, &output)
  }

  mutating func setOpen(_ account: AccountID, _ isOpen: Bool, _ output: inout StepOutput) {
    guard (state.accounts[account.index].isOpen != 0) != isOpen else { return }
    state.accounts[account.index].isOpen = isOpen ? 1 : 0
    notice(isOpen ? .accountOpened : .accountClosed, isOpen ? .info : .warn, &output) { $0.account = account }
  }

  private mutating func requestLeverage(_ input: SetAccountInput, _ output: inout StepOutput) {
    var request = VenueRequest(.setLeverage)
    request.account = input.account
    request.instrument = input.instrument
    request.venue = state.accounts[input.account.index].venue
    request.leverage = input.leverage
    request.marginModeRaw = input.marginModeRaw
    request.requestID = nextRequestID()
    output.request(request)
  }

  mutating func clockOffset(_ input: ClockOffsetInput, _ output: inout StepOutput) {
    switch input.isAlarm {
    case ClockOffsetInput.alarm: state.globals[0].clockAlarm = 1
    case ClockOffsetInput.accepted: state.globals[0].clockAlarm = 0
    default: break
    }
    let level: NoticeLevel = input.isAlarm == ClockOffsetInput.alarm ? .alarm : .warn
    notice(.clockStep, level, &output) { $0.a = input.utcOffset }
  }

  mutating func acknowledge(_ input: AlarmInput, _ output: inout StepOutput) {
    let open = state.globals[0].openAlarm
    guard open > 0 else { return answer(input.token, .replayed, &output) }
    state.globals[0].openAlarm = 0
    notice(.alarmAcknowledged, .info, &output) { $0.a = Int64(clamping: open) }
    answer(input.token, .accepted, count: UInt32(clamping: open), &output)
  }
}
