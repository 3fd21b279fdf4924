import TestSupport
import Testing

@testable import OMSLib

@Suite struct JSONReaderTests {
  static let accepted: [String] = [
    "null", "true", "false", "0", "-0", "1.5", "1e5", "1E+5", "-12.25e-3", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
    "\t{\n}\r", "[1,2,3]", "{\"a\":1}", "{\"a\":{\"b\":[{}]}}", "[[[[1]]]]", "\"\\u0000\"", "\"\\ud83d\\ude00\"",
    "\"\u{7f}\"", "\"é€😀\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "{\"\":0}", "123456789012345678901234567890",
    "{\"a\":1,\"A\":2}", "[\"a\",null,true]",
  ]

  static let refused: [(String, JSONError.Reason)] = [
    ("", .endedEarly), (" ", .endedEarly), ("nul", .endedEarly), ("nulx", .unexpectedByte), ("True", .unexpectedByte),
    ("01", .badNumber), ("-", .endedEarly), ("-a", .badNumber), ("1.", .endedEarly), ("1.a", .badNumber),
    (".5", .unexpectedByte), ("+1", .unexpectedByte), ("1e", .endedEarly), ("1ex", .badNumber), ("0x1", .trailingBytes),
    ("NaN", .unexpectedByte), ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte),
    ("[1", .endedEarly), ("]", .unexpectedByte), ("{\"a\"}", .unexpectedByte), ("{\"a\":}", .unexpectedByte),
    ("{\"a\":1,}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("{1:1}", .unexpectedByte), ("{\"a\":1", .endedEarly),
    ("{\"a\":1]", .unexpectedByte), ("[1}", .unexpectedByte), ("1 2", .trailingBytes), ("{}{}", .trailingBytes),
    ("\"", .endedEarly), ("\"a", .endedEarly), ("\"\\x\"", .badEscape), ("\"\\u12\"", .endedEarly),
    ("\"\\u12g4\"", .badEscape), ("\"\n\"", .controlInString), ("\"\u{1f}\"", .controlInString),
    ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate), ("\"\\ud800\\u0041\"", .loneSurrogate),
    ("\"\\ud800x\"", .loneSurrogate), ("{\"a\":1,\"a\":2}", .duplicateName),
    ("{\"a\":1,\"\\u0061\":2}", .duplicateName),
    ("'a'", .unexpectedByte), ("/**/1", .unexpectedByte), ("\u{FEFF}1", .unexpectedByte), ("1,", .trailingBytes),
  ]

  @Test(arguments: accepted) func accepts(text: String) throws {
    let document = try JSONReader.read(text)
    #expect(document.bytes == Array(text.utf8))
  }

  @Test(arguments: refused) func refuses(text: String, reason: JSONError.Reason) {
    #expect(throws: JSONError.self) { try JSONReader.read(text) }
    do {
      _ = try JSONReader.read(text)
    } catch {
      #expect(error.reason == reason)
      #expect((0...text.utf8.count).contains(error.offset))
    }
  }

  @Test(
    arguments: [
      [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xC1, 0xBF, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xE2],
    ] as [[UInt8]])
  func refusesBytesThatAreNotUTF8(bytes: [UInt8]) {
    #expect(throws: JSONError(.badUTF8, at: 1)) { try JSONReader.read(bytes) }
  }

  @Test func tellsWhereTheProblemIs() {
    #expect(throws: JSONError(.unexpectedByte, at: 6)) { try JSONReader.read("{\"a\": }") }
    #expect(throws: JSONError(.duplicateName, at: 7)) { try JSONReader.read("{\"a\":1,\"a\":2}") }
  }

  @Test func holdsItsLimits() throws {
    let limits = JSONLimits(byteCount: 20, depth: 3, nodeCount: 6)
    _ = try JSONReader.read("[[[1]]]", limits: limits)
    #expect(throws: JSONError(.tooDeep, at: 3)) { try JSONReader.read("[[[[1]]]]", limits: limits) }
    _ = try JSONReader.read("[1,2,3,4,5]", limits: limits)
    #expect(throws: JSONError(.tooMany, at: 11)) { try JSONReader.read("[1,2,3,4,5,6]", limits: limits) }
    #expect(throws: JSONError(.tooLarge, at: 20)) { try JSONReader.read("[                   ]", limits: limits) }
  }

  @Test func numbersKeepTheirSourceText() throws {
    let root = try JSONReader.read("{\"qty\":0.10000,\"n\":9007199254740993,\"e\":1e2}").root
    #expect(root["qty"]?.numberText == "0.10000")
    #expect(root["n"]?.integer(as: Int64.self) == 9_007_199_254_740_993)
    #expect(root["e"]?.integer(as: Int64.self) == nil)
    #expect(root["qty"]?.string == nil)
    #expect(root["missing"]?.numberText == nil)
  }

  @Test func findsMembersBehindNestedValues() throws {
    let root = try JSONReader.read(
      "{\"a\":{\"b\":[1,{\"z\":2}],\"z\":3},\"z\":\"x\\u0041\\ud83d\\ude00\",\"y\":[true,null]}"
    ).root
    #expect(root["z"]?.string == "xA😀")
    #expect(root["a"]?["z"]?.numberText == "3")
    #expect(root["a"]?["b"]?.elements.map(\.kind) == [.number, .object])
    #expect(root["y"]?.elements.map(\.kind) == [.true, .null])
    #expect(root.members.map(\.name) == ["a", "z", "y"])
  }

  @Test func refusesRepeatedNamesInLargeObjects() throws {
    let names = (0..<200).map { "\"k\($0)\":0" }
    _ = try JSONReader.read("{" + names.joined(separator: ",") + "}")
    #expect(throws: JSONError.self) {
      try JSONReader.read("{" + names.joined(separator: ",") + ",\"\\u006b7\":1}")
    }
  }

  /// What the writer writes, the reader reads back.
  @Test(arguments: 0..<200) func readsWhatTheWriterWrote(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var writer = JSONWriter()
    let expected = Sample.make(&random, depth: 4)
    expected.write(to: &writer)
    let document = try JSONReader.read(writer.bytes)
    #expect(Sample(document.root) == expected)
  }

  /// Any damage is an error or another document, never a trap, and an error points into the text.
  @Test(arguments: 0..<200) func survivesDamage(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var writer = JSONWriter()
    Sample.make(&random, depth: 4).write(to: &writer)
    for _ in 0..<50 {
      var bytes = writer.bytes
      for _ in 0...random.below(3) {
        let index = Int(random.below(UInt64(bytes.count)))
        if random.chance(1, in: 4) {
          bytes.removeSubrange(index...)
          break
        }
        bytes[index] = UInt8(random.below(256))
      }
      do {
        let document = try JSONReader.read(bytes)
        _ = Sample(document.root)
      } catch {
        #expect((0...bytes.count).contains(error.offset))
      }
    }
  }
}

/// A JSON value as a tree, for comparison only.
private indirect enum Sample: Equatable {
  case null, bool(Bool), number(String), string(String), array([Sample]), object([Pair])
  struct Pair: Equatable {
    let name: String
    let value: Sample
  }

  init(_ value: JSONValue) {
    switch value.kind {
    case .null: self = .null
    case .true: self = .bool(true)
    case .false: self = .bool(false)
    case .number: self = .number(value.numberText ?? "")
    case .string, .escapedString: self = .string(value.string ?? "")
    case .array: self = .array(value.elements.map(Sample.init))
    case .object: self = .object(value.members.map { Pair(name: $0.name, value: Sample($0.value)) })
    }
  }

  static func make(_ random: inout SplitMix64, depth: Int) -> Sample {
    switch random.below(depth == 0 ? 4 : 6) {
    case 0: .null
    case 1: .bool(random.chance(1, in: 2))
    case 2: .number(String(Int64(bitPattern: random.next())))
    case 3: .string(text(&random))
    case 4: .array((0..<random.below(5)).map { _ in make(&random, depth: depth - 1) })
    default:
      .object(
        (0..<random.below(24)).map { Pair(name: "\($0)" + text(&random), value: make(&random, depth: depth - 1)) })
    }
  }

  private static func text(_ random: inout SplitMix64) -> String {
    let alphabet: [Character] = ["a", "\"", "\\", "\n", "\u{1}", "é", "€", "😀", "/", " ", "\u{7f}"]
    return String((0..<random.below(8)).map { _ in alphabet[Int(random.below(UInt64(alphabet.count)))] })
  }

  func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let text): writer.raw(text.utf8)
    case .string(let text): writer.string(text)
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .object(let pairs):
      writer.beginObject()
      for pair in pairs {
        writer.name(data: pair.name)
        pair.value.write(to: &writer)
      }
      writer.endObject()
    }
  }
}
