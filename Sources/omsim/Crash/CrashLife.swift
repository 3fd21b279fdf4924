internal import Glibc
import OMSLib

/// What a life, or a whole campaign, came to.
struct CrashResult {
  var passed = 0
  var failed = 0
  var acknowledged = 0
  var fills = 0
  var events = 0
  var judged = 0
  var failure: String?
}

/// One state directory and its exchange: an engine is started, loaded and killed on it again and again.
///
/// Everything that can be chosen comes from the seed; at which instruction a process dies comes from the machine.
struct CrashLife<World: CrashWorld & ~Copyable>: ~Copyable {
  private enum Moment: Equatable {
    case load
    case start
    case repeated
    case snapshot
    case answer
  }

  private static var outstandingMost: Int { 24 }
  private static var settleSeconds: Int64 { 60 }

  private var random: SplitMix64
  private var client = CrashClient(World.exchange)
  private var world: World
  private var result = CrashResult()
  private let clock = SystemClock()

  /// `random`: as the world has left it.
  init(in world: consuming World, _ random: SplitMix64) {
    self.random = random
    self.world = world
  }

  /// Runs to the end; what is left of a life that failed is its directory.
  consuming func run(points: Int) -> CrashResult {
    var result = CrashResult()
    do throws(CrashError) {
      try live(points: points)
      result = self.result
    } catch {
      result = self.result
      result.failed += 1
      result.failure =
        "\(world.isStrict ? "strict" : "group"), point \(result.passed + result.failed): \(error.message)"
    }
    result.acknowledged = client.acknowledged.count
    world.clear()
    return result
  }

  private mutating func live(points: Int) throws(CrashError) {
    try world.engine.start()
    for point in 1...points {
      let moment = drawMoment()
      if moment == .start {
        pause(upTo: World.startMicroseconds)
        try strike()
        try world.engine.start()
      }
      var line = try world.engine.connect()
      client.repeatOpen(&line)
      if moment != .start {
        try work(moment, &line)
        try strike()
        drain(&line)
        try world.engine.start()
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
    try world.makeTrouble(&random)
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
    guard try world.engine.kill(parent: isParent) else {
      throw CrashError("the engine ended by itself before it was killed")
    }
    // Only `strict` promises anything without it.
    if world.isStrict, random.chance(1, in: 4) {
      world.engine.removeJournalRing()
    }
  }

  /// Answers that were on their way when the engine died count.
  private mutating func drain(_ line: inout CrashLine) {
    while let reply = try? line.next(milliseconds: 200) { client.take(reply) }
  }

  // MARK: Judgement

  /// Lets everything settle while the market stands still, then compares.
  private mutating func judge() throws(CrashError) {
    try world.endTrouble()
    var line = try world.engine.connect()
    client.repeatOpen(&line)
    let deadline = clock.monotonic() + Self.settleSeconds * 1_000_000_000
    while client.openCount > 0 {
      guard clock.monotonic() < deadline else {
        throw CrashError("\(client.openCount) repeated requests have no answer")
      }
      if let reply = try line.next(milliseconds: 10) { client.take(reply) }
    }
    try world.setFrozen(true, &line)
    var complaint = ""
    while true {
      complaint = try compare(&line)
      if complaint.isEmpty { break }
      guard clock.monotonic() < deadline else { throw CrashError(complaint) }
      pause(upTo: 20_000)
    }
    try judgeTrading(&line)
    result.judged += 1
    try world.setFrozen(false, &line)
  }

  /// Empty when both sides are equal.
  private mutating func compare(_ line: inout CrashLine) throws(CrashError) -> String {
    let (ours, orders) = try CrashJudge.facts(
      of: &line, namesOrders: !World.exchange.isLive, accounts: World.exchange.fullNames)
    if let first = orders.unsettled.first { return "\(orders.unsettled.count) orders do not settle: \(first)" }
    let lost = client.acknowledged.filter { !orders.known.contains($0) }
    if let first = lost.first { throw CrashError("\(lost.count) acknowledged orders are lost, the first is \(first)") }
    let theirs = try world.facts()
    result.fills = theirs.fills.count
    let differences = ours.differences(from: theirs).joined(separator: "; ")
    return differences.isEmpty ? try world.judge() : differences
  }

  private func judgeTrading(_ line: inout CrashLine) throws(CrashError) {
    guard let isKilled = client.isKilled else { return }
    let trading = try line.ask(RequestDraft("status")).first?.text("trading") ?? ""
    guard (trading == "killed") == isKilled else {
      throw CrashError("trading is '\(trading)' after \(isKilled ? "a kill" : "a resume") was acknowledged")
    }
  }

  /// The life ends in good order: files, and once more from the beginning without snapshots.
  private mutating func finish() throws(CrashError) {
    try world.engine.stop()
    for name in CrashFiles.list(world.engine.state + "/snapshots") {
      CrashFiles.remove(world.engine.state + "/snapshots/" + name)
    }
    try world.engine.start()
    do {
      var line = try world.engine.connect()
      try world.setFrozen(true, &line)
      let complaint = try compare(&line)
      guard complaint.isEmpty else { throw CrashError("replayed from the beginning: \(complaint)") }
    }
    try world.engine.stop()
    _ = try CrashAudit.verify(world.engine.state + "/journal")
    try world.finish(try world.facts())
    result.events = try CrashAudit.events(world.engine.state + "/logs")
  }
}
