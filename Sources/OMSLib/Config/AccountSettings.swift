/// One account, under its full name `exchange.name`.
package struct AccountSetting: Sendable {
  package var name: String
  /// The exchange as the files call it; its `VenueSetting` says what speaks for it.
  package var venue: String
  package var mode = Mode.paper
  /// Full name of the main account of a sub-account.
  package var parent: String?
  package var key = KeyReference.none
  package var isSpotEnabled = true
  package var isFuturesEnabled = true
  /// A long and a short position in each perpetual, side by side.
  package var positionMode = PositionMode.oneWay
  package var isHedged: Bool { positionMode == .hedge }
  package var permissions = AccountPermissions.all
  package var onExit = ExitPolicy.keep
  /// The strategy the file reserves this account for.
  package var strategy: String?
  /// What a simulated account starts with; empty: the funds of `sim.main`.
  package var balances: [BalanceSetting] = []
  /// Where the file declares it; `nil` for the built-in session.
  package var place: SourcePlace?

  package init(name: String, venue: String) {
    self.name = name
    self.venue = venue
  }
}

/// Where a key is kept. A key itself is never in a file.
package enum KeyReference: Hashable, Sendable {
  case none
  case vault(String)
  case keystore(String)
  /// A systemd credential.
  case credential(String)
}

package struct AccountPermissions: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let read = AccountPermissions(rawValue: 1)
  package static let trade = AccountPermissions(rawValue: 2)
  package static let transfer = AccountPermissions(rawValue: 4)
  package static let all: AccountPermissions = [.read, .trade, .transfer]
}

/// How an account holds positions in perpetuals: one that nets, or a long and a short one.
package enum PositionMode: String, Sendable, CaseIterable {
  case oneWay = "one_way"
  case hedge
}

/// What happens to an account's open orders when the engine stops.
package enum ExitPolicy: String, Sendable, CaseIterable { case keep, cancel }

package struct BalanceSetting: Hashable, Sendable {
  package var asset: String
  package var amount: Money
}

/// `@name`: accounts by full name, in the order of `accounts`.
package struct GroupSetting: Sendable {
  package var name: String
  package var accounts: [String]
}

/// `account_routing`: which account of an exchange a strategy uses, and how money is spread over them.
package struct RoutingSettings: Sendable {
  /// Short names, without the exchange: each exchange has its own account of that name.
  package var defaultAccount = ""
  /// Sorted by strategy.
  package var strategyAccounts: [StrategyAccount] = []
  /// In the report currency; `nil`: no rule.
  package var minMainBalance: Money?
  package var maxSubBalance: Money?
  package var rebalance: RebalanceSchedule?
  package init() {}
}

package struct StrategyAccount: Hashable, Sendable {
  package var strategy: String
  package var account: String
  package var place: SourcePlace
}

package struct RebalanceSchedule: Hashable, Sendable {
  package enum Period: String, Sendable, CaseIterable { case hourly, daily, weekly }
  package var isEnabled: Bool
  package var period: Period
  /// Of the UTC day.
  package var minuteOfDay: Int
}

/// One strategy as the file has it. Its parameters are read by the strategy itself.
package struct StrategySetting: Sendable {
  package var name: String
  package var isEnabled: Bool
  package var parameters: YAMLNode
  /// What keeps parts of it off, in words: accounts or exchanges that are not configured.
  package var missing: [String]
  /// Whether any account or exchange that it names is configured, or it names none.
  package var isReachable: Bool
  package var place: SourcePlace
}

/// `strategies.kill_switch`.
package struct StrategyKillSettings: Sendable {
  package var maxDailyLoss: Money?
  package var maxConsecutiveLosses: Int?
  /// `slack: …`, `email: …`.
  package var contacts: [Contact] = []
  package init() {}

  package struct Contact: Hashable, Sendable {
    package var kind: String
    package var address: String
  }
}
