/// How an engine is to be run: the flags of `oms run`, and the places they lead to.
package struct EngineOptions: Sendable {
  package var settings: EngineSettings
  package var environment: Environment
  /// Sockets, lock, pid, ready.
  package var runDirectory: String
  package var stateDirectory: String
  package var logDirectory: String
  package var configDirectory: String
  /// Removed when the engine has ended; `nil`: nothing is thrown away.
  package var throwAwayDirectory: String?
  /// Runs inside the engine's life; its status is the result.
  package var version = ""
  package var command: [String] = []
  package var detaches = false
  package var echoesEvents = false
  package var isQuiet = false
  package var cpus: [Int] = []
  package var pins = true
  package var simulatorSeed: UInt64?
  package var simulatorSpeed = MarketSpeed.times(1)
  /// The built-in exchange is in another process, behind the door of this name.
  package var simulatorDoor: String?
  /// Told a byte when the engine answers.
  package var readyDescriptor: Int32?
  /// Ends by itself after so many nanoseconds.
  package var until: Int64?
  /// Orders that the core keeps in memory: a power of two.
  package var orderCapacity = Limits.orderCount
  /// A journal that cannot be gone on from is put aside, and its ids are burnt.
  package var adopts = false
  /// Of the core, as journal and snapshots name it.
  package var core = CoreVersion.current
  /// How the keys of live accounts are opened; `nil`: nothing needs one.
  package var unsealing: KeyUnsealing?
  /// What becomes of open orders at the end, whatever the files say.
  package var exitPolicy: ExitPolicy?

  package init(
    settings: EngineSettings, environment: Environment, runDirectory: String, stateDirectory: String,
    logDirectory: String, configDirectory: String
  ) {
    self.settings = settings
    self.environment = environment
    self.runDirectory = runDirectory
    self.stateDirectory = stateDirectory
    self.logDirectory = logDirectory
    self.configDirectory = configDirectory
  }

  package var socketPath: String { runDirectory + "/oms.sock" }
  var readOnlySocketPath: String { runDirectory + "/oms.ro.sock" }
  /// What a detached engine wrote to standard error.
  var lastWordsPath: String { logDirectory + "/crash.txt" }
  var gatePath: String { stateDirectory + "/gate" }

  var capacity: CoreCapacity {
    var capacity = CoreCapacity.standard
    capacity.orders = orderCapacity
    return capacity
  }

  var durability: DurabilityMode { Self.durability(settings) }

  static func durability(_ settings: EngineSettings) -> DurabilityMode {
    switch settings.journal.durability {
    case .strict: .strict
    case .group: .group
    case .async: .async
    case .automatic: settings.mode == .live && settings.accounts.contains { $0.mode == .live } ? .strict : .group
    }
  }
}
