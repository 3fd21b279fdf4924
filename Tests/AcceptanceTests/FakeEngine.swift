import Foundation
import OMSLib

/// An engine that answers as a test tells it, on the real socket transport.
final class FakeEngine: @unchecked Sendable {
  /// One step of an answer.
  enum Line: Sendable {
    case data(String)
    case note(String)
    case error(RequestError)
    case end(UInt8)
    /// Cuts the connection.
    case close
    /// The first line again and again, until the client leaves.
    case forever(String)
  }

  // All below is guarded by `lock`; the server itself lives on its thread.
  private let lock = NSLock()
  private var seen: [Request] = []
  private var refusals: [RequestError] = []
  private var hasStopped = false
  private let answer: @Sendable (Request) -> [Line]
  private let finished = DispatchSemaphore(value: 0)

  /// Listens where `shell` looks for its default instance.
  init(for shell: Shell, answer: @escaping @Sendable (Request) -> [Line]) throws {
    self.answer = answer
    try shell.allowMadeUpObjects()
    let directory = shell.directory.appending(path: "r/oms/default")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let path = directory.appending(path: "oms.sock").path
    let started = DispatchSemaphore(value: 0)
    let thread = Thread { [self] in
      serve(path, started)
      finished.signal()
    }
    thread.start()
    started.wait()
  }

  var requests: [Request] { lock.withLock { seen } }
  var refused: [RequestError] { lock.withLock { refusals } }

  func stop() {
    lock.withLock { hasStopped = true }
    finished.wait()
  }

  static func with<R>(
    _ shell: Shell, answer: @escaping @Sendable (Request) -> [Line], _ body: (FakeEngine) throws -> R
  ) throws -> R {
    let engine = try FakeEngine(for: shell, answer: answer)
    defer { engine.stop() }
    return try body(engine)
  }

  private func serve(_ path: String, _ started: DispatchSemaphore) {
    guard var server = try? ControlServer(path: path) else {
      started.signal()
      return
    }
    started.signal()
    let clock = SystemClock()
    let now = { EngineTime(nanoseconds: clock.monotonic()) }
    var endless: [(ClientID, [UInt8])] = []
    while !lock.withLock({ hasStopped }) {
      var inputs: [ControlInput] = []
      server.turn(timeoutMilliseconds: endless.isEmpty ? 5 : 1, now: now) { inputs.append($0) }
      for input in inputs {
        switch input {
        case .request(let client, let request):
          lock.withLock { seen.append(request) }
          for line in answer(request) {
            switch line {
            case .data(let object): server.send(ReplyLine.data(Array(object.utf8), request: request.number), to: client)
            case .note(let text): server.send(ReplyLine.note(text, request: request.number), to: client)
            case .error(let error): server.send(ReplyLine.error(error, request: request.number), to: client)
            case .end(let exit):
              server.send(ReplyLine.end(exit: exit, request: request.number), to: client)
              server.requestEnded(of: client)
            case .forever(let object):
              endless.append((client, ReplyLine.data(Array(object.utf8), request: request.number)))
            case .close:
              server.close(client) { _ in }
            }
          }
        case .refused(_, let error): lock.withLock { refusals.append(error) }
        case .closed(let client): endless.removeAll { $0.0 == client }
        }
      }
      for (client, line) in endless where server.hasRoom(client) { server.send(line, to: client) }
    }
  }
}
