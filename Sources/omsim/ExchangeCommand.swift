internal import Glibc
import OMSLib

/// `omsim exchange`: a process of its own that holds the built-in exchange behind a door.
struct ExchangeCommand {
  private let options: EngineOptions
  private let door: String

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let given = try Options(
      arguments, flags: [],
      values: ["--door", "--state", "--seed", "--speed", "--config-dir", "--ready-fd"])
    guard let door = given["--door"], Self.isName(door) else {
      throw UsageError(message: "exchange needs --door NAME, 1 to 20 of a-z, 0-9, '-' and '_'")
    }
    guard let state = given["--state"] else { throw UsageError(message: "exchange needs --state DIR") }
    self.door = door
    var settings = try Self.settings(given["--config-dir"])
    settings.instance = door
    let path = Self.absolute(state)
    var options = EngineOptions(
      settings: settings, environment: .process, runDirectory: path, stateDirectory: path, logDirectory: path,
      configDirectory: given["--config-dir"] ?? "")
    if given["--seed"] != nil { options.simulatorSeed = try given.number("--seed", or: 1) }
    options.simulatorSpeed = try Self.speed(given["--speed"])
    if given["--ready-fd"] != nil { options.readyDescriptor = Int32(clamping: try given.number("--ready-fd", or: 0)) }
    self.options = options
  }

  func run() -> Int32 { Int32(ExchangeProcess(options, door: door).run()) }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 20
      && text.utf8.allSatisfy { byte in
        (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
          || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      }
  }

  private static func settings(_ directory: String?) throws(UsageError) -> EngineSettings {
    guard let directory else { return .builtIn }
    let loaded = ConfigLoader.load(directory: absolute(directory), disk: KernelFileSystem())
    guard let settings = loaded.settings else {
      let first = loaded.problems.first { $0.severity == .error }
      throw UsageError(message: "\(directory): \(first?.message ?? "the configuration is invalid")")
    }
    return settings
  }

  private static func speed(_ text: String?) throws(UsageError) -> MarketSpeed {
    guard let text, text != "realtime" else { return .times(1) }
    guard text.hasSuffix("x"), let factor = Int64(text.dropLast()), factor >= 1 else {
      throw UsageError(message: "--speed '\(text)' is neither realtime nor 10x")
    }
    return .times(factor)
  }

  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : WorkingDirectory.path + "/" + path
  }
}
