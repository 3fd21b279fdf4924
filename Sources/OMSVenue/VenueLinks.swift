import OMSLib

/// What a connection is used for.
enum LinkRole: Sendable {
  /// Requests and answers, until an upgrade.
  case rest
  /// The WebSocket API.
  case api
  /// Streams: one message per event, or each in an envelope that names its stream.
  case streams(StreamFace)
}

/// Which streams a connection was opened for.
struct StreamFace: Sendable {
  /// `public`, `market` or `private`; empty for the path without one.
  var prefix = ""
  var isCombined = false
}

/// One user data subscription of a connection: of an account, or of a listenKey.
struct UserSubscription: Sendable {
  var account: UInt16
  /// Of the WebSocket API; -1: events come without one.
  var number: Int64 = -1
  var listenKey = ""
  /// Only these events; empty: all.
  var events: Set<String> = []
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

  // Answers leave in the order of the requests.
  var nextTicket: UInt64 = 0
  var nextAnswer: UInt64 = 0
  var ready: [UInt64: HTTPResponse] = [:]

  // Messages that came in the second that runs.
  var second: Int64 = 0
  var messagesInSecond = 0

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
