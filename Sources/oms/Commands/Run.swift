import OMSLib

/// `oms run`: starts an engine; with a command, one that lives just as long.
struct RunCommand: Command {
  static let spec = CommandSpec(
    "run", group: .session, summary: "Start an engine (paper, on the built-in exchange if nothing is configured)",
    details: """
      Without configuration: a paper session with the accounts sim.main and sim.sub01 to sim.sub03, no network, and a \
      state that is thrown away unless --state names a directory. With -- COMMAND an instance of its own is made, its \
      variables are exported, the command is run, everything is torn down, and the command's status returned.
      """,
    examples: [
      .init("oms run", "a paper session in the foreground", needs: "a terminal of its own"),
      .init("oms run -- oms order buy BTC-USDT 0.01 --market --wait filled", "one command in a session of its own"),
      .init("oms run --detach", "returns when the engine answers"),
    ],
    flags: [
      .toggle("detach", "Go into the background as soon as the engine answers"),
      .value("cpu", .text, "LIST", "CPUs of the hot threads, in order"),
      .toggle("pin", "Keep hot threads on the CPUs of --cpu", isOn: true),
      .value("state", .directory, nil, "Where the state is kept"),
      .value("sim-seed", .count, nil, "Seed of the built-in exchange", default: "1"),
      .value("sim-speed", .text, "realtime|max|Nx", "How fast its market runs", default: "realtime"),
      .value("sim-door", .text, "NAME", "Use the exchange that another process holds: omsim exchange --door NAME"),
      .value("on-exit", .choice(["keep", "cancel"]), nil, "What becomes of open orders at the end"),
      .value("until", .duration, nil, "End by itself after so long"),
      .passphrase,
      .value("ready-fd", .count, "N", "Descriptor that gets a byte when the engine answers"),
      .toggle("adopt", "Put a journal aside that cannot be gone on from; its ids stay burnt, the venues tell the rest"),
      .value(
        "keep-orders", .count, "N", "Orders kept in memory, a power of two; older ones are answered from the disk",
        default: "262144"),
      .toggle("events", "Print every event on standard output"),
    ],
    objects: [], exits: [.configuration, .credentials, .confirmation, .modeGuard, .busy], seeAlso: ["stop", "status"],
    effect: .acts, takesCommand: true)

  private let arguments: Arguments
  private let speed: MarketSpeed
  private let cpus: [Int]
  private let keptOrders: Int

  init(_ line: ParsedLine) throws(ErrorObject) {
    arguments = line.arguments
    guard arguments.command.isEmpty || !arguments.has("detach") else {
      throw .usage("argument", "--detach and a command exclude each other")
    }
    speed = try Self.speed(arguments.string("sim-speed") ?? "realtime")
    if let door = arguments.string("sim-door") {
      let isName = !door.isEmpty && door.utf8.count <= 20 && door.utf8.allSatisfy { $0 != UInt8(ascii: "/") }
      guard isName else { throw .usage("argument", "--sim-door '\(door)' is no name of 1 to 20 letters and digits") }
    }
    var cpus: [Int] = []
    for part in (arguments.string("cpu") ?? "").split(separator: ",") {
      guard let cpu = Int(part), cpu >= 0 else { throw .usage("argument", "--cpu '\(part)' is no CPU number") }
      cpus.append(cpu)
    }
    self.cpus = cpus
    keptOrders = arguments.integer("keep-orders") ?? Limits.orderCount
    guard Limits.canKeep(orders: keptOrders) else {
      throw .usage("argument", "--keep-orders \(keptOrders) is no power of two from 64 to \(Limits.orderCount)")
    }
  }

  private static func speed(_ text: String) throws(ErrorObject) -> MarketSpeed {
    switch text {
    case "realtime": return .times(1)
    case "max": return .max
    default:
      guard text.hasSuffix("x"), let factor = Int64(text.dropLast()), factor >= 1 else {
        throw .usage("argument", "--sim-speed '\(text)' is none of realtime, max, 10x")
      }
      return .times(factor)
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let directory = try context.readableConfigDirectory()
    // That of `-- COMMAND` has a name of its own, whoever the files are of.
    var settings = try load(directory, instance: arguments.command.isEmpty ? context.paths.instance : nil)
    let hasFiles = arguments.has("config-dir") || ConfigLoader.holdsFiles(directory, disk: KernelFileSystem())
    try confirm(&settings, &context)
    let paths = context.paths
    var scratch: String?
    if !arguments.command.isEmpty || (!hasFiles && arguments.string("state") == nil) {
      scratch = try makeScratch(context)
    }
    let isPrivate = !arguments.command.isEmpty
    settings.instance = isPrivate ? "run-\(ProcessIdentity.number)" : paths.instance
    let state = arguments.string("state").map(Self.absolute) ?? scratch.map { $0 + "/kept" } ?? paths.stateDirectory
    var options = EngineOptions(
      settings: settings, environment: context.line.environment,
      runDirectory: isPrivate ? (scratch ?? "") : paths.runDirectory, stateDirectory: state,
      logDirectory: state == paths.stateDirectory ? paths.logDirectory : state + "/logs",
      configDirectory: Self.absolute(directory))
    options.version = Build.version
    options.throwAwayDirectory = scratch
    options.command = arguments.command
    options.detaches = arguments.has("detach")
    options.echoesEvents = arguments.has("events")
    options.isQuiet = context.isQuiet || isPrivate
    options.cpus = cpus
    options.exitPolicy = arguments.string("on-exit").flatMap(ExitPolicy.init(rawValue:))
    options.adopts = arguments.has("adopt")
    options.orderCapacity = keptOrders
    options.pins = arguments.toggle("pin", isOn: true)
    options.simulatorSeed = arguments.integer("sim-seed").map { UInt64($0) }
    options.simulatorSpeed = speed
    options.simulatorDoor = arguments.string("sim-door")
    options.until = arguments.duration("until")
    options.readyDescriptor = arguments.integer("ready-fd").map { Int32($0) }
    options.unsealing = try unseal(settings, state, &context)
    return ExitStatus(rawValue: Supervisor(options, banner: banner(options)).run())
  }

  // MARK: Settings

  private func load(_ directory: String, instance: String?) throws(ErrorObject) -> EngineSettings {
    let loaded = ConfigLoader.load(
      directory: Self.absolute(directory), disk: KernelFileSystem(), instance: instance)
    guard var settings = loaded.settings else {
      throw ConfigReport.refusal(loaded, directory)
    }
    if let policy = arguments.string("on-exit").flatMap(ExitPolicy.init(rawValue:)) {
      for index in settings.accounts.indices { settings.accounts[index].onExit = policy }
    }
    return settings
  }

  /// The second lock of real money: `--live`, meant.
  private func confirm(_ settings: inout EngineSettings, _ context: inout CommandContext) throws(ErrorObject) {
    guard context.line.isLive else {
      settings = settings.onPaper
      return
    }
    settings.mode = .live
    let live = settings.accounts.filter { $0.mode == .live }.map(\.name)
    guard !live.isEmpty else { return }
    try context.say("live accounts: \(live.joined(separator: ", "))")
    guard !arguments.has("yes") else { return }
    guard context.canAsk else {
      throw ErrorObject(
        "confirm.needed", .confirmation, "an engine with live accounts must be meant", hint: "say --yes")
    }
    let name = context.paths.instance
    try context.demand("type the name of the instance, \(name), to start it:", name)
  }

  /// Opens the keystore for accounts of real exchanges, and hands its key to the engine. On paper it is not even looked at.
  private func unseal(
    _ settings: EngineSettings, _ state: String, _ context: inout CommandContext
  ) throws(ErrorObject) -> KeyUnsealing? {
    let wanted = KeyUnsealing.wanted(settings)
    guard !wanted.isEmpty else { return nil }
    // A session of its own has the keys of the instance it was started for.
    let isOwn = KeystoreFile(directory: state).isThere
    var session = try VaultSession(context, directory: isOwn ? state : context.paths.stateDirectory)
    let file = session.file
    let keystore = try session.read()
    for (account, entry) in wanted {
      guard let entry else {
        throw ErrorObject(
          "auth.missing", .credentials,
          "'\(account)' is live, and the kind of key its settings name is not available in this build",
          hint: "key: keystore:NAME in accounts.yaml")
      }
      guard keystore.entry(named: entry) == nil else { continue }
      throw ErrorObject(
        "auth.missing", .credentials, "'\(account)' is live and the keystore \(file.path) has no key '\(entry)'",
        hint: "oms vault put \(entry)")
    }
    let key = try session.key(of: keystore, &context)
    do throws(VaultError) {
      return KeyUnsealing(directory: file.directory, descriptor: try session.desk.handingOver(key))
    } catch {
      throw ErrorObject(error)
    }
  }

  // MARK: Places

  /// Lies in a directory that is thrown away, beside the state. No instance can be called so.
  static let throwAwayMark = "@throw-away"

  private func makeScratch(_ context: borrowing CommandContext) throws(ErrorObject) -> String {
    let base = context.line.environment["TMPDIR"] ?? "/tmp"
    let path = "\(base)/oms-run-\(ProcessIdentity.number)-\(context.clock.realtime() / 1_000 % 1_000_000_000)"
    do throws(SystemError) {
      try KernelFileSystem().makeDirectory(path)
      try KernelFileSystem().makeDirectory("\(path)/\(Self.throwAwayMark)")
    } catch {
      throw ErrorObject("config.directory", .configuration, "\(path) cannot be made (errno \(error.errno))")
    }
    return path
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : WorkingDirectory.path + "/" + path
  }

  private func banner(_ options: EngineOptions) -> String {
    let accounts = options.settings.accounts.map(\.name)
    let shown =
      accounts.prefix(4).joined(separator: " ") + (accounts.count > 4 ? " and \(accounts.count - 4) more" : "")
    return """
      oms: \(options.settings.mode == .live ? "LIVE" : "paper") instance '\(options.settings.instance)' answers
        accounts: \(shown)
        socket:   \(options.socketPath)
        stop:     oms stop\(options.settings.instance == "default" ? "" : " -I \(options.settings.instance)"), or Ctrl-C

      """
  }
}
