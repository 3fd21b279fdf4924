internal import Glibc
import OMSLib

/// `omsim simulate`: many seeds.
struct SimulateCommand {
  private let first: UInt64
  private let count: UInt64
  private let jobs: Int
  private let isTwice: Bool
  private let stopsAtFailure: Bool
  private let without: [FaultKind]

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(
      arguments, flags: ["--twice", "--first"], values: ["--seeds", "--from", "--jobs", "--without"])
    first = try options.number("--from", or: 1)
    count = try options.number("--seeds", or: 500)
    jobs = Int(try options.number("--jobs", or: 2))
    isTwice = options.has("--twice")
    stopsAtFailure = options.has("--first")
    without = try options.withoutFaults()
    guard jobs >= 1, jobs <= 64 else { throw UsageError(message: "--jobs \(jobs) is not in 1 to 64") }
  }

  func run() throws(UsageError) -> Int32 {
    let (isTwice, without) = (isTwice, without)
    let one: @Sendable (UInt64) -> WorldReport = { seed in
      var report = Simulation.run(seed: seed) { plan in for kind in without { plan[kind] = .off } }
      if isTwice, report.passed {
        let again = Simulation.run(seed: seed) { plan in for kind in without { plan[kind] = .off } }
        if again.digest != report.digest || again.steps != report.steps {
          report.failures.append("AUD-08: two runs of the seed differ: \(report.digest) and \(again.digest)")
        }
      }
      return report
    }
    let result: Campaign.Result
    do throws(SystemError) {
      result = try Campaign(jobs: jobs, stopsAtFailure: stopsAtFailure, run: one, tell: Self.tell)
        .runAll(first..<(first + count))
    } catch {
      throw UsageError(message: "simulate: \(error.call) failed with errno \(error.errno)")
    }
    return summarize(result)
  }

  private func summarize(_ result: Campaign.Result) -> Int32 {
    print("\(result.inputs) inputs, \(result.starts) starts of the engine")
    var blind: [String] = []
    for probe in Probe.allCases {
      let hits = result.probes[probe.rawValue]
      print("  \(probe): \(hits)")
      if hits == 0 { blind.append("\(probe)") }
    }
    var failed = result.failed
    if !blind.isEmpty, count >= 1_000, without.isEmpty {
      print("never reached: \(blind.joined(separator: " "))")
      failed += blind.count
    }
    print("\(result.passed) passed, \(failed) failed")
    return failed == 0 ? 0 : 1
  }

  /// One line at once, also from a worker.
  static func tell(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}

/// `omsim run`: one seed, in this process, with its story when asked for.
struct RunCommand {
  private let seed: UInt64
  private let traces: Bool
  private let without: [FaultKind]

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(arguments, flags: ["--trace"], values: ["--seed", "--without"])
    guard options["--seed"] != nil else { throw UsageError(message: "run needs --seed N") }
    seed = try options.number("--seed", or: 0)
    traces = options.has("--trace")
    without = try options.withoutFaults()
  }

  func run() throws(UsageError) -> Int32 {
    let report = Simulation.run(seed: seed, traces: traces) { plan in for kind in without { plan[kind] = .off } }
    for line in report.trace { print(line) }
    print("seed \(seed): \(report.durability), faults \(report.faults)")
    print(
      "\(report.inputs) inputs, \(report.orders) orders, \(report.fills) fills, \(report.starts) starts, "
        + "\(report.steps) steps, digest \(String(report.digest, radix: 16))")
    for failure in report.failures { print("FAILED \(failure)") }
    print(report.passed ? "1 passed, 0 failed" : "0 passed, 1 failed")
    return report.passed ? 0 : 1
  }
}
