/// Where something stands in a configuration file. Lines and columns count from 1, columns in characters.
package struct SourcePlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var file: String
  package var line: Int
  package var column: Int

  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  package static func < (a: SourcePlace, b: SourcePlace) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }

  package var description: String { "\(file):\(line):\(column)" }

  /// The file without its directories.
  package var fileName: Substring {
    file[(file.lastIndex(of: "/").map { file.index(after: $0) } ?? file.startIndex)...]
  }
}

/// One thing that is wrong with the configuration, in the form editors and CI understand.
package struct ConfigProblem: Hashable, Sendable, CustomStringConvertible {
  package enum Severity: String, Sendable {
    case error
    case warning
  }

  package let place: SourcePlace
  package let severity: Severity
  package let message: String
  /// Stable dotted name, `config.key`.
  package let code: String

  package init(place: SourcePlace, severity: Severity, message: String, code: String) {
    self.place = place
    self.severity = severity
    self.message = message
    self.code = code
  }

  package var description: String { "\(place): \(severity.rawValue): \(message) [\(code)]" }
}

/// Everything found wrong while reading; nothing stops at the first problem.
package struct ProblemList: Sendable {
  private var unsorted: [ConfigProblem] = []
  /// Kept only for who wants to know what is read, and what it would be otherwise.
  var log: SettingLog?

  /// A file is there that could not be read as YAML.
  var hasUnreadFiles = false

  package init() {}

  package mutating func error(_ code: String, at place: SourcePlace, _ message: String) {
    unsorted.append(ConfigProblem(place: place, severity: .error, message: message, code: code))
  }

  package mutating func warning(_ code: String, at place: SourcePlace, _ message: String) {
    unsorted.append(ConfigProblem(place: place, severity: .warning, message: message, code: code))
  }

  /// Sorted by file, line and column; problems of one place in the order they were found.
  package var sorted: [ConfigProblem] {
    unsorted.enumerated()
      .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
      .map(\.element)
  }

  package var isEmpty: Bool { unsorted.isEmpty }
  package var hasErrors: Bool { unsorted.contains { $0.severity == .error } }
}
