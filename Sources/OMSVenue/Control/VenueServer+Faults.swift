import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// `sim fault`: what is said of the exchange itself comes into force at once, all of it or, where something is wrong
  /// with it, nothing. What is about its wires was taken before.
  mutating func makeTrouble(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let clears = try order.flag("clear")
    let faults = try doorFaults(&order)
    var next = clears ? ExchangeTroubles() : troubles
    try readAnswers(&order, &next)
    let market = try readMarket(&order, &next)
    let links = try LinkOrders(&order)
    try order.finish()
    if clears {
      venue.inject(.clear, now: time.now)
      endTroubles(at: time)
      for symbol in symbols.all { try setTrading(symbol, true, at: time) }
    }
    troubles = next
    for fault in faults { venue.inject(fault, now: time.now) }
    perform(links, at: time)
    for symbol in market.halted { try setTrading(symbol, false, at: time) }
    if let trade = market.bust {
      var control = ExchangeControl(.bust)
      control.order = trade
      try desk(control, at: time)
    }
  }

  private mutating func setTrading(_ symbol: VenueSymbol, _ isOpen: Bool, at time: ServerTime) throws(ErrorObject) {
    guard (venue.exchange.rules(of: symbol.number).isTrading == 1) != isOpen else { return }
    var control = ExchangeControl(.setTrading)
    (control.instrument, control.detail) = (symbol.number, isOpen ? 1 : 0)
    try desk(control, at: time)
  }

  // MARK: - The door's own

  private mutating func doorFaults(_ order: inout ControlOrder) throws(ErrorObject) -> [VenueFault] {
    var faults: [VenueFault] = []
    if let count = try order.count("drop_ack") { faults.append(.dropAcknowledgements(count)) }
    if let count = try order.count("dup_ack") { faults.append(.duplicateAcknowledgements(count)) }
    if let (word, count) = try order.counted("reject") {
      guard let code = Int32(word) else { throw .usage("value", "reject '\(word)' is not CODE or CODE:N") }
      faults.append(.reject(code: code, count: count))
    }
    if let interval = try order.duration("disconnect") { faults.append(.disconnect(nanoseconds: interval)) }
    if let count = try order.count("rate_limit") { faults.append(.rateLimit(count)) }
    if let share = try order.percent("partial") { faults.append(.partial(percent: UInt8(clamping: share))) }
    if let interval = try order.duration("late_fill") { faults.append(.lateFills(nanoseconds: interval)) }
    if let count = try order.count("lost_cancel") { faults.append(.loseCancels(count)) }
    if try order.flag("auth_fail") { faults.append(.refuseKey) }
    return faults
  }

  // MARK: - What it knows and says

  private func readAnswers(_ order: inout ControlOrder, _ next: inout ExchangeTroubles) throws(ErrorObject) {
    next.swappedAnswers = try order.count("swap_answers") ?? next.swappedAnswers
    next.strayOrders = try order.count("stray_order") ?? next.strayOrders
    next.shiftedOrders = try order.count("shift_price") ?? next.shiftedOrders
    if let (word, count) = try order.counted("race_cancel") {
      next.race = (try ControlOrder.partsPerMillion(word, "race_cancel") / 10_000, count)
    }
    next.survivors = try order.count("leave_order") ?? next.survivors
    next.shortBatches = try order.count("short_batch") ?? next.shortBatches
    next.turnedBatches = try order.count("turn_batch") ?? next.turnedBatches
    next.queryLag = try order.duration("query_lag") ?? next.queryLag
    next.emptyBalances = try order.count("zero_balances") ?? next.emptyBalances
    if let text = try order.text("hide_position") { next.hiddenPositions.insert(try controlSymbol(text).name) }
    next.falseEvent = try order.choice("event", FalseEvent.self) ?? next.falseEvent
    if let text = try order.text("lock") { next.lockedAccounts.insert(try controlAccount(text)) }
    if try order.flag("repeat_fills") { next.repeatsFills = true }
  }

  private func readMarket(
    _ order: inout ControlOrder, _ next: inout ExchangeTroubles
  ) throws(ErrorObject) -> (halted: [VenueSymbol], bust: UInt64?) {
    if let text = try order.text("stale_feed") { next.staleSymbols.insert(try controlSymbol(text).name) }
    if let text = try order.text("seq_gap") { next.lostUpdates[try controlSymbol(text).name] = 0 }
    let halted = try order.text("halt").map { text throws(ErrorObject) in try controlSymbol(text) }
    let bust = try order.count("bust").map { UInt64($0) }
    return (halted.map { [$0] } ?? [], bust)
  }

  // MARK: - Connections

  /// Faults of whole connections, and of everybody.
  private struct LinkOrders {
    let closesAtOnce: Bool
    let life: Int64?
    let goodbye: Int64?
    let keyLife: Int64?
    let pings: Int?
    let ban: Int64?
    let upkeep: Int64?
    let usedWeight: Int?

    init(_ order: inout ControlOrder) throws(ErrorObject) {
      closesAtOnce = try order.flag("close_at_once")
      life = try order.duration("life")
      goodbye = try order.duration("shutdown")
      keyLife = try order.duration("listen_key_life")
      pings = try order.count("pings")
      ban = try order.duration("ban")
      upkeep = try order.duration("maintenance")
      usedWeight = try order.count("used_weight")
      guard (pings ?? 0) <= Self.pingsMax else { throw .usage("count", "pings: at most \(Self.pingsMax)") }
    }

    private static var pingsMax: Int { 10_000 }
  }

  private mutating func perform(_ orders: LinkOrders, at time: ServerTime) {
    if orders.closesAtOnce { troubles.closesAtOnce = true }
    if let life = orders.life { setLife(life, at: time) }
    if let interval = orders.goodbye { sayGoodbye(in: interval, at: time) }
    if let life = orders.keyLife { listenKeys.setLife(life, at: time.now) }
    if let pings = orders.pings { storm(pings) }
    if let interval = orders.ban { ban(interval, at: time) }
    if let interval = orders.upkeep { beginUpkeep(interval, at: time) }
    if let weight = orders.usedWeight { rates.foreignWeight = weight }
  }
}
