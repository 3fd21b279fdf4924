/// Something that market streams do not tell: asked by REST, where a long answer holds up no order.
package struct MarketQuestion: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    /// Best prices of all instruments.
    case tops
    /// How often contracts pay.
    case intervals
    /// A whole book.
    case depth(InstrumentID, limit: Int)
  }

  let kind: Kind
  /// An answer counts only while this question stands.
  let number: UInt32
  let askedAt: EngineTime
  /// What it costs of the venue's limit.
  package let weight: Int64
}

/// Whether something may be asked now: one question at a time, and later each time it fails.
struct Asking: Sendable {
  private(set) var underWay: UInt32?
  private(set) var opensAt = EngineTime.zero
  private var backoff = Backoff(
    leastNanoseconds: 250_000_000, mostNanoseconds: 4_000_000_000, stableNanoseconds: 10_000_000_000)

  func isOpen(at now: EngineTime) -> Bool { underWay == nil && now >= opensAt }

  mutating func begin(_ number: UInt32) { underWay = number }

  /// Nobody waits for the answer any more.
  mutating func forget() { underWay = nil }

  mutating func succeed(at now: EngineTime, restNanoseconds rest: Int64 = 0) {
    underWay = nil
    backoff.succeed(at: now)
    opensAt = now.advanced(byNanoseconds: rest)
  }

  mutating func fail(at now: EngineTime, _ random: inout SplitMix64) {
    underWay = nil
    opensAt = backoff.fail(at: now, &random)
  }
}

/// A book that somebody looks at.
struct FollowedBook: Sendable {
  let instrument: Instrument
  /// Its place among the streams of the line.
  let stream: Int
  var book: BinanceBook
  var asking = Asking()
  /// When somebody last looked, and how far.
  var wantedAt: EngineTime
  var depth: Int
  /// Levels of a side in the last snapshot that was asked for, and when it was there.
  var limit = 0
  var liveAt = EngineTime.zero
  /// Since when its changes come; zero: they do not.
  var carriedAt = EngineTime.zero

  init(_ instrument: Instrument, _ product: BinanceProduct, stream: Int, at now: EngineTime) {
    self.instrument = instrument
    self.stream = stream
    book = BinanceBook(product)
    wantedAt = now
    depth = 0
  }

  /// What a snapshot may be asked for: changes should be waiting for it, unless there are none for so long.
  static let firstChange: Int64 = 1_000_000_000
  /// Nobody looked for so long: it is dropped.
  static let idle: Int64 = 60_000_000_000
  /// A snapshot lasts for so long at least, however many of its levels are gone.
  static let snapshotLife: Int64 = 10_000_000_000

  /// When its snapshot may be asked for.
  var asksAt: EngineTime {
    guard book.state == .waiting, asking.underWay == nil, carriedAt != .zero else { return .never }
    let changes = book.isKeeping ? .zero : carriedAt.advanced(byNanoseconds: Self.firstChange)
    return max(asking.opensAt, changes)
  }

  /// The link is gone, and whatever was asked for it.
  mutating func forget() {
    book.reset()
    asking.forget()
    carriedAt = .zero
  }

  /// Twice as many as are looked at, for the best go first.
  var wantedLimit: Int {
    for limit in [100, 500] where limit >= 2 * depth { return limit }
    return 1_000
  }

  /// Fewer levels than half of what is looked at are left of the snapshot.
  func isWornOut(at now: EngineTime) -> Bool {
    let isOld = now.nanoseconds - liveAt.nanoseconds >= Self.snapshotLife
    guard isOld || wantedLimit > limit else { return false }
    return Side.allCases.contains { book.isCut($0) && book.known($0, atMost: depth) < (depth + 1) / 2 }
  }
}
