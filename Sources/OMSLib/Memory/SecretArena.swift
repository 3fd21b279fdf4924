internal import CCore

/// The place of one secret in its arena.
package struct SecretSlot: Hashable, Sendable, BitwiseCopyable {
  fileprivate let index: UInt32
}

/// Memory for keys, in slots of one size: locked, absent from dumps, zero in a forked child, between two pages that
/// nobody may touch. Has no description, cannot be copied, and is wiped when it goes away.
@safe package struct SecretArena: ~Copyable {
  private var arena: cc_secret_arena
  private var isTaken: [Bool]
  package let slotBytes: Int

  /// ENOMEM or EPERM: the limit on locked memory is too low. `allowUnlocked` takes the risk that keys reach the swap.
  package init(slotCount: Int, slotBytes: Int, allowUnlocked: Bool = false) throws(SystemError) {
    precondition(slotCount > 0 && slotCount <= 1 << 20, "an arena has 1 to 2^20 slots")
    precondition(slotBytes > 0 && slotBytes % 16 == 0 && slotBytes <= 1 << 16, "slots are multiples of 16 bytes")
    var arena = unsafe cc_secret_arena()
    let status = unsafe cc_secret_open(&arena, slotCount * slotBytes, allowUnlocked ? 1 : 0)
    guard status == 0 else { throw SystemError(errno: -status, call: "mlock") }
    unsafe self.arena = arena
    self.slotBytes = slotBytes
    isTaken = Array(repeating: false, count: slotCount)
  }

  deinit {
    var last = unsafe arena
    unsafe cc_secret_close(&last)
  }

  package var isLocked: Bool { unsafe arena.is_locked != 0 }

  /// A slot of zeros; `nil` when all are taken.
  package mutating func take() -> SecretSlot? {
    guard let index = isTaken.firstIndex(of: false) else { return nil }
    isTaken[index] = true
    return SecretSlot(index: UInt32(index))
  }

  /// Wipes the slot and lets the next secret have it.
  package mutating func giveBack(_ slot: SecretSlot) {
    unsafe cc_secret_wipe(address(slot), slotBytes)
    isTaken[Int(slot.index)] = false
  }

  /// Lends the bytes of a slot. What is copied out of them is the caller's to wipe.
  package func withBytes<R>(_ slot: SecretSlot, _ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    try unsafe body(UnsafeMutableRawBufferPointer(start: address(slot), count: slotBytes))
  }

  /// Whether the slot begins with `bytes`. The time tells nothing about where they differ.
  package func isEqual(_ slot: SecretSlot, _ bytes: UnsafeRawBufferPointer) -> Bool {
    precondition(bytes.count <= slotBytes, "a slot is shorter than what it is compared with")
    guard let other = bytes.baseAddress else { return true }
    return unsafe cc_secret_equal(address(slot), other, bytes.count) != 0
  }

  /// Overwrites bytes outside the arena that held a secret for a moment.
  package static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    unsafe cc_secret_wipe(base, bytes.count)
  }

  private func address(_ slot: SecretSlot) -> UnsafeMutableRawPointer {
    precondition(isTaken[Int(slot.index)], "a slot is used between take and give-back")
    guard let base = unsafe arena.base else { preconditionFailure("an arena has memory until it ends") }
    return unsafe base + Int(slot.index) * slotBytes
  }
}
