/// What `oms explain` says about a code: the `explanation` object, and its form for people.
package struct Explanation: Equatable, Sendable {
  /// As it was asked for: `risk.collar`, `14`, `sim:-2010`.
  package let subject: String
  /// The stable error code it leads to; `nil` for an exit code, which several share.
  package var code: String?
  package let exit: UInt8
  package let cause: String
  package let action: String
  /// Error codes that end with this exit.
  package var codes: [String] = []

  package init(subject: String, code: String?, exit: UInt8, cause: String, action: String) {
    self.subject = subject
    self.code = code
    self.exit = exit
    self.cause = cause
    self.action = action
  }

  /// Of a stable code or the number of an exit; `nil` when there is no such one.
  package init?(_ word: String) {
    if let number = UInt8(word), let exit = ExitCode(rawValue: number) {
      self.init(subject: word, code: nil, exit: number, cause: exit.meaning, action: exit.reaction)
      codes = ErrorCatalog.all.filter { $0.exit == exit }.map(\.code)
    } else if let meaning = ErrorCatalog.meaning(of: word) ?? Self.systemCall(word) {
      self.init(
        subject: word, code: word, exit: meaning.exit.rawValue, cause: meaning.cause, action: meaning.action)
    } else {
      return nil
    }
  }

  /// `io.fsync` and the like.
  private static func systemCall(_ word: String) -> ErrorMeaning? {
    let call = word.dropFirst(3)
    guard word.hasPrefix("io."), !call.isEmpty, call.utf8.allSatisfy({ $0.isNameByte && $0 != UInt8(ascii: ".") })
    else { return nil }
    return ErrorCatalog.systemCalls
  }

  /// The code, exit or word nearest to one that is not known.
  package static func nearest(to word: String) -> String? {
    Spelling.nearest(to: word, among: ErrorCatalog.all.map(\.code))
  }

  /// Whether anything reached a venue: `no`, `yes`, `some`, `unknown`; `nil` where that is no question.
  package var sent: String? {
    let word = ExitCode(rawValue: exit)?.sent ?? "-"
    return word == "-" ? nil : word
  }

  package func json(at time: UTCTime) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "explanation")
    writer.member("v", 1)
    writer.member("ts", time)
    writer.member("subject", subject)
    writer.member("code", code)
    writer.member("exit", exit)
    writer.member("sent", sent)
    writer.member("cause", cause)
    writer.member("action", action)
    writer.name("codes")
    writer.beginArray()
    for code in codes { writer.string(code) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  /// For people.
  package var text: String {
    var head = code.map { $0 == subject ? subject : "\(subject), which is \($0)" } ?? "exit \(subject)"
    if code != nil { head += ", exit \(exit)" }
    var text = "\(head)\n"
    text += HelpText.list([
      ("cause", cause), ("sent", sent ?? "does not say"), ("then", action == "-" ? "nothing" : action),
    ])
    if !codes.isEmpty { text += HelpText.list([("codes", codes.joined(separator: ", "))]) }
    return text
  }
}
