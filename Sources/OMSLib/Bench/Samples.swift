/// Times of one contender, each of a batch of operations, in picoseconds an operation.
///
/// Batches keep the clock out of what is measured; medians keep out the slices of time that other processes take.
struct Samples: Sendable {
  private var values: [Int64] = []
  private(set) var operations: UInt64 = 0
  /// Medians of the alternations that ``close()`` ended.
  private var medians: [Int64] = []
  private var openFrom = 0

  mutating func add(nanoseconds: Int64, operations count: Int) {
    precondition(count > 0, "a batch has an operation")
    values.append(Swift.max(0, nanoseconds) * 1_000 / Int64(count))
    operations += UInt64(count)
  }

  /// Ends an alternation.
  mutating func close() {
    precondition(values.count > openFrom, "an alternation measures something")
    medians.append(Self.percentile(values[openFrom...].sorted(), 500_000))
    openFrom = values.count
  }

  /// The median over alternations of their medians.
  var median: Int64 { Self.percentile(medians.sorted(), 500_000) }

  func percentile(partsPerMillion: Int) -> Int64 { Self.percentile(values.sorted(), partsPerMillion) }

  var min: Int64 { values.min() ?? 0 }
  var max: Int64 { values.max() ?? 0 }

  private static func percentile(_ sorted: [Int64], _ partsPerMillion: Int) -> Int64 {
    guard let last = sorted.last else { return 0 }
    let rank = (sorted.count * partsPerMillion + 999_999) / 1_000_000
    return rank <= 0 ? sorted[0] : rank > sorted.count ? last : sorted[rank - 1]
  }

}

extension BenchSetup {
  /// Lets the two contenders take turns, each for its share of the duration, and returns both their samples.
  ///
  /// A contender does one batch when called and returns how many operations that was.
  func alternate(
    _ subject: () throws(BenchError) -> Int, _ reference: () throws(BenchError) -> Int
  ) throws(BenchError) -> (subject: Samples, reference: Samples) {
    var (ours, theirs) = (Samples(), Samples())
    let share = size == .small ? 0 : duration / Int64(2 * alternations)
    for _ in 0..<alternations {
      try take(share, into: &ours, subject)
      try take(share, into: &theirs, isWatched: false, reference)
    }
    return (ours, theirs)
  }

  /// One alternation: batches until the time is up, two at least.
  func take(
    _ share: Int64, into samples: inout Samples, isWatched: Bool = true, _ batch: () throws(BenchError) -> Int
  ) throws(BenchError) {
    let end = now() + share
    var count = 0
    repeat {
      var operations = 0
      let took = try (isWatched ? self : unwatched).time { () throws(BenchError) in operations = try batch() }
      samples.add(nanoseconds: took, operations: operations)
      count += 1
    } while count < 2 || now() < end
    samples.close()
  }
}
