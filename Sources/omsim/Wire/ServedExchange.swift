internal import Glibc
import OMSLib

/// An `oms venue serve` as a process, and the hand that steers it: other runs of `oms`, as a person's would be.
struct ServedExchange {
  struct Account {
    let name: String
    let entry: String
  }

  private let directory: String
  private let program = CrashFiles.ownDirectory() + "/oms"
  private let child: ChildProcess
  private let control: String
  /// `{"spot":..,"usdm":..}`, as a configuration takes them.
  let endpoints: String
  /// The file that vouches for its certificate; empty where nothing is encrypted.
  let authority: String
  let accounts: [Account]

  /// `words`: behind `oms venue serve`. Its keys are in the keystore of `state`.
  init(
    _ words: [String], state: String, directory: String, secret: String, _ variables: [(String, String)]
  ) throws(CrashError) {
    self.directory = directory
    let child = try CrashProcess.start(
      ["\(program)", "venue", "serve", "--keystore", state, "--passphrase-fd", "3"] + words, in: directory,
      log: "venue.log", output: "venue.json", secret: secret, with: variables)
    self.child = child
    do throws(CrashError) {
      try CrashProcess.wait(for: "the exchange to be served", seconds: 60) {
        CrashProcess.status(of: child) != nil || CrashFiles.read(directory + "/venue.json")?.last == 0x0A
      }
      guard let root = (try? JSONReader.read(CrashFiles.read(directory + "/venue.json") ?? []))?.root,
        let spot = root["spot"], let usdm = root["usdm"], let control = root["control"]?.string
      else { throw CrashError("no exchange is served, see \(directory)/venue.log") }
      self.control = control
      endpoints = #"{"spot":\#(Self.source(spot)),"usdm":\#(Self.source(usdm))}"#
      authority = root.text("ca")
      accounts = (root["accounts"]?.elements ?? []).map { Account(name: $0.text("name"), entry: $0.text("entry")) }
    } catch {
      CrashProcess.kill(child)
      throw error
    }
  }

  private static func source(_ value: JSONValue) -> String { String(decoding: value.source, as: UTF8.self) }

  /// Its books, each object once.
  func dump() throws(CrashError) -> [JSONValue] {
    let asking = try ask(["sim", "dump", "--timeout", "60s", "-o", "jsonl"], output: "dump.jsonl")
    guard try CrashProcess.end(of: asking, "dump of the exchange", seconds: 60) == 0 else {
      throw CrashError("the exchange shows no books, see \(directory)/hand.log")
    }
    var objects: [JSONValue] = []
    for line in (CrashFiles.read(directory + "/dump.jsonl") ?? []).split(separator: 0x0A) {
      guard let object = (try? JSONReader.read(Array(line)))?.root else {
        throw CrashError("a line of a dump is no JSON")
      }
      objects.append(object)
    }
    return objects
  }

  /// `oms sim WORDS --venue`, waited for.
  func steer(_ words: [String]) throws(CrashError) {
    let asking = try startSteering(words)
    guard try CrashProcess.end(of: asking, "exchange to obey", seconds: 60) == 0 else {
      throw CrashError("the exchange does not obey 'sim \(words.joined(separator: " "))', see \(directory)/hand.log")
    }
  }

  /// The same, for whoever has other things to do meanwhile.
  func startSteering(_ words: [String]) throws(CrashError) -> ChildProcess {
    try ask(["sim"] + words + ["--timeout", "30s"], output: nil)
  }

  private func ask(_ words: [String], output: String?) throws(CrashError) -> ChildProcess {
    try CrashProcess.start(
      [program] + words + ["--venue", control], in: directory, log: "hand.log", output: output)
  }

  func end() throws(CrashError) {
    child.signal(SIGTERM)
    let status = try CrashProcess.end(of: child, "exchange", seconds: 60)
    guard status == 0 else { throw CrashError("the exchange ended with status \(status)") }
  }

  func kill() {
    guard CrashProcess.status(of: child) == nil else { return }
    CrashProcess.kill(child)
  }
}
