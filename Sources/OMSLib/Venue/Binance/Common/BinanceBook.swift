/// A book kept here from a snapshot and the changes behind it, by the venue's own rules. Between them it is not there.
///
/// Bounded: the farthest levels leave when a side is full, and so do waiting changes when no snapshot comes for too long.
package struct BinanceBook: Sendable {
  package enum State: UInt8, Sendable, CaseIterable {
    /// Changes wait for a snapshot.
    case waiting
    case live
  }

  package enum Outcome: UInt8, Sendable, CaseIterable {
    case applied
    /// Older than the book.
    case stale
    /// Kept until the snapshot comes.
    case kept
    /// One is missing before it: the book is gone, and a new snapshot is needed.
    case gap
    /// Best bid and ask cross: what was applied cannot be right, and a new snapshot is needed.
    case crossed
    /// More changes wait than may: they are gone.
    case overflow
    /// The snapshot is from before the first change that is kept: a newer one is needed.
    case tooOld
  }

  package let product: BinanceProduct
  package private(set) var state = State.waiting
  /// The last update that is in it.
  package private(set) var update: Int64 = 0
  /// Best price last: that end changes most.
  private var bids: [BinanceLevel] = []
  private var asks: [BinanceLevel] = []
  private var kept: [BinanceDepth] = []
  private var keptLevels = 0
  /// No change has been applied to the snapshot yet.
  private var isFresh = false
  /// The last levels of the snapshot, where it did not go on to the end: beyond them only what changed since is known.
  private var edges: (bid: Int64?, ask: Int64?)
  private let levelMax: Int
  private let keptMax: Int

  /// A hundred seconds of changes at ten a second, and levels as of ten snapshots.
  package static let keptMax = 1_024
  package static let keptLevelMax = 10 * BinanceDepth.levelMax

  package init(_ product: BinanceProduct, levelMax: Int = BinanceDepth.levelMax, keptMax: Int = Self.keptMax) {
    precondition(levelMax > 0 && keptMax > 0, "a book has room")
    self.product = product
    self.levelMax = levelMax
    self.keptMax = keptMax
    bids.reserveCapacity(levelMax)
    asks.reserveCapacity(levelMax)
  }

  /// Forgets everything: the link is new.
  package mutating func reset() {
    state = .waiting
    update = 0
    edges = (nil, nil)
    bids.removeAll(keepingCapacity: true)
    asks.removeAll(keepingCapacity: true)
    kept.removeAll()
    keptLevels = 0
  }

  // MARK: Changes

  package mutating func take(_ depth: BinanceDepth) -> Outcome {
    guard state == .live else { return keep(depth) }
    let outcome = apply(depth)
    if outcome == .gap || outcome == .crossed {
      reset()
      // What comes behind the gap is of use to the next snapshot.
      if outcome == .gap { _ = keep(depth) }
    }
    return outcome
  }

  /// `applied`: the book is there, with all changes that were kept. After anything else another snapshot is needed.
  /// `limit`: how many levels of a side it was asked for.
  package mutating func take(snapshot: BinanceDepth, limit: Int = .max) -> Outcome {
    if let first = kept.first, isBehind(first, snapshot.last) { return .tooOld }
    let waiting = kept
    reset()
    set(snapshot)
    if snapshot.bids.count >= limit { edges.bid = bids.first?.price }
    if snapshot.asks.count >= limit { edges.ask = asks.first?.price }
    for depth in waiting {
      let outcome = apply(depth)
      guard outcome == .gap || outcome == .crossed else { continue }
      reset()
      return outcome
    }
    guard isCrossed else { return .applied }
    reset()
    return .crossed
  }

  /// Whether changes between a snapshot of that number and this one are missing.
  private func isBehind(_ depth: BinanceDepth, _ snapshot: Int64) -> Bool {
    product == .spot ? depth.first > snapshot + 1 : depth.first > snapshot
  }

  private mutating func keep(_ depth: BinanceDepth) -> Outcome {
    let levels = depth.bids.count + depth.asks.count
    guard kept.count < keptMax, keptLevels + levels <= Self.keptLevelMax else {
      reset()
      return .overflow
    }
    kept.append(depth)
    keptLevels += levels
    return .kept
  }

  private mutating func apply(_ depth: BinanceDepth) -> Outcome {
    switch product {
    case .spot:
      guard isFresh ? depth.last > update : depth.last >= update else { return .stale }
      guard depth.first <= update + 1 else { return .gap }
    case .usdm:
      guard isFresh ? depth.last >= update : depth.last > update else { return .stale }
      guard isFresh ? depth.first <= update : depth.previous == update else { return .gap }
    }
    isFresh = false
    update = depth.last
    for level in depth.bids { Self.put(level, into: &bids, levelMax) { $0 < $1 } }
    for level in depth.asks { Self.put(level, into: &asks, levelMax) { $0 > $1 } }
    return isCrossed ? .crossed : .applied
  }

  private mutating func set(_ snapshot: BinanceDepth) {
    for level in snapshot.bids { Self.put(level, into: &bids, levelMax) { $0 < $1 } }
    for level in snapshot.asks { Self.put(level, into: &asks, levelMax) { $0 > $1 } }
    update = snapshot.last
    isFresh = true
    state = .live
  }

  /// `isWorse`: the order of the side, its best level last.
  @inline(__always)
  private static func put(
    _ level: BinanceLevel, into side: inout [BinanceLevel], _ levelMax: Int, _ isWorse: (Int64, Int64) -> Bool
  ) {
    var (low, high) = (0, side.count)
    while low < high {
      let middle = (low + high) / 2
      if isWorse(side[middle].price, level.price) { low = middle + 1 } else { high = middle }
    }
    let isThere = low < side.count && side[low].price == level.price
    guard level.quantity > 0 else {
      // That there was none is usual: it was farther off than the snapshot went.
      if isThere { side.remove(at: low) }
      return
    }
    if isThere {
      side[low].quantity = level.quantity
      return
    }
    if side.count == levelMax {
      // Farther off than all that are known: it would leave at once.
      guard low > 0 else { return }
      side.removeFirst()
      low -= 1
    }
    side.insert(level, at: low)
  }

  // MARK: Reading

  /// Changes wait for a snapshot.
  package var isKeeping: Bool { !kept.isEmpty }

  package var bid: BinanceLevel? { state == .live ? bids.last : nil }
  package var ask: BinanceLevel? { state == .live ? asks.last : nil }
  package var bidCount: Int { bids.count }
  package var askCount: Int { asks.count }

  private var isCrossed: Bool {
    guard let bid = bids.last, let ask = asks.last else { return false }
    return bid.price >= ask.price
  }

  /// Best first, at most so many.
  package func levels(_ side: Side, _ count: Int) -> [BinanceLevel] {
    state == .live ? (side == .buy ? bids : asks).suffix(count).reversed() : []
  }

  /// Calls `body` with at most so many levels, the best first, as far as all of them are known.
  package func forEachLevel(_ side: Side, _ count: Int, _ body: (_ price: Int64, _ quantity: Int64) -> Void) {
    let levels = side == .buy ? bids : asks
    for back in 1..<(known(side, atMost: count) + 1) {
      body(levels[levels.count - back].price, levels[levels.count - back].quantity)
    }
  }

  /// How many levels there are up to the end of the snapshot, looking at no more than `count`.
  package func known(_ side: Side, atMost count: Int) -> Int {
    guard state == .live else { return 0 }
    let levels = side == .buy ? bids : asks
    let edge = side == .buy ? edges.bid : edges.ask
    var known = min(count, levels.count)
    guard let edge else { return known }
    while known > 0,
      side == .buy ? levels[levels.count - known].price < edge : levels[levels.count - known].price > edge
    {
      known -= 1
    }
    return known
  }

  /// Whether there may be more behind the levels that are known.
  package func isCut(_ side: Side) -> Bool { (side == .buy ? edges.bid : edges.ask) != nil }

  /// Best prices for the table of markets. Not valid while a side is empty or the book is not there.
  package func top(at time: EngineTime) -> TopOfBook {
    var top = TopOfBook()
    top.updatedAt = time
    top.bookSequence = UInt64(max(0, update))
    guard let bid, let ask else { return top }
    (top.bid, top.bidQuantity) = (bid.price, bid.quantity)
    (top.ask, top.askQuantity) = (ask.price, ask.quantity)
    top.isValid = 1
    return top
  }
}
