import OMSLib

/// What a connection is used for.
enum LinkRole: Sendable {
  /// Requests and answers, until an upgrade.
  case rest
  /// The WebSocket API.
  case api
  /// Streams of the market, and of accounts by their listenKeys.
  case streams
}

/// One user data subscription of a connection of the WebSocket API.
struct UserSubscription: Sendable {
  var account: UInt16
  var number: Int64
}

struct LinkState: Sendable {
  let product: VenueProduct
  let peer: String
  let opened: UTCTime
  var role = LinkRole.rest
  var face = TimeFace()
  var returnsRateLimits = true
  var subscriptions: [UserSubscription] = []
  var nextSubscription: Int64 = 0
  /// By listenKey: the only events that the connection was opened for.
  var events: [String: Set<String>] = [:]

  // Answers leave in the order of the requests.
  var nextTicket: UInt64 = 0
  var nextAnswer: UInt64 = 0
  var ready: [UInt64: HTTPResponse] = [:]

  var nextPing = EngineTime.never
  /// When the last ping that nobody has answered was sent.
  var pinged: EngineTime?
  var ends = EngineTime.never
}

extension LinkState {
  var isSocket: Bool {
    if case .rest = role { return false }
    return true
  }
}
