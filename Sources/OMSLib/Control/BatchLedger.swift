/// The book-keeping of `oms batch`: which line may be sent when, and which results may be shown. Pure: lines, replies and
/// instants go in, requests and results come out.
///
/// Results come in input order (unless told otherwise), each as soon as it and all before it are known.
package struct BatchLedger: Sendable {
  package struct Settings: Sendable {
    package var window = 64
    package var stopsOnError = true
    package var isUnordered = false
    package var echoes = false
    /// Nanoseconds between two sends; 0 without a limit.
    package var sendInterval: Int64 = 0
    /// How long an answer may take before the line counts as unknown.
    package var patience: Int64 = 7_000_000_000
    package var defaults = BatchLine.Defaults()

    package init() {}
  }

  package enum Step: Equatable, Sendable {
    case send(number: UInt64, line: [UInt8])
    /// Nothing can be sent before this instant, or a reply that comes earlier.
    case wait(until: Int64)
    /// Only a reply or more input goes on.
    case idle
  }

  private enum State: Equatable {
    case queued
    case inFlight(deadline: Int64)
    case sleeping(until: Int64)
    case done
  }

  private struct Entry {
    let line: Int
    let source: [UInt8]
    let content: BatchLine
    var state = State.queued
    var result: [UInt8]?
    var order: ArraySlice<UInt8>?
    var error: ErrorObject?
  }

  private var settings: Settings
  private var entries: [Entry] = []
  /// Entries that were shown and dropped: number of a request = its place in the whole input, from 1.
  private var droppedCount = 0
  private var sendNotBefore: Int64 = 0
  private var isStopped = false
  /// Verdicts of a trial, by line: they are the reason why nothing is sent.
  private var verdicts: [Int: ErrorObject] = [:]
  /// What failed so far, by line.
  package private(set) var failures: [Int: ErrorObject] = [:]
  private var outcomes: [UInt8] = []
  package private(set) var totalCount = 0
  package private(set) var okCount = 0
  package private(set) var failedCount = 0
  package private(set) var unknownCount = 0
  package private(set) var skippedCount = 0

  package init(_ settings: Settings) { self.settings = settings }

  /// The lines from here on are meant.
  package mutating func confirm() { settings.defaults.isConfirmed = true }

  /// Lines that were neither refused nor answered yet.
  package var openCount: Int { entries.count { $0.state != .done } }
  package var inFlightCount: Int {
    entries.count { if case .inFlight = $0.state { true } else { false } }
  }
  /// More input is worth reading: the queue is short.
  package var wantsInput: Bool { entries.count < settings.window * 2 + 64 }

  /// Takes line `number` of the input; a blank one is skipped.
  package mutating func accept(_ source: [UInt8], line number: Int, at time: UTCTime) {
    let isBlank = source.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    guard !isBlank else { return }
    var source = source
    while let last = source.last, last == 0x0D || last == 0x20 || last == 0x09 { source.removeLast() }
    totalCount += 1
    entries.append(Entry(line: number, source: source, content: BatchLine(source, settings.defaults)))
  }

  /// What to do at `now` (monotonic). Called until it says `wait` or `idle`.
  package mutating func next(now: Int64, at time: UTCTime) -> Step {
    var soonest: Int64?
    var flying = 0
    var busyIDs: [String] = []
    for index in entries.indices {
      switch entries[index].state {
      case .done: continue
      case .inFlight(let deadline):
        if now >= deadline {
          fail(index, Self.unanswered(entries[index].content.id), at: time)
          continue
        }
        flying += 1
        soonest = min(soonest ?? deadline, deadline)
        if let id = entries[index].content.id { busyIDs.append(id) }
      case .sleeping(let end):
        guard now >= end else { return .wait(until: min(soonest ?? end, end)) }
        succeed(index, exit: 0, at: time)
      case .queued:
        if isStopped {
          if let verdict = verdicts[entries[index].line] {
            fail(index, verdict, at: time)
          } else {
            skip(index, at: time)
          }
          continue
        }
        switch entries[index].content.work {
        case .refused(let error):
          fail(index, error, at: time)
        case .nothing:
          succeed(index, exit: 0, at: time)
        case .barrier:
          guard flying == 0 else { return soonest.map(Step.wait) ?? .idle }
          succeed(index, exit: 0, at: time)
        case .pause(let milliseconds):
          entries[index].state = .sleeping(until: now + milliseconds * 1_000_000)
          return .wait(until: now + milliseconds * 1_000_000)
        case .request(let draft):
          // An order and what is done to it keep their order; so does everything behind a full window.
          let isHeld = entries[index].content.id.map(busyIDs.contains) ?? false
          guard flying < settings.window, !isHeld else { return soonest.map(Step.wait) ?? .idle }
          guard now >= sendNotBefore else { return .wait(until: min(soonest ?? sendNotBefore, sendNotBefore)) }
          sendNotBefore = max(sendNotBefore, now) + settings.sendInterval
          entries[index].state = .inFlight(deadline: now + settings.patience)
          let number = UInt64(droppedCount + index + 1)
          return .send(number: number, line: draft.line(number: number))
        }
      }
    }
    return soonest.map(Step.wait) ?? .idle
  }

  /// A reply of the engine. Those that belong to no open line are ignored.
  package mutating func take(_ reply: ControlReply, at time: UTCTime) {
    let index = Int(clamping: reply.request) - 1 - droppedCount
    guard entries.indices.contains(index), case .inFlight = entries[index].state else { return }
    switch reply.body {
    case .data(let object): entries[index].order = object
    case .error(let object):
      let document = try? JSONReader.read(Array(object))
      entries[index].error =
        document.flatMap { ErrorObject($0.root) }
        ?? ErrorObject("internal.reply", .failure, "the engine sent an error this client does not understand")
    case .note: break
    case .end(let exit):
      if exit == 0, entries[index].error == nil {
        succeed(index, exit: 0, at: time)
      } else {
        var error = entries[index].error ?? Self.silent(exit)
        if exit != 0 { error.exit = exit }
        fail(index, error, at: time)
      }
    }
  }

  /// No further line is sent: those queued answer that they were not attempted. Lines in flight stay open.
  package mutating func stop() { isStopped = true }

  /// A trial found failures: their lines say why, and nothing is sent.
  package mutating func refuse(_ failures: [Int: ErrorObject]) {
    verdicts = failures
    isStopped = true
  }

  /// The engine is gone: what was in flight is unknown, the rest was not attempted.
  package mutating func lose(at time: UTCTime) {
    for index in entries.indices {
      if case .inFlight = entries[index].state { fail(index, Self.unanswered(entries[index].content.id), at: time) }
    }
    isStopped = true
  }

  /// The results that may be shown now, one line of JSON each, without newline.
  package mutating func takeResults() -> [[UInt8]] {
    var results: [[UInt8]] = []
    for index in entries.indices {
      guard entries[index].state == .done else {
        if settings.isUnordered { continue }
        break
      }
      if let result = entries[index].result {
        results.append(result)
        entries[index].result = nil
      }
    }
    let finished = entries.prefix { $0.state == .done && $0.result == nil }.count
    entries.removeFirst(finished)
    droppedCount += finished
    return results
  }

  /// The status of the whole: 0, the failure's own if nothing succeeded, 32 mixed, 30 if anything is unknown.
  package var status: ExitStatus { ExitStatus.combined(outcomes) }

  // MARK: Ends of lines

  private mutating func succeed(_ index: Int, exit: UInt8, at time: UTCTime) {
    okCount += 1
    // Barriers and sleeps are no outcome: a batch of nothing but failures and a barrier did not succeed in part.
    if case .request = entries[index].content.work { outcomes.append(exit) }
    finish(index, exit: exit, error: nil, at: time)
  }

  private mutating func fail(_ index: Int, _ error: ErrorObject, at time: UTCTime) {
    if error.exit == ExitCode.unknown.rawValue { unknownCount += 1 } else { failedCount += 1 }
    outcomes.append(error.exit)
    failures[entries[index].line] = error
    if settings.stopsOnError { isStopped = true }
    finish(index, exit: error.exit, error: error, at: time)
  }

  private mutating func skip(_ index: Int, at time: UTCTime) {
    skippedCount += 1
    var error = ErrorObject(
      "busy.not_attempted", .unreachable, "not attempted: another line failed, or the batch was ended",
      hint: "repeat the line unchanged")
    error.retry = "same_id"
    finish(index, exit: error.exit, error: error, at: time)
  }

  private mutating func finish(_ index: Int, exit: UInt8, error: ErrorObject?, at time: UTCTime) {
    let entry = entries[index]
    let order = entry.order.flatMap { try? JSONReader.read(Array($0)) }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "result")
    writer.member("v", 1)
    writer.member("ts", time)
    writer.member("line", entry.line)
    writer.member("op", entry.content.operation)
    writer.member("ok", error == nil)
    writer.member("exit", exit)
    writer.member("sent", error?.sent ?? order?.root["sent"]?.string ?? "no")
    writer.member("id", entry.content.id ?? order?.root["id"]?.string ?? error?.id)
    if let object = entry.order { writer.member("order", raw: object) } else { writer.memberNull("order") }
    writer.name("error")
    if let error { Self.write(error, to: &writer) } else { writer.null() }
    writer.name("input")
    if settings.echoes { echo(entry, to: &writer) } else { writer.null() }
    writer.endObject()
    entries[index].result = writer.bytes
    entries[index].order = nil
    entries[index].state = .done
  }

  /// The line itself when it is an object, else its text.
  private func echo(_ entry: Entry, to writer: inout JSONWriter) {
    if entry.source.first == UInt8(ascii: "{"), (try? JSONReader.read(entry.source)) != nil {
      writer.raw(entry.source)
    } else {
      writer.string(String(decoding: entry.source.prefix(1024), as: UTF8.self))
    }
  }

  private static func write(_ error: ErrorObject, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("code", error.code)
    writer.member("message", error.message)
    writer.member("hint", error.hint)
    writer.member("retry", error.retry)
    writer.member("retry_after_ms", error.retryAfterMilliseconds)
    writer.endObject()
  }

  private static func unanswered(_ id: String?) -> ErrorObject {
    var error = ErrorObject(
      "outcome.unknown", .unknown, "the line left for the engine and no answer came",
      hint: id == nil ? "oms orders --open" : "repeat it with the same id, or ask: oms wait ID --for known")
    error.sent = "unknown"
    error.retry = id == nil ? "reconcile" : "same_id"
    return error
  }

  private static func silent(_ exit: UInt8) -> ErrorObject {
    ErrorObject("internal.reply", exit: exit, "the engine ended the line with \(exit) and gave no reason")
  }
}
