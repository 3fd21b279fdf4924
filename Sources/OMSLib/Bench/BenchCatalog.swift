/// All benchmarks, in the order they run.
package enum BenchCatalog {
  package static let all: [Benchmark] = [
    RingHopBench.benchmark,
    RingCommandBench.benchmark,
    RingCommandBench.wire,
    JournalAppendBench.append,
    JournalAppendBench.strict,
    CoreOrdersBench.accept,
    CoreOrdersBench.life,
    RiskCheckBench.overlapped,
    RiskCheckBench.chained,
    AccountSwitchBench.benchmark,
    SigningBench.once,
    SigningBench.kept,
    MatchingBench.move,
    MatchingBench.churn,
    MatchingBench.cross,
    BinanceDecodeBench.ticker,
    BinanceDecodeBench.depth,
    BinanceDecodeBench.order,
    TickToTradeBench.benchmark,
    RoundTripBench.benchmark,
    RecoveryBench.benchmark,
    MemoryBench.benchmark,
    HostileBench.benchmark,
    IdleBench.benchmark,
  ]

  /// Those named, in the order of the list; all, when none is. `*` at the end of a name stands for the rest of it.
  package static func named(_ names: [String]) -> [Benchmark] {
    guard !names.isEmpty else { return all }
    return all.filter { benchmark in
      names.contains { name in
        name.hasSuffix("*") ? benchmark.name.hasPrefix(name.dropLast()) : benchmark.name == name
      }
    }
  }
}
