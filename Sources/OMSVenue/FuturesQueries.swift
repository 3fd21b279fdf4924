import OMSLib

/// What a futures account asks about its orders and trades.
extension VenueServer where Recorder: ~Copyable {
  mutating func performFutures(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    switch operation {
    case .placeOrder: try placeFuturesOrder(parameters, caller, at: time)
    case .testOrder: try testFuturesOrder(parameters, caller, at: time)
    case .placeBatch: try placeBatch(parameters, caller, at: time)
    case .modifyOrder: try modifyFuturesOrder(parameters, caller, at: time)
    case .modifyBatch: try modifyBatch(parameters, caller, at: time)
    case .cancelOrder: try cancelFuturesOrder(parameters, caller, at: time)
    case .cancelBatch: try cancelFuturesBatch(parameters, caller, at: time)
    case .cancelOpenOrders: try cancelAllFutures(parameters, caller, at: time)
    case .countdown: try setCountdown(parameters, caller, at: time)
    case .queryOrder: try queryFuturesOrder(parameters, caller, isOpenOnly: false, at: time)
    case .openOrder: try queryFuturesOrder(parameters, caller, isOpenOnly: true, at: time)
    case .openOrders: try queryFuturesOpenOrders(parameters, caller, at: time)
    case .allOrders: try queryAllFuturesOrders(parameters, caller, at: time)
    case .trades: try queryFuturesTrades(parameters, caller, at: time)
    case .modifications: try queryModifications(parameters, caller, at: time)
    case .forcedOrders: try queryForcedOrders(parameters, caller, at: time)
    case .orderRates: queryOrderRates(caller, at: time)
    case .placeAlgo: try placeAlgo(parameters, caller, at: time)
    case .cancelAlgo: try cancelAlgo(parameters, caller, at: time)
    case .cancelAllAlgos: try cancelAllAlgos(parameters, caller, at: time)
    case .queryAlgo: try queryAlgo(parameters, caller, at: time)
    case .openAlgos: try queryOpenAlgos(parameters, caller, at: time)
    case .allAlgos: try queryAllAlgos(parameters, caller, at: time)
    default: try performFuturesAccount(operation, parameters, caller, at: time)
    }
  }

  private mutating func queryFuturesOrder(
    _ parameters: Parameters, _ caller: Caller, isOpenOnly: Bool, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbol(parameters)
    if !parameters.has("orderId") && !parameters.has("origClientOrderId") {
      _ = try record(parameters, caller, symbol, absent: Self.absentOrder)
    }
    ask(for: caller, at: time) { server, time in
      do throws(VenueError) {
        server.resolveOpen(of: caller.account, .usdm)
        let record = try server.plainRecord(parameters, caller, symbol, Self.absentOrder)
        let view = server.view(of: record)
        guard view.isOpen || !isOpenOnly else { throw Self.absentOrder }
        server.answer(caller, .success(FuturesJSON.order(view, caller.face, isAnswer: false)), at: time)
      } catch {
        server.answer(caller, .failure(error), at: time)
      }
    }
  }

  private mutating func queryFuturesOpenOrders(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbolIfGiven(parameters)
    ask(for: caller, at: time) { server, time in
      let rows = server.openOrders(of: caller.account, symbol)
        .map { FuturesJSON.order(server.view(of: $0), caller.face, isAnswer: false) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  private mutating func queryAllFuturesOrders(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbolIfGiven(parameters)
    let first = try parameters.integer("orderId")
    let (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
    try Self.checkSpan(start, end, days: 7)
    let limit = try parameters.limit(500, most: 1_000)
    ask(for: caller, at: time) { server, time in
      let views = server.views(of: caller.account, symbol, product: .usdm, from: first, start, end, .max)
        .filter { $0.record.algoID == 0 || $0.record.working != nil }
      let shown = first != nil || start != nil ? Array(views.prefix(limit)) : Array(views.suffix(limit))
      let rows = shown.map { FuturesJSON.order($0, caller.face, isAnswer: false) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  private mutating func queryFuturesTrades(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbol(parameters)
    let choice = try TradeChoice(parameters)
    try Self.checkSpan(choice.start, choice.end, days: 7)
    guard choice.first == nil || choice.start == nil && choice.end == nil else {
      throw VenueError(-1128, "Combination of optional parameters invalid.")
    }
    ask(for: caller, at: time) { server, time in
      let rows = server.trades(of: caller.account, symbol, choice).map { fill in
        FuturesJSON.trade(fill, server.ledger.record(numbered: fill.facts.order), symbol, caller.face)
      }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  private mutating func queryForcedOrders(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let symbol = try symbolIfGiven(parameters)
    let kind = try parameters.word(
      "autoCloseType", of: ["LIQUIDATION", "ADL"], Parameters.invalid("autoCloseType"))
    let limit = try parameters.limit(50, most: 100)
    ask(for: caller, at: time) { server, time in
      // This exchange closes positions by liquidation alone.
      let views =
        kind == "ADL"
        ? []
        : server.views(of: caller.account, symbol, product: .usdm, from: nil, nil, nil, .max).filter {
          $0.record.isForced
        }
      let rows = views.suffix(limit).map { FuturesJSON.order($0, caller.face, isAnswer: false) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }
}
