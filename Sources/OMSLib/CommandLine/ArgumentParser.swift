/// Reads the words behind the command by its table: flags anywhere, `--name VALUE` or `--name=VALUE`, `--` ends flags,
/// a scalar flag given twice and an unknown flag are errors. Nothing is guessed.
package struct ArgumentParser {
  private let spec: CommandSpec
  private var result = Arguments()
  private var rest: ArraySlice<String>

  private init(_ spec: CommandSpec, _ words: ArraySlice<String>) {
    self.spec = spec
    self.rest = words
  }

  /// `words` are those of the whole line without the command's own.
  package static func parse(_ words: [String], of spec: CommandSpec) throws(ErrorObject) -> Arguments {
    var parser = ArgumentParser(spec, words[...])
    do {
      try parser.run()
      // Asking for help is never wrong, whatever else is missing.
      if !parser.result.has("help") { try parser.checkWords() }
    } catch {
      var error = error
      error.command = spec.name
      throw error
    }
    return parser.result
  }

  private mutating func run() throws(ErrorObject) {
    while let word = rest.popFirst() {
      if word == "--" {
        if spec.takesCommand {
          result.command = Array(rest)
        } else {
          result.words += rest
        }
        return
      }
      if word.hasPrefix("--") {
        try takeLong(word)
      } else if word.hasPrefix("-"), word != "-" {
        try takeShort(word)
      } else {
        result.words.append(word)
      }
    }
  }

  private mutating func takeLong(_ word: String) throws(ErrorObject) {
    let body = word.dropFirst(2)
    let sign = body.firstIndex(of: "=")
    let name = String(sign.map { body[..<$0] } ?? body)
    let value = sign.map { String(body[body.index(after: $0)...]) }
    if let flag = spec.flag(named: name) {
      try take(flag, value, spelled: "--" + name)
    } else if name.hasPrefix("no-"), let flag = spec.flag(named: String(name.dropFirst(3))), flag.hasNegation {
      guard value == nil else { throw .usage("flag", "--\(name) takes no value") }
      try refuseTwice(name, spelled: "--" + name)
      try refuseTwice(flag.name, spelled: "--" + name)
      result.entries.append(.init(name: name, value: nil))
    } else {
      throw unknownFlag("--" + name, name)
    }
  }

  private mutating func takeShort(_ word: String) throws(ErrorObject) {
    let letters = word.dropFirst()
    if letters.allSatisfy({ $0 == "v" }) {
      guard letters.count <= 2 else { throw .usage("flag", "\(word): -v and -vv are all there is") }
      for _ in letters { result.entries.append(.init(name: "verbose", value: nil)) }
      return
    }
    guard let letter = letters.first, let flag = spec.flag(short: letter) else { throw unknownFlag(word, "") }
    guard letters.count == 1 else {
      throw .usage(
        "flag", "unknown flag '\(word)'; short flags stand alone", hint: "write -\(letter) and the next apart")
    }
    try take(flag, nil, spelled: word)
  }

  private mutating func take(_ flag: FlagSpec, _ value: String?, spelled: String) throws(ErrorObject) {
    switch flag.kind {
    case .toggle:
      guard value == nil else { throw .usage("flag", "\(spelled) takes no value") }
      try refuseTwice(flag.name, spelled: spelled)
      if flag.hasNegation { try refuseTwice("no-" + flag.name, spelled: spelled) }
      result.entries.append(.init(name: flag.name, value: nil))
    case .count:
      guard value == nil else { throw .usage("flag", "\(spelled) takes no value") }
      result.entries.append(.init(name: flag.name, value: nil))
    case .value(let shape), .list(let shape):
      if !flag.isList { try refuseTwice(flag.name, spelled: spelled) }
      guard let value = value ?? rest.popFirst() else {
        throw .usage("flag", "\(spelled) needs a value: \(flag.usage)")
      }
      try check(value, shape, spelled)
      result.entries.append(.init(name: flag.name, value: value))
    case .optional(let shape):
      try refuseTwice(flag.name, spelled: spelled)
      var value = value
      // The next word is the value only if it can be one: `oms status --watch -q`.
      if value == nil, let next = rest.first, shape.complaint(about: next) == nil { value = rest.popFirst() }
      if let value { try check(value, shape, spelled) }
      result.entries.append(.init(name: flag.name, value: value))
    }
  }

  private func check(_ value: String, _ shape: ValueShape, _ spelled: String) throws(ErrorObject) {
    guard let complaint = shape.complaint(about: value) else { return }
    throw ErrorObject(shape.errorCode, .usage, "\(spelled): \(complaint)")
  }

  private func refuseTwice(_ name: String, spelled: String) throws(ErrorObject) {
    guard result.has(name) else { return }
    throw .usage("twice", "\(spelled) is given twice; a flag with one value is said once")
  }

  private func unknownFlag(_ spelled: String, _ name: String) -> ErrorObject {
    var known = (spec.flags + FlagSpec.global).flatMap { flag in
      flag.hasNegation ? [flag.name, "no-" + flag.name] : [flag.name]
    }
    known.sort()
    let guess = Spelling.nearest(to: name, among: known).map { "; did you mean --\($0)?" } ?? ""
    return .usage("flag", "unknown flag '\(spelled)' of `oms \(spec.name)`\(guess)", hint: "oms \(spec.name) --help")
  }

  /// Gives each word to its argument and checks its shape.
  private func checkWords() throws(ErrorObject) {
    var words = result.words[...]
    for argument in spec.arguments {
      if words.isEmpty {
        guard argument.isRequired else { continue }
        throw .usage("argument", "\(argument.name) is missing: \(spec.synopsis)", hint: "oms \(spec.name) --help")
      }
      repeat {
        guard let word = words.popFirst() else { break }
        // `-` is standard input wherever a list of words may stand.
        if word == "-", argument.repeats { continue }
        if let complaint = argument.shape.complaint(about: word) {
          throw ErrorObject(argument.shape.errorCode, .usage, "\(argument.name): \(complaint)")
        }
      } while argument.repeats && !words.isEmpty
    }
    if let extra = words.first {
      let hint = spec.takesCommand ? "a command to run stands behind `--`" : "oms \(spec.name) --help"
      throw .usage("argument", "nothing takes the word '\(extra)': \(spec.synopsis)", hint: hint)
    }
  }
}
