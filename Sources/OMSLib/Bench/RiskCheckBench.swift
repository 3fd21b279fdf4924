internal import CReference

/// The core's verdict on an order against a bare check of fourteen tests, both over 200 accounts and 500 instruments.
///
/// `risk.overlapped`: one order after the other, so that memory may be fetched for several at once. `risk.cold`: each
/// waits for the verdict before it.
enum RiskCheckBench {
  static let overlapped = Benchmark("risk.overlapped", "pre-trade check, one after the other") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("risk.overlapped", waits: false, setup)
  }

  static let chained = Benchmark("risk.cold", "pre-trade check, each waits for the last") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("risk.cold", waits: true, setup)
  }

  private static func measure(
    _ name: String, waits: Bool, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> [BenchRow] {
    let accounts = setup.count(small: 8, real: 200)
    let instruments = setup.count(small: 4, real: 500)
    var desk = try BenchDesk(
      accounts: accounts, instruments: instruments, capacity: setup.size == .small ? .small : .bench,
      ringBytes: 1 << 22)
    hold(&desk)
    var checks = RiskChecks(accounts: accounts, instruments: instruments, desk)
    let bare = BareChecks(accounts: accounts, instruments: instruments)
    let batch = setup.count(small: 64, real: 2_048)
    let samples = try setup.alternate(
      { () throws(BenchError) -> Int in
        checks.run(batch, waits: waits, &desk)
        return batch
      },
      { () throws(BenchError) -> Int in
        bare.run(batch, waits: waits)
        return batch
      })
    guard checks.refused == 0, bare.refused == 0 else {
      throw .unequal("\(checks.refused) refused here, \(bare.refused) by the bare check")
    }
    var row = BenchRow(name, bar: .ratioMax(3_000), moonshot: .ratioMax(1_500))
    row.take(samples, "fourteen tests in C", setup)
    row.checksum = setup.size == .small ? desk.core.state.digest.low | 1 : 0
    return [row]
  }

  /// A position for every pair, as after a long day.
  private static func hold(_ desk: inout BenchDesk) {
    for account in 1...desk.accountCount {
      for instrument in 1...desk.instrumentCount {
        desk.step(.newOrder, desk.order(account: account, instrument: instrument, .buy))
        let request = desk.output.request(at: 0)
        desk.step(.venueEvent, desk.event(.accepted, about: request))
        desk.fill(request)
        desk.fireTimers()
      }
    }
  }
}

/// Orders in a few bytes each, made into commands one at a time: a command comes warm out of a ring.
@safe private struct RiskChecks: ~Copyable {
  private struct Draw: BitwiseCopyable {
    var account: UInt16
    var instrument: UInt16
    var isSell: UInt32
    var price: Int64
    var quantity: Int64
  }

  static let count = 1 << 16
  private let draws: UnsafeMutablePointer<Draw>
  private var input: NewOrderInput
  private var next = 0
  private(set) var refused = 0
  private let stamp: StepStamp

  init(accounts: Int, instruments: Int, _ desk: borrowing BenchDesk) {
    unsafe draws = .allocate(capacity: Self.count)
    var random = SplitMix64(seed: 7)
    for index in 0..<Self.count {
      unsafe draws[index] = Draw(
        account: UInt16(1 + random.below(UInt64(accounts))), instrument: UInt16(1 + random.below(UInt64(instruments))),
        isSell: random.chance(1, in: 2) ? 1 : 0, price: Int64(random.below(100)) * 10,
        quantity: 10 * Int64(100 + random.below(900)))
    }
    input = desk.order(account: 1, instrument: 1, .buy)
    stamp = StepStamp(
      time: EngineTime(nanoseconds: desk.now), utc: UTCTime(nanoseconds: 1_790_000_000_000_000_000 + desk.now), lsn: 1)
  }

  deinit { unsafe draws.deallocate() }

  mutating func run(_ count: Int, waits: Bool, _ desk: inout BenchDesk) {
    var last: UInt32 = 0
    for _ in 0..<count {
      let index = waits ? Int(truncatingIfNeeded: UInt32(truncatingIfNeeded: next) &* 40_503 &+ last) : next
      let draw = unsafe draws[index & (Self.count - 1)]
      next &+= 1
      // As the hot loop does with the commands that wait behind this one.
      if !waits { fetch(next &+ 1, desk) }
      input.account = AccountID(number: draw.account)
      input.instrument = InstrumentID(number: draw.instrument)
      input.sideRaw = draw.isSell == 0 ? Side.buy.rawValue : Side.sell.rawValue
      input.price = draw.isSell == 0 ? BenchDesk.bid - draw.price : BenchDesk.ask + draw.price
      input.quantity = draw.quantity
      let verdict = desk.core.verdict(on: input, at: stamp)
      if !verdict.passes { refused += 1 }
      if waits { last = cr_wait(UInt32(verdict.reason.rawValue)) }
    }
  }

  @inline(__always)
  private func fetch(_ index: Int, _ desk: borrowing BenchDesk) {
    let draw = unsafe draws[index & (Self.count - 1)]
    desk.core.state.prepare(AccountID(number: draw.account), InstrumentID(number: draw.instrument))
  }
}

@safe private final class BareChecks {
  private static let count = 1 << 16
  private let tables: UnsafeMutablePointer<cr_check_tables>
  private let orders: UnsafeMutablePointer<cr_check_order>
  private var next: UInt64 = 0
  private(set) var refused: UInt64 = 0

  init(accounts: Int, instruments: Int) {
    unsafe tables = .allocate(capacity: 1)
    unsafe cr_check_fill(tables)
    unsafe orders = .allocate(capacity: Self.count)
    var random = SplitMix64(seed: 7)
    for index in 0..<Self.count {
      var order = cr_check_order()
      order.account = UInt32(random.below(UInt64(accounts)))
      order.instrument = UInt32(random.below(UInt64(instruments)))
      order.price = 5_000_000_000_000 + Int64(random.below(100)) * 1_000_000
      order.quantity = 1_000 * Int64(1_000 + random.below(90_000))
      order.is_sell = random.chance(1, in: 2) ? 1 : 0
      unsafe orders[index] = order
    }
  }

  deinit {
    unsafe tables.deallocate()
    unsafe orders.deallocate()
  }

  func run(_ count: Int, waits: Bool) {
    let check = unsafe waits ? cr_check_chained : cr_check_many
    refused += unsafe check(tables, orders, UInt64(Self.count), next, UInt64(count))
    next += UInt64(count)
  }
}
