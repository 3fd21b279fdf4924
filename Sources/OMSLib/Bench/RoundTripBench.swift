/// An order's way to an exchange in another process and back to its answer: over a WebSocket that is open, and beside it
/// over REST, on a connection that is kept. Everything in between is real: TLS, the kernel, `oms venue serve`.
enum RoundTripBench {
  static let benchmark = Benchmark("wire.round_trip", "orders to an exchange and back, beside the same over REST") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard setup.executable != nil else { return [] }
    try SigningBench.start()
    let exchange = try BenchExchange(setup)
    var socket = try Trader(exchange, place: 0, byWebSocket: true, setup)
    var rest = try Trader(exchange, place: 1, byWebSocket: false, setup)
    var samples = (subject: Samples(), reference: Samples())
    let share = setup.size == .small ? 0 : setup.duration / Int64(2 * setup.alternations)
    let place = ThreadPlace(cpu: setup.cpu)
    defer { place.leave() }
    for _ in 0..<setup.alternations {
      try socket.trade(for: share, into: &samples.subject, setup)
      try rest.trade(for: share, into: &samples.reference, setup)
    }
    var row = BenchRow("wire.round_trip", bar: .ratioMax(1_000), moonshot: .ratioMax(500))
    row.take(samples, "the same orders over REST", setup)
    row.plan = "one spinning thread, an exchange in another process, TLS over loopback"
    row.details = [
      ("rest_p50_ns", samples.reference.median / 1_000),
      ("rest_p99_ns", samples.reference.percentile(partsPerMillion: 990_000) / 1_000),
    ]
    return [row]
  }

  private static let patienceNanoseconds: Int64 = 20_000_000_000

  /// One account's venue, and orders far from the market that it places and cancels.
  private struct Trader {
    private static let instrument = InstrumentID(number: 1)
    private static let account = AccountID(number: 1)

    private let venue: any WireVenue
    private var price: Int64 = 0
    private var count: UInt64 = 0
    private let name: String

    init(
      _ exchange: BenchExchange, place: Int, byWebSocket: Bool, _ setup: borrowing BenchSetup
    ) throws(BenchError) {
      name = byWebSocket ? "w" : "r"
      var settings = exchange.settings
      settings.entersOrdersByWebSocket = byWebSocket
      let network: KernelNetwork
      do throws(SystemError) { network = try KernelNetwork(tls: exchange.tls) } catch { throw .system(error) }
      let (key, secret) = exchange.keys[place]
      venue = BinanceVenue(
        settings, network: network, descriptor: -1, keys: try BenchKeys(key, secret: Array(secret.utf8)),
        seed: SplitMix64(seed: UInt64(place) + 1), now: EngineTime(nanoseconds: setup.now()))
      venue.register(asset: AssetID(number: 1), name: Text32("USDT") ?? Text32())
      venue.register(Self.rules)
      venue.register(account: Self.account, name: Text64(name) ?? Text64())
      let begun = setup.now()
      while !venue.isUp(Self.account) || venue.top(of: Self.instrument).bid == 0 {
        guard setup.now() - begun < patienceNanoseconds else { throw .unavailable("the venue does not come up") }
        _ = next(setup)
      }
      // Within what the exchange takes, and below what anybody sells at.
      price = venue.top(of: Self.instrument).bid * 98 / 100
    }

    private static var rules: Instrument {
      var rules = Instrument()
      rules.native = Text32("BTCUSDT") ?? Text32()
      rules.id = instrument
      rules.venue = VenueID(number: 1)
      rules.quote = AssetID(number: 1)
      rules.settle = AssetID(number: 1)
      (rules.priceScale, rules.quantityScale, rules.tick, rules.lot) = (1, 3, 1, 1)
      rules.classRaw = InstrumentClass.perp.rawValue
      return rules
    }

    private func next(_ setup: borrowing BenchSetup) -> VenueEvent? {
      venue.poll(
        now: EngineTime(nanoseconds: setup.now()), utc: UTCTime(nanoseconds: setup.clock.realtime()))
    }

    /// Places and cancels, and measures the placing.
    mutating func trade(
      for nanoseconds: Int64, into samples: inout Samples, _ setup: borrowing BenchSetup
    ) throws(BenchError) {
      let end = setup.now() + nanoseconds
      repeat {
        var request = self.request(.newOrder)
        let begin = setup.now()
        try send(request, until: .accepted, setup)
        samples.add(nanoseconds: setup.now() - begin, operations: 1)
        request.kindRaw = VenueRequest.Kind.cancelOrder.rawValue
        try send(request, until: .cancelled, setup)
        count += 1
      } while setup.now() < end
      samples.close()
    }

    private func request(_ kind: VenueRequest.Kind) -> VenueRequest {
      var request = VenueRequest(kind)
      request.wireID = Text32("bench\(name)\(count)") ?? Text32()
      request.requestID = count + 1
      request.account = Self.account
      request.instrument = Self.instrument
      request.venue = VenueID(number: 1)
      request.sideRaw = Side.buy.rawValue
      request.orderKindRaw = OrderKind.limit.rawValue
      request.timeInForceRaw = TimeInForce.gtc.rawValue
      request.price = price
      request.quantity = 10
      return request
    }

    private func send(
      _ request: VenueRequest, until kind: VenueEvent.Kind, _ setup: borrowing BenchSetup
    ) throws(BenchError) {
      let begin = setup.now()
      let isTaken = venue.submit(
        request, now: EngineTime(nanoseconds: begin), utc: UTCTime(nanoseconds: setup.clock.realtime()))
      guard isTaken else { throw .unavailable("the venue has no room for an order") }
      while true {
        guard setup.now() - begin < patienceNanoseconds else { throw .unavailable("an order was not answered") }
        guard let event = next(setup), event.wireID == request.wireID else { continue }
        if event.kind == kind { return }
        guard event.kind == .accepted || event.kind == .orderReport else {
          throw .unequal("an order was answered with \(event.kind.map { "\($0)" } ?? "something unknown")")
        }
      }
    }
  }
}

/// `oms venue serve` in a process of its own: encrypted, with so much room in its limits that nobody is throttled.
///
/// Owner: one thread.
final class BenchExchange {
  private static let readyNanoseconds: Int64 = 20_000_000_000

  private let child: ChildProcess
  let settings: BinanceVenueSettings
  let tls: TLSContext
  let keys: [(name: String, secret: String)]

  init(_ setup: borrowing BenchSetup) throws(BenchError) {
    // A shell of its own would be "this program" by any other name.
    let executable = (ProcessEnvironment.ownDirectory ?? ".") + "/oms"
    let place = setup.directory + "/exchange.json"
    let child: ChildProcess
    do throws(SystemError) {
      child = try ChildProcess.start(
        [
          "/bin/sh", "-c", "exec \"$0\" venue serve --tls --limits 1000 > \"$1\" 2> \"$1.log\" < /dev/null", executable,
          place,
        ], with: [])
    } catch { throw .system(error) }
    do throws(BenchError) {
      let root = try Self.wait(for: place, setup)
      guard let usdm = root["usdm"], let rest = usdm["rest"]?.string, let streams = usdm["streams"]?.string,
        let orders = usdm["ws_api"]?.string, let authority = root["ca"]?.string,
        let product = BinanceProductSettings(
          BinanceHosts.of(.usdm, rest: rest, orders: orders, streams: streams), limits: [])
      else { throw .unavailable("oms venue serve does not say where it is") }
      keys = (root["accounts"]?.elements ?? []).map { ($0["api_key"]?.string ?? "", $0["secret"]?.string ?? "") }
      guard keys.count >= 2 else { throw .unavailable("oms venue serve has no two accounts") }
      settings = BinanceVenueSettings(venue: VenueID(number: 1), products: [.usdm: product])
      do throws(TLSError) { tls = try TLSContext(authorityFile: authority) } catch {
        throw .unavailable("its certificate: \(error)")
      }
    } catch {
      child.signal(9)
      _ = try? child.end(wait: true)
      throw error
    }
    self.child = child
  }

  deinit {
    child.signal(15)
    _ = try? child.end(wait: true)
  }

  private static func wait(for place: String, _ setup: borrowing BenchSetup) throws(BenchError) -> JSONValue {
    let begun = setup.now()
    while setup.now() - begun < readyNanoseconds {
      if let bytes = try? BenchFiles.read(place), bytes.last == 0x0A, let document = try? JSONReader.read(bytes) {
        return document.root
      }
      ThreadPlace.rest(nanoseconds: 10_000_000)
    }
    throw .unavailable("oms venue serve does not come up, see \(place).log")
  }
}
