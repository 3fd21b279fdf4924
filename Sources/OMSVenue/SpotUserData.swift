import OMSLib

/// What spot accounts are told of their own accord.
extension VenueServer where Recorder: ~Copyable {
  /// Tells what the exchange has said to whom it concerns, and lets lists and conditional orders follow it.
  mutating func tell(_ event: VenueEvent, at time: ServerTime) {
    noteMarket(event)
    if event.kind == .balance { return tellBalance(event, at: time) }
    if event.kind == .funding || event.kind == .marginCall { return tellFutures(event, nil, at: time) }
    guard !event.wireID.isEmpty else { return }
    ledger.resolve(event.account.number, event.wireID, venue.exchange)
    guard let record = ledger.record(OrderKey(account: event.account.number, wireID: event.wireID)) else { return }
    if event.kind == .fill || event.kind == .cancelled || event.kind == .expired,
      let facts = venue.exchange.order(of: record.account, record.wireID), !facts.isOpen
    {
      ledger.update(record.key) { $0.last = facts }
    }
    guard record.product == .spot else { return tellFutures(event, record, at: time) }
    guard tellSpot(event, record, at: time) else { return }
    touch(record)
    if record.listID != -1 { followList(record, event, at: time) }
  }

  private mutating func tellSpot(_ event: VenueEvent, _ record: OrderRecord, at time: ServerTime) -> Bool {
    var report = ExecutionReport(record, event, drawExecution(), at: time.utc)
    switch event.kind {
    case .accepted:
      report.isOnBook = !OrderNames.kind(record.type, .spot).isConditional || record.working != nil
      if report.isOnBook && record.working == nil { ledger.update(record.key) { $0.working = event.venueTime } }
      report.working = report.isOnBook ? event.venueTime : nil
    case .triggered:
      ledger.update(record.key) { $0.working = event.venueTime }
      (report.isOnBook, report.working) = (true, event.venueTime)
    case .fill:
      report.execution = "TRADE"
      report.fill = (event.price, event.quantity, event.trade.low, event.fee, record.symbol.asset(event.asset.number))
      report.isMaker = event.isMaker == 1
      report.price = record.price
      report.quantity = record.quantity
      report.status = event.cumulative >= record.quantity ? "FILLED" : "PARTIALLY_FILLED"
      report.isOnBook = report.status != "FILLED"
      creditFill(record, event, at: time)
    case .cancelled:
      report.execution = record.expiryReason == nil ? "CANCELED" : "EXPIRED"
      report.status = report.execution
      report.expiryReason = record.expiryReason
      if record.expiryReason == nil {
        report.originalID = record.clientID
        report.clientID = record.cancelID ?? drawClientID()
      }
    case .expired:
      let isPrevented = event.endReason == .selfTrade
      report.execution = isPrevented ? "TRADE_PREVENTION" : "EXPIRED"
      report.status = isPrevented ? "EXPIRED_IN_MATCH" : "EXPIRED"
      if isPrevented {
        report.prevented = event.quantity - event.cumulative
      } else if let facts = venue.exchange.order(of: record.account, record.wireID) {
        report.expiryReason = OrderView(record, facts).expiryReason
      }
    case .amended:
      report.execution = "REPLACED"
      report.originalID = record.amendments.last?.oldID ?? record.clientID
      report.isOnBook = true
      if let execution = record.amendments.last?.execution { report.number = execution }
      ledger.update(record.key) { $0.quantity = event.quantity }
    default: return false
    }
    push(.spot, record.account) { report.json($0) }
    if event.kind == .amended, record.listID != -1 { tellList(record.listID, "UPDATED", "EXECUTING", at: time) }
    return true
  }

  /// The first fill of an order gives room for others in the windows that run: more to whoever waited in the book.
  private mutating func creditFill(_ record: OrderRecord, _ event: VenueEvent, at time: ServerTime) {
    guard event.cumulative == event.quantity else { return }
    let credit = event.isMaker == 1 ? -5 : -1
    let owner = RateDesk.Owner(product: .spot, account: record.account)
    rates.count(rates.orderRules(.spot).map { _ in credit }, of: owner, at: time.utc)
  }

  private mutating func touch(_ record: OrderRecord) {
    touched[record.account, default: []].formUnion([record.symbol.rules.base.number, record.symbol.rules.quote.number])
  }

  /// A leg of a list that the exchange does not have.
  mutating func tellHeld(_ record: OrderRecord, _ status: String, cancelID: String? = nil, at time: ServerTime) {
    var report = ExecutionReport(record, drawExecution(), at: time.utc)
    let isPending = record.held == .pending
    report.status = status == "NEW" && isPending ? "PENDING_NEW" : status
    report.execution = status
    report.expiryReason = record.expiryReason
    if let cancelID, status == "CANCELED" { (report.clientID, report.originalID) = (cancelID, record.clientID) }
    push(.spot, record.account) { report.json($0) }
  }

  mutating func tellList(_ id: Int64, _ type: String, _ status: String, at time: ServerTime) {
    guard let list = lists[id] else { return }
    let legs = list.legs.compactMap { ledger.record($0) }
    push(.spot, list.account) { face in
      object { writer in
        writer.member("e", "listStatus")
        writer.member("E", time.utc, face)
        writer.member("s", list.symbol.name)
        writer.member("g", list.id)
        writer.member("c", list.contingency)
        writer.member("l", type)
        writer.member("L", status)
        writer.member("r", "NONE")
        writer.member("C", list.clientID)
        writer.member("T", list.time, face)
        writer.name("O")
        writer.beginArray()
        for leg in legs {
          writer.beginObject()
          writer.member("s", list.symbol.name)
          writer.member("i", leg.orderID)
          writer.member("c", leg.clientID)
          writer.endObject()
        }
        writer.endArray()
      }
    }
  }

  // MARK: - Balances

  private mutating func tellBalance(_ event: VenueEvent, at time: ServerTime) {
    guard event.walletRaw == Wallet.spot.rawValue else { return tellFutures(event, nil, at: time) }
    let name = venue.exchange.assetName(event.asset.number).description
    push(.spot, event.account.number) { face in
      object { writer in
        writer.member("e", "balanceUpdate")
        writer.member("E", time.utc, face)
        writer.member("a", name)
        writer.member("d", money: event.fee)
        writer.member("T", event.venueTime, face)
      }
    }
    touched[event.account.number, default: []].insert(event.asset.number)
  }

  /// Balances that may have changed in this turn, once per account.
  mutating func tellBalances(at time: ServerTime) {
    guard !touched.isEmpty else { return }
    for (account, assets) in touched.sorted(by: { $0.key < $1.key }) {
      guard hasListeners(.spot, account) else { continue }
      var rows: [[UInt8]] = []
      for asset in assets.sorted() {
        let balance = venue.exchange.balance(of: account, .spot, asset)
        let name = venue.exchange.assetName(asset).description
        rows.append(
          object { writer in
            writer.member("a", name)
            writer.member("f", money: balance.total - balance.locked)
            writer.member("l", money: balance.locked)
          })
      }
      push(.spot, account) { face in
        object { writer in
          writer.member("e", "outboundAccountPosition")
          writer.member("E", time.utc, face)
          writer.member("u", time.utc, face)
          writer.member("B", raw: array(rows))
        }
      }
    }
    touched = [:]
  }

  // MARK: - Pushing

  func hasListeners(_ product: VenueProduct, _ account: UInt16) -> Bool {
    switch product {
    case .spot: return links.values.contains { $0.subscriptions.contains { $0.account == account } }
    case .usdm:
      guard let key = listenKeys.key(of: account) else { return false }
      return links.keys.contains { streams.subscriptions(of: $0).contains(key) }
    }
  }

  /// Sends an event to all who listen to an account.
  mutating func push(
    _ product: VenueProduct, _ account: UInt16, name: String = "", _ make: (TimeFace) -> [UInt8]
  ) {
    var made: [TimeFace: [UInt8]] = [:]
    let key = product == .usdm ? listenKeys.key(of: account) ?? "" : ""
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) where state.product == product {
      let subscription = state.subscriptions.first { $0.account == account }
      let isStreamed = !key.isEmpty && streams.subscriptions(of: link).contains(key)
      guard subscription != nil || isStreamed && state.events[key]?.contains(name) != false else { continue }
      let event = made[state.face] ?? make(state.face)
      made[state.face] = event
      let message: [UInt8]
      if let subscription {
        message = Self.subscribed(event, subscription.number)
      } else {
        message = streams.isCombined(link) ? MarketStreams.wrapped(event, key) : event
      }
      tell(message, event, of: account, on: link)
    }
  }

  private static func subscribed(_ event: [UInt8], _ number: Int64) -> [UInt8] {
    object { writer in
      writer.member("subscriptionId", number)
      writer.member("event", raw: event)
    }
  }
}
