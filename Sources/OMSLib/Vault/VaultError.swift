/// Why a keystore, or what is to go into it, was refused. Says nothing of what is secret.
package enum VaultError: Error, Equatable, Sendable {
  case noKeystore(path: String)
  /// Another program's file, another version, cut or changed: what exactly.
  case damaged(path: String, String)
  case version(path: String, UInt32)
  /// The key does not open it. Whether the passphrase is wrong or the file was changed cannot be told, on purpose.
  case wrongKey
  /// A file or directory that others could read or have made.
  case exposed(path: String, String)
  case busy(path: String)
  case full
  case unknownName(String)
  /// What was handed in as a secret is none.
  case input(String)
  /// Locked memory could not be had.
  case memory(SystemError)
  /// The kernel has no keyring for this process.
  case noKeyring(errno: Int32)
  case system(SystemError)
  /// OpenSSL failed: its memory is not ours, or there is none left.
  case crypto
}
