import Foundation
import OMSLib
import Testing

/// What only all files together can be wrong in: names across files, limits against filters, fragments.
@Suite struct ConfigChecksTests {
  private static func problems(_ files: [String: String]) -> [String] {
    let list = files.sorted { $0.key < $1.key }
      .map { ConfigFile(name: $0.key, path: $0.key, bytes: Array($0.value.utf8)) }
    return ConfigLoader.load(list).problems.map { "\($0.place) \($0.severity.rawValue) \($0.code)" }
  }

  private static let accounts = """
    accounts:
      alpha:
        main:
          type: main
          api_key_vault_path: alpha_main
          spot_enabled: true
          futures_enabled: false

        sub_arb:
          type: sub
          parent: main
          api_key_vault_path: alpha_sub_arb
          strategy: "arbitrage"
          max_balance_usdt: 10000
    account_routing:
      default: main
      strategies:
        arbitrage: sub_arb
        trend_following: sub_trend
    """

  private static let strategies = """
    strategies:
      arbitrage:
        enabled: true
        pairs:
          - symbol: BTC/USDT
            exchanges: [alpha, beta]
            min_profit_rate: 0.001  # 0.1%
        execution:
          timeout: 500ms
        accounts:
          alpha: sub_arb
          beta: sub_arb

      market_making:
        enabled: true
        instruments:
          - symbol: BTC/USDT
            exchange: beta
            account: sub_mm
            spread_bps: 10      # 0.1%
      kill_switch:
        max_daily_loss: 5000
        emergency_contacts:
          - slack: "#trading-alerts"
    """

  /// Files of the shapes that users have: legs and strategies that name what is not configured are warnings.
  @Test func namesThatAreNotConfiguredAreWarnings() {
    #expect(
      Self.problems(["accounts.yaml": Self.accounts, "strategies.yaml": Self.strategies]) == [
        "accounts.yaml:2:3 warning config.adapter", "accounts.yaml:19:5 warning config.reference",
        "accounts.yaml:19:22 warning config.reference", "strategies.yaml:6:28 warning config.reference",
        "strategies.yaml:12:13 warning config.reference", "strategies.yaml:14:3 warning config.unreachable",
        "strategies.yaml:18:19 warning config.reference", "strategies.yaml:19:18 warning config.reference",
      ])
  }

  @Test func aLimitThatKeepsEveryOrderOutIsAWarning() {
    let risk = """
      account: { "*": { max_order_notional: "4.99 USDT" }, sim.main: { max_order_notional: "5 USDT" } }
      symbol: { BTC-USDT: { max_order_quantity: "0.000009" }, ETH-USDT: { max_order_quantity: "9001" } }
      """
    #expect(
      Self.problems(["risk.yaml": risk]) == [
        "risk.yaml:1:39 warning config.filter", "risk.yaml:2:43 warning config.filter",
        "risk.yaml:2:89 warning config.filter",
      ])
  }

  @Test func aFragmentAddsToTheFileItsKeysBelongTo() {
    #expect(
      Self.problems([
        "accounts.yaml": "accounts: { sim: { main: { type: main } } }",
        "conf.d/a.yaml": "accounts: { sim: { sub: { type: sub, parent: main } } }\nglobal: { max_open_orders: 5 }",
      ]) == [])
    #expect(
      Self.problems([
        "conf.d/a.yaml": "global: { max_open_orders: 5 }", "conf.d/b.yaml": "global: { max_open_orders: 6 }",
      ])
        == ["conf.d/b.yaml:1:28 error config.duplicate"])
    #expect(Self.problems(["conf.d/a.yaml": "[1]"]) == ["conf.d/a.yaml:1:1 error config.type"])
    #expect(Self.problems(["conf.d/a.yaml": "gobal: {}"]) == ["conf.d/a.yaml:1:1 error config.key"])
  }

  @Test func differencesOfTwoConfigurationsAreFoundByKey() {
    func values(_ text: String) -> [SettingValue] {
      ConfigLoader.load([ConfigFile(name: "risk.yaml", path: "risk.yaml", bytes: Array(text.utf8))]).values
    }
    let found = SettingValue.differences(
      values("global: { max_open_orders: 5, max_orders_per_second: 9 }"),
      values("global: { max_orders_per_second: 8, kill_on: [drift] }"))
    #expect(
      found.map { "\($0.key) \($0.a?.text ?? "-") \($0.b?.text ?? "-")" } == [
        "global.kill_on - [drift]", "global.max_open_orders 5 -", "global.max_orders_per_second 9 8",
      ])
  }

  @Test func whatLooksLikeASecretIsMaskedWhereverItIsShown() {
    let file = ConfigFile(
      name: "accounts.yaml", path: "a",
      bytes: Array("accounts: { sim: { main: { api_secret: short, key: abcdefghijklmnopqrstuvwxyz012345 } } }".utf8))
    #expect(ConfigLoader.load([file]).values.map(\.text) == ["***", "***"])
    func values(_ password: String) -> [SettingValue] {
      let text = "nats: { url: \"nats://me:\(password)@host:4222\" }"
      return ConfigLoader.load([ConfigFile(name: "oms.yaml", path: "o", bytes: Array(text.utf8))]).values
    }
    #expect(values("one").map(\.text) == ["nats://host:4222"])
    // Another password is another configuration all the same.
    #expect(SettingValue.differences(values("one"), values("two")).map(\.key) == ["nats.url"])
    let contacts =
      "strategies: { kill_switch: { emergency_contacts: [{ slack: \"https://h/T0/B0\" }, { email: a@b }] } }"
    let listed = ConfigLoader.load([ConfigFile(name: "strategies.yaml", path: "s", bytes: Array(contacts.utf8))]).values
    #expect(listed.map(\.text) == ["***", "a@b"])
  }
}
