import OMSLib

/// `omsim recovery`: how long after each single fault of the wire order entry is back.
///
/// Orders are asked for all the time. What counts is from the fault, or from its end where it has one, to the first
/// acknowledgement by the exchange of an order that was asked for behind the fault.
struct RecoveryCommand {
  struct Fault {
    let name: String
    let words: [String]
    /// How long it lasts by itself; only then anybody can be back.
    var milliseconds: Int64 = 0
    var barMilliseconds: Int64 = 5_000
  }

  static let faults = [
    Fault(name: "none", words: ["--clear"], barMilliseconds: 500),
    Fault(name: "link_cut", words: ["--disconnect", "1ms"]),
    Fault(name: "socket_cut", words: ["--cut-calls"], barMilliseconds: 500),
    Fault(name: "half_open", words: ["--half-open", "both"]),
    Fault(name: "stalled_reader", words: ["--half-open", "requests"]),
    Fault(name: "silent_answers", words: ["--half-open", "answers"]),
    Fault(name: "rate_limit", words: ["--rate-limit", "1"]),
    Fault(name: "unknown_503", words: ["--answer", "unknown-503:1"]),
    Fault(name: "unavailable_503", words: ["--answer", "unavailable-503:1"]),
    Fault(name: "overload_503", words: ["--answer", "overload-503:1"]),
    Fault(name: "bad_gateway", words: ["--answer", "bad-gateway:1"]),
    Fault(name: "lost_answer", words: ["--lost-answer", "1"]),
    Fault(name: "maintenance", words: ["--maintenance", "500ms"], milliseconds: 500),
    Fault(name: "server_shutdown", words: ["--shutdown", "200ms"], milliseconds: 200),
  ]
  private static let probeNanoseconds: Int64 = 10_000_000
  private static let patienceNanoseconds: Int64 = 30_000_000_000

  private let times: Int
  private let only: String?
  private let seed: UInt64
  private let isEncrypted: Bool
  private let base: String
  private let clock = SystemClock()
  private var number = 0

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(arguments, flags: ["--plain"], values: ["--times", "--seed", "--fault", "--keep"])
    times = Int(clamping: try options.number("--times", or: 20))
    seed = try options.number("--seed", or: 1)
    only = options["--fault"]
    isEncrypted = !options.has("--plain")
    let only = only
    guard (1...1_000).contains(times), only == nil || Self.faults.contains(where: { $0.name == only }) else {
      throw UsageError(
        message: "recovery: 1 to 1000 times, of \(Self.faults.map(\.name).joined(separator: ", "))")
    }
    base =
      options["--keep"].map(ExchangeCommand.absolute)
      ?? "\(Environment.process["TMPDIR"] ?? "/tmp")/oms-recovery-\(ProcessIdentity.number)"
  }

  /// A row for each fault; the last line is `N passed, N failed`.
  mutating func run() throws(UsageError) -> Int32 {
    do throws(CrashError) {
      try CrashFiles.makeDirectory(base)
      var setting = WireStage.Setting()
      (setting.isEncrypted, setting.seed, setting.subs) = (isEncrypted, seed, 1)
      var stage = try WireStage.open(name: "re\(ProcessIdentity.number)", directory: base, setting)
      var failed = -1
      do throws(CrashError) {
        failed = try measure(&stage)
      } catch {
        CrashFiles.say("recovery: \(error.message); kept: \(base)")
      }
      stage.clear()
      let count = Self.faults.count { only == nil || $0.name == only }
      if failed == 0 { CrashFiles.removeTree(base) }
      print("\(failed < 0 ? 0 : count - failed) passed, \(failed < 0 ? count : failed) failed")
      return failed == 0 ? 0 : 1
    } catch {
      throw UsageError(message: "recovery: \(error.message)")
    }
  }

  /// How many faults took longer than they may.
  private mutating func measure(_ stage: inout WireStage) throws(CrashError) -> Int {
    try stage.engine.start()
    var line = try stage.engine.connect()
    _ = try probe(since: clock.monotonic(), &line)
    var failed = 0
    for fault in Self.faults where only == nil || fault.name == only {
      var took: [Int64] = []
      for _ in 0..<times {
        try stage.served.steer(["fault"] + fault.words)
        let begin = clock.monotonic() + fault.milliseconds * 1_000_000
        took.append(try probe(since: begin, &line))
        try stage.served.steer(["fault", "--clear"])
        try settle(&line)
      }
      took.sort()
      let (middle, worst) = (took[took.count / 2], took[min(took.count * 99 / 100, took.count - 1)])
      let isIn = worst < fault.barMilliseconds * 1_000_000
      if !isIn { failed += 1 }
      print(
        "{\"type\":\"recovery\",\"v\":1,\"fault\":\"\(fault.name)\",\"n\":\(took.count),"
          + "\"p50_us\":\(middle / 1_000),\"p99_us\":\(worst / 1_000),\"bar_us\":\(fault.barMilliseconds * 1_000),"
          + "\"passed\":\(isIn)}")
    }
    try stage.engine.stop()
    try stage.served.end()
    return failed
  }

  /// Asks for orders until one is acknowledged; answers how long after `begin` that was.
  private mutating func probe(since begin: Int64, _ line: inout CrashLine) throws(CrashError) -> Int64 {
    var asked: Set<UInt64> = []
    var next = clock.monotonic()
    while clock.monotonic() - begin < Self.patienceNanoseconds {
      if clock.monotonic() >= next {
        number += 1
        var request = RequestDraft("order")
        request.set("account", "binance.main")
        request.set("symbol", "BTC-USDT")
        request.set("side", "buy")
        request.set("qty", "0.001")
        // Far from anything that trades.
        request.set("limit", "55000")
        request.set("id", "p-\(number)")
        request.set("wait", "open")
        request.set("timeout", "5s")
        request.set("live", .flag)
        request.set("yes", .flag)
        asked.insert(line.send(request))
        next += Self.probeNanoseconds
      }
      guard let reply = try line.next(milliseconds: 1), asked.contains(reply.request), case .end(let exit) = reply.body,
        exit == 0
      else { continue }
      return max(clock.monotonic() - begin, 0)
    }
    throw CrashError("order entry did not come back in \(Self.patienceNanoseconds / 1_000_000_000) s")
  }

  /// Until nothing of the fault is left: no order is open or unknown, and one is taken at once.
  private mutating func settle(_ line: inout CrashLine) throws(CrashError) {
    let deadline = clock.monotonic() + Self.patienceNanoseconds
    while clock.monotonic() < deadline {
      var request = RequestDraft("cancel_all")
      request.set("account", "binance.main")
      request.set("live", .flag)
      request.set("yes", .flag)
      _ = try? line.ask(request)
      clock.pause(milliseconds: 100)
      guard try line.ask(RequestDraft("orders")).allSatisfy({ $0["done"]?.bool == true }) else { continue }
      if try probe(since: clock.monotonic(), &line) < 200_000_000 { return }
    }
    throw CrashError("what a fault left behind did not settle")
  }
}
