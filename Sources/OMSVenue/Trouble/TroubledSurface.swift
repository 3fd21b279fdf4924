package import OMSLib

/// A surface that does what another one does, except for what it is told to do wrong.
///
/// Owner: the runner.
package struct TroubledSurface<Inner: VenueSurface & ~Copyable>: ~Copyable, VenueSurface {
  private struct Link {
    var product: VenueProduct
    /// What was asked for when it became a WebSocket; empty before.
    var target = ""
    /// Requests without their answer: what becomes of it, and whether it is ours.
    var asked: [Asked] = []
    /// The same of the WebSocket API, by id.
    var calls: [String: Asked] = [:]

    var isCalls: Bool { target.hasPrefix("/ws-api/") || target.hasPrefix("/ws-fapi/") }
  }

  private struct Asked {
    var act: VenueTrouble.Act?
    /// The answer, where the exchange was never asked.
    var own: HTTPResponse?
  }

  package var inner: Inner
  /// How far the exchange's clock is ahead of the one it is driven by.
  package var skewNanoseconds: Int64 = 0
  package private(set) var troubles: [VenueTrouble] = []
  /// How often something was done wrong.
  package private(set) var strikes = 0
  /// Requests over HTTP and calls of the WebSocket API so far, also those that went wrong.
  package private(set) var requests: [VenueProduct: Int] = [:]
  /// The newest of them.
  package private(set) var lastRequest: [VenueProduct: String] = [:]
  /// So many ids are remembered; later ones are not counted.
  private static var placementsMax: Int { 1 << 18 }
  /// How often each client's id has come with an order to place; counted where somebody wants to know.
  package private(set) var placements: [String: Int] = [:]
  package var countsPlacements = false
  private var links: [VenueLink: Link] = [:]
  private var output = WaitingLine<VenueOutput>()
  private var held = TimerQueue()
  private var heldOutput: [UInt64: VenueOutput] = [:]
  private var heldCount: UInt64 = 0
  /// Of what was handed in last.
  private var time = ServerTime(now: .zero, utc: .zero)

  package init(_ inner: consuming Inner) { self.inner = inner }

  /// From now on, and until it has happened as often as it says.
  package mutating func add(_ trouble: VenueTrouble) {
    troubles.removeAll { $0.count <= 0 }
    troubles.append(trouble)
  }

  /// Nothing more goes wrong; what is late still comes.
  package mutating func clear() { troubles = [] }

  /// Ends WebSockets with a close frame.
  package mutating func closeSockets(
    _ product: VenueProduct, target: String = "", code: UInt16 = 1_001, at time: ServerTime
  ) {
    for link in sockets(product, target) {
      inner.close(link, at: shifted(time))
      links[link] = nil
      output.push(.closeSocket(link, code))
    }
  }

  /// Resets connections, as when the exchange falls over.
  package mutating func resetAll(_ product: VenueProduct, at time: ServerTime) {
    for link in links.filter({ $0.value.product == product }).keys.sorted(by: { $0.number < $1.number }) {
      inner.close(link, at: shifted(time))
      links[link] = nil
      output.push(.abort(link))
    }
  }

  private func sockets(_ product: VenueProduct, _ target: String) -> [VenueLink] {
    links.filter { $0.value.product == product && !$0.value.target.isEmpty && $0.value.target.hasPrefix(target) }
      .keys.sorted { $0.number < $1.number }
  }

  private func shifted(_ time: ServerTime) -> ServerTime {
    ServerTime(now: time.now, utc: UTCTime(nanoseconds: time.utc.nanoseconds + skewNanoseconds))
  }

  // MARK: - As a surface

  package mutating func accept(_ link: VenueLink, product: VenueProduct, peer: String, at time: ServerTime) {
    links[link] = Link(product: product)
    inner.accept(link, product: product, peer: peer, at: shifted(time))
  }

  package mutating func take(_ request: HTTPRequest, on link: VenueLink, at time: ServerTime) {
    self.time = time
    count("\(request.method) \(request.target)&\(String(decoding: request.body, as: UTF8.self))", link)
    let isUpgrade = request.field("upgrade") != nil
    let act = act(on: "\(request.method) \(request.target)", link, isUpgrade: isUpgrade)
    if isUpgrade { links[link]?.target = request.target }
    switch act {
    case .lose: links[link]?.asked.append(Asked(act: .lose, own: HTTPResponse(status: 200)))
    case .refuse(let error):
      let own = Self.response(error, at: shifted(time).utc)
      links[link]?.asked.append(Asked(act: act, own: own))
    case .turnAway(let page): links[link]?.asked.append(Asked(act: act, own: page))
    default:
      links[link]?.asked.append(Asked(act: act))
      inner.take(request, on: link, at: shifted(time))
    }
    answerOwn(link)
  }

  package mutating func take(message: [UInt8], on link: VenueLink, at time: ServerTime) {
    self.time = time
    if links[link]?.isCalls == true { count(String(decoding: message, as: UTF8.self), link) }
    guard links[link]?.isCalls == true, !troubles.isEmpty, let root = try? JSONReader.read(message).root,
      let method = root["method"]?.string, let id = root["id"].map({ String(decoding: $0.source, as: UTF8.self) }),
      let act = act(on: method, link)
    else { return inner.take(message: message, on: link, at: shifted(time)) }
    switch act {
    case .lose: break
    case .refuse(let error): output.push(.message(link, Self.message(error, id, at: shifted(time).utc)))
    case .turnAway(let page): output.push(.message(link, page.body))
    default:
      links[link]?.calls[id] = Asked(act: act)
      inner.take(message: message, on: link, at: shifted(time))
    }
  }

  package mutating func take(pong payload: [UInt8], on link: VenueLink, at time: ServerTime) {
    inner.take(pong: payload, on: link, at: shifted(time))
  }

  package var wireTroubles: WireTroubles? { inner.wireTroubles }

  package mutating func close(_ link: VenueLink, at time: ServerTime) {
    links[link] = nil
    inner.close(link, at: shifted(time))
  }

  package mutating func announceShutdown(at time: ServerTime) { inner.announceShutdown(at: shifted(time)) }

  package mutating func turn(at time: ServerTime) {
    self.time = time
    inner.turn(at: shifted(time))
    while let number = held.takeDue(time.now) {
      if let late = heldOutput.removeValue(forKey: number) { output.push(late) }
    }
  }

  package var nextDue: EngineTime { min(inner.nextDue, held.nextDue) }

  package mutating func nextOutput() -> VenueOutput? {
    while true {
      if let item = output.pop() { return item }
      guard let item = inner.nextOutput() else { return nil }
      pass(item)
    }
  }

  // MARK: - Out

  private mutating func pass(_ item: VenueOutput) {
    switch item {
    case .response(let link, _):
      let asked = links[link].flatMap { $0.asked.isEmpty ? nil : $0.asked[0] }
      if asked != nil { links[link]?.asked.removeFirst() }
      answer(item, link, asked?.act)
      answerOwn(link)
    case .upgrade(let link, _):
      links[link]?.asked = []
      output.push(item)
    case .message(let link, let bytes): passMessage(item, bytes, link)
    case .closeSocket(let link, _), .abort(let link):
      links[link] = nil
      output.push(item)
    case .ping: output.push(item)
    }
  }

  private mutating func passMessage(_ item: VenueOutput, _ bytes: [UInt8], _ link: VenueLink) {
    guard let state = links[link] else { return output.push(item) }
    if !state.calls.isEmpty, let id = (try? JSONReader.read(bytes))?.root["id"] {
      let name = String(decoding: id.source, as: UTF8.self)
      if let asked = links[link]?.calls.removeValue(forKey: name) { return answer(item, link, asked.act, to: name) }
    }
    guard !troubles.isEmpty else { return output.push(item) }
    let text = String(decoding: bytes, as: UTF8.self)
    answer(item, link, act(onNews: text, link))
  }

  /// `id`: of the call that it answers.
  private mutating func answer(
    _ item: VenueOutput, _ link: VenueLink, _ act: VenueTrouble.Act?, to id: String? = nil
  ) {
    switch act {
    case nil, .refuse, .turnAway: output.push(item)
    case .lose, .loseAnswer: break
    case .answer(let status, let body):
      guard case .response(let to, let original) = item else {
        let part = status == 200 ? "result" : "error"
        let text = id.map { "{\"id\":\($0),\"status\":\(status),\"\(part)\":\(body)}" } ?? body
        return output.push(.message(link, Array(text.utf8)))
      }
      var response = HTTPResponse(status: status, body: Array(body.utf8))
      response.keepsAlive = original.keepsAlive
      output.push(.response(to, response))
    case .page(let page): stand(page, for: item, link)
    case .half:
      switch item {
      case .response(_, var half):
        half.body.removeLast(half.body.count - half.body.count / 2)
        stand(half, for: item, link)
      case .message(_, let bytes): output.push(.message(link, Array(bytes.prefix(bytes.count / 2))))
      default: output.push(item)
      }
    case .breakOff:
      inner.close(link, at: shifted(time))
      links[link] = nil
      output.push(.abort(link))
    case .delay(let time): hold(item, time)
    case .repeated(let time):
      output.push(item)
      // Of HTTP there is no second answer to one question.
      if case .message = item { hold(item, time) }
    }
  }

  /// Hands out a page in place of an answer; a WebSocket gets what is on it.
  private mutating func stand(_ page: HTTPResponse, for item: VenueOutput, _ link: VenueLink) {
    guard case .response(let to, let original) = item else { return output.push(.message(link, page.body)) }
    var page = page
    page.keepsAlive = original.keepsAlive
    output.push(.response(to, page))
  }

  private mutating func hold(_ item: VenueOutput, _ nanoseconds: Int64) {
    heldCount += 1
    heldOutput[heldCount] = item
    held.set(heldCount, at: time.now.advanced(byNanoseconds: nanoseconds))
  }

  /// Our own answers, as far as those before them were given.
  private mutating func answerOwn(_ link: VenueLink) {
    while let first = links[link]?.asked.first, let own = first.own {
      links[link]?.asked.removeFirst()
      if first.act != .lose { output.push(.response(link, own)) }
    }
  }

  private mutating func count(_ text: String, _ link: VenueLink) {
    guard let product = links[link]?.product else { return }
    requests[product, default: 0] += 1
    lastRequest[product] = text
    guard countsPlacements, let id = Self.placedID(text) else { return }
    guard placements.count < Self.placementsMax || placements[id] != nil else { return }
    placements[id, default: 0] += 1
  }

  /// The client's id of an order that is to be placed; `nil`: the request places none.
  private static func placedID(_ text: String) -> String? {
    let isPlacing = ["POST /api/v3/order", "POST /fapi/v1/order", "POST /fapi/v1/algoOrder"]
      .contains { text.hasPrefix($0) }
    guard isPlacing || text.contains("rder.place\""),
      let name = text.firstRange(of: "newClientOrderId") ?? text.firstRange(of: "clientAlgoId")
    else { return nil }
    let behind = text[name.upperBound...].drop { "=\":".contains($0) }
    return String(behind.prefix { $0.isLetter || $0.isNumber })
  }

  // MARK: - What goes wrong

  private mutating func act(on call: String, _ link: VenueLink, isUpgrade: Bool = false) -> VenueTrouble.Act? {
    guard let product = links[link]?.product else { return nil }
    return first(link) { target in
      switch target {
      case .call(let text): call.contains(text)
      case .requests(let kind): !isUpgrade && kind.has(call, product)
      case .news: false
      }
    }
  }

  private mutating func act(onNews text: String, _ link: VenueLink) -> VenueTrouble.Act? {
    first(link) { target in
      guard case .news(let parts) = target else { return false }
      return parts.allSatisfy { text.contains($0) }
    }
  }

  private mutating func first(_ link: VenueLink, _ meets: (VenueTrouble.Target) -> Bool) -> VenueTrouble.Act? {
    guard let product = links[link]?.product else { return nil }
    for index in troubles.indices
    where troubles[index].product ?? product == product && meets(troubles[index].target) && troubles[index].strikes() {
      strikes += 1
      return troubles[index].act
    }
    return nil
  }

  private static func response(_ error: VenueError, at utc: UTCTime) -> HTTPResponse {
    var fields = [HTTPField(name: "content-type", value: "application/json;charset=UTF-8")]
    if let until = error.until {
      let seconds = (until.nanoseconds - utc.nanoseconds + 999_999_999) / 1_000_000_000
      fields.append(HTTPField(name: "retry-after", value: "\(max(seconds, 1))"))
    }
    return HTTPResponse(status: error.status, fields: fields, body: error.body)
  }

  private static func message(_ error: VenueError, _ id: String, at utc: UTCTime) -> [UInt8] {
    object { writer in
      writer.member("id", raw: Array(id.utf8))
      writer.member("status", error.status)
      writer.name("error")
      writer.beginObject()
      writer.member("code", error.code)
      writer.member("msg", error.message)
      if let until = error.until {
        writer.name("data")
        writer.beginObject()
        writer.member("serverTime", utc.nanoseconds / 1_000_000)
        writer.member("retryAfter", until.nanoseconds / 1_000_000)
        writer.endObject()
      }
      writer.endObject()
    }
  }
}
