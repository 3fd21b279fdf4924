import OMSLib

/// Orders that belong together. The exchange knows single orders only: what one leg means for another is decided here,
/// by what the exchange says of them and by its tape.
struct OrderList: Sendable {
  let id: Int64
  let account: UInt16
  let symbol: VenueSymbol
  /// `OCO` or `OTO`.
  let contingency: String
  let clientID: String
  var legs: [OrderKey]
  /// Of an OTO: the leg that comes first.
  var working: OrderKey?
  /// What comes when it has filled.
  var pending: [OrderKey] = []
  /// The pair of which one ends the other: the exchange has the limit leg, the stop leg is watched here.
  var limitLeg: OrderKey?
  var stopLeg: OrderKey?
  var isExecuting = true
  /// The pair works.
  var isPaired = false
  /// The stop has been reached, and the limit leg is being cancelled.
  var isFiring = false
  var time = UTCTime.zero
  /// How far on the market's tape the stop leg was looked for.
  var tape: UInt64 = 0
}

struct OrderLists: Sendable {
  /// Ended lists that can still be asked for.
  private static let keptMax = 20_000

  private(set) var all: [Int64: OrderList] = [:]
  private var next: Int64 = 1
  private var oldest: Int64 = 1

  subscript(id: Int64) -> OrderList? { all[id] }

  mutating func add(_ make: (Int64) -> OrderList) -> OrderList {
    let list = make(next)
    all[next] = list
    next += 1
    while all.count > Self.keptMax, oldest < next {
      if all[oldest]?.isExecuting == false { all[oldest] = nil }
      oldest += 1
    }
    return list
  }

  mutating func update(_ id: Int64, _ change: (inout OrderList) -> Void) {
    guard var list = all[id] else { return }
    change(&list)
    all[id] = list
  }

  mutating func remove(_ id: Int64) { all[id] = nil }

  func lists(of account: UInt16) -> [OrderList] {
    all.values.filter { $0.account == account }.sorted { $0.id < $1.id }
  }

  var executing: [OrderList] { all.values.filter(\.isExecuting).sorted { $0.id < $1.id } }

  var watched: [OrderList] {
    all.values.filter { $0.isExecuting && $0.isPaired && !$0.isFiring }.sorted { $0.id < $1.id }
  }
}

extension VenueServer where Recorder: ~Copyable {
  // MARK: - What legs mean for each other

  /// Follows what the exchange has said of a leg.
  mutating func followList(_ record: OrderRecord, _ event: VenueEvent, at time: ServerTime) {
    guard let list = lists[record.listID], list.isExecuting else { return }
    if list.working == record.key {
      switch event.kind {
      case .fill where event.cumulative >= record.quantity: activate(list, at: time)
      case .cancelled: endList(list.id, cancelID: record.cancelID ?? record.clientID, at: time)
      case .expired: endHeld(list, reason: "OTO_PHASE_ONE_EXPIRED", at: time)
      default: break
      }
      return
    }
    guard list.isPaired else {
      if list.pending == [record.key], event.isEnd(of: record) { finishList(list.id, at: time) }
      return
    }
    if list.limitLeg == record.key, !list.isFiring {
      switch event.kind {
      case .fill, .triggered, .expired: endHeld(list, reason: "OCO_TRIGGER", at: time)
      case .cancelled: endList(list.id, cancelID: record.cancelID ?? record.clientID, at: time)
      default: break
      }
    }
  }

  /// The other leg has ended a list: legs that are held here expire.
  private mutating func endHeld(_ list: OrderList, reason: String, at time: ServerTime) {
    for key in list.legs { endHeld(key, .expired, reason: reason, at: time) }
    finishList(list.id, at: time)
  }

  /// Ends one leg that the exchange does not have.
  private mutating func endHeld(
    _ key: OrderKey, _ state: OrderRecord.Held, reason: String?, cancelID: String? = nil, at time: ServerTime
  ) {
    guard let record = ledger.record(key), record.number == 0, record.held == .pending || record.held == .armed else {
      return
    }
    ledger.update(key) {
      $0.held = state
      $0.heldSince = time.utc
      $0.expiryReason = reason
    }
    guard let record = ledger.record(key) else { return }
    let isCancel = state == .cancelled
    tellHeld(record, isCancel ? "CANCELED" : state == .rejected ? "REJECTED" : "EXPIRED", cancelID: cancelID, at: time)
  }

  /// A client has cancelled a leg or the list: all of it ends.
  mutating func endList(_ id: Int64, cancelID: String, at time: ServerTime) {
    guard let list = lists[id], list.isExecuting else { return }
    finishList(id, tells: false, at: time)
    for key in list.legs {
      endHeld(key, .cancelled, reason: nil, cancelID: cancelID, at: time)
      guard let record = ledger.record(key), record.number != 0,
        venue.exchange.order(of: key.account, key.wireID)?.isOpen == true
      else { continue }
      ledger.update(key) { $0.cancelID = $0.cancelID ?? cancelID }
      run([record.request(.cancelOrder)], for: nil, at: time) { _, _, _ in }
    }
    tellList(id, "ALL_DONE", "ALL_DONE", at: time)
  }

  private mutating func finishList(_ id: Int64, tells: Bool = true, at time: ServerTime) {
    lists.update(id) {
      $0.isExecuting = false
      $0.time = time.utc
    }
    if tells { tellList(id, "ALL_DONE", "ALL_DONE", at: time) }
  }

  /// The working leg has filled: what was pending goes to the exchange.
  private mutating func activate(_ list: OrderList, at time: ServerTime) {
    lists.update(list.id) { $0.working = nil }
    if list.pending.count == 2 { return pair(list.id, at: time) }
    guard let key = list.pending.first, let record = ledger.record(key) else { return }
    run([record.request], for: nil, at: time) { server, outcomes, time in
      guard outcomes[0].refusal != nil else { return }
      server.rejectPending(list.id, at: time)
    }
  }

  private mutating func rejectPending(_ id: Int64, at time: ServerTime) {
    guard let list = lists[id] else { return }
    for key in list.pending { endHeld(key, .rejected, reason: nil, at: time) }
    lists.update(id) { $0.isExecuting = false }
    tellList(id, "ALL_DONE", "REJECT", at: time)
  }

  /// Sends the limit leg of a pair whose list works already, and arms the other.
  private mutating func pair(_ id: Int64, at time: ServerTime) {
    guard let list = lists[id], let limit = list.limitLeg.flatMap({ ledger.record($0) }), let stop = list.stopLeg else {
      return
    }
    guard hasGoodPrices(list) else { return rejectPending(id, at: time) }
    run([limit.request], for: nil, at: time) { server, outcomes, time in
      guard outcomes[0].refusal == nil else { return server.rejectPending(id, at: time) }
      server.arm(stop, id, at: time)
    }
  }

  /// From now on the stop leg is watched.
  mutating func arm(_ key: OrderKey, _ id: Int64, at time: ServerTime) {
    ledger.update(key) {
      $0.held = .armed
      $0.heldSince = time.utc
    }
    let instrument = lists[id]?.symbol.number ?? 0
    let tape = venue.exchange.tapeEnd(of: instrument)
    lists.update(id) {
      $0.isPaired = true
      $0.tape = tape
    }
    if let record = ledger.record(key) { tellHeld(record, "NEW", at: time) }
  }

  /// The limit leg on one side of the market, the stop leg on the other.
  func hasGoodPrices(_ list: OrderList) -> Bool {
    guard let limit = list.limitLeg.flatMap({ ledger.record($0) }),
      let stop = list.stopLeg.flatMap({ ledger.record($0) })
    else { return false }
    let last = venue.exchange.top(of: list.symbol.number, at: .zero).last
    let above = limit.type == "LIMIT_MAKER" ? limit.price : limit.stopPrice
    return limit.side == .sell ? above > last && last > stop.stopPrice : above < last && last < stop.stopPrice
  }

  /// Reads from the exchange's rows what the link has lost: what became of legs meanwhile.
  mutating func catchUpLists(at time: ServerTime) {
    for list in lists.executing {
      guard let key = list.working ?? list.limitLeg ?? list.pending.first,
        let facts = venue.exchange.order(of: key.account, key.wireID)
      else { continue }
      if list.isFiring {
        lists.update(list.id) { $0.isFiring = false }
        if facts.status == .cancelled, let stop = list.stopLeg.flatMap({ ledger.record($0) }) {
          work(stop, list.id, at: time)
        } else if !facts.isOpen || facts.filled > 0 {
          endHeld(list, reason: "OCO_TRIGGER", at: time)
        }
      } else if list.working != nil {
        if facts.status == .filled { activate(list, at: time) }
        if facts.status == .expired { endHeld(list, reason: "OTO_PHASE_ONE_EXPIRED", at: time) }
      } else if list.isPaired, facts.filled > 0 || facts.status == .expired {
        endHeld(list, reason: "OCO_TRIGGER", at: time)
      } else if !list.isPaired, !facts.isOpen {
        finishList(list.id, at: time)
      }
      if facts.status == .cancelled, !list.isFiring { endList(list.id, cancelID: drawClientID(), at: time) }
    }
  }

  // MARK: - The tape

  /// Looks for prices that reach the stop legs. `true`: one was reached.
  mutating func watchLists(at time: ServerTime) -> Bool {
    var hasFired = false
    for list in lists.watched {
      guard let key = list.stopLeg, let stop = ledger.record(key), stop.held == .armed else { continue }
      var (end, isReached) = (list.tape, false)
      venue.exchange.forEachTrade(of: list.symbol.number, behind: list.tape, count: Exchange.tradeWindow) {
        place, trade in
        end = place
        if stop.side == .sell ? trade.price <= stop.stopPrice : trade.price >= stop.stopPrice { isReached = true }
      }
      lists.update(list.id) { $0.tape = end }
      guard isReached else { continue }
      hasFired = true
      fire(list, stop, at: time)
    }
    return hasFired
  }

  /// The stop was reached: the limit leg goes, then the stop leg works.
  private mutating func fire(_ list: OrderList, _ stop: OrderRecord, at time: ServerTime) {
    guard let limit = list.limitLeg.flatMap({ ledger.record($0) }) else { return }
    lists.update(list.id) { $0.isFiring = true }
    ledger.update(limit.key) { $0.expiryReason = "OCO_TRIGGER" }
    run([limit.request(.cancelOrder)], for: nil, at: time) { server, outcomes, time in
      guard outcomes[0].event != nil else {
        // It has filled meanwhile: that ends the list.
        server.ledger.update(limit.key) { $0.expiryReason = nil }
        server.lists.update(list.id) { $0.isFiring = false }
        return server.endHeld(list, reason: "OCO_TRIGGER", at: time)
      }
      server.work(stop, list.id, at: time)
    }
  }

  private mutating func work(_ stop: OrderRecord, _ id: Int64, at time: ServerTime) {
    var request = stop.request
    request.orderKindRaw = (stop.type == "STOP_LOSS" ? OrderKind.market : .limit).rawValue
    request.stopPrice = 0
    request.price = stop.price
    ledger.update(stop.key) { $0.working = time.utc }
    run([request], for: nil, at: time) { server, outcomes, time in
      if outcomes[0].refusal != nil { server.endHeld(stop.key, .rejected, reason: nil, at: time) }
      server.finishList(id, at: time)
    }
  }
}

extension VenueEvent {
  func isEnd(of record: OrderRecord) -> Bool {
    kind == .cancelled || kind == .expired || kind == .fill && cumulative >= record.quantity
  }
}
