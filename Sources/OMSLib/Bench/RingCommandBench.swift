internal import CCore
internal import CReference

/// From a command in a client's ring to the request that its frame is made of: read, checked, reserved, recorded with its
/// chain, handed over and answered. And further to the bytes of that frame, signed, as a socket would be handed them.
enum RingCommandBench {
  /// Beside it the same orders through the core alone.
  static let benchmark = Benchmark("ring.command", "commands from a granted ring to their requests") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    var desk = try Self.desk(setup)
    var drill = RingDrill(desk)
    var lives = OrderLives(accounts: 1, instruments: 1)
    let size = setup.count(small: 16, real: 256)
    let (samples, pushed) = alternate(&drill, size, setup) { drill in
      drill.rejectAll()
    } beside: {
      let took = setup.unwatched.time { for _ in 0..<size { lives.accept(&desk) } }
      lives.rejectAll(&desk)
      return took
    }
    guard drill.frames == pushed, lives.refused == 0 else {
      throw .unequal("\(drill.frames) of \(pushed) commands became requests")
    }
    var row = BenchRow("ring.command", bar: .nanosecondsMax(1_000), moonshot: .nanosecondsMax(500))
    row.take(samples, "the same orders through the core", setup)
    row.durability = "group"
    row.checksum = setup.size == .small ? drill.digest : 0
    return [row]
  }

  /// Beside it OpenSSL that keeps its key and signs the same bytes.
  static let wire = Benchmark("wire.command", "commands from a granted ring to the signed bytes of Binance") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try SigningBench.start()
    var drill = RingDrill(try Self.desk(setup))
    let network = BenchNetwork(utcFromNow: RingDrill.utcFromNow)
    let keys = try BenchKeys()
    guard let settings = BinanceVenueSettings.bench("bench:443") else { throw .unavailable("an address is none") }
    let venue = BinanceVenue(
      settings, network: network, descriptor: -1, keys: keys, seed: SplitMix64(seed: 1), now: .zero)
    drill.connect(venue)
    guard drill.pass(milliseconds: 5_000, until: { venue.canSendOrders }) else {
      throw .unavailable("the venue takes no orders")
    }
    _ = network.answerAll()
    keys.keepsPayload = true
    drill.push(drill.order(0), ring: 0)
    drill.take()
    keys.keepsPayload = false
    guard let context = unsafe cr_hmac_open(BenchKeys.secret, BenchKeys.secret.count) else {
      throw .unavailable("OpenSSL makes no context for HMAC")
    }
    defer { unsafe cr_hmac_close(context) }
    let payload = keys.payload
    var tag = [UInt8](repeating: 0, count: HMACTag.byteCount)
    guard unsafe cr_hmac_again(context, payload, payload.count, &tag) == 1, tag == keys.tag else {
      throw .unequal("the signatures of one order")
    }
    let size = setup.count(small: 16, real: 256)
    var answered = network.answerAll()
    let (samples, pushed) = alternate(&drill, size, setup) { drill in
      answered += network.answerAll()
      for _ in 0...size / RingDrill.eventsPerTurn { drill.turn() }
    } beside: {
      setup.unwatched.time { for _ in 0..<size { _ = unsafe cr_hmac_again(context, payload, payload.count, &tag) } }
    }
    guard drill.frames == pushed + 1, answered == Int(pushed) + 1 else {
      throw .unequal("\(answered) of \(pushed + 1) commands became frames")
    }
    var row = BenchRow("wire.command", bar: .ratioMax(4_000), moonshot: .ratioMax(2_000))
    row.take(samples, "OpenSSL EVP_MAC, key kept, the same bytes", setup)
    row.durability = "group"
    row.checksum = setup.size == .small ? drill.digest : 0
    row.details = [("signed_bytes", Int64(payload.count))]
    return [row]
  }

  private static func desk(_ setup: borrowing BenchSetup) throws(BenchError) -> BenchDesk {
    try BenchDesk(
      accounts: setup.count(small: 2, real: 200), instruments: setup.count(small: 2, real: 500),
      capacity: setup.size == .small ? .small : .bench,
      ringBytes: setup.size == .small ? 1 << 22 : JournalRing.defaultCapacity)
  }

  /// Commands in batches of `size`, each followed by `clear`, which makes all as before; by turns with `reference`, which
  /// does as many operations and tells how long they took. The first turn is not measured: it touches things for the
  /// first time.
  private static func alternate(
    _ drill: inout RingDrill, _ size: Int, _ setup: borrowing BenchSetup, clear: (inout RingDrill) -> Void,
    beside reference: () -> Int64
  ) -> (samples: (subject: Samples, reference: Samples), pushed: UInt64) {
    var samples = (subject: Samples(), reference: Samples())
    let share = setup.size == .small ? 0 : setup.duration / Int64(setup.alternations) / 2
    var pushed: UInt64 = 0
    for turn in 0..<setup.alternations {
      let watched = turn > 0 ? copy setup : setup.unwatched
      var end = setup.now() + share
      repeat {
        let took = watched.time {
          for _ in 0..<size {
            drill.push(drill.order(0), ring: 0)
            drill.take()
          }
        }
        pushed += UInt64(size)
        if turn > 0 { samples.subject.add(nanoseconds: took, operations: size) }
        drill.takeAnswers(0)
        clear(&drill)
      } while setup.now() < end
      end = setup.now() + share
      repeat {
        let took = reference()
        if turn > 0 { samples.reference.add(nanoseconds: took, operations: size) }
      } while setup.now() < end
      if turn > 0 {
        samples.subject.close()
        samples.reference.close()
      }
    }
    return (samples, pushed)
  }
}

extension BinanceVenueSettings {
  /// USD-M at one address, without limits. `nil`: it is no address.
  static func bench(_ authority: String, isEncrypted: Bool = true) -> BinanceVenueSettings? {
    let (http, socket) = isEncrypted ? ("https", "wss") : ("http", "ws")
    let hosts = BinanceHosts.of(
      .usdm, rest: "\(http)://\(authority)", orders: "\(socket)://\(authority)/ws-fapi/v1",
      streams: "\(socket)://\(authority)")
    guard let product = BinanceProductSettings(hosts, limits: []) else { return nil }
    return BinanceVenueSettings(venue: VenueID(number: 1), products: [.usdm: product])
  }
}

extension BinanceVenue where Network: ~Copyable {
  /// Whether the WebSocket for orders is up, and the venue's time is known.
  var canSendOrders: Bool { faces.allSatisfy { $0.knowsTime && $0.orders?.inUse != nil } }
}
