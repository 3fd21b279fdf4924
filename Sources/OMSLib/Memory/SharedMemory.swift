internal import CCore

/// A region of `/dev/shm` with a name, for this user only, unmapped when the value goes away.
///
/// The name stays until `unlink`: it outlives the value and the process, which is what it is for.
@safe package struct SharedMemory: ~Copyable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  package let descriptor: Int32

  private init(base: UnsafeMutableRawPointer, byteCount: Int, descriptor: Int32) {
    unsafe self.base = base
    self.byteCount = byteCount
    self.descriptor = descriptor
  }

  /// A new region of zero bytes, all its pages taken. A name that exists already is EEXIST, whoever made it.
  package static func create(name: String, byteCount: Int) throws(SystemError) -> SharedMemory {
    precondition(byteCount > 0, "a region has at least one byte")
    precondition(name.utf8.first == UInt8(ascii: "/") && !name.dropFirst().contains("/"), "a name is / and no other /")
    var base: UnsafeMutableRawPointer?
    var descriptor: Int32 = -1
    let status = unsafe cc_shm_create(name, byteCount, &base, &descriptor)
    guard status == 0, let base = unsafe base else { throw SystemError(errno: -status, call: "shm_create(\(name))") }
    return unsafe SharedMemory(base: base, byteCount: byteCount, descriptor: descriptor)
  }

  /// Maps a region that exists. EPERM: not this user's alone; ELOOP: the name is a link.
  package static func open(name: String) throws(SystemError) -> SharedMemory {
    var base: UnsafeMutableRawPointer?
    var byteCount = 0
    var descriptor: Int32 = -1
    let status = unsafe cc_shm_open(name, &byteCount, &base, &descriptor)
    guard status == 0, let base = unsafe base else { throw SystemError(errno: -status, call: "shm_open(\(name))") }
    return unsafe SharedMemory(base: base, byteCount: byteCount, descriptor: descriptor)
  }

  deinit { _ = unsafe cc_shm_unmap(base, byteCount, descriptor) }

  /// Whether the region still has its name. Somebody who tidies `/dev/shm` may have removed it.
  package func isNamed() -> Bool {
    var stat = cc_stat()
    return unsafe cc_sys_stat_descriptor(descriptor, &stat) == 0 && stat.links > 0
  }

  /// Removes the name. That it is gone already is what the caller wanted.
  package static func unlink(name: String) { _ = unsafe cc_shm_unlink(name) }
}
