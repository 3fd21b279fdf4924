internal import CReference

/// From a price in one TLS connection to the order that it brings in another, as the exchange sees it: read, decoded, taken
/// over into the book, a command in a ring, checked, recorded, signed, written. One thread that spins on this side.
enum TickToTradeBench {
  private static let readyNanoseconds: Int64 = 20_000_000_000

  static let benchmark = Benchmark("wire.tick_to_trade", "a price over TLS to the order that it brings") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard WorkerThread.cpuCount > 1 else { throw .unavailable("two threads that spin need two CPUs") }
    try SigningBench.start()
    let contexts = try contexts(setup)
    let turns = setup.alternations
    let rounds = setup.count(small: 8, real: 2_000)
    let exchange: TickExchange
    let thread: WorkerThread
    do throws(SystemError) {
      exchange = try TickExchange(contexts.server, setup.clock)
      let other = setup.size == .small ? nil : (setup.cpu + 1) % WorkerThread.cpuCount
      thread = try WorkerThread(named: "bench-exchange", cpu: other) { exchange.run(turns: turns, rounds: rounds) }
    } catch { throw .system(error) }
    let place = ThreadPlace(cpu: setup.cpu)
    var failure: BenchError?
    do throws(BenchError) {
      try trade(exchange, contexts.client, turns: turns, rounds: rounds, setup)
    } catch {
      failure = error
      exchange.stop()
    }
    place.leave()
    thread.join()
    if let failure = failure ?? exchange.failure { throw failure }
    var row = BenchRow("wire.tick_to_trade", bar: .ratioMax(1_500), moonshot: .ratioMax(1_200))
    row.take(exchange.samples, "a spinning OpenSSL client, the same sizes", setup)
    row.plan = "two spinning threads, TLS over loopback"
    row.durability = "group"
    row.details = [("tick_bytes", Int64(TickExchange.tickBytes)), ("order_bytes", Int64(exchange.orderBytes))]
    return [row]
  }

  /// Of an exchange on this machine and of who believes it.
  private static func contexts(
    _ setup: borrowing BenchSetup
  ) throws(BenchError) -> (server: TLSContext, client: TLSContext) {
    let day: Int64 = 86_400_000_000_000
    let now = setup.clock.realtime()
    let (from, until) = (UTCTime(nanoseconds: now - day), UTCTime(nanoseconds: now + day))
    do throws(TLSError) {
      let authority = try TLSIdentity.makeAuthority(named: "bench", from: from, until: until)
      let identity = try authority.issue(for: ["127.0.0.1"], from: from, until: until)
      return (
        try TLSContext(chain: identity.certificate, key: identity.key),
        try TLSContext(authorities: authority.certificate)
      )
    } catch { throw .unavailable("no certificate: \(error)") }
  }

  private static func trade(
    _ exchange: TickExchange, _ tls: TLSContext, turns: Int, rounds: Int, _ setup: borrowing BenchSetup
  ) throws(BenchError) {
    var drill = RingDrill(
      try BenchDesk(accounts: 2, instruments: 2, capacity: setup.size == .small ? .small : .bench, ringBytes: 1 << 22))
    guard let settings = BinanceVenueSettings.bench("127.0.0.1:\(exchange.port)") else {
      throw .unavailable("an address is none")
    }
    let network: KernelNetwork
    do throws(SystemError) { network = try KernelNetwork(tls: tls) } catch { throw .system(error) }
    let begun = setup.now()
    let venue = BinanceVenue(
      settings, network: network, descriptor: -1, keys: try BenchKeys(), seed: SplitMix64(seed: 1),
      now: EngineTime(nanoseconds: begun))
    drill.connect(venue)
    while !venue.canSendOrders || !venue.hasAskedForPrices {
      guard setup.now() - begun < readyNanoseconds else { throw .unavailable("the venue does not come up") }
      _ = drill.follow(at: setup.now())
    }
    exchange.tellReady()
    var echo: UnsafeMutableRawPointer?
    defer { unsafe cr_echo_close(echo) }
    for turn in 0..<turns {
      while exchange.turns < 2 * turn + 1 {
        guard exchange.failure == nil else { return }
        guard drill.follow(at: setup.now()) else { continue }
        drill.push(drill.order(0), ring: 0)
        drill.take()
        drill.rejectAll()
        drill.takeAnswers(0)
      }
      if unsafe echo == nil { unsafe echo = cr_echo_open(exchange.port) }
      let isDone = unsafe cr_echo_run(
        echo, TickExchange.tickBytes, exchange.orderBytes, UInt64(rounds))
      guard isDone == 1 else { throw .unavailable("the bare client was cut off") }
      while exchange.turns < 2 * turn + 2, exchange.failure == nil {}
    }
  }
}

extension BinanceVenue where Network: ~Copyable {
  /// Whether prices come as soon as there are any.
  var hasAskedForPrices: Bool {
    faces.allSatisfy { face in face.streams.contains { $0.line == .book && $0.socket.inUse != nil } }
  }
}
