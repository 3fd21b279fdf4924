/// What one stable error code means: why it comes, and what to do about it.
package struct ErrorMeaning: Sendable {
  package let code: String
  package let exit: ExitCode
  package let cause: String
  package let action: String
}

/// Every error code that the program can produce. A test reads the sources and compares.
package enum ErrorCatalog {
  package static let all: [ErrorMeaning] = (client + configuration + engine + orders + vault).sorted {
    $0.code < $1.code
  }

  /// Codes of failed system calls carry the name of the call; one entry stands for all of them.
  package static let systemCalls = ErrorMeaning(
    code: "io.CALL", exit: .failure,
    cause: "A system call failed: the code names the call, the message what it was for and the kernel's number.",
    action: "Look the number up with `errno N`; free the disk, fix the mode or raise the limit, then repeat.")

  package static func meaning(of code: String) -> ErrorMeaning? {
    if let found = all.first(where: { $0.code == code }) { return found }
    return code == systemCalls.code ? systemCalls : nil
  }

  /// Rows of three lines: code and exit, cause, action.
  static func read(_ text: String) -> [ErrorMeaning] {
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    precondition(lines.count % 3 == 0, "an error has three lines")
    return stride(from: 0, to: lines.count, by: 3).map { row in
      let head = lines[row].split(separator: " ")
      guard head.count == 2, let number = UInt8(head[1]), let exit = ExitCode(rawValue: number) else {
        preconditionFailure("'\(lines[row])' is not CODE EXIT")
      }
      return ErrorMeaning(
        code: String(head[0]), exit: exit, cause: String(lines[row + 1]), action: String(lines[row + 2]))
    }
  }
}
