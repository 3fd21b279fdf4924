/// Rows written since somebody last looked, for whoever keeps copies of them: positions, balances, accounts, orders.
///
/// Off until it is asked for. Bounded: when more is written than fits, any row may have changed. It is no part of the
/// state: neither digest nor snapshot know it. A row may be named more than once.
///
/// Owner: one core. All memory is taken by `follow`.
@safe struct TouchedRows: ~Copyable {
  static let capacity = 2_048

  private(set) var count = 0
  private(set) var hasOverflowed = false
  private var entries: UnsafeMutablePointer<UInt64>?

  init() { unsafe entries = nil }

  deinit { unsafe entries?.deallocate() }

  @inline(__always)
  var isFollowing: Bool { unsafe entries != nil }

  /// From here on rows are noted. What was written before is unknown, so that everything counts as changed.
  mutating func follow() {
    precondition(!isFollowing, "rows are followed once")
    unsafe entries = .allocate(capacity: Self.capacity)
    hasOverflowed = true
  }

  @inline(__always)
  mutating func note(table: UInt32, row: UInt32) {
    guard Self.isPublished(table), let entries = unsafe entries else { return }
    guard count < Self.capacity else {
      hasOverflowed = true
      return
    }
    unsafe entries[count] = UInt64(table) << 32 | UInt64(row)
    count += 1
  }

  func entry(_ i: Int) -> (table: TableID, row: Int) {
    precondition(i >= 0 && i < count, "an entry that was noted")
    guard let entry = unsafe entries?[i], let table = TableID(rawValue: UInt8(entry >> 32)) else {
      preconditionFailure("only rows of known tables are noted")
    }
    return (table, Int(UInt32(truncatingIfNeeded: entry)))
  }

  mutating func forget() {
    count = 0
    hasOverflowed = false
  }

  @inline(__always)
  private static func isPublished(_ table: UInt32) -> Bool {
    table == UInt32(TableID.order.rawValue) || table == UInt32(TableID.position.rawValue)
      || table == UInt32(TableID.balance.rawValue) || table == UInt32(TableID.account.rawValue)
  }
}

extension CoreState {
  /// Starts noting which rows each step writes, for whoever publishes copies of them.
  package mutating func followTouched() { unsafe log.pointee.touched.follow() }

  package var touchedCount: Int { unsafe log.pointee.touched.count }

  /// More was written than the list holds: every row may have changed.
  package var hasLostTouched: Bool { unsafe log.pointee.touched.hasOverflowed }

  package func touched(_ i: Int) -> (table: TableID, row: Int) { unsafe log.pointee.touched.entry(i) }

  /// Begins the list again.
  package mutating func forgetTouched() { unsafe log.pointee.touched.forget() }
}
