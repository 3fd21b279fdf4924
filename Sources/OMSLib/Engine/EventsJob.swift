internal import CCore

/// `events`: what is there above a cursor, then with `follow` what comes. Nothing is shown before it is durable.
final class EventsJob: Job {
  private let request: EventsRequest
  private var cursor: UInt64 = 0
  private var isPlaced = false
  private var selected = Resolver.Selected(accounts: [])
  private var id: Text64?
  private var since: UTCTime?
  private var count: Int64 = 0
  private var lastShown: EngineTime
  private var history: EventHistory?
  private var waitsForLog = false
  /// Some line was met already: what is missing behind it is a gap.
  private var hasRead = false
  private var doneExit: UInt8?
  /// Lines looked at, and shown, in one step: others have a turn too.
  private static let linesPerStep = 1_000
  private static let linesShownPerStep = 50
  private var hasMore = false

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: EventsRequest) {
    self.request = request
    lastShown = agent.now
    super.init(agent, client, number, timeout: 0)
  }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if history != nil { return waitsForLog ? 20 : 0 }
    if hasMore { return 0 }
    return request.idle == nil ? 1_000 : 20
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if !isPlaced { try place(agent) }
      if let history {
        guard try read(agent, history) else { return false }
        self.history = nil
      }
      if let exit = try lines(agent) { return end(agent, exit: exit) }
      if !request.follows, cursor >= target(agent) { return end(agent, exit: 0) }
      if let idle = request.idle, agent.now >= lastShown.advanced(byNanoseconds: idle) {
        throw RequestError("stream.idle", exit: 31, "nothing came for that long")
      }
      return false
    } catch {
      return fail(agent, error)
    }
  }

  /// Without `follow` the end is what was there when it was asked.
  private func target(_ agent: ControlAgent) -> UInt64 { lastSeqAtStart }
  private var lastSeqAtStart: UInt64 = 0

  private func place(_ agent: ControlAgent) throws(RequestError) {
    isPlaced = true
    lastSeqAtStart = agent.view.lastSeq
    selected = try agent.resolver.selected(request.selection)
    id = request.id.flatMap { Text64($0) }
    since = try Resolver.time(request.since, now: agent.utc)
    if let after = request.after {
      cursor = UInt64(after)
    } else if request.fromStart || since != nil || request.last != nil || !request.follows || request.untilDone {
      cursor = 0
    } else {
      cursor = agent.view.lastSeq
    }
    if let last = request.last { cursor = start(agent, last: Int(last)) }
    if agent.view.lines(after: cursor) == nil {
      history = EventHistory(directory: agent.facts.logDirectory, after: cursor)
    }
  }

  /// Where the last N matching objects begin, as far as memory goes.
  private func start(_ agent: ControlAgent, last: Int) -> UInt64 {
    var left = last
    for line in agent.view.lines.reversed() {
      if matches(agent, line) {
        left -= 1
        if left < 0 { return line.seq }
      }
    }
    return agent.view.lines.first.map { $0.seq - 1 } ?? agent.view.lastSeq
  }

  private func lines(_ agent: ControlAgent) throws(RequestError) -> UInt8? {
    guard let lines = agent.view.lines(after: cursor) else {
      // It fell behind what memory holds.
      history = EventHistory(directory: agent.facts.logDirectory, after: cursor)
      return nil
    }
    let durable = agent.ring.durableLsn
    let shownAtStart = count
    var looked = 0
    hasMore = false
    for line in lines {
      guard looked < Self.linesPerStep, count - shownAtStart < Self.linesShownPerStep else {
        hasMore = true
        break
      }
      looked += 1
      guard line.lsn <= durable else { break }
      if !request.follows, line.seq > lastSeqAtStart { break }
      guard client.map({ agent.server.hasRoom($0) }) ?? false else { break }
      try tellGap(agent, before: line.seq)
      cursor = line.seq
      guard matches(agent, line) else { continue }
      if let exit = show(agent, agent.view.object(line)) { return exit }
      if request.untilDone, line.type == .order, let exit = finished(agent, line) { return exit }
    }
    return nil
  }

  /// Numbers between the last line and `seq` that are nowhere any more. Whoever reads from the start is told only of those
  /// behind the first line that there is.
  private func tellGap(_ agent: ControlAgent, before seq: UInt64) throws(RequestError) {
    guard seq > cursor + 1, hasRead || request.after != nil else {
      hasRead = true
      return
    }
    hasRead = true
    guard !request.noGaps else {
      throw RequestError("stream.gap", exit: 40, "events \(cursor + 1) to \(seq - 1) are not kept any more")
    }
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "gap")
    json.member("v", 1)
    json.member("ts", agent.utc)
    json.member("from_seq", cursor + 1)
    json.member("to_seq", seq - 1)
    json.member("reason", "not kept any more: old logs go, and a restored journal begins behind what it replaces")
    json.endObject()
    data(agent, json.bytes)
  }

  /// What lies in front of `seq` is nowhere.
  private func skip(_ agent: ControlAgent, to seq: UInt64) throws(RequestError) {
    guard cursor + 1 < seq else { return }
    try tellGap(agent, before: seq)
    cursor = seq - 1
  }

  private func show(_ agent: ControlAgent, _ object: [UInt8]) -> UInt8? {
    data(agent, object)
    lastShown = agent.now
    count += 1
    if let take = request.take, count >= take { return 0 }
    return nil
  }

  /// The code of an order that has ended.
  private func finished(_ agent: ControlAgent, _ line: JournalView.Line) -> UInt8? {
    guard id != nil, let order = agent.view.order(named: line.id.description),
      OrderStatus(rawValue: order.image.statusRaw)?.isDone == true, order.seq == line.seq
    else { return nil }
    switch OrderVerdict.judge(order.image, .filled, placing: true) {
    case .reached: return 0
    case .ended(let error): return error.exit
    case .waiting: return nil
    }
  }

  private func matches(_ agent: ControlAgent, _ line: JournalView.Line) -> Bool {
    if !request.types.isEmpty, !request.types.contains(Self.word(line.type)) { return false }
    if let since, line.utc < since { return false }
    if let id, line.id != id { return false }
    if let kind = request.kind {
      guard line.type == .notice, let word = NoticeKind(rawValue: line.noticeKindRaw)?.word,
        AccountPattern(kind).matches(word)
      else { return false }
    }
    if let level = request.level, line.type == .notice {
      let wanted = NoticeLevel.allCases.first { $0.word == level }
      guard let wanted, line.levelRaw >= wanted.rawValue else { return false }
    }
    if request.selection.isEmpty { return true }
    let venue = agent.view.names.account(line.account)?.venue ?? .none
    return selected.contains(
      account: line.account, instrument: line.instrument, strategy: line.strategy, venue: venue)
  }

  static func word(_ type: RecordType) -> String {
    switch type {
    case .order: "order"
    case .fill: "fill"
    case .transfer: "transfer"
    case .algo: "algo"
    default: "event"
    }
  }

  // MARK: Older than memory

  /// Reads on in the log files. `true`: memory goes on from here.
  private func read(_ agent: ControlAgent, _ history: EventHistory) throws(RequestError) -> Bool {
    guard client.map({ agent.server.hasRoom($0) }) ?? false else { return false }
    let memory = agent.view.lines.first?.seq ?? .max
    waitsForLog = false
    for _ in 0..<Self.linesShownPerStep {
      guard let line = history.next() else { break }
      guard let seq = line.seq, seq > cursor else { continue }
      if seq >= memory {
        // The log has nothing in front of what memory holds.
        try skip(agent, to: memory)
        return true
      }
      try tellGap(agent, before: seq)
      cursor = seq
      guard matches(agent, line) else { continue }
      if show(agent, line.bytes) != nil {
        end(agent, exit: 0)
        return false
      }
    }
    guard history.isDone else { return false }
    if memory != .max, UInt64(clamping: agent.facts.loggedSeq.value) + 1 < memory {
      // The log is behind memory for now: what lies between is still to be written.
      self.history = EventHistory(directory: agent.facts.logDirectory, after: cursor)
      waitsForLog = true
      return false
    }
    if memory != .max { try skip(agent, to: memory) }
    return true
  }

  private func matches(_ agent: ControlAgent, _ line: EventHistory.Line) -> Bool {
    guard let document = try? JSONReader.read(line.bytes) else { return false }
    let root = document.root
    if !request.types.isEmpty, !request.types.contains(root["type"]?.string ?? "") { return false }
    if let id, root["id"]?.string != id.description { return false }
    if let since, let text = root["ts"]?.string, let time = UTCTime(rfc3339: text.utf8), time < since { return false }
    if let kind = request.kind, !AccountPattern(kind).matches(root["kind"]?.string ?? "") { return false }
    if let symbol = request.selection.symbol, root["symbol"]?.string != symbol { return false }
    if request.selection.account != nil, let name = root["account"]?.string {
      guard let account = agent.view.names.accountID(named: name), selected.accounts.contains(account.number) else {
        return false
      }
    }
    return true
  }
}

/// Lines of the JSONL log, oldest first.
final class EventHistory {
  struct Line {
    var bytes: [UInt8]
    /// Read from the text: every line has `"seq":N` behind type and version.
    var seq: UInt64?
  }

  private var files: [String]
  private var descriptor: Int32 = -1
  private var offset: Int64 = 0
  private var buffer: [UInt8] = []
  private var start = 0
  private(set) var isDone = false

  init(directory: String, after: UInt64) {
    let system = KernelFileSystem()
    let names = (try? system.list(directory)) ?? []
    files = names.filter { $0.hasPrefix("events-") && $0.hasSuffix(".jsonl") }.map { directory + "/" + $0 }
  }

  deinit { if descriptor >= 0 { _ = cc_sys_close(descriptor) } }

  func next() -> Line? {
    while true {
      if let end = buffer[start...].firstIndex(of: 0x0A) {
        let bytes = Array(buffer[start..<end])
        start = end + 1
        return Line(bytes: bytes, seq: EventLine.seq(bytes))
      }
      guard fill() else {
        isDone = true
        return nil
      }
    }
  }

  private func fill() -> Bool {
    buffer.removeFirst(start)
    start = 0
    while true {
      if descriptor < 0 {
        guard let path = files.first else { return false }
        files.removeFirst()
        descriptor = unsafe cc_sys_open(path, UInt32(cc_open_read), 0)
        offset = 0
        if descriptor < 0 { continue }
      }
      var piece = [UInt8](repeating: 0, count: 1 << 18)
      let got = unsafe piece.withUnsafeMutableBytes {
        unsafe cc_sys_pread(descriptor, $0.baseAddress, $0.count, offset)
      }
      if got > 0 {
        offset += got
        buffer += piece[0..<Int(got)]
        return true
      }
      _ = cc_sys_close(descriptor)
      descriptor = -1
      buffer = []
    }
  }
}
