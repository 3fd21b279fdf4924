/// What can go wrong in a simulated world. Each kind has a stream of chance of its own, so that switching one off does
/// not shift the others.
package enum FaultKind: UInt8, Sendable, CaseIterable {
  /// The engine dies; the ring survives.
  case kill = 1
  /// The machine dies: the ring is gone, unsynced writes are lost, torn, out of order.
  case powerCut = 2
  case lostAnswer = 3
  case repeatedAnswer = 4
  case lostRequest = 5
  case lateFill = 6
  case disconnect = 7
  case latency = 8
  /// Answers, news and questions travel on connections of their own.
  case reorder = 9
  case reject = 10
  case partialFill = 11
  case diskFull = 12
  case diskError = 13
  case slowSync = 14
  case clockStep = 15
  /// The exchange goes down and comes back from its own record.
  case exchangeRestart = 16
  /// Prices stop, jump and come back.
  case wildMarket = 17
  /// Snapshots are made, and starts begin from them.
  case snapshot = 18
  /// Accounts hold long and short positions side by side.
  case hedge = 19
  /// Funding falls due.
  case funding = 20
  /// Little money, high leverage, and prices that run away: positions are liquidated.
  case thinMargin = 21
  /// Ids of users leave the core's table, and are answered from their index on disk.
  case idIndex = 22
  /// Old segments are compressed and go.
  case retention = 23
  /// Trading is stopped by the gate file, also while no engine runs; the file is cut, replaced and lost.
  case gateFile = 24
  /// Prices count for a moment only: those from before a disconnect are too old.
  case staleMarket = 25
  /// The venue takes few orders of one account in ten seconds.
  case tightBudget = 26
  /// Programs trade through rings, and push again what was not taken.
  case roles = 27
  /// A question for an order is answered once as if it were not there.
  case blindRead = 28

  package init?(_ name: String) {
    guard let kind = FaultKind.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = kind
  }
}

/// Which faults a seed has, and how much of each: swarm testing, where a fault that is missing lets others go deeper.
package struct FaultPlan: Sendable {
  package enum Level: UInt8, Sendable, CaseIterable { case off = 0, low = 1, extreme = 2 }

  private var levels: [Level]

  package init(seed: SplitMix64) {
    levels = []
    for kind in FaultKind.allCases {
      var random = seed.stream(0x6661_756C + UInt64(kind.rawValue))
      let draw = random.below(10)
      levels.append(draw < 5 ? .off : draw < 8 ? .low : .extreme)
    }
  }

  package subscript(kind: FaultKind) -> Level {
    get { levels[Int(kind.rawValue) - 1] }
    set { levels[Int(kind.rawValue) - 1] = newValue }
  }

  /// `low` or `extreme` parts in `whole`; never when the fault is off.
  func strikes(_ kind: FaultKind, _ low: UInt64, _ extreme: UInt64, in whole: UInt64, _ random: inout SplitMix64)
    -> Bool
  {
    switch self[kind] {
    case .off: false
    case .low: random.chance(low, in: whole)
    case .extreme: random.chance(extreme, in: whole)
    }
  }

  package var description: String {
    FaultKind.allCases.filter { self[$0] != .off }.map { "\($0)=\(self[$0])" }.joined(separator: " ")
  }
}
