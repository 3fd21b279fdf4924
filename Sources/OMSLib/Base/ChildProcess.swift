internal import CCore

/// A process that this one started.
package struct ChildProcess: Sendable, BitwiseCopyable {
  package let number: Int32

  /// Starts `words[0]`, looked for in the PATH, with the environment of this process changed by `variables`.
  package static func start(_ words: [String], with variables: [(String, String)]) throws(SystemError) -> ChildProcess {
    precondition(!words.isEmpty, "a command has at least its name")
    let environment = inherited(without: variables.map(\.0)) + variables.map { "\($0.0)=\($0.1)" }
    let number = unsafe withCStrings(words) { arguments in
      unsafe withCStrings(environment) { environment in
        unsafe cc_process_spawn(words[0], arguments, environment)
      }
    }
    guard number >= 0 else { throw SystemError(errno: -number, call: "spawn(\(words[0]))") }
    return ChildProcess(number: number)
  }

  /// Splits this process, which must still have one thread only; `nil` in the child.
  package static func split() throws(SystemError) -> ChildProcess? {
    let number = cc_process_fork()
    guard number >= 0 else { throw SystemError(errno: -number, call: "fork") }
    return number == 0 ? nil : ChildProcess(number: number)
  }

  /// The status a shell would report; `nil` while it runs, if not waited for.
  package func end(wait: Bool) throws(SystemError) -> UInt8? {
    var status: Int32 = 0
    let found = unsafe cc_process_wait(number, wait ? 1 : 0, &status)
    guard found >= 0 else { throw SystemError(errno: -found, call: "waitpid") }
    return found == 0 ? nil : UInt8(truncatingIfNeeded: status)
  }

  package func signal(_ signal: Int32) { _ = cc_process_signal(number, signal) }

  private static func withCStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
      offsets.append(bytes.count)
      bytes.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
      bytes.append(0)
    }
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      var pointers: [UnsafeMutablePointer<CChar>?] = unsafe offsets.map { offset in
        unsafe buffer.baseAddress.map { unsafe $0 + offset }
      }
      unsafe pointers.append(nil)
      return unsafe pointers.withUnsafeBufferPointer { list in
        guard let base = list.baseAddress else { preconditionFailure("the list has at least its end") }
        return unsafe body(base)
      }
    }
  }

  private static func inherited(without names: [String]) -> [String] {
    Environment.all.filter { line in !names.contains { line.hasPrefix($0 + "=") } }
  }
}

/// What a process does to itself before it goes on as another part of the program.
package enum ProcessRole {
  /// Leads a process group of its own, out of reach of the terminal's keys; with `session` a session of its own.
  package static func detach(session: Bool) throws(SystemError) {
    let status = cc_process_detach(session ? 1 : 0)
    guard status == 0 else { throw SystemError(errno: -status, call: "setsid") }
  }

  package static func silence(_ descriptor: Int32) { _ = cc_process_silence(descriptor) }

  package static func leave(_ status: UInt8) -> Never { cc_process_leave(Int32(status)) }
}
