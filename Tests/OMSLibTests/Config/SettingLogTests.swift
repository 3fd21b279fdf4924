import Foundation
import OMSLib
import Testing

/// What a file may hold is written down by its reader, so that schema and defaults cannot differ from it.
@Suite struct SettingLogTests {
  private static func schema(_ name: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(SettingSchema.json(name))) as? [String: Any])
  }

  /// Follows keys through properties; `*` through additionalProperties, `[]` through items.
  private static func node(_ name: String, _ path: String) throws -> [String: Any] {
    var node = try schema(name)
    for key in path.split(separator: ".") {
      let below: Any? =
        switch key {
        case "*": node["additionalProperties"]
        case "[]": node["items"]
        default: (node["properties"] as? [String: Any])?[String(key)]
        }
      node = try #require(below as? [String: Any], "\(name): \(path) ends at \(key)")
    }
    return node
  }

  @Test(arguments: [
    ("oms", "durability", "enum"), ("oms", "nats.replicas", "maximum"), ("oms", "journal.segment", "pattern"),
    ("oms", "cpu.*", "minimum"), ("accounts", "accounts.*.*.generate.count", "maximum"),
    ("accounts", "accounts.*.*.permissions.[]", "enum"), ("accounts", "groups.*.[]", "type"),
    ("accounts", "account_routing.rebalance.time", "pattern"), ("exchanges", "exchanges.*.adapter", "enum"),
    ("exchanges", "exchanges.*.symbols.[].tick", "pattern"),
    ("exchanges", "exchanges.*.rate.reserve_for_cancels", "default"),
    ("risk", "global.kill_on.[]", "enum"), ("risk", "account.*.drawdown.mild", "pattern"),
    ("risk", "strategy.*.max_position", "type"), ("strategies", "strategies.*.enabled", "type"),
  ]) func theSchemaReachesEveryValue(name: String, path: String, member: String) throws {
    let node = try Self.node(name, path)
    #expect(node[member] != nil, "\(node)")
  }

  @Test func aFileThatTakesNoOtherKeysSaysSo() throws {
    for name in SettingSchema.names {
      let root = try Self.schema(name)
      #expect(root["additionalProperties"] as? Bool == false, "\(name)")
    }
    // The parameters of a strategy are its own affair.
    let strategy = try Self.node("strategies", "strategies.*")
    #expect(strategy["additionalProperties"] == nil)
  }

  @Test func defaultsAreToldAsAFileWouldSayThem() {
    let defaults = ConfigLoader.load([], tellsDefaults: true).defaults.map { "\($0.key)=\($0.text)" }
    #expect(defaults.contains("journal.segment=64MiB") && defaults.contains("log.retain=forever"), "\(defaults)")
    let file = ConfigFile(name: "exchanges.yaml", path: "x", bytes: Array("exchanges: {a: {adapter: sim}}".utf8))
    let told = ConfigLoader.load([file], tellsDefaults: true).defaults.map { "\($0.key)=\($0.text)" }
    #expect(told.contains("exchanges.a.receive_window=1s"))
    #expect(told.contains("exchanges.a.visibility_window=10s"), "\(told)")
  }
}
