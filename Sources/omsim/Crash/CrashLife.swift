internal import Glibc
import OMSLib

/// One state directory and its exchange: an engine is started, loaded and killed on it again and again.
///
/// Everything that can be chosen comes from the seed; at which instruction a process dies comes from the machine.
struct CrashLife: ~Copyable {
  struct Result {
    var passed = 0
    var failed = 0
    var acknowledged = 0
    var fills = 0
    var events = 0
    var judged = 0
    var failure: String?
  }

  private enum Moment: Equatable {
    case load
    case start
    case repeated
    case snapshot
    case answer
  }

  private static let outstandingMost = 24
  private static let settleSeconds: Int64 = 60

  private let seed: UInt64
  private var random: SplitMix64
  private var client = CrashClient()
  private var stage: CrashStage
  private var result = Result()
  private let clock = SystemClock()

  init(seed: UInt64, directory: String) throws(CrashError) {
    self.seed = seed
    random = SplitMix64(seed: seed).stream(0x6372_6173)
    let isStrict = random.chance(1, in: 2)
    stage = try CrashStage(
      name: "cr\(ProcessIdentity.number)", directory: directory, isStrict: isStrict, seed: 1 + random.below(1 << 30))
  }

  /// Runs to the end; what is left of a life that failed is its directory.
  consuming func run(points: Int) -> Result {
    var result = Result()
    do throws(CrashError) {
      try live(points: points)
      result = self.result
    } catch {
      result = self.result
      result.failed += 1
      result.failure =
        "\(stage.isStrict ? "strict" : "group"), point \(result.passed + result.failed): \(error.message)"
    }
    result.acknowledged = client.acknowledged.count
    stage.clear()
    return result
  }

  private mutating func live(points: Int) throws(CrashError) {
    try stage.startEngine()
    for point in 1...points {
      let moment = drawMoment()
      if moment == .start {
        pause(upTo: 160_000)
        try strike()
        try stage.startEngine()
      }
      var line = try stage.connect()
      client.repeatOpen(&line)
      if moment != .start {
        try work(moment, &line)
        try strike()
        drain(&line)
        try stage.startEngine()
      }
      if point == points || random.chance(1, in: 4) { try judge() }
      result.passed += 1
    }
    // The point that ends it is the one that the last judgement is about.
    result.passed -= 1
    try finish()
    result.passed += 1
  }

  private mutating func drawMoment() -> Moment {
    switch random.below(100) {
    case ..<50: .load
    case ..<72: .start
    case ..<82: .repeated
    case ..<88: .snapshot
    default: .answer
    }
  }

  private mutating func pause(upTo microseconds: UInt64) {
    usleep(UInt32(1 + random.below(microseconds)))
  }

  // MARK: Load

  private mutating func work(_ moment: Moment, _ line: inout CrashLine) throws(CrashError) {
    if moment == .repeated {
      pause(upTo: 20_000)
      return
    }
    if moment == .snapshot { client.askSnapshot(&line) }
    let end = clock.monotonic() + Int64(1_000 + random.below(80_000)) * 1_000
    let answers = client.answerCount + 1 + Int(random.below(40))
    while clock.monotonic() < end {
      while client.openCount < Self.outstandingMost, random.chance(7, in: 8) { client.askSomething(&random, &line) }
      if let reply = try line.next(milliseconds: 1) { client.take(reply) }
      // As soon as an answer is there, before anything behind it can be.
      if moment == .answer, client.answerCount >= answers { return }
    }
  }

  /// KILL for the engine or for its parent; then, as after a reboot, perhaps no ring.
  private mutating func strike() throws(CrashError) {
    let isParent = random.chance(3, in: 10)
    guard try stage.kill(parent: isParent) else { throw CrashError("the engine ended by itself before it was killed") }
    // Only `strict` promises anything without it.
    if stage.isStrict, random.chance(1, in: 4) {
      CrashFiles.removeShared(of: stage.name, purpose: "journal")
    }
  }

  /// Answers that were on their way when the engine died count.
  private mutating func drain(_ line: inout CrashLine) {
    while let reply = try? line.next(milliseconds: 200) { client.take(reply) }
  }

  // MARK: Judgement

  /// Lets everything settle while the market stands still, then compares.
  private mutating func judge() throws(CrashError) {
    var line = try stage.connect()
    client.repeatOpen(&line)
    let deadline = clock.monotonic() + Self.settleSeconds * 1_000_000_000
    while client.openCount > 0 {
      guard clock.monotonic() < deadline else {
        throw CrashError("\(client.openCount) repeated requests have no answer")
      }
      if let reply = try line.next(milliseconds: 10) { client.take(reply) }
    }
    _ = try line.ask(Self.clock("freeze"))
    var complaint = ""
    while true {
      complaint = try compare(&line)
      if complaint.isEmpty { break }
      guard clock.monotonic() < deadline else { throw CrashError(complaint) }
      pause(upTo: 20_000)
    }
    try judgeTrading(&line)
    result.judged += 1
    _ = try line.ask(Self.clock("run"))
  }

  /// Empty when both sides are equal.
  private mutating func compare(_ line: inout CrashLine) throws(CrashError) -> String {
    let (ours, orders) = try CrashJudge.facts(of: &line)
    if let first = orders.unsettled.first { return "\(orders.unsettled.count) orders do not settle: \(first)" }
    let lost = client.acknowledged.filter { !orders.known.contains($0) }
    if let first = lost.first { throw CrashError("\(lost.count) acknowledged orders are lost, the first is \(first)") }
    let theirs = CrashJudge.facts(ofLedger: try stage.ledger())
    result.fills = theirs.fills.count
    return ours.differences(from: theirs).joined(separator: "; ")
  }

  private func judgeTrading(_ line: inout CrashLine) throws(CrashError) {
    guard let isKilled = client.isKilled else { return }
    let trading = try line.ask(RequestDraft("status")).first?.text("trading") ?? ""
    guard (trading == "killed") == isKilled else {
      throw CrashError("trading is '\(trading)' after \(isKilled ? "a kill" : "a resume") was acknowledged")
    }
  }

  private static func clock(_ word: String) -> RequestDraft {
    var request = RequestDraft("sim")
    request.set("verb", "clock")
    request.set("clock", word)
    return request
  }

  /// The life ends in good order: files, and once more from the beginning without snapshots.
  private mutating func finish() throws(CrashError) {
    try stage.stopEngine()
    for name in CrashFiles.list(stage.state + "/snapshots") { CrashFiles.remove(stage.state + "/snapshots/" + name) }
    try stage.startEngine()
    do {
      var line = try stage.connect()
      _ = try line.ask(Self.clock("freeze"))
      let complaint = try compare(&line)
      guard complaint.isEmpty else { throw CrashError("replayed from the beginning: \(complaint)") }
    }
    try stage.stopEngine()
    let ledger = CrashJudge.facts(ofLedger: try stage.ledger())
    try stage.stopExchange()
    _ = try CrashAudit.verify(stage.state + "/journal")
    let options = try CrashAudit.verify(stage.exchangeJournal)
    let again = CrashJudge.facts(ofLedger: try CrashAudit.replay(options))
    let differences = again.differences(from: ledger)
    guard differences.isEmpty else {
      throw CrashError("the exchange's journal makes another ledger: \(differences.joined(separator: "; "))")
    }
    result.events = try CrashAudit.events(stage.state + "/logs")
  }
}
