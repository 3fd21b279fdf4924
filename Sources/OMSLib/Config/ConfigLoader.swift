/// One configuration file, by the name that says what is in it.
package struct ConfigFile: Sendable {
  /// `accounts.yaml`
  package let name: String
  /// As problems call it.
  package let path: String
  package let bytes: [UInt8]

  package init(name: String, path: String, bytes: [UInt8]) {
    self.name = name
    self.path = path
    self.bytes = bytes
  }

  /// What may stand in a configuration directory.
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
}

/// Makes one checked configuration from the files of a directory.
package enum ConfigLoader {
  /// What machines that have one configuration for all users keep it in.
  package static let systemDirectory = "/etc/oms"

  /// The directory to read: `directory`, or the system's when `directory` holds none of the files and nobody asked for
  /// it by name. Files of two directories are never mixed.
  package static func directory(_ directory: String, isExplicit: Bool, disk: some FileSystem) -> String {
    func holdsFiles(_ path: String) -> Bool { ConfigFile.names.contains { disk.exists("\(path)/\($0)") } }
    if isExplicit || holdsFiles(directory) { return directory }
    return holdsFiles(systemDirectory) ? systemDirectory : directory
  }

  /// Reads `directory`. A file that is not there has its defaults; none at all is the built-in paper session. A file
  /// that is there and cannot be read is an error.
  package static func load(directory: String, disk: some FileSystem) -> Configuration {
    var files: [ConfigFile] = []
    var problems = ProblemList()
    for name in ConfigFile.names {
      let path = "\(directory)/\(name)"
      guard disk.exists(path) else { continue }
      do throws(SystemError) {
        files.append(ConfigFile(name: name, path: path, bytes: try read(path, disk)))
      } catch {
        problems.error("config.file", at: SourcePlace(file: path, line: 1, column: 1), "cannot be read: \(error.words)")
      }
    }
    let fragments = "\(directory)/conf.d"
    if disk.exists(fragments) {
      for name in (try? disk.list(fragments)) ?? [] where name.hasSuffix(".yaml") {
        problems.error(
          "config.file", at: SourcePlace(file: "\(fragments)/\(name)", line: 1, column: 1),
          "conf.d is not read by this build; move it into one of \(ConfigFile.names.joined(separator: ", "))")
      }
    }
    return load(files, problems)
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
  package static func load(_ files: [ConfigFile]) -> Configuration { load(files, ProblemList()) }

  private static func load(_ files: [ConfigFile], _ found: ProblemList) -> Configuration {
    var problems = found
    let paths = files.map(\.path)
    guard !files.isEmpty else {
      return Configuration(
        settings: problems.hasErrors ? nil : .builtIn, problems: problems.sorted, paths: paths)
    }
    var nodes: [String: YAMLNode] = [:]
    for file in files {
      let place = SourcePlace(file: file.path, line: 1, column: 1)
      guard ConfigFile.names.contains(file.name) else {
        problems.error(
          "config.file", at: place, "'\(file.name)' is not one of \(ConfigFile.names.joined(separator: ", "))")
        continue
      }
      nodes[file.name] = YAMLReader.read(file.bytes, file: file.path, problems: &problems)
    }
    // Without one of the files the references of the others would all look wrong.
    guard nodes.count == files.count else {
      return Configuration(settings: nil, problems: problems.sorted, paths: paths)
    }
    let settings = ConfigAssembly.assemble(nodes, problems: &problems)
    return Configuration(settings: problems.hasErrors ? nil : settings, problems: problems.sorted, paths: paths)
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
