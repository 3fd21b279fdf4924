import Testing

@testable import OMSLib

/// Exchanges that are spoken to: only where an account of theirs is live, and never by an engine on paper.
@Suite struct RealExchangeTests {
  private static let oms = ConfigFile(
    name: "oms.yaml", path: "oms.yaml", bytes: Array("instance_tag: a1b2c\ndefault_account: \"\"\n".utf8))

  private static func load(_ exchange: String, mode: String = "live") -> Configuration {
    let accounts = """
      accounts:
        binance:
          main: { type: main, mode: \(mode), api_key_vault_path: binance_main }
          sub: { type: sub, parent: main, sim_balances: { USDT: "5" } }
      """
    return ConfigLoader.load([
      oms, ConfigFile(name: "accounts.yaml", path: "accounts.yaml", bytes: Array(accounts.utf8)),
      ConfigFile(
        name: "exchanges.yaml", path: "exchanges.yaml",
        bytes: Array("exchanges:\n  binance: { adapter: binance\(exchange) }\n".utf8)),
    ])
  }

  @Test func whatIsNotSaidIsTheUsual() throws {
    let venue = try #require(Self.load("").settings?.venues.first)
    #expect(venue.adapter == .binance && venue.environment == .production && venue.authorityFile.isEmpty)
    #expect(venue.markets == ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP"])
  }

  @Test func itSaysWhatIsTradedAndWhere() throws {
    let venue = try #require(
      Self.load(", environment: testnet, ca: /etc/ca.pem, markets: [DOGE-USDT, BTC-USDT-PERP]").settings?.venues.first)
    #expect(venue.environment == .testnet && venue.authorityFile == "/etc/ca.pem")
    #expect(venue.markets == ["DOGE-USDT", "BTC-USDT-PERP"])
    let text = try #require(Self.load(", markets: [DOGE-USDT]").settings).text
    #expect(text.contains("exchange binance markets: DOGE-USDT\n"), "\(text)")
  }

  @Test(arguments: [
    (", markets: [DOGEUSDT]", "config.name"), (", markets: [A-B, A-B]", "config.duplicate"),
    (", markets: A-B", "config.type"), (", ca: ca.pem", "config.path"), (", environment: moon", "config.value"),
    (", symbols: []", "config.key"), (", seed: 1", "config.key"),
    (", endpoints: { coinm: { rest: \"https://x\" } }", "config.key"),
    (", endpoints: { spot: { rest: \"https://u@x\" } }", "config.value"),
    (", endpoints: { spot: { ws_api: \"wss://x:99999\" } }", "config.value"),
  ]) func whatCannotBeMeantIsRefused(exchange: String, code: String) {
    let loaded = Self.load(exchange)
    #expect(loaded.settings == nil)
    #expect(loaded.problems.filter { $0.severity == .error }.map(\.code) == [code], "\(loaded.problems)")
  }

  @Test func withoutALiveAccountItIsTheBuiltInOne() throws {
    let loaded = Self.load("", mode: "paper")
    #expect(loaded.problems.map(\.code) == ["config.adapter"])
    let venue = try #require(loaded.settings?.venues.first)
    #expect(venue.adapter == .simulated && venue.standsIn)
  }

  /// Whose account is live there has no money on what stands in for it.
  @Test func onPaperItsPaperAccountsTradeOnTheBuiltInOne() throws {
    let loaded = Self.load("")
    #expect(
      loaded.problems.contains { $0.code == "config.adapter" && $0.message.contains("'binance.sub' is on paper") })
    let paper = try #require(loaded.settings).onPaper
    #expect(paper.mode == .paper && paper.venues.map(\.adapter) == [.simulated])
    let setup = SimulatedBoot.makeSetup(paper)
    let named = setup.controls.filter { $0.kind == .defineAccount }.map(\.text.description)
    #expect(named.filter { $0.contains(".") } == ["binance.sub"], "the others are the exchange's own")
    #expect(WireBoot.venues(paper).isEmpty)
    var live = try #require(loaded.settings)
    live.mode = .live
    #expect(WireBoot.venues(live).map(\.name) == ["binance"])
    #expect(KeyUnsealing.wanted(live).map(\.entry) == ["binance_main"])
  }
}
