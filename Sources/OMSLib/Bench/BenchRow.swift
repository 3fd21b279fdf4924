/// One line of `oms bench`: what was measured, beside its reference of the same run.
package struct BenchRow: Equatable, Sendable {
  /// What a figure is held against.
  package enum Bound: Equatable, Sendable {
    /// At most so many thousandths of the reference's time.
    case ratioMax(Int64)
    /// So many thousandths of the reference's speed at least.
    case speedMin(Int64)
    /// So many a second at least.
    case perSecondMin(Int64)
    case nanosecondsMax(Int64)
    case bytesMax(Int64)
    /// Thousandths of one CPU at most.
    case cpuMaxMilli(Int64)
  }

  package var name: String
  package var count: UInt64 = 0
  /// Of one operation, in picoseconds; 0 where the row is about something else than time.
  package var picoseconds: Int64 = 0
  package var minimum: Int64 = 0
  package var p99: Int64 = 0
  package var p999: Int64 = 0
  package var maximum: Int64 = 0
  package var referenceName: String?
  /// The reference's median, in picoseconds.
  package var reference: Int64?
  package var bar: Bound
  package var moonshot: Bound
  /// Where the row is what its time has above its reference's: that, in picoseconds.
  package var difference: Int64?
  /// Where a bound is about bytes or CPU time: that figure.
  package var amount: Int64?
  package var cpu: Int?
  package var plan = "one thread"
  package var durability: String?
  /// Of the work done: the same for the same sizes, on every machine.
  package var checksum: UInt64 = 0
  /// What else was found out: records of an order, bytes of a file.
  package var details: [(name: StaticString, value: Int64)] = []

  init(_ name: String, bar: Bound, moonshot: Bound) {
    self.name = name
    self.bar = bar
    self.moonshot = moonshot
  }

  mutating func take(_ subject: Samples, _ setup: borrowing BenchSetup) {
    count = subject.operations
    picoseconds = subject.median
    minimum = subject.min
    p99 = subject.percentile(partsPerMillion: 990_000)
    p999 = subject.percentile(partsPerMillion: 999_000)
    maximum = subject.max
    cpu = setup.cpu
  }

  mutating func take(_ samples: (subject: Samples, reference: Samples), _ name: String, _ setup: borrowing BenchSetup) {
    take(samples.subject, setup)
    reference = samples.reference.median
    referenceName = name
  }

  package var perSecond: Int64? { picoseconds > 0 ? 1_000_000_000_000 / picoseconds : nil }

  /// Thousandths: of the reference's time, or of its speed where the bar is about speed.
  package var ratio: Int64? {
    guard let reference, reference > 0, picoseconds > 0 else { return nil }
    if case .speedMin = bar { return reference * 1_000 / picoseconds }
    return picoseconds * 1_000 / reference
  }

  package var meetsBar: Bool { meets(bar) }
  package var meetsMoonshot: Bool { meets(moonshot) }

  private func meets(_ bound: Bound) -> Bool {
    switch bound {
    case .ratioMax(let most): ratio.map { $0 <= most } ?? false
    case .speedMin(let least): ratio.map { $0 >= least } ?? false
    case .perSecondMin(let least): perSecond.map { $0 >= least } ?? false
    case .nanosecondsMax(let most): (difference ?? picoseconds) <= most * 1_000
    case .bytesMax(let most), .cpuMaxMilli(let most): amount.map { $0 <= most } ?? false
    }
  }

  package static func == (a: BenchRow, b: BenchRow) -> Bool {
    a.name == b.name && a.count == b.count && a.picoseconds == b.picoseconds && a.reference == b.reference
      && a.checksum == b.checksum
  }
}

// MARK: JSON

extension BenchRow {
  package func json(at time: UTCTime) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "bench")
    writer.member("v", 1)
    writer.member("ts", time)
    writer.member("name", name)
    writer.member("n", count)
    writer.member("per_s", perSecond.map { String($0) })
    writer.member("min_ns", nanoseconds(minimum))
    writer.member("p50_ns", nanoseconds(picoseconds))
    writer.member("p99_ns", nanoseconds(p99))
    writer.member("p999_ns", nanoseconds(p999))
    writer.member("max_ns", nanoseconds(maximum))
    writer.member("cpu", cpu)
    writer.member("target_ns", targetNanoseconds)
    writer.member("ref", reference.map { Self.thousandths($0) + " ns" })
    writer.member("ref_name", referenceName)
    writer.member("ratio", ratio.map { Self.thousandths($0) })
    writer.member("bar", bar.text)
    writer.member("moonshot", moonshot.text)
    writer.member("plan", plan)
    writer.member("durability", durability)
    writer.member("checksum", String(checksum, radix: 16))
    writer.member("each_ns", picoseconds > 0 ? Self.thousandths(picoseconds) : nil)
    writer.member("difference_ns", difference.map { Self.thousandths($0) })
    writer.member("amount", amount)
    for detail in details { writer.member(detail.name, detail.value) }
    writer.member("pass", meetsBar)
    writer.member("pass_moonshot", meetsMoonshot)
    writer.endObject()
    return writer.bytes
  }

  private func nanoseconds(_ picoseconds: Int64) -> Int64? {
    self.picoseconds > 0 ? (picoseconds + 500) / 1_000 : nil
  }

  private var targetNanoseconds: Int64? {
    switch bar {
    case .ratioMax(let most): reference.map { $0 * most / 1_000_000 }
    case .speedMin(let least): reference.map { $0 / least }
    case .perSecondMin(let least): 1_000_000_000 / least
    case .nanosecondsMax(let most): most
    case .bytesMax, .cpuMaxMilli: nil
    }
  }

  /// 1234 as "1.234".
  static func thousandths(_ value: Int64) -> String {
    let rest = String(value.magnitude % 1_000)
    return (value < 0 ? "-" : "") + "\(value.magnitude / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}

extension BenchRow.Bound {
  package var text: String {
    switch self {
    case .ratioMax(let most): "<= \(BenchRow.thousandths(most))x"
    case .speedMin(let least): ">= \(BenchRow.thousandths(least))x"
    case .perSecondMin(let least): ">= \(least)/s"
    case .nanosecondsMax(let most): "<= \(most) ns"
    case .bytesMax(let most): "<= \(most) bytes"
    case .cpuMaxMilli(let most): "<= \(BenchRow.thousandths(most)) cpu"
    }
  }
}
