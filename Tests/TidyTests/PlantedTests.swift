import Foundation
import Testing

/// The planted bugs measure the simulator only while they fit the tree.
@Suite struct PlantedTests {
  /// Lines of one hunk, as they stand in the tree.
  private func hunks(_ patch: String) -> [(path: String, old: [String])] {
    var hunks: [(path: String, old: [String])] = []
    var path = ""
    for line in patch.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("--- a/") {
        path = String(line.dropFirst(6))
      } else if line.hasPrefix("@@") {
        hunks.append((path, []))
      } else if !hunks.isEmpty, line.hasPrefix(" ") || (line.hasPrefix("-") && !line.hasPrefix("---")) {
        hunks[hunks.count - 1].old.append(String(line.dropFirst()))
      }
    }
    return hunks
  }

  @Test func everyPatchStillApplies() throws {
    let directory = SourceTree.root.appending(path: "Tests/planted").path
    let names = try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(".patch") }
    #expect(names.count >= 15, "the planted bugs were not found")
    for name in names.sorted() {
      let hunks = hunks(try String(contentsOfFile: directory + "/" + name, encoding: .utf8))
      #expect(!hunks.isEmpty, "\(name) changes nothing")
      for (path, old) in hunks {
        let source = "\n" + (try String(contentsOfFile: SourceTree.root.appending(path: path).path, encoding: .utf8))
        let places = source.components(separatedBy: "\n" + old.joined(separator: "\n") + "\n").count - 1
        #expect(places == 1, "\(name): the lines it changes stand \(places) times in \(path); make the patch anew")
      }
    }
  }
}
