internal import CCore

/// An open file of the kernel.
package struct KernelFile: Hashable, Sendable, BitwiseCopyable {
  package let descriptor: Int32
  package init(descriptor: Int32) { self.descriptor = descriptor }
}

/// The machine's own files. Links are not followed at the last step of a path; new files are 0600, new directories 0700.
package struct KernelFileSystem: FileSystem, Sendable, BitwiseCopyable {
  package typealias File = KernelFile

  package init() {}

  package func open(_ path: String, _ options: FileOptions) throws(SystemError) -> KernelFile {
    precondition(!options.isDisjoint(with: [.read, .write]), "a file is opened to read or to write")
    let descriptor = unsafe cc_sys_open(path, options.rawValue, 0o600)
    try check(descriptor, "open(\(path))")
    return KernelFile(descriptor: descriptor)
  }

  package func close(_ file: KernelFile) throws(SystemError) {
    try check(cc_sys_close(file.descriptor), "close")
  }

  package func lock(_ file: KernelFile) throws(SystemError) {
    try check(cc_sys_lock(file.descriptor, 1), "flock")
  }

  package func read(
    _ file: KernelFile, into bytes: UnsafeMutableRawBufferPointer, at offset: Int64
  ) throws(SystemError) -> Int {
    precondition(offset >= 0, "a file has no bytes before its first")
    guard let base = bytes.baseAddress else { return 0 }
    var done = 0
    while done < bytes.count {
      let count = unsafe cc_sys_pread(file.descriptor, base + done, bytes.count - done, offset + Int64(done))
      try check(count, "pread")
      if count == 0 { break }
      done += Int(count)
    }
    return done
  }

  package func write(_ file: KernelFile, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
    precondition(offset >= 0, "a file has no bytes before its first")
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = unsafe cc_sys_pwrite(file.descriptor, base + done, bytes.count - done, offset + Int64(done))
      try check(count, "pwrite")
      // The kernel promises progress or an errno; a file that takes nothing would keep us here for ever.
      guard count > 0 else { throw SystemError(errno: ioError, call: "pwrite") }
      done += Int(count)
    }
  }

  package func synchronize(_ file: KernelFile) throws(SystemError) {
    try check(cc_sys_fdatasync(file.descriptor), "fdatasync")
  }

  package func synchronizeDirectory(_ path: String) throws(SystemError) {
    let flags = UInt32(cc_open_read | cc_open_directory)
    let descriptor = unsafe cc_sys_open(path, flags, 0)
    try check(descriptor, "open(\(path))")
    let synced = cc_sys_fsync(descriptor)
    let closed = cc_sys_close(descriptor)
    try check(synced, "fsync(\(path))")
    try check(closed, "close(\(path))")
  }

  package func truncate(_ file: KernelFile, to length: Int64) throws(SystemError) {
    try check(cc_sys_truncate(file.descriptor, length), "ftruncate")
  }

  package func allocate(_ file: KernelFile, to length: Int64) throws(SystemError) {
    try check(cc_sys_allocate(file.descriptor, length), "fallocate")
  }

  package func size(_ file: KernelFile) throws(SystemError) -> Int64 {
    var stat = cc_stat()
    try check(unsafe cc_sys_stat_descriptor(file.descriptor, &stat), "fstat")
    return stat.size
  }

  package func identity(_ file: KernelFile) throws(SystemError) -> FileIdentity {
    var stat = cc_stat()
    try check(unsafe cc_sys_stat_descriptor(file.descriptor, &stat), "fstat")
    return FileIdentity(device: stat.device, inode: stat.inode, size: stat.size, links: stat.links)
  }

  package func identity(path: String) throws(SystemError) -> FileIdentity {
    var stat = cc_stat()
    try check(unsafe cc_sys_stat_path(path, &stat), "stat(\(path))")
    return FileIdentity(device: stat.device, inode: stat.inode, size: stat.size, links: stat.links)
  }

  package func exists(_ path: String) -> Bool {
    var stat = cc_stat()
    return unsafe cc_sys_stat_path(path, &stat) == 0
  }

  package func rename(_ from: String, to: String) throws(SystemError) {
    try check(unsafe cc_sys_rename(from, to), "rename(\(from), \(to))")
  }

  package func remove(_ path: String) throws(SystemError) {
    try check(unsafe cc_sys_unlink(path), "unlink(\(path))")
  }

  package func makeDirectory(_ path: String) throws(SystemError) {
    try check(unsafe cc_sys_mkdir(path, 0o700), "mkdir(\(path))")
  }

  package func list(_ path: String) throws(SystemError) -> [String] {
    var capacity = 65_536
    while true {
      var names = [CChar](repeating: 0, count: capacity)
      let used = unsafe names.withUnsafeMutableBufferPointer {
        unsafe cc_sys_list(path, $0.baseAddress, $0.count)
      }
      if used == -Int64(tooSmall), capacity < 1 << 26 {
        capacity *= 4
        continue
      }
      try check(used, "list(\(path))")
      return names[..<Int(used)].split(separator: 0).map { name in
        String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }
}

/// EIO and ERANGE: numbers of the kernel's interface, which never change.
private let ioError: Int32 = 5
private let tooSmall: Int32 = 34

private func check<N: SignedInteger>(_ status: N, _ call: @autoclosure () -> String) throws(SystemError) {
  guard status >= 0 else { throw SystemError(errno: Int32(-status), call: call()) }
}
