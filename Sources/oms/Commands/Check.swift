import OMSLib

/// `oms check`: one thing that a monitoring system watches, in its own exit codes.
struct CheckCommand: Command {
  enum Subject: String, CaseIterable {
    case engine, feed, account, latency, drawdown, drift, orders, disk, clock, strategy
  }

  static let spec = CommandSpec(
    "check", group: .administration, summary: "Check one thing for a monitoring system",
    details: """
      Ends with 0 ok, 1 warning, 2 critical, 3 unknown, as Nagios wants it; no other command uses these. Thresholds are \
      durations (latency, clock), shares (drawdown; disk: what is free) or counts (drift, orders). drift compares every \
      account in scope with its venue. orders counts those whose outcome has been unknown for --max-age (1m). What has \
      no data ends with 3 and says why.
      """,
    examples: [
      .init("oms check engine --max-loop-lag 50ms", "it runs, trades and keeps up"),
      .init("oms check feed --symbol BTC-USDT --max-age 5s", "prices are no older than that"),
      .init("oms check drawdown --warn 5% --crit 10% --format prometheus", "for a node exporter"),
    ],
    arguments: [ArgumentSpec("NAME", .choice(Subject.allCases.map(\.rawValue)), help: "What to check")],
    flags: [
      .value("symbol", .symbol, nil, "Only this symbol (feed, orders)"),
      .value("warn", .text, "X", "Warning beyond this"), .value("crit", .text, "Y", "Critical beyond this"),
      .value("max-age", .duration, nil, "Older is critical (feed: 10s), or counts (orders: 1m)"),
      .value("max-loop-lag", .duration, nil, "A longer turn of the hot thread is critical (engine)"),
      .value(
        "format", .choice(["nagios", "jsonl", "prometheus"]), nil, "Form of the answer", default: "nagios"),
    ],
    objects: ["check"], exits: [.failure], seeAlso: ["status", "doctor"])

  private let subject: Subject
  private let bounds: CheckBounds

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard let subject = Subject(rawValue: line.arguments.words[0]) else {
      preconditionFailure("the grammar lets these words through only")
    }
    self.subject = subject
    bounds = try CheckBounds(line, subject)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let begin = context.clock.monotonic()
    var verdict: CheckVerdict
    do {
      verdict = try Checks(bounds: bounds).verdict(subject, &context)
    } catch {
      // An engine that is not there is the one thing that `engine` is about.
      let isDown = subject == .engine && error.exit == ExitCode.unreachable.rawValue
      verdict = CheckVerdict(isDown ? .critical : .unknown, error.message)
    }
    verdict.milliseconds = (context.clock.monotonic() - begin) / 1_000_000
    if !context.isQuiet {
      let format =
        context.arguments.string("format")
        ?? (["jsonl", "json"].contains(context.arguments.string("output") ?? "") ? "jsonl" : "nagios")
      switch format {
      case "jsonl": try context.output.take(verdict.object(subject.rawValue, at: context.now))
      case "prometheus": try context.output.text(verdict.prometheus(subject.rawValue))
      default: try context.output.text(verdict.nagios(subject.rawValue))
      }
    }
    return ExitStatus(rawValue: verdict.level.rawValue)
  }
}

/// What came out of a check, in the three forms.
struct CheckVerdict {
  enum Level: UInt8, Comparable {
    case ok, warning, critical, unknown

    /// As a `check` object calls it.
    var word: String { ["ok", "warn", "fail", "unknown"][Int(rawValue)] }
    static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
  }

  var level: Level
  var text: String
  /// The number behind it, with its name.
  var measure: (name: String, value: Decimal)?
  var milliseconds: Int64 = 0

  init(_ level: Level, _ text: String, _ name: String? = nil, _ value: Decimal? = nil) {
    self.level = level
    self.text = text
    if let name, let value { measure = (name, value) }
  }

  func nagios(_ name: String) -> String {
    let word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][Int(level.rawValue)]
    let data = measure.map { " | \($0.name)=\($0.value.canonicalText)" } ?? ""
    return "\(name.uppercased()) \(word) - \(text)\(data)\n"
  }

  func prometheus(_ name: String) -> String {
    var lines = ["oms_check_status{check=\"\(name)\"} \(level.rawValue)"]
    if let measure { lines.append("oms_check_\(measure.name){check=\"\(name)\"} \(measure.value.canonicalText)") }
    return lines.joined(separator: "\n") + "\n"
  }

  func object(_ name: String, at time: UTCTime) -> [UInt8] {
    CheckVerdict.object(name, level.word, text, fix: nil, milliseconds: milliseconds, at: time)
  }

  static func object(
    _ name: String, _ status: String, _ detail: String?, fix: String?, milliseconds: Int64?, at time: UTCTime
  ) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "check")
    json.member("v", 1)
    json.member("ts", time)
    json.member("name", name)
    json.member("status", status)
    json.member("detail", detail)
    json.member("fix", fix)
    json.member("ms", milliseconds)
    json.endObject()
    return json.bytes
  }
}

/// `--warn`, `--crit`, `--max-age`, `--max-loop-lag`, read as the subject means them.
struct CheckBounds {
  var warn: Decimal?
  var crit: Decimal?
  let maxAge: Int64?
  let maxLoopLag: Int64?

  init(_ line: ParsedLine, _ subject: CheckCommand.Subject) throws(ErrorObject) {
    maxAge = line.arguments.duration("max-age")
    maxLoopLag = line.arguments.duration("max-loop-lag")
    warn = try Self.threshold("warn", line, subject)
    crit = try Self.threshold("crit", line, subject)
  }

  private static func threshold(
    _ flag: String, _ line: ParsedLine, _ subject: CheckCommand.Subject
  ) throws(ErrorObject) -> Decimal? {
    guard let text = line.arguments.string(flag) else { return nil }
    switch subject {
    case .drawdown, .disk:
      guard text.hasSuffix("%"), let share = try? Decimal(shell: String(text.dropLast())) else {
        throw .usage("value", "--\(flag) '\(text)' is not a share; write 10%")
      }
      return share
    case .latency, .clock:
      guard let time = try? DurationText.parse(text) else {
        throw .usage("duration", "--\(flag) '\(text)' is not a duration; write 5ms")
      }
      return Decimal(time)
    case .drift, .orders:
      guard let count = Int64(text), count >= 0 else {
        throw .usage("count", "--\(flag) '\(text)' is not a count")
      }
      return Decimal(count)
    case .engine, .feed, .account, .strategy:
      throw .usage("flag", "`oms check \(subject.rawValue)` has no --\(flag); see its help")
    }
  }

  func level(_ value: Decimal, warn: Decimal? = nil, crit: Decimal? = nil) -> CheckVerdict.Level {
    if let crit = self.crit ?? crit, value > crit { return .critical }
    if let warn = self.warn ?? warn, value > warn { return .warning }
    return .ok
  }

  func levelBelow(_ value: Decimal, warn: Decimal, crit: Decimal) -> CheckVerdict.Level {
    value < self.crit ?? crit ? .critical : value < self.warn ?? warn ? .warning : .ok
  }
}

/// Asks the engine, or the machine, and judges.
struct Checks {
  let bounds: CheckBounds

  func verdict(
    _ subject: CheckCommand.Subject, _ context: inout CommandContext
  ) throws(ErrorObject) -> CheckVerdict {
    switch subject {
    case .engine: try engine(&context)
    case .feed: try feed(&context)
    case .account: try account(&context)
    case .latency: try latency(&context)
    case .drawdown: try drawdown(&context)
    case .drift: try drift(&context)
    case .orders: try orders(&context)
    case .disk: disk(context)
    case .clock: clock()
    case .strategy: CheckVerdict(.unknown, "this build runs no strategies")
    }
  }

  private func request(_ operation: String, _ context: borrowing CommandContext) -> RequestDraft {
    var request = RequestDraft(operation)
    if operation != "status" && operation != "ticker" { request.addAccounts(context.line) }
    return request
  }

  private func engine(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    guard let status = try context.collect(request("status", context)).rows.first else {
      return CheckVerdict(.unknown, "the engine said nothing about itself")
    }
    let lag = Int64(status.text("loop_lag_ns") ?? "") ?? 0
    let state = "\(status.text("state") ?? "?"), trading \(status.text("trading") ?? "?")"
    let text = "\(state), loop lag \(DurationText.text(nanoseconds: lag))"
    var level = CheckVerdict.Level.ok
    if status.text("trading") != "on" { level = status.text("trading") == "paused" ? .warning : .critical }
    if status.text("state") != "running" { level = .critical }
    if let bound = bounds.maxLoopLag, lag > bound { level = .critical }
    return CheckVerdict(level, text, "loop_lag_ns", Decimal(lag))
  }

  private func feed(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    var request = request("ticker", context)
    if let symbol = context.arguments.string("symbol") { request.set("symbols", .list([symbol])) }
    let rows = try context.collect(request).rows
    guard !rows.isEmpty else { return CheckVerdict(.unknown, "no symbol matches") }
    let bound = bounds.maxAge ?? 10_000_000_000
    var oldest: (name: String, age: Int64) = ("", -1)
    for row in rows {
      let name = row.text("symbol") ?? "?"
      guard row.text("bid") != nil || row.text("last") != nil, let age = row.text("age_ms").flatMap({ Int64($0) })
      else {
        return CheckVerdict(.critical, "\(name) has no price")
      }
      if age > oldest.age { oldest = (name, age) }
    }
    // Whole milliseconds are what has passed at least.
    let isStale = oldest.age >= bound / 1_000_000 && (oldest.age > 0 || bound < 1_000_000)
    return CheckVerdict(
      isStale ? .critical : .ok, "\(rows.count) prices, the oldest \(oldest.name) with \(oldest.age) ms", "age_ms",
      Decimal(oldest.age))
  }

  private func account(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    let rows = try context.collect(request("accounts", context)).rows.filter { $0.text("state") != "removed" }
    guard !rows.isEmpty else { return CheckVerdict(.unknown, "no account matches") }
    var worst = CheckVerdict.Level.ok
    var complaints: [String] = []
    for row in rows {
      let name = row.text("account") ?? "?"
      if row.text("state") != "ready" || row.text("ws") == "down" {
        worst = .critical
        complaints.append("\(name) is \(row.text("state") ?? "?"), link \(row.text("ws") ?? "?")")
      } else if let trading = row.text("trading"), trading != "on" {
        worst = max(worst, trading == "paused" ? .warning : .critical)
        complaints.append("\(name): trading \(trading)")
      }
    }
    let text = complaints.isEmpty ? "\(rows.count) accounts ready" : complaints.joined(separator: "; ")
    return CheckVerdict(worst, text, "accounts_troubled", Decimal(Int64(complaints.count)))
  }

  private func latency(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    var request = request("status", context)
    request.set("latency", .flag)
    let rows = try context.collect(request).rows.filter { $0.type == "latency" }
    var slowest: (stage: String, time: Int64)?
    for row in rows {
      guard let time = row.text("p99_ns").flatMap({ Int64($0) }) else { continue }
      if time > slowest?.time ?? -1 { slowest = (row.text("stage") ?? "?", time) }
    }
    guard let slowest else { return CheckVerdict(.unknown, "nothing was measured yet: no order has passed") }
    return CheckVerdict(
      bounds.level(Decimal(slowest.time)),
      "the slowest stage is \(slowest.stage), p99 \(DurationText.text(nanoseconds: slowest.time))", "p99_ns",
      Decimal(slowest.time))
  }

  private func drawdown(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    var worst: (name: String, share: Decimal)?
    let rows = try context.collect(request("pnl", context)).rows
    for row in rows {
      guard let share = row.text("drawdown_pct").flatMap({ Decimal(plain: $0) }) else { continue }
      if worst == nil || share > worst?.share ?? .zero { worst = (row.text("name") ?? "?", share) }
    }
    guard let worst else { return CheckVerdict(.unknown, "no account has an equity yet") }
    return CheckVerdict(
      bounds.level(worst.share), "worst is \(worst.name) with \(worst.share.canonicalText)%", "drawdown_pct",
      worst.share)
  }

  private func drift(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    let rows = try context.collect(request("reconcile", context)).rows
    let count = Decimal(Int64(rows.count))
    let first = rows.first.map {
      ", first \($0.text("account") ?? "?") \($0.text("symbol") ?? $0.text("asset") ?? "order") "
        + "ours \($0.text("ours") ?? "?") theirs \($0.text("theirs") ?? "?")"
    }
    return CheckVerdict(
      bounds.level(count, crit: .zero), "\(rows.count) differences\(first ?? "")", "drift", count)
  }

  private func orders(_ context: inout CommandContext) throws(ErrorObject) -> CheckVerdict {
    var request = request("orders", context)
    request.set("open", .flag)
    request.set("symbol", context.arguments.string("symbol"))
    let rows = try context.collect(request).rows
    let edge = UTCTime(nanoseconds: context.now.nanoseconds - (bounds.maxAge ?? 60_000_000_000)).rfc3339
    // Times of this form sort as text.
    let unknown = rows.filter { $0.text("status") == "unknown" && $0.text("updated") ?? "" <= edge }
    let count = Decimal(Int64(unknown.count))
    let names = unknown.prefix(3).compactMap { $0.text("id") }.joined(separator: ", ")
    return CheckVerdict(
      bounds.level(count, crit: .zero),
      "\(rows.count) open, \(unknown.count) unknown for too long\(names.isEmpty ? "" : ": \(names)")", "orders_unknown",
      count)
  }

  private func disk(_ context: borrowing CommandContext) -> CheckVerdict {
    let path = MachineFacts.existing(context.paths.currentStateDirectory)
    guard let disk = MachineFacts.disk(path),
      let share = Decimal(mantissa: Int128(disk.free) * 1_000 / Int128(disk.size), scale: 1)
    else {
      return CheckVerdict(.unknown, "the file system of \(path) does not tell its size")
    }
    return CheckVerdict(
      bounds.levelBelow(share, warn: Decimal(20), crit: Decimal(10)), "\(share.canonicalText)% of \(path) is free",
      "disk_free_pct", share)
  }

  private func clock() -> CheckVerdict {
    guard let clock = MachineFacts.clockState() else {
      return CheckVerdict(.unknown, "the kernel does not tell whether the clock is synchronised")
    }
    guard clock.isSynchronised else { return CheckVerdict(.critical, "the clock is not synchronised") }
    let level = bounds.level(Decimal(clock.errorNanoseconds), warn: Decimal(50_000_000), crit: Decimal(500_000_000))
    return CheckVerdict(
      level, "synchronised, error at most \(DurationText.text(nanoseconds: clock.errorNanoseconds))", "clock_error_ns",
      Decimal(clock.errorNanoseconds))
  }
}

extension CommandContext {
  /// The objects that answer `request`, and how it ended. Nothing is shown.
  mutating func collect(_ request: RequestDraft) throws(ErrorObject) -> (rows: [Row], exit: UInt8) {
    var client = try connect()
    client.send(request.line(number: 2))
    let limit = line.timeout.flatMap { try? DurationText.parse($0) } ?? 5_000_000_000
    let deadline = clock.monotonic() + limit
    var rows: [Row] = []
    var failure: ErrorObject?
    while true {
      switch try client.next(until: deadline) {
      case .reply(let reply):
        guard reply.request == 2 else { continue }
        switch reply.body {
        case .data(let object):
          guard let document = try? JSONReader.read(Array(object)) else {
            throw ErrorObject("internal.result", .failure, "a result is not JSON")
          }
          rows.append(Row(document))
        case .note: continue
        case .error(let object): failure = Self.error(object)
        case .end(let exit):
          if let failure { throw failure }
          return (rows, exit)
        }
      case .signal(let signal):
        guard signal != SignalSource.child else { continue }
        throw ErrorObject("wait.interrupted", exit: UInt8(128 + signal), "interrupted by signal \(signal)")
      case .timeout: throw ErrorObject("engine.no_answer", .unreachable, "the engine did not answer in time")
      case .closed: throw ErrorObject("engine.gone", .unreachable, "the engine closed the connection")
      case .input: continue
      }
    }
  }
}
