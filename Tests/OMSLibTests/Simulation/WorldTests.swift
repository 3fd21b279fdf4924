import Testing

@testable import OMSLib

/// Whole worlds by seed. The ensemble is `omsim simulate`; here stand seeds that once failed, each with what it found.
@Suite struct WorldTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var found: String
    var testDescription: String { "seed \(seed): \(found)" }
  }

  static let regressions = [
    Case(seed: 4, found: "an amend upwards was not reserved until it was answered"),
    Case(seed: 12, found: "a replace whose cancel did not leave counted the order as never sent"),
    Case(seed: 16, found: "a fill at the amended quantity before the answer raised an alarm"),
    Case(seed: 56, found: "an order held here and then sent counted as confirmed by the venue"),
    Case(seed: 84, found: "a refused cancel made an unknown order an open one"),
  ]

  @Test(arguments: regressions) func aSeedThatOnceFailedPasses(_ regression: Case) {
    let report = Simulation.run(seed: regression.seed)
    #expect(report.failures == [])
    #expect(report.orders > 0)
  }

  @Test func aSeedIsTheSameWorldEveryTime() {
    let first = Simulation.run(seed: 5)
    let second = Simulation.run(seed: 5)
    #expect(first.digest == second.digest)
    #expect(first.steps == second.steps)
    #expect(first.inputs > 500)
  }

  @Test func aWorldWithoutFaultsLosesNothing() {
    let report = Simulation.run(seed: 3) { plan in for kind in FaultKind.allCases { plan[kind] = .off } }
    #expect(report.failures == [])
    #expect(report.starts == 1)
    #expect(report.fills > 0)
  }

  @Test func theObserverSeesARecordThatChanged() {
    let verdict = WorldVerdict()
    let observer = Observer(verdict: verdict, probes: Probes())
    var header = RecordHeader()
    header.lsn = 1
    header.chain = 7
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    observer.see(JournalRecord(header: header, body: empty))
    observer.see(JournalRecord(header: header, body: empty))
    #expect(verdict.failures.isEmpty)
    header.chain = 8
    observer.see(JournalRecord(header: header, body: empty))
    header.lsn = 3
    observer.see(JournalRecord(header: header, body: empty))
    #expect(verdict.failures.map(\.check) == ["INV-11", "INV-11"])
  }
}
