internal import Glibc
import OMSLib

/// The simulator and the checks that need no engine around them.
@main
enum Omsim {
  static let usage = """
    usage: omsim simulate [--seeds N] [--from S] [--jobs J] [--without FAULT,..] [--twice] [--first]
           omsim run --seed N [--trace] [--without FAULT,..]
           omsim crash [--wire] [--points N] [--seed S] [--jobs J] [--keep DIR]
           omsim soak [--seconds N] [--rate N] [--accounts N] [--seed S] [--plain] [--keep DIR]
           omsim isolation [--pairs N] [--rate N] [--accounts N] [--seed S] [--keep DIR]
           omsim recovery [--times N] [--fault NAME] [--seed S] [--plain] [--keep DIR]
           omsim exchange --door NAME --state DIR [--seed N] [--speed realtime|Nx] [--config-dir DIR] [--ready-fd N]
           omsim engine --core N --loads N,.. --state DIR [--adopt]
           omsim golden DIRECTORY [--answers FILE]
           omsim vectors DIRECTORY
           omsim hotpath
           omsim websocket-echo --serve PORT | --connect ws://ADDRESS:PORT/PATH
    """

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do throws(UsageError) {
      switch arguments.first {
      case "simulate": try exit(SimulateCommand(arguments.dropFirst()).run())
      case "run": try exit(RunCommand(arguments.dropFirst()).run())
      case "crash": try exit(CrashCommand(arguments.dropFirst()).run())
      case "soak": try exit(SoakCommand(arguments.dropFirst()).run())
      case "isolation": try exit(IsolationCommand(arguments.dropFirst()).run())
      case "recovery":
        var command = try RecoveryCommand(arguments.dropFirst())
        try exit(command.run())
      case "exchange": try exit(ExchangeCommand(arguments.dropFirst()).run())
      case "engine": try exit(EngineCommand(arguments.dropFirst()).run())
      case "hotpath": try exit(HotpathCommand(arguments.dropFirst()).run())
      case "websocket-echo": try exit(WebSocketEchoCommand(arguments.dropFirst()).run())
      case "golden": try exit(golden(arguments.dropFirst()))
      case "vectors": try exit(vectors(arguments.dropFirst()))
      default: throw UsageError(message: usage)
      }
    } catch {
      stop(error.message)
    }
  }

  /// The last line of the output is `N passed, N failed`; the status is 1 when a case failed and 2 when the arguments or
  /// files cannot be read.
  private static func golden(_ rest: ArraySlice<String>) throws(UsageError) -> Int32 {
    var options = try Options(rest, flags: [], values: ["--answers"])
    guard let directory = options.takeOperand() else {
      throw UsageError(message: "golden needs the directory of the vectors")
    }
    do {
      let count = try runGolden(directory: directory, answers: options["--answers"])
      print("\(count.passed) passed, \(count.failed) failed")
      return count.failed == 0 ? 0 : 1
    } catch {
      throw UsageError(message: "golden: \(error)")
    }
  }

  /// As `golden` ends.
  private static func vectors(_ rest: ArraySlice<String>) throws(UsageError) -> Int32 {
    var options = try Options(rest, flags: [], values: [])
    guard let directory = options.takeOperand() else {
      throw UsageError(message: "vectors needs the directory of the vectors")
    }
    do {
      let count = try runVectors(directory: directory)
      print("\(count.passed) passed, \(count.failed) failed")
      return count.failed == 0 ? 0 : 1
    } catch {
      throw UsageError(message: "vectors: \(error)")
    }
  }

  private static func stop(_ message: String) -> Never {
    var line = "omsim: error: \(message)\n"
    line.withUTF8 { _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}

/// What is wrong with a command line, and what would be right.
struct UsageError: Error {
  var message: String
}

/// Options of one command: `--name` or `--name value`, in any order.
struct Options {
  private var values: [String: String] = [:]
  private var operands: [String] = []

  init(_ arguments: ArraySlice<String>, flags: [String], values names: [String]) throws(UsageError) {
    var rest = arguments
    while let argument = rest.popFirst() {
      if names.contains(argument) {
        guard let value = rest.popFirst() else { throw UsageError(message: "\(argument) needs a value") }
        values[argument] = value
      } else if flags.contains(argument) {
        values[argument] = ""
      } else if argument.hasPrefix("--") {
        throw UsageError(message: "unknown option \(argument)\n\(Omsim.usage)")
      } else {
        operands.append(argument)
      }
    }
  }

  subscript(name: String) -> String? { values[name] }
  func has(_ flag: String) -> Bool { values[flag] != nil }
  mutating func takeOperand() -> String? { operands.isEmpty ? nil : operands.removeFirst() }

  func number(_ name: String, or standard: UInt64) throws(UsageError) -> UInt64 {
    guard let text = values[name] else { return standard }
    guard let number = UInt64(text) else { throw UsageError(message: "\(name) '\(text)' is not a whole number") }
    return number
  }

  /// `--without a,b`: the faults that are switched off.
  func withoutFaults() throws(UsageError) -> [FaultKind] {
    guard let text = values["--without"] else { return [] }
    var kinds: [FaultKind] = []
    for name in text.split(separator: ",") {
      guard let kind = FaultKind(String(name)) else {
        let known = FaultKind.allCases.map { "\($0)" }.joined(separator: ", ")
        throw UsageError(message: "there is no fault '\(name)'; there are \(known)")
      }
      kinds.append(kind)
    }
    return kinds
  }
}
