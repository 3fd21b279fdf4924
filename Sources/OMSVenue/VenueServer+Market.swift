import OMSLib

// What everybody may see: the pages and the streams of the market.

extension VenueServer where Recorder: ~Copyable {
  /// What `exchangeInfo` says of this server: its limits, and what it adds to the exchange.
  static func claims(_ options: ExchangeOptions, limitFactor: Int) -> MarketClaims {
    var claims = MarketClaims(options)
    claims.spotLimits = RateRule.rules(of: .spot, times: limitFactor).map(\.claim)
    claims.usdmLimits = RateRule.rules(of: .usdm, times: limitFactor).map(\.claim)
    (claims.hasOCO, claims.hasOTO) = (true, true)
    (claims.hasCancelReplace, claims.hasAmend, claims.hasQuoteQuantity) = (true, true, true)
    return claims
  }

  // MARK: - Pages

  func isMarketPage(_ path: String, _ product: VenueProduct) -> Bool { MarketPages.has(path, product) }

  func marketWeight(_ path: String, _ query: VenueQuery, _ product: VenueProduct) -> Int {
    MarketPages.weight(path, query, product)
  }

  func marketPath(ofMethod method: String, _ product: VenueProduct) -> String? {
    let name = product == .spot && method.hasPrefix("v3/") ? String(method.dropFirst(3)) : method
    return MarketPages.path(ofMethod: name, product)
  }

  mutating func marketPage(
    _ path: String, _ query: VenueQuery, _ caller: Caller, at time: ServerTime
  ) -> Result<[UInt8], VenueError> {
    recordedPage(path, query, caller, at: time)
      ?? pages.answer(
        path, query, caller.product, in: venue.exchange, at: time,
        unit: caller.face.isMicro ? .microsecond : .millisecond)
  }

  mutating func noteMarket(_ event: VenueEvent) {
    pages.note(event)
    streams.note(event)
  }

  // MARK: - Streams

  /// Opens a connection for streams, and for user data where its address names listenKeys.
  mutating func openStreams(_ target: String, on link: VenueLink, at time: ServerTime) throws(VenueError) {
    guard let product = links[link]?.product else { return }
    var target = target
    // Without a prefix there are only accounts: the addresses of market data have moved.
    if product == .usdm, target.hasPrefix("/ws") || target.hasPrefix("/stream") { target = "/private" + target }
    var wanted = try StreamTarget(target, product)
    let events = Self.eventChoices(target)
    for key in events.keys.sorted() where !wanted.names.contains(key) { wanted.names.append(key) }
    links[link]?.events = events.filter { !$0.value.isEmpty }
    try streams.open(link, wanted, product, &pages, in: venue.exchange, at: time)
    for name in wanted.names {
      if let account = listenKeys.account(of: name) { repeatFills(of: account, on: link) }
    }
  }

  /// Pairs of `listenKey=k` and `events=A/B` in an address, of which events follow the key they are about.
  private static func eventChoices(_ target: String) -> [String: Set<String>] {
    var (key, choices) = ("", [String: Set<String>]())
    for part in target.split(separator: "?").dropFirst().joined().split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { continue }
      if sides[0] == "listenKey" {
        key = String(sides[1])
        choices[key] = choices[key] ?? []
      } else if sides[0] == "events", !key.isEmpty {
        choices[key] = Set(sides[1].replacing("%2F", with: "/").split(separator: "/").map(String.init))
      }
    }
    return choices
  }

  mutating func takeStreamMessage(_ message: [UInt8], _ link: VenueLink, at time: ServerTime) {
    streams.take(message, on: link, &pages, in: venue.exchange, at: time)
    drainStreams()
  }

  mutating func turnStreams(at time: ServerTime) {
    streams.turn(&pages, in: venue.exchange, at: time)
    drainStreams()
  }

  mutating func drainStreams() {
    while let item = streams.nextOutput() {
      switch item {
      case .message(let link, let bytes): if isTold(bytes) { put(.message(link, bytes)) }
      case .close(let link, let code, _): closeSocket(link, code)
      }
    }
  }

  /// How many bytes a connection has not taken of what was handed out for it: who reads too slowly is cut off.
  package mutating func noteBacklog(of link: VenueLink, bytes: Int) {
    streams.noteBacklog(of: link, bytes: bytes)
    drainStreams()
  }
}

extension RateRule {
  /// As `exchangeInfo` says it.
  fileprivate var claim: MarketClaims.RateLimit {
    let unit: MarketClaims.RateLimit.Unit =
      switch interval {
      case "SECOND": .second
      case "MINUTE": .minute
      default: .day
      }
    return MarketClaims.RateLimit(
      kind == .weight ? .requestWeight : .orders, limit, per: Int(intervalNumber), unit)
  }
}
