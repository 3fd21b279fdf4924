import Testing

@testable import OMSLib

/// A book as slow and plain as can be: one array, searched from the start.
private struct PlainBook {
  struct Order {
    var id: UInt64
    var side: Side
    var level: Int64
    var quantity: Int64
  }
  var orders: [Order] = []
  var digest: UInt64 = 0
  var trades = 0
  var volume: Int64 = 0

  mutating func match(_ id: UInt64, _ side: Side, _ limit: Int64, _ quantity: Int64) -> Int64 {
    var rest = quantity
    while rest > 0 {
      let candidates = orders.indices.filter {
        orders[$0].side != side && (side == .buy ? orders[$0].level <= limit : orders[$0].level >= limit)
      }
      guard
        let best = candidates.min(by: {
          side == .buy ? orders[$0].level < orders[$1].level : orders[$0].level > orders[$1].level
        })
      else { return rest }
      let part = min(rest, orders[best].quantity)
      rest -= part
      orders[best].quantity -= part
      trades += 1
      volume += part
      digest &+= UInt64(orders[best].level) &* UInt64(part) &+ orders[best].id &* 31 &+ id &* 17
      if orders[best].quantity == 0 { orders.remove(at: best) }
    }
    return 0
  }
}

/// The fast book driven by ids, with the digest that engines replaying one flow compare.
private struct FastBook: ~Copyable {
  var memory = BookMemory(orderCount: 4_096)
  var output = BookOutput(capacity: 4_096)
  var book = MatchingBook(around: 100_000)
  var digest: UInt64 = 0
  var trades = 0
  var volume: Int64 = 0

  mutating func order(_ id: UInt64, _ side: Side, _ level: Int64, _ quantity: Int64, rests: Bool) {
    var incoming = MatchingBook.Incoming()
    incoming.number = id
    incoming.slot = UInt32(id)
    incoming.side = side
    incoming.limit = level
    incoming.quantity = quantity
    incoming.fillMax = 2_048
    let result = book.match(incoming, memory: &memory, output: &output)
    incoming.quantity = result.remaining
    if rests && result.remaining > 0 { book.rest(incoming, memory: &memory, output: &output) }
    while let event = output.pop() {
      guard event.kind == .fill else { continue }
      trades += 1
      volume += event.quantity
      digest &+= UInt64(event.level) &* UInt64(event.quantity) &+ event.maker &* 31 &+ event.taker &* 17
    }
  }

  mutating func cancel(_ id: UInt64) -> Int64 {
    defer { while output.pop() != nil {} }
    return book.remove(UInt32(id), memory: &memory, output: &output)
  }
}

@Suite struct MatchingBookTests {
  /// `width`: how far prices scatter; wide ones leave the ladder on both sides.
  @Test(arguments: [(UInt64(1), UInt64(20)), (2, 400), (3, 900_000), (4, 5)])
  func itTradesExactlyLikeAPlainBook(seed: UInt64, width: UInt64) {
    var random = SplitMix64(seed: seed)
    var plain = PlainBook()
    var fast = FastBook()
    var middle: Int64 = 1_000_000
    for id in UInt64(1)...2_000 {
      middle += Int64(random.below(width)) - Int64(width / 2)
      if random.chance(1, in: 50) { fast.book.recentre(around: middle, memory: &fast.memory) }
      if !plain.orders.isEmpty && random.chance(4, in: 10) {
        let index = Int(random.below(UInt64(plain.orders.count)))
        let order = plain.orders.remove(at: index)
        let open = fast.cancel(order.id)
        #expect(open == order.quantity)
      }
      let side: Side = random.chance(1, in: 2) ? .buy : .sell
      let level = max(middle + Int64(random.below(width)) - Int64(width / 2), 1)
      let quantity = Int64(random.below(100)) + 1
      let rests = random.chance(9, in: 10)
      let rest = plain.match(id, side, level, quantity)
      if rests && rest > 0 { plain.orders.append(.init(id: id, side: side, level: level, quantity: rest)) }
      fast.order(id, side, level, quantity, rests: rests)
      #expect(plain.digest == fast.digest && plain.trades == fast.trades && plain.volume == fast.volume)
      let bid = plain.orders.filter { $0.side == .buy }.map(\.level).max() ?? .min
      let ask = plain.orders.filter { $0.side == .sell }.map(\.level).min() ?? .max
      let best = fast.book.bestLevels
      #expect(best.bid == bid && best.ask == ask)
    }
    #expect(plain.trades > 100)
  }

  @Test(arguments: [UInt64(7), 8])
  func everyLevelIsListedInOrderWithItsQuantity(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var fast = FastBook()
    var wanted: [Int64: Int64] = [:]
    for id in UInt64(1)...500 {
      let level = Int64(random.below(2_000_000)) + 1
      fast.order(id, .buy, level, Int64(id), rests: true)
      wanted[level, default: 0] += Int64(id)
    }
    var level: Int64? = fast.book.bestBid
    var seen: [Int64] = []
    while let here = level {
      seen.append(here)
      let quantity = fast.book.quantity(at: here, .buy, fast.memory)
      #expect(quantity == wanted[here])
      level = fast.book.level(after: here, .buy, fast.memory)
    }
    #expect(seen == wanted.keys.sorted(by: >))
  }
}
