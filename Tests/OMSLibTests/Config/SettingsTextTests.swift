import Testing

@testable import OMSLib

/// The effective configuration as the record has it.
@Suite struct SettingsTextTests {
  private func text(_ files: [String: String]) throws -> String {
    let configuration = ConfigLoader.load(files.map { ConfigFile(name: $0, path: $0, bytes: Array($1.utf8)) })
    return try #require(configuration.settings, "\(configuration.problems)").text
  }

  @Test func equalConfigurationsAreEqualTextWhateverTheFilesLookLike() throws {
    let one = try text(["accounts.yaml": "accounts: { sim: { main: { type: main } } }"])
    let other = try text(["accounts.yaml": "# a comment\naccounts:\n  sim:\n    main:\n      type: \"main\"\n"])
    #expect(one == other)
    #expect(one.contains("account sim.main mode: paper\n"))
    let hedged = try text(["accounts.yaml": "accounts: { sim: { main: { type: main, position_mode: hedge } } }"])
    #expect(hedged != one)
    #expect(hedged.contains("account sim.main position_mode: hedge\n"))
  }

  @Test func whatCountsByDefaultIsWrittenOut() {
    let lines = EngineSettings.builtIn.text.split(separator: "\n")
    #expect(lines.contains("journal durability: automatic"))
    #expect(lines.contains("journal retain: 2592000000000000 ns"))
    #expect(lines.contains { $0.hasPrefix("exchange sim instrument BTC-USDT: ") })
  }

  @Test func nothingThatIsAPasswordIsInIt() {
    var settings = EngineSettings.builtIn
    settings.nats.url = "nats://user:secret@host:4222?token=hidden"
    settings.strategyKillSwitch.contacts = [.init(kind: "slack", address: "https://hooks.example/secret")]
    #expect(settings.text.contains("nats url: nats://host:4222\n"))
    #expect(!settings.text.contains("secret") && !settings.text.contains("hidden"))
  }

  @Test func aLineIsASetting() {
    var settings = EngineSettings.builtIn
    settings.dataDirectory = "/a\nmode: live"
    #expect(settings.text.contains(#"data_dir: "/a\nmode: live""# + "\n"))
  }
}
