/// Where one instance keeps its things. Computed from the environment alone, the same for engine and clients; nothing is
/// read and nothing is made.
package struct InstancePaths: Sendable {
  package let instance: String
  /// `oms.sock`, `lock`, `pid`, `ready`; and `state`, a link to the state directory, while an engine runs.
  package let runDirectory: String
  package let socket: String
  /// `journal/`, `gate`, `logs/`, `snapshots/`, `keystore`.
  package let stateDirectory: String
  package let logDirectory: String
  /// Whether somebody said which one it is: then no other counts, and it has to be there.
  package let namesConfigDirectory: Bool
  package let configDirectory: String
  package let cacheDirectory: String
  package let journalMemory: String

  /// `instance` and `configDirectory` are the flags, if given.
  package init(
    instance: String? = nil, configDirectory: String? = nil, environment: Environment = .process,
    user: UInt32 = ProcessIdentity.user
  ) {
    let instance = instance ?? environment["OMS_INSTANCE"] ?? "default"
    let home = user == 0 ? nil : environment["HOME"]
    self.instance = instance
    if let socket = environment["OMS_SOCKET"] {
      self.socket = socket
      runDirectory = socket.lastIndex(of: "/").map { String(socket[..<$0]) } ?? "."
    } else {
      runDirectory = Self.runBase(environment, user) + "/" + instance
      socket = runDirectory + "/oms.sock"
    }
    let stateBase =
      Self.first(environment["STATE_DIRECTORY"]) ?? environment["XDG_STATE_HOME"].map { $0 + "/oms" }
      ?? home.map { $0 + "/.local/state/oms" } ?? "/var/lib/oms"
    stateDirectory = stateBase + "/" + instance
    logDirectory = Self.first(environment["LOGS_DIRECTORY"]).map { $0 + "/" + instance } ?? stateDirectory + "/logs"
    namesConfigDirectory = configDirectory != nil || environment["OMS_CONFIG_DIR"] != nil
    self.configDirectory =
      configDirectory ?? environment["OMS_CONFIG_DIR"] ?? Self.first(environment["CONFIGURATION_DIRECTORY"])
      ?? environment["XDG_CONFIG_HOME"].map { $0 + "/oms" } ?? home.map { $0 + "/.config/oms" } ?? "/etc/oms"
    cacheDirectory =
      environment["XDG_CACHE_HOME"].map { $0 + "/oms" } ?? home.map { $0 + "/.cache/oms" } ?? "/var/cache/oms"
    journalMemory = "/dev/shm/oms-\(user)-\(instance)-journal"
  }

  /// The state directory of the engine that runs now, which may be a throw-away one.
  package var currentStateDirectory: String {
    let link = runDirectory + "/state"
    return KernelFileSystem().exists(link) ? link : stateDirectory
  }

  package var currentLogDirectory: String {
    let state = currentStateDirectory
    return state == stateDirectory ? logDirectory : state + "/logs"
  }

  /// Names of the instances beside this one that have a directory for sockets, itself among them.
  package var neighbours: [String] {
    guard let slash = runDirectory.lastIndex(of: "/") else { return [] }
    let base = String(runDirectory[..<slash])
    let names = (try? KernelFileSystem().list(base)) ?? []
    return names.filter { KernelFileSystem().exists("\(base)/\($0)/oms.sock") }.sorted()
  }

  private static func runBase(_ environment: Environment, _ user: UInt32) -> String {
    if let directory = first(environment["RUNTIME_DIRECTORY"]) { return directory }
    if let directory = environment["XDG_RUNTIME_DIR"] { return directory + "/oms" }
    return user == 0 ? "/run/oms" : "/tmp/oms-\(user)"
  }

  /// systemd lists several directories with colons; the first is ours.
  private static func first(_ list: String?) -> String? {
    list.flatMap { $0.split(separator: ":").first.map(String.init) }
  }
}
