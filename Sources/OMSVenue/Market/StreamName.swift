import OMSLib

/// What a market stream tells.
enum StreamKind: Hashable, Sendable {
  /// Differences of the book, every so many milliseconds.
  case depth(speed: Int)
  /// The best levels.
  case partialDepth(levels: Int, speed: Int)
  case bookTicker
  case trade
  case aggregateTrade
  /// `offset`: how far the candles' clock is ahead of UTC.
  case kline(KlineInterval, offset: Int64)
  case continuousKline(KlineInterval)
  case miniTicker
  case ticker
  case rollingTicker(minutes: Int)
  case averagePrice
  case referencePrice
  case markPrice(speed: Int)
  case forceOrder
  /// Of things this exchange does not have: nothing ever comes.
  case silent

  /// Books stand behind one address of futures, everything else of the market behind another. Single trades are not in
  /// the documents; who reads them asks for them with the books.
  var isBook: Bool {
    switch self {
    case .depth, .partialDepth, .bookTicker, .trade: true
    default: false
    }
  }
}

/// A stream: of one instrument, or of all of its product at once.
struct StreamName: Hashable, Sendable {
  var kind: StreamKind
  /// The symbol in lower case; `nil`: all.
  var symbol: String?

  /// `nil`: no stream of that product is called so.
  init?(_ text: String, _ product: VenueProduct) {
    guard text.utf8.count <= Self.lengthMax else { return nil }
    if text.hasPrefix("!") {
      guard let kind = Self.kindOfAll(text, product) else { return nil }
      (self.kind, symbol) = (kind, nil)
      return
    }
    guard let at = text.firstIndex(of: "@"), at != text.startIndex else { return nil }
    let rest = String(text[text.index(after: at)...])
    if product == .usdm, let kind = Self.continuous(rest) {
      // pair_contractType
      let parts = text[..<at].split(separator: "_")
      guard parts.count == 2 else { return nil }
      self.kind = parts[1].lowercased() == "perpetual" ? kind : .silent
      symbol = parts[0].lowercased()
      return
    }
    guard let kind = product == .spot ? Self.spotKind(rest) : Self.usdmKind(rest) else { return nil }
    self.kind = kind
    symbol = String(text[..<at])
  }

  private static let lengthMax = 128

  private static func kindOfAll(_ text: String, _ product: VenueProduct) -> StreamKind? {
    switch (text, product) {
    case ("!miniTicker@arr", _): return .miniTicker
    case ("!ticker@arr", .usdm): return .ticker
    case ("!bookTicker", .usdm): return .bookTicker
    case ("!markPrice@arr", .usdm): return .markPrice(speed: 3_000)
    case ("!markPrice@arr@1s", .usdm): return .markPrice(speed: 1_000)
    case ("!forceOrder@arr", .usdm): return .forceOrder
    case ("!contractInfo", .usdm), ("!assetIndex@arr", .usdm): return .silent
    case ("!ticker_1h@arr", .spot): return .rollingTicker(minutes: 60)
    case ("!ticker_4h@arr", .spot): return .rollingTicker(minutes: 240)
    case ("!ticker_1d@arr", .spot): return .rollingTicker(minutes: 1_440)
    default: return nil
    }
  }

  private static func spotKind(_ text: String) -> StreamKind? {
    switch text {
    case "depth": return .depth(speed: 1_000)
    case "depth@100ms": return .depth(speed: 100)
    case "bookTicker": return .bookTicker
    case "trade": return .trade
    case "aggTrade": return .aggregateTrade
    case "miniTicker": return .miniTicker
    case "ticker": return .ticker
    case "ticker_1h": return .rollingTicker(minutes: 60)
    case "ticker_4h": return .rollingTicker(minutes: 240)
    case "ticker_1d": return .rollingTicker(minutes: 1_440)
    case "avgPrice": return .averagePrice
    case "referencePrice": return .referencePrice
    case "blockTrade": return .silent
    default: break
    }
    if text.hasPrefix("kline_") {
      let parts = text.dropFirst(6).split(separator: "@", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), let interval = KlineInterval(rawValue: String(parts[0])) else { return nil }
      guard parts.count == 2 else { return .kline(interval, offset: 0) }
      // Streams know this one clock beside UTC.
      return parts[1] == "+08:00" ? .kline(interval, offset: 8 * KlineInterval.hour) : nil
    }
    return partial(text, speeds: ["": 1_000, "@100ms": 100])
  }

  private static func usdmKind(_ text: String) -> StreamKind? {
    switch text {
    case "depth": return .depth(speed: 250)
    case "depth@100ms": return .depth(speed: 100)
    case "depth@250ms": return .depth(speed: 250)
    // Orders of retail price improvement are not known here, so the book that shows them too is the same one.
    case "depth@500ms", "rpiDepth@500ms": return .depth(speed: 500)
    case "bookTicker": return .bookTicker
    case "trade": return .trade
    case "aggTrade": return .aggregateTrade
    case "miniTicker": return .miniTicker
    case "ticker": return .ticker
    case "markPrice": return .markPrice(speed: 3_000)
    case "markPrice@1s": return .markPrice(speed: 1_000)
    case "forceOrder": return .forceOrder
    case "compositeIndex", "tradingSession", "contractInfo": return .silent
    default: break
    }
    if text.hasPrefix("kline_") {
      guard let interval = KlineInterval(rawValue: String(text.dropFirst(6))), interval != .second1 else { return nil }
      return .kline(interval, offset: 0)
    }
    return partial(text, speeds: ["": 250, "@100ms": 100, "@250ms": 250, "@500ms": 500])
  }

  private static func continuous(_ text: String) -> StreamKind? {
    guard text.hasPrefix("continuousKline_"), let interval = KlineInterval(rawValue: String(text.dropFirst(16))) else {
      return nil
    }
    return .continuousKline(interval)
  }

  private static func partial(_ text: String, speeds: [String: Int]) -> StreamKind? {
    for levels in [5, 10, 20] where text.hasPrefix("depth\(levels)") {
      if let speed = speeds[String(text.dropFirst("depth\(levels)".count))] {
        return .partialDepth(levels: levels, speed: speed)
      }
    }
    return nil
  }
}

/// Which half of the futures' streams a connection stands behind; spot has one address for all.
package enum StreamScope: Sendable {
  case all
  case books
  case market
  /// What belongs to accounts: names of streams are keys there, and none of them is a market stream.
  case accounts

  func carries(_ kind: StreamKind) -> Bool {
    switch self {
    case .all: true
    case .books: kind.isBook
    case .market: !kind.isBook
    case .accounts: false
    }
  }
}

/// The address at which a client asked for streams.
package struct StreamTarget: Sendable {
  package var scope: StreamScope
  /// Messages say which stream they are of.
  package var isCombined: Bool
  package var names: [String]
  package var unit = TimeUnit.millisecond

  /// Reads path and query as they came.
  package init(_ target: String, _ product: VenueProduct) throws(VenueError) {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var path = parts[0].split(separator: "/").map(String.init)
    let query: VenueQuery
    do {
      query = try VenueQuery(query: parts.count > 1 ? parts[1] : "")
    } catch {
      throw VenueError(-1100, "The query of '\(target)' cannot be read.")
    }
    scope = .all
    if product == .usdm {
      let scopes: [String: StreamScope] = ["public": .books, "market": .market, "private": .accounts]
      guard let first = path.first, let found = scopes[first] else {
        throw VenueError(
          -1000, "Streams of futures are behind /public, /market and /private; '\(parts[0])' is none of them.",
          status: 404)
      }
      scope = found
      path.removeFirst()
    }
    guard let mode = path.first, mode == "ws" || mode == "stream" else {
      throw VenueError(-1000, "'\(parts[0])' is no address of streams: those end in /ws or /stream.", status: 404)
    }
    isCombined = mode == "stream"
    if isCombined {
      names = (query["streams"] ?? "").split(separator: "/").map(String.init)
    } else {
      names = path.dropFirst().map { Self.decoded($0) }
    }
    if let unit = query["timeUnit"]?.uppercased() {
      guard unit == "MILLISECOND" || unit == "MICROSECOND" else { throw .invalidValue("timeUnit") }
      self.unit = unit == "MICROSECOND" ? .microsecond : .millisecond
    }
  }

  /// A part of a path may be written with `%`; some clients do that with `@` and `!`.
  private static func decoded(_ part: String) -> String {
    guard part.contains("%"), let query = try? VenueQuery(query: "a=\(part)"), let text = query["a"] else {
      return part
    }
    return text
  }
}
