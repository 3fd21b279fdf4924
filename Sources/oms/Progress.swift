import OMSLib

/// A line on standard error for whoever waits at a terminal, from half a second on.
struct Progress {
  static let firstNanoseconds: Int64 = 500_000_000
  static let redrawNanoseconds: Int64 = 200_000_000

  /// Somebody can see it.
  let isWanted: Bool
  let begin: Int64
  var isShown = false
  var nextDraw: Int64

  init(isWanted: Bool, begin: Int64) {
    self.isWanted = isWanted
    self.begin = begin
    nextDraw = begin + Self.firstNanoseconds
  }
}

extension CommandContext {
  /// The next thing that happens at the connection, told from half a second on what is waited for.
  mutating func nextEvent(
    _ client: inout ControlClient, until deadline: Int64?, _ what: () -> String
  ) throws(ErrorObject) -> ControlClient.Event {
    guard progress.isWanted else { return try client.next(until: deadline) }
    while true {
      let event = try client.next(until: min(deadline ?? .max, progress.nextDraw))
      guard event == .timeout, clock.monotonic() < deadline ?? .max else { return event }
      try draw(what())
    }
  }

  private mutating func draw(_ what: String) throws(ErrorObject) {
    let now = clock.monotonic()
    let tenths = (now - progress.begin) / 100_000_000
    progress.nextDraw = now + Progress.redrawNanoseconds
    progress.isShown = true
    let width = Terminal.width(2) ?? 80
    let text = "oms: \(what), \(tenths / 10).\(tenths % 10) s"
    try errors.write("\r\(text.prefix(width - 1))\u{1B}[K")
    try errors.flush()
  }

  /// Makes room for what is really to be said.
  mutating func clearProgress() throws(ErrorObject) {
    guard progress.isShown else { return }
    progress.isShown = false
    try errors.write("\r\u{1B}[K")
    try errors.flush()
  }
}
