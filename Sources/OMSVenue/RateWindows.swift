import OMSLib

/// A limit in windows that are aligned to the clock: a window of ten seconds begins at :00, :10 ...
struct RateRule: Sendable {
  enum Kind: String, Sendable {
    case weight = "REQUEST_WEIGHT"
    case orders = "ORDERS"
  }

  let kind: Kind
  let interval: String
  let intervalNumber: Int64
  let limit: Int

  /// As in the names of header fields: `1M`, `10S`, `1D`.
  var letters: String { "\(intervalNumber)\(interval.first.map(String.init) ?? "")" }

  var nanoseconds: Int64 {
    let unit: Int64 =
      switch interval {
      case "SECOND": 1_000_000_000
      case "MINUTE": 60_000_000_000
      default: 86_400_000_000_000
      }
    return unit * intervalNumber
  }

  func window(at time: UTCTime) -> Int64 { time.nanoseconds / nanoseconds }
  func end(at time: UTCTime) -> UTCTime { UTCTime(nanoseconds: (window(at: time) + 1) * nanoseconds) }

  /// As `exchangeInfo` publishes them; `factor` times what the real one allows.
  static func rules(of product: VenueProduct, times factor: Int) -> [RateRule] {
    switch product {
    case .spot:
      [
        RateRule(kind: .weight, interval: "MINUTE", intervalNumber: 1, limit: 6_000 * factor),
        RateRule(kind: .orders, interval: "SECOND", intervalNumber: 10, limit: 100 * factor),
        RateRule(kind: .orders, interval: "DAY", intervalNumber: 1, limit: 200_000 * factor),
      ]
    case .usdm:
      [
        RateRule(kind: .weight, interval: "MINUTE", intervalNumber: 1, limit: 2_400 * factor),
        RateRule(kind: .orders, interval: "SECOND", intervalNumber: 10, limit: 300 * factor),
        RateRule(kind: .orders, interval: "MINUTE", intervalNumber: 1, limit: 1_200 * factor),
      ]
    }
  }
}

/// What one limit has counted in the window it was last used in.
struct RateCount: Sendable {
  private var window: Int64 = 0
  private var used = 0

  func used(_ rule: RateRule, at time: UTCTime) -> Int { window == rule.window(at: time) ? used : 0 }

  /// A window never saves up: below zero there is nothing.
  mutating func add(_ count: Int, _ rule: RateRule, at time: UTCTime) {
    used = max(used(rule, at: time) + count, 0)
    window = rule.window(at: time)
  }
}

/// Request weights by address, order counts by account.
struct RateDesk: Sendable {
  /// Requests that an address may still send after its first 429 before it is banned.
  private static let patience = 10
  private static let firstBan: Int64 = 120_000_000_000
  private static let longestBan: Int64 = 3 * 86_400_000_000_000

  struct Place: Hashable, Sendable {
    var product: VenueProduct
    var peer: String
  }

  struct Owner: Hashable, Sendable {
    var product: VenueProduct
    var account: UInt16
  }

  private struct Peer: Sendable {
    var weight = RateCount()
    /// Requests in the window after the limit was reached.
    var ignored = RateCount()
    var banEnd = UTCTime.zero
    var bans = 0
  }

  enum Verdict: Equatable, Sendable {
    case free
    /// 429: too many, until then.
    case throttled(until: UTCTime)
    /// 418.
    case banned(until: UTCTime)
  }

  /// Of each window, used up by others who share the address.
  var foreignWeight = 0
  private let factor: Int
  private var peers: [Place: Peer] = [:]
  private var orders: [Owner: [RateCount]] = [:]

  /// `factor`: how many times the real one's limits hold here.
  init(factor: Int = 1) { self.factor = factor }

  func weightRule(_ product: VenueProduct) -> RateRule { RateRule.rules(of: product, times: factor)[0] }
  func orderRules(_ product: VenueProduct) -> [RateRule] {
    Array(RateRule.rules(of: product, times: factor).dropFirst())
  }

  mutating func take(_ weight: Int, from place: Place, at time: UTCTime) -> Verdict {
    let rule = weightRule(place.product)
    var peer = peers[place] ?? Peer()
    defer { peers[place] = peer }
    if time < peer.banEnd { return .banned(until: peer.banEnd) }
    guard peer.weight.used(rule, at: time) + foreignWeight + weight > rule.limit else {
      peer.weight.add(weight, rule, at: time)
      return .free
    }
    peer.ignored.add(1, rule, at: time)
    guard peer.ignored.used(rule, at: time) > Self.patience else { return .throttled(until: rule.end(at: time)) }
    // Each ban is twice as long as the one before.
    let length = min(Self.firstBan << min(Int64(peer.bans), 20), Self.longestBan)
    peer.bans += 1
    peer.banEnd = UTCTime(nanoseconds: time.nanoseconds + length)
    return .banned(until: peer.banEnd)
  }

  mutating func giveBack(_ weight: Int, to place: Place, at time: UTCTime) {
    let rule = weightRule(place.product)
    peers[place]?.weight.add(-weight, rule, at: time)
  }

  func weight(of place: Place, at time: UTCTime) -> Int {
    (peers[place]?.weight.used(weightRule(place.product), at: time) ?? 0) + foreignWeight
  }

  func isBanned(_ place: Place, at time: UTCTime) -> Bool { (peers[place]?.banEnd ?? .zero) > time }

  func orderCounts(of owner: Owner, at time: UTCTime) -> [Int] {
    let rules = orderRules(owner.product)
    let counts = orders[owner] ?? rules.map { _ in RateCount() }
    return zip(rules, counts).map { $1.used($0, at: time) }
  }

  /// The rule that so many more orders would break.
  func broken(by count: Int, of owner: Owner, at time: UTCTime) -> RateRule? {
    zip(orderRules(owner.product), orderCounts(of: owner, at: time)).first { $1 + count > $0.limit }?.0
  }

  /// `counts`: by rule, so that a batch may count once in one window and by its orders in another.
  mutating func count(_ counts: [Int], of owner: Owner, at time: UTCTime) {
    let rules = orderRules(owner.product)
    var rows = orders[owner] ?? rules.map { _ in RateCount() }
    for (index, rule) in rules.enumerated() where index < counts.count {
      rows[index].add(counts[index], rule, at: time)
    }
    orders[owner] = rows
  }
}
