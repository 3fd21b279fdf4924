import Foundation
import Testing

@testable import OMSLib

@Suite struct BenchmarkTests {
  /// Every benchmark in its small size: the work is done and equal to its reference's, and nothing is said about time.
  @Test(arguments: BenchCatalog.all.map(\.name))
  func itDoesItsWorkInSmall(name: String) throws {
    for row in try measure(name) {
      #expect(row.name == name && row.count > 0)
      let object = try JSONReader.read(row.json(at: .zero)).root
      #expect(object["type"]?.string == "bench")
      #expect(object["bar"]?.string?.isEmpty == false)
    }
  }

  @Test(arguments: ["core.accept", "core.life", "match.move", "match.cross"])
  func twoRunsDoTheSameWork(name: String) throws {
    let first = try measure(name).map(\.checksum)
    let second = try measure(name).map(\.checksum)
    #expect(first == second)
    #expect(!first.contains(0))
  }

  private func measure(_ name: String) throws -> [BenchRow] {
    let benchmark = try #require(BenchCatalog.named([name]).first)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("oms-bench-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try benchmark.measure(BenchSetup(size: .small, directory: directory.path))
  }

  @Test func namesAreFoundByTheirBeginning() {
    #expect(BenchCatalog.named(["match.*"]).map(\.name) == ["match.move", "match.churn", "match.cross"])
    #expect(BenchCatalog.named([]).count == BenchCatalog.all.count)
    #expect(BenchCatalog.named(["nothing"]).isEmpty)
    #expect(Set(BenchCatalog.all.map(\.name)).count == BenchCatalog.all.count)
  }

  private func row(_ picoseconds: Int64, reference: Int64, bar: BenchRow.Bound) -> BenchRow {
    var row = BenchRow("a.row", bar: bar, moonshot: bar)
    row.picoseconds = picoseconds
    row.reference = reference
    return row
  }

  @Test func aBarIsMetOrMissed() {
    #expect(row(1_300, reference: 1_000, bar: .ratioMax(1_300)).meetsBar)
    #expect(!row(1_301, reference: 1_000, bar: .ratioMax(1_300)).meetsBar)
    #expect(row(2_500, reference: 1_000, bar: .speedMin(400)).meetsBar)
    #expect(!row(2_600, reference: 1_000, bar: .speedMin(400)).meetsBar)
    #expect(row(1_000_000, reference: 0, bar: .perSecondMin(1_000_000)).meetsBar)
    #expect(!row(1_100_000, reference: 0, bar: .perSecondMin(1_000_000)).meetsBar)
    #expect(row(100_000, reference: 0, bar: .nanosecondsMax(100)).meetsBar)
  }

  @Test func aBaselineShowsWhatGotWorse() throws {
    let before = row(1_000, reference: 1_000, bar: .ratioMax(2_000))
    let text = String(decoding: before.json(at: .zero), as: UTF8.self)
    let baseline = try #require(BenchBaseline(text + "\n"))
    #expect(baseline.regression(of: row(1_100, reference: 1_000, bar: .ratioMax(2_000))) == 100)
    #expect(baseline.regression(of: row(900, reference: 1_000, bar: .ratioMax(2_000))) == -100)
    #expect(BenchBaseline("{\"type\":\"order\"}") == nil)
  }

  @Test func mediansAreTakenOfMedians() {
    var samples = Samples()
    for batch in [[10, 20, 1_000], [30, 40, 50], [5, 6, 7]] {
      for nanoseconds in batch { samples.add(nanoseconds: Int64(nanoseconds), operations: 10) }
      samples.close()
    }
    #expect(samples.median == 2_000)
    #expect(samples.min == 500)
    #expect(samples.max == 100_000)
    #expect(samples.operations == 90)
  }
}
