/// Balances, positions and funding of USD-M.
package enum FuturesAccountReader {
  /// Why a balance changed, of those reasons that are money from outside.
  private static let transfers: [String] = [
    "DEPOSIT", "WITHDRAW", "WITHDRAW_REJECT", "ADJUSTMENT", "INSURANCE_CLEAR", "ADMIN_DEPOSIT", "ADMIN_WITHDRAW",
    "ASSET_TRANSFER", "OPTIONS_PREMIUM_FEE", "OPTIONS_SETTLE_PROFIT", "AUTO_EXCHANGE", "COIN_SWAP_DEPOSIT",
    "COIN_SWAP_WITHDRAW",
  ]

  /// `ACCOUNT_UPDATE`: assets and positions that changed, and why.
  static func update(
    _ event: JSONValue, _ account: AccountID, _ memory: borrowing BinanceAccountMemory,
    _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> [VenueEvent] {
    guard let change = event["a"], change.isObject else { throw .member("a") }
    let reason = try change.word("m")
    let time = try event.time("T")
    var events: [VenueEvent] = []
    let funded = reason == "FUNDING_FEE" ? fundedName(change) : nil
    let paid = funded.flatMap { names.symbol($0) }
    for row in change["B"]?.elements ?? [] {
      guard let asset = names.asset(try row.word("a")) else { continue }
      var balance = VenueEvent(.balance)
      balance.account = account
      balance.asset = asset
      balance.walletRaw = Wallet.futures.rawValue
      balance.amount = try row.money("wb")
      balance.locked = memory.balance(asset).locked
      balance.venueTime = time
      let moved = try row.money("bc")
      if let paid, paid.settle == asset, !moved.isZero {
        events.append(funding(moved, paid, asset, account, time))
      } else if transfers.contains(reason) || funded != nil, !moved.isZero {
        balance.isForced = 1
        balance.fee = moved
      }
      events.append(balance)
    }
    for row in change["P"]?.elements ?? [] {
      guard let name = row["s"]?.string, names.symbol(name) != nil else { continue }
      events.append(try position(row, account, memory, names, time))
    }
    return events
  }

  /// The symbol that funding was paid for. With cross margin there is no position beside it; where no symbol is named,
  /// the payment is left to the list of income, which names it.
  private static func fundedName(_ change: JSONValue) -> String? {
    if let name = change["S"]?.string { return name }
    let rows = change["P"]?.elements ?? []
    return rows.count == 1 ? rows[0]["s"]?.string : nil
  }

  private static func funding(
    _ moved: Money, _ symbol: BinanceSymbol, _ asset: AssetID, _ account: AccountID, _ time: UTCTime
  ) -> VenueEvent {
    var funding = VenueEvent(.funding)
    funding.account = account
    funding.instrument = symbol.instrument
    funding.venue = symbol.venue
    funding.asset = asset
    funding.fee = Money.zero - moved
    funding.trade = fundingReference(time)
    funding.venueTime = time
    return funding
  }

  /// The minute it was paid in: the stream names no number, and history must find the same.
  private static func fundingReference(_ time: UTCTime) -> VenueReference {
    VenueReference(high: 1, low: UInt64(max(0, (time.nanoseconds + 30_000_000_000) / 60_000_000_000)))
  }

  private static func position(
    _ row: JSONValue, _ account: AccountID, _ memory: borrowing BinanceAccountMemory, _ names: borrowing BinanceNames,
    _ time: UTCTime
  ) throws(BinanceProblem) -> VenueEvent {
    let symbol = try row.symbol("s", names)
    var event = VenueEvent(.position)
    event.account = account
    event.instrument = symbol.instrument
    event.venue = symbol.venue
    event.asset = symbol.settle
    event.walletRaw = Wallet.futures.rawValue
    event.quantity = try row.signedMantissa("pa", scale: symbol.quantityScale)
    event.price = try row.truncatedMantissa("ep", scale: symbol.priceScale)
    event.amount = try row.money("iw")
    event.marginModeRaw = (try row.word("mt") == "isolated" ? MarginMode.isolated : .cross).rawValue
    event.positionSideRaw = try row.positionSide("ps").rawValue
    event.leverage = memory[leverage: symbol.instrument]
    event.venueTime = time
    return event
  }

  /// `MARGIN_CALL`: advice, one event for each position it names.
  static func marginCall(
    _ event: JSONValue, _ account: AccountID, _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> [VenueEvent] {
    var events: [VenueEvent] = []
    for row in event["p"]?.elements ?? [] {
      guard let name = row["s"]?.string, let symbol = names.symbol(name) else { continue }
      var call = VenueEvent(.marginCall)
      call.account = account
      call.instrument = symbol.instrument
      call.venue = symbol.venue
      call.positionSideRaw = try row.positionSide("ps").rawValue
      events.append(call)
    }
    return events
  }

  // MARK: Answers

  /// `account`: wallet balances and what open orders hold of them.
  package static func balances(
    _ body: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) {
    guard let rows = body["assets"], rows.isArray else { throw .member("assets") }
    for row in rows.elements {
      guard let asset = reading.names.asset(try row.word("asset")) else { continue }
      var balance = VenueEvent(.balance)
      balance.account = reading.account
      balance.asset = asset
      balance.walletRaw = Wallet.futures.rawValue
      balance.amount = try row.money("walletBalance")
      balance.locked = try row.money("openOrderInitialMargin")
      balance.requestID = request.requestID
      balance.isReplay = 1
      emit(balance)
    }
  }

  /// `positionRisk`: positions that are held or have orders; leverage and margin mode come from `symbolConfig`.
  package static func positions(
    _ rows: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading,
    _ memory: borrowing BinanceAccountMemory, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) {
    guard rows.isArray else { throw .member("positions") }
    for row in rows.elements {
      guard let name = row["symbol"]?.string, let symbol = reading.names.symbol(name) else { continue }
      var event = VenueEvent(.position)
      event.account = reading.account
      event.instrument = symbol.instrument
      event.venue = symbol.venue
      event.asset = symbol.settle
      event.walletRaw = Wallet.futures.rawValue
      event.quantity = try row.signedMantissa("positionAmt", scale: symbol.quantityScale)
      event.price = try row.truncatedMantissa("entryPrice", scale: symbol.priceScale)
      event.cumulative = max(0, try row.truncatedMantissa("liquidationPrice", scale: symbol.priceScale))
      // Of a position with cross margin it may be left out.
      event.amount = row["isolatedWallet"] == nil ? .zero : try row.money("isolatedWallet")
      event.positionSideRaw = try row.positionSide("positionSide").rawValue
      event.leverage = memory[leverage: symbol.instrument]
      event.marginModeRaw = memory[mode: symbol.instrument].rawValue
      event.requestID = request.requestID
      event.isReplay = 1
      emit(event)
    }
  }

  /// `symbolConfig`: leverage and margin mode of each symbol, into the memory.
  package static func configuration(
    _ rows: JSONValue, _ reading: borrowing BinanceReading, into memory: inout BinanceAccountMemory
  ) throws(BinanceProblem) {
    guard rows.isArray else { throw .member("symbolConfig") }
    for row in rows.elements {
      guard let name = row["symbol"]?.string, let symbol = reading.names.symbol(name) else { continue }
      guard let leverage = row["leverage"]?.integer(as: UInt16.self), leverage > 0 else { throw .member("leverage") }
      memory[leverage: symbol.instrument] = leverage
      memory[mode: symbol.instrument] = try row.word("marginType") == "ISOLATED" ? .isolated : .cross
    }
  }

  /// Funding in the list of income, as the stream would have told it.
  package static func income(
    _ rows: JSONValue, _ reading: borrowing BinanceReading, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) {
    guard rows.isArray else { throw .member("income") }
    for row in rows.elements { if let event = try payment(row, reading) { emit(event) } }
  }

  /// One row of income; `nil` for what is no funding in the symbol's own asset, or of a symbol that is not configured.
  static func payment(_ row: JSONValue, _ reading: borrowing BinanceReading) throws(BinanceProblem) -> VenueEvent? {
    guard row["incomeType"]?.string == "FUNDING_FEE", let name = row["symbol"]?.string,
      let symbol = reading.names.symbol(name), let asset = reading.names.asset(try row.word("asset")),
      asset == symbol.settle
    else { return nil }
    var event = funding(try row.money("income"), symbol, asset, reading.account, try row.time("time"))
    event.isReplay = 1
    return event
  }
}
