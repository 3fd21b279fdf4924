import Foundation
import Testing

@Suite struct SchemaTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

  /// A member that goes, or that changes its type, breaks scripts: it needs a new `v`.
  @Test func schemasAreThoseOfTheGoldenFile() throws {
    try Shell.with { shell in
      let golden = try String(contentsOf: Self.root.appending(path: "Tests/golden/schemas.jsonl"), encoding: .utf8)
      let printed = try shell.oms("schema", "--all")
      #expect(printed.status == 0)
      #expect(printed.lines == golden.split(separator: "\n").map(String.init))
      let one = try shell.oms("schema", "order")
      #expect(one.lines.count == 1 && golden.contains(one.output))
    }
  }

  @Test func everyTypeThatACommandPrintsHasASchema() throws {
    try Shell.with { shell in
      let json = try shell.oms("help", "--json")
      let table = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let types = try #require(table["objects"] as? [[String: Any]]).compactMap { $0["name"] as? String }
      for command in try #require(table["commands"] as? [[String: Any]]) {
        for type in try #require(command["objects"] as? [String]) {
          #expect(types.contains(type), "\(command["name"] ?? "") prints '\(type)'")
        }
      }
    }
  }

  @Test(arguments: ["schema", "schema orders", "schema order --all"]) func refuses(line: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash("oms \(line)")
      #expect(ran.status == 2 && ran.output.isEmpty)
    }
  }
}
