import OMSLib

/// The clients of a surface: what they say is handed to it, and what it says to them. Knows neither sockets nor clocks.
///
/// Owner: a runner.
struct VenuePeers<Wire: PeerWire & ~Copyable>: ~Copyable {
  private var peers: [UInt64: VenuePeer<Wire>] = [:]
  private var links: UInt64 = 0

  var count: Int { peers.count }
  /// In the order in which they came.
  var linksInOrder: [UInt64] { peers.keys.sorted() }

  subscript(link: UInt64) -> VenuePeer<Wire>? { peers[link] }

  /// Lets a client in, or without a product somebody who steers the exchange; answers the number of its link.
  mutating func add<Surface: VenueSurface & ~Copyable>(
    _ wire: consuming Wire, _ product: VenueProduct?, _ surface: inout Surface, at time: ServerTime
  ) -> UInt64 {
    links += 1
    let peer = VenuePeer(wire, link: VenueLink(number: links))
    peers[links] = peer
    if let product {
      surface.accept(peer.link, product: product, peer: peer.remote, at: time)
    } else {
      surface.accept(control: peer.link)
    }
    return links
  }

  /// Does what can be done for a client without waiting.
  mutating func advance<Surface: VenueSurface & ~Copyable>(
    _ link: UInt64, _ surface: inout Surface, at time: ServerTime
  ) {
    guard let peer = peers[link] else { return }
    peer.advance { input in Self.deliver(input, of: peer, &surface, at: time) }
  }

  /// The deadline of a client has passed.
  mutating func giveUp<Surface: VenueSurface & ~Copyable>(
    _ link: UInt64, _ surface: inout Surface, at time: ServerTime
  ) {
    guard let peer = peers[link] else { return }
    peer.giveUp { input in Self.deliver(input, of: peer, &surface, at: time) }
  }

  mutating func remove<Surface: VenueSurface & ~Copyable>(
    _ link: UInt64, _ surface: inout Surface, at time: ServerTime
  ) {
    guard let peer = peers.removeValue(forKey: link) else { return }
    peer.tellGone { input in Self.deliver(input, of: peer, &surface, at: time) }
  }

  /// Hands out what the surface has to say; answers the links that it spoke to.
  mutating func send<Surface: VenueSurface & ~Copyable>(from surface: inout Surface) -> [UInt64] {
    var spokenTo: [UInt64] = []
    var isSpokenTo: Set<UInt64> = []
    while let output = surface.nextOutput() {
      let link: VenueLink
      switch output {
      case .response(let to, let response):
        link = to
        peers[link.number]?.send(response)
      case .upgrade(let to, let request):
        link = to
        peers[link.number]?.upgrade(request)
      case .message(let to, let message):
        link = to
        peers[link.number]?.send(message: message)
      case .ping(let to, let payload):
        link = to
        peers[link.number]?.send(ping: payload)
      case .closeSocket(let to, let code):
        link = to
        peers[link.number]?.close(code)
      case .abort(let to):
        link = to
        peers[link.number]?.abort()
      }
      if isSpokenTo.insert(link.number).inserted { spokenTo.append(link.number) }
    }
    return spokenTo
  }

  private static func deliver<Surface: VenueSurface & ~Copyable>(
    _ input: VenuePeer<Wire>.Input, of peer: VenuePeer<Wire>, _ surface: inout Surface, at time: ServerTime
  ) {
    switch input {
    case .request(let request): surface.take(request, on: peer.link, at: time)
    case .message(let message): surface.take(message: message, on: peer.link, at: time)
    case .pong(let payload): surface.take(pong: payload, on: peer.link, at: time)
    case .gone: surface.close(peer.link, at: time)
    }
  }
}
