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
  static var capacity: Int { max(1, 65_536 / MemoryLayout<Row>.stride) }
  private let base: UnsafeMutablePointer<Row>

  init() { unsafe base = .allocate(capacity: Self.capacity) }

  deinit { unsafe base.deallocate() }

  var address: UInt64 { UInt64(UInt(bitPattern: unsafe UnsafeRawPointer(base))) }

  /// Row `index` of an answer that said it has so many.
  subscript(index: Int) -> Row {
    precondition(index >= 0 && index < Self.capacity, "an answer has as many rows as were asked for")
    return unsafe base[index]
  }
}

/// Rows of one of the core's tables, copied by the hot thread a few hundred at a time.
final class RowCopy<Row: BitwiseCopyable> {
  private let query: HotMessage.Query
  private let buffer = RowBuffer<Row>()
  private let argument: UInt64
  private let limit: Int
  private var token: UInt64 = 0
  private var next: Int
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
      if token == 0 {
        ask(agent)
        return false
      }
      guard let reply = agent.takeAnswer(token) else { return false }
      token = 0
      let count = Int(reply.count)
      for index in 0..<count { rows.append(buffer[index]) }
      next += count
      if count < min(RowBuffer<Row>.capacity, limit) || rows.count >= limit { return true }
    }
  }

  private func ask(_ agent: ControlAgent) {
    token = agent.makeToken()
    var body = RowQuery()
    body.token = token
    body.address = buffer.address
    body.first = UInt32(next)
    body.capacity = UInt32(min(RowBuffer<Row>.capacity, limit - rows.count))
    body.argument = argument
    agent.ask(HotMessage(query, body), filling: buffer, token: token)
  }
}
