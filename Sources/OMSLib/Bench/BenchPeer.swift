/// One connection's far end, of the least of an exchange that a venue of Binance can trade at: it tells the time, opens
/// WebSockets, and lets orders wait until it is told to refuse them.
struct BenchPeer: ~Copyable {
  private var requests = HTTPRequestReader()
  private var frames: WebSocketReader?
  /// What the WebSocket was opened for; empty before.
  private(set) var target = ""

  /// What came, and what is answered at once.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, at utc: UTCTime, into out: inout ByteBuffer) {
    guard frames == nil else {
      unsafe frames?.append(bytes)
      return
    }
    unsafe requests.append(bytes)
    while frames == nil, let request = try? requests.next() { answer(request, at: utc, into: &out) }
  }

  private mutating func answer(_ request: HTTPRequest, at utc: UTCTime, into out: inout ByteBuffer) {
    var response = HTTPResponse(status: 404, body: Array("{\"code\":-1000,\"msg\":\"There is no such page.\"}".utf8))
    if WebSocketHandshake.isAsked(by: request), let opened = try? WebSocketHandshake.answer(to: request) {
      response = opened
      target = request.target
      frames = WebSocketReader(role: .server, limits: .server, bufferBytes: 1 << 18)
    } else if request.target.hasSuffix("/time") {
      response = HTTPResponse(
        status: 200, body: Array("{\"serverTime\":\(utc.nanoseconds / 1_000_000)}".utf8))
    }
    precondition((try? HTTPWriter.append(response, to: &out)) != nil, "what is written here is in order")
  }

  /// Whether a message has come whole since the last one.
  mutating func hasMessage() -> Bool { (try? frames?.next()) == .text }

  /// Answers all messages that have come: subscriptions are taken, orders are not. Returns how many there were.
  mutating func answerAll(into out: inout ByteBuffer) -> Int {
    var count = 0
    while hasMessage() {
      answerMessage(into: &out)
      count += 1
    }
    return count
  }

  /// Answers the message that `hasMessage` has seen.
  mutating func answerMessage(into out: inout ByteBuffer) {
    let message = unsafe frames?.withPayload { unsafe Array($0) } ?? []
    guard let document = try? JSONReader.read(message), let id = document.root["id"]?.source else { return }
    let number = String(decoding: id, as: UTF8.self)
    let isSubscription = document.root["params"]?.isArray == true
    let answer =
      isSubscription
      ? "{\"result\":null,\"id\":\(number)}"
      : "{\"id\":\(number),\"status\":400,\"error\":{\"code\":-2019,\"msg\":\"Margin is insufficient.\"}}"
    WebSocketWriter.append(.text, answer.utf8, mask: nil, to: &out)
  }
}
