import OMSLib

/// `oms bench`: measures this machine and this build, each row beside its reference.
struct BenchCommand: Command {
  static let spec = CommandSpec(
    "bench", group: .research, summary: "Measure the hot jobs, each beside its reference",
    details: """
      Only ratios mean anything: work and reference take turns in one run, and medians are compared. Figures of two runs
      differ by more than most changes do.
      """,
    examples: [
      .init("oms bench -o jsonl", "everything", needs: "a quiet machine and minutes"),
      .init("oms bench 'match.*' --duration 5s", "some of it, for longer", needs: "a quiet machine and minutes"),
      .init(
        "oms bench --baseline before.jsonl --max-regress 10%", "1 if a ratio got worse by more",
        needs: "a quiet machine and minutes"),
    ],
    arguments: [
      ArgumentSpec("NAME", .thing(.benchmark), .any, help: "Benchmarks, or the beginning of their names and *")
    ],
    flags: [
      .toggle("list", "Only say which there are"),
      .value("cpu", .count, nil, "CPU of the thread that is measured", default: "the last one"),
      .value("duration", .duration, nil, "About how long each row measures", default: "1s"),
      .value("baseline", .file, nil, "Objects of an earlier run to compare with", section: "Comparing"),
      .value("max-regress", .percent, nil, "How much worse a ratio may be", section: "Comparing", default: "10%"),
      .value("json-out", .file, nil, "Write the objects here too"),
      .value(
        "references", .file, nil, "A directory with programs that rows are held against: make bench builds them"),
    ],
    objects: ["bench"], exits: [.notFound])

  private let names: [String]
  private let isList: Bool
  private let cpu: Int?
  private let duration: Int64
  private let baseline: String?
  private let regressionMax: Int64
  private let copy: String?
  private let references: String?

  init(_ line: ParsedLine) throws(ErrorObject) {
    names = line.arguments.words
    isList = line.arguments.has("list")
    cpu = line.arguments.integer("cpu")
    duration = line.arguments.duration("duration") ?? 1_000_000_000
    baseline = line.arguments.string("baseline")
    copy = line.arguments.string("json-out")
    references = line.arguments.string("references")
    regressionMax = try Self.thousandths(line.arguments.string("max-regress") ?? "10%")
    if let cpu, !(0..<WorkerThread.cpuCount).contains(cpu) {
      throw .usage("cpu", "--cpu \(cpu): this machine has CPUs 0 to \(WorkerThread.cpuCount - 1)")
    }
    for name in names where BenchCatalog.named([name]).isEmpty {
      throw ErrorObject("notfound.bench", .notFound, "no benchmark is called '\(name)'", hint: "oms bench --list")
    }
  }

  /// "10%" as 100.
  private static func thousandths(_ text: String) throws(ErrorObject) -> Int64 {
    guard let percent = Decimal(plain: text.hasSuffix("%") ? String(text.dropLast()) : text), percent.scale <= 1 else {
      throw .usage("percent", "--max-regress: '\(text)' is no percentage with one decimal at most")
    }
    return Int64(clamping: percent.scale == 0 ? percent.mantissa * 10 : percent.mantissa)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    if isList {
      for benchmark in BenchCatalog.named(names) {
        try context.output.text("\(benchmark.name)\t\(benchmark.summary)\n")
      }
      return .ok
    }
    let before = try baseline.map { path throws(ErrorObject) in try Self.read(path) }
    let scratch = context.paths.cacheDirectory + "/bench-\(ProcessIdentity.number)"
    do { try ScratchFile.makeDirectories(scratch) } catch { throw .io(error, scratch) }
    defer { BenchFiles.removeAll(scratch) }
    var setup = BenchSetup(
      size: .real, cpu: cpu ?? WorkerThread.cpuCount - 1, duration: duration, directory: scratch,
      executable: "/proc/self/exe")
    setup.references = references
    var lines: [UInt8] = []
    var hasMissed = false
    for benchmark in BenchCatalog.named(names) where !context.output.isClosed {
      for row in try measure(benchmark, setup) {
        let object = row.json(at: context.now)
        try context.output.take(object)
        try context.output.flush()
        lines += object + [0x0A]
        hasMissed = try judge(row, before, &context) || hasMissed
      }
    }
    if let copy { try Self.write(lines, to: copy) }
    return hasMissed ? ExitStatus(.failure) : .ok
  }

  private func measure(_ benchmark: Benchmark, _ setup: BenchSetup) throws(ErrorObject) -> [BenchRow] {
    do throws(BenchError) {
      return try benchmark.measure(setup)
    } catch {
      throw ErrorObject("bench.failed", .failure, "\(benchmark.name): \(error.message)")
    }
  }

  /// Whether the row misses its bar, or is worse than before by more than allowed.
  private func judge(
    _ row: BenchRow, _ before: BenchBaseline?, _ context: inout CommandContext
  ) throws(ErrorObject) -> Bool {
    if let worse = before?.regression(of: row), worse > regressionMax {
      try context.say("\(row.name): the ratio is worse by \(worse / 10).\(worse % 10) %")
      return true
    }
    return !row.meetsBar
  }

  private static func read(_ path: String) throws(ErrorObject) -> BenchBaseline {
    let bytes: [UInt8]
    do { bytes = try BenchFiles.read(path) } catch { throw .io(error, path) }
    guard let baseline = BenchBaseline(String(decoding: bytes, as: UTF8.self)) else {
      throw .usage("baseline", "--baseline: \(path) does not hold objects of `oms bench -o jsonl`")
    }
    return baseline
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(ErrorObject) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    do { try ScratchFile.write(bytes, to: path, under: directory) } catch { throw .io(error, path) }
  }
}
