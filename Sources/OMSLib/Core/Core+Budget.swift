// The venue's own limit on requests, held here so that it is never met there (INV-21): orders and amendments of one
// account in windows of ten seconds. Cancels cost nothing, and a part is kept for orders that reduce.

extension Core {
  static let budgetWindow: Int64 = 10_000_000_000

  /// Whether one more order or amendment of the account may be sent now.
  func hasBudget(_ account: AccountID, isReducing: Bool) -> Bool {
    let row = state.accounts[account.index]
    let limit = state.venues[row.venue.index].ordersPerTenSeconds
    guard limit > 0 else { return true }
    let used = isBudgetWindowOver(row) ? 0 : row.budgetUsed
    return used < (isReducing ? limit : limit - limit / 20)
  }

  /// Counts one order or amendment that is asked of the venue.
  mutating func spendBudget(_ account: AccountID) {
    let index = account.index
    if isBudgetWindowOver(state.accounts[index]) {
      state.accounts[index].budgetStart = stamp.time
      state.accounts[index].budgetUsed = 0
    }
    state.accounts[index].budgetUsed += 1
  }

  private func isBudgetWindowOver(_ row: AccountRow) -> Bool {
    stamp.time.nanoseconds - row.budgetStart.nanoseconds >= Self.budgetWindow
  }
}
