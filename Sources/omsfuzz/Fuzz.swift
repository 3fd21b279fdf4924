import Glibc
import OMSLib

/// `omsfuzz TARGET [OPTION...]`: one reader of foreign bytes under libFuzzer. Built by `make fuzz` only.
///
/// A target reads whatever bytes it is given and traps when it breaks its promise: it must end, never crash, and agree
/// with itself.
@main
enum Fuzz {
  static func main() {
    guard CommandLine.arguments.count > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
      print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
      exit(2)
    }
    unsafe target = chosen
    // libFuzzer takes the arguments behind the name of the target.
    var count = CommandLine.argc - 1
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
    exit(
      unsafe runFuzzer(&count, &arguments) { bytes, count in
        let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        unsafe Fuzz.target.read(input)
        return 0
      })
  }

  // Written once, before the first input is read.
  nonisolated(unsafe) private static var target = FuzzTarget.configuration
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
