package import OMSLib

/// A served exchange, a network in memory before it, and the time that both go by: whatever speaks over a `WireNetwork`
/// runs against it in one thread, without sockets and without waiting.
package struct VenueWorld<Surface: VenueSurface & ~Copyable>: ~Copyable {
  /// Turns at one instant, behind which somebody asks for another one without end.
  private static var turnsMax: Int { 10_000 }

  package private(set) var runner: MemoryRunner<Surface>
  package let hub: MemoryHub
  package private(set) var time: ServerTime

  package init(_ surface: consuming Surface, seed: UInt64, at time: ServerTime, _ faults: WireFaults = WireFaults()) {
    hub = MemoryHub(seed: SplitMix64(seed: seed), now: time.now)
    for product in VenueProduct.allCases {
      for use in VenueHost.Use.allCases { hub.listen(product, at: VenueHost.host(product, use), faults) }
    }
    runner = MemoryRunner(surface, hub: hub)
    self.time = time
  }

  /// Changes the exchange between two turns.
  package mutating func withSurface<R: ~Copyable>(_ body: (inout Surface, ServerTime) -> R) -> R {
    body(&runner.surface, time)
  }

  /// Lets time pass, from one moment at which something happens to the next. `client` does all that it can do at a
  /// time, and says when it has more of its own accord. Ends early when `isDone`.
  package mutating func run(
    nanoseconds: Int64, _ client: (ServerTime) -> EngineTime, until isDone: () -> Bool = { false }
  ) {
    let end = time.now.advanced(byNanoseconds: nanoseconds)
    var turns = 0
    while true {
      runner.turn(at: time)
      let due = min(client(time), runner.nextDue)
      if isDone() { return }
      guard due > time.now else {
        turns += 1
        precondition(turns < Self.turnsMax, "somebody is never done with this moment")
        continue
      }
      turns = 0
      guard time.now < end else { return }
      pass(to: min(due, end))
    }
  }

  private mutating func pass(to next: EngineTime) {
    let step = next.nanoseconds - time.now.nanoseconds
    time.now = next
    time.utc = UTCTime(nanoseconds: time.utc.nanoseconds + step)
  }
}

/// The addresses of an exchange in memory: one for each use, all with the same behind them, so that what happens to one
/// kind of connection need not happen to another.
package enum VenueHost {
  package enum Use: String, Sendable, CaseIterable {
    case rest
    case orders
    case user
    case books
    case market
  }

  package static func host(_ product: VenueProduct, _ use: Use) -> WireHost {
    WireHost(name: "\(use.rawValue).\(product.rawValue)", port: 443, isEncrypted: true)
  }

  /// As settings spell them.
  package static func hosts(_ product: BinanceProduct) -> BinanceHosts {
    hosts(product, isEncrypted: true) { host(product == .spot ? .spot : .usdm, $0).name }
  }

  /// The same of an exchange that is elsewhere.
  static func hosts(
    _ product: BinanceProduct, isEncrypted: Bool, _ name: (Use) -> String
  ) -> BinanceHosts {
    let (http, socket) = isEncrypted ? ("https", "wss") : ("http", "ws")
    let calls = product == .spot ? "/ws-api/v3" : "/ws-fapi/v1"
    return BinanceHosts(
      rest: "\(http)://\(name(.rest))", orders: "\(socket)://\(name(.orders))\(calls)",
      books: "\(socket)://\(name(.books))\(product == .spot ? "" : "/public")",
      market: "\(socket)://\(name(.market))\(product == .spot ? "" : "/market")",
      user: "\(socket)://\(name(.user))\(product == .spot ? calls : "/private")")
  }
}
