// The venue's own limit on requests, held here so that it is never met there (INV-21): orders and amendments of one
// account in any ten seconds, however the venue lays its windows. Cancels cost nothing, and a part is kept for orders
// that reduce.

extension AccountRow {
  /// Seconds that are counted: ten whole ones and the one that runs.
  static let budgetSeconds: Int64 = 11

  /// Requests of the last ten seconds.
  func budgetUsed(at time: EngineTime) -> UInt32 {
    newSeconds(at: time).reduce(budgetUsed) { $0 - budgetBuckets[Self.bucket($1)] }
  }

  /// Forgets what is older than ten seconds.
  private mutating func ageBudget(to time: EngineTime) {
    for second in newSeconds(at: time) {
      budgetUsed -= budgetBuckets[Self.bucket(second)]
      budgetBuckets[Self.bucket(second)] = 0
      budgetSecond = second
    }
  }

  /// Those that have begun since requests were last counted: each takes the place of one that is too old.
  private func newSeconds(at time: EngineTime) -> Range<Int64> {
    let second = Self.second(of: time)
    guard second > budgetSecond else { return 0..<0 }
    return max(budgetSecond, second - Self.budgetSeconds) + 1..<second + 1
  }

  /// Something waits for room: until it has looked again, what is new has none.
  mutating func oweBudget(at time: EngineTime) {
    budgetOwedSecond = UInt32(clamping: Self.second(of: time) + 1)
  }

  func owesBudget(at time: EngineTime) -> Bool { budgetOwedSecond >= Self.second(of: time) && budgetOwedSecond != 0 }

  mutating func spendBudget(at time: EngineTime) {
    ageBudget(to: time)
    budgetUsed += 1
    // A clock that went back counts into the second that runs.
    budgetBuckets[Self.bucket(budgetSecond)] += 1
  }

  private static func second(of time: EngineTime) -> Int64 { time.nanoseconds / 1_000_000_000 }
  private static func bucket(_ second: Int64) -> Int { Int(UInt64(bitPattern: second) % UInt64(budgetSeconds)) }
}

extension Core {
  /// Whether one more order or amendment of the account may be sent now. Whoever came before and `waits` comes first.
  func hasBudget(_ account: AccountID, isReducing: Bool, waits: Bool = false) -> Bool {
    let limit = state.venues[state.accounts[account.index].venue.index].ordersPerTenSeconds
    guard limit > 0 else { return true }
    if isReducing { return state.accounts[account.index].budgetUsed(at: stamp.time) < limit }
    guard waits || !state.accounts[account.index].owesBudget(at: stamp.time) else { return false }
    return state.accounts[account.index].budgetUsed(at: stamp.time) < limit - limit / 20
  }

  /// What an order waits for here: its price or its partner (`held`), or room in the budget of its account.
  static let held: UInt8 = 1
  static let heldForBudget: UInt8 = 2
  static let budgetPause: Int64 = 1_000_000_000

  /// An order that the core has decided on (a slice, an exit, a trigger that fired) is kept until there is room for it.
  mutating func waitForBudget(_ slot: Int) {
    state.orders[slot].isHeld = Self.heldForBudget
    lookForBudgetAgain(slot)
  }

  mutating func lookForBudgetAgain(_ slot: Int) {
    state.accounts[state.orders[slot].image.account.index].oweBudget(at: stamp.time)
    schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.budgetPause))
  }

  /// Counts one order or amendment that is asked of the venue.
  mutating func spendBudget(_ account: AccountID) {
    state.accounts[account.index].spendBudget(at: stamp.time)
  }
}
