package import OMSLib

/// The served exchange that cases run against.
package typealias ConformanceExchange = TroubledSurface<VenueServer<NoExchangeRecorder>>

/// A venue under test and the exchange behind it, with the time that both go by.
package protocol ConformanceBench: AnyObject {
  var venue: any WireVenue { get }
  var time: ServerTime { get }
  /// What the venue has told, in order.
  var events: [VenueEvent] { get }
  /// `nil`: the network is the machine's own and does as it pleases.
  var hub: MemoryHub? { get }
  func run(nanoseconds: Int64, until isDone: () -> Bool)
  func withExchange<R>(_ body: (inout ConformanceExchange, ServerTime) -> R) -> R
}

/// Where a venue under test finds its exchange, and what it is to use there.
package struct ConformancePlace: Sendable {
  package var hosts: [BinanceProduct: BinanceHosts]
  package var way: ConformanceWay
  /// Account 1 of the test has the first of them.
  package var credentials: [VenueCredential]
  package var seed: SplitMix64
  package var time: ServerTime
}

/// What an exchange under test lists, and who trades there: a quiet market of one pair on both products.
package enum ConformanceHouse {
  package static let accounts = 2
  package static let start = UTCTime(nanoseconds: 1_790_000_000_000_000_000)
  package static let spot = InstrumentID(number: 1)
  package static let perpetual = InstrumentID(number: 2)
  package static let venue = VenueID(number: 1)

  /// An exchange without any flow of its own, so that nobody trades but who is told to.
  static func exchange(at time: ServerTime) -> ConformanceExchange {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    if let insurance = setup.account("insurance") { setup.deposit("1000000", "USDT", into: insurance, .futures) }
    setup.addSpot("BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000, hasFlow: false)
    setup.addPerpetual(
      "BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000, hasFlow: false)
    for number in 1...accounts {
      let account = setup.addAccount(VenueOptions.name(of: number), isStranger: true)
      setup.deposit("1000000", "USDT", into: account)
      setup.deposit("100", "BTC", into: account)
      setup.deposit("1000000", "USDT", into: account, .futures)
    }
    let options = VenueOptions()
    var house = options.exchange
    house.capacity.orders = 1 << 13
    house.capacity.fills = 1 << 11
    house.capacity.accounts = 8
    house.capacity.instruments = 4
    house.capacity.assets = 4
    var venue = SimulatedVenue(
      Exchange(house, startingAt: time.utc), venue: VenueID(number: 1), recorder: NoExchangeRecorder(), now: time.now,
      utc: time.utc)
    venue.open(setup, now: time.now)
    return ConformanceExchange(VenueServer(venue, options: options))
  }

  /// Names for the numbers that cases use.
  static func register(with venue: any WireVenue) {
    for (index, name) in ["USDT", "BTC"].enumerated() {
      venue.register(asset: AssetID(number: UInt16(index + 1)), name: Text32(name) ?? Text32())
    }
    venue.register(instrument(spot, prices: 2, quantities: 5, .spot))
    venue.register(instrument(perpetual, prices: 1, quantities: 3, .perp))
    for number in 1...accounts {
      let name = Text64(VenueOptions.name(of: number)) ?? Text64()
      venue.register(account: AccountID(number: UInt16(number)), name: name)
    }
  }

  private static func instrument(
    _ id: InstrumentID, prices: UInt8, quantities: UInt8, _ kind: InstrumentClass
  ) -> Instrument {
    var instrument = Instrument()
    instrument.native = Text32("BTCUSDT") ?? Text32()
    instrument.id = id
    instrument.venue = venue
    instrument.base = AssetID(number: 2)
    instrument.quote = AssetID(number: 1)
    instrument.settle = AssetID(number: 1)
    (instrument.priceScale, instrument.quantityScale) = (prices, quantities)
    (instrument.tick, instrument.lot) = (1, 1)
    instrument.classRaw = kind.rawValue
    return instrument
  }
}

/// Venue and exchange with a network in memory between them.
package final class MemoryBench: ConformanceBench {
  package let venue: any WireVenue
  package let hub: MemoryHub?
  package private(set) var events: [VenueEvent] = []
  private var world: VenueWorld<ConformanceExchange>

  package init(
    _ way: ConformanceWay, seed: UInt64 = 1, _ faults: WireFaults = WireFaults(delayNanoseconds: 2_000_000),
    _ make: (MemoryNetwork, ConformancePlace) -> any WireVenue
  ) {
    let time = ServerTime(
      now: EngineTime(nanoseconds: ConformanceHouse.start.nanoseconds), utc: ConformanceHouse.start)
    let exchange = ConformanceHouse.exchange(at: time)
    let credentials = exchange.inner.credentials
    world = VenueWorld(exchange, seed: seed, at: time, faults)
    hub = world.hub
    var hosts: [BinanceProduct: BinanceHosts] = [:]
    for product in BinanceProduct.allCases { hosts[product] = VenueHost.hosts(product) }
    let place = ConformancePlace(
      hosts: hosts, way: way, credentials: credentials, seed: SplitMix64(seed: seed).stream(7), time: time)
    venue = make(world.hub.network(), place)
    ConformanceHouse.register(with: venue)
  }

  package var time: ServerTime { world.time }

  package func run(nanoseconds: Int64, until isDone: () -> Bool) {
    world.run(
      nanoseconds: nanoseconds,
      { time in
        while let event = venue.poll(now: time.now, utc: time.utc) { events.append(event) }
        return venue.nextDue
      }, until: isDone)
  }

  package func withExchange<R>(_ body: (inout ConformanceExchange, ServerTime) -> R) -> R { world.withSurface(body) }
}
