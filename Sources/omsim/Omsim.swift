internal import Glibc
import OMSLib

/// `omsim golden DIRECTORY [--answers FILE]`: checks the numbers against golden vectors. The last line of the output is
/// `N passed, N failed`; the status is 1 when a case failed and 2 when the arguments or files cannot be read.
@main
enum Omsim {
  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    guard arguments.popFirst() == "golden" else {
      stop("usage: omsim golden DIRECTORY [--answers FILE]")
    }
    guard let directory = arguments.popFirst() else { stop("golden needs the directory of the vectors") }
    var answers: String?
    if arguments.popFirst() == "--answers" {
      guard let path = arguments.popFirst() else { stop("--answers needs a file") }
      answers = path
    }
    do {
      let count = try runGolden(directory: directory, answers: answers)
      print("\(count.passed) passed, \(count.failed) failed")
      exit(count.failed == 0 ? 0 : 1)
    } catch {
      stop("golden: \(error)")
    }
  }

  private static func stop(_ message: String) -> Never {
    var line = "omsim: error: \(message)\n"
    line.withUTF8 { _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}
