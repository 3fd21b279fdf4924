import OMSLib

/// What somebody who steers a served exchange wants to happen to the bytes of its connections.
struct WireOrders {
  private let cut: Int?
  private let cutIn: Int?
  private let drip: Int?
  private let freeze: WireTroubles.Freeze?
  private let halfOpen: WireTroubles.Freeze?
  private let pong: WireTroubles.PongManner?
  private let idle: Int64?

  init(_ order: inout ControlOrder) throws(ErrorObject) {
    cut = try order.count("cut")
    cutIn = try order.count("cut_request")
    drip = try order.count("drip")
    freeze = try order.choice("freeze", WireTroubles.Freeze.self)?.kind
    halfOpen = try order.choice("half_open", WireTroubles.Freeze.self)?.kind
    pong = try order.choice("pong", WireTroubles.PongManner.self)?.kind
    idle = try order.duration("idle")
    guard drip != 0 else { throw .usage("count", "drip: one byte a second at least") }
  }

  func apply(to troubles: WireTroubles) {
    if let cut { troubles.bytesOutMax = cut }
    if let cutIn { troubles.bytesInMax = cutIn }
    if let drip { troubles.bytesPerSecond = drip }
    if let freeze { troubles.freeze = freeze }
    if let halfOpen { (troubles.oldFreeze, troubles.oldUntil) = (halfOpen, troubles.now) }
    if let pong { troubles.pongs = pong }
    if let idle { troubles.idleNanoseconds = idle }
  }
}
