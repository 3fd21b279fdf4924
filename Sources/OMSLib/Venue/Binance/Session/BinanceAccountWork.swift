/// `queryAccount`: balances and positions, told as they stand in two readings, one behind the other.
///
/// What differs between both has just moved: its fills may be on their way, so it is news and not compared with what is
/// booked here. And what is missing for a moment is not believed to be gone.
struct BinanceAccountWork: Sendable {
  private struct Reading: Sendable {
    var balances: [VenueEvent] = []
    var positions: [VenueEvent] = []
  }

  private enum Phase: Int, Sendable { case notBegun, settings, first, second, over }

  private var phase = Phase.notBegun
  private var isHedged = false
  private var before = Reading()
  private var now = Reading()
  /// Leverage and margin mode by instrument, where no position shows them.
  private var settings: [InstrumentID: (leverage: UInt16, modeRaw: UInt8)] = [:]

  mutating func proceed(_ scope: BinanceJobScope, _ questions: inout BinanceQuestions) -> Bool {
    while questions.isEmpty {
      guard let next = Phase(rawValue: phase.rawValue + 1), next != .over else { return false }
      phase = next
      let hasFutures = scope.products.contains(.usdm)
      switch next {
      case .notBegun, .over: break
      case .settings:
        guard hasFutures else { continue }
        questions.add(.accountSettings)
        questions.add(.symbolSettings)
      case .first, .second:
        (before, now) = (now, Reading())
        for product in scope.products { questions.add(.account(product)) }
        if hasFutures { questions.add(.positions) }
      }
    }
    return true
  }

  mutating func take(
    _ question: BinanceQuestion, _ result: JSONValue, _ scope: BinanceJobScope, _ reading: borrowing BinanceReading,
    _ memory: inout BinanceAccountMemory
  ) throws(BinanceProblem) {
    var found: [VenueEvent] = []
    switch question {
    case .accountSettings: isHedged = try result.flag("dualSidePosition")
    case .symbolSettings:
      try FuturesAccountReader.configuration(result, reading, into: &memory)
      for place in scope.places(of: .usdm) {
        let id = scope.symbols[place].instrument.id
        settings[id] = (memory[leverage: id], memory[mode: id].rawValue)
      }
    case .account(.spot):
      try SpotAccountReader.account(result, to: scope.request, reading) { found.append($0) }
      takeBalances(found, .spot, scope, &memory)
    case .account(.usdm):
      try FuturesAccountReader.balances(result, to: scope.request, reading) { found.append($0) }
      takeBalances(found, .futures, scope, &memory)
    case .positions:
      try FuturesAccountReader.positions(result, to: scope.request, reading, memory) { found.append($0) }
      now.positions += found
    default: preconditionFailure("a question that this does not ask")
    }
  }

  private mutating func takeBalances(
    _ found: [VenueEvent], _ wallet: Wallet, _ scope: BinanceJobScope, _ memory: inout BinanceAccountMemory
  ) {
    var missing = Set(scope.assets)
    for balance in found { missing.remove(balance.asset) }
    let empty = scope.assets.filter { missing.contains($0) }.map { asset in
      var balance = VenueEvent(.balance, to: scope.request)
      balance.asset = asset
      balance.walletRaw = wallet.rawValue
      balance.isReplay = 1
      return balance
    }
    for balance in found + empty { memory.set(balance.asset, total: balance.amount, locked: balance.locked) }
    now.balances += found + empty
  }

  // MARK: Telling

  func tell(_ scope: BinanceJobScope, _ emit: (VenueEvent) -> Void) {
    for var balance in now.balances {
      balance.venue = scope.request.venue
      let isSettled = before.balances.contains {
        $0.asset == balance.asset && $0.walletRaw == balance.walletRaw && $0.amount == balance.amount
      }
      if !isSettled { balance.isReplay = 0 }
      emit(balance)
    }
    let (old, all) = (positions(before, scope), positions(now, scope))
    for var position in all {
      let isSettled = old.contains { Self.isSamePlace($0, position) && $0.quantity == position.quantity }
      if !isSettled { position.isReplay = 0 }
      emit(position)
    }
  }

  private static func isSamePlace(_ a: VenueEvent, _ b: VenueEvent) -> Bool {
    a.instrument == b.instrument && a.positionSideRaw == b.positionSideRaw
  }

  /// Also where nothing is held, which is what the venue leaves out: somebody may believe that something is.
  private func positions(_ reading: Reading, _ scope: BinanceJobScope) -> [VenueEvent] {
    var all: [VenueEvent] = []
    for place in scope.places(of: .usdm) {
      let symbol = scope.symbols[place].symbol
      for side: PositionSide in isHedged ? [.long, .short] : [.net] {
        let held = reading.positions.first {
          $0.instrument == symbol.instrument && $0.positionSideRaw == side.rawValue
        }
        all.append(held ?? flat(symbol, side, scope))
      }
    }
    return all
  }

  private func flat(_ symbol: BinanceSymbol, _ side: PositionSide, _ scope: BinanceJobScope) -> VenueEvent {
    var position = VenueEvent(.position, to: scope.request)
    position.instrument = symbol.instrument
    position.venue = symbol.venue
    position.asset = symbol.settle
    position.walletRaw = Wallet.futures.rawValue
    position.positionSideRaw = side.rawValue
    (position.leverage, position.marginModeRaw) = settings[symbol.instrument] ?? (0, MarginMode.cross.rawValue)
    position.isReplay = 1
    return position
  }
}
