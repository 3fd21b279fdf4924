import OMSLib

/// The part of `oms events` that is in the log's files: the client reads it, the engine only says where it is. So a query
/// of millions of lines holds nobody else up.
struct EventHistory {
  /// What the engine said.
  private struct Place {
    let directory: String
    /// Up to here lines are in the files.
    let until: UInt64
    let filter: EventFilter
    /// Of the last N, so many are not in memory.
    let last: Int?
  }

  let request: RequestDraft
  let after: UInt64?
  let take: Int?
  let hasNoGaps: Bool

  /// What is left to ask for; `nil`: nothing any more.
  func read(_ context: inout CommandContext) throws(ErrorObject) -> RequestDraft? {
    guard let place = try place(&context) else { return request }
    var rest = request
    for name in ["from_start", "last"] { rest.remove(name) }
    var reader = Reader(after: after ?? 0, isCounting: after != nil, left: place.last == nil ? take ?? .max : .max)
    var kept: [[UInt8]] = []
    let files = EventFiles(directory: place.directory, since: place.filter.since)
    try unsafe files.read { (line, seq) throws(ErrorObject) in
      guard seq <= place.until, reader.left > 0, !context.output.isClosed, !context.output.isFull else { return false }
      guard seq > reader.cursor else { return true }
      if let gap = reader.pass(seq, at: context.now) {
        guard !hasNoGaps else {
          throw ErrorObject("stream.gap", .gap, "events up to \(seq - 1) are not kept any more")
        }
        try context.output.take(gap)
      }
      guard unsafe place.filter.matches(line) else { return true }
      if let last = place.last {
        kept.append(unsafe Array(line))
        if kept.count > 2 * last { kept.removeFirst(kept.count - last) }
      } else {
        reader.left -= 1
        try unsafe context.output.take(line)
      }
      return true
    }
    for line in kept.suffix(place.last ?? 0).prefix(take ?? .max) { try context.output.take(line) }
    if let take {
      let left = place.last == nil ? reader.left : take - min(kept.count, place.last ?? 0)
      guard left > 0 else { return nil }
      rest.set("take", .number(Int64(left)))
    }
    guard !context.output.isClosed, !context.output.isFull else { return nil }
    rest.remove("since")
    rest.set("after", .number(Int64(max(reader.cursor, place.until))))
    return rest
  }

  /// Where in the line of numbers it is.
  private struct Reader {
    var cursor: UInt64
    /// Some line was met already, or named: what is missing behind it is a gap.
    var isCounting: Bool
    var left: Int

    init(after: UInt64, isCounting: Bool, left: Int) {
      cursor = after
      self.isCounting = isCounting
      self.left = left
    }

    mutating func pass(_ seq: UInt64, at time: UTCTime) -> [UInt8]? {
      defer { (cursor, isCounting) = (seq, true) }
      guard isCounting, seq > cursor + 1 else { return nil }
      return EventLine.gap(from: cursor + 1, to: seq - 1, at: time)
    }
  }

  private func place(_ context: inout CommandContext) throws(ErrorObject) -> Place? {
    var question = request
    question.set("place", .flag)
    var client = try context.connect()
    client.send(question.line(number: 1))
    let deadline = context.clock.monotonic() + 5_000_000_000
    var place: Place?
    while true {
      guard case .reply(let reply) = try client.next(until: deadline) else { return nil }
      switch reply.body {
      case .data(let object): place = Self.place(Array(object))
      case .error(let object): throw CommandContext.error(object)
      case .note: continue
      case .end: return place
      }
    }
  }

  private static func place(_ object: [UInt8]) -> Place? {
    guard let root = (try? JSONReader.read(object))?.root, let directory = root["directory"]?.string,
      let until = root["until"]?.integer(as: UInt64.self)
    else { return nil }
    var filter = EventFilter()
    filter.types = root["types"]?.elements.compactMap(\.string) ?? []
    filter.accounts = root["accounts"].flatMap { $0.isArray ? $0.elements.compactMap(\.string) : nil }
    (filter.id, filter.kind, filter.level) = (root["id"]?.string, root["kind"]?.string, root["level"]?.string)
    (filter.symbol, filter.venue) = (root["symbol"]?.string, root["venue"]?.string)
    filter.strategy = root["strategy"]?.string
    filter.since = (root["since"]?.string).flatMap { UTCTime(rfc3339: $0.utf8) }
    return Place(directory: directory, until: until, filter: filter, last: root["last"]?.integer())
  }
}
