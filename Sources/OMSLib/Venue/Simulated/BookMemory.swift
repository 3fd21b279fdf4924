/// A resting order as the matching sees it: what it needs in one cache line, and nothing else.
package struct BookOrder: Sendable, BitwiseCopyable {
  /// The exchange's number of the order.
  package var number: UInt64 = 0
  package var level: Int64 = 0
  /// Shown and open.
  package var quantity: Int64 = 0
  /// The hidden rest of an iceberg; shown in slices of `display`, each at the end of the queue.
  package var reserve: Int64 = 0
  package var display: Int64 = 0
  package var next: UInt32 = 0
  package var previous: UInt32 = 0
  /// Trade group for self-trade prevention; 0 trades with everybody.
  package var group: UInt16 = 0
  package var sideRaw: UInt8 = 0
  package var isResting: UInt8 = 0
  /// 1: a match stops in front of it unless it comes first, because its quantity depends on what traded before.
  package var isGuarded: UInt8 = 0
  package var padding: (UInt8, UInt16) = (0, 0)
  package var more: UInt64 = 0
  package init() {}
}

/// The orders of one price in order of arrival.
struct PriceLevel: BitwiseCopyable {
  var head: UInt32 = 0
  var tail: UInt32 = 0
  /// Sum of what is shown.
  var quantity: Int64 = 0
}

/// A price level outside the ladder of its book: a node of a treap, its priority a hash of the level.
struct FarLevel: BitwiseCopyable {
  var fifo = PriceLevel()
  var level: Int64 = 0
  var left: UInt32 = 0
  var right: UInt32 = 0
  var priority: UInt32 = 0
  var padding: UInt32 = 0
}

/// What all books of one exchange share: rows of resting orders and nodes of far levels. Slot 0 stands for "none".
package struct BookMemory: ~Copyable {
  let orders: Rows<BookOrder>
  let nodes: Rows<FarLevel>
  private var freeNode: UInt32 = 0
  private var usedNodes: UInt32 = 0

  package init(orderCount: Int) {
    precondition(orderCount > 0 && orderCount < Int(UInt32.max) - 1)
    orders = Rows(zeroed: orderCount + 1)
    // A far level holds at least one order, so there are never more of them.
    nodes = Rows(zeroed: orderCount + 1)
  }

  mutating func takeNode() -> UInt32 {
    if freeNode != 0 {
      let node = freeNode
      freeNode = nodes[Int(node)].left
      return node
    }
    usedNodes += 1
    precondition(Int(usedNodes) < nodes.count, "more far levels than orders")
    return usedNodes
  }

  mutating func releaseNode(_ node: UInt32) {
    precondition(node != 0 && nodes[Int(node)].fifo.head == 0, "a level with orders is in use")
    nodes[Int(node)] = FarLevel()
    nodes[Int(node)].left = freeNode
    freeNode = node
  }
}
