import OMSLib

/// From flags to members of a request: a flag `--max-slippage V` is the member `"max_slippage":"V"`.
extension RequestDraft {
  /// A request with all flags of the command's own table that were given, but those in `except`.
  init(_ operation: String, _ line: ParsedLine, of spec: CommandSpec, except: [String] = []) throws(ErrorObject) {
    self.init(operation)
    for flag in spec.flags where line.arguments.has(flag.name) && !except.contains(flag.name) {
      try add(flag, line)
    }
  }

  /// Which accounts: `-a`, if given. Symbol, strategy and venue are flags of the command itself.
  mutating func addAccounts(_ line: ParsedLine) {
    set("account", line.arguments.string("account"))
  }

  /// The account of a command that sends: `-a` or `OMS_ACCOUNT`; the engine knows the defaults behind them.
  mutating func addSendingAccount(_ line: ParsedLine) {
    set("account", line.arguments.string("account") ?? line.environment["OMS_ACCOUNT"])
  }

  /// What says that the command is meant.
  mutating func addConsent(_ line: ParsedLine) {
    set("live", if: line.isLive)
    set("yes", if: line.arguments.has("yes"))
    set("dry_run", if: line.arguments.has("dry-run"))
  }

  /// How long the engine follows it before it answers with what there is.
  mutating func addTimeout(_ line: ParsedLine, default text: String? = "5s") {
    set("timeout", line.timeout ?? text)
  }

  private mutating func add(_ flag: FlagSpec, _ line: ParsedLine) throws(ErrorObject) {
    let name = String(flag.name.map { $0 == "-" ? "_" : $0 })
    switch flag.kind {
    case .toggle: set(name, .flag)
    case .count: set(name, .number(Int64(line.arguments.count(flag.name))))
    case .list(.pair):
      set(name, .pairs(try Self.distinctPairs(flag.name, line.arguments)))
    case .list: set(name, .list(line.arguments.strings(flag.name)))
    case .value(.time):
      set(name, line.arguments.time(flag.name, now: line.now)?.rfc3339)
    case .value(.count):
      if let number = line.arguments.integer(flag.name) { set(name, .number(Int64(number))) }
    case .value, .optional: set(name, line.arguments.string(flag.name))
    }
  }

  /// The `KEY=VALUE`s of a flag; a key that is said twice is an error.
  static func distinctPairs(_ flag: String, _ arguments: Arguments) throws(ErrorObject) -> [(
    name: String, value: String
  )] {
    let pairs = arguments.pairs(flag)
    for (index, pair) in pairs.enumerated() where pairs[..<index].contains(where: { $0.key == pair.key }) {
      throw .usage("twice", "--\(flag): '\(pair.key)' is given twice")
    }
    return pairs.map { (name: $0.key, value: $0.value) }
  }
}
