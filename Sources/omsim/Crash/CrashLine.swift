import OMSLib

/// A connection to the engine's socket: requests go out by number, what comes back is taken one event at a time.
struct CrashLine: ~Copyable {
  private var client: ControlClient
  private let clock = SystemClock()
  private var nextNumber: UInt64 = 1

  init(path: String) throws(SystemError) {
    client = try ControlClient(path: path, signals: -1, clock: clock)
  }

  /// The number of the process that answers.
  mutating func greet() throws(CrashError) -> Int32? {
    var hello = RequestDraft("hello")
    hello.set("protocol", .number(1))
    return try ask(hello).first?["pid"]?.integer()
  }

  /// Returns the number under which the answer comes.
  mutating func send(_ request: RequestDraft) -> UInt64 {
    let number = nextNumber
    nextNumber += 1
    client.send(request.line(number: number))
    return number
  }

  /// `nil`: nothing came in that time. Throws when the connection is over.
  mutating func next(milliseconds: Int64) throws(CrashError) -> ControlReply? {
    let event: ControlClient.Event
    do throws(ErrorObject) {
      event = try client.next(until: clock.monotonic() + milliseconds * 1_000_000)
    } catch {
      throw CrashError(error.message)
    }
    switch event {
    case .reply(let reply): return reply
    case .closed: throw CrashError("the engine closed the connection")
    case .timeout, .signal, .input: return nil
    }
  }

  /// Asks and waits: the objects of the answer, in order. A refusal is an error.
  mutating func ask(_ request: RequestDraft, seconds: Int64 = 60) throws(CrashError) -> [JSONValue] {
    let number = send(request)
    let deadline = clock.monotonic() + seconds * 1_000_000_000
    var objects: [JSONValue] = []
    while clock.monotonic() < deadline {
      guard let reply = try next(milliseconds: 100), reply.request == number else { continue }
      switch reply.body {
      case .data(let bytes):
        if let document = try? JSONReader.read(Array(bytes)) { objects.append(document.root) }
      case .error(let bytes):
        throw CrashError("'\(request.operation)' is refused: \(String(decoding: bytes, as: UTF8.self))")
      case .note: break
      case .end: return objects
      }
    }
    throw CrashError("'\(request.operation)' was not answered within \(seconds) s")
  }
}
