internal import CCore

/// The kernel's keyring of the session: the key of an unlocked keystore lies there, in no file and in no process, until
/// it is locked or the session ends.
package enum SessionKeyring {
  /// `seconds` > 0: the kernel forgets it after that time.
  package static func put(
    _ key: SecretBytes, under name: String, seconds: UInt32 = 0, desk: borrowing SecretDesk
  ) throws(VaultError) {
    let status = unsafe desk.withBytes(key) { unsafe cc_keyring_put(name, $0.baseAddress, $0.count, seconds) }
    guard status == 0 else { throw .noKeyring(errno: -status) }
  }

  /// `nil` when there is none, or no keyring.
  package static func get(_ name: String, desk: inout SecretDesk) -> SecretBytes? {
    var key = desk.take()
    unsafe desk.fill(&key) { room in
      let got = unsafe cc_keyring_get(name, room.baseAddress, Sealing.keyBytes)
      return got == Int64(Sealing.keyBytes) ? Sealing.keyBytes : 0
    }
    if key.count > 0 { return key }
    desk.giveBack(key)
    return nil
  }

  /// `false` when there was none.
  package static func remove(_ name: String) -> Bool { unsafe cc_keyring_remove(name) == 0 }
}
