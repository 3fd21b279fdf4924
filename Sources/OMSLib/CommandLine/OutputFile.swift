internal import CCore

/// What takes over output that is taller than the terminal.
package struct OutputPager {
  package struct Running {
    let descriptor: Int32
    /// Ends the input and waits until the person has seen enough.
    let finish: () -> Void

    package init(descriptor: Int32, finish: @escaping () -> Void) {
      self.descriptor = descriptor
      self.finish = finish
    }
  }

  /// Lines of the terminal.
  let height: Int
  /// `nil` when it cannot be started.
  let start: () -> Running?

  package init(height: Int, start: @escaping () -> Running?) {
    self.height = height
    self.start = start
  }
}

/// Standard output or standard error: bytes collect here and leave in large writes.
///
/// A reader that went away is remembered and not an error; every other failure is.
package struct OutputFile: ~Copyable {
  private static let flushBytes = 1 << 16

  private var pending = ByteBuffer(capacity: 4096)
  /// Negative: keeps everything, for tests.
  private var descriptor: Int32
  /// As long as it is not known whether the output is taller than the terminal.
  private var pager: OutputPager?
  private var running: OutputPager.Running?
  /// The reader of the pipe has gone: nothing is written any more.
  package private(set) var isClosed = false

  package init(descriptor: Int32, pager: OutputPager? = nil) {
    self.descriptor = descriptor
    self.pager = pager
  }

  /// Keeps what is written instead of writing it.
  package static func capturing() -> OutputFile { OutputFile(descriptor: -1) }

  /// What a capturing file holds.
  package var captured: String { borrowing get { pending.text } }

  package mutating func write(_ bytes: some Collection<UInt8>) throws(ErrorObject) {
    pending.append(bytes: bytes)
    if pending.count >= Self.flushBytes { try flush() }
  }

  package mutating func write(_ text: String) throws(ErrorObject) { try write(text.utf8) }

  package mutating func newline() { pending.append(0x0A) }

  package mutating func flush() throws(ErrorObject) {
    guard descriptor >= 0, !pending.isEmpty else { return }
    if let pager {
      guard pending.bytes.count(where: { $0 == 0x0A }) >= pager.height else { return }
      self.pager = nil
      running = pager.start()
      if let running { descriptor = running.descriptor }
    }
    let target = descriptor
    let failure: Int32 = unsafe pending.withBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        guard let base = bytes.baseAddress else { return 0 }
        let written = unsafe cc_sys_write(target, base + offset, bytes.count - offset)
        if written < 0 { return Int32(-written) }
        offset += Int(written)
      }
      return 0
    }
    pending.removeAll()
    if failure == 0 { return }
    if failure == SystemError.brokenPipe {
      isClosed = true
      return
    }
    throw .io(SystemError(errno: failure, call: "write"), "standard output")
  }

  /// Nothing more comes: what was held back leaves, and a pager is waited for.
  package mutating func close() throws(ErrorObject) {
    try flush()
    pager = nil
    try flush()
    running?.finish()
    running = nil
  }
}

extension SystemError {
  package static let brokenPipe: Int32 = 32
}
