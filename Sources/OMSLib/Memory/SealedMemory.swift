internal import CCore

/// Memory without a name that other processes get by descriptor. It can neither shrink nor grow, so nobody who holds it
/// can take bytes away under somebody else's feet.
@safe package struct SealedMemory: ~Copyable {
  package enum Access: Sendable {
    /// Others can only ever map it for reading.
    case clientsRead
    /// Others may write too: client rings.
    case clientsWrite
  }

  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What clients are handed.
  package let clientDescriptor: Int32
  private let descriptor: Int32

  /// Zero bytes, all pages taken.
  package init(label: String, byteCount: Int, access: Access) throws(SystemError) {
    precondition(byteCount > 0, "a region has at least one byte")
    var base: UnsafeMutableRawPointer?
    var descriptor: Int32 = -1
    var reader: Int32 = -1
    let status =
      access == .clientsRead
      ? unsafe cc_shm_anonymous(label, byteCount, &base, &descriptor, &reader)
      : unsafe cc_shm_anonymous(label, byteCount, &base, &descriptor, nil)
    guard status == 0, let base = unsafe base else { throw SystemError(errno: -status, call: "memfd_create(\(label))") }
    unsafe self.base = base
    self.byteCount = byteCount
    self.descriptor = descriptor
    self.clientDescriptor = access == .clientsRead ? reader : descriptor
  }

  deinit {
    if clientDescriptor != descriptor { _ = cc_sys_close(clientDescriptor) }
    _ = unsafe cc_shm_unmap(base, byteCount, descriptor)
  }
}

/// Sealed memory of another process. Owns the descriptor it was made from.
@safe package struct AttachedMemory: ~Copyable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let descriptor: Int32

  /// Maps `descriptor`. EPERM: it lacks the seals, so its owner could cut it under us.
  package init(takingDescriptor descriptor: Int32, writable: Bool) throws(SystemError) {
    var base: UnsafeMutableRawPointer?
    var byteCount = 0
    let status = unsafe cc_shm_attach(descriptor, writable ? 1 : 0, &byteCount, &base)
    guard status == 0, let base = unsafe base else {
      _ = cc_sys_close(descriptor)
      throw SystemError(errno: -status, call: "attach")
    }
    unsafe self.base = base
    self.byteCount = byteCount
    self.descriptor = descriptor
  }

  deinit { _ = unsafe cc_shm_unmap(base, byteCount, descriptor) }
}
