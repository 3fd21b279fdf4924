import OMSLib
import Testing

@Suite struct AccountPatternTests {
  @Test(arguments: [
    ("sim.main", "sim.main", true), ("sim.main", "sim.mai", false), ("sim.mai", "sim.main", false),
    ("sim.*", "sim.main", true), ("sim.*", "simmain", false), ("*", "anything.at_all", true), ("*", "", true),
    ("*.sub0*", "okx.sub017", true), ("*.sub0*", "okx.sub17", false), ("*ab", "aab", true), ("*ab*b", "abab", true),
    ("*ab*c", "ababab", false), ("a**b", "ab", true), ("", "", true), ("", "a", false),
  ])
  func aStarStandsForAnyCharacters(_ pattern: String, _ name: String, _ matches: Bool) {
    #expect(AccountPattern(pattern).matches(name) == matches)
  }

  @Test func aPatternWithoutAStarIsAName() {
    #expect(AccountPattern("sim.main").isName)
    #expect(!AccountPattern("sim.*").isName)
  }
}
