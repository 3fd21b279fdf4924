import OMSLib

/// What futures accounts are told of their own accord.
extension VenueServer where Recorder: ~Copyable {
  mutating func tellFutures(_ event: VenueEvent, _ record: OrderRecord?, at time: ServerTime) {
    let account = event.account.number
    switch event.kind {
    case .funding:
      guard let symbol = symbols.symbol(event.instrument.number) else { return }
      ledger.enterFunding(event, symbol)
      tellAccount(
        account, symbol, reason: "FUNDING_FEE", change: -event.fee, isIsolatedOnly: true, transaction: event.venueTime,
        at: time)
    case .marginCall: tellMarginCall(event, at: time)
    case .balance:
      guard event.isForced == 1 else { return }
      ledger.enterTransfer(event)
      tellAccount(
        account, nil, reason: event.fee.isNegative ? "WITHDRAW" : "DEPOSIT", change: event.fee,
        asset: event.asset.number, transaction: event.venueTime, at: time)
    default:
      guard let record, !record.isHidden else { return }
      tellOrder(event, record, at: time)
    }
  }

  private mutating func tellOrder(_ event: VenueEvent, _ record: OrderRecord, at time: ServerTime) {
    if record.algoID != 0 && record.working == nil { return tellWaiting(event, record, at: time) }
    var update = OrderUpdate(record, event, at: time.utc)
    switch event.kind {
    case .accepted: break
    case .fill:
      if record.isForced, event.cumulative == event.quantity { tellForced(update, record, at: time) }
      let fill = record.fills.last { $0.facts.trade == event.trade.low }
      update.setFill(event, realised: fill?.realised ?? .zero)
      tellTrade(update, at: time)
      tellAccount(
        record.account, record.symbol, reason: "ORDER", change: .zero, side: record.positionSide,
        transaction: event.venueTime, at: time)
    case .cancelled: (update.execution, update.status) = ("CANCELED", "CANCELED")
    case .expired:
      update.execution = "EXPIRED"
      update.status = event.endReason == .selfTrade ? "EXPIRED_IN_MATCH" : "EXPIRED"
      update.reason = OrderUpdate.reason(event.endReason)
    case .amended:
      update.execution = "AMENDMENT"
      update.modifyID = record.modifyID
      ledger.update(record.key) { ($0.price, $0.quantity) = (event.price, event.quantity) }
    default: return
    }
    push(.usdm, record.account, name: "ORDER_TRADE_UPDATE") { update.json($0) }
    if record.algoID != 0, event.isEnd(of: record) { finishAlgo(record, event, at: time) }
  }

  /// The first that is heard of an order that closes a position by force.
  private mutating func tellForced(_ update: OrderUpdate, _ record: OrderRecord, at time: ServerTime) {
    var first = update
    (first.filled, first.quantity, first.price) = (0, record.quantity, record.price)
    first.status = "NEW"
    push(.usdm, record.account, name: "ORDER_TRADE_UPDATE") { first.json($0) }
  }

  private mutating func tellTrade(_ update: OrderUpdate, at time: ServerTime) {
    push(.usdm, update.record.account, name: "TRADE_LITE") { face in
      object { writer in
        writer.member("e", "TRADE_LITE")
        writer.member("E", time.utc, face)
        writer.member("T", update.transaction, face)
        writer.member("s", update.record.symbol.name)
        writer.member("q", update.record.symbol.quantity(update.quantity))
        writer.member("p", update.record.symbol.price(update.price))
        writer.member("m", update.isMaker)
        writer.member("c", update.record.clientID)
        writer.member("S", OrderNames.side(update.record.side))
        writer.member("L", update.record.symbol.price(update.fill?.price ?? 0))
        writer.member("l", update.record.symbol.quantity(update.fill?.quantity ?? 0))
        writer.member("t", update.fill?.trade ?? 0)
        writer.member("i", update.record.orderID)
      }
    }
  }

  // MARK: - Conditional orders

  private mutating func tellWaiting(_ event: VenueEvent, _ record: OrderRecord, at time: ServerTime) {
    var state = algos.states[record.key] ?? AlgoState()
    state.updated = event.venueTime
    switch event.kind {
    case .accepted: break
    case .cancelled: state.status = "CANCELED"
    case .expired: state.status = "EXPIRED"
    case .triggered: return tellTriggered(event, record, at: time)
    default: return
    }
    algos.states[record.key] = state
    tellAlgo(record.key, state, at: time)
  }

  private mutating func tellTriggered(_ event: VenueEvent, _ record: OrderRecord, at time: ServerTime) {
    var state = AlgoState(status: "TRIGGERING", triggered: event.venueTime, updated: event.venueTime)
    if record.closesPosition { ledger.update(record.key) { $0.quantity = event.quantity } }
    tellAlgo(record.key, state, at: time)
    // The matching engine takes it, or refuses it at once.
    let facts = venue.exchange.order(of: record.account, record.wireID)
    if let facts, facts.status == .expired, facts.filled == 0,
      facts.endReason == .insufficient || facts.endReason == .reduceOnly
    {
      state.status = "REJECTED"
      state.reason = facts.endReason == .insufficient ? "Margin is insufficient." : "ReduceOnly Order is rejected."
      algos.states[record.key] = state
      tellAlgo(record.key, state, at: time)
      ledger.update(record.key) { $0.isHidden = true }
      return
    }
    state.status = "TRIGGERED"
    algos.states[record.key] = state
    ledger.update(record.key) { $0.working = event.venueTime }
    tellAlgo(record.key, state, at: time)
    guard let record = ledger.record(record.key) else { return }
    let update = OrderUpdate(record, event, at: time.utc)
    push(.usdm, record.account, name: "ORDER_TRADE_UPDATE") { update.json($0) }
  }

  private mutating func finishAlgo(_ record: OrderRecord, _ event: VenueEvent, at time: ServerTime) {
    guard var state = algos.states[record.key], state.status == "TRIGGERED" else { return }
    (state.status, state.updated) = ("FINISHED", event.venueTime)
    algos.states[record.key] = state
    tellAlgo(record.key, state, at: time)
  }

  private mutating func tellAlgo(_ key: OrderKey, _ state: AlgoState, at time: ServerTime) {
    guard let record = ledger.record(key) else { return }
    let view = view(of: record)
    push(.usdm, record.account, name: "ALGO_UPDATE") { face in
      object { writer in
        writer.member("e", "ALGO_UPDATE")
        writer.member("T", state.updated, face)
        writer.member("E", time.utc, face)
        writer.name("o")
        writer.beginObject()
        writer.member("caid", record.clientID)
        writer.member("aid", record.algoID)
        writer.member("at", "CONDITIONAL")
        writer.member("o", record.type)
        writer.member("s", record.symbol.name)
        writer.member("S", OrderNames.side(record.side))
        writer.member("ps", OrderNames.positionSide(record.positionSide))
        writer.member("f", record.timeInForce)
        writer.member("q", record.symbol.quantity(record.quantity))
        writer.member("X", state.status)
        writer.member("ai", record.working == nil ? "" : "\(record.orderID)")
        writer.member("ap", record.symbol.average(view.quote, over: view.filled))
        writer.member("aq", record.symbol.quantity(view.filled))
        writer.member("act", record.working == nil ? "0" : OrderNames.workingType(record.type))
        writer.member("tp", record.symbol.price(record.trailPpm == 0 ? record.stopPrice : 0))
        writer.member("p", record.symbol.price(record.price))
        writer.member("V", record.prevention)
        writer.member("wt", record.workingType)
        writer.member("pm", record.priceMatch)
        writer.member("cp", record.closesPosition)
        writer.member("pP", record.protectsPrice)
        writer.member("R", record.isReduceOnly)
        writer.member("tt", state.triggered, face)
        writer.member("gtd", record.goodTillDate)
        writer.member("rm", state.reason)
        writer.endObject()
      }
    }
  }

  // MARK: - The account

  /// Balance and position that have changed, as they are now.
  mutating func tellAccount(
    _ account: UInt16, _ symbol: VenueSymbol?, reason: String, change: Money, side: PositionSide? = nil,
    asset: UInt16? = nil, isIsolatedOnly: Bool = false, transaction: UTCTime? = nil, at time: ServerTime
  ) {
    guard hasListeners(.usdm, account) else { return }
    let all = positions(of: account, nil)
    let number = asset ?? symbol?.rules.settle.number ?? settleAssets.first ?? 0
    let wallet = wallet(of: account, number, all)
    let name = venue.exchange.assetName(number).description
    let shown = all.filter { view in
      view.symbol.number == symbol?.number && (side == nil || view.facts.side == side)
        && (!isIsolatedOnly || view.facts.isIsolated)
    }
    push(.usdm, account, name: "ACCOUNT_UPDATE") { face in
      object { writer in
        writer.member("e", "ACCOUNT_UPDATE")
        writer.member("T", transaction ?? time.utc, face)
        writer.member("E", time.utc, face)
        writer.name("a")
        writer.beginObject()
        writer.member("m", reason)
        if reason == "FUNDING_FEE", let symbol { writer.member("S", symbol.name) }
        writer.name("B")
        writer.beginArray()
        writer.beginObject()
        writer.member("a", name)
        writer.member("wb", money: wallet.wallet)
        writer.member("cw", money: wallet.cross)
        writer.member("bc", money: change, least: 0)
        writer.endObject()
        writer.endArray()
        writer.name("P")
        writer.beginArray()
        for view in shown { Self.writePosition(view, into: &writer) }
        writer.endArray()
        writer.endObject()
      }
    }
  }

  private static func writePosition(_ view: PositionView, into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("s", view.symbol.name)
    writer.member("pa", view.quantity)
    writer.member("ep", view.entryPrice)
    writer.member("bep", view.breakEvenPrice)
    writer.member("up", money: view.facts.unrealised)
    writer.member("mt", view.facts.isIsolated ? "isolated" : "cross")
    writer.member("iw", money: view.facts.isolatedWallet)
    writer.member("ps", view.side)
    writer.member("ma", view.symbol.settle)
    writer.endObject()
  }

  mutating func tellLeverage(_ account: UInt16, _ symbol: VenueSymbol, _ leverage: Int64, at time: ServerTime) {
    push(.usdm, account, name: "ACCOUNT_CONFIG_UPDATE") { face in
      object { writer in
        writer.member("e", "ACCOUNT_CONFIG_UPDATE")
        writer.member("E", time.utc, face)
        writer.member("T", time.utc, face)
        writer.name("ac")
        writer.beginObject()
        writer.member("s", symbol.name)
        writer.member("l", leverage)
        writer.endObject()
      }
    }
  }

  private mutating func tellMarginCall(_ event: VenueEvent, at time: ServerTime) {
    let account = event.account.number
    let views = positions(of: account, nil)
    let wallet = wallet(of: account, event.asset.number, views)
    let held = views.filter { $0.isHeld && $0.symbol.rules.settle.number == event.asset.number }
    push(.usdm, account, name: "MARGIN_CALL") { face in
      object { writer in
        writer.member("e", "MARGIN_CALL")
        writer.member("E", time.utc, face)
        writer.member("cw", money: wallet.cross)
        writer.name("p")
        writer.beginArray()
        for view in held {
          writer.beginObject()
          writer.member("s", view.symbol.name)
          writer.member("ps", view.side)
          writer.member("pa", view.quantity)
          writer.member("mt", view.facts.isIsolated ? "ISOLATED" : "CROSSED")
          writer.member("iw", money: view.facts.isolatedWallet)
          writer.member("mp", view.symbol.price(view.facts.mark))
          writer.member("up", money: view.facts.unrealised)
          writer.member("mm", money: view.facts.maintenance)
          writer.endObject()
        }
        writer.endArray()
      }
    }
  }
}
