internal import CCore

/// The keystore's file and the two beside it: a lock that keeps writers apart, and the next file until it is whole.
package struct KeystoreFile: Sendable {
  package let directory: String
  package var path: String { directory + "/keystore" }

  private static let groupAndOthers: UInt32 = 0o077
  private static let ownerOnly: UInt32 = 0o600
  private static let formatMask: UInt32 = 0o170000
  private static let regular: UInt32 = 0o100000

  package init(directory: String) { self.directory = directory }

  package var isThere: Bool { KernelFileSystem().exists(path) }

  /// Reads it, if nobody else could have read or written it.
  package func read() throws(VaultError) -> Keystore {
    let files = KernelFileSystem()
    guard isThere else { throw .noKeystore(path: path) }
    try checkDirectory()
    let file: KernelFile
    do { file = try files.open(path, .read) } catch { throw .system(error) }
    defer { try? files.close(file) }
    let size = try checkFile(file)
    var bytes = [UInt8](repeating: 0, count: size)
    do throws(SystemError) {
      var failure: SystemError?
      var read = 0
      unsafe bytes.withUnsafeMutableBytes { room in
        do throws(SystemError) { read = try unsafe files.read(file, into: room, at: 0) } catch { failure = error }
      }
      if let failure { throw failure }
      bytes.removeLast(size - read)
    } catch {
      throw .system(error)
    }
    return try Keystore(reading: bytes, path: path)
  }

  /// Writes `keystore` in place of what is there. Old or new is found after a crash, never neither.
  package func replace(with keystore: Keystore) throws(VaultError) {
    try checkDirectory()
    let files = KernelFileSystem()
    let next = path + ".new"
    do throws(SystemError) {
      if files.exists(next) { try files.remove(next) }
      let file = try files.open(next, [.write, .create, .exclusive])
      var failure: SystemError?
      unsafe keystore.bytes.withUnsafeBytes { bytes in
        do throws(SystemError) {
          try unsafe files.write(file, bytes, at: 0)
          try files.synchronize(file)
        } catch { failure = error }
      }
      try files.close(file)
      if let failure { throw failure }
      try files.rename(next, to: path)
      try files.synchronizeDirectory(directory + "/.")
    } catch {
      throw .system(error)
    }
  }

  /// Runs `body` while no other process changes the keystore. `busy` when one does now.
  package func exclusively<R>(_ body: () throws(VaultError) -> R) throws(VaultError) -> R {
    let files = KernelFileSystem()
    let lock: KernelFile
    do throws(SystemError) {
      try ScratchFile.makeDirectories(directory)
      lock = try files.open(path + ".lock", [.write, .create])
    } catch {
      throw .system(error)
    }
    defer { try? files.close(lock) }
    let status = cc_sys_lock(lock.descriptor, 0)
    // EAGAIN
    if status == -11 { throw .busy(path: path) }
    guard status == 0 else { throw .system(SystemError(errno: -status, call: "flock")) }
    return try body()
  }

  private func checkDirectory() throws(VaultError) {
    var stat = cc_stat()
    // Behind a link to it: what counts is the directory itself.
    let status = unsafe cc_sys_stat_path(directory + "/.", &stat)
    guard status == 0 else { throw .system(SystemError(errno: -status, call: "stat")) }
    try checkOwner(stat, directory)
    guard stat.mode & Self.groupAndOthers == 0 else {
      throw .exposed(path: directory, "its mode is \(Self.octal(stat.mode)); make it 0700")
    }
  }

  private func checkFile(_ file: KernelFile) throws(VaultError) -> Int {
    var stat = cc_stat()
    let status = unsafe cc_sys_stat_descriptor(file.descriptor, &stat)
    guard status == 0 else { throw .system(SystemError(errno: -status, call: "fstat")) }
    guard stat.mode & Self.formatMask == Self.regular else { throw .exposed(path: path, "it is no regular file") }
    try checkOwner(stat, path)
    guard stat.mode & 0o7777 & ~Self.ownerOnly == 0 else {
      throw .exposed(path: path, "its mode is \(Self.octal(stat.mode)); make it 0600")
    }
    guard stat.links == 1 else { throw .exposed(path: path, "it has \(stat.links) names") }
    guard stat.size <= Keystore.bytesMax else { throw .damaged(path: path, "it has \(stat.size) bytes") }
    return Int(stat.size)
  }

  private func checkOwner(_ stat: cc_stat, _ path: String) throws(VaultError) {
    guard stat.owner == cc_sys_user_id() else { throw .exposed(path: path, "user \(stat.owner) owns it, not you") }
  }

  private static func octal(_ mode: UInt32) -> String { "0" + String(mode & 0o777, radix: 8) }
}
