internal import CReference

/// The book of the built-in exchange against a bare one, on the same flows, with the same trades.
enum MatchingBench {
  static let move = benchmark("match.move", "matching, mostly changes of price", cr_flow_move)
  static let churn = benchmark("match.churn", "matching, new orders and cancels", cr_flow_churn)
  static let cross = benchmark("match.cross", "matching, half of the orders trade", cr_flow_cross)

  private static func benchmark(_ name: String, _ summary: String, _ mix: some BinaryInteger & Sendable) -> Benchmark {
    let mix = Int32(mix)
    return Benchmark(name, summary) { (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
      let flow = try OrderFlow(mix, count: setup.count(small: 4_000, real: 1_000_000))
      var contest = try MatchingContest(flow)
      var samples = (subject: Samples(), reference: Samples())
      for _ in 0..<setup.alternations {
        for part in 0..<contest.partCount { contest.replay(part, setup, into: &samples.subject) }
        for part in 0..<contest.partCount { contest.replayReference(part, setup, into: &samples.reference) }
        samples.subject.close()
        samples.reference.close()
        try contest.compareAndClear()
      }
      var row = BenchRow(name, bar: .speedMin(400), moonshot: .speedMin(800))
      row.take(samples, "price-time book in C, no acks", setup)
      row.checksum = contest.result.digest
      row.details = [("trades", Int64(contest.result.trades))]
      return [row]
    }
  }
}

/// Orders that both books replay.
@safe private struct OrderFlow: ~Copyable {
  let count: Int
  let orders: UnsafeMutablePointer<cr_flow_order>

  init(_ mix: Int32, count: Int) throws(BenchError) {
    self.count = count
    unsafe orders = .allocate(capacity: count)
    guard unsafe cr_flow_make(mix, orders, UInt64(count)) == 0 else {
      unsafe orders.deallocate()
      throw .unavailable("no memory for a flow of \(count) orders")
    }
  }

  deinit { unsafe orders.deallocate() }
}

@safe private struct MatchingContest: ~Copyable {
  private let flow: OrderFlow
  private let reference: UnsafeMutablePointer<cr_book>
  private var memory: BookMemory
  private var book: MatchingBook
  private var output = BookOutput(capacity: Self.outputCapacity)
  /// Of the last whole replay.
  private(set) var result: (trades: UInt64, digest: UInt64) = (0, 0)
  private var trades: UInt64 = 0
  private var digest: UInt64 = 0
  private var volume: UInt64 = 0
  private var acks: UInt64 = 0

  private static let outputCapacity = 4_096
  private static let fillMax = 2_048
  private static let partSize = 20_000
  /// Middle of the flows' prices.
  private static let middle: Int64 = 100_000

  init(_ flow: consuming OrderFlow) throws(BenchError) {
    guard let book = unsafe cr_book_make(UInt64(flow.count)) else { throw .unavailable("no memory for a book") }
    unsafe reference = book
    memory = BookMemory(orderCount: flow.count + 1)
    self.book = MatchingBook(around: Self.middle)
    self.flow = flow
    clearOrders()
  }

  /// Empties and touches all rows: the reference's are touched too.
  private func clearOrders() {
    for slot in 0..<memory.orders.count { memory.orders[slot] = BookOrder() }
  }

  deinit { unsafe cr_book_free(reference) }

  var partCount: Int { (flow.count + Self.partSize - 1) / Self.partSize }

  private func range(_ part: Int) -> Range<Int> { part * Self.partSize..<min(flow.count, (part + 1) * Self.partSize) }

  mutating func replay(_ part: Int, _ setup: borrowing BenchSetup, into samples: inout Samples) {
    let range = range(part)
    let took = setup.time { for index in range { unsafe apply(flow.orders[index]) } }
    samples.add(nanoseconds: took, operations: range.count)
  }

  mutating func replayReference(_ part: Int, _ setup: borrowing BenchSetup, into samples: inout Samples) {
    let range = range(part)
    let begin = setup.now()
    unsafe cr_book_apply(reference, flow.orders + range.lowerBound, UInt64(range.count))
    samples.add(nanoseconds: setup.now() - begin, operations: range.count)
  }

  @inline(__always)
  private mutating func apply(_ order: cr_flow_order) {
    var incoming = MatchingBook.Incoming()
    incoming.number = UInt64(order.id)
    incoming.slot = order.id
    incoming.side = order.is_sell == 0 ? .buy : .sell
    incoming.limit = Int64(order.price)
    incoming.quantity = Int64(order.quantity)
    incoming.fillMax = Self.fillMax
    if order.op >= 2 {
      let open = book.remove(order.id, memory: &memory, output: &output)
      incoming.quantity = open
    }
    if order.op != 2 {
      incoming.quantity = book.match(incoming, memory: &memory, output: &output).remaining
      if order.op != 1, incoming.quantity > 0 { book.rest(incoming, memory: &memory, output: &output) }
    }
    take()
  }

  /// Reads every fact: what a venue does to answer the order's owner.
  @inline(__always)
  private mutating func take() {
    while let event = output.pop() {
      guard event.kindRaw == BookEvent.Kind.fill.rawValue else {
        acks &+= event.taker
        continue
      }
      trades += 1
      volume &+= UInt64(bitPattern: event.quantity)
      digest &+=
        UInt64(bitPattern: event.level) &* UInt64(bitPattern: event.quantity) &+ event.maker &* 31 &+ event.taker &* 17
    }
  }

  /// Both have the same trades; the next alternation starts from empty books.
  mutating func compareAndClear() throws(BenchError) {
    let theirs = unsafe (reference.pointee.trades, reference.pointee.volume, reference.pointee.digest)
    guard (trades, volume, digest) == theirs, unsafe reference.pointee.unknown == 0 else {
      throw .unequal("trades, volume, digest \((trades, volume, digest)) against \(theirs)")
    }
    unsafe cr_book_clear(reference)
    clearOrders()
    book = MatchingBook(around: Self.middle)
    result = (trades, digest)
    (trades, volume, digest) = (0, 0, 0)
  }
}
