/// Answers to questions. They change nothing.
extension Exchange {
  mutating func reportOrder(_ request: VenueRequest) {
    let slot = findOrder(request)
    guard slot != 0 else {
      var event = VenueEvent(.orderAbsent)
      event.wireID = request.wireID
      event.requestID = request.requestID
      event.account = request.account
      event.instrument = request.instrument
      return emit(event)
    }
    emit(report(slot, request.requestID))
  }

  /// Open orders all at once, then finished ones in portions of `orderReportMax`, oldest end first: `reportEnd` names the
  /// last one in `trade` while there are more.
  mutating func reportOrders(_ request: VenueRequest) {
    var count: Int64 = 0
    var slot = request.venueOrder.isNone ? accounts[Int(request.account.number)].firstOrder : 0
    while slot != 0 {
      if isAbout(request, slot) {
        emit(report(slot, request.requestID))
        count += 1
      }
      slot = orders[Int(slot)].next
    }
    guard request.expiresAt != .zero else { return endReport(request, count: count) }
    slot = finishedOrder(behind: request.venueOrder.low)
    var told = 0
    while slot != 0 {
      if isAbout(request, slot), orders[Int(slot)].created >= request.expiresAt.nanoseconds {
        emit(report(slot, request.requestID))
        told += 1
        if told == Self.orderReportMax { break }
      }
      slot = orders[Int(slot)].next
    }
    endReport(request, count: count + Int64(told), last: slot == 0 ? 0 : orders[Int(slot)].number)
  }

  private func isAbout(_ request: VenueRequest, _ slot: UInt32) -> Bool {
    orders[Int(slot)].account == request.account.number
      && (request.instrument.isNone || orders[Int(slot)].instrument == request.instrument.number)
  }

  /// The one that ended next after the order of that number; the oldest where that one is not kept any more.
  private func finishedOrder(behind number: UInt64) -> UInt32 {
    var slot = number == 0 ? 0 : doneFirst
    while slot != 0 {
      if orders[Int(slot)].number == number { return orders[Int(slot)].next }
      slot = orders[Int(slot)].next
    }
    return doneFirst
  }

  /// Fills of an account after a trade number, oldest first, at most `fillReportMax`: then `reportEnd` names the last one
  /// in `trade`, and the asker goes on from there until fewer come.
  mutating func reportFills(_ request: VenueRequest) {
    let oldest = fillCount > UInt64(fills.count) ? fillCount - UInt64(fills.count) : 0
    var (low, high) = (oldest, fillCount)
    while low < high {
      let middle = low + (high - low) / 2
      let fill = fills[Int(middle % UInt64(fills.count))]
      if fill.trade <= request.venueOrder.low { low = middle + 1 } else { high = middle }
    }
    var (count, last) = (0, request.venueOrder.low)
    while low < fillCount {
      let fill = fills[Int(low % UInt64(fills.count))]
      // Both sides of one trade may be the account's own: never stop between them.
      if count >= Self.fillReportMax && fill.trade != last { break }
      low += 1
      guard fill.account == request.account.number,
        request.instrument.isNone || fill.instrument == request.instrument.number
      else { continue }
      var event = event(of: fill, fill.isBust == 1 ? .bust : .fill)
      event.requestID = request.requestID
      event.isReplay = 1
      output.push(event)
      count += 1
      last = fill.trade
    }
    endReport(request, count: Int64(count), last: last)
  }

  mutating func reportAccount(_ request: VenueRequest) {
    let account = request.account.number
    for wallet in Wallet.allCases {
      for asset in 1...max(assetCount, 1) {
        // Also what is empty: somebody may believe that it is not.
        var event = balanceEvent(account, wallet, UInt16(asset))
        event.requestID = request.requestID
        event.isReplay = 1
        emit(event)
      }
    }
    for instrument in 1...max(instrumentCount, 1) where markets[instrument].isPerpetual {
      // Also where nothing is held: the leverage is the account's own.
      for lane in 0..<laneCount(account) { emit(positionEvent(account, UInt16(instrument), lane, request.requestID)) }
    }
    endReport(request, count: 0)
  }

  /// Tells a customer that money came or went without a trade.
  mutating func emitBalanceChange(_ account: UInt16, _ wallet: Wallet, _ asset: UInt16, by change: Int128) {
    var event = balanceEvent(account, wallet, asset)
    event.isForced = 1
    event.fee = Money(units: change)
    emit(event)
  }

  /// What open orders hold back of a balance.
  func locked(_ account: UInt16, _ wallet: Wallet, _ asset: UInt16) -> Int128 {
    wallet == .spot ? balances[balanceIndex(account, wallet, asset)].locked : orderMargin(account, asset)
  }

  func balanceEvent(_ account: UInt16, _ wallet: Wallet, _ asset: UInt16) -> VenueEvent {
    let balance = balances[balanceIndex(account, wallet, asset)]
    var event = VenueEvent(.balance)
    event.account = AccountID(number: account)
    event.asset = AssetID(number: asset)
    event.walletRaw = wallet.rawValue
    event.amount = Money(units: balance.total)
    event.locked = Money(units: locked(account, wallet, asset))
    return event
  }

  /// `quantity` is signed: negative for a short position. `price` is the average entry, rounded; `fee` carries the exact
  /// entry cost.
  private func positionEvent(
    _ account: UInt16, _ instrument: UInt16, _ lane: Int, _ requestID: UInt64
  ) -> VenueEvent {
    let holding = holdings[holdingIndex(account, instrument, lane: lane)]
    var event = VenueEvent(.position)
    event.requestID = requestID
    event.isReplay = requestID == 0 ? 0 : 1
    event.account = AccountID(number: account)
    event.instrument = InstrumentID(number: instrument)
    event.quantity = holding.quantity
    event.amount = Money(units: holding.isolatedWallet)
    event.fee = Money(units: holding.cost)
    event.leverage = holding.leverage == 0 ? defaultLeverage(instrument) : holding.leverage
    event.marginModeRaw = holding.marginModeRaw
    event.positionSideRaw = positionSide(account, lane: lane).rawValue
    event.asset = markets[Int(instrument)].rules.settle
    event.walletRaw = Wallet.futures.rawValue
    if holding.quantity != 0 {
      let entry = holding.cost / (Int128(holding.quantity) * markets[Int(instrument)].unit)
      event.price = Int64(entry)
    }
    return event
  }

  private func report(_ slot: UInt32, _ requestID: UInt64) -> VenueEvent {
    var event = event(.orderReport, slot)
    event.requestID = requestID
    event.placedAt = UTCTime(nanoseconds: orders[Int(slot)].created)
    event.statusRaw = orders[Int(slot)].reported.rawValue
    return event
  }

  private mutating func endReport(_ request: VenueRequest, count: Int64, last: UInt64 = 0) {
    var event = VenueEvent(.reportEnd)
    event.requestID = request.requestID
    event.account = request.account
    event.instrument = request.instrument
    event.quantity = count
    event.trade = VenueReference(last)
    emit(event)
  }
}
