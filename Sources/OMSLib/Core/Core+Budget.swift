// The venue's own limit on requests, held here so that it is never met there (INV-21): orders and amendments of one
// account in any ten seconds, however the venue lays its windows. Cancels cost nothing, and a part is kept for orders
// that reduce.

extension AccountRow {
  /// Seconds that are counted: ten whole ones and the one that runs.
  static let budgetSeconds: Int64 = 11

  /// Requests of the last ten seconds.
  func budgetUsed(at time: EngineTime) -> UInt32 {
    var row = self
    row.ageBudget(to: time)
    return row.budgetUsed
  }

  /// Forgets what is older than ten seconds.
  mutating func ageBudget(to time: EngineTime) {
    let second = time.nanoseconds / 1_000_000_000
    guard second > budgetSecond else { return }
    let passed = min(second - budgetSecond, Self.budgetSeconds)
    for step in 1...passed {
      let bucket = Self.bucket(budgetSecond + step)
      budgetUsed -= budgetBuckets[bucket]
      budgetBuckets[bucket] = 0
    }
    budgetSecond = second
  }

  mutating func spendBudget(at time: EngineTime) {
    ageBudget(to: time)
    budgetUsed += 1
    // A clock that went back counts into the second that runs.
    budgetBuckets[Self.bucket(budgetSecond)] += 1
  }

  private static func bucket(_ second: Int64) -> Int { Int(UInt64(bitPattern: second) % UInt64(budgetSeconds)) }
}

extension Core {
  /// Whether one more order or amendment of the account may be sent now.
  func hasBudget(_ account: AccountID, isReducing: Bool) -> Bool {
    let limit = state.venues[state.accounts[account.index].venue.index].ordersPerTenSeconds
    guard limit > 0 else { return true }
    let used = state.accounts[account.index].budgetUsed(at: stamp.time)
    return used < (isReducing ? limit : limit - limit / 20)
  }

  /// What an order waits for here: its price or its partner (`held`), or room in the budget of its account.
  static let held: UInt8 = 1
  static let heldForBudget: UInt8 = 2
  static let budgetPause: Int64 = 1_000_000_000

  /// An order that the core has decided on (a slice, an exit, a trigger that fired) is kept until there is room for it.
  mutating func waitForBudget(_ slot: Int) {
    state.orders[slot].isHeld = Self.heldForBudget
    schedule(slot, at: stamp.time.advanced(byNanoseconds: Self.budgetPause))
  }

  /// Counts one order or amendment that is asked of the venue.
  mutating func spendBudget(_ account: AccountID) {
    state.accounts[account.index].spendBudget(at: stamp.time)
  }
}
