/// The rows of an earlier run. Only ratios are compared: figures of two runs on one machine say nothing of each other.
package struct BenchBaseline: Sendable {
  /// Thousandths by name.
  private let ratios: [(name: String, ratio: Int64)]

  /// Lines of `oms bench -o jsonl`; rows without a ratio are left out. `nil` for a line that is no such object.
  package init?(_ text: String) {
    var ratios: [(name: String, ratio: Int64)] = []
    for line in text.split(separator: "\n") {
      guard let row = try? JSONReader.read(String(line)).root, row["type"]?.string == "bench",
        let name = row["name"]?.string
      else { return nil }
      if let ratio = row["ratio"]?.string.flatMap(Self.thousandths) { ratios.append((name, ratio)) }
    }
    self.ratios = ratios
  }

  /// Thousandths by which `row` is worse than it was; `nil` when there is nothing to compare it with.
  package func regression(of row: BenchRow) -> Int64? {
    guard let ratio = row.ratio, let before = ratios.first(where: { $0.name == row.name })?.ratio, before > 0 else {
      return nil
    }
    if case .speedMin = row.bar { return (before - ratio) * 1_000 / before }
    return (ratio - before) * 1_000 / before
  }

  /// "1.234" as 1234.
  static func thousandths(_ text: String) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 3, let whole = Int64(parts[0]), let rest = Int64(parts[1]),
      whole >= 0, rest >= 0, whole < Int64.max / 2_000
    else { return nil }
    return whole * 1_000 + rest
  }
}
