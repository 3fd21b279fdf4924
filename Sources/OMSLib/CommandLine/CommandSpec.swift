/// Everything there is to say about one command. The parser, the help, `oms help --json`, man pages and completions all
/// read this, so they cannot disagree.
package struct CommandSpec: Sendable {
  package enum Group: String, CaseIterable, Sendable {
    case session
    case trading
    case state
    case market
    case research
    case audit
    case administration
  }

  /// A line that can be typed. A test types it, in a session with the usual accounts and an open order `rebal-1`.
  package struct Example: Sendable {
    package let line: String
    package let meaning: String
    /// What it needs beside such a session; such a line is not tried.
    package let needs: String?
    /// The status it ends with there.
    package let ends: UInt8

    package init(_ line: String, _ meaning: String, needs: String? = nil, ends: UInt8 = 0) {
      self.line = line
      self.meaning = meaning
      self.needs = needs
      self.ends = ends
    }
  }

  /// Whether the command reads only, or may make the engine act. A reader whose pipe closes is no failure.
  package enum Effect: Sendable { case reads, acts }

  /// `order`, or `risk show`.
  package let name: String
  package let group: Group
  package let summary: String
  package var details: String
  package var examples: [Example]
  package var arguments: [ArgumentSpec]
  package var flags: [FlagSpec]
  /// Types of the objects on stdout.
  package var objects: [String]
  /// Beside 0, 1, 2, 10, 16 and 130, which any command may end with.
  package var exits: [ExitCode]
  package var seeAlso: [String]
  package var effect: Effect
  /// What follows `--` is a command line of its own.
  package var takesCommand: Bool

  package init(
    _ name: String, group: Group, summary: String, details: String = "", examples: [Example] = [],
    arguments: [ArgumentSpec] = [], flags: [FlagSpec] = [], objects: [String] = [], exits: [ExitCode] = [],
    seeAlso: [String] = [], effect: Effect = .reads, takesCommand: Bool = false
  ) {
    self.name = name
    self.group = group
    self.summary = summary
    self.details = details
    self.examples = examples
    self.arguments = arguments
    self.flags = flags
    self.objects = objects
    self.exits = exits
    self.seeAlso = seeAlso
    self.effect = effect
    self.takesCommand = takesCommand
  }

  package var words: [String] { name.split(separator: " ").map(String.init) }

  package func flag(named name: String) -> FlagSpec? {
    flags.first { $0.name == name } ?? FlagSpec.global.first { $0.name == name }
  }

  package func flag(short letter: Character) -> FlagSpec? {
    flags.first { $0.short == letter } ?? FlagSpec.global.first { $0.short == letter }
  }

  /// `oms order buy|sell SYMBOL [QTY] [FLAGS]`.
  package var synopsis: String {
    var parts = ["oms", name]
    for argument in arguments { parts.append(argument.usage) }
    if !flags.isEmpty { parts.append("[FLAGS]") }
    if takesCommand { parts.append("[-- COMMAND...]") }
    return parts.joined(separator: " ")
  }
}

extension [CommandSpec] {
  /// First words of commands, in the order of the table.
  var firstWords: [String] {
    map { $0.words[0] }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// One word, or a row of words, after the command.
package struct ArgumentSpec: Sendable {
  package enum Count: Sendable { case one, optional, many, any }

  package let name: String
  package let shape: ValueShape
  package let count: Count
  package let help: String

  package init(_ name: String, _ shape: ValueShape, _ count: Count = .one, help: String) {
    self.name = name
    self.shape = shape
    self.count = count
    self.help = help
  }

  package var usage: String {
    switch count {
    case .one: name
    case .optional: "[\(name)]"
    case .many: "\(name)..."
    case .any: "[\(name)...]"
    }
  }

  package var isRequired: Bool { count == .one || count == .many }
  package var repeats: Bool { count == .many || count == .any }
}

/// One flag.
package final class FlagSpec: Sendable {
  package enum Kind: Sendable {
    /// Given or not; `--no-NAME` exists only where it is on by default.
    case toggle(isOn: Bool)
    /// One value; given twice is an error.
    case value(ValueShape)
    /// A value that may be left out (`--watch [DUR]`).
    case optional(ValueShape)
    /// Given any number of times; the values add up.
    case list(ValueShape)
    /// A toggle whose repetition counts (`-v`, `-vv`).
    case count
  }

  package let name: String
  package let short: Character?
  package let kind: Kind
  private let ownValueName: String?
  package let help: String
  package let section: String
  /// Shown in the help; the command decides what an absent flag means.
  package let defaultValue: String?

  package init(
    _ name: String, short: Character? = nil, _ kind: Kind, _ valueName: String? = nil, _ help: String,
    section: String = "", default defaultValue: String? = nil
  ) {
    self.name = name
    self.short = short
    self.kind = kind
    ownValueName = valueName
    self.help = help
    self.section = section
    self.defaultValue = defaultValue
  }

  package static func toggle(
    _ name: String, short: Character? = nil, _ help: String, section: String = "", isOn: Bool = false
  ) -> FlagSpec {
    FlagSpec(name, short: short, .toggle(isOn: isOn), help, section: section)
  }

  private convenience init(_ name: String, short: Character?, _ kind: Kind, _ help: String, section: String) {
    self.init(name, short: short, kind, nil, help, section: section)
  }

  package static func value(
    _ name: String, short: Character? = nil, _ shape: ValueShape, _ valueName: String? = nil, _ help: String,
    section: String = "", default defaultValue: String? = nil
  ) -> FlagSpec {
    FlagSpec(name, short: short, .value(shape), valueName, help, section: section, default: defaultValue)
  }

  package static func list(
    _ name: String, _ shape: ValueShape, _ valueName: String? = nil, _ help: String, section: String = ""
  ) -> FlagSpec {
    FlagSpec(name, .list(shape), valueName, help, section: section)
  }

  package static func optional(
    _ name: String, _ shape: ValueShape, _ help: String, section: String = "", default defaultValue: String? = nil
  ) -> FlagSpec {
    FlagSpec(name, .optional(shape), nil, help, section: section, default: defaultValue)
  }

  /// What stands for the value in the help: `DUR`, `SEL`. Worked out for those who read it.
  package var valueName: String { ownValueName ?? shape?.placeholder ?? "" }

  package var shape: ValueShape? {
    switch kind {
    case .toggle, .count: nil
    case .value(let shape), .optional(let shape), .list(let shape): shape
    }
  }

  package var isList: Bool {
    if case .list = kind { true } else { false }
  }

  /// Whether `--no-NAME` switches it off.
  package var hasNegation: Bool {
    if case .toggle(isOn: true) = kind { true } else { false }
  }

  /// `-a, --account SEL`.
  package var usage: String {
    var text = short.map { "-\($0), " } ?? ""
    text += hasNegation ? "--[no-]\(name)" : "--\(name)"
    switch kind {
    case .toggle, .count: break
    case .value, .list: text += " \(valueName)"
    case .optional: text += " [\(valueName)]"
    }
    return text
  }
}
