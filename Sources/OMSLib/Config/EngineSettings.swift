/// What an engine runs on: checked, immutable once handed over, every default written here.
///
/// Names are still text: the engine gives them their numbers with Define records.
package struct EngineSettings: Sendable {
  package var instance = "default"
  /// Five characters of `0-9a-v` at the front of every wire id. Empty: none was configured, which is allowed on paper.
  package var tag = ""
  /// Of the engine, fixed for its life; set by `--live`, never by a file.
  package var mode = Mode.paper
  package var defaultAccount = "sim.main"
  package var reportCurrency = "USDT"
  /// Root of logs, snapshots, reports; empty: the state directory.
  package var dataDirectory = ""
  package var journal = JournalSettings()
  package var snapshot = SnapshotSettings()
  package var log = LogSettings()
  package var nats = NATSSettings()
  package var gateway = GatewaySettings()
  /// CPU of an agent or venue, sorted by name. Empty: the engine chooses.
  package var cpus: [CPUSetting] = []
  /// Ed25519 public keys that may command over NATS.
  package var operators: [String] = []
  package var venues: [VenueSetting] = []
  package var accounts: [AccountSetting] = []
  package var groups: [GroupSetting] = []
  package var routing = RoutingSettings()
  package var strategies: [StrategySetting] = []
  package var strategyKillSwitch = StrategyKillSettings()
  /// What the files say; a limit that is absent has the built-in value.
  package var limits: [LimitSetting] = []
  package var killTriggers: [KillTrigger] = []
  /// What the files said, value by value; none of the built-in session.
  package var values: [SettingValue] = []

  package init() {}
}

package enum DurabilitySetting: String, Sendable, CaseIterable {
  /// `strict` as soon as one account is live, else `group`.
  case automatic
  case strict
  case group
  case async
}

/// How long closed files are kept.
package enum Retention: Hashable, Sendable {
  case forever
  case nanoseconds(Int64)

  package static func days(_ count: Int64) -> Retention { .nanoseconds(count * 86_400_000_000_000) }
}

package struct JournalSettings: Equatable, Sendable {
  package var durability = DurabilitySetting.automatic
  package var segmentBytes = 64 << 20
  package var retention = Retention.days(30)
  /// A directory on another file system, for a dying disk; empty: none.
  package var fallback = ""
  package init() {}

  package var fallbackDirectory: String? { fallback.isEmpty ? nil : fallback }
}

package struct SnapshotSettings: Equatable, Sendable {
  package var everyNanoseconds: Int64 = 3_600_000_000_000
  package var retention = Retention.days(14)
  package init() {}
}

package struct LogSettings: Equatable, Sendable {
  package enum Level: String, Sendable, CaseIterable { case debug, info, warn, error }
  package var level = Level.info
  package var retention = Retention.forever
  package init() {}
}

package struct NATSSettings: Equatable, Sendable {
  /// Empty: events stay in the local journal.
  package var url = ""
  package var retention = Retention.days(30)
  package var replicas = 1
  package init() {}
}

package struct GatewaySettings: Equatable, Sendable {
  /// Empty: no gateway.
  package var listen = ""
  package var certificatePath = ""
  package var keyPath = ""
  package init() {}
}

package struct CPUSetting: Hashable, Sendable {
  package let agent: String
  package let cpu: Int
}

/// What may stop everything by itself.
package enum KillTrigger: String, Sendable, CaseIterable {
  case feedStale = "feed_stale"
  case drift
}

/// One limit of a file, not yet in numbers.
package struct LimitSetting: Sendable {
  package var kind: LimitKind
  package var scope: LimitScope
  /// Name of the account, instrument, strategy or venue; `*` for each that has no value of its own; empty for the total.
  package var target: String
  /// `maxPositionQuantity` of an account: the base asset it counts. Empty: all.
  package var asset = ""
  /// In the unit of `kind`; fractions are plain (10 % is 0.1).
  package var value: Money
  package var place: SourcePlace

  /// `risk.yaml:12`, as `oms risk show` prints it.
  package var source: String { "\(place.fileName):\(place.line)" }
}
