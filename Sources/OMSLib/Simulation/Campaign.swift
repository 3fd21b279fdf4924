internal import CCore

/// Many seeds, in processes of their own: a trap in the code under test is a failure of its seed, and the rest goes on.
package struct Campaign: ~Copyable {
  package struct Result: Sendable {
    package var passed = 0
    package var failed = 0
    package var failedSeeds: [UInt64] = []
    package var probes = [UInt64](repeating: 0, count: Probe.allCases.count)
    package var inputs: UInt64 = 0
    package var starts: UInt64 = 0
    package init() {}
  }

  /// One worker's words in shared memory, written by it and read when it is gone or done.
  private enum Word: Int {
    case seed = 0
    case passed = 1
    case failed = 2
    case inputs = 3
    case starts = 4
    case failedSeeds = 8
    static let failedSeedMax = 100
    static let probes = 128
    static let count = 512
  }

  private let memory: SealedMemory
  private let jobs: Int
  private let stopsAtFailure: Bool
  private let run: (UInt64) -> WorldReport
  private let tell: (String) -> Void

  /// `run` makes a seed's report; `tell` puts one line where a person sees it. Both are called in the workers. With
  /// `stopsAtFailure` no seed behind one that failed is begun: the lowest that fails is among those that were run.
  package init(
    jobs: Int, stopsAtFailure: Bool = false, run: @escaping (UInt64) -> WorldReport,
    tell: @escaping (String) -> Void
  ) throws(SystemError) {
    precondition(jobs > 0 && jobs <= 64, "1 to 64 workers")
    self.jobs = jobs
    self.stopsAtFailure = stopsAtFailure
    self.run = run
    self.tell = tell
    memory = try SealedMemory(label: "omsim", byteCount: jobs * Word.count * 8, access: .clientsWrite)
  }

  private func word(_ job: Int, _ index: Int) -> UnsafeMutablePointer<UInt64> {
    unsafe memory.base.assumingMemoryBound(to: UInt64.self) + job * Word.count + index
  }

  /// Worker `job` takes every `jobs`-th seed.
  package func runAll(_ seeds: Range<UInt64>) -> Result {
    var processes = [Int32](repeating: 0, count: jobs)
    for job in 0..<jobs { processes[job] = start(job, from: seeds.lowerBound + UInt64(job), seeds) }
    var running = jobs
    while running > 0 {
      var status: Int32 = 0
      let process = unsafe cc_process_wait(-1, 1, &status)
      guard process > 0, let job = processes.firstIndex(of: process) else { continue }
      guard status != 0 else {
        running -= 1
        continue
      }
      let seed = unsafe word(job, Word.seed.rawValue).pointee
      noteFailure(job, seed)
      tell("seed \(seed) FAILED: the program trapped (status \(status)); repeat: omsim run --seed \(seed)")
      let next = seed + UInt64(jobs)
      processes[job] = next < seeds.upperBound ? start(job, from: next, seeds) : 0
      if processes[job] == 0 { running -= 1 }
    }
    return sum()
  }

  private func start(_ job: Int, from first: UInt64, _ seeds: Range<UInt64>) -> Int32 {
    let parent = cc_process_id()
    let process = cc_process_fork()
    guard process == 0 else { return process }
    _ = cc_process_die_with(parent)
    // What a trap says is told by `omsim run`; here it would only slow the others down.
    _ = cc_process_silence(2)
    var seed = first
    while seed < seeds.upperBound, !stopsAtFailure || seed < lowestFailed {
      unsafe word(job, Word.seed.rawValue).pointee = seed
      note(job, run(seed))
      seed += UInt64(jobs)
    }
    cc_process_leave(0)
  }

  private func note(_ job: Int, _ report: WorldReport) {
    unsafe word(job, Word.inputs.rawValue).pointee += UInt64(report.inputs)
    unsafe word(job, Word.starts.rawValue).pointee += UInt64(report.starts)
    for (index, count) in report.probes.enumerated() { unsafe word(job, Word.probes + index).pointee += count }
    if report.passed {
      unsafe word(job, Word.passed.rawValue).pointee += 1
      return
    }
    noteFailure(job, report.seed)
    tell("seed \(report.seed) FAILED: \(report.failures[0]); repeat: omsim run --seed \(report.seed)")
  }

  private var lowestFailed: UInt64 {
    (0..<jobs).reduce(UInt64.max) { lowest, job in
      let count = min(unsafe word(job, Word.failed.rawValue).pointee, UInt64(Word.failedSeedMax))
      guard count > 0 else { return lowest }
      // A worker's seeds rise.
      return min(lowest, unsafe word(job, Word.failedSeeds.rawValue).pointee)
    }
  }

  private func noteFailure(_ job: Int, _ seed: UInt64) {
    let count = unsafe word(job, Word.failed.rawValue).pointee
    if count < UInt64(Word.failedSeedMax) {
      unsafe word(job, Word.failedSeeds.rawValue + Int(count)).pointee = seed
    }
    unsafe word(job, Word.failed.rawValue).pointee = count + 1
  }

  private func sum() -> Result {
    var result = Result()
    for job in 0..<jobs {
      result.passed += Int(unsafe word(job, Word.passed.rawValue).pointee)
      let failed = Int(unsafe word(job, Word.failed.rawValue).pointee)
      result.failed += failed
      for index in 0..<min(failed, Word.failedSeedMax) {
        result.failedSeeds.append(unsafe word(job, Word.failedSeeds.rawValue + index).pointee)
      }
      for index in result.probes.indices { result.probes[index] += unsafe word(job, Word.probes + index).pointee }
      result.inputs += unsafe word(job, Word.inputs.rawValue).pointee
      result.starts += unsafe word(job, Word.starts.rawValue).pointee
    }
    result.failedSeeds.sort()
    return result
  }
}
