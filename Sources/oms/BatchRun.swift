import OMSLib

extension CommandContext {
  /// Works off the lines of `source` (standard input when `nil`): the one engine of `batch` and `cancel -`.
  mutating func runBatch(_ settings: BatchSettings, source: String?) throws(ErrorObject) -> ExitStatus {
    var input = try LineSource(path: source)
    let ledger = BatchLedger(ledgerSettings(settings))
    var client = try connect()
    try takeJob(&client)
    var run = BatchRun(ledger: ledger, begin: clock.monotonic())
    // Whoever sits at a terminal sees what it comes to, and answers once.
    let asks = canAsk && source != nil && line.isLive && !arguments.has("yes") && !arguments.has("dry-run")
    if settings.prechecks || asks {
      let passes = try precheck(&run, &input, &client, settings)
      if asks, passes { try confirm(&run) }
    }
    try work(&run, &input, &client)
    try settle(&run, &client)
    return try report(run)
  }

  private func ledgerSettings(_ settings: BatchSettings) -> BatchLedger.Settings {
    var result = BatchLedger.Settings()
    result.window = settings.window
    result.stopsOnError = settings.stopsOnError && !settings.isCancelling
    result.isUnordered = settings.isUnordered
    result.echoes = settings.echoes
    result.sendInterval = settings.sendInterval
    let limit = line.timeout ?? "5s"
    result.patience = ((try? DurationText.parse(limit)) ?? 5_000_000_000) + 2_000_000_000
    result.defaults.account = arguments.string("account") ?? line.environment["OMS_ACCOUNT"]
    result.defaults.session = line.environment["OMS_SESSION"]
    result.defaults.timeout = limit
    result.defaults.isLive = line.isLive
    result.defaults.isConfirmed = arguments.has("yes")
    result.defaults.isDryRun = arguments.has("dry-run")
    result.defaults.isCancelling = settings.isCancelling
    return result
  }

  /// Reads, sends and shows until the input ends or somebody stops it.
  private mutating func work(
    _ run: inout BatchRun, _ input: inout LineSource, _ client: inout ControlClient
  ) throws(ErrorObject) {
    while true {
      while run.ledger.wantsInput, !run.isStopping, let line = input.take() {
        run.ledger.accept(line.bytes, line: line.number, at: now)
      }
      let wait = send(&run, &client)
      try show(&run)
      if output.isClosed || run.isStopping || run.outputFailure != nil { return }
      if input.isAtEnd, run.ledger.openCount == 0 { return }
      let wantsMore = run.ledger.wantsInput && !input.isAtEnd
      if wantsMore, !input.isWatchable {
        // A regular file is always ready; replies are only looked at in passing.
        try input.fill()
        try take(client.next(until: clock.monotonic()), &run)
        continue
      }
      if wantsMore {
        guard input.watch(&client) else { continue }
      } else {
        input.ignore(&client)
      }
      let (answered, total) = (run.ledger.totalCount - run.ledger.openCount, run.ledger.totalCount)
      let event = try nextEvent(&client, until: wait) { "\(answered) of \(total) lines answered" }
      if event == .input { try input.fill() } else { try take(event, &run) }
    }
  }

  /// Waits for what is out when nothing more is to be sent.
  private mutating func settle(_ run: inout BatchRun, _ client: inout ControlClient) throws(ErrorObject) {
    run.ledger.stop()
    while true {
      let wait = send(&run, &client)
      try show(&run)
      if run.ledger.openCount == 0 { return }
      let open = run.ledger.openCount
      try take(nextEvent(&client, until: wait) { "waiting for the last \(open) lines" }, &run)
    }
  }

  private mutating func send(_ run: inout BatchRun, _ client: inout ControlClient) -> Int64? {
    while true {
      switch run.ledger.next(now: clock.monotonic(), at: now) {
      case .send(_, let line): client.send(line)
      case .wait(let instant): return instant
      case .idle: return nil
      }
    }
  }

  private mutating func take(_ event: ControlClient.Event, _ run: inout BatchRun) throws(ErrorObject) {
    switch event {
    case .reply(let reply):
      if case .note(let text) = reply.body { try say(text) }
      run.ledger.take(reply, at: now)
    case .closed:
      run.ledger.lose(at: now)
      run.isStopping = true
    case .signal(let signal) where signal != SignalSource.child:
      run.signal = run.signal ?? signal
      run.isStopping = true
    case .signal, .timeout, .input: break
    }
  }

  /// Shows the results that are due; when the reader has gone, keeps them for the file.
  private mutating func show(_ run: inout BatchRun) throws(ErrorObject) {
    let results = run.ledger.takeResults()
    guard !results.isEmpty else { return }
    guard !output.isClosed, run.outputFailure == nil else {
      run.unreported += results
      return
    }
    if isOutputTerminal { try clearProgress() }
    do throws(ErrorObject) {
      for result in results { try output.take(result) }
      try output.flush()
    } catch {
      // A full disk is no reason to leave orders unwatched.
      run.outputFailure = error
      run.unreported += results
      return
    }
    // What the reader took of the last write is not known: better twice than never.
    if output.isClosed, !isQuiet { run.unreported += results }
  }

  // MARK: Precheck

  /// Reads all lines and asks the engine for its verdict on every order. If any fails, nothing will be sent: the lines
  /// that failed say why, the others that they were not attempted.
  private mutating func precheck(
    _ run: inout BatchRun, _ input: inout LineSource, _ client: inout ControlClient, _ settings: BatchSettings
  ) throws(ErrorObject) -> Bool {
    var trialSettings = ledgerSettings(settings)
    trialSettings.defaults.isDryRun = true
    trialSettings.stopsOnError = false
    var trial = BatchRun(ledger: BatchLedger(trialSettings), begin: run.begin)
    var lines: [LineSource.Line] = []
    while !trial.isStopping {
      while trial.ledger.wantsInput, let line = input.take() {
        lines.append(line)
        trial.ledger.accept(line.bytes, line: line.number, at: now)
      }
      let wait = send(&trial, &client)
      for result in trial.ledger.takeResults() { run.totals.add(result) }
      if trial.ledger.openCount > 0 {
        try take(client.next(until: wait), &trial)
      } else if input.isAtEnd {
        break
      } else {
        try input.fill()
      }
    }
    run.signal = trial.signal
    if trial.isStopping || !trial.ledger.failures.isEmpty {
      run.ledger.refuse(trial.ledger.failures)
      for line in lines { run.ledger.accept(line.bytes, line: line.number, at: now) }
      run.isStopping = trial.isStopping
      return false
    }
    input.giveBack(lines)
    return true
  }

  /// One question for all of it.
  private mutating func confirm(_ run: inout BatchRun) throws(ErrorObject) {
    for line in run.totals.text { try say(line) }
    try demandYes()
    run.ledger.confirm()
  }

  // MARK: End

  private mutating func report(_ run: BatchRun) throws(ErrorObject) -> ExitStatus {
    if !run.unreported.isEmpty { try keep(run.unreported) }
    if run.outputFailure == nil { try output.finish(at: now) }
    try summarize(run)
    let status = run.ledger.status
    if var failure = run.outputFailure {
      // Whatever else went wrong, what is unknown comes first.
      if status == ExitStatus(.unknown) { failure.exit = status.rawValue }
      failure.sent = status == ExitStatus(.unknown) ? "unknown" : "yes"
      throw failure
    }
    if let signal = run.signal, status.rawValue != ExitCode.unknown.rawValue {
      return ExitStatus(rawValue: UInt8(128 + signal))
    }
    return status
  }

  private mutating func summarize(_ run: BatchRun) throws(ErrorObject) {
    let ledger = run.ledger
    let elapsed = (clock.monotonic() - run.begin) / 1_000_000
    if errorsAreJSON {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("type", "summary")
      writer.member("v", 1)
      writer.member("ts", now)
      writer.member("op", spec.name)
      writer.member("total", ledger.totalCount)
      writer.member("ok", ledger.okCount)
      writer.member("failed", ledger.failedCount)
      writer.member("unknown", ledger.unknownCount)
      writer.member("skipped", ledger.skippedCount)
      writer.member("elapsed_ms", elapsed)
      writer.endObject()
      writer.endLine()
      guard !isQuiet else { return }
      try clearProgress()
      try errors.write(writer.bytes)
      try errors.flush()
    } else {
      try say(
        "\(spec.name): \(ledger.totalCount) lines, \(ledger.okCount) ok, \(ledger.failedCount) failed, "
          + "\(ledger.unknownCount) unknown, \(ledger.skippedCount) not attempted, \(elapsed) ms")
    }
  }

  /// The reader has gone: its results go to a file of the instance.
  private mutating func keep(_ results: [[UInt8]]) throws(ErrorObject) {
    let directory = paths.currentStateDirectory
    let path = "\(directory)/batch-\(ProcessIdentity.number).jsonl"
    var text = ByteBuffer()
    for result in results {
      text.append(bytes: result)
      text.append(0x0A)
    }
    do {
      try ScratchFile.write(text.bytes, to: path, under: directory)
    } catch {
      throw .io(error, path)
    }
    try clearProgress()
    let why = output.isClosed ? "the reader of the results left" : "the results could not be written"
    try errors.write("oms: \(why); \(results.count) results are in \(path)\n")
    try errors.flush()
  }
}

/// One batch under way.
struct BatchRun {
  var ledger: BatchLedger
  let begin: Int64
  /// Nothing more is read or sent.
  var isStopping = false
  var signal: Int32?
  /// Results that came when nobody read any more.
  var unreported: [[UInt8]] = []
  /// Why results could not be written.
  var outputFailure: ErrorObject?
  /// What it comes to, by the trial.
  var totals = BatchTotals()
}

/// What the lines of a batch come to, for whoever is asked.
struct BatchTotals {
  private struct Total {
    let name: String
    var count = 0
    var notional = Decimal.zero
  }

  private var totals: [Total] = []
  private var otherCount = 0

  /// One result of a trial: orders have their plan in it.
  mutating func add(_ result: [UInt8]) {
    guard let root = (try? JSONReader.read(result))?.root, let plan = root["order"], plan["type"]?.string == "plan"
    else {
      otherCount += 1
      return
    }
    let words = ["mode", "action", "side", "symbol"].compactMap { plan[$0]?.string }
    let name = words.joined(separator: " ")
    let index = totals.firstIndex { $0.name == name } ?? totals.count
    if index == totals.count { totals.append(Total(name: name)) }
    totals[index].count += 1
    let notional = plan["notional"]?.string.flatMap { Decimal(plain: $0) } ?? .zero
    totals[index].notional = totals[index].notional.adding(notional) ?? totals[index].notional
  }

  var text: [String] {
    let lines = totals.map { "\($0.name): \($0.count) lines, \($0.notional) in all" }
    return otherCount == 0 ? lines : lines + ["\(otherCount) other lines"]
  }
}
