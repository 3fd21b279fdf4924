internal import Glibc
import OMSLib

/// `omsim crash`: kills real engines at random instructions, and judges what the next ones make of it. With `--wire` their
/// exchange is behind TCP and TLS, and speaks the protocols of Binance.
struct CrashCommand {
  static let pointsPerLife = 12

  private let points: Int
  private let seed: UInt64
  private let jobs: Int
  private let base: String
  private let isOneLife: Bool
  private let isWire: Bool
  private let clock = SystemClock()

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let options = try Options(
      arguments, flags: ["--one-life", "--wire"], values: ["--points", "--seed", "--jobs", "--keep"])
    points = Int(clamping: try options.number("--points", or: 300))
    seed = try options.number("--seed", or: 1)
    jobs = Int(clamping: try options.number("--jobs", or: 3))
    isOneLife = options.has("--one-life")
    isWire = options.has("--wire")
    guard points >= 1, points <= 1_000_000 else {
      throw UsageError(message: "--points \(points) is not in 1 to 1000000")
    }
    guard jobs >= 1, jobs <= 16 else { throw UsageError(message: "--jobs \(jobs) is not in 1 to 16") }
    let temporary = Environment.process["TMPDIR"] ?? "/tmp"
    base = options["--keep"].map(ExchangeCommand.absolute) ?? "\(temporary)/oms-crash-\(ProcessIdentity.number)"
  }

  func run() throws(UsageError) -> Int32 {
    do throws(CrashError) {
      return isOneLife ? try oneLife() : try campaign()
    } catch {
      throw UsageError(message: "crash: \(error.message)")
    }
  }

  // MARK: One life

  /// In a process of its own: its numbers go to a file beside its directory.
  private func oneLife() throws(CrashError) -> Int32 {
    let directory = "\(base)/\(seed)"
    try CrashFiles.makeDirectory(directory)
    var random = SplitMix64(seed: seed).stream(0x6372_6173)
    let name = "cr\(ProcessIdentity.number)"
    let isStrict = random.chance(1, in: 2)
    let worldSeed = 1 + random.below(1 << 30)
    let result: CrashResult
    if isWire {
      var setting = WireStage.Setting()
      (setting.isEncrypted, setting.isStrict, setting.seed) = (seed % 2 == 0, isStrict, worldSeed)
      let stage = try WireStage.open(name: name, directory: directory, setting)
      result = CrashLife(in: stage, random).run(points: points)
    } else {
      let stage = try CrashStage.open(name: name, directory: directory, isStrict: isStrict, seed: worldSeed)
      result = CrashLife(in: stage, random).run(points: points)
    }
    try CrashFiles.write(
      "\(result.passed) \(result.failed) \(result.acknowledged) \(result.fills) \(result.events) \(result.judged)\n"
        + "\(result.failure ?? "")\n", to: "\(base)/\(seed).result")
    return result.failed == 0 ? 0 : 1
  }

  // MARK: The campaign

  private func campaign() throws(CrashError) -> Int32 {
    try CrashFiles.makeDirectory(base)
    let began = clock.monotonic()
    var sums = CrashResult()
    var running: [(child: ChildProcess, seed: UInt64, points: Int)] = []
    var left = points
    var next = seed
    var toldAt = began
    while left > 0 || !running.isEmpty {
      while left > 0, running.count < jobs {
        let share = min(left, Self.pointsPerLife)
        running.append((try start(next, share), next, share))
        left -= share
        next += 1
      }
      for index in running.indices.reversed() {
        guard let status = (try? running[index].child.end(wait: false)) ?? nil else { continue }
        let ended = running.remove(at: index)
        add(ended.seed, ended.points, status, to: &sums)
      }
      if clock.monotonic() - toldAt > 5_000_000_000 {
        toldAt = clock.monotonic()
        tell(sums, began)
      }
      clock.pause(milliseconds: 5)
    }
    tell(sums, began)
    if sums.failed == 0 { CrashFiles.removeTree(base) }
    print(
      "\(sums.acknowledged) orders acknowledged, \(sums.fills) fills, \(sums.events) events, "
        + "\(sums.judged) comparisons")
    print("\(sums.passed) passed, \(sums.failed) failed")
    return sums.failed == 0 ? 0 : 1
  }

  private func start(_ seed: UInt64, _ points: Int) throws(CrashError) -> ChildProcess {
    do throws(SystemError) {
      return try ChildProcess.start(
        [
          CrashFiles.ownDirectory() + "/omsim", "crash", "--one-life", "--seed", "\(seed)", "--points", "\(points)",
          "--keep", base,
        ] + (isWire ? ["--wire"] : []), with: [])
    } catch {
      throw CrashError("a life cannot be started: \(error.call) failed with errno \(error.errno)")
    }
  }

  private func add(_ seed: UInt64, _ points: Int, _ status: UInt8, to sums: inout CrashResult) {
    let text = CrashFiles.text("\(base)/\(seed).result") ?? ""
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let numbers = (lines.first ?? "").split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 6 else {
      sums.failed += 1
      return CrashFiles.say("crash: FAILED seed \(seed): its process ended with status \(status)")
    }
    sums.passed += numbers[0]
    sums.failed += numbers[1]
    sums.acknowledged += numbers[2]
    sums.fills += numbers[3]
    sums.events += numbers[4]
    sums.judged += numbers[5]
    if numbers[1] == 0 {
      CrashFiles.removeTree("\(base)/\(seed)")
    } else {
      CrashFiles.say(
        "crash: FAILED seed \(seed), \(lines.count > 1 ? lines[1] : "")\n  kept: \(base)/\(seed)\n"
          + "  repeat: omsim crash\(isWire ? " --wire" : "") --points \(points) --seed \(seed)")
    }
    CrashFiles.remove("\(base)/\(seed).result")
  }

  private func tell(_ sums: CrashResult, _ began: Int64) {
    let tenths = (clock.monotonic() - began) / 100_000_000
    CrashFiles.say(
      "crash: \(sums.passed + sums.failed) of \(points) points, \(sums.failed) failed, \(tenths / 10).\(tenths % 10) s")
  }
}
