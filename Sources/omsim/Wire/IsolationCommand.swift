import OMSLib

/// `omsim isolation`: what the other accounts notice when one is locked out by the exchange or halted here: nothing.
///
/// Windows with and without it follow each other in one run; each pair gives a ratio, and the middle ones count.
struct IsolationCommand {
  private enum Fate: String, CaseIterable {
    case locked
    case halted
  }

  private static let windowNanoseconds: Int64 = 2_000_000_000
  /// What is under way when a window begins belongs to the one before.
  private static let restNanoseconds: Int64 = 300_000_000
  /// Of the bar's ratio, in hundredths.
  private static let bar = 110

  private let pairs: Int
  private let rate: Int
  private let accounts: Int
  private let seed: UInt64
  private let base: String
  private let clock = SystemClock()

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(
      arguments, flags: [], values: ["--pairs", "--rate", "--accounts", "--seed", "--keep"])
    pairs = Int(clamping: try options.number("--pairs", or: 7))
    rate = Int(clamping: try options.number("--rate", or: 400))
    accounts = Int(clamping: try options.number("--accounts", or: 200))
    seed = try options.number("--seed", or: 1)
    guard (1...100).contains(pairs), (1...10_000).contains(rate), (2...200).contains(accounts) else {
      throw UsageError(message: "isolation: 1 to 100 pairs, 1 to 10000 orders a second, 2 to 200 accounts")
    }
    base =
      options["--keep"].map(ExchangeCommand.absolute)
      ?? "\(Environment.process["TMPDIR"] ?? "/tmp")/oms-isolation-\(ProcessIdentity.number)"
  }

  /// A row for each fate; the last line is `N passed, N failed`.
  func run() throws(UsageError) -> Int32 {
    do throws(CrashError) {
      try CrashFiles.makeDirectory(base)
      var setting = WireStage.Setting()
      (setting.isEncrypted, setting.seed, setting.subs) = (true, seed, accounts)
      var stage = try WireStage.open(name: "is\(ProcessIdentity.number)", directory: base, setting)
      var passed = 0
      do throws(CrashError) {
        passed = try measure(&stage)
      } catch {
        CrashFiles.say("isolation: \(error.message); kept: \(base)")
      }
      stage.clear()
      let failed = Fate.allCases.count - passed
      if failed == 0 { CrashFiles.removeTree(base) }
      print("\(passed) passed, \(failed) failed")
      return failed == 0 ? 0 : 1
    } catch {
      throw UsageError(message: "isolation: \(error.message)")
    }
  }

  private func measure(_ stage: inout WireStage) throws(CrashError) -> Int {
    try stage.engine.start()
    var line = try stage.engine.connect()
    try stage.waitForAccounts(&line)
    var load = WireLoad(accounts: stage.subAccounts, rate: rate, wait: "open", seed: seed)
    load.begin()
    // What is warmed up later would look like a difference.
    _ = try window(&load, &line)
    var passed = 0
    for fate in Fate.allCases {
      var ratios: [(middle: Int, high: Int)] = []
      var last: (middle: Int64, high: Int64) = (0, 0)
      for _ in 0..<pairs {
        let without = try window(&load, &line)
        try set(fate, true, stage, &line)
        last = try window(&load, &line)
        try set(fate, false, stage, &line)
        ratios.append((Int(last.middle * 100 / without.middle), Int(last.high * 100 / without.high)))
      }
      let middle = ratios.map(\.middle).sorted()[pairs / 2]
      let high = ratios.map(\.high).sorted()[pairs / 2]
      let isIn = middle < Self.bar && high < Self.bar
      if isIn { passed += 1 }
      print(
        "{\"type\":\"isolation\",\"v\":1,\"fate\":\"\(fate.rawValue)\",\"pairs\":\(pairs),\"others\":\(accounts - 1),"
          + "\"p50_us\":\(last.middle / 1_000),\"p99_us\":\(last.high / 1_000),\"p50_ratio_pct\":\(middle),"
          + "\"p99_ratio_pct\":\(high),\"bar_pct\":\(Self.bar),\"passed\":\(isIn)}")
    }
    try load.drain(&line, seconds: 30)
    try stage.engine.stop()
    try stage.served.end()
    return passed
  }

  /// Of the first account.
  private func set(
    _ fate: Fate, _ isOn: Bool, _ stage: borrowing WireStage, _ line: inout CrashLine
  ) throws(CrashError) {
    switch fate {
    case .locked:
      let name = stage.served.accounts[1].name
      try stage.served.steer(["fault"] + (isOn ? ["--lock", name] : ["--clear"]))
    case .halted:
      let account = stage.subAccounts[0]
      var request = RequestDraft("trading")
      request.set("verb", isOn ? "halt" : "resume")
      request.set("account", account)
      request.set(isOn ? "reason" : "confirm", isOn ? "drill" : account)
      request.set("live", .flag)
      request.set("yes", .flag)
      _ = try line.ask(request)
    }
  }

  /// How long acknowledgements of the others took.
  private func window(
    _ load: inout WireLoad, _ line: inout CrashLine
  ) throws(CrashError) -> (middle: Int64, high: Int64) {
    load.begin()
    let start = clock.monotonic() + Self.restNanoseconds
    while clock.monotonic() < start { try load.turn(&line) }
    load.forgetLatencies()
    while clock.monotonic() < start + Self.windowNanoseconds { try load.turn(&line) }
    let took = load.latencies.filter { $0.account != 0 }.map(\.nanoseconds).sorted()
    guard took.count > rate / 2 else { throw CrashError("only \(took.count) orders were acknowledged in a window") }
    return (took[took.count / 2], took[took.count * 99 / 100])
  }
}
