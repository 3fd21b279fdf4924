import OMSLib
import Testing

@testable import OMSVenue

/// One case on one product by one way.
struct ConformancePart: CustomTestStringConvertible, Sendable {
  let item: ConformanceCase
  let product: VenueProduct
  let way: ConformanceWay

  var testDescription: String { "\(item.number) \(product) \(way): \(item.title)" }

  static let all = ConformanceCase.all.flatMap { item in
    item.products.flatMap { product in item.ways.map { ConformancePart(item: item, product: product, way: $0) } }
  }
}

/// A venue of Binance lives through everything that a venue can live through.
@Suite struct ConformanceTests {
  @Test(arguments: ConformancePart.all)
  func inMemory(_ part: ConformancePart) {
    let bench = MemoryBench(part.way) { network, place in
      Self.venue(network, descriptor: -1, place)
    }
    let failures = ConformanceRun.play(part.item, on: part.product, bench)
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  /// Everything at once, as it comes.
  @Test(arguments: 1...40 as ClosedRange<UInt64>, VenueProduct.allCases)
  func drawn(_ seed: UInt64, _ product: VenueProduct) {
    let bench = MemoryBench(seed % 3 == 0 ? .rest : .socket, seed: seed) { network, place in
      Self.venue(network, descriptor: -1, place)
    }
    let failures = ConformanceRun.play(.drawn(seed, on: product), on: product, bench)
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  /// The same over the machine's own network: a few cases, one after the other, on one connection of each kind.
  @Test(arguments: [ConformanceWay.socket, .rest])
  func overTCP(_ way: ConformanceWay) throws {
    let bench = try KernelBench(way, client: try TLSContext(authorities: nil)) { network, place in
      let descriptor = network.descriptor
      return Self.venue(network, descriptor: descriptor, place)
    }
    Self.play([101, 103, 110, 113, 120, 213], on: bench)
  }

  @Test func overTLS() throws {
    let now = SystemClock().realtime()
    let (from, until) = (UTCTime(nanoseconds: now - 86_400_000_000_000), UTCTime(nanoseconds: now + 86_400_000_000_000))
    let authority = try TLSIdentity.makeAuthority(named: "test", from: from, until: until)
    let identity = try authority.issue(for: ["127.0.0.1"], from: from, until: until)
    let server = try TLSContext(chain: identity.certificate, key: identity.key)
    let client = try TLSContext(authorities: authority.certificate)
    let bench = try KernelBench(.socket, server: server, client: client) { network, place in
      let descriptor = network.descriptor
      return Self.venue(network, descriptor: descriptor, place)
    }
    Self.play([101, 110, 120], on: bench)
  }

  private static func play(_ numbers: [Int], on bench: KernelBench) {
    for item in ConformanceCase.all where numbers.contains(item.number) {
      for product in item.products {
        let failures = ConformanceRun.play(item, on: product, bench)
        #expect(failures.isEmpty, "\(item.number) \(product): \(failures.joined(separator: "\n"))")
      }
    }
  }

  @Test func numbersAreUnique() {
    #expect(Set(ConformanceCase.all.map(\.number)).count == ConformanceCase.all.count)
  }

  static func venue<Network: WireNetwork & ~Copyable>(
    _ network: consuming Network, descriptor: Int32, _ place: ConformancePlace
  ) -> any WireVenue {
    var settings = BinanceVenueSettings(venue: ConformanceHouse.venue, products: [:])
    for (product, hosts) in place.hosts {
      settings.products[product] = BinanceProductSettings(hosts, limits: BinanceStage.limits(product))
    }
    settings.entersOrdersByWebSocket = place.way == .socket
    settings.questionPatienceNanoseconds = 3_000_000_000
    return BinanceVenue(
      settings, network: network, descriptor: descriptor, keys: MadeUpKeys(place.credentials, only: [:]),
      seed: place.seed,
      now: place.time.now)
  }
}
