import Foundation
import Testing

/// The C programs of `Tests/attach`, built once for a run of the tests.
struct Peer: Sendable {
  struct Ran: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  private static let built = Result { try make() }
  private let directory: URL

  static func build() throws -> Peer { try built.get() }

  private static func make() throws -> Peer {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    // Next to the test bundle: the next run replaces it, and a clean build takes it away.
    let directory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "ccore-peer")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let build = try run(tests.appending(path: "attach/build.sh"), [directory.path])
    try #require(build.status == 0, "\(build.errors)")
    return Peer(directory: directory)
  }

  /// Starts the other process of a test. The caller ends it.
  func start(_ role: String, _ argument: String, environment: [String: String] = [:]) throws -> Process {
    let process = Process()
    process.executableURL = directory.appending(path: "peer")
    process.arguments = [role, argument]
    process.environment = environment
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  func runAttach(_ arguments: String...) throws -> Ran {
    try Self.run(directory.appending(path: "attach"), arguments)
  }

  /// An empty directory of this run, below the temporary one: a socket's path is short. The caller removes it.
  func scratch(_ label: String) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "oms-peer-\(label)-\(getpid())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  private static func run(_ program: URL, _ arguments: [String]) throws -> Ran {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let outputBytes = try output.fileHandleForReading.readToEnd() ?? Data()
    let errorBytes = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Ran(
      status: process.terminationStatus, output: String(decoding: outputBytes, as: UTF8.self),
      errors: String(decoding: errorBytes, as: UTF8.self))
  }
}
