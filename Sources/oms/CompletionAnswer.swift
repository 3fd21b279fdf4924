import OMSLib

/// `oms __complete -- WORDS`: what may stand at the cursor, for the shells (`CompletionScript`).
///
/// Always silent and always 0: a shell that is being typed at has no use for complaints. Whatever is not there within
/// 50 ms is not offered; no engine is started and no network is asked.
struct CompletionAnswer {
  private let question: CompletionQuestion
  private let paths: InstancePaths
  private let engine: CompletionEngine

  static func print(_ words: [String], _ environment: Environment) {
    ignoreBrokenPipes()
    let words = words.first == "--" ? Array(words.dropFirst()) : words
    guard let cursor = words.last else { return }
    let text = lines(Array(words.dropLast()), cursor, environment, skipped: 0)
    var output = OutputFile(descriptor: 1)
    // Nobody is left to be told.
    try? output.write(text)
    try? output.flush()
  }

  private static func lines(
    _ words: [String], _ cursor: String, _ environment: Environment, skipped: Int
  ) -> String {
    let question = CompletionQuestion(words, cursor: cursor, specs: CommandTable.specs)
    switch question.kind {
    case .program(let start):
      // `oms run -- oms order ...`: this program again.
      if start < words.count, words[start] == "oms" || words[start].hasSuffix("/oms") {
        return lines(Array(words[(start + 1)...]), cursor, environment, skipped: skipped + start + 1)
      }
      return "program \(skipped + start)\n"
    case .value(.file): return "files\n"
    case .value(.directory): return "directories\n"
    case .commands, .flags, .value, .nothing:
      let words = CompletionAnswer(question, environment).words
      return "words\n" + words.map { "\($0.word)\t\($0.meaning)\n" }.joined()
    }
  }

  private init(_ question: CompletionQuestion, _ environment: Environment) {
    self.question = question
    paths = InstancePaths(
      instance: question.arguments.string("instance"), configDirectory: question.arguments.string("config-dir"),
      environment: environment)
    engine = CompletionEngine(paths: paths)
  }

  /// Those that go on with what is typed; in a list without those that stand in it already.
  private var words: [CompletionQuestion.Candidate] {
    var all = question.candidates ?? []
    if case .value(let shape) = question.kind, question.candidates == nil { all = values(of: shape) }
    let said = question.prefix.split { $0 == "," || $0 == "=" }
    return all.filter { $0.word.hasPrefix(question.stem) && !said.contains($0.word[...]) }
      .map { .init(question.prefix + $0.word, $0.meaning) }
  }

  private func values(of shape: ValueShape) -> [CompletionQuestion.Candidate] {
    switch shape {
    case .account: engine.accounts()
    case .selection: engine.selections()
    case .symbol, .thing(.symbols): engine.symbols(withVenue: question.stem.contains(":"))
    case .id, .ids: engine.openOrders(question.arguments)
    case .instance: paths.neighbours.map { .init($0) }
    case .sortKey, .thing(.fields): question.spec.map(OutputOptions.fields)?.map { .init($0) } ?? []
    case .thing(let thing): values(of: thing)
    default: []
    }
  }

  private func values(of thing: ValueShape.Thing) -> [CompletionQuestion.Candidate] {
    switch thing {
    case .venue: distinct(engine.venues()).map { .init($0) }
    case .limit: LimitKind.allCases.map { .init("\($0.word)") }
    case .objects: (question.spec?.objects ?? []).map { .init($0, ObjectCatalog.type(named: $0)?.meaning ?? "") }
    case .snapshot: snapshots
    case .code:
      ExitCode.allCases.map { .init("\($0.rawValue)", $0.meaning) }
        + ErrorCatalog.all.map { .init($0.code, $0.cause) }
        + ExchangeRefusal.allCases.map { .init("sim:\($0.rawValue)", $0.meaning) }
    case .topic: topics
    case .page: ManualPages.manual.words.map { .init($0) }
    case .setting: settings
    case .benchmark: BenchCatalog.all.map { .init($0.name) }
    case .newID, .symbols, .fields: []
    }
  }

  // MARK: Of the program

  private var topics: [CompletionQuestion.Candidate] {
    if let group = question.arguments.words.first { return question.commands(behind: group) }
    return question.commands(behind: nil) + HelpTopics.all.map { .init($0.name, $0.summary) }
  }

  private func distinct(_ words: [String]) -> [String] {
    words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  // MARK: Of the disk

  private var snapshots: [CompletionQuestion.Candidate] {
    let directory = question.arguments.string("state") ?? paths.currentStateDirectory
    let names = (try? KernelFileSystem().list(directory + "/snapshots")) ?? []
    return [.init("newest")]
      + names.compactMap { SnapshotStore<KernelFileSystem>.lsn(of: $0) }.sorted().map { .init("\($0)") }
  }

  /// Keys of the configuration that counts. Values are not shown: some are references to secrets.
  private var settings: [CompletionQuestion.Candidate] {
    let disk = KernelFileSystem()
    let directory = ConfigLoader.directory(
      paths.configDirectory, isExplicit: paths.namesConfigDirectory, disk: disk)
    let loaded = ConfigLoader.load(directory: directory, disk: disk, tellsDefaults: true)
    return distinct((loaded.values + loaded.defaults).map(\.key).sorted()).map { .init($0) }
  }
}
