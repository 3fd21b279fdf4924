import OMSLib

extension CommandContext {
  /// The directory whose files count: the one that was named, else the user's, else the system's.
  var usedConfigDirectory: String {
    ConfigLoader.directory(paths.configDirectory, isExplicit: paths.namesConfigDirectory, disk: KernelFileSystem())
  }

  /// The same, for who reads it. A name that leads nowhere is refused: whoever named it did not mean the defaults.
  func readableConfigDirectory() throws(ErrorObject) -> String {
    let directory = usedConfigDirectory
    guard paths.namesConfigDirectory else { return directory }
    do throws(SystemError) {
      _ = try KernelFileSystem().list(directory)
    } catch {
      let why =
        switch error.errno {
        case 2: "is not there"
        case 20: "is no directory"
        default: "cannot be read (errno \(error.errno))"
        }
      let named = arguments.has("config-dir") ? "--config-dir" : EnvironmentVariable.configDirectory.rawValue
      throw ErrorObject(
        "config.directory", .configuration, "the configuration directory '\(directory)' \(why)",
        hint: "leave \(named) out, or write samples: oms config init --dir \(directory)")
    }
    return directory
  }
}

/// `oms config path`: where the configuration is read.
struct ConfigPathCommand: Command {
  static let spec = CommandSpec(
    "config path", group: .administration, summary: "Print the directory that the configuration is read from",
    examples: [
      .init("oms config path", "the user's, or /etc/oms when the user has none"),
      .init("ls \"$(oms config path)\"", "what is in it", needs: "a configuration directory"),
      .init("oms config path -C conf", "the one that is named"),
    ],
    seeAlso: ["config show", "path"])

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.output.text(context.usedConfigDirectory + "\n")
    return .ok
  }
}

/// `oms config schema`: what an editor checks a file by.
struct ConfigSchemaCommand: Command {
  static let spec = CommandSpec(
    "config schema", group: .administration, summary: "Print the JSON Schema of a configuration file, for editors",
    details: "It is made from what the reader of the file asks for, so it cannot say anything else than the reader.",
    examples: [
      .init("oms config schema accounts", "of accounts.yaml"),
      .init("oms config schema risk > risk.schema.json", "for an editor"),
      .init("oms config schema oms | jq '.properties | keys'", "the keys of oms.yaml"),
    ],
    arguments: [ArgumentSpec("NAME", .choice(SettingSchema.names), help: "Which file")],
    seeAlso: ["config check"])

  private let name: String

  init(_ line: ParsedLine) throws(ErrorObject) { name = line.arguments.words[0] }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.output.text(String(decoding: SettingSchema.json(name), as: UTF8.self) + "\n")
    return .ok
  }
}

/// `oms config init`: commented samples to begin with.
struct ConfigInitCommand: Command {
  static let spec = CommandSpec(
    "config init", group: .administration, summary: "Write commented samples of the configuration files",
    details: "A file that is there stays as it is. Each sample loads as it is written.",
    examples: [
      .init("oms config init --dir conf", "all five, below conf"),
      .init("oms config init --dir small --minimal", "accounts and limits only"),
      .init("oms config init --dir conf -q && oms config check -C conf", "and check them"),
    ],
    flags: [
      .value("dir", .directory, nil, "Where to", default: "the configuration directory"),
      .toggle("minimal", "Only accounts.yaml and risk.yaml"),
    ],
    seeAlso: ["config check"])

  private let isMinimal: Bool

  init(_ line: ParsedLine) throws(ErrorObject) { isMinimal = line.arguments.has("minimal") }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let directory = context.arguments.string("dir") ?? context.paths.configDirectory
    for sample in isMinimal ? ConfigSamples.minimal : ConfigSamples.all {
      let path = "\(directory)/\(sample.name)"
      if KernelFileSystem().exists(path) {
        try context.say("\(path) is there already and stays as it is")
        continue
      }
      do throws(SystemError) {
        try ScratchFile.write(Array(sample.text.utf8), to: path, under: directory)
      } catch {
        throw ErrorObject(
          "config.file", .configuration, "\(path) cannot be written: \(error.call), errno \(error.errno)")
      }
      try context.say("wrote \(path)")
    }
    return .ok
  }
}

/// `oms config show`: every value, with where it comes from.
struct ConfigShowCommand: Command {
  static let spec = CommandSpec(
    "config show", group: .administration, summary: "Show the values of the configuration",
    details: """
      What flags, variables and files say; with --resolved also the defaults of what they do not say. Limits that no \
      file sets are shown by `oms risk show`. Secrets are masked.
      """,
    examples: [
      .init("oms config show --resolved --origin", "all values, each with file and line, variable, flag or default"),
      .init("oms config show journal --resolved", "those below one key"),
      .init("oms config show -o tsv --fields key,value", "for scripts"),
    ],
    arguments: [ArgumentSpec("KEY", .thing(.setting), .optional, help: "Only this value, or those below it")],
    flags: [
      .toggle("resolved", "Also what has its default"), .toggle("origin", "Also where each value comes from"),
    ],
    objects: ["setting"], exits: [.notFound], seeAlso: ["config get", "config diff", "risk show"])

  private let key: String?

  init(_ line: ParsedLine) throws(ErrorObject) { key = line.arguments.words.first }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let settings = try ShownSettings(context)
    let shown = settings.below(key, isResolved: context.arguments.has("resolved"))
    if let key, shown.isEmpty { throw settings.unknown(key) }
    for setting in shown {
      try context.output.take(
        setting.object(at: context.now, showsOrigin: context.arguments.has("origin")))
    }
    return .ok
  }
}

/// `oms config get`: one value, as it counts.
struct ConfigGetCommand: Command {
  static let spec = CommandSpec(
    "config get", group: .administration, summary: "Print one value of the configuration",
    details: "What a file says, else the default. An unknown key ends with 18.",
    examples: [
      .init("oms config get default_account", "the value alone"),
      .init("oms config get journal.retain", "below another key"),
      .init("oms config get instance -o jsonl", "with where it comes from"),
    ],
    arguments: [ArgumentSpec("KEY", .thing(.setting), help: "The value, with dots: journal.retain")],
    objects: ["setting"], exits: [.notFound], seeAlso: ["config show"])

  private let key: String

  init(_ line: ParsedLine) throws(ErrorObject) { key = line.arguments.words[0] }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let settings = try ShownSettings(context)
    guard let setting = settings.below(key, isResolved: true).first(where: { $0.value.key == key }) else {
      throw settings.unknown(key)
    }
    if ["jsonl", "json"].contains(context.arguments.string("output") ?? "") {
      try context.output.take(setting.object(at: context.now, showsOrigin: true))
    } else if !context.isQuiet {
      try context.output.text(setting.value.text + "\n")
    }
    return .ok
  }
}

/// The configuration as a person is shown it: flags, then variables, then files, then defaults.
private struct ShownSettings {
  struct Setting {
    let value: SettingValue
    let origin: String

    func object(at time: UTCTime, showsOrigin: Bool) -> [UInt8] {
      var json = JSONWriter()
      json.beginObject()
      json.member("type", "setting")
      json.member("v", 1)
      json.member("ts", time)
      json.member("key", value.key)
      json.member("value", value.text)
      json.member("origin", showsOrigin ? origin : nil)
      json.endObject()
      return json.bytes
    }
  }

  private var settings: [Setting] = []

  init(_ context: borrowing CommandContext) throws(ErrorObject) {
    let directory = try context.readableConfigDirectory()
    let loaded = ConfigLoader.load(directory: directory, disk: KernelFileSystem(), tellsDefaults: true)
    guard loaded.settings != nil else { throw ConfigReport.refusal(loaded, directory) }
    addOutside(context)
    for value in loaded.values + loaded.defaults where !settings.contains(where: { $0.value.key == value.key }) {
      settings.append(Setting(value: value, origin: value.origin))
    }
    settings.sort { $0.value.key.utf8.lexicographicallyPrecedes($1.value.key.utf8) }
  }

  /// What is decided outside of the files. The engine's own name is never read from one.
  private mutating func addOutside(_ context: borrowing CommandContext) {
    let outside: [(key: String, flag: String, variable: EnvironmentVariable, otherwise: String?)] = [
      ("instance", "instance", .instance, context.paths.instance),
      ("config_dir", "config-dir", .configDirectory, context.usedConfigDirectory),
      ("default_account", "account", .account, nil), ("output", "output", .output, nil),
      ("timeout", "timeout", .timeout, nil), ("tz", "tz", .zone, nil),
      ("socket", "socket", .socket, context.paths.socket),
    ]
    for item in outside {
      let value: (String, String)? =
        if let flag = context.arguments.string(item.flag) {
          (flag, "flag --\(item.flag)")
        } else if let variable = context.line.environment[item.variable.rawValue] {
          (variable, "environment \(item.variable.rawValue)")
        } else {
          item.otherwise.map { ($0, "default") }
        }
      guard let (text, origin) = value else { continue }
      settings.append(Setting(value: SettingValue(key: item.key, text: text, place: nil), origin: origin))
    }
  }

  func below(_ key: String?, isResolved: Bool) -> [Setting] {
    settings.filter { setting in
      let name = setting.value.key
      let isWanted = key.map { name == $0 || name.hasPrefix($0 + ".") || name.hasPrefix($0 + "[") } ?? true
      return isWanted && (isResolved || setting.origin != "default")
    }
  }

  func unknown(_ key: String) -> ErrorObject {
    let near = Spelling.nearest(to: key, among: settings.map(\.value.key)).map { "; did you mean '\($0)'?" } ?? ""
    return ErrorObject(
      "notfound.setting", .notFound, "nothing is configured under '\(key)'\(near)", hint: "oms config show --resolved")
  }
}
