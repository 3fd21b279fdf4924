import OMSLib

@testable import OMSVenue

/// Production's lines, one of each kind, and what they have told.
final class LineClient<Network: WireNetwork & ~Copyable> {
  var network: Network
  let rest: RestLine
  let socket: SocketLine
  private(set) var told: [String] = []
  private(set) var messages: [String] = []
  private(set) var answers: [String] = []
  private var now: EngineTime

  init(_ network: consuming Network, rest restHost: WireHost, socket socketHost: WireHost, now: EngineTime) {
    self.network = network
    self.now = now
    let backoff = Backoff(
      leastNanoseconds: 100_000_000, mostNanoseconds: 5_000_000_000, stableNanoseconds: 60_000_000_000)
    rest = RestLine(restHost, line: 1, settings: .init(backoff), seed: SplitMix64(seed: 2), now: now)
    socket = SocketLine(
      socketHost, target: "/ws-api/v3", line: 2, settings: .orders(backoff), waitsForConfirmation: false,
      seed: SplitMix64(seed: 3), now: now)
  }

  /// Does everything that there is to do now; answers when there is more.
  func turn(_ time: ServerTime) -> EngineTime {
    now = time.now
    while let news = network.next(now: now) {
      rest.take(news, &network, now: now)
      socket.take(news, &network, now: now)
    }
    while let event = rest.next(&network, now: now) {
      switch event {
      case .answered(let number, let response):
        answers.append("\(number) \(response.status) \(String(decoding: response.body, as: UTF8.self))")
      case .failed(let number, let mayHaveLeft, let reason):
        answers.append("\(number) \(mayHaveLeft ? "unknown" : "not sent"): \(reason)")
      }
    }
    while let event = socket.next(&network, now: now) {
      switch event {
      case .message: messages.append(unsafe socket.withPayload { unsafe String(decoding: $0, as: UTF8.self) })
      case .opened: told.append("opened")
      case .up: told.append("up")
      case .down(_, let reason): told.append("down: \(reason)")
      }
    }
    return min(rest.nextDue, socket.nextDue)
  }

  func ask(_ number: UInt64, _ method: String, _ target: String, key: String = "") {
    let fields = key.isEmpty ? [] : [HTTPField(name: "x-mbx-apikey", value: key)]
    rest.submit(
      HTTPRequest(method: method, target: target, fields: fields), number: number, isRepeatable: method == "GET",
      now: now)
  }

  func say(_ text: String) -> Bool {
    var out = ByteBuffer()
    out.append(utf8: text)
    guard let wire = socket.inUse else { return false }
    return socket.send(wire, text: out, &network)
  }

  func takeTold() -> [String] {
    defer { told = [] }
    return told
  }

  func takeMessages() -> [String] {
    defer { messages = [] }
    return messages
  }

  func takeAnswers() -> [String] {
    defer { answers = [] }
    return answers
  }
}
