/// What may stand at the cursor of a command line that is not finished: read from the table of commands, as the parser
/// reads a whole line, but without complaint.
package struct CompletionQuestion: Sendable {
  package enum Kind: Equatable, Sendable {
    /// First words of commands, or second ones behind the first.
    case commands(behind: String?)
    case flags
    case value(ValueShape)
    /// A program behind `--` and what it takes. So many words stand before its name.
    case program(at: Int)
    case nothing
  }

  package private(set) var kind = Kind.nothing
  /// The command, once it is known.
  package private(set) var spec: CommandSpec?
  /// Flags and words before the cursor.
  package private(set) var arguments = Arguments()
  /// What stands at the cursor before the part that is to be completed: `--account=`, or `sim.main,` of a list.
  package private(set) var prefix = ""
  /// That part.
  package private(set) var stem: String

  private let specs: [CommandSpec]
  private var group: String?
  /// A flag whose value comes next, and one whose value may.
  private var waiting: FlagSpec?
  private var mayTake: FlagSpec?
  private var areFlagsOver = false

  /// `words` stand before `cursor`, which may be empty; all of them behind `oms`.
  package init(_ words: [String], cursor: String, specs: [CommandSpec]) {
    self.specs = specs
    stem = cursor
    for (index, word) in words.enumerated() {
      if word == "--", waiting == nil, !areFlagsOver {
        if spec?.takesCommand == true {
          kind = .program(at: index + 1)
          return
        }
        areFlagsOver = true
      } else {
        take(word)
      }
    }
    kind = kindAtCursor()
    if case .value(let shape) = kind, shape.isList { splitList() }
  }

  // MARK: Before the cursor

  private mutating func take(_ word: String) {
    if let flag = waiting {
      arguments.entries.append(.init(name: flag.name, value: word))
      waiting = nil
      return
    }
    let optional = mayTake
    mayTake = nil
    if !areFlagsOver, word.hasPrefix("-"), word != "-" {
      takeFlag(word)
    } else if let optional, optional.shape?.complaint(about: word) == nil {
      return
    } else if spec != nil {
      arguments.words.append(word)
    } else {
      takeCommand(word)
    }
  }

  private mutating func takeCommand(_ word: String) {
    let name = group.map { "\($0) \(word)" } ?? word
    if let found = specs.first(where: { $0.name == name }) {
      spec = found
    } else {
      group = name
    }
  }

  private mutating func takeFlag(_ word: String) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let flag = flag(spelled: name) else {
      if name.hasPrefix("--no-") { arguments.entries.append(.init(name: String(name.dropFirst(2)), value: nil)) }
      return
    }
    if parts.count == 1, flag.takesNextWord {
      waiting = flag
      return
    }
    if parts.count == 1, flag.shape != nil { mayTake = flag }
    arguments.entries.append(.init(name: flag.name, value: parts.count > 1 ? String(parts[1]) : nil))
  }

  private func flag(spelled word: String) -> FlagSpec? {
    let flags = (spec?.flags ?? []) + FlagSpec.global
    if word.hasPrefix("--") { return flags.first { $0.name == word.dropFirst(2) } }
    return word.count == 2 ? flags.first { $0.short == word.last } : nil
  }

  // MARK: At the cursor

  private mutating func kindAtCursor() -> Kind {
    if let shape = waiting?.shape { return .value(shape) }
    if !areFlagsOver, stem.hasPrefix("-") {
      guard let sign = stem.firstIndex(of: "="), stem.hasPrefix("--") else { return .flags }
      guard let shape = flag(spelled: String(stem[..<sign]))?.shape else { return .nothing }
      let start = stem.index(after: sign)
      prefix = String(stem[..<start])
      stem = String(stem[start...])
      return .value(shape)
    }
    guard let spec else {
      if let group, !specs.contains(where: { $0.name.hasPrefix(group + " ") }) { return .nothing }
      return .commands(behind: group)
    }
    if let argument = argument(of: spec) { return .value(argument.shape) }
    return areFlagsOver ? .nothing : .flags
  }

  /// What the word at the cursor is when it is no flag.
  private func argument(of spec: CommandSpec) -> ArgumentSpec? {
    let position = arguments.words.count
    if position < spec.arguments.count { return spec.arguments[position] }
    return spec.arguments.last.flatMap { $0.repeats ? $0 : nil }
  }

  private mutating func splitList() {
    guard let comma = stem.lastIndex(of: ",") else { return }
    let start = stem.index(after: comma)
    prefix += stem[..<start]
    stem = String(stem[start...])
  }

  // MARK: Answers that the table has

  package struct Candidate: Equatable, Sendable {
    package let word: String
    package let meaning: String

    package init(_ word: String, _ meaning: String = "") {
      self.word = word
      self.meaning = meaning
    }
  }

  /// Commands, flags and words of a choice; `nil` where the table knows none.
  package var candidates: [Candidate]? {
    switch kind {
    case .commands(let group): commands(behind: group)
    case .flags: flags
    case .value(let shape): shape.choices.isEmpty ? nil : shape.choices.map { Candidate($0) }
    case .program, .nothing: nil
    }
  }

  /// Second words stand with the summary of their command; a first word that has several with these words.
  package func commands(behind group: String?) -> [Candidate] {
    if let group {
      return specs.filter { $0.name.hasPrefix(group + " ") }.map { Candidate($0.words[1], $0.summary) }
    }
    return specs.firstWords.map { word in
      let members = specs.filter { $0.words[0] == word }
      let seconds = members.map { $0.words.dropFirst().joined() }.joined(separator: ", ")
      return Candidate(word, seconds.isEmpty ? members[0].summary : seconds)
    }
  }

  /// Those of the command before those of every command, without what was said already.
  private var flags: [Candidate] {
    let own = spec?.flags ?? []
    let all = own + FlagSpec.global.filter { flag in !own.contains { $0.name == flag.name } }
    var result: [Candidate] = []
    for flag in all where flag.repeats || !(arguments.has(flag.name) || arguments.has("no-" + flag.name)) {
      result.append(Candidate("--" + (flag.hasNegation ? "no-" : "") + flag.name, flag.help))
      if let short = flag.short, stem == "-\(short)" { result.append(Candidate(stem, flag.help)) }
    }
    if spec?.takesCommand == true { result.append(Candidate("--", "A command to run")) }
    return result
  }
}

extension FlagSpec {
  /// Whether the word behind it is its value whatever it looks like.
  package var takesNextWord: Bool {
    switch kind {
    case .value, .list: true
    case .toggle, .count, .optional: false
    }
  }

  /// Whether it may be said more than once.
  package var repeats: Bool {
    switch kind {
    case .list, .count: true
    case .toggle, .value, .optional: false
    }
  }
}
