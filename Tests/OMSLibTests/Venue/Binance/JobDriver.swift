import Testing

@testable import OMSLib

/// Runs one job against answers made by hand, and keeps what the core is told.
struct JobDriver {
  static let start: Int64 = 1_790_000_000_000
  static let milliseconds: Int64 = 1_000_000

  var job: BinanceAccountJob
  var orders = BinanceOrderIDs(capacity: 64)
  var memory: [BinanceProduct: BinanceAccountMemory] = [:]
  var events: [VenueEvent] = []
  /// What was asked, as `path?a=1&b=2`.
  var asked: [String] = []
  var weight: Int64 = 0
  var problems: [BinanceProblem] = []
  var underWayMax = 0

  static let spot = [BinanceFixture.bitcoin, BinanceFixture.ether]
  static let usdm = [BinanceFixture.perpetual]
  static let assets = (1...5).map { AssetID(number: UInt16($0)) }

  init?(
    _ request: VenueRequest, _ products: [BinanceProduct] = [.spot],
    symbols: [BinanceProduct: [Instrument]] = [.spot: spot, .usdm: usdm]
  ) {
    let utc = UTCTime(nanoseconds: Self.start * Self.milliseconds)
    guard
      let job = BinanceAccountJob(request, products: products, symbols: symbols, assets: Self.assets, utc: utc)
    else { return nil }
    self.job = job
  }

  static func request(_ kind: VenueRequest.Kind) -> VenueRequest {
    var request = VenueRequest(kind)
    request.account = BinanceFixture.account
    request.venue = VenueID(number: 3)
    request.requestID = 0x42
    return request
  }

  static let readings: [BinanceProduct: BinanceReading] = [.spot: BinanceFixture.spot(), .usdm: BinanceFixture.usdm()]

  /// Answers everything, the newest question first. A body that begins with `{"code":-` is an error.
  @discardableResult
  mutating func run(
    now: EngineTime = .zero, _ answer: (String, [String: String]) -> String
  ) -> BinanceAccountJob.Step {
    var call = BinanceCall(SpotEndpoint.ping)
    var open: [(token: UInt32, product: BinanceProduct, body: String)] = []
    for _ in 0..<10_000 {
      var heard: [VenueEvent] = []
      let step = job.next(now: now, into: &call) { heard.append($0) }
      events += heard
      switch step {
      case .ask(let product, let token, let cost):
        weight += cost
        asked.append(call.text)
        open.append((token, product, answer(call.endpoint.path, call.pairs)))
        underWayMax = max(underWayMax, open.count)
      case .waiting:
        guard let last = open.popLast() else {
          Issue.record("it waits for nothing")
          return step
        }
        take(last.body, last.token, last.product)
      case .done, .failed: return step
      }
    }
    Issue.record("it asks without end")
    return .waiting
  }

  mutating func take(_ body: String, _ token: UInt32, _ product: BinanceProduct) {
    let answer = BinanceAnswer(status: body.hasPrefix("{\"code\":-") ? 400 : 200, body: Array(body.utf8))
    guard let reading = Self.readings[product] else { return }
    let problem = job.take(
      answer, token: token, reading, memory: &memory[product, default: BinanceAccountMemory()], orders: &orders,
      utc: .zero)
    if let problem { problems.append(problem) }
  }

  func told(_ kind: VenueEvent.Kind) -> [VenueEvent] { events.filter { $0.kind == kind } }
}

extension BinanceCall {
  /// Its path and what is asked, by name.
  var text: String {
    let pairs = pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return endpoint.path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }
}
