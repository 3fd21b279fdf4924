package import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// A request of a client: REST, or the one that asks for an upgrade.
  package mutating func take(_ request: HTTPRequest, on link: VenueLink, at time: ServerTime) {
    guard let state = links[link] else { return }
    if !venue.isUp(at: time.now) { return abort(link) }
    if Self.asksForUpgrade(request) { return upgrade(request, link, at: time) }
    links[link]?.nextTicket += 1
    var caller = Caller(
      link: link, product: state.product, peer: state.peer, form: .rest(ticket: state.nextTicket),
      face: Self.face(of: request))
    do throws(VenueError) {
      try take(request, &caller, at: time)
    } catch {
      refuse(caller, error, at: time)
    }
  }

  /// Answers an error that came before anything was counted.
  mutating func refuse(_ caller: Caller, _ error: VenueError, at time: ServerTime) {
    var caller = caller
    caller.counted = []
    answer(caller, .failure(error), at: time)
  }

  private static func asksForUpgrade(_ request: HTTPRequest) -> Bool {
    request.field("upgrade")?.lowercased() == "websocket"
  }

  private static func face(of request: HTTPRequest) -> TimeFace {
    TimeFace(isMicro: request.field("x-mbx-time-unit")?.lowercased() == "microsecond")
  }

  private mutating func take(_ request: HTTPRequest, _ caller: inout Caller, at time: ServerTime) throws(VenueError) {
    let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let (path, rawQuery) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    var parameters = Parameters(query: try Self.query(rawQuery, request.body), product: caller.product)
    guard let route = Routes.rest(request.method, path, caller.product) else {
      return try takePublic(request, path, parameters.query, &caller, at: time)
    }
    try weigh(&caller, Routes.weight(of: route, parameters.query, caller.product), at: time)
    caller.isFreeOnSuccess = route.isFree
    let key = request.field("x-mbx-apikey")
    switch route.security {
    case .open: break
    case .key: caller.account = try account(of: key)
    case .signed:
      let payload = Authentication.payload(query: rawQuery, body: request.body)
      try identify(&caller, by: key, parameters, payload, at: time)
    }
    if let names = route.names, caller.product == .spot { try parameters.refuseUnknown(names) }
    try meet(route.operation, &parameters, &caller, at: time)
    try perform(route.operation, parameters, caller, at: time)
  }

  static func query(_ text: String, _ body: [UInt8]) throws(VenueError) -> VenueQuery {
    do throws(VenueQuery.Fault) {
      return try VenueQuery(query: text, body: body)
    } catch {
      switch error {
      case .tooMany: throw VenueError(-1101, "Too many parameters; expected '128' and received more.")
      case .badEncoding(let name):
        throw VenueError(
          -1100, "Illegal characters found in parameter '\(name)'; legal range is percent-encoded UTF-8.")
      }
    }
  }

  private mutating func takePublic(
    _ request: HTTPRequest, _ path: String, _ query: VenueQuery, _ caller: inout Caller, at time: ServerTime
  ) throws(VenueError) {
    guard request.method == "GET", isMarketPage(path, caller.product) else {
      throw VenueError(-5000, "Path \(path), Method \(request.method) is invalid", status: 404)
    }
    try weigh(&caller, marketWeight(path, query, caller.product), at: time)
    answer(caller, marketPage(path, query, caller, at: time), at: time)
  }

  /// Counts a request against its address, or answers 429 or 418 with the wait.
  mutating func weigh(_ caller: inout Caller, _ weight: Int, at time: ServerTime) throws(VenueError) {
    try refuseIfAway(at: time)
    caller.weight = weight
    switch rates.take(weight, from: caller.place, at: time.utc) {
    case .free: break
    case .throttled(let end):
      let rule = rates.weightRule(caller.product)
      throw VenueError(
        -1003,
        "Too much request weight used; current limit is \(rule.limit) request weight per 1 MINUTE. Please use "
          + "WebSocket Streams for live updates to avoid polling the API.", status: 429, until: end)
    case .banned(let end):
      closeCalls(from: caller.place)
      throw VenueError(
        -1003,
        "Way too much request weight used; IP banned until \(end.nanoseconds / 1_000_000). Please use WebSocket "
          + "Streams for live updates to avoid bans.", status: 418, until: end)
    }
  }

  /// A banned address loses its connections of the WebSocket API too.
  private mutating func closeCalls(from place: RateDesk.Place) {
    for (link, state) in links where state.product == place.product && state.peer == place.peer {
      if case .api = state.role { closeSocket(link, 1_008) }
    }
  }
}
