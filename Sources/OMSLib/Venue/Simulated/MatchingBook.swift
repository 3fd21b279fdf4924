/// The resting orders of one instrument, matched by price, then by time of arrival.
///
/// Prices are levels: counts of the tick. Levels near the market lie in a ladder that is indexed directly; all others in
/// sorted trees (`FarLevels`), so that any price works and only unusual ones cost more. The same level never holds both
/// sides, so one ladder serves both. Orders are named by their slot in `BookMemory`; the caller owns the slots.
package struct MatchingBook: ~Copyable {
  /// An order on its way into the book.
  package struct Incoming: Sendable {
    package var number: UInt64 = 0
    package var quantity: Int64 = 0
    /// The worst acceptable level: `anyBuy` or `anySell` for a market order.
    package var limit: Int64 = 0
    /// Counterparties it may have.
    package var fillMax = 0
    package var slot: UInt32 = 0
    package var group: UInt16 = 0
    package var side = Side.buy
    package var prevention = SelfTradePrevention.none
    package init() {}
  }

  package enum Stop: Sendable {
    /// Filled, or nothing left to trade with.
    case done
    /// Self-trade prevention ends the incoming order.
    case selfTrade
    /// As many fills as one request may have.
    case fillLimit
    /// In front of a guarded order: book what traded, then go on.
    case guarded
  }

  package static let anyBuy = Int64.max - 1
  package static let anySell = Int64.min + 1
  static let noBid = Int64.min
  static let noAsk = Int64.max

  private let ladder = Rows<PriceLevel>(zeroed: LevelBitmap.capacity)
  private var bids = LevelBitmap()
  private var asks = LevelBitmap()
  /// Best levels within the ladder; `noBid` and `noAsk` when it has none.
  private var nearBid = noBid
  private var nearAsk = noAsk
  private var farBids = FarLevels()
  private var farAsks = FarLevels()
  /// Level of the ladder's first row.
  private var origin: Int64

  package init(around level: Int64) {
    origin = Self.origin(around: level)
  }

  private static func origin(around level: Int64) -> Int64 { level - Int64(LevelBitmap.capacity / 2) }

  // MARK: - Best prices and depth

  /// `noBid` when the side is empty.
  @inline(__always) package var bestBid: Int64 {
    max(nearBid, farBids.highest)
  }

  /// `noAsk` when the side is empty.
  @inline(__always) package var bestAsk: Int64 {
    min(nearAsk, farAsks.lowest)
  }

  package var bestLevels: (bid: Int64, ask: Int64) { (bestBid, bestAsk) }

  package func hasOrders(_ side: Side) -> Bool {
    side == .buy ? bestBid != Self.noBid : bestAsk != Self.noAsk
  }

  /// Shown quantity of one level.
  package func quantity(at level: Int64, _ side: Side, _ memory: borrowing BookMemory) -> Int64 {
    guard let found = unsafe pointer(to: level, side, memory) else { return 0 }
    return unsafe found.pointee.quantity
  }

  /// The level of `side` that comes after `level`, away from the market; `nil` at the end.
  package func level(after level: Int64, _ side: Side, _ memory: borrowing BookMemory) -> Int64? {
    if side == .sell {
      let index = asks.next(above: Int(clamping: max(level - origin, -1)))
      let node = farAsks.ceiling(level + 1, memory)
      let near = index < 0 ? Self.noAsk : origin + Int64(index)
      let found = node == 0 ? near : min(near, memory.nodes[Int(node)].level)
      return found == Self.noAsk ? nil : found
    }
    let index = bids.next(below: Int(clamping: min(level - origin, Int64(LevelBitmap.capacity))))
    let node = farBids.floor(level - 1, memory)
    let near = index < 0 ? Self.noBid : origin + Int64(index)
    let found = node == 0 ? near : max(near, memory.nodes[Int(node)].level)
    return found == Self.noBid ? nil : found
  }

  /// First order in the queue of a level; 0 when it is empty.
  package func first(at level: Int64, _ side: Side, _ memory: borrowing BookMemory) -> UInt32 {
    guard let found = unsafe pointer(to: level, side, memory) else { return 0 }
    return unsafe found.pointee.head
  }

  /// What an order could get at once, hidden parts included: the quantity and the sum of level x quantity. Stops where
  /// `match` would. Guarded orders count only if `includesGuarded`: what they can give is not certain.
  package func reachable(
    _ order: Incoming, includesGuarded: Bool = true, _ memory: borrowing BookMemory
  ) -> (quantity: Int64, cost: Int128) {
    var (got, cost, fills) = (Int64(0), Int128(0), 0)
    let side = order.side.opposite
    var level: Int64? = side == .sell ? bestAsk : bestBid
    if !hasOrders(side) { level = nil }
    while let here = level, order.side == .buy ? here <= order.limit : here >= order.limit {
      var slot = first(at: here, side, memory)
      while slot != 0 {
        let row = memory.orders[Int(slot)]
        slot = row.next
        if order.prevention != .none, row.group != 0, row.group == order.group {
          if order.prevention == .expireMaker { continue }
          return (got, cost)
        }
        if row.isGuarded == 1 && !includesGuarded { continue }
        let slices = row.reserve == 0 ? 0 : Int(clamping: row.reserve / max(row.display, 1) + 1)
        fills += 1 + slices
        guard fills <= order.fillMax else { return (got, cost) }
        let part = min(row.quantity + row.reserve, order.quantity - got)
        got += part
        cost += Int128(here) * Int128(part)
        if got == order.quantity { return (got, cost) }
      }
      level = self.level(after: here, side, memory)
    }
    return (got, cost)
  }

  // MARK: - Changing the book

  /// Trades `order` against the book; what remains is for the caller to rest or to drop. At most `order.fillMax` facts are
  /// written, so `output` must have that much room.
  @inline(__always) package mutating func match(
    _ order: Incoming, memory: inout BookMemory, output: inout BookOutput
  ) -> (remaining: Int64, stop: Stop) {
    precondition(order.quantity > 0, "an order has a quantity")
    precondition(output.room >= order.fillMax, "no room for the fills of one request")
    var remaining = order.quantity
    var budget = order.fillMax
    let isBuy = order.side == .buy
    while true {
      let best = isBuy ? bestAsk : bestBid
      // The empty side's best level lies beyond every limit.
      guard isBuy ? best <= order.limit : best >= order.limit else { return (remaining, .done) }
      guard let fifo = unsafe pointer(to: best, order.side.opposite, memory) else {
        preconditionFailure("the best level exists")
      }
      let stop = unsafe trade(order, at: best, fifo, &remaining, &budget, memory, &output)
      if unsafe fifo.pointee.head == 0 { removeLevel(best, order.side.opposite, &memory) }
      if remaining == 0 { return (0, .done) }
      if let stop { return (remaining, stop) }
    }
  }

  /// Works through the queue of one level. `nil`: the level is used up, go on with the next.
  @inline(__always) private func trade(
    _ order: Incoming, at level: Int64, _ fifo: UnsafeMutablePointer<PriceLevel>, _ remaining: inout Int64,
    _ budget: inout Int, _ memory: borrowing BookMemory, _ output: inout BookOutput
  ) -> Stop? {
    while unsafe fifo.pointee.head != 0 {
      let slot = unsafe fifo.pointee.head
      let maker = unsafe memory.orders.pointer(to: Int(slot))
      guard budget > 0 else { return .fillLimit }
      if unsafe maker.pointee.isGuarded == 1, budget < order.fillMax { return .guarded }
      if order.prevention != .none, unsafe maker.pointee.group != 0, unsafe maker.pointee.group == order.group {
        if order.prevention != .expireTaker { unsafe expire(slot, fifo, order, memory, &output) }
        budget -= 1
        if order.prevention != .expireMaker { return .selfTrade }
        continue
      }
      let part = unsafe min(remaining, maker.pointee.quantity)
      remaining -= part
      budget -= 1
      unsafe maker.pointee.quantity -= part
      unsafe fifo.pointee.quantity -= part
      var fact = BookEvent()
      fact.taker = order.number
      unsafe fact.maker = maker.pointee.number
      fact.level = level
      fact.quantity = part
      unsafe fact.makerRest = maker.pointee.quantity + maker.pointee.reserve
      fact.takerSlot = order.slot
      fact.makerSlot = slot
      fact.kindRaw = BookEvent.Kind.fill.rawValue
      fact.sideRaw = order.side.rawValue
      output.push(fact)
      if unsafe maker.pointee.quantity == 0 { unsafe endSlice(slot, maker, fifo, memory) }
      if remaining == 0 { return nil }
    }
    return nil
  }

  /// The shown part of the first order is gone: the next slice of an iceberg goes to the end, others leave.
  @inline(__always) private func endSlice(
    _ slot: UInt32, _ maker: UnsafeMutablePointer<BookOrder>, _ fifo: UnsafeMutablePointer<PriceLevel>,
    _ memory: borrowing BookMemory
  ) {
    unsafe unlink(slot, fifo, memory)
    guard unsafe maker.pointee.reserve > 0 else {
      unsafe maker.pointee.isResting = 0
      return
    }
    unsafe maker.pointee.quantity = min(maker.pointee.display, maker.pointee.reserve)
    unsafe maker.pointee.reserve -= maker.pointee.quantity
    unsafe fifo.pointee.quantity += maker.pointee.quantity
    unsafe link(slot, fifo, memory)
  }

  private func expire(
    _ slot: UInt32, _ fifo: UnsafeMutablePointer<PriceLevel>, _ order: Incoming, _ memory: borrowing BookMemory,
    _ output: inout BookOutput
  ) {
    let row = memory.orders[Int(slot)]
    unsafe fifo.pointee.quantity -= row.quantity
    unsafe unlink(slot, fifo, memory)
    memory.orders[Int(slot)].isResting = 0
    var fact = BookEvent()
    fact.taker = order.number
    fact.maker = row.number
    fact.level = row.level
    fact.quantity = row.quantity + row.reserve
    fact.takerSlot = order.slot
    fact.makerSlot = slot
    fact.kindRaw = BookEvent.Kind.makerExpired.rawValue
    fact.sideRaw = order.side.rawValue
    output.push(fact)
  }

  /// Puts an order at the end of its level's queue. `display` 0 shows all of it.
  @inline(__always) package mutating func rest(
    _ order: Incoming, display: Int64 = 0, isGuarded: Bool = false, memory: inout BookMemory, output: inout BookOutput
  ) {
    precondition(order.slot != 0 && order.quantity > 0, "only an order with a slot and a quantity rests")
    let row = unsafe memory.orders.pointer(to: Int(order.slot))
    precondition(unsafe row.pointee.isResting == 0, "an order rests once")
    let shown = display == 0 ? order.quantity : min(display, order.quantity)
    unsafe row.pointee.number = order.number
    unsafe row.pointee.level = order.limit
    unsafe row.pointee.quantity = shown
    unsafe row.pointee.reserve = order.quantity - shown
    unsafe row.pointee.display = display
    unsafe row.pointee.group = order.group
    unsafe row.pointee.sideRaw = order.side.rawValue
    unsafe row.pointee.isResting = 1
    unsafe row.pointee.isGuarded = isGuarded ? 1 : 0
    let fifo = unsafe makeLevel(order.limit, order.side, &memory)
    unsafe fifo.pointee.quantity += shown
    unsafe link(order.slot, fifo, memory)
    var fact = BookEvent()
    fact.taker = order.number
    fact.takerSlot = order.slot
    fact.level = order.limit
    fact.quantity = order.quantity
    fact.kindRaw = BookEvent.Kind.rested.rawValue
    fact.sideRaw = order.side.rawValue
    output.push(fact)
  }

  /// Puts an order whose row was read back at the end of its level's queue.
  mutating func restore(_ slot: UInt32, memory: inout BookMemory) {
    let row = memory.orders[Int(slot)]
    precondition(row.isResting == 1, "only a resting order is in a queue")
    let fifo = unsafe makeLevel(row.level, row.sideRaw == Side.buy.rawValue ? .buy : .sell, &memory)
    unsafe fifo.pointee.quantity += row.quantity
    unsafe link(slot, fifo, memory)
  }

  /// Takes a resting order out; returns what was open of it, hidden part included.
  @inline(__always) package mutating func remove(
    _ slot: UInt32, memory: inout BookMemory, output: inout BookOutput
  ) -> Int64 {
    let row = unsafe memory.orders.pointer(to: Int(slot))
    precondition(unsafe row.pointee.isResting == 1, "only a resting order can be taken out")
    let (level, side) = unsafe (row.pointee.level, row.pointee.sideRaw == Side.buy.rawValue ? Side.buy : .sell)
    guard let fifo = unsafe pointer(to: level, side, memory) else {
      preconditionFailure("a resting order has a level")
    }
    unsafe fifo.pointee.quantity -= row.pointee.quantity
    unsafe unlink(slot, fifo, memory)
    unsafe row.pointee.isResting = 0
    if unsafe fifo.pointee.head == 0 { removeLevel(level, side, &memory) }
    let open = unsafe row.pointee.quantity + row.pointee.reserve
    var fact = BookEvent()
    unsafe fact.taker = row.pointee.number
    fact.takerSlot = slot
    fact.level = level
    fact.quantity = open
    fact.kindRaw = BookEvent.Kind.removed.rawValue
    fact.sideRaw = side.rawValue
    output.push(fact)
    return open
  }

  /// Makes a resting order smaller without losing its place: hidden quantity goes first.
  package mutating func reduce(_ slot: UInt32, by amount: Int64, memory: borrowing BookMemory) {
    let row = memory.orders[Int(slot)]
    precondition(row.isResting == 1 && amount > 0 && amount < row.quantity + row.reserve)
    let hidden = min(amount, row.reserve)
    memory.orders[Int(slot)].reserve -= hidden
    memory.orders[Int(slot)].quantity -= amount - hidden
    let side = row.sideRaw == Side.buy.rawValue ? Side.buy : .sell
    guard let fifo = unsafe pointer(to: row.level, side, memory) else {
      preconditionFailure("a resting order has a level")
    }
    unsafe fifo.pointee.quantity -= amount - hidden
  }

  // MARK: - The ladder

  /// Moves the ladder when the market has left its middle half. Prices and queues stay as they are.
  package mutating func recentre(around level: Int64, memory: inout BookMemory) {
    let quarter = Int64(LevelBitmap.capacity / 4)
    guard level < origin + quarter || level >= origin + 3 * quarter else { return }
    for side in Side.allCases {
      while let here = nearest(side) {
        let index = Int(here - origin)
        let fifo = ladder[index]
        ladder[index] = PriceLevel()
        if side == .buy { bids.remove(index) } else { asks.remove(index) }
        let node = side == .buy ? farBids.insert(here, &memory) : farAsks.insert(here, &memory)
        memory.nodes[Int(node)].fifo = fifo
      }
    }
    origin = Self.origin(around: level)
    for side in Side.allCases {
      while true {
        let node = side == .buy ? farBids.ceiling(origin, memory) : farAsks.ceiling(origin, memory)
        guard node != 0, memory.nodes[Int(node)].level - origin < Int64(LevelBitmap.capacity) else { break }
        let here = memory.nodes[Int(node)].level
        let index = Int(here - origin)
        ladder[index] = memory.nodes[Int(node)].fifo
        memory.nodes[Int(node)].fifo = PriceLevel()
        if side == .buy { bids.insert(index) } else { asks.insert(index) }
        if side == .buy { farBids.remove(here, &memory) } else { farAsks.remove(here, &memory) }
      }
    }
    nearBid = nearest(.buy) ?? Self.noBid
    nearAsk = nearest(.sell) ?? Self.noAsk
  }

  private func nearest(_ side: Side) -> Int64? {
    let index = side == .buy ? bids.highest : asks.lowest
    return index < 0 ? nil : origin + Int64(index)
  }

  @inline(__always) private func index(of level: Int64) -> Int? {
    let index = Int(level &- origin)
    return UInt(bitPattern: index) < UInt(LevelBitmap.capacity) ? index : nil
  }

  @inline(__always) private func pointer(
    to level: Int64, _ side: Side, _ memory: borrowing BookMemory
  ) -> UnsafeMutablePointer<PriceLevel>? {
    if let index = index(of: level) { return unsafe ladder.pointer(to: index) }
    return unsafe farPointer(to: level, side, memory)
  }

  @inline(never) private func farPointer(
    to level: Int64, _ side: Side, _ memory: borrowing BookMemory
  ) -> UnsafeMutablePointer<PriceLevel>? {
    let node = side == .buy ? farBids.find(level, memory) : farAsks.find(level, memory)
    guard node != 0 else { return nil }
    return unsafe Self.fifo(of: node, memory)
  }

  private static func fifo(of node: UInt32, _ memory: borrowing BookMemory) -> UnsafeMutablePointer<PriceLevel> {
    // The queue is the node's first field.
    unsafe UnsafeMutableRawPointer(memory.nodes.pointer(to: Int(node))).assumingMemoryBound(to: PriceLevel.self)
  }

  @inline(__always) private mutating func makeLevel(
    _ level: Int64, _ side: Side, _ memory: inout BookMemory
  ) -> UnsafeMutablePointer<PriceLevel> {
    if let index = index(of: level) {
      if side == .buy {
        bids.insert(index)
        nearBid = max(nearBid, level)
      } else {
        asks.insert(index)
        nearAsk = min(nearAsk, level)
      }
      return unsafe ladder.pointer(to: index)
    }
    return unsafe makeFarLevel(level, side, &memory)
  }

  @inline(never) private mutating func makeFarLevel(
    _ level: Int64, _ side: Side, _ memory: inout BookMemory
  ) -> UnsafeMutablePointer<PriceLevel> {
    if let found = unsafe farPointer(to: level, side, memory) { return unsafe found }
    let node = side == .buy ? farBids.insert(level, &memory) : farAsks.insert(level, &memory)
    return unsafe Self.fifo(of: node, memory)
  }

  @inline(__always) private mutating func removeLevel(_ level: Int64, _ side: Side, _ memory: inout BookMemory) {
    if let index = index(of: level) {
      if side == .buy {
        bids.remove(index)
        if level == nearBid { nearBid = nearest(.buy) ?? Self.noBid }
      } else {
        asks.remove(index)
        if level == nearAsk { nearAsk = nearest(.sell) ?? Self.noAsk }
      }
    } else if side == .buy {
      farBids.remove(level, &memory)
    } else {
      farAsks.remove(level, &memory)
    }
  }

  // MARK: - Queues

  @inline(__always) private func link(
    _ slot: UInt32, _ fifo: UnsafeMutablePointer<PriceLevel>, _ memory: borrowing BookMemory
  ) {
    let tail = unsafe fifo.pointee.tail
    let row = unsafe memory.orders.pointer(to: Int(slot))
    unsafe row.pointee.next = 0
    unsafe row.pointee.previous = tail
    if tail == 0 { unsafe fifo.pointee.head = slot } else { memory.orders[Int(tail)].next = slot }
    unsafe fifo.pointee.tail = slot
  }

  @inline(__always) private func unlink(
    _ slot: UInt32, _ fifo: UnsafeMutablePointer<PriceLevel>, _ memory: borrowing BookMemory
  ) {
    let row = unsafe memory.orders.pointer(to: Int(slot))
    let (next, previous) = unsafe (row.pointee.next, row.pointee.previous)
    if previous == 0 { unsafe fifo.pointee.head = next } else { memory.orders[Int(previous)].next = next }
    if next == 0 { unsafe fifo.pointee.tail = previous } else { memory.orders[Int(next)].previous = previous }
  }
}
