internal import Glibc
import OMSLib

/// `omsim engine`: the paper engine of `oms run --detach`, whose core says that it is of another version and can load
/// snapshots of certain others. So an upgrade can be tried before there is a second version.
struct EngineCommand {
  private let options: EngineOptions

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let given = try Options(arguments, flags: ["--adopt"], values: ["--core", "--loads", "--state"])
    guard let state = given["--state"] else { throw UsageError(message: "engine needs --state DIR") }
    let number = try given.number("--core", or: 0)
    guard number > 0, number <= UInt32.max else { throw UsageError(message: "engine needs --core N, 1 or higher") }
    var loads = [UInt32(number)]
    for part in (given["--loads"] ?? "").split(separator: ",") {
      guard let version = UInt32(part) else { throw UsageError(message: "--loads '\(part)' is no version of a core") }
      loads.append(version)
    }
    let path = ExchangeCommand.absolute(state)
    let paths = InstancePaths(instance: nil, configDirectory: nil)
    var settings = EngineSettings.builtIn
    settings.instance = paths.instance
    var options = EngineOptions(
      settings: settings, environment: .process, runDirectory: paths.runDirectory, stateDirectory: path,
      logDirectory: path + "/logs", configDirectory: paths.configDirectory)
    options.core = CoreVersion(number: UInt32(number), loads: loads)
    options.detaches = true
    options.isQuiet = true
    options.adopts = given.has("--adopt")
    self.options = options
  }

  func run() -> Int32 { Int32(Supervisor(options, banner: "").run()) }
}
