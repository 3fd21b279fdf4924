import Testing

@testable import OMSLib

@Suite struct ByteSinkTextTests {
  static let decimals: [(Int64, Int, String, String)] = [
    (0, 0, "0", "0"), (0, 2, "0.00", "0"), (5, 2, "0.05", "0.05"), (-5, 2, "-0.05", "-0.05"), (100, 2, "1.00", "1"),
    (12345, 3, "12.345", "12.345"), (-1, 0, "-1", "-1"), (10, 0, "10", "10"), (120, 2, "1.20", "1.2"),
    (.max, 18, "9.223372036854775807", "9.223372036854775807"),
    (.min, 8, "-92233720368.54775808", "-92233720368.54775808"),
  ]

  @Test(arguments: decimals) func writesDecimals(_ row: (Int64, Int, String, String)) {
    var full = ByteBuffer()
    full.append(decimal: row.0, scale: row.1)
    let fullText = full.text
    #expect(fullText == row.2)
    var trimmed = ByteBuffer()
    trimmed.append(trimmedDecimal: row.0, scale: row.1)
    let trimmedText = trimmed.text
    #expect(trimmedText == row.3)
  }

  @Test func writesWideIntegers() {
    var buffer = ByteBuffer()
    buffer.append(integer: Int128.min)
    let text1 = buffer.text
    #expect(text1 == "-170141183460469231731687303715884105728")
    buffer.removeAll()
    buffer.append(decimal: Int128.max, scale: 18)
    let text2 = buffer.text
    #expect(text2 == "170141183460469231731.687303715884105727")
    buffer.removeAll()
    buffer.append(trimmedDecimal: Int128(1_500_000_000_000_000_000), scale: 18, minimumScale: 2)
    let text3 = buffer.text
    #expect(text3 == "1.50")
  }

  @Test func escapesWhatJSONDemands() {
    var buffer = ByteBuffer()
    buffer.append(quoted: "a\"\\\n\t\r\u{1}\u{7f}é")
    let text4 = buffer.text
    #expect(text4 == "\"a\\\"\\\\\\n\\t\\r\\u0001\\u007fé\"")
  }

  @Test func keepsMembersInCallOrder() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "x")
    writer.member("v", 1)
    writer.member("price", decimal: Int64(6_400_000), scale: 2)
    writer.member("stop", decimal: nil as Int64?, scale: 2)
    writer.name("flags")
    writer.beginArray()
    writer.string("a")
    writer.string("b")
    writer.endArray()
    writer.member("done", false)
    writer.member("name", text: Text32())
    writer.endObject()
    writer.endLine()
    let text = writer.text
    #expect(
      text
        == "{\"type\":\"x\",\"v\":1,\"price\":\"64000.00\",\"stop\":null,\"flags\":[\"a\",\"b\"],\"done\":false,\"name\":null}\n"
    )
  }
}
