import OMSLib

/// `oms config check`: all problems of the configuration at once.
struct ConfigCheckCommand: Command {
  static let spec = CommandSpec(
    "config check", group: .administration, summary: "Check the configuration files and report every problem",
    details: """
      One problem per line on standard error, sorted by place, in the form editors and CI understand. Ends with 10 if \
      there is an error; with --strict also if there is a warning. A FILE is checked together with the others of its \
      directory, and only what is wrong in it is shown.
      """,
    examples: [
      .init("oms config check", "the files that an engine would read"),
      .init("oms config check -C conf --strict", "another directory; warnings count", needs: "that directory"),
      .init("oms config check -q -o jsonl", "problems as `error` objects on standard error"),
    ],
    arguments: [ArgumentSpec("FILE", .file, .any, help: "Show only what is wrong in these")],
    flags: [
      .toggle("strict", "Warnings count as errors"),
      .toggle("online", "Also endpoints and keys: this build has no network and warns about each it cannot test"),
    ],
    exits: [.configuration], seeAlso: ["config show", "config reload", "doctor"])

  private let files: [String]

  init(_ line: ParsedLine) throws(ErrorObject) {
    files = line.arguments.words
    guard files.isEmpty || !line.arguments.has("config-dir") else {
      throw .usage("argument", "FILE and --config-dir exclude each other: a file brings its directory along")
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var problems: [ConfigProblem] = []
    var paths: [String] = []
    for directory in try directories(context) {
      let loaded = ConfigLoader.load(
        directory: directory, disk: KernelFileSystem(), instance: files.isEmpty ? context.paths.instance : nil)
      problems += loaded.problems + ConfigModes.problems(loaded.paths)
      if context.arguments.has("online") { problems += ConfigReport.untested(loaded) }
      paths += loaded.paths
    }
    if !files.isEmpty {
      for file in files where !paths.contains(file) {
        throw ErrorObject(
          "config.file", .configuration, "'\(file)' is no configuration file: it is not there, or has another name",
          hint: "the names are \(ConfigFile.names.joined(separator: ", ")) and conf.d/NAME.yaml")
      }
      problems = problems.filter { files.contains($0.place.file) }
      paths = files
    }
    problems = problems.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
      .map(\.element)
    let isStrict = context.arguments.has("strict")
    for problem in problems { try ConfigReport.show(problem, isStrict: isStrict, &context) }
    let errors = problems.count { $0.severity == .error }
    let warnings = problems.count - errors
    try context.errors.flush()
    try context.say(
      "\(ConfigReport.count(paths.count, "file")) checked: \(ConfigReport.count(errors, "error")), "
        + ConfigReport.count(warnings, "warning"))
    return errors > 0 || (isStrict && warnings > 0) ? ExitStatus(.configuration) : .ok
  }

  /// Each once, in the order of the files.
  private func directories(_ context: borrowing CommandContext) throws(ErrorObject) -> [String] {
    guard !files.isEmpty else { return [try context.readableConfigDirectory()] }
    var found: [String] = []
    for file in files {
      var directory = Self.directory(of: file)
      let fragments = "/" + ConfigFile.fragmentDirectory
      if directory.hasSuffix(fragments) {
        directory.removeLast(fragments.count)
      } else if directory == ConfigFile.fragmentDirectory {
        directory = "."
      }
      if !found.contains(directory) { found.append(directory) }
    }
    return found
  }

  private static func directory(of file: String) -> String {
    file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
  }
}

/// How problems of the configuration are told.
enum ConfigReport {
  static func show(
    _ problem: ConfigProblem, isStrict: Bool, _ context: inout CommandContext
  ) throws(ErrorObject) {
    guard context.errorsAreJSON else {
      try context.errors.write("\(problem)\n")
      return
    }
    let counts = problem.severity == .error || isStrict
    var object = ErrorObject(problem.code, counts ? .configuration : .ok, problem.message)
    object.command = context.spec.name
    object.severity = problem.severity.rawValue
    object.file = problem.place.file
    object.line = problem.place.line
    object.column = problem.place.column
    try context.errors.write(object.json(at: context.now))
  }

  /// The first error of a configuration that does not load.
  static func refusal(_ loaded: Configuration, _ directory: String) -> ErrorObject {
    let errors = loaded.problems.filter { $0.severity == .error }
    let first = errors.first
    var error = ErrorObject(
      first?.code ?? "config.invalid", .configuration,
      (first?.message ?? "the configuration is invalid")
        + (errors.count > 1 ? " (the first of \(errors.count) errors)" : ""),
      hint: "oms config check -C \(directory)")
    error.file = first?.place.file
    error.line = first?.place.line
    error.column = first?.place.column
    return error
  }

  /// What `--online` would ask, and this build cannot.
  static func untested(_ loaded: Configuration) -> [ConfigProblem] {
    loaded.values.compactMap { value in
      guard let place = value.place, value.key.hasPrefix("exchanges."), value.key.contains(".endpoints."),
        !value.text.isEmpty
      else { return nil }
      return ConfigProblem(
        place: place, severity: .warning, message: "'\(value.text)' was not tested: this build has no network",
        code: "config.online")
    }
  }

  static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
}
