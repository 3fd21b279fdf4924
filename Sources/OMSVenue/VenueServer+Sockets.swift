import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// What connecting costs an address.
  private static var connectWeight: Int { 2 }

  /// Turns a connection into a WebSocket, if there is one at its path.
  mutating func upgrade(_ request: HTTPRequest, _ link: VenueLink, at time: ServerTime) {
    guard let state = links[link] else { return }
    links[link]?.nextTicket += 1
    var caller = Caller(
      link: link, product: state.product, peer: state.peer, form: .rest(ticket: state.nextTicket))
    do throws(VenueError) {
      let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      let (path, text) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      let query = try Self.query(text, [])
      try refuseIfAway(at: time)
      if path == (state.product == .spot ? "/ws-api/v3" : "/ws-fapi/v1") {
        try weigh(&caller, Self.connectWeight, at: time)
        links[link]?.role = .api
      } else {
        try openStreams(request.target, on: link, at: time)
        links[link]?.role = .streams
      }
      links[link]?.face.isMicro = query["timeUnit"]?.lowercased() == "microsecond"
      links[link]?.returnsRateLimits = query["returnRateLimits"] != "false"
      links[link]?.nextPing = time.now.advanced(byNanoseconds: Self.pingNanoseconds(state.product))
      links[link]?.ends = time.now.advanced(byNanoseconds: lifeNanoseconds)
      put(.upgrade(link, request))
    } catch {
      refuse(caller, error, at: time)
    }
  }

  /// A text message of a client.
  package mutating func take(message: [UInt8], on link: VenueLink, at time: ServerTime) {
    guard let state = links[link], state.isSocket else { return }
    if !venue.isUp(at: time.now) { return abort(link) }
    switch state.role {
    case .rest: break
    case .api: takeCall(message, state, link, at: time)
    case .streams: takeStreamMessage(message, link, at: time)
    }
  }

  // MARK: - The WebSocket API

  /// A client's message is small; batches of orders are the largest.
  private static var callLimits: JSONLimits { JSONLimits(byteCount: 65_536, depth: 8, nodeCount: 4_096) }

  private mutating func takeCall(_ message: [UInt8], _ state: LinkState, _ link: VenueLink, at time: ServerTime) {
    var caller = Caller(
      link: link, product: state.product, peer: state.peer, form: .socket(id: Array("null".utf8)), face: state.face,
      returnsRateLimits: state.returnsRateLimits)
    do throws(VenueError) {
      let call = try Self.read(message)
      caller.form = .socket(id: call.id)
      try take(call, state, &caller, at: time)
    } catch {
      refuse(caller, error, at: time)
    }
  }

  private struct Call {
    var id: [UInt8]
    var method: String
    var parameters: [(name: String, value: String)]
  }

  private static func read(_ message: [UInt8]) throws(VenueError) -> Call {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(message, limits: callLimits)
    } catch {
      throw VenueError(-1000, "JSON Syntax Error")
    }
    let root = document.root
    guard root.isObject else { throw VenueError(-1000, "JSON Syntax Error") }
    var call = Call(id: Array("null".utf8), method: "", parameters: [])
    if let id = root["id"] {
      let isText = id.string.map { $0.utf8.count <= 36 } ?? false
      guard isText || id.integer(as: Int64.self) != nil || id.isNull else {
        throw VenueError(
          -1135, "Invalid 'id' in JSON request; expected an integer, a string of at most 36 characters or null.")
      }
      call.id = Array(id.source)
    }
    guard let method = root["method"]?.string else { throw VenueError(-1135, "Missing 'method' in JSON request.") }
    call.method = method
    if let parameters = root["params"], !parameters.isNull {
      guard parameters.isObject else {
        throw VenueError(-1135, "Invalid 'params' in JSON request; expected an object.")
      }
      call.parameters = parameters.members.map { member in
        let value = member.value
        return (member.name, value.string ?? String(decoding: value.source, as: UTF8.self))
      }
    }
    return call
  }

  private mutating func take(
    _ call: Call, _ state: LinkState, _ caller: inout Caller, at time: ServerTime
  ) throws(VenueError) {
    var query = VenueQuery()
    for (name, value) in call.parameters { query.set(name, value) }
    if let returns = query["returnRateLimits"] { caller.returnsRateLimits = returns != "false" }
    guard let route = Routes.method(call.method, caller.product) else {
      guard let path = marketPath(ofMethod: call.method, caller.product) else {
        throw VenueError(-1000, "Unknown method '\(call.method)'")
      }
      try weigh(&caller, marketWeight(path, query, caller.product), at: time)
      return answer(caller, marketPage(path, query, caller, at: time), at: time)
    }
    try weigh(&caller, Routes.weight(of: route, query, caller.product), at: time)
    caller.isFreeOnSuccess = route.isFree
    var parameters = Parameters(query: query, product: caller.product)
    switch route.security {
    case .open: break
    case .key: caller.account = try account(of: query["apiKey"])
    case .signed:
      // Without a session every call brings its key.
      guard query["apiKey"] != nil else { throw Parameters.missing("apiKey") }
      let payload = Authentication.payload(of: call.parameters)
      try identify(&caller, by: query["apiKey"], parameters, payload, at: time)
    }
    if let names = route.names, caller.product == .spot { try parameters.refuseUnknown(names) }
    try meet(route.operation, &parameters, &caller, at: time)
    try perform(route.operation, parameters, caller, at: time)
  }
}
