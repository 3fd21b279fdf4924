import OMSLib

/// Lines of a file or of standard input, as they come.
struct LineSource {
  struct Line {
    let number: Int
    let bytes: [UInt8]
  }

  /// Longer lines are cut here: enough for the error to say that they are too long.
  private static let lineBytesMax = BatchLine.bytesMax + 1

  private let descriptor: Int32
  private var pending: [UInt8] = []
  /// Start of the first line that was not taken, and up to where there is no newline behind it.
  private var start = 0
  private var scanned = 0
  private var lineNumber = 0
  private var returned: [Line] = []
  private var hasEnded = false
  private var isWatched = false
  /// Whether readiness can be waited for; a regular file is always ready.
  private(set) var isWatchable = true

  init(path: String?) throws(ErrorObject) {
    guard let path else {
      descriptor = 0
      return
    }
    do {
      descriptor = try KernelFileSystem().open(path, .read).descriptor
    } catch {
      throw .usage("file", "\(path) cannot be read (errno \(error.errno))")
    }
  }

  var isAtEnd: Bool { hasEnded && start == pending.count && returned.isEmpty }

  /// The next complete line that is here already.
  mutating func take() -> Line? {
    if !returned.isEmpty { return returned.removeFirst() }
    if let end = pending[scanned...].firstIndex(of: 0x0A) {
      return cut(to: end, dropping: 1)
    }
    scanned = pending.count
    // The last line needs no newline.
    if hasEnded, start < pending.count { return cut(to: pending.count, dropping: 0) }
    return nil
  }

  private mutating func cut(to end: Int, dropping newline: Int) -> Line {
    lineNumber += 1
    let line = Line(number: lineNumber, bytes: Array(pending[start..<min(end, start + Self.lineBytesMax)]))
    start = end + newline
    scanned = start
    return line
  }

  /// Lines that were looked at and are to be taken again.
  mutating func giveBack(_ lines: [Line]) { returned = lines + returned }

  /// Reads what is there; waits if nothing is.
  mutating func fill() throws(ErrorObject) {
    do {
      let more = try DescriptorReader.read(descriptor, atMost: 1 << 16)
      if more.isEmpty { hasEnded = true }
      pending.removeFirst(start)
      scanned -= start
      start = 0
      pending.append(contentsOf: more)
    } catch {
      throw .io(error, "input")
    }
  }

  /// Waits for it beside the replies of the engine; `false` when that cannot be, as with a regular file.
  mutating func watch(_ client: inout ControlClient) -> Bool {
    if isWatched { return true }
    do {
      try client.watchInput(descriptor)
      isWatched = true
    } catch {
      isWatchable = false
    }
    return isWatchable
  }

  mutating func ignore(_ client: inout ControlClient) {
    guard isWatched else { return }
    client.ignoreInput(descriptor)
    isWatched = false
  }
}
