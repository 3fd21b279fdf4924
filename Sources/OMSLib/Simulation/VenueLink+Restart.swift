// The exchange comes back from what it was told.

extension VenueLink {
  /// Makes the exchange again from what it was told, and tells whether it came out the same.
  func restartExchange(now: Int64) -> Bool {
    var again = Exchange(options, startingAt: UTCTime(nanoseconds: start))
    for input in history {
      switch input {
      case .control(let control, let stamp):
        Self.skip(&again, to: stamp.time)
        again.control(control, at: stamp)
      case .request(let request, let stamp):
        Self.skip(&again, to: stamp.time)
        again.apply(request, at: stamp)
      }
      while again.output.pop() != nil {}
    }
    Self.skip(&again, to: exchange.time)
    let isSame = isEqual(again)
    exchange = again
    disconnect(now: now, for: 300_000_000 + draw(.exchangeRestart, 2_000_000_000))
    return isSame
  }

  private static func skip(_ exchange: inout Exchange, to time: UTCTime) {
    while true {
      let isDone = exchange.advance(to: time)
      while exchange.output.pop() != nil {}
      if isDone { return }
    }
  }

  private func isEqual(_ other: borrowing Exchange) -> Bool {
    guard other.orderNumber == exchange.orderNumber, other.tradeNumber == exchange.tradeNumber,
      other.fillCount == exchange.fillCount, other.usedSlots == exchange.usedSlots
    else { return false }
    for row in 0..<exchange.balances.count {
      let (a, b) = (exchange.balances[row], other.balances[row])
      if a.total != b.total || a.locked != b.locked { return false }
    }
    for row in 0..<exchange.holdings.count {
      let (a, b) = (exchange.holdings[row], other.holdings[row])
      if a.quantity != b.quantity || a.cost != b.cost { return false }
      if a.buyNotional != b.buyNotional || a.sellNotional != b.sellNotional { return false }
    }
    for slot in 0...Int(exchange.usedSlots) {
      let (a, b) = (exchange.orders[slot], other.orders[slot])
      if a.number != b.number || a.stateRaw != b.stateRaw || a.filled != b.filled || a.wireID != b.wireID {
        return false
      }
    }
    return true
  }
}
