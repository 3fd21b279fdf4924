import Testing

@testable import OMSLib

@Suite struct HostLookupTests {
  private static let host = WireHost(name: "venue.example", port: 443, isEncrypted: true)

  private static func lookup(_ found: String?) throws -> HostLookup {
    try HostLookup { _ in found.flatMap { NetworkAddress($0, port: 443) }.map { [$0] } ?? [] }
  }

  @Test func whatIsWantedTwiceIsLookedUpOnce() throws {
    let lookup = try Self.lookup("192.0.2.7")
    lookup.want(Self.host)
    lookup.want(Self.host)
    #expect(lookup.take().isEmpty, "nobody has looked yet")
    #expect(lookup.lookUp())
    let found = lookup.take()
    #expect(found.map(\.host) == [Self.host])
    #expect(found.first?.addresses.map(\.description) == ["192.0.2.7:443"])
    #expect(lookup.take().isEmpty)
  }

  /// A name server that fails now may know later: who still wants it asks again.
  @Test func whatWasNotFoundMayBeWantedAgain() throws {
    let lookup = try Self.lookup(nil)
    for _ in 0..<2 {
      lookup.want(Self.host)
      #expect(lookup.lookUp())
      #expect(lookup.take().map(\.addresses.count) == [0])
    }
  }

  @Test func itsEndIsHeard() throws {
    let lookup = try Self.lookup(nil)
    lookup.want(Self.host)
    lookup.end()
    #expect(!lookup.lookUp())
    lookup.serve()
  }

  @Test func aNetworkLearnsFromItWhatItWanted() throws {
    let lookup = try HostLookup { _ in NetworkAddress("127.0.0.1", port: 9).map { [$0] } ?? [] }
    var network = try KernelNetwork(tls: TLSContext(authorities: nil), lookup: lookup)
    let host = WireHost(name: "venue.example", port: 9, isEncrypted: false)
    network.open(1, to: host, now: .zero)
    let first = network.next(now: .zero)
    #expect(first == .ended(1, "the address of venue.example is not known"))
    #expect(lookup.lookUp())
    while network.next(now: .zero) != nil {}
    let wanted = network.wantedHosts
    #expect(wanted.isEmpty, "it has been told")
  }
}
