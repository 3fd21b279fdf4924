import OMSLib
import TestSupport
import Testing

@Suite struct MemberScanTests {
  private static func found(_ name: String, _ line: String) -> String {
    Array(line.utf8).withUnsafeBufferPointer { bytes in
      switch MemberScan(name).find(in: bytes) {
      case .absent: "absent"
      case .null: "null"
      case .unclear: "unclear"
      case .value(let range): String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
      }
    }
  }

  @Test(arguments: [
    (#"{"type":"order","seq":12,"done":false,"price":null}"#, "type", "order"),
    (#"{"type":"order","seq":12,"done":false,"price":null}"#, "seq", "12"),
    (#"{"type":"order","seq":12,"done":false,"price":null}"#, "done", "false"),
    (#"{"type":"order","seq":12,"done":false,"price":null}"#, "price", "null"),
    (#"{"type":"order","seq":12}"#, "qty", "absent"),
    (#"{"a" : "x", "seq": 7 }"#, "seq", "7"),
    // A value that is named like a member is none.
    (#"{"reason":"price","price":"5"}"#, "price", "5"), (#"{"reason":"price"}"#, "price", "absent"),
    // Inside strings quotes have a backslash; inside objects it is not at the top.
    (#"{"text":"say \"id\":\"x\"","id":"y"}"#, "id", "y"), (#"{"a\"id":1,"id":2}"#, "id", "unclear"),
    (#"{"tags":{"id":"x"},"id":"y"}"#, "id", "unclear"),
    (#"{"id":"y","tags":{"id":"x"}}"#, "id", "y"), (#"{"id":"a\\b"}"#, "id", "unclear"),
    (#"{"tags":{"id":"x"}}"#, "id", "unclear"), (#"{"tags":{"k":"x"}}"#, "tags", "unclear"), ("", "id", "absent"),
    (#"{"id":"#, "id", "unclear"), (#"{"id""#, "id", "absent"),
  ])
  func finds(line: String, name: String, value: String) { #expect(Self.found(name, line) == value, "\(line)") }

  /// Whatever it says, the reader of JSON says it too; only "unclear" is no promise.
  @Test(arguments: 1...200) func agreesWithTheReader(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let names = ["a", "id", "type", "price", "notional"]
    let values = [
      "1", "-2.50", "null", "true", #""x""#, #""id""#, #""price":"#.dropLast().description, #""a\"id\":b""#, "[1]",
      #"{"id":"deep"}"#, #""""#, #""{""#, #""\\""#,
    ]
    var members: [String] = []
    for name in names where random.below(3) > 0 {
      members.append("\"\(name)\":\(values[Int(random.below(UInt64(values.count)))])")
    }
    let line = "{" + members.joined(separator: ",") + "}"
    let root = try JSONReader.read(line).root
    for name in names {
      let found = Self.found(name, line)
      guard found != "unclear" else { continue }
      guard let value = root[name] else {
        #expect(found == "absent", "\(name) in \(line)")
        continue
      }
      #expect(found == (value.string ?? String(decoding: value.source, as: UTF8.self)), "\(name) in \(line)")
    }
  }

  /// A filter says the same of the bytes and of the row that was read from them.
  @Test(arguments: [
    "id==x", "id!=x", "price>=10", "price<10 and side==buy", "price==null", "price!=null", "side==sell or price>100",
    "tags.k==v", "reason==null and id==x",
  ])
  func filtersAgree(expression: String) throws {
    let filter = try RowFilter(expression)
    for line in [
      #"{"id":"x","price":"10.0","side":"buy","reason":null,"tags":{"k":"v"}}"#,
      #"{"id":"y","price":"9.99","side":"buy","reason":"no","tags":{}}"#, #"{"id":"x","side":"sell"}"#,
      #"{"tags":{"id":"x"},"id":"z","price":null}"#, #"{"id":"a\"b","price":"101"}"#, #"{"price":1e3}"#,
    ] {
      let bytes = Array(line.utf8)
      let row = Row(try JSONReader.read(bytes))
      if let quick = bytes.withUnsafeBufferPointer({ filter.matches(line: $0) }) {
        #expect(quick == filter.matches(row), "\(expression) of \(line)")
      }
    }
  }
}
