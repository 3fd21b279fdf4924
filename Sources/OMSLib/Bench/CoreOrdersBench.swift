// Orders through the core: checked, reserved, every record written with its chain.
//
// `core.accept` is a command to place an order and its intent. `core.life` is an order's whole life: command, the venue's
// acceptance, a fill, done. Its figures are of one of these three inputs.

enum CoreOrdersBench {
  static let accept = Benchmark("core.accept", "new orders through the core, recorded") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("core.accept", inputsEach: 1, setup) { (desk: inout BenchDesk, book: inout OrderLives, count: Int) in
      for _ in 0..<count { book.accept(&desk) }
      return count
    } between: { (desk: inout BenchDesk, book: inout OrderLives) in
      book.rejectAll(&desk)
    }
  }

  static let life = Benchmark("core.life", "inputs of whole lives of orders through the core, recorded") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("core.life", inputsEach: 3, setup) { (desk: inout BenchDesk, book: inout OrderLives, count: Int) in
      for _ in 0..<count { book.live(&desk) }
      return count
    } between: { (desk: inout BenchDesk, book: inout OrderLives) in
      desk.fireTimers()
    }
  }

  private static func measure(
    _ name: String, inputsEach: Int, _ setup: borrowing BenchSetup,
    _ batch: (inout BenchDesk, inout OrderLives, Int) -> Int,
    between rest: (inout BenchDesk, inout OrderLives) -> Void
  ) throws(BenchError) -> [BenchRow] {
    var desk = try BenchDesk(
      accounts: setup.count(small: 8, real: 200), instruments: setup.count(small: 4, real: 500),
      capacity: setup.size == .small ? .small : .bench,
      ringBytes: setup.size == .small ? 1 << 22 : JournalRing.defaultCapacity)
    var book = OrderLives(accounts: desk.accountCount, instruments: desk.instrumentCount)
    let size = setup.count(small: 64, real: 512)
    // Tables come into being when they are touched first; that is not what is measured.
    // One lap through the table of orders and more.
    for _ in 0..<setup.count(small: 1, real: Limits.orderCount / 512 + 20) {
      _ = batch(&desk, &book, size)
      rest(&desk, &book)
    }
    var (records, orders) = (UInt64(0), 0)
    var samples = Samples()
    let share = setup.size == .small ? 0 : setup.duration / Int64(setup.alternations)
    for _ in 0..<setup.alternations {
      let end = setup.now() + share
      repeat {
        let before = desk.appender.lsn
        var done = 0
        let took = setup.time { done = batch(&desk, &book, size) }
        samples.add(nanoseconds: took, operations: done * inputsEach)
        records += desk.appender.lsn - before
        orders += done
        rest(&desk, &book)
      } while setup.now() < end
      samples.close()
    }
    guard book.refused == 0 else { throw .unequal("\(book.refused) of \(book.count) orders were refused") }
    var row = BenchRow(name, bar: .perSecondMin(1_000_000), moonshot: .perSecondMin(3_000_000))
    row.take(samples, setup)
    row.durability = "group"
    row.checksum = setup.size == .small ? desk.core.state.digest.low | 1 : 0
    row.details = [
      ("inputs_per_order", Int64(inputsEach)),
      ("records_per_order_milli", Int64(records) * 1_000 / Int64(orders)),
    ]
    return [row]
  }
}

/// Draws orders over accounts and instruments, and plays the venue.
struct OrderLives: ~Copyable {
  private let accounts: Int
  private let instruments: Int
  private var random = SplitMix64(seed: 42)
  private(set) var count = 0
  private(set) var refused = 0
  /// Requests of orders that nobody has answered.
  private var open: [VenueRequest] = []

  init(accounts: Int, instruments: Int) {
    self.accounts = accounts
    self.instruments = instruments
    open.reserveCapacity(1_024)
  }

  /// Places one order; what the core asks of the venue is kept.
  @inline(__always)
  private mutating func place(_ desk: inout BenchDesk) -> Bool {
    let draw = random.next()
    let account = 1 + Int((draw & 0xFFFF) * UInt64(accounts) >> 16)
    let instrument = 1 + Int((draw >> 16 & 0xFFFF) * UInt64(instruments) >> 16)
    desk.step(
      .newOrder, desk.order(account: account, instrument: instrument, draw >> 32 & 1 == 0 ? .buy : .sell))
    count += 1
    guard desk.output.requestCount == 1 else {
      refused += 1
      return false
    }
    return true
  }

  @inline(__always)
  mutating func accept(_ desk: inout BenchDesk) {
    guard place(&desk) else { return }
    open.append(desk.output.request(at: 0))
  }

  /// The venue takes none of them: the tables are as before.
  mutating func rejectAll(_ desk: inout BenchDesk) {
    for request in open { desk.step(.venueEvent, desk.event(.notSent, about: request)) }
    open.removeAll(keepingCapacity: true)
    desk.fireTimers()
  }

  @inline(__always)
  mutating func live(_ desk: inout BenchDesk) {
    guard place(&desk) else { return }
    let request = desk.output.request(at: 0)
    desk.step(.venueEvent, desk.event(.accepted, about: request))
    desk.fill(request)
  }
}
