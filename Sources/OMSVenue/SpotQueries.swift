import OMSLib

/// What a spot account asks about its orders, trades and balances.
extension VenueServer where Recorder: ~Copyable {
  mutating func querySpotOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    // Whether it is there is judged when the answer is due: it may be on its way now.
    if !parameters.has("orderId") && !parameters.has("origClientOrderId") {
      _ = try record(parameters, caller, symbol, absent: Self.absentOrder)
    }
    ask(for: caller, at: time) { server, time in
      do throws(VenueError) {
        server.resolveOpen(of: caller.account, .spot)
        let record = try server.record(parameters, caller, symbol, absent: Self.absentOrder)
        server.answer(caller, .success(SpotJSON.order(server.view(of: record), caller.face)), at: time)
      } catch {
        server.answer(caller, .failure(error), at: time)
      }
    }
  }

  /// Learns the numbers of orders whose acceptance nobody heard of.
  mutating func resolveOpen(of account: UInt16, _ product: VenueProduct) {
    for key in ledger.unresolved where key.account == account {
      ledger.resolve(account, key.wireID, venue.exchange)
    }
  }

  mutating func querySpotOpenOrders(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError)
  {
    let symbol = try symbolIfGiven(parameters)
    ask(for: caller, at: time) { server, time in
      let rows = server.openRecords(of: caller.account, .spot, symbol)
        .map { SpotJSON.order(server.view(of: $0), caller.face) }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  mutating func queryAllSpotOrders(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let first = try parameters.integer("orderId")
    let (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
    let limit = try parameters.limit(500, most: 1_000)
    try Self.checkSpan(start, end, days: 1)
    ask(for: caller, at: time) { server, time in
      let views = server.views(of: caller.account, symbol, from: first, start, end, limit)
      server.answer(caller, .success(array(views.map { SpotJSON.order($0, caller.face) })), at: time)
    }
  }

  /// Orders of a symbol: the first of those from an id or a time on, else the newest.
  mutating func views(
    of account: UInt16, _ symbol: VenueSymbol?, product: VenueProduct = .spot, from first: Int64?, _ start: UTCTime?,
    _ end: UTCTime?, _ limit: Int
  ) -> [OrderView] {
    resolveOpen(of: account, product)
    var found: [OrderView] = []
    for record in ledger.records(of: account, product)
    where (symbol == nil || record.symbol.number == symbol?.number) && record.orderID != 0 {
      if let first, record.orderID < UInt64(clamping: first) { continue }
      let view = view(of: record)
      if let start, view.created < start { continue }
      if let end, view.created > end { continue }
      found.append(view)
    }
    found.sort { $0.record.orderID < $1.record.orderID }
    return Array(first != nil || start != nil ? found.prefix(limit) : found.suffix(limit))
  }

  static func checkSpan(_ start: UTCTime?, _ end: UTCTime?, days: Int64) throws(VenueError) {
    guard let start, let end else { return }
    guard start <= end else { throw VenueError(-1023, "Start time is greater than end time.") }
    guard end.nanoseconds - start.nanoseconds <= days * 86_400_000_000_000 else {
      throw VenueError(-1127, "More than \(days * 24) hours between startTime and endTime.")
    }
  }

  mutating func queryAmendments(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let number = try parameters.requiredInteger("orderId")
    let first = try parameters.integer("fromExecutionId") ?? 0
    let limit = try parameters.limit(500, most: 1_000)
    ask(for: caller, at: time) { server, time in
      guard let record = server.ledger.record(UInt64(clamping: number), of: caller.account, symbol) else {
        return server.answer(caller, .failure(Self.absentOrder), at: time)
      }
      let rows = record.amendments.filter { $0.execution >= UInt64(clamping: first) }.prefix(limit).map { amendment in
        object { writer in
          writer.member("symbol", symbol.name)
          writer.member("orderId", record.orderID)
          writer.member("executionId", amendment.execution)
          writer.member("origClientOrderId", amendment.oldID)
          writer.member("newClientOrderId", amendment.newID)
          writer.member("origQty", symbol.quantity(amendment.from))
          writer.member("newQty", symbol.quantity(amendment.to))
          writer.member("time", amendment.time, caller.face)
        }
      }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  mutating func querySpotTrades(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let choice = try TradeChoice(parameters)
    if parameters.has("fromId") && (choice.start != nil || choice.end != nil)
      || parameters.has("orderId") && (choice.start != nil || choice.end != nil)
    {
      throw VenueError(-1128, "Combination of optional parameters invalid.")
    }
    try Self.checkSpan(choice.start, choice.end, days: 1)
    ask(for: caller, at: time) { server, time in
      let rows = server.trades(of: caller.account, symbol, choice).map { fill in
        SpotJSON.trade(fill, server.ledger.record(numbered: fill.facts.order), symbol, caller.face)
      }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }

  /// Which trades are asked for.
  struct TradeChoice {
    var order: Int64?
    var first: Int64?
    var start: UTCTime?
    var end: UTCTime?
    var limit: Int

    init(_ parameters: Parameters) throws(VenueError) {
      order = try parameters.integer("orderId")
      first = try parameters.integer("fromId")
      (start, end) = (try parameters.time("startTime"), try parameters.time("endTime"))
      limit = try parameters.limit(500, most: 1_000)
    }
  }

  func trades(of account: UInt16, _ symbol: VenueSymbol, _ choice: TradeChoice) -> [VenueFill] {
    let owner = OrderLedger.Owner(account: account, product: symbol.product)
    let number = choice.order.map { order in
      ledger.record(UInt64(clamping: order), of: account, symbol)?.number ?? UInt64(clamping: order)
    }
    let found = (ledger.fills[owner] ?? []).filter { fill in
      fill.facts.instrument == symbol.number && (number == nil || fill.facts.order == number)
        && (choice.first == nil || fill.facts.trade >= UInt64(clamping: choice.first ?? 0))
        && (choice.start == nil || fill.facts.time >= choice.start ?? .zero)
        && (choice.end == nil || fill.facts.time <= choice.end ?? .zero)
    }
    let isForward = choice.first != nil || choice.start != nil
    return Array(isForward ? found.prefix(choice.limit) : found.suffix(choice.limit))
  }

  // MARK: - Account

  mutating func querySpotAccount(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let omits = try parameters.flag("omitZeroBalances") ?? false
    ask(for: caller, at: time) { server, time in
      let symbol = server.symbols.symbols(of: .spot).first
      let rates = symbol.map { server.venue.exchange.rates(of: caller.account, $0.number) } ?? (.zero, .zero)
      let body = object { writer in
        writer.member("makerCommission", rates.maker.e8 / 10_000)
        writer.member("takerCommission", rates.taker.e8 / 10_000)
        writer.member("buyerCommission", 0)
        writer.member("sellerCommission", 0)
        writer.name("commissionRates")
        writer.beginObject()
        writer.member("maker", rate: rates.maker)
        writer.member("taker", rate: rates.taker)
        writer.member("buyer", rate: .zero)
        writer.member("seller", rate: .zero)
        writer.endObject()
        for name in ["canTrade", "canWithdraw", "canDeposit"] {
          writer.name(data: name)
          writer.bool(name == "canTrade")
        }
        writer.member("brokered", false)
        writer.member("requireSelfTradePrevention", false)
        writer.member("preventSor", false)
        writer.member("updateTime", time.utc, caller.face)
        writer.member("accountType", "SPOT")
        writer.name("balances")
        server.writeSpotBalances(of: caller.account, omitsZero: omits, into: &writer)
        writer.name("permissions")
        writer.beginArray()
        writer.string("SPOT")
        writer.endArray()
        writer.member("uid", caller.account)
      }
      server.answer(caller, .success(body), at: time)
    }
  }

  private func writeSpotBalances(of account: UInt16, omitsZero: Bool, into writer: inout JSONWriter) {
    writer.beginArray()
    for asset in venue.exchange.assetNumbers {
      let balance = venue.exchange.balance(of: account, .spot, asset)
      if omitsZero && balance.total == .zero { continue }
      writer.beginObject()
      writer.member("asset", venue.exchange.assetName(asset).description)
      writer.member("free", money: balance.total - balance.locked)
      writer.member("locked", money: balance.locked)
      writer.endObject()
    }
    writer.endArray()
  }

  mutating func querySpotCommission(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError)
  {
    let symbol = try symbol(parameters)
    ask(for: caller, at: time) { server, time in
      let rates = server.venue.exchange.rates(of: caller.account, symbol.number)
      let body = object { writer in
        writer.member("symbol", symbol.name)
        for name in ["standardCommission", "specialCommission", "taxCommission"] {
          let isStandard = name == "standardCommission"
          writer.name(data: name)
          writer.beginObject()
          writer.member("maker", rate: isStandard ? rates.maker : .zero)
          writer.member("taker", rate: isStandard ? rates.taker : .zero)
          writer.member("buyer", rate: .zero)
          writer.member("seller", rate: .zero)
          writer.endObject()
        }
        SpotJSON.writeDiscount(into: &writer)
      }
      server.answer(caller, .success(body), at: time)
    }
  }
}
