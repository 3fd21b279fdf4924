import OMSLib
import Testing

@testable import OMSVenue

/// The served exchange behind a network in memory, and production's lines before it.
struct LineStage: ~Copyable {
  static let rest = VenueHost.host(.spot, .rest)
  static let socket = VenueHost.host(.spot, .orders)

  var world: VenueWorld<TroubledSurface<VenueServer<NoExchangeRecorder>>>
  let client: LineClient<MemoryNetwork>
  let hub: MemoryHub
  let credential: VenueCredential

  init(_ faults: WireFaults = WireFaults(delayNanoseconds: 5_000_000), seed: UInt64 = 1) {
    let driver = VenueDriver()
    let time = driver.time
    credential = driver.credential(1)
    world = VenueWorld(TroubledSurface(driver.server), seed: seed, at: time, faults)
    hub = world.hub
    client = LineClient(hub.network(), rest: Self.rest, socket: Self.socket, now: time.now)
  }

  mutating func run(milliseconds: Int64) {
    let client = client
    world.run(nanoseconds: milliseconds * 1_000_000, { client.turn($0) })
  }

  /// How long it takes until `isDone`, in milliseconds.
  mutating func wait(_ isDone: (LineClient<MemoryNetwork>) -> Bool) -> Int64 {
    let client = client
    let before = world.time.now.nanoseconds
    world.run(nanoseconds: 120_000_000_000, { client.turn($0) }, until: { isDone(client) })
    return (world.time.now.nanoseconds - before) / 1_000_000
  }

  var restWire: MemoryWireID { wire(Self.rest) }
  var socketWire: MemoryWireID { wire(Self.socket) }

  private func wire(_ host: WireHost) -> MemoryWireID {
    guard let wire = hub.wires(to: host).first else { preconditionFailure("nobody has connected to \(host.name)") }
    return wire
  }

  /// With one question answered: there is a connection that is kept.
  mutating func warm() {
    client.ask(1, "GET", "/api/v3/ping")
    _ = wait { !$0.answers.isEmpty }
    _ = client.takeAnswers()
  }

  /// A signed target.
  func signed(_ path: String, _ query: String) -> String {
    let payload = "\(query)&timestamp=\(world.time.milliseconds)"
    let signature = SharedSecretCheck(secret: credential.secret).signature(of: Array(payload.utf8))
    return "\(path)?\(payload)&signature=\(signature)"
  }

  mutating func add(_ trouble: VenueTrouble) { world.withSurface { surface, _ in surface.add(trouble) } }

  mutating func order(_ number: UInt64, _ id: String) {
    let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000&newClientOrderId=\(id)"
    client.ask(number, "POST", signed("/api/v3/order", query), key: credential.key)
  }

  /// Open at the exchange, for the account that asks.
  var openOrders: Int {
    mutating get {
      let account = credential.account
      return world.withSurface { surface, _ in
        var count = 0
        surface.inner.venue.exchange.forEachOpenOrder(of: account) { _ in count += 1 }
        return count
      }
    }
  }
}
