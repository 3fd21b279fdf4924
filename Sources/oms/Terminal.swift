import Glibc
import OMSLib

/// What the three standard descriptors are connected to.
enum Terminal {
  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Columns of the terminal on `descriptor`; `nil` when it does not say.
  static func width(_ descriptor: Int32) -> Int? { size(descriptor).flatMap { $0.columns > 0 ? $0.columns : nil } }

  /// Stops the terminal from showing what is typed; what it was before comes back.
  static func silence(_ descriptor: Int32) -> termios? {
    var settings = termios()
    guard unsafe tcgetattr(descriptor, &settings) == 0 else { return nil }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    return unsafe tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 ? settings : nil
  }

  static func restore(_ descriptor: Int32, _ settings: termios) {
    var settings = settings
    _ = unsafe tcsetattr(descriptor, TCSADRAIN, &settings)
  }

  private static func size(_ descriptor: Int32) -> (rows: Int, columns: Int)? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// What shows output that is taller than the terminal: `OMS_PAGER`, else `PAGER`, else less; cat is none.
  static func pager(_ environment: Environment) -> OutputPager? {
    // Colours pass, and what fits after all stays on the screen.
    let command = environment["OMS_PAGER"] ?? environment["PAGER"] ?? "less -FRX"
    guard command != "cat", environment["TERM"] != "dumb", let rows = size(1)?.rows, rows > 1 else {
      return nil
    }
    return OutputPager(height: rows) { start(command) }
  }

  /// The command with its standard input at the other end of a pipe. Ctrl-C is the pager's from here on.
  private static func start(_ command: String) -> OutputPager.Running? {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let input = dup(0)
    dup2(ends[0], 0)
    let child = try? ChildProcess.start(["sh", "-c", command], with: [])
    if input >= 0 {
      dup2(input, 0)
      close(input)
    }
    close(ends[0])
    guard let child else {
      close(ends[1])
      return nil
    }
    _ = signal(SIGINT, SIG_IGN)
    let output = ends[1]
    return OutputPager.Running(descriptor: output) {
      close(output)
      _ = try? child.end(wait: true)
    }
  }
}

/// A reader that leaves shows as an error of the write instead of ending the process.
func ignoreBrokenPipes() {
  _ = signal(SIGPIPE, SIG_IGN)
}

func leave(with status: ExitStatus) -> Never {
  exit(Int32(status.rawValue))
}
