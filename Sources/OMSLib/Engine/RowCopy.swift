/// Buffers that the hot thread writes into. Each stays alive until its answer has come: a client may die, or give up, while
/// the rows it asked for are on their way.
///
/// Owner: the control thread.
struct LentBuffers {
  private var buffers: [UInt64: AnyObject] = [:]

  var count: Int { buffers.count }

  mutating func lend(_ buffer: AnyObject, _ token: UInt64) {
    precondition(buffers[token] == nil, "a token is asked once")
    buffers[token] = buffer
  }

  /// The answer is there: nobody writes any more.
  mutating func takeBack(_ token: UInt64) { buffers.removeValue(forKey: token) }
}

/// Memory for rows that another thread fills.
@safe private final class RowBuffer<Row: BitwiseCopyable> {
  let capacity: Int
  private let base: UnsafeMutablePointer<Row>

  init(capacity: Int) {
    precondition(capacity > 0, "at least one row is asked for")
    self.capacity = capacity
    unsafe base = .allocate(capacity: capacity)
  }

  deinit { unsafe base.deallocate() }

  var address: UInt64 { UInt64(UInt(bitPattern: unsafe UnsafeRawPointer(base))) }

  /// Row `index` of an answer that said it has so many.
  subscript(index: Int) -> Row {
    precondition(index >= 0 && index < capacity, "an answer has as many rows as were asked for")
    return unsafe base[index]
  }
}

/// Rows of one of the core's tables, copied by the hot thread: few at first, since most tables have few, then a few
/// hundred at a time.
final class RowCopy<Row: BitwiseCopyable> {
  private static var firstBytes: Int { 4 << 10 }
  private static var bytes: Int { 64 << 10 }
  private static var pauseNanoseconds: Int64 { 1_000_000 }

  private let query: HotMessage.Query
  private var buffer: RowBuffer<Row>?
  private let argument: UInt64
  private let limit: Int
  private var token: UInt64 = 0
  private var next: Int
  /// Rows that have to come from elsewhere are asked for again then.
  private var nextLook = EngineTime.zero
  private(set) var rows: [Row] = []

  init(_ query: HotMessage.Query, first: Int = 1, limit: Int = .max, argument: UInt64 = 0) {
    self.query = query
    self.argument = argument
    self.limit = limit
    next = first
  }

  func wants(_ token: UInt64) -> Bool { self.token == token }

  /// `true` once all rows are there.
  func step(_ agent: ControlAgent) -> Bool {
    while true {
      guard token != 0, let buffer else {
        if agent.now >= nextLook { ask(agent) }
        return false
      }
      guard let reply = agent.takeAnswer(token) else { return false }
      token = 0
      guard reply.outcomeRaw != Reply.Outcome.refused.rawValue else {
        nextLook = agent.now.advanced(byNanoseconds: Self.pauseNanoseconds)
        return false
      }
      let count = Int(reply.count)
      for index in 0..<count { rows.append(buffer[index]) }
      next += count
      if count < buffer.capacity || rows.count >= limit { return true }
    }
  }

  private func ask(_ agent: ControlAgent) {
    token = agent.makeToken()
    let bytes = rows.isEmpty && limit == .max ? Self.firstBytes : Self.bytes
    let asked = RowBuffer<Row>(capacity: min(max(1, bytes / MemoryLayout<Row>.stride), limit - rows.count))
    buffer = asked
    var body = RowQuery()
    body.token = token
    body.address = asked.address
    body.first = UInt32(next)
    body.capacity = UInt32(asked.capacity)
    body.argument = argument
    agent.ask(HotMessage(query, body), filling: asked, token: token)
  }
}
