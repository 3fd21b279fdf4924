import OMSLib

/// What somebody who steers a served exchange wants to go wrong with its requests, answers and news.
struct TrafficOrders {
  private(set) var troubles: [VenueTrouble] = []
  /// How far its clock is to be ahead of the true one.
  private(set) var skew: Int64?

  /// Without an end of its own.
  private static let always = Int.max
  /// What is overtaken by what comes next is so late.
  private static let overtakenNanoseconds: Int64 = 20_000_000
  private static let orderNews = VenueTrouble.Target.news([#""x":""#])
  private static let fillNews = VenueTrouble.Target.news([#""x":"TRADE""#])
  /// Whatever accounts are told of their own accord.
  private static let accountNews = [
    "executionReport", "listStatus", "outboundAccountPosition", "balanceUpdate", "ORDER_TRADE_UPDATE", "TRADE_LITE",
    "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "ALGO_UPDATE", "MARGIN_CALL",
  ].map { VenueTrouble.Target.news(["\"e\":\"\($0)\""]) }

  init(_ order: inout ControlOrder) throws(ErrorObject) {
    try readRequests(&order)
    try readNews(&order)
    skew = try order.duration("skew", mayBeNegative: true)
  }

  private mutating func add(_ target: VenueTrouble.Target, _ act: VenueTrouble.Act, _ count: Int?, skip: Int = 0) {
    if let count { troubles.append(VenueTrouble(target, act, skip: skip, count: count)) }
  }

  private mutating func readRequests(_ order: inout ControlOrder) throws(ErrorObject) {
    let word = try order.text("of") ?? RequestClass.orders.rawValue
    guard let kind = RequestClass(rawValue: word) else {
      throw .usage("value", "of '\(word)' is none of orders, cancels, reads, all")
    }
    let requests = VenueTrouble.Target.requests(kind)
    add(requests, .lose, try order.count("lost_request"))
    add(requests, .breakOff, try order.count("reset_answer"))
    add(requests, .loseAnswer, try order.count("lost_answer"))
    if let answer = try order.choice("answer", FalseAnswer.self) { add(requests, answer.kind.act, answer.left) }
    add(requests, .repeated(nanoseconds: 0), try order.count("repeat_answer"))
    if let time = try order.duration("late_answer") { add(requests, .delay(nanoseconds: time), Self.always) }
  }

  private mutating func readNews(_ order: inout ControlOrder) throws(ErrorObject) {
    if try order.flag("mute") { for news in Self.accountNews { add(news, .lose, Self.always) } }
    add(Self.fillNews, .lose, try order.count("lost_fill"))
    add(Self.orderNews, .lose, try order.count("lost_event"))
    if let pairs = try order.count("turn_events") {
      guard pairs <= 1_000 else { throw .usage("count", "turn_events: at most 1000") }
      // Each lets the one behind it pass before the next is met.
      for pair in 0..<pairs { add(Self.orderNews, .delay(nanoseconds: Self.overtakenNanoseconds), 1, skip: pair) }
    }
    if let time = try order.duration("repeat_event") { add(Self.orderNews, .repeated(nanoseconds: time), Self.always) }
    if let time = try order.duration("late_event") {
      for news in Self.accountNews { add(news, .delay(nanoseconds: time), Self.always) }
    }
  }
}

/// An answer that says something else than what became of its request, or nothing that can be read.
enum FalseAnswer: String, CaseIterable {
  // Carried out, and yet:
  case unknown = "unknown-503"
  case strange = "strange-503"
  case timeout
  case unexpected
  case gateway = "bad-gateway"
  case html
  case empty
  case truncated
  case gzip
  // Not carried out:
  case unavailable = "unavailable-503"
  case overload = "overload-503"
  case firewall = "waf"

  var act: VenueTrouble.Act {
    switch self {
    case .unknown:
      Self.error(VenueError(-1000, "Unknown error, please check your request or try again later.", status: 503))
    case .strange: Self.error(VenueError(-1099, "The gate is closed for a reason of its own.", status: 503))
    case .timeout:
      Self.error(
        VenueError(
          -1007,
          "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
          status: 504))
    case .unexpected:
      Self.error(
        VenueError(
          -1006, "An unexpected response was received from the message bus. Execution status unknown.", status: 500))
    case .gateway: .page(Self.page(502))
    case .html: .page(Self.page(200))
    case .empty: .page(HTTPResponse(status: 200))
    case .truncated: .half
    case .gzip:
      .page(
        HTTPResponse(
          status: 200, fields: [HTTPField(name: "content-encoding", value: "gzip")],
          body: [0x1F, 0x8B, 0x08, 0x00, 0xFF, 0xFF]))
    case .unavailable: .refuse(VenueError(-1000, "Service Unavailable.", status: 503))
    case .overload:
      .refuse(
        VenueError(
          -1008,
          "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. "
            + "Please try again.", status: 503))
    case .firewall: .turnAway(Self.page(403))
    }
  }

  private static func error(_ error: VenueError) -> VenueTrouble.Act {
    .answer(status: error.status, body: String(decoding: error.body, as: UTF8.self))
  }

  private static func page(_ status: Int) -> HTTPResponse {
    HTTPResponse(
      status: status, fields: [HTTPField(name: "content-type", value: "text/html")],
      body: Array("<html><body><h1>Something is not right here</h1></body></html>\n".utf8))
  }
}
