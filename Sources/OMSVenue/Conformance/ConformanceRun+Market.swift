import OMSLib

// What is seen of the market.

extension ConformanceRun {
  private struct Level: Equatable {
    var side: Side
    var price: Int64
    var quantity: Int64
  }

  private static let depth = 20

  /// What is wrong; `nil`: nothing. Levels are asked for until they are there.
  func sees(within milliseconds: Int64) -> String? {
    let (real, instrument) = (levels(), instrument())
    let best = [Side.buy, .sell].map { side in real.first { $0.side == side } }
    var found = ""
    let isSeen = waitByTurns(milliseconds) { bench in
      var mine: [Level] = []
      let isThere = bench.venue.forEachLevel(of: instrument, depth: Self.depth, now: bench.time.now) {
        mine.append(Level(side: $0, price: $1, quantity: $2))
      }
      let top = bench.venue.top(of: instrument)
      found = isThere ? "\(mine.count) levels, best \(top.bid) and \(top.ask)" : "no levels"
      return isThere && mine == real && top.isValid != 0 && top.bid == best[0]?.price ?? 0
        && top.ask == best[1]?.price ?? 0 && top.bidQuantity == best[0]?.quantity ?? 0
        && top.askQuantity == best[1]?.quantity ?? 0
    }
    return isSeen ? nil : "the market is not seen as it is: \(found), and there are \(real.count)"
  }

  func isBlind(within milliseconds: Int64) -> String? {
    let instrument = instrument()
    let isBlind = waitByTurns(milliseconds) { $0.venue.top(of: instrument).isValid == 0 }
    return isBlind ? nil : "best prices are told that nobody can know"
  }

  private func levels() -> [Level] {
    let number = instrument().number
    return bench.withExchange { exchange, _ in
      var levels: [Level] = []
      for side in [Side.buy, .sell] {
        exchange.inner.venue.exchange.forEachLevel(of: number, side, count: Self.depth) {
          levels.append(Level(side: side, price: $0, quantity: $1))
        }
      }
      return levels
    }
  }

  /// Whoever reads the market asks for it now and then.
  private func waitByTurns(_ milliseconds: Int64, _ isDone: (any ConformanceBench) -> Bool) -> Bool {
    for _ in 0..<max(1, milliseconds / 50) {
      if isDone(bench) { return true }
      bench.run(nanoseconds: 50_000_000) { false }
    }
    return isDone(bench)
  }
}
