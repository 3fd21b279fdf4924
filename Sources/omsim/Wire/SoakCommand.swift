import OMSLib

/// `omsim soak`: many live accounts on a served exchange under a steady load, while its wires and its traffic fail by turns;
/// then both sides' books are compared to the unit.
struct SoakCommand {
  /// What goes wrong, one after the other; each for a while.
  private static let faults = [
    ["--disconnect", "200ms"], ["--rate-limit", "40"], ["--drop-ack", "60"], ["--dup-ack", "200"],
    ["--late-event", "250ms"], ["--repeat-event", "80ms"], ["--lost-event", "40"], ["--reset-answer", "2"],
    ["--lost-answer", "20"], ["--lost-fill", "10"],
  ]
  private static let faultNanoseconds: Int64 = 1_200_000_000
  private static let pauseNanoseconds: Int64 = 1_300_000_000
  private static let settleSeconds: Int64 = 180

  private let seconds: Int64
  private let rate: Int
  private let accounts: Int
  private let seed: UInt64
  private let isEncrypted: Bool
  private let kept: String?
  private let base: String
  private let clock = SystemClock()

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(
      arguments, flags: ["--plain"], values: ["--seconds", "--rate", "--accounts", "--seed", "--keep"])
    seconds = Int64(clamping: try options.number("--seconds", or: 60))
    rate = Int(clamping: try options.number("--rate", or: 1_000))
    accounts = Int(clamping: try options.number("--accounts", or: 200))
    seed = try options.number("--seed", or: 1)
    isEncrypted = !options.has("--plain")
    guard (1...3_600).contains(seconds), (1...10_000).contains(rate), (1...200).contains(accounts) else {
      throw UsageError(message: "soak: 1 to 3600 seconds, 1 to 10000 orders a second, 1 to 200 accounts")
    }
    kept = options["--keep"].map(ExchangeCommand.absolute)
    base = kept ?? "\(Environment.process["TMPDIR"] ?? "/tmp")/oms-soak-\(ProcessIdentity.number)"
  }

  /// The last line is `N passed, N failed`.
  func run() throws(UsageError) -> Int32 {
    do throws(CrashError) {
      try CrashFiles.makeDirectory(base)
      var setting = WireStage.Setting()
      (setting.isEncrypted, setting.seed, setting.subs) = (isEncrypted, seed, accounts)
      var stage = try WireStage.open(name: "soak\(ProcessIdentity.number)", directory: base, setting)
      var report = SoakReport()
      do throws(CrashError) {
        try soak(&stage, &report)
      } catch {
        report.expect(false, "to its end", error.message)
      }
      stage.clear()
      if report.failed == 0, kept == nil { CrashFiles.removeTree(base) } else { CrashFiles.say("soak: kept: \(base)") }
      return report.end()
    } catch {
      throw UsageError(message: "soak: \(error.message)")
    }
  }

  private func soak(_ stage: inout WireStage, _ report: inout SoakReport) throws(CrashError) {
    try stage.engine.start()
    var line = try stage.engine.connect()
    var load = WireLoad(accounts: stage.subAccounts, rate: rate, wait: "none", seed: seed)
    try stage.waitForAccounts(&line)
    let faults = try storm(&stage, &load, &line)
    try load.drain(&line, seconds: 30)
    let count = load.count
    report.number("faults", faults)
    report.number("orders", count.asked)
    report.number("acknowledged", count.acknowledged)
    report.number("refused", count.refused)
    report.number("cancels", count.cancels)
    report.number("lag_ms", Int(count.lagNanoseconds / 1_000_000))
    for (code, number) in count.reasons.sorted(by: { $0.key < $1.key }) { CrashFiles.say("soak: \(code): \(number)") }
    report.expect(count.unanswered == 0, "every question is answered", "\(count.unanswered) are not")
    report.expect(
      count.asked >= Int(seconds) * rate, "orders at the rate",
      "\(count.asked) of \(Int(seconds) * rate) were asked for")
    try compare(&stage, load, &line, &report)
    try stage.engine.stop()
    try stage.served.end()
  }

  /// The load, with one fault after the other; answers how many there were.
  private func storm(
    _ stage: inout WireStage, _ load: inout WireLoad, _ line: inout CrashLine
  ) throws(CrashError) -> Int {
    let end = clock.monotonic() + seconds * 1_000_000_000
    var faults = 0
    var isOn = false
    var next = clock.monotonic() + Self.pauseNanoseconds
    var steering: ChildProcess?
    load.begin()
    while clock.monotonic() < end {
      try load.turn(&line)
      if let child = steering, let status = CrashProcess.status(of: child) {
        guard status == 0 else { throw CrashError("the exchange does not obey, see hand.log") }
        steering = nil
      }
      guard steering == nil, clock.monotonic() >= next else { continue }
      let words = isOn ? ["--clear"] : Self.faults[(faults + Int(seed)) % Self.faults.count]
      steering = try stage.served.startSteering(["fault"] + words)
      if !isOn { faults += 1 }
      isOn.toggle()
      next = clock.monotonic() + (isOn ? Self.faultNanoseconds : Self.pauseNanoseconds)
    }
    if let steering { _ = try CrashProcess.end(of: steering, "exchange to obey", seconds: 60) }
    try stage.served.steer(["fault", "--clear"])
    return faults
  }

  private func compare(
    _ stage: inout WireStage, _ load: WireLoad, _ line: inout CrashLine, _ report: inout SoakReport
  ) throws(CrashError) {
    try stage.setFrozen(true, &line)
    let began = clock.monotonic()
    var complaint = ""
    var (ours, orders) = (CrashJudge.Facts(), CrashJudge.Orders())
    var books: [JSONValue] = []
    while true {
      (ours, orders) = try CrashJudge.facts(of: &line, namesOrders: false, accounts: stage.subAccounts)
      books = try stage.served.dump()
      let theirs = stage.facts(in: books)
      complaint = (ours.differences(from: theirs) + orders.unsettled.prefix(1)).joined(separator: "; ")
      guard !complaint.isEmpty, clock.monotonic() - began < Self.settleSeconds * 1_000_000_000 else { break }
      clock.pause(milliseconds: 500)
    }
    report.number("settled_ms", Int((clock.monotonic() - began) / 1_000_000))
    report.expect(complaint.isEmpty, "equal books", complaint)
    report.number("open", ours.open.count)
    report.number("fills", ours.fills.count)
    let lost = load.acknowledged.filter { !orders.known.contains($0) }
    report.expect(lost.isEmpty, "no acknowledged order is lost", "\(lost.count) are")
    // The last events reach their file a moment later.
    clock.pause(milliseconds: 1_000)
    let audit = WireAudit(of: stage.engine)
    let placed = books.first { $0.text("type") == "venue_traffic" }
    report.number("placed", placed?["placements"]?.integer() ?? 0)
    report.number("unknown", audit.unknowns.count)
    report.number("unknown_ms", Int((audit.unknowns.first ?? 0) / 1_000_000))
    let latest = books.filter { $0.text("type") == "venue_order" }.map { audit.lateness(of: $0) }.max() ?? 0
    report.number("sign_spare_ms", Int(-latest / 1_000_000))
    let findings = audit.findings(in: books)
    report.expect(findings.isEmpty, "a wire that is in order", findings.joined(separator: "; "))
  }
}

/// What a measurement has come to: numbers for its object, and what was expected and is not so.
struct SoakReport {
  private var numbers: [(name: String, value: Int)] = []
  private(set) var passed = 0
  private(set) var failed = 0

  mutating func number(_ name: String, _ value: Int) { numbers.append((name, value)) }

  mutating func expect(_ isSo: Bool, _ what: String, _ otherwise: String) {
    if isSo { passed += 1 } else { failed += 1 }
    if !isSo { CrashFiles.say("FAILED \(what): \(otherwise)") }
  }

  /// Prints the object and the last line; answers the status.
  func end() -> Int32 {
    let members = numbers.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
    print("{\"type\":\"soak\",\"v\":1,\(members)}")
    print("\(passed) passed, \(failed) failed")
    return failed == 0 ? 0 : 1
  }
}
