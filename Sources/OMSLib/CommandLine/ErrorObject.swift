/// A refusal or failure as the shell shows it: the `error` object, and its human form of at most four lines.
package struct ErrorObject: Error, Equatable, Sendable {
  /// Stable dotted name: `usage.flag`, `engine.not_running`.
  package var code: String
  package var exit: UInt8
  package var message: String
  package var hint: String?
  /// `no`, `yes` or `unknown`.
  package var sent = "no"
  /// `never`, `same_id`, `after` or `reconcile`.
  package var retry = "never"
  package var retryAfterMilliseconds: Int64?
  package var command: String?
  package var id: String?
  package var account: String?
  package var symbol: String?
  package var venue: String?
  package var venueCode: String?
  package var venueMessage: String?
  package var file: String?
  package var line: Int?
  package var column: Int?
  /// Of a configuration problem: `error` or `warning`.
  package var severity: String?

  package init(_ code: String, _ exit: ExitCode, _ message: String, hint: String? = nil) {
    self.init(code, exit: exit.rawValue, message, hint: hint)
  }

  package init(_ code: String, exit: UInt8, _ message: String, hint: String? = nil) {
    self.code = code
    self.exit = exit
    self.message = message
    self.hint = hint
  }

  package static func usage(_ code: String, _ message: String, hint: String? = nil) -> ErrorObject {
    ErrorObject("usage." + code, .usage, message, hint: hint)
  }

  /// A file or descriptor that failed.
  package static func io(_ error: SystemError, _ what: String) -> ErrorObject {
    ErrorObject("io.\(error.call)", .failure, "\(what): \(error.call) failed with errno \(error.errno)")
  }

  /// One line of JSON, with its newline.
  package func json(at time: UTCTime) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "error")
    writer.member("v", 1)
    writer.member("ts", time)
    writeMembers(to: &writer)
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private func writeMembers(to writer: inout JSONWriter) {
    writer.member("code", code)
    writer.member("exit", exit)
    writer.member("message", message)
    writer.member("hint", hint)
    writer.member("sent", sent)
    writer.member("retry", retry)
    writer.member("retry_after_ms", retryAfterMilliseconds)
    writer.member("command", command)
    writer.member("id", id)
    writer.member("account", account)
    writer.member("symbol", symbol)
    writer.member("venue", venue)
    writer.member("venue_code", venueCode)
    writer.member("venue_message", venueMessage)
    writer.member("file", file)
    writer.member("line", line)
    writer.member("column", column)
    writer.member("severity", severity)
  }

  /// For people, on stderr; the important line is the first and the help the last.
  package var text: String {
    var lines = ["oms: error: \(place)\(message) [\(code), exit \(exit)]"]
    if exit >= 10 {
      var details = ["sent: \(sent)"]
      if let id { details.append("id: \(id)") }
      if let retryAfterMilliseconds { details.append("retry after: \(retryAfterMilliseconds) ms") }
      lines.append("  " + details.joined(separator: "    "))
    }
    if let venueCode {
      lines.append("  venue: \(venueCode)\(venueMessage.map { " " + $0 } ?? "")")
    }
    if let hint { lines.append("  hint: \(hint)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var place: String {
    guard let file else { return "" }
    guard let line else { return "\(file): " }
    return "\(file):\(line):\(column ?? 1): "
  }

  /// Reads what the engine sent; `nil` when it is not an `error` object.
  package init?(_ value: JSONValue) {
    guard let code = value["code"]?.string, let exit = value["exit"]?.integer(as: UInt8.self) else {
      return nil
    }
    self.init(code, exit: exit, value["message"]?.string ?? "", hint: value["hint"]?.string)
    sent = value["sent"]?.string ?? "no"
    retry = value["retry"]?.string ?? "never"
    retryAfterMilliseconds = value["retry_after_ms"]?.integer()
    command = value["command"]?.string
    id = value["id"]?.string
    account = value["account"]?.string
    symbol = value["symbol"]?.string
    venue = value["venue"]?.string
    venueCode = value["venue_code"]?.string
    venueMessage = value["venue_message"]?.string
    file = value["file"]?.string
    line = value["line"]?.integer()
    column = value["column"]?.integer()
    severity = value["severity"]?.string
  }
}
