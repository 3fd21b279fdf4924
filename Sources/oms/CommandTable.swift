import OMSLib

/// All commands. The one list that the parser, the help and everything generated are fed from.
enum CommandTable {
  /// The name is here a second time so that finding a command does not build the descriptions of all others; a test
  /// compares.
  static let entries: [(name: StaticString, type: any Command.Type)] = [
    ("run", RunCommand.self), ("stop", StopCommand.self), ("status", StatusCommand.self), ("wait", WaitCommand.self),
    ("guard", GuardCommand.self),
    ("order", OrderCommand.self), ("amend", AmendCommand.self), ("cancel", CancelCommand.self),
    ("batch", BatchCommand.self), ("flatten", FlattenCommand.self), ("pause", PauseCommand.self),
    ("halt", HaltCommand.self), ("kill", KillCommand.self), ("resume", ResumeCommand.self),
    ("orders", OrdersCommand.self), ("fills", FillsCommand.self), ("positions", PositionsCommand.self),
    ("balances", BalancesCommand.self), ("pnl", PnlCommand.self), ("exposure", ExposureCommand.self),
    ("accounts", AccountsCommand.self),
    ("risk show", RiskShowCommand.self), ("risk check", RiskCheckCommand.self), ("risk set", RiskSetCommand.self),
    ("risk reset", RiskResetCommand.self),
    ("symbols", SymbolsCommand.self), ("ticker", TickerCommand.self), ("book", BookCommand.self),
    ("trades", TradesCommand.self), ("candles", CandlesCommand.self), ("funding", FundingCommand.self),
    ("events", EventsCommand.self), ("logs", LogsCommand.self), ("snapshot take", SnapshotTakeCommand.self),
    ("snapshot list", SnapshotListCommand.self), ("snapshot show", SnapshotShowCommand.self),
    ("snapshot diff", SnapshotDiffCommand.self), ("snapshot restore", SnapshotRestoreCommand.self),
    ("snapshot prune", SnapshotPruneCommand.self),
    ("journal verify", JournalVerifyCommand.self), ("journal dump", JournalDumpCommand.self),
    ("journal finish", JournalFinishCommand.self),
    ("reconcile", ReconcileCommand.self),
    ("deadman arm", DeadmanArmCommand.self), ("deadman disarm", DeadmanDisarmCommand.self),
    ("deadman status", DeadmanStatusCommand.self),
    ("sim price", SimPriceCommand.self), ("sim fault", SimFaultCommand.self), ("sim latency", SimLatencyCommand.self),
    ("sim fill", SimFillCommand.self), ("sim book", SimBookCommand.self), ("sim clock", SimClockCommand.self),
    ("sim account", SimAccountCommand.self), ("sim reset", SimResetCommand.self), ("sim dump", SimDumpCommand.self),
    ("config check", ConfigCheckCommand.self), ("config show", ConfigShowCommand.self),
    ("config get", ConfigGetCommand.self), ("config diff", ConfigDiffCommand.self),
    ("config init", ConfigInitCommand.self), ("config reload", ConfigReloadCommand.self),
    ("config schema", ConfigSchemaCommand.self), ("config path", ConfigPathCommand.self),
    ("vault init", VaultInitCommand.self), ("vault unlock", VaultUnlockCommand.self),
    ("vault lock", VaultLockCommand.self), ("vault put", VaultPutCommand.self),
    ("vault list", VaultListCommand.self), ("vault rm", VaultRemoveCommand.self),
    ("vault status", VaultStatusCommand.self),
    ("venue serve", VenueServeCommand.self),
    ("check", CheckCommand.self), ("doctor", DoctorCommand.self),
    ("bench", BenchCommand.self),
    ("path", PathCommand.self), ("version", VersionCommand.self), ("explain", ExplainCommand.self),
    ("schema", SchemaCommand.self),
    ("help", HelpCommand.self), ("man", ManCommand.self), ("completion", CompletionCommand.self),
  ]

  static var specs: [CommandSpec] { entries.map { $0.type.spec } }

  static func entry(named name: String) -> (any Command.Type)? {
    entries.first { matches($0.name, name) }?.type
  }

  private static func matches(_ name: StaticString, _ text: String) -> Bool {
    name.withUTF8Buffer { unsafe $0.elementsEqual(text.utf8) }
  }

  /// A command line with its command found: the words and flags that are left belong to it.
  struct Match {
    let type: any Command.Type
    let rest: [String]
  }

  /// Finds the command among the words: the first that is no global flag, and the next one for commands of two words.
  static func find(in words: [String]) throws(ErrorObject) -> Match? {
    guard let first = commandIndex(in: words) else { return nil }
    var rest = words
    let word = rest.remove(at: first)
    if let type = entry(named: word) { return Match(type: type, rest: rest) }
    let members = names.filter { $0.hasPrefix(word + " ") }
    guard !members.isEmpty else { throw unknownCommand(word) }
    guard first < rest.count, !rest[first].hasPrefix("-") else {
      throw ErrorObject.usage("command", "`oms \(word)` needs one of: \(second(members))", hint: "oms help \(word)")
    }
    let name = word + " " + rest.remove(at: first)
    guard let type = entry(named: name) else { throw unknownCommand(name) }
    return Match(type: type, rest: rest)
  }

  private static func second(_ names: [String]) -> String {
    names.map { String($0.split(separator: " ")[1]) }.joined(separator: ", ")
  }

  private static var names: [String] { entries.map { $0.name.description } }

  /// Global flags may stand before the command; the values of those that have one are skipped with them.
  private static func commandIndex(in words: [String]) -> Int? {
    var index = 0
    while index < words.count, words[index].hasPrefix("-"), words[index] != "--" {
      if takesNextWord(words[index]) { index += 1 }
      index += 1
    }
    return index < words.count && words[index] != "--" ? index : nil
  }

  private static func takesNextWord(_ word: String) -> Bool {
    let flag =
      if word.hasPrefix("--") {
        FlagSpec.global.first { $0.name == word.dropFirst(2) }
      } else {
        FlagSpec.global.first { $0.short == word.dropFirst().first && word.count == 2 }
      }
    return flag?.takesNextWord ?? false
  }

  static func unknownCommand(_ name: String) -> ErrorObject {
    let guess = Spelling.nearest(to: name, among: names).map { "; did you mean `oms \($0)`?" } ?? ""
    return .usage("command", "unknown command '\(name)'\(guess)", hint: "oms help --all lists them")
  }
}
