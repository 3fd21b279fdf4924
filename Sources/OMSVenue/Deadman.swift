import OMSLib

/// A countdown behind which all open orders of an account in one symbol are cancelled.
struct Deadman: Sendable {
  var account: UInt16
  var symbol: VenueSymbol
  var due: EngineTime
}

extension VenueServer where Recorder: ~Copyable {
  /// Longer countdowns mean that somebody has mistaken the unit.
  private static var countdownMax: Int64 { 365 * 86_400_000 }

  mutating func setCountdown(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let countdown = try parameters.requiredInteger("countdownTime")
    guard (0...Self.countdownMax).contains(countdown) else { throw Parameters.invalid("countdownTime") }
    ask(for: caller, at: time) { server, time in
      server.deadmen.removeAll { $0.account == caller.account && $0.symbol.number == symbol.number }
      if countdown > 0 {
        let due = time.now.advanced(byNanoseconds: countdown * 1_000_000)
        server.deadmen.append(Deadman(account: caller.account, symbol: symbol, due: due))
      }
      let body = object { writer in
        writer.member("symbol", symbol.name)
        writer.member("countdownTime", "\(countdown)")
      }
      server.answer(caller, .success(body), at: time)
    }
  }

  /// `true`: one has run down.
  mutating func fireDeadmen(at time: ServerTime) -> Bool {
    let due = deadmen.filter { $0.due <= time.now }
    guard !due.isEmpty else { return false }
    deadmen.removeAll { $0.due <= time.now }
    for deadman in due {
      let open = openOrders(of: deadman.account, deadman.symbol)
      run(open.map { $0.request(.cancelOrder) }, for: nil, at: time) { _, _, _ in }
    }
    return true
  }
}
