/// What it costs that orders come from 200 accounts in turn instead of from one: a new order each, recorded.
enum AccountSwitchBench {
  static let benchmark = Benchmark("account.switch", "orders of 200 accounts in turn, less those of one") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    let accounts = setup.count(small: 8, real: 200)
    var desk = try BenchDesk(
      accounts: accounts, instruments: 2, capacity: setup.size == .small ? .small : .bench, ringBytes: 1 << 22)
    var turn = AccountTurn(accounts: accounts)
    // One batch is short: what comes between batches, the clock and the rejections, is outside.
    let batch = setup.count(small: 16, real: 400)
    for _ in 0..<setup.count(small: 1, real: Limits.orderCount / 400 + 20) {
      _ = turn.run(batch, among: accounts, &desk, setup)
    }
    var (many, one) = (Samples(), Samples())
    let share = setup.size == .small ? 0 : setup.duration / Int64(2 * setup.alternations)
    for _ in 0..<setup.alternations {
      let end = setup.now() + 2 * share
      repeat {
        many.add(nanoseconds: turn.run(batch, among: accounts, &desk, setup), operations: batch)
        one.add(nanoseconds: turn.run(batch, among: 1, &desk, setup), operations: batch)
      } while setup.now() < end
      many.close()
      one.close()
    }
    guard turn.refused == 0 else { throw .unequal("\(turn.refused) orders were refused") }
    var row = BenchRow("account.switch", bar: .nanosecondsMax(100), moonshot: .nanosecondsMax(20))
    row.take(many, setup)
    row.reference = one.median
    row.referenceName = "the same order, one account"
    row.difference = many.median - one.median
    row.durability = "group"
    return [row]
  }
}

private struct AccountTurn: ~Copyable {
  private var account = 0
  private(set) var refused = 0
  private var open: [VenueRequest] = []

  init(accounts: Int) { open.reserveCapacity(1_024) }

  /// Places `count` orders; returns how long that took.
  mutating func run(_ count: Int, among accounts: Int, _ desk: inout BenchDesk, _ setup: borrowing BenchSetup) -> Int64
  {
    let took = setup.time { place(count, among: accounts, &desk) }
    for request in open { desk.step(.venueEvent, desk.event(.notSent, about: request)) }
    open.removeAll(keepingCapacity: true)
    desk.fireTimers()
    return took
  }

  private mutating func place(_ count: Int, among accounts: Int, _ desk: inout BenchDesk) {
    for _ in 0..<count {
      account = account >= accounts ? 1 : account + 1
      desk.step(.newOrder, desk.order(account: account, instrument: 1, .buy))
      guard desk.output.requestCount == 1 else {
        refused += 1
        continue
      }
      open.append(desk.output.request(at: 0))
    }
  }
}
