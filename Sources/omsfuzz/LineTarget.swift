import OMSLib

/// The words of a command line, a zero byte between them: read or refused by name, and read the same when the cursor is
/// behind them. The first byte chooses between a command with words and one that runs another.
enum LineTarget {
  private static let shapes: [ValueShape] = [
    .text, .decimal, .quantity, .percent, .basisPoints, .duration, .time, .count, .rate, .symbol, .side, .account,
    .selection, .id, .ids, .name, .instance, .pair, .words, .sortKey, .expression, .timeZone, .file, .directory,
    .address, .choice(["a", "b"]), .choices(["a", "b"]), .thing(.venue),
  ]

  /// A flag of each shape, `--f0` and on.
  private static let flags =
    shapes.enumerated().map { FlagSpec.value("f\($0)", $1, nil, "") } + [
      .list("each", .pair, nil, ""), .optional("watch", .duration, ""), .toggle("pin", "", isOn: true),
      .toggle("follow", short: "f", ""), .toggle("no-collar", ""),
    ]

  private static let plain = CommandSpec(
    "try", group: .trading, summary: "Try",
    arguments: [
      ArgumentSpec("SIDE", .side, help: ""), ArgumentSpec("QTY", .quantity, .optional, help: ""),
      ArgumentSpec("ID", .id, .any, help: ""),
    ],
    flags: flags, objects: ["order", "fill"])
  private static let runner = CommandSpec(
    "run", group: .session, summary: "Run", flags: flags, objects: ["order"], takesCommand: true)

  private static func words(_ input: [UInt8]) -> (CommandSpec, [String])? {
    guard let first = input.first else { return nil }
    let words = input.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
    return (first & 1 == 0 ? plain : runner, words.map { String(decoding: $0, as: UTF8.self) })
  }

  static func parse(_ input: [UInt8]) {
    guard let (spec, words) = words(input) else { return }
    let arguments: Arguments
    do throws(ErrorObject) {
      arguments = try ArgumentParser.parse(words, of: spec)
    } catch {
      precondition(error.exit == 2 && error.code.hasPrefix("usage."), "a bad line is a usage error")
      precondition(!error.message.isEmpty && error.command == spec.name, "it says of what and why")
      precondition(error.text.hasSuffix("\n") && !error.json(at: now).isEmpty, "it can be shown")
      return
    }
    check(arguments, spec)
    // Written in full it is the same line.
    let again = try? ArgumentParser.parse(written(arguments, spec), of: spec)
    precondition(again.map { isSame($0, arguments, spec) } == true, "written in full it is another line")
    _ = try? OutputOptions(arguments, Environment([:]), spec: spec, isTerminal: true, terminalWidth: 80)
  }

  private static let now = UTCTime(nanoseconds: 1_800_000_000_000_000_000)

  /// What was let through can be used as what it is.
  private static func check(_ arguments: Arguments, _ spec: CommandSpec) {
    for flag in spec.flags + FlagSpec.global {
      precondition(flag.repeats || arguments.count(flag.name) <= 1, "a scalar flag stands once")
      guard let shape = flag.shape, let value = arguments.string(flag.name) else { continue }
      precondition(shape.complaint(about: value) == nil, "a value has its shape")
      switch shape {
      case .count: precondition(arguments.integer(flag.name) != nil, "a count is a number")
      case .duration: precondition(arguments.duration(flag.name) != nil, "a duration is one")
      case .time: precondition(arguments.time(flag.name, now: now) != nil, "a time is one")
      case .pair: precondition(arguments.pairs(flag.name).allSatisfy { !$0.key.isEmpty }, "a pair has a key")
      default: if shape.isList { _ = arguments.list(flag.name) }
      }
    }
  }

  private static func written(_ arguments: Arguments, _ spec: CommandSpec) -> [String] {
    var words: [String] = []
    for flag in spec.flags + FlagSpec.global {
      let values = arguments.strings(flag.name)
      words += values.map { "--\(flag.name)=\($0)" }
      words += Array(repeating: "--" + flag.name, count: arguments.count(flag.name) - values.count)
      if flag.hasNegation, arguments.has("no-" + flag.name) { words.append("--no-" + flag.name) }
    }
    return words + (spec.takesCommand ? arguments.words + ["--"] + arguments.command : ["--"] + arguments.words)
  }

  private static func isSame(_ a: Arguments, _ b: Arguments, _ spec: CommandSpec) -> Bool {
    a.words == b.words && a.command == b.command
      && (spec.flags + FlagSpec.global).allSatisfy { flag in
        a.count(flag.name) == b.count(flag.name) && a.strings(flag.name) == b.strings(flag.name)
          && a.has("no-" + flag.name) == b.has("no-" + flag.name)
      }
  }

  /// The last word stands at the cursor.
  static func complete(_ input: [UInt8]) {
    guard let (spec, line) = words(input), let cursor = line.last else { return }
    let words = Array(line.dropLast())
    let question = CompletionQuestion([spec.name] + words, cursor: cursor, specs: [plain, runner])
    precondition(question.prefix + question.stem == cursor, "what is typed stays")
    precondition(question.candidates?.allSatisfy { !$0.word.isEmpty } ?? true, "a candidate is a word")
    _ = CompletionQuestion(words, cursor: cursor, specs: [plain, runner]).candidates
    guard let arguments = try? ArgumentParser.parse(words, of: spec) else { return }
    if case .program(let start) = question.kind {
      precondition(Array(([spec.name] + words)[start...]) == arguments.command, "it begins where the parser says")
    }
    precondition(question.spec?.name == spec.name, "the command is the one")
    precondition(question.arguments.words == arguments.words, "its words are the parser's")
    for flag in spec.flags + FlagSpec.global where flag.name != "watch" && flag.name != "verbose" {
      precondition(
        question.arguments.strings(flag.name) == arguments.strings(flag.name)
          && question.arguments.has(flag.name) == arguments.has(flag.name), "its flags are the parser's")
    }
  }
}
