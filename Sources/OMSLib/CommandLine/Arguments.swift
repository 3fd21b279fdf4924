/// A command line whose grammar was checked: which flags were given with which values, and the words between them.
package struct Arguments: Sendable {
  struct Entry: Sendable {
    let name: String
    let value: String?
  }

  var entries: [Entry] = []
  package internal(set) var words: [String] = []
  /// What stood behind `--`, for commands that run another one.
  package internal(set) var command: [String] = []

  package init() {}

  /// Whether the flag was given, with or without a value.
  package func has(_ name: String) -> Bool { entries.contains { $0.name == name } }

  /// A toggle: given, not given (`isOn`), or switched off by `--no-NAME`.
  package func toggle(_ name: String, isOn: Bool = false) -> Bool {
    if has(name) { return true }
    return has("no-" + name) ? false : isOn
  }

  /// The value of a flag; `nil` when it was not given.
  package func string(_ name: String) -> String? { entries.first { $0.name == name }?.value }

  package func strings(_ name: String) -> [String] { entries.filter { $0.name == name }.compactMap(\.value) }

  package func integer(_ name: String) -> Int? { string(name).flatMap { Int($0) } }

  /// A duration in nanoseconds.
  package func duration(_ name: String) -> Int64? { string(name).flatMap { try? DurationText.parse($0) } }

  package func time(_ name: String, now: UTCTime) -> UTCTime? {
    string(name).flatMap { try? TimeText.parse($0, now: now) }
  }

  /// A comma list, split.
  package func list(_ name: String) -> [String] {
    strings(name).flatMap { $0.split(separator: ",").map(String.init) }
  }

  /// `KEY=VALUE` flags, in the order given.
  package func pairs(_ name: String) -> [(key: String, value: String)] {
    strings(name).map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
  }

  package func count(_ name: String) -> Int { entries.filter { $0.name == name }.count }
}
