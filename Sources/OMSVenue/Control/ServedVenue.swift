package import OMSLib

/// An exchange with Binance's faces, and beside them the one of whoever tests a client with it: he steers it, makes it
/// fail and reads its books, on connections of his own, which no fault touches.
///
/// Owner: the runner.
package struct ServedVenue<Recorder: ExchangeRecorder & ~Copyable>: ~Copyable, VenueSurface {
  package var troubled: TroubledSurface<VenueServer<Recorder>>
  /// What the path of those is who steer it.
  private let token: String
  private var controls: Set<VenueLink> = []
  private var output = WaitingLine<VenueOutput>()
  /// How far the market's clock was moved, which is no fault.
  private var movedNanoseconds: Int64 = 0

  package init(_ server: consuming VenueServer<Recorder>, token: String) {
    troubled = TroubledSurface(server)
    troubled.countsPlacements = true
    self.token = token
  }

  package var credentials: [VenueCredential] { troubled.inner.credentials }

  // MARK: - As a surface

  package mutating func accept(control link: VenueLink) { controls.insert(link) }

  package mutating func accept(_ link: VenueLink, product: VenueProduct, peer: String, at time: ServerTime) {
    troubled.accept(link, product: product, peer: peer, at: time)
  }

  package mutating func take(_ request: HTTPRequest, on link: VenueLink, at time: ServerTime) {
    guard controls.contains(link) else { return troubled.take(request, on: link, at: time) }
    output.push(.response(link, answer(request, at: time)))
  }

  package mutating func take(message: [UInt8], on link: VenueLink, at time: ServerTime) {
    troubled.take(message: message, on: link, at: time)
  }

  package mutating func take(pong payload: [UInt8], on link: VenueLink, at time: ServerTime) {
    troubled.take(pong: payload, on: link, at: time)
  }

  package mutating func close(_ link: VenueLink, at time: ServerTime) {
    if controls.remove(link) == nil { troubled.close(link, at: time) }
  }

  package mutating func announceShutdown(at time: ServerTime) { troubled.announceShutdown(at: time) }
  package mutating func turn(at time: ServerTime) { troubled.turn(at: time) }
  package mutating func nextOutput() -> VenueOutput? { output.pop() ?? troubled.nextOutput() }
  package var nextDue: EngineTime { troubled.nextDue }
  package var wireTroubles: WireTroubles? { troubled.wireTroubles }

  // MARK: - Steering

  /// `POST /TOKEN` with an order as JSON, `GET /TOKEN` for the books.
  private mutating func answer(_ request: HTTPRequest, at time: ServerTime) -> HTTPResponse {
    guard request.target == "/" + token else { return Self.response(404, .usage("token", "no such page"), at: time) }
    do throws(ErrorObject) {
      var body: [UInt8] = []
      switch request.method {
      case "GET": body = troubled.inner.dump(troubled.placements, at: time)
      case "POST": try obey(try ControlOrder(request.body), at: time)
      default: throw .usage("method", "GET or POST")
      }
      return HTTPResponse(status: 200, fields: Self.fields, body: body)
    } catch {
      return Self.response(400, error, at: time)
    }
  }

  private static var fields: [HTTPField] { [HTTPField(name: "content-type", value: "application/x-ndjson")] }

  private static func response(_ status: Int, _ error: ErrorObject, at time: ServerTime) -> HTTPResponse {
    HTTPResponse(status: status, fields: fields, body: error.json(at: time.utc))
  }

  private mutating func obey(_ given: ControlOrder, at time: ServerTime) throws(ErrorObject) {
    var order = given
    switch order.verb {
    case "clock": try setClock(&order, at: time)
    case "fault": try makeTrouble(&order, at: time)
    default: try troubled.inner.obey(&order, at: time)
    }
    if order.verb == "reset" { endTroubles() }
  }

  /// The market's clock, and with it the one that clients are told.
  private mutating func setClock(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let word = try order.required("clock")
    try order.finish()
    guard word != "freeze", word != "run" else {
      return troubled.inner.venue.setFrozen(word == "freeze", now: time.now)
    }
    guard word.hasPrefix("+"), let interval = try? DurationText.parse(String(word.dropFirst())) else {
      throw .usage("value", "clock '\(word)' is none of +DUR, freeze, run")
    }
    troubled.inner.venue.jump(byNanoseconds: interval, now: time.now)
    movedNanoseconds += interval
    troubled.skewNanoseconds += interval
  }

  /// All of what is said, or nothing where something is wrong with it.
  private mutating func makeTrouble(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let clears = order.has("clear")
    let cutsCalls = try order.flag("cut_calls")
    let traffic = try TrafficOrders(&order)
    let wires = try WireOrders(&order)
    try troubled.inner.makeTrouble(&order, at: time)
    if clears { endTroubles() }
    for trouble in traffic.troubles { troubled.add(trouble) }
    if let skew = traffic.skew { troubled.skewNanoseconds = movedNanoseconds + skew }
    if cutsCalls {
      for product in VenueProduct.allCases { troubled.closeSockets(product, target: "/ws-", at: time) }
    }
    if let troubles = wireTroubles { wires.apply(to: troubles) }
  }

  private mutating func endTroubles() {
    troubled.clear()
    troubled.skewNanoseconds = movedNanoseconds
    wireTroubles?.clear()
  }
}
