internal import CCore

/// Reads from a descriptor that somebody else opened: standard input, a pipe.
package enum DescriptorReader {
  /// What is there, at most `count` bytes; empty at the end. Waits until there is something.
  package static func read(_ descriptor: Int32, atMost count: Int) throws(SystemError) -> [UInt8] {
    precondition(count > 0, "reading nothing cannot tell the end from a pause")
    var bytes = [UInt8](repeating: 0, count: count)
    let got = unsafe bytes.withUnsafeMutableBytes { unsafe cc_sys_read(descriptor, $0.baseAddress, $0.count) }
    guard got >= 0 else { throw SystemError(errno: Int32(-got), call: "read") }
    bytes.removeLast(count - Int(got))
    return bytes
  }
}

extension DescriptorReader {
  /// What is typed until Enter; `nil` at the end of the input, and when a signal comes first.
  package static func typedLine(_ descriptor: Int32, signals: Int32) -> String? {
    let poll = cc_poll_create()
    guard poll >= 0 else { return nil }
    defer { _ = cc_sys_close(poll) }
    guard cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), 1) == 0,
      cc_poll_watch(poll, signals, UInt32(cc_ready_read), 2) == 0
    else { return nil }
    var typed: [UInt8] = []
    while true {
      var report = cc_ready()
      guard unsafe cc_poll_wait(poll, &report, 1, -1) > 0 else { return nil }
      if report.token == 2 {
        let signal = cc_signal_next(signals)
        if signal == 0 || signal == 17 { continue }
        return nil
      }
      guard let bytes = try? read(descriptor, atMost: 1 << 12), !bytes.isEmpty else { return nil }
      typed += bytes
      guard let end = typed.firstIndex(of: 0x0A) else { continue }
      return String(decoding: typed[..<end], as: UTF8.self)
    }
  }
}

/// Which process this is.
package enum ProcessIdentity {
  package static var number: Int32 { cc_process_id() }
  package static var user: UInt32 { cc_process_user() }
}

/// Small files that a command writes whole.
package enum ScratchFile {
  /// Makes `directory` and what is missing above it, then the file.
  package static func write(_ bytes: [UInt8], to path: String, under directory: String) throws(SystemError) {
    let files = KernelFileSystem()
    try makeDirectories(directory)
    let file = try files.open(path, [.write, .create, .truncate])
    let outcome: Result<Void, SystemError> = unsafe bytes.withUnsafeBytes { raw in
      Result { () throws(SystemError) in
        try unsafe files.write(file, raw, at: 0)
        try files.synchronize(file)
      }
    }
    if case .failure(let error) = outcome {
      try? files.close(file)
      throw error
    }
    try files.close(file)
  }

  package static func makeDirectories(_ path: String) throws(SystemError) {
    let files = KernelFileSystem()
    guard !files.exists(path), path != "/", !path.isEmpty else { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeDirectories(String(path[..<slash])) }
    do {
      try files.makeDirectory(path)
    } catch {
      // Somebody else was quicker.
      guard error.errno == 17 else { throw error }
    }
  }
}
