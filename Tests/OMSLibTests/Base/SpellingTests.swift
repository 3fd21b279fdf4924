import OMSLib
import Testing

@Suite struct SpellingTests {
  @Test(arguments: [
    ("cancel", "cancel", 0), ("cancle", "cancel", 1), ("exchnage", "exchange", 1), ("acount", "account", 1),
    ("modes", "mode", 1), ("", "ab", 2), ("ab", "ba", 1), ("kill", "fill", 1), ("abc", "cab", 2),
  ])
  func countsEditsAndSwapsOfNeighbours(_ from: String, _ to: String, _ expected: Int) {
    #expect(Spelling.distance(from: from, to: to) == expected)
    #expect(Spelling.distance(from: to, to: from) == expected)
  }

  @Test func suggestsTheNearestWordAndTheFirstOfEquals() {
    #expect(Spelling.nearest(to: "ordre", among: ["orders", "order"]) == "order")
    #expect(Spelling.nearest(to: "flls", among: ["fills", "flips"]) == "fills")
    #expect(Spelling.nearest(to: "moda", among: ["mode", "modb"]) == "mode")
  }

  @Test func suggestsNothingForAnotherWord() {
    #expect(Spelling.nearest(to: "strategy", among: ["order", "cancel"]) == nil)
    #expect(Spelling.nearest(to: "xy", among: ["ab", "abc"]) == nil)
    #expect(Spelling.nearest(to: "x", among: []) == nil)
  }
}
