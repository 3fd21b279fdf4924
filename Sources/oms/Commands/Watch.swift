import OMSLib

/// `--watch [DUR]` of the commands that show a state.
let watchFlag = FlagSpec.optional("watch", .duration, "Show it again every period", default: "2s")

/// How often a state is shown; once, without `--watch`.
struct WatchPeriod {
  let nanoseconds: Int64?

  init(_ line: ParsedLine) {
    guard line.arguments.has("watch") else {
      nanoseconds = nil
      return
    }
    nanoseconds = max(line.arguments.duration("watch") ?? 2_000_000_000, 50_000_000)
  }
}

extension CommandContext {
  /// Performs the request once, or every period until the reader or the user has enough: redrawn on a terminal, as sets
  /// with a `batch` counter elsewhere.
  mutating func watch(_ request: RequestDraft, _ period: WatchPeriod) throws(ErrorObject) -> ExitStatus {
    guard let nanoseconds = period.nanoseconds else { return try perform(request) }
    var client = try connect()
    var batch: UInt64 = 0
    while true {
      batch += 1
      client.send(request.line(number: batch))
      if isOutputTerminal { try output.text("\u{1B}[H\u{1B}[2J") }
      let begin = clock.monotonic()
      _ = try followSet(batch, deadline: begin + 5_000_000_000, &client)
      try output.finish(at: now)
      if output.isClosed { return .ok }
      // The period is waited for on the connection: a signal or an engine that leaves ends it at once.
      switch try client.next(until: begin + nanoseconds) {
      case .signal(let signal) where signal != SignalSource.child: return ExitStatus(rawValue: UInt8(128 + signal))
      case .closed: throw ErrorObject("engine.gone", .unreachable, "the engine closed the connection")
      default: continue
      }
    }
  }

  private mutating func followSet(
    _ batch: UInt64, deadline: Int64, _ client: inout ControlClient
  ) throws(ErrorObject) -> ExitStatus {
    while true {
      switch try client.next(until: deadline) {
      case .reply(let reply):
        guard reply.request == batch else { continue }
        switch reply.body {
        case .data(let object):
          try output.take(isOutputTerminal ? Array(object) : object.dropLast() + Array(",\"batch\":\(batch)}".utf8))
        case .note(let text): try say(text)
        case .error(let object): throw Self.error(object)
        case .end(let exit): return ExitStatus(rawValue: exit)
        }
      case .timeout, .closed:
        throw ErrorObject("engine.no_answer", .unreachable, "the engine does not answer any more")
      case .signal(let signal) where signal != SignalSource.child: throw Self.interrupted(signal)
      case .signal, .input: continue
      }
    }
  }

  static func interrupted(_ signal: Int32) -> ErrorObject {
    ErrorObject("wait.interrupted", exit: UInt8(128 + signal), "interrupted")
  }
}
