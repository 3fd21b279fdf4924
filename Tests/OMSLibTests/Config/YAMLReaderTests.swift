import OMSLib
import Testing

@Suite struct YAMLReaderTests {
  /// What a text is refused with: the first problem, without the file name.
  private static func refusal(_ text: String) -> String? {
    var problems = ProblemList()
    _ = YAMLReader.read(Array(text.utf8), file: "f.yaml", problems: &problems)
    return problems.sorted.first.map { String($0.description.dropFirst("f.yaml:".count)) }
  }

  private static func tree(_ text: String) throws -> YAMLNode {
    var problems = ProblemList()
    let node = YAMLReader.read(Array(text.utf8), file: "f.yaml", problems: &problems)
    #expect(problems.isEmpty, "\(problems.sorted)")
    return try #require(node)
  }

  private static func outline(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let text, let isPlain): isPlain ? text : "'\(text)'"
    case .sequence(let items): "[" + items.map(outline).joined(separator: ",") + "]"
    case .probe: "a probe"
    case .mapping(let entries): "{" + entries.map { "\($0.key):\(outline($0.value))" }.joined(separator: ",") + "}"
    }
  }

  @Test(arguments: [
    ("", "{}"),
    ("# only a comment\n", "{}"),
    ("a: 1\nb: [x, \"y\", 'z']\n", "{a:1,b:[x,'y','z']}"),
    ("a:\n  b:\n    c: d\n", "{a:{b:{c:d}}}"),
    ("a:\r\n  - 1\r\n  - 2\r\n", "{a:[1,2]}"),
    ("a: \"tab\\tand\\u00e9\"\n", "{a:'tab\tandé'}"),
    ("---\na: 1\n...\n", "{a:1}"),
    ("a: {b: 1, c: {}}\n", "{a:{b:1,c:{}}}"),
  ])
  func readsWhatIsWritten(_ text: String, _ expected: String) throws {
    #expect(Self.outline(try Self.tree(text)) == expected)
  }

  @Test(arguments: ["0.10", "no", "on", "0123", "1e5", "~", "null", "12:30", "0x1F", "+1", "1_000", "2026-11-20"])
  func plainScalarsKeepTheirSourceText(_ text: String) throws {
    #expect(Self.outline(try Self.tree("a: \(text)\n")) == "{a:\(text)}")
  }

  @Test func everyValueAndKeyKnowsItsPlace() throws {
    let node = try Self.tree("a: 1\nété: {k: v}\n")
    guard case .mapping(let entries) = node.content else { throw Unexpected() }
    #expect(entries.map { "\($0.keyPlace.line):\($0.keyPlace.column)" } == ["1:1", "2:1"])
    #expect("\(entries[1].value.place)" == "f.yaml:2:6")
  }

  @Test(arguments: [
    ("a: 1\n\tb: 2\n", "2:1: error: a tab; indent with spaces [config.tab]"),
    ("a: &x 1\n", "1:4: error: anchors ('&name') are not read; write the value out [config.syntax]"),
    ("a: 1\nb: *x\n", "2:4: error: aliases ('*name') are not read; write the value out, or quote it [config.syntax]"),
    ("a: !!str 1\n", "1:4: error: tags ('!name') are not read; remove it [config.syntax]"),
    (
      "%YAML 1.1\n---\na: 1\n",
      "1:1: error: directives are not read; remove the line that begins with '%' [config.syntax]"
    ),
    ("a: 1\nb: 2\na: 3\n", "3:1: error: duplicate key 'a', first at 1:1 [config.duplicate]"),
    ("a: 1\n---\nb: 2\n", "2:1: error: a second document; put each document into a file of its own [config.syntax]"),
    ("[a]: 1\n", "1:1: error: a key must be a word, not a list [config.syntax]"),
    ("a: [1, 2\nb: 3\n", "2:2: error: did not find expected ',' or ']' [config.syntax]"),
    (
      "\u{FEFF}a: 1\n",
      "1:1: error: a byte order mark; save the file as UTF-8 without one [config.encoding]"
    ),
    ("a: \u{0}\n", "1:4: error: the control character U+0000; remove it [config.encoding]"),
    ("a: x\u{2028}y\n", "1:5: error: the control character U+2028; remove it [config.encoding]"),
    (
      "a: 1\rb: 2\n",
      "1:6: error: a carriage return without a line feed; end lines with a line feed [config.encoding]"
    ),
  ])
  func refuses(_ text: String, _ expected: String) {
    #expect(Self.refusal(text) == expected)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    var problems = ProblemList()
    let node = YAMLReader.read([0x61, 0x3A, 0x20, 0xFF, 0x0A], file: "f.yaml", problems: &problems)
    #expect(node == nil)
    #expect(
      problems.sorted.map(\.description) == ["f.yaml:1:4: error: not UTF-8; save the file as UTF-8 [config.encoding]"])
  }

  @Test func refusesWhatIsTooDeepTooLongOrTooLarge() {
    let depth = YAMLReader.depthMax
    #expect(Self.refusal(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) == nil)
    let deep = Self.refusal(String(repeating: "[", count: depth + 1) + String(repeating: "]", count: depth + 1))
    #expect(deep == "1:25: error: nested deeper than 24 levels [config.depth]")

    let many = "[" + String(repeating: "1,", count: YAMLReader.nodeCountMax) + "]"
    #expect(Self.refusal(many)?.hasSuffix("[config.size]") == true)
    let large = "a: " + String(repeating: "x", count: YAMLReader.fileBytesMax)
    #expect(Self.refusal(large)?.hasSuffix("[config.size]") == true)
  }

  @Test func reportsAllProblemsOfAFileInTheOrderOfTheirPlaces() {
    var problems = ProblemList()
    let text = "a: &x 1\nb: !t 2\na: 3\nc: *x\n"
    _ = YAMLReader.read(Array(text.utf8), file: "f.yaml", problems: &problems)
    #expect(problems.sorted.map(\.place.line) == [1, 2, 3, 4])
  }

  @Test func severalDocumentsAreReadWhereTheyAreExpected() throws {
    var problems = ProblemList()
    let text = "a: 1\n---\nb: 2\n"
    let nodes = YAMLReader.readDocuments(Array(text.utf8), file: "f.yaml", countMax: 2, problems: &problems)
    #expect(problems.isEmpty)
    #expect(try #require(nodes).map(Self.outline) == ["{a:1}", "{b:2}"])
  }

  /// Whatever the bytes are, the reader ends, and says something when it gives no tree.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func survivesMangledFiles(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let alphabet = Array("ab:-?[]{},&*!|>'\"%#@` \n\n  0.\u{E9}".utf8) + [0x09, 0xFF, 0x00]
    for _ in 0..<50 {
      let bytes = (0..<random.below(60)).map { _ in alphabet[Int(random.below(UInt64(alphabet.count)))] }
      var problems = ProblemList()
      let node = YAMLReader.read(bytes, file: "f.yaml", problems: &problems)
      #expect(node != nil || problems.hasErrors)
    }
  }

  private struct Unexpected: Error {}
}
