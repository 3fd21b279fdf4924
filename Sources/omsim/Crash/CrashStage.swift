internal import Glibc
import OMSLib

/// An exchange in a process of its own, reached through rings.
struct CrashStage: ~Copyable, CrashWorld {
  static let exchange = CrashClient.Exchange(
    name: "sim", accounts: ["main", "sub01", "sub02", "sub03"], isLive: false)
  static var startMicroseconds: UInt64 { 160_000 }

  let isStrict: Bool
  var engine: CrashEngine
  private var exchange: ChildProcess?

  static func open(
    name: String, directory: String, isStrict: Bool, seed: UInt64
  ) throws(CrashError) -> CrashStage {
    let engine = try CrashEngine(name: name, directory: directory, words: ["--sim-door", name])
    try CrashFiles.write(
      "durability: \(isStrict ? "strict" : "group")\njournal:\n  segment: 1MiB\n", to: directory + "/conf/oms.yaml")
    let exchange = try CrashProcess.start(
      [
        CrashFiles.ownDirectory() + "/omsim", "exchange", "--door", name, "--state", directory + "/exchange", "--seed",
        "\(seed)",
      ], in: directory, log: "exchange.log", with: engine.variables)
    var stage = CrashStage(isStrict: isStrict, engine: engine, exchange: exchange)
    let door = stage.doorPath
    do throws(CrashError) {
      try CrashProcess.wait(for: "the exchange to open its door", seconds: 60) { KernelFileSystem().exists(door) }
    } catch {
      stage.clear()
      throw error
    }
    return stage
  }

  private init(isStrict: Bool, engine: CrashEngine, exchange: ChildProcess) {
    self.isStrict = isStrict
    self.engine = engine
    self.exchange = exchange
  }

  private var doorPath: String { "/dev/shm/oms-\(ProcessIdentity.user)-\(engine.name)-door" }

  func setFrozen(_ isFrozen: Bool, _ line: inout CrashLine) throws(CrashError) {
    var request = RequestDraft("sim")
    request.set("verb", "clock")
    request.set("clock", isFrozen ? "freeze" : "run")
    _ = try line.ask(request)
  }

  mutating func makeTrouble(_ random: inout SplitMix64) throws(CrashError) {}
  mutating func endTrouble() throws(CrashError) {}

  /// From its ledger as text, written by itself now.
  func facts() throws(CrashError) -> CrashJudge.Facts {
    let path = engine.directory + "/exchange/ledger"
    CrashFiles.remove(path)
    exchange?.signal(SIGUSR1)
    try CrashProcess.wait(for: "the exchange to write its ledger", seconds: 60) { KernelFileSystem().exists(path) }
    return CrashJudge.facts(ofLedger: (CrashFiles.text(path) ?? "").split(separator: "\n").map(String.init))
  }

  func judge() throws(CrashError) -> String { "" }

  /// Its journal makes the same ledger once more.
  mutating func finish(_ ledger: CrashJudge.Facts) throws(CrashError) {
    if let child = exchange.take() {
      child.signal(SIGTERM)
      let status = try CrashProcess.end(of: child, "exchange", seconds: 60)
      guard status == 0 else { throw CrashError("the exchange ended with status \(status)") }
    }
    let options = try CrashAudit.verify(engine.directory + "/exchange/exchange")
    let again = CrashJudge.facts(ofLedger: try CrashAudit.replay(options))
    let differences = again.differences(from: ledger)
    guard differences.isEmpty else {
      throw CrashError("the exchange's journal makes another ledger: \(differences.joined(separator: "; "))")
    }
  }

  mutating func clear() {
    engine.clear()
    if let child = exchange.take() { CrashProcess.kill(child) }
    CrashFiles.remove(doorPath)
  }
}
