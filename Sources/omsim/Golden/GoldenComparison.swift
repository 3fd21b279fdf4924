import OMSLib

/// Compares answers with what a golden file expects, under the file's own tolerances.
struct GoldenComparison {
  private var tolerances: [(key: String, tolerance: GoldenTolerance)] = []

  init(_ tolerance: JSONValue) throws(GoldenError) {
    for (name, value) in tolerance.members { tolerances.append((name, try GoldenTolerance(value))) }
  }

  /// The differences, each with its path; empty when the answer agrees.
  func differences(_ expected: JSONValue, _ answer: GoldenValue) throws(GoldenError) -> [String] {
    var found: [String] = []
    try compare(expected, answer, [], &found)
    return found
  }

  private func compare(
    _ expected: JSONValue, _ answer: GoldenValue, _ path: [String], _ found: inout [String]
  ) throws(GoldenError) {
    if expected.isObject {
      if case .ignore = try tolerance(for: path + ["x"]) { return }
      guard case .object = answer else { return found.append("\(name(path)): expected an object") }
      for (member, value) in expected.members {
        let place = path + [member]
        if let part = answer[member] {
          try compare(value, part, place, &found)
        } else if case .ignore = try tolerance(for: place) {
          continue
        } else {
          found.append("\(name(place)): missing")
        }
      }
      return
    }
    let tolerance = try tolerance(for: path)
    if expected.isArray {
      if case .ignore = tolerance { return }
      guard case .list(let parts) = answer, parts.count == expected.count else {
        return found.append("\(name(path)): expected a list of \(expected.count)")
      }
      for (value, part) in zip(expected.elements, parts) { try compare(value, part, path, &found) }
      return
    }
    if !isSame(expected, answer, tolerance) {
      let wanted = expected.isNull ? "null" : expected.string ?? expected.numberText ?? "\(expected.bool ?? false)"
      found.append("\(name(path)): expected \(wanted), got \(answer.scalar ?? "a structure")")
    }
  }

  private func isSame(_ expected: JSONValue, _ answer: GoldenValue, _ tolerance: GoldenTolerance) -> Bool {
    if case .ignore = tolerance { return true }
    if expected.isNull {
      if case .null = answer { return true }
      if case .number(let text) = answer { return Double(text).map { !$0.isFinite } ?? false }
      return false
    }
    if let flag = expected.bool {
      if case .bool(let answered) = answer { return flag == answered }
      return false
    }
    guard let got = answer.scalar, let want = expected.string ?? expected.numberText else { return false }
    if case .null = answer { return false }
    switch tolerance {
    case .ignore: return true
    case .text: return got == want
    case .exact: return got == want || isEqual(got, want)
    case .decimal(let bound): return isWithin(got, want, bound)
    case .approx(let relative, let absolute):
      if expected.isString { return got == want || isEqual(got, want) }
      guard let a = Double(want), let b = Double(got) else { return false }
      return abs(a - b) <= absolute + relative * abs(a)
    case .atLeast(let slack):
      guard let a = Double(want), let b = Double(got) else { return false }
      return b >= a - slack
    }
  }

  private func isEqual(_ a: String, _ b: String) -> Bool {
    guard let a = Decimal(wire: a), let b = Decimal(wire: b) else { return false }
    return a == b
  }

  private func isWithin(_ a: String, _ b: String, _ bound: Decimal) -> Bool {
    guard let a = Decimal(wire: a), let b = Decimal(wire: b), let difference = a.normalized.subtracting(b.normalized)
    else { return false }
    return difference <= bound && Decimal.zero.subtracting(bound).map { $0 <= difference } ?? false
  }

  /// The most specific key wins: the path, its parents, `*.leaf`, the leaf, `default`.
  private func tolerance(for path: [String]) throws(GoldenError) -> GoldenTolerance {
    for length in stride(from: path.count, to: 0, by: -1) {
      let key = path[..<length].joined(separator: ".")
      if let found = find(key) { return found }
      if length == path.count, length > 1, let found = find("*." + path[length - 1]) { return found }
    }
    if let leaf = path.last, let found = find(leaf) { return found }
    guard let found = find("default") else { throw GoldenError("the file has no default tolerance") }
    return found
  }

  private func find(_ key: String) -> GoldenTolerance? { tolerances.first { $0.key == key }?.tolerance }

  private func name(_ path: [String]) -> String { path.isEmpty ? "answer" : path.joined(separator: ".") }
}
