import OMSLib
import Testing

@testable import OMSVenue

/// Drives one server in tests: requests in, answers out, no sockets. Its market is empty: nobody trades but the test.
struct VenueDriver: ~Copyable {
  static let start: Int64 = 1_790_000_000_000_000_000

  var server: VenueServer<NoExchangeRecorder>
  var now = VenueDriver.start
  private var links: UInt64 = 0
  /// What was sent to each WebSocket and not looked at yet.
  private var inbox: [VenueLink: [JSONValue]] = [:]
  private(set) var ends: [VenueLink: String] = [:]
  private(set) var pings: [VenueLink] = []

  struct Answer {
    var status: Int
    var body: JSONValue
    var fields: [HTTPField]

    subscript(name: String) -> String { body[name]?.plain ?? "-" }
    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var code: Int? { body["code"]?.integer() }
    var message: String { body["msg"]?.string ?? "-" }
  }

  init(accounts: Int = 3, seed: UInt64 = 7, hasFlow: Bool = false, isHedged: Bool = false, fence: Int64? = nil) {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    setup.deposit("1000000", "USDT", into: 3, .futures)
    setup.addSpot(
      "BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000, hasFlow: hasFlow)
    setup.addPerpetual(
      "BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000, hasFlow: hasFlow)
    for number in 1...accounts {
      let account = setup.addAccount(VenueOptions.name(of: number), isHedged: isHedged, isStranger: true)
      setup.deposit("100000", "USDT", into: account)
      setup.deposit("10", "BTC", into: account)
      setup.deposit("100000", "USDT", into: account, .futures)
    }
    var options = VenueOptions()
    options.seed = seed
    options.fenceNanoseconds = fence
    var house = options.exchange
    house.capacity.orders = 1 << 13
    house.capacity.fills = 1 << 12
    house.capacity.accounts = UInt32(max(64, accounts + 8))
    house.capacity.instruments = 8
    house.capacity.assets = 8
    let utc = UTCTime(nanoseconds: Self.start)
    var venue = SimulatedVenue(
      Exchange(house, startingAt: utc), venue: VenueID(number: 1), recorder: NoExchangeRecorder(),
      now: EngineTime(nanoseconds: Self.start), utc: utc)
    venue.open(setup, now: EngineTime(nanoseconds: Self.start))
    venue.opening = setup
    server = VenueServer(venue, options: options)
  }

  var time: ServerTime {
    ServerTime(now: EngineTime(nanoseconds: now), utc: UTCTime(nanoseconds: now))
  }
  var milliseconds: Int64 { now / 1_000_000 }

  func credential(_ account: Int) -> VenueCredential { server.credentials[account - 1] }

  // MARK: - Connections

  mutating func connect(_ product: VenueProduct = .spot, peer: String = "10.0.0.1") -> VenueLink {
    links += 1
    let link = VenueLink(number: links)
    server.accept(link, product: product, peer: peer, at: time)
    return link
  }

  mutating func open(_ target: String, _ product: VenueProduct = .spot) -> VenueLink {
    let link = connect(product)
    let fields = [HTTPField(name: "upgrade", value: "websocket")]
    server.take(HTTPRequest(method: "GET", target: target, fields: fields), on: link, at: time)
    _ = drain()
    return link
  }

  /// Lets time pass.
  mutating func pass(milliseconds: Int64) {
    now += milliseconds * 1_000_000
    server.turn(at: time)
    _ = drain()
  }

  /// Takes what the server has for its connections; answers to REST requests are handed back.
  private mutating func drain() -> [(VenueLink, HTTPResponse)] {
    var answers: [(VenueLink, HTTPResponse)] = []
    while let item = server.nextOutput() {
      switch item {
      case .response(let link, let response): answers.append((link, response))
      case .upgrade: break
      case .message(let link, let bytes):
        if let document = try? JSONReader.read(bytes) { inbox[link, default: []].append(document.root) }
      case .ping(let link, _): pings.append(link)
      case .closeSocket(let link, let code): ends[link] = "closed \(code)"
      case .abort(let link): ends[link] = "aborted"
      }
    }
    return answers
  }

  // MARK: - Requests

  mutating func send(_ request: HTTPRequest, on link: VenueLink) -> Answer? {
    server.take(request, on: link, at: time)
    server.turn(at: time)
    guard let response = drain().last(where: { $0.0 == link })?.1, let document = try? JSONReader.read(response.body)
    else { return nil }
    return Answer(status: response.status, body: document.root, fields: response.fields)
  }

  mutating func send(
    _ method: String, _ target: String, _ product: VenueProduct = .spot, fields: [HTTPField] = [], body: String = ""
  ) -> Answer {
    let link = connect(product)
    defer { server.close(link, at: time) }
    let answer = send(
      HTTPRequest(method: method, target: target, fields: fields, body: Array(body.utf8)), on: link)
    return answer ?? Answer(status: 0, body: JSONDocument.empty, fields: [])
  }

  func signature(_ payload: String, _ account: Int = 1) -> String {
    SharedSecretCheck(secret: credential(account).secret).signature(of: Array(payload.utf8))
  }

  /// A signed request as most clients send it: everything in the query.
  @discardableResult
  mutating func call(_ method: String, _ path: String, _ query: String = "", as account: Int = 1) -> Answer {
    let product: VenueProduct = path.hasPrefix("/fapi") ? .usdm : .spot
    let payload = (query.isEmpty ? "" : query + "&") + "timestamp=\(milliseconds)"
    return send(
      method, "\(path)?\(payload)&signature=\(signature(payload, account))", product,
      fields: [HTTPField(name: "x-mbx-apikey", value: credential(account).key)])
  }

  @discardableResult
  mutating func spot(
    _ side: String, _ type: String, _ more: String, as account: Int = 1
  ) -> Answer { call("POST", "/api/v3/order", "symbol=BTCUSDT&side=\(side)&type=\(type)&\(more)", as: account) }

  @discardableResult
  mutating func limit(
    _ side: String, _ quantity: String, at price: String, as account: Int = 1, _ more: String = ""
  ) -> Answer {
    spot(side, "LIMIT", "timeInForce=GTC&quantity=\(quantity)&price=\(price)\(more)", as: account)
  }

  @discardableResult
  mutating func perp(_ side: String, _ type: String, _ more: String, as account: Int = 1) -> Answer {
    call("POST", "/fapi/v1/order", "symbol=BTCUSDT&side=\(side)&type=\(type)&\(more)", as: account)
  }

  @discardableResult
  mutating func perpLimit(_ side: String, _ quantity: String, at price: String, as account: Int = 1) -> Answer {
    perp(side, "LIMIT", "timeInForce=GTC&quantity=\(quantity)&price=\(price)", as: account)
  }

  // MARK: - Messages

  mutating func say(_ text: String, on link: VenueLink) {
    server.take(message: Array(text.utf8), on: link, at: time)
    server.turn(at: time)
    _ = drain()
  }

  /// A signed call of the WebSocket API: the answer to it.
  mutating func ask(
    _ method: String, _ parameters: [(String, String)] = [], as account: Int = 1, on link: VenueLink,
    id: String = "\"q\""
  ) -> JSONValue? {
    var all = parameters.map { (name: $0.0, value: $0.1) }
    all.append((name: "apiKey", value: credential(account).key))
    all.append((name: "timestamp", value: "\(milliseconds)"))
    let payload = String(decoding: Authentication.payload(of: all), as: UTF8.self)
    all.append((name: "signature", value: signature(payload, account)))
    let members = all.map { name, value in
      name == "timestamp" || name == "orderId" || name == "subscriptionId"
        ? "\"\(name)\":\(value)" : "\"\(name)\":\"\(value)\""
    }
    let before = take(link).count
    precondition(before >= 0)
    say("{\"id\":\(id),\"method\":\"\(method)\",\"params\":{\(members.joined(separator: ","))}}", on: link)
    guard let place = inbox[link]?.firstIndex(where: { $0["status"] != nil }) else { return nil }
    return inbox[link]?.remove(at: place)
  }

  /// Takes what was sent to a WebSocket.
  mutating func take(_ link: VenueLink) -> [JSONValue] { inbox.removeValue(forKey: link) ?? [] }

  /// User data on a spot connection, without what is around it.
  mutating func events(_ link: VenueLink) -> [JSONValue] { take(link).compactMap { $0["event"] } }

  /// A futures connection that listens to an account.
  mutating func listen(_ account: Int = 1) -> VenueLink {
    let answer = send(
      "POST", "/fapi/v1/listenKey", .usdm, fields: [HTTPField(name: "x-mbx-apikey", value: credential(account).key)])
    return open("/private/ws/\(answer["listenKey"])", .usdm)
  }

  var isSound: Bool { server.venue.exchange.isSound() }

  /// One of the desk's controls.
  mutating func steer(_ control: ExchangeControl) {
    let isDone = server.venue.control(control, now: time.now)
    #expect(isDone)
  }

  /// An order of somebody who steers the exchange, as the command line sends it: the members behind the verb. The code
  /// of what is wrong with it.
  @discardableResult
  mutating func control(_ verb: String, _ members: String = "") -> String? {
    defer {
      server.turn(at: time)
      _ = drain()
    }
    do throws(ErrorObject) {
      let text = "{\"verb\":\"\(verb)\"\(members.isEmpty ? "" : "," + members)}"
      var order = try ControlOrder(Array(text.utf8))
      try server.obey(&order, at: time)
      return nil
    } catch {
      return error.code
    }
  }

  var ledger: [String] {
    var lines: [String] = []
    server.venue.exchange.dump { lines.append($0) }
    return lines
  }
}

extension JSONDocument {
  static var empty: JSONValue {
    guard let document = try? JSONReader.read("{}") else { preconditionFailure("an empty object is JSON") }
    return document.root
  }
}

extension JSONValue {
  /// Its digits or its characters.
  var plain: String { string ?? String(decoding: source, as: UTF8.self) }

  func words(_ names: String...) -> String { names.map { self[$0]?.plain ?? "-" }.joined(separator: " ") }
}
