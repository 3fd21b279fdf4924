import Foundation
import Synchronization
import TestSupport
import Testing

/// What one run of a program left behind.
struct Ran: Sendable {
  let status: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

private let scratchCounter = Atomic<Int>(0)

/// A directory of its own with directories for state, configuration and sockets, and the built `oms` as a shell would run
/// it. Removed at the end, with every process it started.
struct Shell: Sendable {
  let directory: URL
  let environment: [String: String]

  /// `swift test` puts the products of a package next to its test bundle.
  static let products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  static let patience: TimeInterval = 240

  init() throws {
    let sequence = scratchCounter.wrappingAdd(1, ordering: .relaxed).newValue
    // Short, since the path of a socket has 107 bytes at most.
    directory = URL(filePath: "/tmp/omsat-\(ProcessInfo.processInfo.processIdentifier)-\(sequence)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var environment = ["PATH": Self.products.path + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]
    for (name, folder) in [
      ("XDG_RUNTIME_DIR", "r"), ("XDG_STATE_HOME", "s"), ("XDG_CONFIG_HOME", "c"), ("XDG_CACHE_HOME", "k"),
    ] {
      let path = directory.appending(path: folder)
      try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
      environment[name] = path.path
    }
    // For `make coverage`: a file of its own per directory, so that a process killed while it writes spoils no other's.
    if let profiles = ProcessInfo.processInfo.environment["OMS_PROFILES"] {
      environment["LLVM_PROFILE_FILE"] = "\(profiles)/\(sequence)-%m.profraw"
    }
    self.environment = environment
  }

  func remove() {
    for file in leftFiles() where file.pathExtension == "jsonl" { checkObjects(file) }
    removeRings()
    try? FileManager.default.removeItem(at: directory)
  }

  /// Objects that a test makes up itself (`FakeEngine`) are not the program's.
  private var madeUp: URL { directory.appending(path: "made-up") }

  func allowMadeUpObjects() throws { try Data().write(to: madeUp) }

  /// Every object that is printed, to a file or into the event log, is one of its schema.
  private func checkObjects(_ file: URL) {
    guard !FileManager.default.fileExists(atPath: madeUp.path), let bytes = try? Data(contentsOf: file) else { return }
    for line in bytes.split(separator: 0x0A) {
      for complaint in SchemaValidator.current.complaints(about: line) {
        Issue.record("\(complaint): \(String(decoding: line.prefix(600), as: UTF8.self))")
        return
      }
    }
  }

  private func leftFiles() -> [URL] {
    let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
    return (files?.allObjects ?? []).compactMap { $0 as? URL }
  }

  /// An engine that was killed leaves its rings to the next one: small files name them.
  private func removeRings() {
    let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.fileSizeKey])
    while let file = files?.nextObject() as? URL {
      guard let size = try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize, (6...100).contains(size),
        let name = try? String(contentsOf: file, encoding: .utf8), name.hasPrefix("/oms-"), !name.contains("..")
      else { continue }
      try? FileManager.default.removeItem(atPath: "/dev/shm" + name)
    }
  }

  /// Lends a shell and removes what it leaves.
  static func with<R>(_ body: (Shell) throws -> R) throws -> R {
    let shell = try Shell()
    defer { shell.remove() }
    return try body(shell)
  }

  func oms(
    _ arguments: String..., input: String? = nil, variables: [String: String] = [:]
  ) throws -> Ran {
    try run(["oms"] + arguments, input: input, variables: variables)
  }

  /// A line for bash, with pipes and all.
  func bash(_ script: String, variables: [String: String] = [:]) throws -> Ran {
    try run(["bash", "-c", script], variables: variables)
  }

  /// An engine in the background that was started by what takes too long would outlive it, and this test wait for it.
  private static let inTime = """
    timeout --signal=KILL "$@"
    status=$?
    if [ $status -eq 137 ] && [ $SECONDS -ge $1 ]; then
      echo "killed after $1 s" >&2
      for engine in "$XDG_RUNTIME_DIR"/oms/*/pid; do [ ! -e "$engine" ] || kill -9 "$(cat "$engine")"; done
    fi
    exit $status
    """

  func run(_ words: [String], input: String? = nil, variables: [String: String] = [:]) throws -> Ran {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["bash", "-c", Self.inTime, "bash", "\(Int(Self.patience))"] + words
    process.environment = environment.merging(variables) { _, new in new }
    process.currentDirectoryURL = directory
    let sequence = scratchCounter.wrappingAdd(1, ordering: .relaxed).newValue
    // Files instead of pipes: nothing has to be read while the program runs.
    let output = directory.appending(path: "out-\(sequence)")
    let errors = directory.appending(path: "err-\(sequence)")
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    if let input {
      let file = directory.appending(path: "in-\(sequence)")
      try Data(input.utf8).write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    try process.run()
    process.waitUntilExit()
    checkObjects(output)
    checkObjects(errors)
    // `timeout` dies by the signal it sends.
    let status =
      process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    return Ran(status: status, output: try text(output), errors: try text(errors))
  }

  private func text(_ file: URL) throws -> String {
    String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }
}
