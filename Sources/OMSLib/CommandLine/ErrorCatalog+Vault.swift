// What keeps secrets from being kept or used.

extension ErrorCatalog {
  static let vault = read(
    """
    auth.keyring 11
      The kernel has no keyring for this session, or does not let it be used.
      Give each command its passphrase: --passphrase-fd N, or the credential oms-keystore of systemd.
    auth.keystore 11
      An engine with live accounts could not open its keystore; the message says why.
      Try `oms vault list`; where that works, start the engine again.
    auth.keystore_damaged 11
      The file of the keystore was cut or changed, or is none; the message says what is wrong.
      Put a copy in its place, or move it away and make one anew with `oms vault init`.
    auth.keystore_exposed 11
      Others could read the keystore, or it is not yours.
      Give the file mode 0600 and its directory 0700, as `oms doctor --fix` does, and change keys that were seen.
    auth.keystore_full 11
      The keystore has as many secrets as it takes.
      Remove some with `oms vault rm`, or keep the rest in that of a second instance.
    auth.keystore_key 11
      The passphrase is not the one the keystore was made with, or the file was changed; the two cannot be told apart.
      Try again; if the passphrase is right, put a copy of the file in its place.
    auth.keystore_missing 11
      This instance has no keystore.
      Make one with `oms vault init`.
    auth.keystore_version 11
      The keystore was written by another version of the program.
      Use that version, or make one anew with `oms vault init`.
    auth.locked 11
      The keystore is locked, and no passphrase was given.
      Run `oms vault unlock`, say --passphrase-fd N, or hand over the credential oms-keystore of systemd.
    auth.locked_memory 11
      Secrets are held in memory that never reaches the swap, and the limit on such memory is too low.
      Raise it: `ulimit -l`, or LimitMEMLOCK= in a unit.
    auth.missing 11
      A live account's settings name a key that the keystore does not have, or that this build cannot use.
      Put it there with `oms vault put NAME`, or correct `key` in accounts.yaml.
    busy.keystore 17
      Another process changed the keystore at the same time, or changes it now.
      Try again.
    conflict.keystore 19
      There is a keystore already.
      See `oms vault status`; move the file away to begin anew.
    internal.crypto 1
      OpenSSL failed: out of memory, or used before its memory was ours.
      Try again; report it if it comes back.
    notfound.secret 18
      The keystore has no secret of that name.
      See `oms vault list`.
    usage.passphrase 2
      The passphrase is too short or too long, or the two that were typed differ.
      Type 8 bytes at least, twice the same.
    usage.secret 2
      What was given is no key and secret; the message says what is wrong, and never what it was.
      Write {"key":"...","secret":"..."}, the PEM of a key pair as its secret.
    """)
}
