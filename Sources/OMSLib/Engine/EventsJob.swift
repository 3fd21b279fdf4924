internal import CCore

/// `events`: what is there above a cursor, then with `follow` what comes. Nothing is shown before it is durable.
final class EventsJob: Job {
  private let request: EventsRequest
  private var cursor: UInt64 = 0
  private var isPlaced = false
  private var selected = Resolver.Selected(accounts: [])
  private var id: Text64?
  private var since: UTCTime?
  private var filter = EventFilter()
  /// Of the last N, those that memory does not have.
  private var missing = 0
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
      if request.asksPlace {
        if let place = whereItIs(agent) { data(agent, place) }
        return end(agent, exit: 0)
      }
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
    filter = makeFilter(agent)
    if let last = request.last { cursor = start(agent, last: Int(last)) }
    guard !request.asksPlace else { return }
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
    missing = left
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
    data(agent, EventLine.gap(from: cursor + 1, to: seq - 1, at: agent.utc))
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
    return verdict(order.image)
  }

  private func finished(_ agent: ControlAgent, _ line: EventHistory.Line) -> UInt8? {
    guard let id, let root = (try? JSONReader.read(line.bytes))?.root, root["done"]?.bool == true,
      let order = agent.view.order(named: id.description) ?? agent.view.older(id)
    else { return nil }
    return verdict(order.image)
  }

  private func verdict(_ image: OrderImage) -> UInt8? {
    switch OrderVerdict.judge(image, .filled, placing: true) {
    case .reached: 0
    case .ended(let error): error.exit
    case .waiting: nil
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
      guard let wanted = NoticeLevel(word: level), line.levelRaw >= wanted.rawValue else { return false }
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
      guard matches(line) else { continue }
      if show(agent, line.bytes) != nil {
        end(agent, exit: 0)
        return false
      }
      if request.untilDone, let exit = finished(agent, line) {
        end(agent, exit: exit)
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

  private func matches(_ line: EventHistory.Line) -> Bool {
    unsafe line.bytes.withUnsafeBufferPointer { unsafe filter.matches($0) }
  }

  private func makeFilter(_ agent: ControlAgent) -> EventFilter {
    var filter = EventFilter()
    let names = agent.view.names
    (filter.types, filter.kind, filter.level) = (request.types, request.kind, request.level)
    (filter.id, filter.since) = (request.id, since)
    filter.strategy = request.selection.strategy
    filter.venue = request.selection.venue
    filter.symbol = selected.instrument.isNone ? nil : names.instrument(selected.instrument)?.name.description
    guard request.selection.account != nil else { return filter }
    filter.accounts = selected.accounts.compactMap { names.account(AccountID(number: $0))?.name }
    return filter
  }

  /// For whoever reads the files by itself; `nil` where the engine has it all, or the files do not yet.
  private func whereItIs(_ agent: ControlAgent) -> [UInt8]? {
    let logged = UInt64(clamping: agent.facts.loggedSeq.value)
    let memory = agent.view.lines.first?.seq ?? .max
    let isWanted = request.last == nil ? logged > cursor + Self.fewLines : missing > 0 && memory > 1
    guard isWanted, memory == .max || logged + 1 >= memory, !request.untilDone else { return nil }
    var json = JSONWriter()
    json.beginObject()
    json.member("directory", agent.facts.logDirectory)
    json.member("until", request.last == nil ? logged : memory - 1)
    if request.last != nil { json.member("last", missing) }
    json.name("types")
    Self.list(filter.types, &json)
    if let accounts = filter.accounts {
      json.name("accounts")
      Self.list(accounts, &json)
    }
    json.member("id", filter.id)
    json.member("kind", filter.kind)
    json.member("level", filter.level)
    json.member("symbol", filter.symbol)
    json.member("strategy", filter.strategy)
    json.member("venue", filter.venue)
    if let since { json.member("since", since) }
    json.endObject()
    return json.bytes
  }

  private static func list(_ words: [String], _ json: inout JSONWriter) {
    json.beginArray()
    for word in words { json.string(word) }
    json.endArray()
  }

  /// Not worth opening files for.
  private static let fewLines: UInt64 = 500
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
