import OMSLib

/// Settings of a futures account, and what it asks about itself.
extension VenueServer where Recorder: ~Copyable {
  mutating func performFuturesAccount(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    switch operation {
    case .leverage: try setLeverage(parameters, caller, at: time)
    case .marginType: try setMarginType(parameters, caller, at: time)
    case .setPositionMode: try setPositionMode(parameters, caller, at: time)
    case .positionMargin: try changeMargin(parameters, caller, at: time)
    case .setMultiAssets: try setMultiAssets(parameters, caller, at: time)
    case .setFeeBurn: try setFeeBurn(parameters, caller, at: time)
    default: try askFuturesAccount(operation, parameters, caller, at: time)
    }
  }

  private mutating func askFuturesAccount(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbolIfGiven(parameters)
    if operation == .commissionRate { _ = try self.symbol(parameters) }
    let income = operation == .income ? try IncomeChoice(parameters) : nil
    let (account, face) = (caller.account, caller.face)
    ask(for: caller, at: time) { server, time in
      let body: [UInt8]
      switch operation {
      case .accountOld: body = server.accountPage(of: account, face, isOld: true)
      case .accountInformation: body = server.accountPage(of: account, face, isOld: false)
      case .balanceOld, .balances: body = server.balancePage(of: account, face)
      case .positionsOld: body = server.positionPage(of: account, symbol, face, isOld: true)
      case .positions: body = server.positionPage(of: account, symbol, face, isOld: false)
      case .accountConfig: body = server.accountConfigPage(of: account)
      case .symbolConfig: body = server.symbolConfigPage(of: account, symbol)
      case .positionMode:
        let isHedged = server.venue.exchange.isHedged(account)
        body = object { $0.member("dualSidePosition", isHedged) }
      case .multiAssets: body = object { $0.member("multiAssetsMargin", false) }
      case .feeBurn: body = object { $0.member("feeBurn", false) }
      case .commissionRate: body = server.commissionPage(of: account, symbol)
      case .brackets: body = server.bracketPage(symbol)
      case .income: body = server.incomePage(of: account, symbol, income, face)
      default: preconditionFailure("a route that nobody handles")
      }
      server.answer(caller, .success(body), at: time)
    }
  }

  // MARK: - Pages

  private func accountConfigPage(of account: UInt16) -> [UInt8] {
    object { writer in
      writer.member("feeTier", 0)
      writer.member("canTrade", true)
      writer.member("canDeposit", true)
      writer.member("canWithdraw", true)
      writer.member("dualSidePosition", venue.exchange.isHedged(account))
      writer.member("updateTime", 0)
      writer.member("multiAssetsMargin", false)
      writer.member("tradeGroupId", -1)
    }
  }

  private func symbolConfigPage(of account: UInt16, _ symbol: VenueSymbol?) -> [UInt8] {
    let first = positions(of: account, symbol).filter { $0.facts.side != .short }
    return array(
      first.map { view in
        object { writer in
          writer.member("symbol", view.symbol.name)
          writer.member("marginType", view.facts.isIsolated ? "ISOLATED" : "CROSSED")
          writer.member("isAutoAddMargin", false)
          writer.member("leverage", view.facts.leverage)
          writer.member("maxNotionalValue", "\(view.notionalMax)")
        }
      })
  }

  private func commissionPage(of account: UInt16, _ symbol: VenueSymbol?) -> [UInt8] {
    guard let symbol else { return object { _ in } }
    let rates = venue.exchange.rates(of: account, symbol.number)
    return object { writer in
      writer.member("symbol", symbol.name)
      writer.member("makerCommissionRate", rates.maker.description)
      writer.member("takerCommissionRate", rates.taker.description)
    }
  }

  private func bracketPage(_ symbol: VenueSymbol?) -> [UInt8] {
    array(
      (symbol.map { [$0] } ?? symbols.symbols(of: .usdm)).map { symbol in
        object { writer in
          writer.member("symbol", symbol.name)
          writer.name("notionalCoef")
          writer.raw(Array("1.0".utf8))
          writer.name("brackets")
          writer.beginArray()
          for bracket in Exchange.bracketTable {
            writer.beginObject()
            writer.member("bracket", bracket.number)
            writer.member("initialLeverage", min(bracket.leverageMax, symbol.rules.maxLeverage))
            writer.member("notionalCap", bracket.cap)
            writer.member("notionalFloor", bracket.floor)
            writer.name("maintMarginRatio")
            writer.raw(Array(bracket.rate.description.utf8))
            writer.name("cum")
            writer.raw(Array("\(bracket.cum).0".utf8))
            writer.endObject()
          }
          writer.endArray()
        }
      })
  }

  private struct IncomeChoice {
    var kind: String?
    var start: UTCTime?
    var end: UTCTime?
    var limit: Int

    init(_ parameters: Parameters) throws(VenueError) {
      kind = try parameters.text("incomeType")
      (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
      limit = try parameters.limit(100, most: 1_000)
    }
  }

  private func incomePage(
    of account: UInt16, _ symbol: VenueSymbol?, _ choice: IncomeChoice?, _ face: TimeFace
  ) -> [UInt8] {
    guard let choice else { return array([]) }
    let rows = (ledger.income[account] ?? []).filter { row in
      (choice.kind == nil || row.kind == choice.kind) && (symbol == nil || row.symbol == symbol?.name)
        && (choice.start == nil || row.time >= choice.start ?? .zero)
        && (choice.end == nil || row.time <= choice.end ?? .zero)
    }
    let shown = choice.start == nil ? Array(rows.suffix(choice.limit)) : Array(rows.prefix(choice.limit))
    return array(
      shown.map { row in
        object { writer in
          writer.member("symbol", row.symbol)
          writer.member("incomeType", row.kind)
          writer.member("income", money: row.amount)
          writer.member("asset", venue.exchange.assetName(row.asset).description)
          writer.member("info", row.kind)
          writer.member("time", row.time, face)
          writer.member("tranId", row.number)
          writer.member("tradeId", row.trade == 0 ? "" : "\(row.trade)")
        }
      })
  }

  // MARK: - Settings

  private mutating func setLeverage(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError)
  {
    let symbol = try symbol(parameters)
    let leverage = try parameters.requiredInteger("leverage")
    guard (1...Int64(symbol.rules.maxLeverage)).contains(leverage) else {
      throw VenueError(-4028, "Leverage \(leverage) is not valid.")
    }
    var request = VenueRequest(.setLeverage)
    request.account = AccountID(number: caller.account)
    request.instrument = InstrumentID(number: symbol.number)
    request.leverage = UInt16(leverage)
    run([request], for: caller, at: time) { server, outcomes, time in
      if let refusal = outcomes[0].refusal {
        return server.answer(caller, .failure(server.error(of: refusal, .usdm, .leverage)), at: time)
      }
      let notional = Exchange.bracketTable.last { Int64($0.leverageMax) >= leverage }?.cap ?? 0
      let body = object { writer in
        writer.member("symbol", symbol.name)
        writer.member("leverage", leverage)
        writer.member("maxNotionalValue", "\(notional)")
      }
      server.answer(caller, .success(body), at: time)
      server.tellLeverage(caller.account, symbol, leverage, at: time)
    }
  }

  private mutating func setMarginType(_ parameters: Parameters, _ caller: Caller, at time: ServerTime)
    throws(VenueError)
  {
    let symbol = try symbol(parameters)
    let type = try parameters.required("marginType")
    guard type == "ISOLATED" || type == "CROSSED" else { throw Parameters.invalid("marginType") }
    let held = positions(of: caller.account, symbol)
    guard held.first?.facts.isIsolated != (type == "ISOLATED") else {
      return ask(for: caller, at: time) {
        $0.answer(caller, .failure(VenueError(-4046, "No need to change margin type.")), at: $1)
      }
    }
    var request = VenueRequest(.setMarginMode)
    request.account = AccountID(number: caller.account)
    request.instrument = InstrumentID(number: symbol.number)
    request.marginModeRaw = (type == "ISOLATED" ? MarginMode.isolated : .cross).rawValue
    run([request], for: caller, at: time) { server, outcomes, time in
      guard let refusal = outcomes[0].refusal else {
        return server.answer(caller, .success(Self.done("success")), at: time)
      }
      let hasPosition = server.positions(of: caller.account, symbol).contains { $0.isHeld }
      let isLocked = ExchangeRefusal(rawValue: refusal.code) == .marginModeLocked
      let error =
        isLocked && hasPosition
        ? VenueError(-4048, "Margin type cannot be changed if there exists position.")
        : server.error(of: refusal, .usdm, .marginType)
      server.answer(caller, .failure(error), at: time)
    }
  }

  private mutating func setPositionMode(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    guard let isHedged = try parameters.flag("dualSidePosition") else { throw Parameters.missing("dualSidePosition") }
    ask(for: caller, at: time) { server, time in
      guard server.venue.exchange.isHedged(caller.account) != isHedged else {
        return server.answer(caller, .failure(VenueError(-4059, "No need to change position side.")), at: time)
      }
      let views = server.positions(of: caller.account, nil)
      if views.contains(where: { $0.facts.openOrders > 0 }) {
        let error = VenueError(-4067, "Position side cannot be changed if there exists open orders.")
        return server.answer(caller, .failure(error), at: time)
      }
      if views.contains(where: \.isHeld) {
        let error = VenueError(-4068, "Position side cannot be changed if there exists position.")
        return server.answer(caller, .failure(error), at: time)
      }
      var control = ExchangeControl(.setHedge)
      control.account = caller.account
      control.detail = isHedged ? 1 : 0
      let isDone = server.venue.control(control, now: time.now)
      server.answer(caller, isDone ? .success(Self.done("success")) : .failure(Self.overloaded), at: time)
    }
  }

  private static var overloaded: VenueError {
    VenueError(
      -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", status: 503)
  }

  private mutating func changeMargin(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError)
  {
    let symbol = try symbol(parameters)
    let decimal = try parameters.requiredDecimal("amount")
    guard let amount = Money(mantissa: decimal.mantissa, scale: Int(decimal.scale)), amount > .zero else {
      throw Parameters.invalid("amount")
    }
    let type = try parameters.requiredInteger("type")
    guard type == 1 || type == 2 else { throw VenueError(-4049, "Add margin only support for isolated position.") }
    let side = try parameters.word(
      "positionSide", of: ["BOTH", "LONG", "SHORT"], VenueError(-4060, "Invalid position side."))
    var control = ExchangeControl(.adjustMargin)
    control.account = caller.account
    control.instrument = symbol.number
    control.amount = type == 1 ? amount : -amount
    control.sideRaw = side == "SHORT" ? 1 : 0
    let asked = control
    ask(for: caller, at: time) { server, time in
      server.run(control: asked, for: caller, at: time) { server, outcomes, time in
        if let refusal = outcomes[0].refusal {
          return server.answer(caller, .failure(server.error(of: refusal, .usdm, .margin)), at: time)
        }
        let body = object { writer in
          writer.name("amount")
          writer.raw(Array(decimal.canonicalText.utf8))
          writer.member("code", 200)
          writer.member("msg", "Successfully modify position margin.")
          writer.member("type", type)
        }
        server.answer(caller, .success(body), at: time)
        server.tellAccount(caller.account, symbol, reason: "MARGIN_TRANSFER", change: .zero, at: time)
      }
    }
  }

  /// One of the desk's controls that is answered like a request.
  private mutating func run(
    control: ExchangeControl, for caller: Caller, at time: ServerTime,
    then: @escaping (inout VenueServer, [Outcome], ServerTime) -> Void
  ) {
    var control = control
    control.requestID = nextRequest
    places[nextRequest] = (nextJob, 0)
    jobs[nextJob] = Job(caller: caller, outcomes: [nil], left: 1, then: then)
    (nextRequest, nextJob) = (nextRequest + 1, nextJob + 1)
    guard !venue.control(control, now: time.now) else { return }
    places[control.requestID] = nil
    jobs[nextJob - 1] = nil
    answer(caller, .failure(Self.overloaded), at: time)
  }

  private mutating func setMultiAssets(_ parameters: Parameters, _ caller: Caller, at time: ServerTime)
    throws(VenueError)
  {
    guard let isOn = try parameters.flag("multiAssetsMargin") else { throw Parameters.missing("multiAssetsMargin") }
    let error =
      isOn
      ? VenueError(-4170, "Multi-assets mode is not supported here.")
      : VenueError(-4171, "No need to change the multi-assets mode.")
    ask(for: caller, at: time) { $0.answer(caller, .failure(error), at: $1) }
  }

  private mutating func setFeeBurn(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    guard let isOn = try parameters.flag("feeBurn") else { throw Parameters.missing("feeBurn") }
    ask(for: caller, at: time) { server, time in
      let error = VenueError(-4088, "This account has no BNB to pay fees with.")
      server.answer(caller, isOn ? .failure(error) : .success(Self.done("success")), at: time)
    }
  }
}
