import OMSLib

/// Answers one case of a file.
typealias GoldenTopic = @Sendable (GoldenInput) throws(GoldenError) -> GoldenValue

/// Every topic of golden vectors that has an implementation here, by the `id` of its file.
private let goldenTopics: [String: GoldenTopic] = [
  "34_spot_pnl": GoldenAccount.spot,
  "35_futures_pnl": GoldenAccount.futures,
  "36_liquidation": GoldenAccount.liquidation,
  "37_funding": GoldenAccount.funding,
  "38_decimal_rounding": GoldenNumbers.answer,
]

/// Runs all golden files in `directory`, reports each, and returns how many cases agree and differ. With `answers`, the
/// answers are written there, one JSON object a line.
func runGolden(directory: String, answers: String? = nil) throws -> (passed: Int, failed: Int) {
  let files = KernelFileSystem()
  var lines = ByteBuffer(capacity: 1 << 16)
  var passed = 0
  var failed = 0
  var missing: [String] = []
  for name in try files.list(directory) where name.hasSuffix(".json") {
    let bytes = try readFile("\(directory)/\(name)", files)
    let document = try JSONReader.read(bytes, limits: JSONLimits(byteCount: 64 << 20, depth: 64, nodeCount: 1 << 24))
    guard let id = document.root["id"]?.string else { throw GoldenError("\(name): no id") }
    guard let topic = goldenTopics[id] else {
      missing.append(id)
      continue
    }
    let count = try run(topic, id: id, document.root, lines: &lines)
    passed += count.passed
    failed += count.failed
    print("\(id): \(count.passed + count.failed) cases, \(count.passed) passed, \(count.failed) failed")
  }
  if !missing.isEmpty { print("no implementation yet: \(missing.joined(separator: " "))") }
  if let answers { try writeFile(answers, lines, files) }
  return (passed, failed)
}

private func run(
  _ topic: GoldenTopic, id: String, _ file: JSONValue, lines: inout ByteBuffer
) throws -> (passed: Int, failed: Int) {
  guard let tolerance = file["tolerance"], let cases = file["cases"]?.elements, !cases.isEmpty else {
    throw GoldenError("\(id): no tolerance or no cases")
  }
  let comparison = try GoldenComparison(tolerance)
  var passed = 0
  var failed = 0
  for golden in cases {
    guard let name = golden["name"]?.string, let input = golden["input"], let expected = golden["expected"] else {
      throw GoldenError("\(id): a case lacks name, input or expected")
    }
    var differences: [String]
    do throws(GoldenError) {
      let answer = try topic(GoldenInput(value: input, file: file))
      differences = try comparison.differences(expected, answer)
      append(answer, id: id, name: name, to: &lines)
    } catch {
      differences = [error.description]
    }
    if differences.isEmpty { passed += 1 } else { failed += 1 }
    for difference in differences.prefix(5) { print("  \(id) \(name): \(difference)") }
  }
  return (passed, failed)
}

private func append(_ answer: GoldenValue, id: String, name: String, to lines: inout ByteBuffer) {
  var json = JSONWriter()
  json.beginObject()
  json.name("id")
  json.string(id)
  json.name("name")
  json.string(name)
  json.name("result")
  answer.write(to: &json)
  json.endObject()
  lines.append(bytes: json.bytes)
  lines.append(0x0A)
}

private func readFile(_ path: String, _ files: KernelFileSystem) throws(SystemError) -> [UInt8] {
  let file = try files.open(path, .read)
  defer { try? files.close(file) }
  let size = Int(try files.size(file))
  var bytes = [UInt8](repeating: 0, count: size)
  var failure: SystemError?
  var count = 0
  unsafe bytes.withUnsafeMutableBytes { target in
    do throws(SystemError) { count = try unsafe files.read(file, into: target, at: 0) } catch { failure = error }
  }
  if let failure { throw failure }
  return Array(bytes[..<count])
}

private func writeFile(_ path: String, _ content: borrowing ByteBuffer, _ files: KernelFileSystem) throws(SystemError) {
  let file = try files.open(path, [.write, .create, .truncate])
  defer { try? files.close(file) }
  try unsafe content.withBytes { (bytes) throws(SystemError) in
    try unsafe files.write(file, UnsafeRawBufferPointer(bytes), at: 0)
  }
}
