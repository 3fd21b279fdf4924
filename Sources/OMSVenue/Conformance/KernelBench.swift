package import OMSLib

/// Venue and exchange with the machine's own network between them, over loopback: TCP, and TLS where the exchange has a
/// context for it. Both are driven by one thread, and time is what it is.
package final class KernelBench: ConformanceBench {
  /// How long either side is waited for before the other has its turn.
  private static let turnNanoseconds: Int64 = 200_000

  package let venue: any WireVenue
  package let hub: MemoryHub? = nil
  package private(set) var events: [VenueEvent] = []
  private var runner: VenueRunner<ConformanceExchange, SystemClock>
  private let clock = SystemClock()

  package init(
    _ way: ConformanceWay, seed: UInt64 = 1, server tls: TLSContext? = nil, client: TLSContext,
    _ make: (consuming KernelNetwork, ConformancePlace) -> any WireVenue
  ) throws(SystemError) {
    let time = Self.time(clock)
    let exchange = ConformanceHouse.exchange(at: time)
    let credentials = exchange.inner.credentials
    var runner = try VenueRunner(exchange, clock: clock)
    var hosts: [BinanceProduct: BinanceHosts] = [:]
    for (product, face) in [(BinanceProduct.spot, VenueProduct.spot), (.usdm, .usdm)] {
      let address = try runner.listen(face, at: .loopback(port: 0), tls: tls)
      hosts[product] = VenueHost.hosts(product, isEncrypted: tls != nil) { _ in "127.0.0.1:\(address.port)" }
    }
    let place = ConformancePlace(
      hosts: hosts, way: way, credentials: credentials, seed: SplitMix64(seed: seed), time: time)
    venue = make(try KernelNetwork(tls: client), place)
    self.runner = runner
    ConformanceHouse.register(with: venue)
  }

  private static func time(_ clock: SystemClock) -> ServerTime {
    ServerTime(now: EngineTime(nanoseconds: clock.boottime()), utc: UTCTime(nanoseconds: clock.realtime()))
  }

  package var time: ServerTime { Self.time(clock) }

  package func run(nanoseconds: Int64, until isDone: () -> Bool) {
    let end = time.now.advanced(byNanoseconds: nanoseconds)
    repeat {
      do throws(SystemError) {
        try runner.turn(atMost: Self.turnNanoseconds)
      } catch {
        preconditionFailure("\(error.call) failed with error \(error.errno)")
      }
      let time = time
      while let event = venue.poll(now: time.now, utc: time.utc) { events.append(event) }
      if isDone() { return }
    } while time.now < end
  }

  package func withExchange<R>(_ body: (inout ConformanceExchange, ServerTime) -> R) -> R {
    body(&runner.surface, time)
  }
}
