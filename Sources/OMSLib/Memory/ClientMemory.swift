internal import CCore

/// The memory of one granted ring and the descriptor that its client rings by, as the engine holds them.
///
/// The client may write anywhere in it at any time: positions and constants in there are never read back.
@safe package struct ClientMemory: ~Copyable {
  private let memory: SealedMemory
  /// An eventfd. Nobody here ever reads it.
  package let bell: Int32

  private init(_ memory: consuming SealedMemory, bell: Int32) {
    self.memory = memory
    self.bell = bell
  }

  /// All pages taken, both rings empty.
  package static func make(
    role: String, tag: String, epoch: UInt64, lastSequence: UInt64
  ) throws(SystemError) -> ClientMemory {
    precondition(role.utf8.count <= Limits.roleNameBytes && tag.utf8.count <= 8, "names fit the first page")
    let memory = try SealedMemory(label: "oms-ring", byteCount: cc_client_bytes(), access: .clientsWrite)
    unsafe commands.create(unsafeAt: memory.base + cc_client_commands_offset())
    unsafe replies.create(unsafeAt: memory.base + cc_client_replies_offset())
    let status = unsafe cc_client_init(memory.base, role, tag, epoch, lastSequence)
    guard status == 0 else { throw SystemError(errno: -status, call: "/proc/self/stat") }
    let bell = cc_event_create()
    guard bell >= 0 else { throw SystemError(errno: -bell, call: "eventfd") }
    return ClientMemory(memory, bell: bell)
  }

  deinit { _ = cc_sys_close(bell) }

  static let commands = RingLayout<cc_command>(capacity: Int(CC_CLIENT_SLOTS))
  static let replies = RingLayout<cc_reply>(capacity: Int(CC_CLIENT_SLOTS))

  /// What the client is handed.
  package var descriptor: Int32 { memory.clientDescriptor }
  package var base: UnsafeMutableRawPointer { unsafe memory.base }
}
