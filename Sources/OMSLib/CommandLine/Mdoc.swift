/// A page of the manual in mdoc, as mandoc and groff read it, put together piece by piece.
struct Mdoc {
  /// When the words were last looked at as a whole. The date of the build would make every build differ.
  private static let date = "November 29, 2026"

  private(set) var text: String
  /// A paragraph needs a mark before it unless it is the first below its heading.
  private var isFirst = true

  init(_ name: String, section: Int, version: String) {
    text = ".\\\" Made by oms from its table of commands.\n"
    text += ".Dd \(Self.date)\n.Dt \(name.uppercased()) \(section)\n.Os oms \(version)\n"
  }

  mutating func name(_ name: String, _ meaning: String) {
    heading("NAME")
    macro("Nm", name)
    macro("Nd", Self.lowered(meaning))
  }

  mutating func heading(_ title: String) {
    macro("Sh", title)
    isFirst = true
  }

  mutating func subheading(_ title: String) {
    macro("Ss", title)
    isFirst = true
  }

  mutating func paragraph(_ paragraph: String) {
    separate()
    for sentence in Self.sentences(paragraph) { line(sentence) }
  }

  mutating func terms(_ rows: [(head: String, body: String)]) {
    terms(rows.map { (Self.words($0.head).map { "Sy \($0)" } ?? "", $0.body) }, raw: true)
  }

  /// `head` is what follows `.It`, macros and all.
  mutating func terms(_ rows: [(head: String, body: String)], raw: Bool) {
    guard !rows.isEmpty else { return }
    text += ".Bl -tag -width Ds\n"
    for row in rows {
      text += ".It \(row.head)\n"
      for sentence in Self.sentences(row.body) { line(sentence) }
    }
    text += ".El\n"
    isFirst = false
  }

  mutating func examples(_ examples: [CommandSpec.Example]) {
    terms(
      examples.map { example in
        ("Li \(Self.quoted(example.line))", example.meaning + (example.needs.map { " (needs \($0))" } ?? ""))
      }, raw: true)
  }

  mutating func verbatim(_ lines: String) {
    text += ".Bd -literal -offset indent\n"
    for one in lines.split(separator: "\n", omittingEmptySubsequences: false) { line(String(one)) }
    text += ".Ed\n"
    isFirst = false
  }

  /// `pages` by section, then by name.
  mutating func seeAlso(_ pages: [(name: String, section: Int)]) {
    guard !pages.isEmpty else { return }
    heading("SEE ALSO")
    let sorted = pages.sorted { ($0.section, $0.name) < ($1.section, $1.name) }
    for (index, page) in sorted.enumerated() {
      text += ".Xr \(page.name) \(page.section)\(index + 1 < sorted.count ? " ," : "")\n"
    }
  }

  mutating func macro(_ macro: String, _ argument: String) {
    text += ".\(macro) \(Self.escaped(argument))\n"
  }

  mutating func raw(_ line: String) { text += line + "\n" }

  private mutating func separate() {
    if !isFirst { text += ".Pp\n" }
    isFirst = false
  }

  private mutating func line(_ line: String) {
    let escaped = Self.escaped(line)
    let needsGuard = escaped.hasPrefix(".") || escaped.hasPrefix("'")
    text += (needsGuard ? "\\&" : "") + escaped + "\n"
  }

  /// A new sentence begins a new line: the formatter chooses the space between.
  private static func sentences(_ text: String) -> [String] {
    var result: [String] = []
    var current = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      current += current.isEmpty ? String(word) : " \(word)"
      let ends = [".", "?", "!"].contains(String(word.last ?? " ")) && word.count > 1
      if ends {
        result.append(current)
        current = ""
      }
    }
    if !current.isEmpty { result.append(current) }
    return result
  }

  /// As one argument of a macro: nothing in it is taken for another macro.
  static func quoted(_ text: String) -> String {
    "\"" + escaped(text).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq") + "\""
  }

  private static func words(_ text: String) -> String? { text.isEmpty ? nil : quoted(text) }

  /// A backslash is itself, a hyphen can be copied as one.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "`": result += "\\(ga"
      case "'": result += "\\(aq"
      case "~": result += "\\(ti"
      case "^": result += "\\(ha"
      default: result.append(character)
      }
    }
    return result
  }

  /// A description in a heading begins small, unless it begins with a name.
  private static func lowered(_ text: String) -> String {
    guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
    return first.lowercased() + text.dropFirst()
  }
}
