import OMSLib

// The end of every case: everything is healed, and what was told has to agree with what the exchange has.

extension ConformanceRun {
  /// What the venue has told of one order.
  private struct Told {
    var fills: [VenueReference: Int64] = [:]
    var isRefused = false
    var hasEnded = false
    var report: VenueEvent?
    var isAbsent = false
  }

  mutating func settle() -> [String] {
    heal()
    guard item.endsUp else { return [] }
    guard wait(60_000, { $0.venue.isUp(AccountID(number: 1)) }) else { return ["in the end the account is down"] }
    bench.run(nanoseconds: 100_000_000) { false }
    var problems: [String] = []
    for name in orders.keys.sorted() { problems += settle(name) }
    return problems.isEmpty ? settleFills() + settleMoney() : problems
  }

  /// Every trade of the account is found when it is asked for, however it was told before.
  private mutating func settleFills() -> [String] {
    guard let id = ask(.queryFills) else { return ["nobody answers the question for fills"] }
    var sums: [Text32: Int64] = [:]
    for event in bench.events where event.requestID == id && event.kind == .fill {
      sums[event.wireID, default: 0] += event.quantity
    }
    return orders.keys.sorted().compactMap { name in
      guard let placed = orders[name], placed.order.account == 1, let facts = facts(placed) else { return nil }
      let sum = sums[placed.wireID] ?? 0
      return sum == facts.filled ? nil : "\(name): fills of \(sum) are found, and \(facts.filled) were made"
    }
  }

  /// What the account has is what the exchange's ledger says.
  private mutating func settleMoney() -> [String] {
    guard let id = ask(.queryAccount) else { return ["nobody answers the question for the account"] }
    let told = bench.events.filter { $0.requestID == id }
    var problems: [String] = []
    for event in told {
      switch event.kind {
      case .balance:
        guard let wallet = Wallet(rawValue: event.walletRaw) else { continue }
        let real = bench.withExchange { exchange, _ in
          exchange.inner.venue.exchange.balance(
            of: exchange.inner.credentials[0].account, wallet, UInt16(event.asset.index))
        }
        if event.amount != real.total {
          problems.append(
            "\(event.amount.units) of asset \(event.asset.index) are told, and there are \(real.total.units)")
        }
      case .position:
        let real = bench.withExchange { exchange, _ in
          exchange.inner.venue.exchange.holding(
            of: exchange.inner.credentials[0].account, event.instrument.number, .net)
        }
        if event.quantity != real.quantity {
          problems.append("a position of \(event.quantity) is told, and it is \(real.quantity)")
        }
      default: continue
      }
    }
    if !told.contains(where: { $0.kind == .balance }) { problems.append("no balance is told") }
    return problems
  }

  private func heal() {
    let product = product
    bench.withExchange { exchange, _ in
      exchange.clear()
      exchange.skewNanoseconds = 0
    }
    guard let hub = bench.hub else { return }
    for use in VenueHost.Use.allCases {
      let host = VenueHost.host(product, use)
      hub.setMood(.open, of: host)
      hub.setFaults(WireFaults(delayNanoseconds: 2_000_000), of: host)
      for wire in hub.wires(to: host) {
        for direction in WireDirection.allCases { hub.thaw(wire, direction) }
      }
    }
  }

  /// One order, asked for once more.
  private mutating func settle(_ name: String) -> [String] {
    guard let placed = orders[name] else { return [] }
    let sent = bench.withExchange { [id = placed.wireID.description] exchange, _ in exchange.placements[id] ?? 0 }
    if sent > 1 { return ["\(name): it was sent \(sent) times"] }
    guard let id = ask(name) else { return ["\(name): nobody answers the question for it"] }
    let facts = facts(placed)
    let told = told(of: placed, answeredAs: id)
    guard let facts else {
      // Refused, not sent, or lost on the way: none of these is an order.
      if told.report != nil || !told.fills.isEmpty { return ["\(name): it is told of, and was never there"] }
      return told.isAbsent ? [] : ["\(name): it is not there, and that is not what is answered"]
    }
    var problems: [String] = []
    if told.isRefused { problems.append("\(name): it was called refused or not sent, and it was there") }
    if told.isAbsent { problems.append("\(name): it is there, and was called absent") }
    if let report = told.report {
      if report.cumulative != facts.filled {
        problems.append("\(name): \(report.cumulative) are reported as filled, and \(facts.filled) are")
      }
      if report.status != facts.status {
        problems.append("\(name): it is reported as \(report.statusRaw), and is \(facts.status)")
      }
    }
    let sum = told.fills.values.reduce(0, +)
    if sum > facts.filled { problems.append("\(name): fills of \(sum) were told, and \(facts.filled) were made") }
    if told.hasEnded, facts.isOpen { problems.append("\(name): it was told to be over, and is open") }
    return problems
  }

  private func told(of placed: Placed, answeredAs id: UInt64) -> Told {
    var told = Told()
    for event in bench.events where event.wireID == placed.wireID {
      switch event.kind {
      case .fill: told.fills[event.trade] = event.quantity
      // The same is told of requests that change an order.
      case .rejected, .notSent: if event.requestID == placed.requestID { told.isRefused = true }
      case .cancelled, .expired: told.hasEnded = true
      case .orderReport where event.requestID == id: told.report = event
      case .orderAbsent where event.requestID == id: told.isAbsent = true
      default: break
      }
    }
    return told
  }
}
