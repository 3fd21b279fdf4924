import Foundation
import Synchronization
import Testing

/// The recipes of the handbook, run as a user would: each in a directory of its own, inside a session of its own. They lie
/// beside the repository; where they do not, the stories of `StoryTests` stand for them.
@Suite struct RecipeTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let name: String
    /// What standard output must hold, as a pattern.
    let output: String
    /// Starts its session by itself.
    var isAlone = false

    var testDescription: String { name }
  }

  static let recipes = [
    Recipe(name: "01-first-order", output: #"^\S+ 0\.01000 @ [0-9.]+\n$"#, isAlone: true),
    Recipe(name: "02-order-wait-fill", output: #"rest cancelled: cancelled\t0\.00000\n$"#),
    Recipe(name: "03-idempotent-retry", output: #"^one fill after [0-9]+ tries\n$"#),
    Recipe(name: "04-ladder-stdin", output: #"\nladder-2\t49800\.00\t0\.00100\n$"#),
    Recipe(name: "05-csv-orders-retry-file", output: #"^1\n$"#),
    Recipe(name: "07-cancel-stale", output: #"^stale-1\nstale-2\n$"#),
    Recipe(name: "08-flatten-all", output: #"\nflat\n$"#),
    Recipe(name: "09-kill-switch", output: #"^resumed\n$"#),
    Recipe(name: "10-alert-on-exit-code", output: #"\n1\n$"#),
    Recipe(name: "11-jq-volume-fees", output: #"BTC-USDT,[0-9]+,0\.13000,"#),
    Recipe(name: "12-latency-percentiles", output: #""n": 40"#),
    Recipe(name: "13-follow-resume", output: #"^0\.01 0\.02 0\.03\n$"#),
    Recipe(name: "14-spread-trigger", output: #""spread_bps":"[1-9]"#),
    Recipe(name: "15-price-stop", output: #"^5[0-9]{4}\.[0-9]+\n$"#),
    Recipe(name: "17-exposure-report", output: #"\naccount,symbol,qty,entry,mark,upnl\n$"#),
    Recipe(name: "18-preflight-deploy", output: #"^ready\n$"#),
    Recipe(name: "20-guarded-script", output: #"\nonly the unguarded order is left\n$"#),
    Recipe(name: "21-live-gate", output: #"^gate holds: 13 13 12 0 14\n$"#, isAlone: true),
    Recipe(name: "23-secret-from-stdin", output: #"^true\n$"#),
    Recipe(name: "24-snapshot-reconcile", output: #"^sim\.main BTC: ours 1\.0+ theirs 1\.0010+\n$"#),
  ]

  /// Below `OMS_SHARED`, or below a folder beside the repository.
  static let folder: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let said = ProcessInfo.processInfo.environment["OMS_SHARED"].map {
      [URL(filePath: $0, relativeTo: root).standardized, URL(filePath: $0)]
    }
    return ((said ?? []) + [root.appending(path: "../shared").standardized])
      .map { $0.appending(path: "recipes") }.first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  private static let ran = Atomic<Int>(0)

  @Test(.enabled(if: folder != nil), arguments: recipes) func recipe(_ recipe: Recipe) throws {
    let folder = try #require(Self.folder)
    try Shell.with { shell in
      let script = folder.appending(path: recipe.name + ".sh").path
      let result = try shell.run(recipe.isAlone ? ["bash", script] : ["oms", "run", "--", "bash", script])
      #expect(result.status == 0, "\(result.errors)")
      let matches = result.output.range(of: recipe.output, options: .regularExpression) != nil
      #expect(matches, "\(result.output)\(result.errors)")
    }
    let count = Self.ran.wrappingAdd(1, ordering: .relaxed).newValue
    if count == Self.recipes.count { print("recipes: \(count) ran") }
  }
}
