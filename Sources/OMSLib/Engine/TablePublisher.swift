internal import CCore

/// How long the stages of the order path take, since the engine started. Published; one thread records each.
struct LatencyHistograms: Sendable {
  /// From the request's arrival until it goes to the core.
  let gate: Histogram
  /// The core's decision with its record and, if it may leave at once, its frame.
  let risk: Histogram
  /// From the frame until the venue's first word about the order.
  let ack: Histogram
  /// Turns of the hot thread in which there was work.
  let turn: Histogram

  init(_ tables: borrowing SharedTables) {
    func histogram(_ row: Int, _ name: String) -> Histogram {
      guard let found = tables.histogram(at: row, name: name) else {
        preconditionFailure("the tables have a row for every stage")
      }
      return found
    }
    gate = histogram(0, "gate")
    risk = histogram(1, "risk")
    ack = histogram(2, "ack")
    turn = histogram(3, "turn")
  }

  var stages: [(name: String, histogram: Histogram)] {
    [("gate", gate), ("risk", risk), ("ack", ack), ("turn", turn)]
  }
}

/// Copies what the core's steps changed into the shared tables, behind the order path: after the records are in the ring,
/// the frames handed over and the answers given.
///
/// Positions, balances, accounts and instruments have the row of their number; orders share rows (`OrderRows`).
///
/// Owner: the hot thread. Waits for nobody; allocates nothing after `init`.
struct TablePublisher: ~Copyable {
  /// Rows of one turn while everything is published.
  static let rowsPerTurn = 256
  static let instrumentsPerTurn = 64
  private static let topsNanoseconds: Int64 = 1_000_000
  private static let beatNanoseconds: Int64 = 100_000_000
  private static let metricsNanoseconds: Int64 = 1_000_000_000

  let tables: SharedTables
  let latencies: LatencyHistograms
  /// Rows the tables had no room for.
  private(set) var refusedRows: UInt64 = 0
  private var orders: OrderRows
  /// The order whose first answer was counted, by row.
  private var answered: [UInt64]
  private var tops: [TopOfBook]
  private var nextTop = 1
  private var topsDue = EngineTime.zero
  private var beatDue = EngineTime.zero
  private var metricsDue = EngineTime.zero
  private var metrics: [cc_metric_row]
  /// Where publishing everything stands; `nil`: nothing but changes is published.
  private var sweep: Sweep?

  private struct Sweep {
    var table = TableID.account
    var next = 1
  }

  init(_ tables: consuming SharedTables, _ capacities: TableCapacities, orderSlots: Int) {
    latencies = LatencyHistograms(tables)
    self.tables = tables
    orders = OrderRows(capacity: capacities.orders, slots: orderSlots)
    answered = [UInt64](repeating: 0, count: capacities.orders)
    // Equal to no real one: an instrument without prices is published as well.
    var unseen = TopOfBook()
    unseen.isValid = .max
    tops = [TopOfBook](repeating: unseen, count: capacities.instruments)
    metrics = ["loop_lag_ns", "inputs", "frames", "venue_events", "gate_refusals", "rows_refused"].map { name in
      var row = cc_metric_row()
      row.name = cc_text32(Text32(name) ?? Text32())
      return row
    }
  }

  /// Whether all that the core holds has been published.
  var isCaughtUp: Bool { sweep == nil }

  // MARK: Rows of the core

  /// Publishes what was written since the last call.
  mutating func publish(_ state: inout CoreState, _ stamp: PublishStamp) {
    if state.hasLostTouched { sweep = Sweep() }
    let count = state.touchedCount
    for index in 0..<count {
      let entry = state.touched(index)
      publish(entry.table, entry.row, state, stamp)
    }
    state.forgetTouched()
    if sweep != nil { sweepOn(state, stamp) }
  }

  private mutating func publish(_ table: TableID, _ row: Int, _ state: borrowing CoreState, _ stamp: PublishStamp) {
    switch table {
    case .account: count(tables.publish(cc_account_row(state.accounts[row], stamp), at: row))
    case .position:
      let position = state.positions[row]
      let image = cc_position_row(
        position, state.accounts[position.account.index], state.instruments[position.instrument.index], stamp)
      count(tables.publish(image, at: row))
    case .balance:
      let balance = state.balances[row]
      let image = cc_balance_row(
        balance, state.accounts[balance.account.index], state.assets[balance.asset.index], stamp)
      count(tables.publish(image, at: row))
    case .order: publishOrder(row, state, stamp)
    default: preconditionFailure("no other table is published")
    }
  }

  private mutating func publishOrder(_ slot: Int, _ state: borrowing CoreState, _ stamp: PublishStamp) {
    let order = state.orders[slot]
    guard order.image.orderNumber != 0 else { return }
    guard let row = orders.row(of: slot) ?? orders.take(for: slot, isOpen: { state.orders[$0].isOpen }) else {
      refusedRows += 1
      return
    }
    let rules = state.instruments[order.image.instrument.index].rules
    count(tables.publish(cc_order_row(order.image, rules, stamp), at: row))
    if order.image.ackNanoseconds != 0, answered[row] != order.image.orderNumber {
      answered[row] = order.image.orderNumber
      // What an earlier run measured is not counted again.
      if sweep == nil { latencies.ack.record(nanoseconds: Int64(order.image.ackNanoseconds)) }
    }
    if !order.isOpen { orders.release(row) }
  }

  private mutating func count(_ isPublished: Bool) { if !isPublished { refusedRows += 1 } }

  // MARK: Everything

  /// A portion of everything there is.
  private mutating func sweepOn(_ state: borrowing CoreState, _ stamp: PublishStamp) {
    var left = Self.rowsPerTurn
    while left > 0, var at = sweep {
      guard at.next < Self.end(of: at.table, state) else {
        sweep = Self.table(after: at.table).map { Sweep(table: $0, next: $0 == .order ? 0 : 1) }
        continue
      }
      // Finished orders nobody has seen open are history.
      if at.table != .order || state.orders[at.next].isOpen || orders.row(of: at.next) != nil {
        publish(at.table, at.next, state, stamp)
      }
      at.next += 1
      sweep = at
      left -= 1
    }
  }

  private static func end(of table: TableID, _ state: borrowing CoreState) -> Int {
    switch table {
    case .account: Int(state.global.accountCount) + 1
    case .position: Int(state.global.positionCount) + 1
    case .balance: Int(state.global.balanceCount) + 1
    default: min(Int(state.global.orderHighWater) + 1, state.capacity.orders)
    }
  }

  private static func table(after table: TableID) -> TableID? {
    switch table {
    case .account: .position
    case .position: .balance
    case .balance: .order
    default: nil
    }
  }

  // MARK: Prices

  /// Publishes best prices that changed: of all instruments, or of a portion when the last look was long enough ago.
  mutating func publishTops<Door: VenueDoor & ~Copyable>(
    _ door: borrowing Door, _ state: borrowing CoreState, _ stamp: PublishStamp, all: Bool
  ) {
    guard all || stamp.now >= topsDue else { return }
    topsDue = stamp.now.advanced(byNanoseconds: Self.topsNanoseconds)
    let last = min(Int(state.global.instrumentCount), tops.count - 1)
    guard last > 0 else { return }
    for _ in 0..<(all ? last : min(last, Self.instrumentsPerTurn)) {
      if nextTop > last { nextTop = 1 }
      publishTop(nextTop, door, state, stamp)
      nextTop += 1
    }
  }

  private mutating func publishTop<Door: VenueDoor & ~Copyable>(
    _ number: Int, _ door: borrowing Door, _ state: borrowing CoreState, _ stamp: PublishStamp
  ) {
    let top = door.top(of: InstrumentID(number: UInt16(number)))
    let old = tops[number]
    let isSame =
      top.bookSequence == old.bookSequence && top.updatedAt == old.updatedAt && top.isValid == old.isValid
      && top.mark == old.mark && top.last == old.last && top.bid == old.bid && top.ask == old.ask
    guard !isSame else { return }
    tops[number] = top
    count(tables.publish(cc_instrument_row(state.instruments[number].rules, top, stamp), at: number))
  }

  // MARK: Life signs

  /// Shows readers that the engine is at work; call once a turn.
  mutating func beat(now: EngineTime, boottime: () -> Int64) {
    guard now >= beatDue else { return }
    beatDue = now.advanced(byNanoseconds: Self.beatNanoseconds)
    tables.beat(boottime: boottime())
  }

  /// Once a second, in the order of the names: lag of the loop, inputs, frames, venue events, gate refusals.
  mutating func publishMetrics(_ values: (Int64, UInt64, UInt64, UInt64, UInt64), _ stamp: PublishStamp) {
    guard stamp.now >= metricsDue else { return }
    metricsDue = stamp.now.advanced(byNanoseconds: Self.metricsNanoseconds)
    publishMetric(0, values.0, stamp)
    publishMetric(1, Int64(clamping: values.1), stamp)
    publishMetric(2, Int64(clamping: values.2), stamp)
    publishMetric(3, Int64(clamping: values.3), stamp)
    publishMetric(4, Int64(clamping: values.4), stamp)
    publishMetric(5, Int64(clamping: refusedRows), stamp)
  }

  private mutating func publishMetric(_ index: Int, _ value: Int64, _ stamp: PublishStamp) {
    metrics[index].value = value
    metrics[index].updated = stamp.utc.nanoseconds
    count(tables.publish(metrics[index], at: index))
  }
}
