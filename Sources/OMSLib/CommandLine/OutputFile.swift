internal import CCore

/// Standard output or standard error: bytes collect here and leave in large writes.
///
/// A reader that went away is remembered and not an error; every other failure is.
package struct OutputFile: ~Copyable {
  private static let flushBytes = 1 << 16

  private var pending = ByteBuffer(capacity: 4096)
  /// Negative: keeps everything, for tests.
  private let descriptor: Int32
  /// The reader of the pipe has gone: nothing is written any more.
  package private(set) var isClosed = false

  package init(descriptor: Int32) { self.descriptor = descriptor }

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
}

extension SystemError {
  package static let brokenPipe: Int32 = 32
}
