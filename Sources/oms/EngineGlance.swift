import OMSLib

/// One question to an engine that may not be there, for so long and no longer: what help and completion show of it.
struct EngineGlance: ~Copyable {
  /// Nobody waits longer for help or for a completion.
  static let patience: Int64 = 50_000_000

  private var client: ControlClient
  private let deadline: Int64
  private var number: UInt64 = 0

  /// `nil` when no engine listens. The time runs from `begin` on.
  init?(_ paths: InstancePaths, clock: SystemClock, begin: Int64) {
    guard let client = try? ControlClient(path: paths.socket, signals: -1, clock: clock) else { return nil }
    self.client = client
    deadline = begin + Self.patience
  }

  /// The objects of the answer; `nil` when it was not complete in time.
  mutating func ask(_ request: RequestDraft) -> [JSONValue]? {
    number += 1
    client.send(request.line(number: number))
    var objects: [JSONValue] = []
    while true {
      guard case .reply(let reply)? = try? client.next(until: deadline) else { return nil }
      guard reply.request == number else { continue }
      switch reply.body {
      case .data(let bytes):
        if let object = try? JSONReader.read(Array(bytes)).root { objects.append(object) }
      case .end: return objects
      case .error: return nil
      case .note: continue
      }
    }
  }

  /// A sentence for the help; `nil` when the engine did not say in time.
  static func sentence(_ paths: InstancePaths, clock: SystemClock) -> String? {
    guard var glance = EngineGlance(paths, clock: clock, begin: clock.monotonic()) else {
      return "Engine '\(paths.instance)': not running. Start one: oms run --detach"
    }
    guard let status = glance.ask(RequestDraft("status"))?.first, let mode = status["mode"]?.string,
      let trading = status["trading"]?.string, let orders = status["orders_open"]?.integer(as: Int.self)
    else { return nil }
    let reason = status["halt_reason"]?.string.map { " (\($0))" } ?? ""
    return "Engine '\(paths.instance)': \(mode), trading \(trading)\(reason), \(orders) open orders"
  }
}
