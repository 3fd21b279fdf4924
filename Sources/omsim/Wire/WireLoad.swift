import OMSLib

/// Orders at a steady rate over one connection, whatever becomes of them: the answers never slow the questions down.
struct WireLoad {
  struct Count {
    var asked = 0
    var acknowledged = 0
    var refused = 0
    var unanswered = 0
    var cancels = 0
    /// How far behind its time an order was asked for at most.
    var lagNanoseconds: Int64 = 0
    /// Why, by code.
    var reasons: [String: Int] = [:]
  }

  private struct Asked {
    var id: String
    var account: Int
    var time: Int64
    var isOrder: Bool
  }

  private static let symbols = [
    ("BTC-USDT", "0.001", 60_000), ("ETH-USDT", "0.02", 3_000), ("BTC-USDT-PERP", "0.002", 60_000),
  ]

  let accounts: [String]
  /// Orders a second.
  let rate: Int
  /// What `wait` of an order says.
  let wait: String
  private(set) var count = Count()
  private(set) var acknowledged: Set<String> = []
  /// From question to answer of acknowledged orders, with the account's number.
  private(set) var latencies: [(account: Int, nanoseconds: Int64)] = []
  private var random: SplitMix64
  private var asked: [UInt64: Asked] = [:]
  private var doubted: [(due: Int64, id: String)] = []
  private var doubtedNext = 0
  private var began: Int64 = 0
  private var number = 0
  private let clock = SystemClock()

  init(accounts: [String], rate: Int, wait: String, seed: UInt64) {
    (self.accounts, self.rate, self.wait) = (accounts, rate, wait)
    random = SplitMix64(seed: seed).stream(0x6C6F_6164)
  }

  var openCount: Int { asked.count }

  mutating func begin() {
    began = clock.monotonic()
    number = 0
  }

  mutating func forgetLatencies() { latencies.removeAll(keepingCapacity: true) }

  /// Asks for everything that is due, takes what is there for a millisecond at most.
  mutating func turn(_ line: inout CrashLine) throws(CrashError) {
    var now = clock.monotonic()
    while true {
      let due = began + Int64(number) * 1_000_000_000 / Int64(rate)
      guard due <= now else { break }
      count.lagNanoseconds = max(count.lagNanoseconds, now - due)
      number += 1
      askOrder(now, &line)
      now = clock.monotonic()
    }
    while doubtedNext < doubted.count, doubted[doubtedNext].due <= now {
      cancel(doubted[doubtedNext].id, now, &line)
      doubtedNext += 1
    }
    try take(&line, milliseconds: 1)
  }

  /// Until everything is answered or the time is over.
  mutating func drain(_ line: inout CrashLine, seconds: Int64) throws(CrashError) {
    let deadline = clock.monotonic() + seconds * 1_000_000_000
    while !asked.isEmpty, clock.monotonic() < deadline { try take(&line, milliseconds: 10) }
    count.unanswered = asked.count
  }

  private mutating func askOrder(_ now: Int64, _ line: inout CrashLine) {
    let account = count.asked % accounts.count
    let market = Int(random.below(3))
    let (symbol, quantity, price) = Self.symbols[market]
    let id = "w-\(count.asked)"
    count.asked += 1
    var request = RequestDraft("order")
    request.set("account", accounts[account])
    request.set("symbol", symbol)
    // Of each account and market always the same, so that nobody meets himself.
    request.set("side", (account + market) % 2 == 0 ? "buy" : "sell")
    request.set("qty", quantity)
    request.set("id", id)
    request.set("limit", "\(price - price / 250 + Int(random.below(UInt64(price / 125))))")
    request.set("wait", wait)
    request.set("timeout", "5s")
    request.set("live", .flag)
    request.set("yes", .flag)
    asked[line.send(request)] = Asked(id: id, account: account, time: now, isOrder: true)
    // What rests is taken back, most of it: the table of open orders stays small.
    if random.chance(3, in: 4) { doubted.append((now + 1_000_000_000, id)) }
  }

  private mutating func cancel(_ id: String, _ now: Int64, _ line: inout CrashLine) {
    var request = RequestDraft("cancel")
    request.set("ids", .list([id]))
    count.cancels += 1
    asked[line.send(request)] = Asked(id: id, account: 0, time: now, isOrder: false)
  }

  private mutating func take(_ line: inout CrashLine, milliseconds: Int64) throws(CrashError) {
    var wait = milliseconds
    // A turn's worth; what is due comes first again.
    for _ in 0..<256 {
      guard let reply = try line.next(milliseconds: wait) else { return }
      wait = 0
      take(reply)
    }
  }

  private mutating func take(_ reply: ControlReply) {
    guard let question = asked[reply.request] else { return }
    switch reply.body {
    case .data:
      guard question.isOrder, acknowledged.insert(question.id).inserted else { return }
      count.acknowledged += 1
      latencies.append((question.account, clock.monotonic() - question.time))
    case .error(let bytes):
      guard question.isOrder else { return }
      let error = (try? JSONReader.read(Array(bytes)))?.root
      count.reasons[error?.text("code") ?? "?", default: 0] += 1
      if !acknowledged.contains(question.id) { count.refused += 1 }
    case .note: break
    case .end: asked[reply.request] = nil
    }
  }
}
