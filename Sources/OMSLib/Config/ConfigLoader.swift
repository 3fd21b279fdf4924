/// One configuration file, by the name that says what is in it.
package struct ConfigFile: Sendable {
  /// `accounts.yaml`, or `conf.d/NAME.yaml` of a fragment.
  package let name: String
  /// As problems call it.
  package let path: String
  package let bytes: [UInt8]

  package init(name: String, path: String, bytes: [UInt8]) {
    self.name = name
    self.path = path
    self.bytes = bytes
  }

  package static let fragmentDirectory = "conf.d"
  var isFragment: Bool { name.hasPrefix(Self.fragmentDirectory + "/") }

  /// What may stand in a configuration directory, beside fragments.
  package static let names = [
    OMSFile.name, ExchangesFile.name, AccountsFile.name, RiskFile.name, StrategiesFile.name,
  ]
}

/// What the files amount to.
package struct Configuration: Sendable {
  /// `nil` when there is an error: an engine starts on all of it or not at all.
  package let settings: EngineSettings?
  /// Everything found, sorted by place.
  package let problems: [ConfigProblem]
  /// The files that were read; none: the built-in session.
  package let paths: [String]
  /// What the files say, value by value, sorted by key.
  package var values: [SettingValue] = []
  /// What is said where they say nothing; only when it was asked for.
  package var defaults: [SettingValue] = []
}

/// Makes one checked configuration from the files of a directory.
package enum ConfigLoader {
  /// What machines that have one configuration for all users keep it in.
  package static let systemDirectory = "/etc/oms"

  /// The directory to read: `directory`, or the system's when `directory` holds none of the files and nobody asked for
  /// it by name. Files of two directories are never mixed.
  package static func directory(_ directory: String, isExplicit: Bool, disk: some FileSystem) -> String {
    if isExplicit || holdsFiles(directory, disk: disk) { return directory }
    return holdsFiles(systemDirectory, disk: disk) ? systemDirectory : directory
  }

  package static func holdsFiles(_ directory: String, disk: some FileSystem) -> Bool {
    (ConfigFile.names + [ConfigFile.fragmentDirectory]).contains { disk.exists("\(directory)/\($0)") }
  }

  /// Reads `directory`. A file that is not there has its defaults; none at all is the built-in paper session. A file
  /// that is there and cannot be read is an error, and so is one that says that it is of another instance than
  /// `instance`.
  package static func load(
    directory: String, disk: some FileSystem, instance: String? = nil, tellsDefaults: Bool = false
  ) -> Configuration {
    var files: [ConfigFile] = []
    var problems = ProblemList()
    var names = ConfigFile.names.filter { disk.exists("\(directory)/\($0)") }
    let fragments = "\(directory)/\(ConfigFile.fragmentDirectory)"
    if disk.exists(fragments) {
      do throws(SystemError) {
        names += try disk.list(fragments).filter { $0.hasSuffix(".yaml") }
          .map { "\(ConfigFile.fragmentDirectory)/\($0)" }
      } catch {
        problems.error(
          "config.file", at: SourcePlace(file: fragments, line: 1, column: 1), "cannot be read: \(error.words)")
      }
    }
    for name in names {
      let path = "\(directory)/\(name)"
      do throws(SystemError) {
        files.append(ConfigFile(name: name, path: path, bytes: try read(path, disk)))
      } catch {
        problems.hasUnreadFiles = true
        problems.error("config.file", at: SourcePlace(file: path, line: 1, column: 1), "cannot be read: \(error.words)")
      }
    }
    return load(files, problems, instance: instance, tellsDefaults: tellsDefaults)
  }

  private static func read<Disk: FileSystem>(_ path: String, _ disk: Disk) throws(SystemError) -> [UInt8] {
    let file = try disk.open(path, .read)
    defer { try? disk.close(file) }
    let size = try disk.size(file)
    // One byte above the bound is enough to see that it is too large.
    var bytes = [UInt8](repeating: 0, count: Int(min(size, Int64(YAMLReader.fileBytesMax) + 1)))
    var failure: SystemError?
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      do throws(SystemError) {
        return unsafe try disk.read(file, into: buffer, at: 0)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return Array(bytes.prefix(count))
  }

  /// Checks `files` together. Each name may come once.
  package static func load(
    _ files: [ConfigFile], instance: String? = nil, tellsDefaults: Bool = false
  ) -> Configuration {
    load(files, ProblemList(), instance: instance, tellsDefaults: tellsDefaults)
  }

  private static func load(
    _ files: [ConfigFile], _ found: ProblemList, instance: String?, tellsDefaults: Bool
  ) -> Configuration {
    var problems = found
    if tellsDefaults { problems.log = SettingLog() }
    let paths = files.map(\.path)
    guard !files.isEmpty || tellsDefaults else {
      return Configuration(
        settings: problems.hasErrors ? nil : .builtIn, problems: problems.sorted, paths: paths)
    }
    var nodes = read(files, &problems)
    if tellsDefaults, nodes[OMSFile.name] == nil {
      let place = SourcePlace(file: OMSFile.name, line: 1, column: 1)
      nodes[OMSFile.name] = YAMLNode(content: .mapping([]), place: place, path: "")
    }
    let values = nodes.values.flatMap(SettingValue.values).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    // Without one of the files the references of the others would all look wrong.
    guard let nodes = problems.hasUnreadFiles ? nil : nodes else {
      return Configuration(settings: nil, problems: problems.sorted, paths: paths, values: values)
    }
    var settings = ConfigAssembly.assemble(nodes, problems: &problems)
    settings.values = values
    if let instance, let place = values.first(where: { $0.key == "instance" })?.place, settings.instance != instance {
      problems.error(
        "config.instance", at: place,
        "these files are of instance '\(settings.instance)', not of '\(instance)'; say -I \(settings.instance), or "
          + "remove this line")
    }
    var configuration = Configuration(
      settings: problems.hasErrors ? nil : files.isEmpty ? .builtIn : settings, problems: problems.sorted,
      paths: paths, values: values)
    configuration.defaults = (problems.log?.settings ?? []).compactMap { setting in
      setting.initial.map { SettingValue(key: setting.path, text: $0, place: nil) }
    }
    return configuration
  }

  /// The tree of each of the five files, with what fragments add to it.
  private static func read(_ files: [ConfigFile], _ problems: inout ProblemList) -> [String: YAMLNode] {
    var nodes: [String: YAMLNode] = [:]
    for file in files {
      let place = SourcePlace(file: file.path, line: 1, column: 1)
      guard file.isFragment || ConfigFile.names.contains(file.name) else {
        problems.error(
          "config.file", at: place, "'\(file.name)' is not one of \(ConfigFile.names.joined(separator: ", "))")
        continue
      }
      guard let node = YAMLReader.read(file.bytes, file: file.path, problems: &problems) else {
        problems.hasUnreadFiles = true
        continue
      }
      if file.isFragment {
        ConfigFragment.add(node, to: &nodes, &problems)
      } else {
        nodes[file.name] = nodes[file.name].map { ConfigFragment.merged($0, node, &problems) } ?? node
      }
    }
    return nodes
  }
}

extension SystemError {
  /// The failures a person can mend, in words.
  fileprivate var words: String {
    switch errno {
    case 2: "it is gone"
    case 13: "permission denied"
    case 21: "it is a directory"
    case 40: "it is a link; put the file itself there, or name its directory with --config-dir"
    default: "\(call), errno \(errno)"
    }
  }
}
