import Testing

/// Rules about every text of the repository, not only Swift.
@Suite struct TextRulesTests {
  private static let places = [
    "Sources", "Tests", "scripts", "configs", "completions", "man", "Makefile", "Package.swift", "README.md",
    "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", ".ci/run",
  ]

  private static func eachLine(_ visit: (String, Int, Substring) -> Void) throws {
    for place in places {
      for (path, lines) in try SourceTree.texts(place) where !path.hasPrefix("Tests/TidyTests/") {
        for (index, line) in lines.enumerated() { visit(path, index + 1, line) }
      }
    }
  }

  @Test func nothingIsLeftForLater() throws {
    try Self.eachLine { path, line, text in
      for word in ["TODO", "FIXME", "XXX:"] where text.contains(word) {
        Issue.record("\(path):\(line): '\(word)': finish it, or leave it out and say so in the README")
      }
    }
  }

  /// A path of one machine works on no other. Folders beside the repository are found by OMS_SHARED or `../shared`.
  @Test func noPathOfOneMachine() throws {
    try Self.eachLine { path, line, text in
      for word in ["/work/", "/opt/swift", "/home/"] where text.contains(word) {
        Issue.record("\(path):\(line): '\(word)': take it from the environment, or make it relative")
      }
      guard let range = text.firstRange(of: "shared/") else { return }
      let before = text[..<range.lowerBound]
      if !before.hasSuffix("../"), !before.hasSuffix("$OMS_SHARED/"), !before.hasSuffix("${OMS_") {
        Issue.record("\(path):\(line): the folder beside the repository is '../shared' or OMS_SHARED")
      }
    }
  }

  /// `oms help environment` lists the enumeration: a variable that is read elsewhere only would be a secret switch.
  @Test func everyVariableThatIsReadIsDocumented() throws {
    let home = "Sources/OMSLib/Config/EnvironmentVariable.swift"
    let documented = try SourceTree.texts(home).flatMap(\.lines).joined(separator: "\n")
    #expect(!documented.isEmpty)
    // Faults on command are in no build that anybody is given.
    for (path, lines) in try SourceTree.texts("Sources") where path != "Sources/CCore/fault.c" {
      for (index, line) in lines.enumerated() {
        for opening in ["environment[\"", "getenv(\""] {
          guard let range = line.firstRange(of: opening) else { continue }
          let name = line[range.upperBound...].prefix { $0 != "\"" }
          if !documented.contains("\"\(name)\"") {
            Issue.record("\(path):\(index + 1): '\(name)' is not in \(home): document it there")
          }
        }
      }
    }
  }

  /// Invariants without a place in the sources that checks them, yet. The list may only shrink.
  private static let uncheckedInvariants: Set<String> = ["INV-23"]

  @Test func everyInvariantIsCheckedSomewhere() throws {
    var found: Set<String> = []
    for (_, lines) in try SourceTree.texts("Sources") {
      for line in lines {
        var rest = line
        while let range = rest.firstRange(of: "INV-") {
          found.insert("INV-" + rest[range.upperBound...].prefix(2))
          rest = rest[range.upperBound...]
        }
      }
    }
    for number in 1...24 {
      let name = number < 10 ? "INV-0\(number)" : "INV-\(number)"
      guard !found.contains(name), !Self.uncheckedInvariants.contains(name) else { continue }
      Issue.record("\(name) is named nowhere in Sources: name it where it is checked")
    }
  }
}
