import Foundation
import OMSLib
import Testing

@Suite struct ConfigLoaderTests {
  private static func load(_ files: [(name: String, text: String)]) -> Configuration {
    ConfigLoader.load(files.map { ConfigFile(name: $0.name, path: $0.name, bytes: Array($0.text.utf8)) })
  }

  private static func settings(_ files: [(name: String, text: String)]) throws -> EngineSettings {
    let configuration = load(files)
    #expect(configuration.problems.filter { $0.severity == .error } == [])
    return try #require(configuration.settings)
  }

  private static func limits(_ settings: EngineSettings) -> [String] {
    settings.limits.map {
      let target = $0.target.isEmpty ? "" : " \($0.target)"
      let asset = $0.asset.isEmpty ? "" : " \($0.asset)"
      return "\($0.scope)\(target) \($0.kind)\(asset) \(Decimal($0.value)?.canonicalText ?? "-") \($0.source)"
    }
  }

  // MARK: Nothing configured, and the samples

  @Test func withoutFilesItIsTheBuiltInSession() {
    let configuration = Self.load([])
    #expect(configuration.settings?.accounts.map(\.name) == ["sim.main", "sim.sub01", "sim.sub02", "sim.sub03"])
    #expect(configuration.problems == [])
  }

  @Test func theSamplesLoadTogetherWithoutAProblem() throws {
    let configuration = ConfigLoader.load(try Self.samples())
    #expect(configuration.problems == [])
    let settings = try #require(configuration.settings)
    #expect(settings.accounts.count == 22)
    #expect(settings.accounts[2].name == "sim.sub001" && settings.accounts[21].name == "sim.sub020")
    #expect(settings.groups.map(\.accounts.count) == [21])
    #expect(settings.venues.map(\.instruments) == [InstrumentSetting.builtIn])
    #expect(settings.strategies.map(\.missing) == [[]])
  }

  @Test func eachSampleLoadsAloneAsFarAsItRefersToNothing() throws {
    for file in try Self.samples() where file.name != "risk.yaml" {
      let errors = ConfigLoader.load([file]).problems.filter { $0.severity == .error }
      #expect(errors == [], "\(file.name)")
    }
  }

  /// `config init` writes the samples: except for what they say is different, they must be the defaults.
  @Test func theSampleOfOMSIsTheDefaults() throws {
    let samples = try Self.samples().filter { $0.name == "oms.yaml" }
    let settings = try #require(ConfigLoader.load(samples).settings)
    let defaults = EngineSettings()
    #expect(settings.tag == "a1b2c")
    #expect(settings.instance == defaults.instance && settings.defaultAccount == defaults.defaultAccount)
    #expect(settings.journal.segmentBytes == defaults.journal.segmentBytes)
    #expect(settings.journal.retention == defaults.journal.retention)
    #expect(settings.journal.durability == defaults.journal.durability)
    #expect(settings.snapshot.everyNanoseconds == defaults.snapshot.everyNanoseconds)
    #expect(settings.snapshot.retention == defaults.snapshot.retention)
    #expect(settings.log.retention == defaults.log.retention && settings.log.level == defaults.log.level)
    #expect(settings.nats.retention == defaults.nats.retention && settings.nats.replicas == defaults.nats.replicas)
    #expect(settings.reportCurrency == defaults.reportCurrency && settings.cpus == defaults.cpus)
  }

  // MARK: Accounts

  private static let accounts = """
    accounts:
      alpha:
        main:
          type: main
          api_key_vault_path: alpha_main
          spot_enabled: true
          futures_enabled: false

        sub_trend:
          type: sub
          parent: main
          key: keystore:trend
          strategy: "trend_following"
          max_leverage: 10
          max_position_usdt: 50000
          max_balance_usdt: 20000.50
          on_exit: cancel
          permissions: [read]
          sim_balances: {USDT: "10", BTC: 0.5}
    account_routing:
      default: main
      strategies:
        trend_following: sub_trend
      balance_rules:
        min_main_balance: 100000
      rebalance:
        enabled: true
        schedule: "daily"
        time: "06:30 UTC"
    """

  /// Whoever starts another instance on these files would trade with what was not meant for it.
  @Test func filesOfAnotherInstanceAreRefused() {
    let file = ConfigFile(name: "oms.yaml", path: "oms.yaml", bytes: Array("version: 1\ninstance: prod\n".utf8))
    #expect(ConfigLoader.load([file], instance: "prod").problems.isEmpty)
    #expect(ConfigLoader.load([file]).problems.isEmpty)
    let refused = ConfigLoader.load([file], instance: "default")
    #expect(refused.settings == nil)
    #expect(
      refused.problems.map { "\($0)" } == [
        "oms.yaml:2:11: error: these files are of instance 'prod', not of 'default'; say -I prod, or remove this line "
          + "[config.instance]"
      ])
  }

  @Test func accountsAreReadWithTheirLimitsAndRouting() throws {
    let settings = try Self.settings([("accounts.yaml", Self.accounts)])
    #expect(settings.accounts.map(\.name) == ["alpha.main", "alpha.sub_trend"])
    let main = settings.accounts[0]
    #expect(main.mode == .paper && main.isSpotEnabled && !main.isFuturesEnabled && main.key == .vault("alpha_main"))
    let sub = settings.accounts[1]
    #expect(sub.parent == "alpha.main" && sub.key == .keystore("trend") && sub.strategy == "trend_following")
    #expect(sub.onExit == .cancel && sub.permissions == [.read])
    #expect(sub.balances.map(\.asset) == ["BTC", "USDT"])
    #expect(
      Self.limits(settings) == [
        "account alpha.sub_trend maxBalance 20000.5 accounts.yaml:16",
        "account alpha.sub_trend maxPositionNotional 50000 accounts.yaml:15",
        "account alpha.sub_trend maxLeverage 10 accounts.yaml:14",
      ])
    #expect(settings.routing.defaultAccount == "main")
    #expect(settings.routing.strategyAccounts.map(\.account) == ["sub_trend"])
    #expect(settings.routing.minMainBalance == Money(100_000) && settings.routing.maxSubBalance == nil)
    let rebalance = try #require(settings.routing.rebalance)
    #expect(rebalance.isEnabled && rebalance.period == .daily && rebalance.minuteOfDay == 390)
    #expect(settings.venues.map(\.name) == ["alpha"] && settings.venues.map(\.adapter) == [.simulated])
  }

  @Test func oneEntryGeneratesManyAccounts() throws {
    let text = """
      accounts:
        alpha:
          main: {type: main}
          many: {type: sub, parent: main, generate: {count: 200, name: "sub%03d", api_key_vault_path: "a_%d"}}
      """
    let settings = try Self.settings([("accounts.yaml", text)])
    #expect(settings.accounts.count == 201)
    #expect(settings.accounts[1].name == "alpha.sub001" && settings.accounts[1].key == .vault("a_1"))
    #expect(settings.accounts[200].name == "alpha.sub200" && settings.accounts[200].parent == "alpha.main")
  }

  // MARK: Limits

  @Test func limitsHaveTheirUnitsAndTheirPlace() throws {
    let risk = """
      global: {max_gross_notional: "500000 USDT", max_orders_per_second: 5000, kill_on: [drift]}
      account:
        "*": {max_position: {BTC: "2"}, max_slippage: 50bps, collar: 10%, max_market_age: 1500ms}
      symbol:
        BTC-USDT: {max_position: "1.5"}
      strategy:
        "*": {max_position: "10000 USDT"}
      """
    let settings = try Self.settings([("risk.yaml", risk)])
    #expect(
      Self.limits(settings) == [
        "total maxGrossNotional 500000 risk.yaml:1",
        "total maxOrdersPerSecond 5000 risk.yaml:1",
        "account * collar 0.1 risk.yaml:3",
        "account * maxSlippage 0.005 risk.yaml:3",
        "account * maxMarketAge 1.5 risk.yaml:3",
        "account * maxPositionQuantity BTC 2 risk.yaml:3",
        "instrument BTC-USDT maxPositionQuantity 1.5 risk.yaml:5",
        "strategy * maxPositionNotional 10000 risk.yaml:7",
      ])
    #expect(settings.killTriggers == [.drift])
  }

  @Test func anAccountsOwnLimitWinsOverItsGroup() throws {
    let accounts = """
      accounts:
        sim:
          a: {type: main}
          b: {type: main}
          c: {type: main}
      groups: {desk: [sim.a, sim.b]}
      """
    let risk = """
      account:
        "@desk": {max_open_orders: 5}
        sim.b: {max_open_orders: 7}
      """
    let settings = try Self.settings([("accounts.yaml", accounts), ("risk.yaml", risk)])
    #expect(
      Self.limits(settings) == [
        "account sim.b maxOpenOrders 7 risk.yaml:3", "account sim.a maxOpenOrders 5 risk.yaml:2",
      ])
  }

  // MARK: Exchanges and modes

  @Test func paperAccountsOfAnExchangeNotSpokenTradeOnTheBuiltInOneWithAWarning() throws {
    let accounts = "accounts:\n  binance:\n    main: {type: main}\n"
    let exchanges = "exchanges:\n  binance: {adapter: binance, fees: {maker_bps: \"7.5\", taker_bps: \"10\"}}\n"
    let configuration = Self.load([("accounts.yaml", accounts), ("exchanges.yaml", exchanges)])
    #expect(configuration.problems.map(\.code) == ["config.adapter"])
    #expect(configuration.problems.map(\.severity) == [.warning])
    let venue = try #require(configuration.settings?.venues.first)
    #expect(venue.adapter == .simulated && venue.maker == Rate(e8: 75_000) && venue.instruments.count == 4)
  }

  @Test func theDefaultAccountOfTheBuiltInSessionComesAlongWhenItIsNamed() throws {
    let accounts = "accounts:\n  alpha:\n    main: {type: main}\n"
    let without = try Self.settings([("accounts.yaml", accounts)])
    #expect(without.accounts.map(\.name) == ["alpha.main"] && without.defaultAccount == "alpha.main")
    let with = try Self.settings([("accounts.yaml", accounts), ("oms.yaml", "default_account: sim.main\n")])
    #expect(with.accounts.map(\.name) == ["alpha.main", "sim.main"] && with.venues.map(\.name) == ["alpha", "sim"])
  }

  // MARK: What is refused

  /// The file each row is about, and its only or first problem.
  @Test(arguments: [
    ("oms.yaml", "instnce: x\n", "1:1: error: unknown key 'instnce'; did you mean 'instance'? [config.key]"),
    ("oms.yaml", "version: 2\n", "1:10: error: this build reads version 1 of this file [config.version]"),
    ("oms.yaml", "instance: A B\n", "1:11: error: instance 'A B': 1 to 32 of a-z, 0-9, '-' and '_' [config.name]"),
    ("oms.yaml", "instance_tag: xyz\n", "1:15: error: instance_tag 'xyz': five of 0-9 and a-v [config.name]"),
    (
      "oms.yaml", "durability: fast\n",
      "1:13: error: 'fast' is not known; one of automatic, strict, group, async [config.value]"
    ),
    ("oms.yaml", "durability: grup\n", "1:13: error: 'grup' is not known; did you mean 'group'? [config.value]"),
    (
      "oms.yaml", "journal: {segment: 64MB}\n",
      "1:20: error: '64MB' is not a size; write for example 64MiB [config.unit]"
    ),
    ("oms.yaml", "journal: {segment: 2GiB}\n", "1:20: error: 2GiB is outside 1MiB to 1024MiB [config.range]"),
    (
      "oms.yaml", "journal: {segment: 3MiB}\n",
      "1:20: error: a segment is a power of two; write for example 64MiB [config.range]"
    ),
    (
      "oms.yaml", "snapshot: {every: 60}\n",
      "1:19: error: '60' has no unit; write ms, s, m, h or d behind it [config.unit]"
    ),
    (
      "oms.yaml", "data_dir: here\n",
      "1:11: error: 'here' is relative; write the path from the root, beginning with '/' [config.path]"
    ),
    ("oms.yaml", "default_account: sim.x\n", "1:18: error: account 'sim.x' is not configured [config.reference]"),
    ("oms.yaml", "log: [a]\n", "1:6: error: a list where 'key: value' belongs [config.type]"),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: main, mode: lve}\n",
      "3:27: error: 'lve' is not known; did you mean 'live'? [config.value]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: sub}\n",
      "3:8: error: a sub-account needs its main account; add 'parent: main' [config.missing]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: sub, parent: b}\n",
      "3:5: error: parent 'sim.b' of 'sim.a' is not configured [config.reference]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: main, spot_enabled: yes}\n",
      "3:35: error: 'yes' is neither true nor false [config.type]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: main, max_balance_usdt: 1e5}\n",
      "3:39: error: '1e5' is not a plain decimal; write 100000 [config.decimal]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: main, api_secret: x}\n",
      "3:21: error: this looks like a secret; store it with `oms vault put` and refer to it [config.secret]"
    ),
    (
      "accounts.yaml",
      "accounts:\n  sim:\n    a: {type: main, key: \"vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju\"}\n",
      "3:26: error: this looks like a secret; store it with `oms vault put` and refer to it [config.secret]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    a: {type: main, key: hunter2}\n",
      "3:26: error: not a reference; write vault:PATH, keystore:NAME or credential:NAME [config.value]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    sub02: {type: main}\n    x: {generate: {count: 3, name: \"sub%02d\"}}\n",
      "4:5: error: duplicate account 'sim.sub02', first at 3:5 [config.duplicate]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    x: {generate: {count: 3, name: sub}}\n",
      "3:36: error: 'sub' needs one number, written %d or for example %03d [config.value]"
    ),
    (
      "accounts.yaml", "accounts:\n  sim:\n    x: {generate: {count: 9999, name: \"s%d\"}}\n",
      "3:27: error: 9999 is outside 1 to 1280 [config.range]"
    ),
    (
      "accounts.yaml", "groups: {mm: [sim.x]}\n", "1:15: error: no account 'sim.x' is configured [config.reference]"
    ),
    (
      "accounts.yaml", "accounts:\n  alpha:\n    a: {type: main, mode: live, key: \"vault:a\"}\n",
      "3:5: error: 'alpha.a' is live and exchange 'alpha' has no entry in exchanges.yaml; add one with its adapter [config.adapter]"
    ),
    (
      "risk.yaml", "global: {max_gross_notional: 5}\n",
      "1:30: error: '5' has no currency; write \"5 USDT\" [config.unit]"
    ),
    (
      "risk.yaml", "global: {max_gross_notional: \"5 EUR\"}\n",
      "1:30: error: 'EUR' is not the report currency; write USDT [config.unit]"
    ),
    (
      "risk.yaml", "account: {\"*\": {collar: 10}}\n",
      "1:25: error: '10' has no unit; write \"10%\" or \"10bps\" [config.unit]"
    ),
    (
      "risk.yaml", "account: {\"@mmm\": {max_open_orders: 5}}\n",
      "1:37: error: account group '@mmm' is not defined in accounts.yaml, or is empty [config.reference]"
    ),
    (
      "risk.yaml", "account: {sim.mian: {max_open_orders: 5}}\n",
      "1:39: error: account 'sim.mian' is not configured; did you mean 'sim.main'? [config.reference]"
    ),
    (
      "risk.yaml", "account: {\"sim.s*\": {max_open_orders: 5}, \"sim.su*\": {max_open_orders: 6}}\n",
      "1:72: error: this limit of 'sim.sub01' is set twice, first at risk.yaml:1:39 [config.duplicate]"
    ),
    (
      "risk.yaml", "strategy: {\"*\": {drawdown: {mild: 10%, severe: 5%}}}\n",
      "1:48: error: 'severe' is below the stage before it [config.range]"
    ),
    (
      "risk.yaml", "global: {max_leverage: -1}\n",
      "1:24: error: '-1' has a sign; write the number without it [config.decimal]"
    ),
    (
      "exchanges.yaml", "exchanges:\n  a: {seed: 1}\n",
      "2:3: error: exchange 'a' has no adapter; add 'adapter: sim' [config.missing]"
    ),
    (
      "exchanges.yaml", "exchanges:\n  a: {adapter: krake}\n",
      "2:16: error: 'krake' is not known; one of sim, binance, bybit, okx, upbit [config.value]"
    ),
    (
      "exchanges.yaml",
      "exchanges:\n  a: {adapter: sim, symbols: [{symbol: BTCUSDT, tick: 1, lot: 1, start_price: 1}]}\n",
      "2:31: error: symbol 'BTCUSDT': write BASE-QUOTE or BASE-QUOTE-PERP [config.name]"
    ),
    (
      "exchanges.yaml", "exchanges:\n  a: {adapter: sim, endpoints: {spot: {rest: \"ftp://x\"}}}\n",
      "2:46: error: 'ftp://x' is not an address; write https://HOST [config.value]"
    ),
    (
      "strategies.yaml", "strategies:\n  arb:\n    exchanges: [sim, okx]\n",
      "3:22: warning: exchange 'okx' is not configured: this leg of 'arb' stays off [config.reference]"
    ),
    (
      "strategies.yaml", "strategies:\n  arb:\n    legs:\n      - {exchange: sim, account: nobody}\n",
      "4:34: warning: account 'sim.nobody' is not configured: this leg of 'arb' stays off [config.reference]"
    ),
    (
      "other.yaml", "a: 1\n",
      "1:1: error: 'other.yaml' is not one of oms.yaml, exchanges.yaml, accounts.yaml, risk.yaml, strategies.yaml [config.file]"
    ),
  ])
  func refuses(_ name: String, _ text: String, _ expected: String) {
    let configuration = Self.load([(name, text)])
    #expect(configuration.problems.first?.description == "\(name):\(expected)")
    let hasErrors = configuration.problems.contains { $0.severity == .error }
    #expect((configuration.settings == nil) == hasErrors)
  }

  @Test func aLiveAccountNeedsATagAndAKey() {
    let configuration = Self.load([
      ("accounts.yaml", "accounts:\n  alpha:\n    a: {type: main, mode: live}\n"),
      ("exchanges.yaml", "exchanges:\n  alpha: {adapter: binance}\n"),
    ])
    #expect(configuration.settings == nil)
    let messages = configuration.problems.map(\.description).joined(separator: "\n")
    #expect(messages.contains("needs an instance_tag"))
    #expect(messages.contains("live account 'alpha.a' has no key"))
  }

  /// Drills on the built-in exchange go the whole live path without a secret.
  @Test(arguments: ["sim", "drills"]) func aLiveAccountOfTheBuiltInExchangeNeedsNeither(exchange: String) {
    let accounts = "accounts:\n  \(exchange):\n    a: {type: main, mode: live}\n"
    var files = [("accounts.yaml", accounts)]
    if exchange != "sim" { files.append(("exchanges.yaml", "exchanges:\n  \(exchange): {adapter: sim}\n")) }
    let configuration = Self.load(files)
    #expect(configuration.problems.map { "\($0.severity) \($0.code)" } == ["warning config.limits"])
    #expect(configuration.settings?.accounts.map(\.mode) == [.live])

    files.append(("oms.yaml", "default_account: \(exchange).a\n"))
    let oms = Self.load(files)
    #expect(oms.problems.filter { $0.severity == .error }.map(\.code) == ["config.value"])
  }

  @Test func problemsOfAllFilesAreReportedTogetherInOrder() {
    let configuration = Self.load([
      ("risk.yaml", "global: {x: 1}\n"), ("accounts.yaml", "accounts: {sim: {a: {type: mian, colour: red}}}\nzzz: 1\n"),
    ])
    #expect(
      configuration.problems.map { "\($0.place.file):\($0.place.line)" } == [
        "accounts.yaml:1", "accounts.yaml:1", "accounts.yaml:2", "risk.yaml:1",
      ])
    #expect(configuration.settings == nil)
  }

  // MARK: The users' own files, where they are at hand

  @Test func theUsersFilesLoadUnchanged() throws {
    guard let shared = Self.shared() else { return }
    let files = try ["accounts.yaml", "strategies.yaml"].map { name in
      ConfigFile(name: name, path: name, bytes: Array(try Data(contentsOf: shared.appending(path: "configs/\(name)"))))
    }
    let configuration = ConfigLoader.load(files)
    #expect(configuration.problems.allSatisfy { $0.severity == .warning }, "\(configuration.problems)")
    let settings = try #require(configuration.settings)
    #expect(settings.accounts.count == 4)
    #expect(settings.strategies.map(\.name) == ["arbitrage", "market_making"])
  }

  @Test func theProposedFilesLoadTogetherWithThem() throws {
    guard let shared = Self.shared() else { return }
    let text = try String(contentsOf: shared.appending(path: "configs/proposal.yaml"), encoding: .utf8)
    let parts = text.components(separatedBy: "\n---\n")
    var files = zip(["exchanges.yaml", "risk.yaml", "oms.yaml"], parts).map { name, part in
      ConfigFile(name: name, path: name, bytes: Array(part.utf8))
    }
    #expect(files.count == 3)
    files.append(
      ConfigFile(
        name: "accounts.yaml", path: "accounts.yaml",
        bytes: Array(try Data(contentsOf: shared.appending(path: "configs/accounts.yaml")))))
    let configuration = ConfigLoader.load(files)
    #expect(configuration.problems.allSatisfy { $0.severity == .warning }, "\(configuration.problems)")
    let settings = try #require(configuration.settings)
    #expect(settings.cpus.count == 7 && settings.tag == "a1b2c" && settings.killTriggers.count == 2)
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    .standardized

  private static func samples() throws -> [ConfigFile] {
    try ConfigFile.names.map { name in
      let url = root.appending(path: "configs/\(name)")
      return ConfigFile(name: name, path: name, bytes: Array(try Data(contentsOf: url)))
    }
  }

  private static func shared() -> URL? {
    let path = ProcessInfo.processInfo.environment["OMS_SHARED"]
    let url = path.map { URL(filePath: $0) } ?? root.appending(path: "../shared").standardized
    return FileManager.default.fileExists(atPath: url.appending(path: "configs").path) ? url : nil
  }
}
