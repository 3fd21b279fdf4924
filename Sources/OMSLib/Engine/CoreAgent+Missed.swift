// What was not heard is asked for: whole accounts are compared with their venue's word.

extension CoreAgent where Machine: ~Copyable, Door: ~Copyable, Gate: ~Copyable {
  mutating func noteMissed(_ account: AccountID) {
    if account.isNone {
      nextCompared = 1
    } else if !missedAccounts.contains(account) {
      missedAccounts.append(account)
    }
  }

  /// Compares accounts behind missed news, as room allows.
  mutating func compareMissed(now: EngineTime, utc: UTCTime) -> Int {
    while nextCompared == 0, let account = missedAccounts.last {
      var input = ReconcileInput()
      input.account = account
      guard submit(.reconcile, input, now: now, utc: utc) else { return 0 }
      missedAccounts.removeLast()
    }
    if counters.newsDropped != droppedBefore, canAccept(opensRisk: true, now: now) {
      droppedBefore = counters.newsDropped
      nextCompared = 1
    }
    guard nextCompared > 0 else { return 0 }
    missedAccounts.removeAll(keepingCapacity: true)
    var compared = 0
    while nextCompared <= machine.accountCount {
      var input = ReconcileInput()
      input.account = AccountID(number: UInt16(nextCompared))
      guard submit(.reconcile, input, now: now, utc: utc) else { return compared }
      nextCompared += 1
      compared += 1
    }
    nextCompared = 0
    return compared
  }
}
