import OMSLib
import OMSVenue

/// The made-up keys of a served exchange, sealed in a keystore like those of a real one.
enum VenueKeystore {
  /// As `api_key_vault_path` calls the key of an account of that name.
  static func entryName(of credential: VenueCredential) -> String { "binance_\(credential.name)" }

  /// Puts the keys of all accounts into the keystore of a state directory, in place of what has their names there. One
  /// that is not there is made.
  static func write(
    _ credentials: [VenueCredential], into directory: String, _ context: inout CommandContext
  ) throws(ErrorObject) {
    var session = try VaultSession(context, directory: directory)
    let (keystore, key) = try session.file.isThere ? present(&session, &context) : made(&session, &context)
    let (random, now) = (session.random, context.now)
    _ = try session.change(context) { (current, desk) throws(VaultError) in
      var next = current ?? keystore
      guard next.salt == keystore.salt else { throw .busy(path: directory) }
      for credential in credentials {
        let (apiKey, secret) = (desk.take(copying: credential.key.utf8), desk.take(copying: credential.secret.utf8))
        defer {
          desk.giveBack(apiKey)
          desk.giveBack(secret)
        }
        let form = try SecretForm(.hmac, apiKey: apiKey, secret: secret, desk: desk)
        let entry = KeystoreEntry(
          name: entryName(of: credential), kind: .hmac, added: now, canTrade: true, canWithdraw: false)
        next = try next.putting(entry, form, key: key, desk: &desk, random: random)
      }
      return next
    }
    try context.say("\(credentials.count) keys are in \(session.file.path)")
  }

  private static func present(
    _ session: inout VaultSession, _ context: inout CommandContext
  ) throws(ErrorObject) -> (Keystore, SecretBytes) {
    let keystore = try session.read()
    return (keystore, try session.key(of: keystore, &context))
  }

  private static func made(
    _ session: inout VaultSession, _ context: inout CommandContext
  ) throws(ErrorObject) -> (Keystore, SecretBytes) {
    session.isThrownAway ? try session.makeThrownAway(context) : try session.makeSealed(&context)
  }
}
