import OMSLib

/// What became of one case.
enum VectorOutcome {
  case passed
  case failed(String)
  case skipped(String)
}

/// Counts of one file.
struct VectorCount {
  var passed = 0
  var failed = 0
  /// By reason, in the order they came.
  var skipped: [(reason: String, count: Int)] = []

  mutating func add(_ outcome: VectorOutcome, _ name: String) {
    switch outcome {
    case .passed: passed += 1
    case .failed(let why):
      failed += 1
      print("  \(name): \(why)")
    case .skipped(let reason):
      if let place = skipped.firstIndex(where: { $0.reason == reason }) {
        skipped[place].count += 1
      } else {
        skipped.append((reason, 1))
      }
    }
  }
}

/// Runs what another client sends, is answered and makes of errors through the codec of each exchange that has one.
/// Prints a line for each file and why cases were left out; returns how many agree and differ.
func runVectors(directory: String) throws -> (passed: Int, failed: Int) {
  var total = (passed: 0, failed: 0)
  let files = KernelFileSystem()
  for (exchange, product) in [("binance", BinanceProduct.spot), ("binanceusdm", .usdm)] {
    for part in ["requests", "responses", "errors"] {
      let name = "\(exchange)-\(part).json"
      let bytes = try readVectorFile("\(directory)/\(name)", files)
      let root = try JSONReader.read(bytes, limits: JSONLimits(byteCount: 64 << 20, depth: 64, nodeCount: 1 << 22)).root
      let count =
        switch part {
        case "requests": try VectorRequests(root, product).run()
        case "responses": VectorResponses(product).run(root)
        default: VectorErrors(product).run(root)
        }
      let skipped = count.skipped.reduce(0) { $0 + $1.count }
      let all = count.passed + count.failed + skipped
      print("\(name): \(all) cases, \(count.passed) passed, \(count.failed) failed, \(skipped) skipped")
      for (reason, number) in count.skipped { print("  skipped \(number): \(reason)") }
      total.passed += count.passed
      total.failed += count.failed
    }
  }
  return total
}

private func readVectorFile(_ path: String, _ files: KernelFileSystem) throws -> [UInt8] {
  let file = try files.open(path, .read)
  defer { try? files.close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(try files.size(file)))
  let count = try unsafe bytes.withUnsafeMutableBytes { target in try unsafe files.read(file, into: target, at: 0) }
  return Array(bytes[..<count])
}

/// The cases of a file, whatever its list is called.
func vectorCases(_ root: JSONValue) -> [JSONValue] {
  root.members.first { $0.value.isArray }?.value.elements ?? []
}

/// A number or text of a vector as a decimal.
func vectorDecimal(_ value: JSONValue?) -> Decimal? {
  guard let text = value?.numberText ?? value?.string else { return nil }
  return Decimal(wire: text)
}

/// A file of vectors that is none.
struct VectorError: Error {
  let message: String
}
