import Testing

/// The other tests of this target are worth what this reader is worth.
@Suite struct TokensTests {
  private static func words(_ text: String) -> [[String]] {
    Tokens.lines(of: Array(text.utf8)).map { $0.map(\.text) }
  }

  @Test(arguments: [
    ("let a = b // Double", [["let", "a", "=", "b"]]),
    ("/* Double\nFloat */ x", [[], ["x"]]),
    ("f(\"print(\\\"x\\\")\") + y", [["f", "(", ")", "+", "y"]]),
    ("s = \"\"\"\n  TODO \"q\"\n  \"\"\"\nt", [["s", "="], [], [], ["t"]]),
    ("a.Kind<B>", [["a", ".", "Kind", "<", "B", ">"]]),
  ])
  func leavesOutCommentsAndStrings(_ text: String, _ expected: [[String]]) {
    #expect(Self.words(text) == expected)
  }

  @Test func findsTypesAndWhatTheyUse() {
    let text = """
      @safe package struct Outer: Equatable {
        enum Inner { case a }
        var b: Other.Member
      }
      private struct Hidden {}
      extension Foreign {}
      """
    let file = SwiftFile(path: "Sources/OMSLib/Core/X.swift", bytes: Array(text.utf8))
    #expect(file.folder == "Core")
    #expect(file.topLevelTypes == ["Outer"])
    #expect(file.ownTypes == ["Outer", "Inner", "Hidden"])
    #expect(file.typeNamesUsed.map(\.name) == ["Outer", "Equatable", "Inner", "Other", "Hidden", "Foreign"])
  }
}
