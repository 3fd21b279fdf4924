import OMSLib

/// What every `oms vault` command that touches a secret works with: the keystore's file, locked memory, and the ways to
/// the key. While it exists the process has no core dump and cannot be looked into.
struct VaultSession: ~Copyable {
  static let passphraseBytesMin = 8
  private static let passphraseBytesMax = 1_024
  /// The name of the passphrase among systemd's credentials.
  private static let credential = "oms-keystore"
  /// How long a writer waits for another without `--timeout`: that one writes a small file and waits for the disk.
  private static let patience: Int64 = 5_000_000_000

  let file: KeystoreFile
  /// The state of this session goes when it ends, and its keystore with it.
  let isThrownAway: Bool
  var desk: SecretDesk
  let random = SystemRandom()

  /// `directory`: where the keystore lies, instead of the state of the instance.
  init(_ context: borrowing CommandContext, directory: String? = nil) throws(ErrorObject) {
    if context.arguments.has("dry-run"), context.spec.effect == .acts { throw context.noDryRun }
    desk = try Self.concealedDesk()
    let directory = directory ?? context.paths.currentStateDirectory
    file = KeystoreFile(directory: directory)
    isThrownAway = KernelFileSystem().exists("\(directory)/../\(RunCommand.throwAwayMark)")
  }

  private static func concealedDesk() throws(ErrorObject) -> SecretDesk {
    do throws(VaultError) {
      try Concealment.begin()
      return try SecretDesk()
    } catch {
      throw ErrorObject(error)
    }
  }

  func read() throws(ErrorObject) -> Keystore {
    do { return try file.read() } catch { throw ErrorObject(error) }
  }

  // MARK: The key

  /// The proved key of `keystore`: from `--passphrase-fd`, the kernel's keyring, a credential of systemd, or a person.
  mutating func key(
    of keystore: Keystore, _ context: inout CommandContext, looksIntoKeyring: Bool = true
  ) throws(ErrorObject) -> SecretBytes {
    if looksIntoKeyring, !context.arguments.has("passphrase-fd"),
      let key = SessionKeyring.get(keystore.keyringName, desk: &desk)
    {
      return try proved(key, keystore)
    }
    guard case .passphrase(let cost) = keystore.origin else {
      throw ErrorObject(
        "auth.locked", .credentials, "the key of this throw-away keystore was in the kernel's keyring, and is gone")
    }
    guard let passphrase = try passphrase(&context, "passphrase of the keystore:") else { throw Self.locked }
    defer { desk.giveBack(passphrase) }
    let key: SecretBytes
    do throws(VaultError) {
      key = try Keystore.makeKey(passphrase, cost: cost, salt: keystore.salt, desk: &desk)
    } catch {
      throw ErrorObject(error)
    }
    return try proved(key, keystore)
  }

  private mutating func proved(_ key: SecretBytes, _ keystore: Keystore) throws(ErrorObject) -> SecretBytes {
    do { try keystore.prove(key, desk: &desk) } catch { throw ErrorObject(error) }
    return key
  }

  /// The key that is here without asking anybody; `nil` when the keystore is locked.
  mutating func keyAtHand(of keystore: Keystore) -> SecretBytes? {
    guard let key = SessionKeyring.get(keystore.keyringName, desk: &desk) else { return nil }
    return (try? keystore.prove(key, desk: &desk)) != nil ? key : nil
  }

  private static var locked: ErrorObject {
    ErrorObject(
      "auth.locked", .credentials, "the keystore is locked, and there is no passphrase",
      hint: "oms vault unlock at a terminal, --passphrase-fd N, or the credential \(credential) of systemd")
  }

  /// A passphrase of whoever has one; `nil` when nobody has.
  mutating func passphrase(
    _ context: inout CommandContext, _ question: String, isNew: Bool = false
  ) throws(ErrorObject) -> SecretBytes? {
    var passphrase: SecretBytes
    if let descriptor = context.arguments.integer("passphrase-fd") ?? Self.otherDescriptor(context) {
      passphrase = try all(of: Int32(descriptor))
    } else if let credential = try credential(context) {
      passphrase = credential
    } else if context.canAsk {
      passphrase = try ask(question, &context)
      if isNew {
        let again = try ask("the same again:", &context)
        guard desk.areEqual(passphrase, again) else {
          throw .usage("passphrase", "the two are not the same; nothing was done")
        }
        desk.giveBack(again)
      }
    } else {
      return nil
    }
    desk.dropLineBreak(&passphrase)
    let least = isNew ? Self.passphraseBytesMin : 1
    guard (least...Self.passphraseBytesMax).contains(passphrase.count) else {
      throw .usage("passphrase", "a passphrase has \(least) to \(Self.passphraseBytesMax) bytes")
    }
    return passphrase
  }

  /// `oms vault init` and `unlock` take no other secret: there `--from-fd` is the passphrase.
  private static func otherDescriptor(_ context: borrowing CommandContext) -> Int? {
    context.spec.name == "vault put" ? nil : context.arguments.integer("from-fd")
  }

  private mutating func credential(_ context: borrowing CommandContext) throws(ErrorObject) -> SecretBytes? {
    guard let directory = context.line.environment["CREDENTIALS_DIRECTORY"] else { return nil }
    let path = "\(directory)/\(Self.credential)"
    guard KernelFileSystem().exists(path) else { return nil }
    return try all(ofFile: path)
  }

  // MARK: Reading

  mutating func all(of descriptor: Int32) throws(ErrorObject) -> SecretBytes {
    do { return try desk.readAll(descriptor) } catch { throw ErrorObject(error) }
  }

  mutating func all(ofFile path: String) throws(ErrorObject) -> SecretBytes {
    let file: KernelFile
    do { file = try KernelFileSystem().open(path, .read) } catch { throw .io(error, path) }
    defer { try? KernelFileSystem().close(file) }
    return try all(of: file.descriptor)
  }

  /// Asks at the terminal, which shows nothing of what is typed.
  mutating func ask(_ question: String, _ context: inout CommandContext) throws(ErrorObject) -> SecretBytes {
    let signals = try context.signalSource()
    try context.clearProgress()
    let echo = Terminal.silence(0)
    defer { if let echo { Terminal.restore(0, echo) } }
    try context.errors.write("oms: \(question) ")
    try context.errors.flush()
    let typed = desk.readTyped(0, signals: signals)
    try context.errors.write("\n")
    try context.errors.flush()
    guard let typed else {
      throw ErrorObject("confirm.declined", .confirmation, "nothing was typed; nothing was done")
    }
    return typed
  }

  // MARK: Changing

  /// Replaces the keystore by what `change` makes of it, while no other process does.
  mutating func change(
    _ context: borrowing CommandContext,
    _ change: (Keystore?, inout SecretDesk) throws(VaultError) -> Keystore
  ) throws(ErrorObject) -> Keystore {
    let patience = context.line.timeout.flatMap { try? DurationText.parse($0) } ?? Self.patience
    let limit = context.clock.monotonic() + patience
    while true {
      do throws(VaultError) {
        return try file.exclusively { () throws(VaultError) in
          let changed = try change(file.isThere ? try file.read() : nil, &desk)
          try file.replace(with: changed)
          return changed
        }
      } catch {
        guard case .busy = error, context.clock.monotonic() < limit else { throw ErrorObject(error) }
        context.clock.pause(milliseconds: 10)
      }
    }
  }

  /// An empty keystore under a passphrase that is asked for, or handed over.
  mutating func makeSealed(_ context: inout CommandContext) throws(ErrorObject) -> (Keystore, SecretBytes) {
    guard let passphrase = try passphrase(&context, "a new passphrase for the keystore:", isNew: true) else {
      throw ErrorObject(
        "auth.locked", .credentials, "a keystore needs a passphrase, and there is nobody to ask",
        hint: "--passphrase-fd N, or the credential \(Self.credential) of systemd")
    }
    defer { desk.giveBack(passphrase) }
    do throws(VaultError) {
      let salt = try Keystore.makeSalt(random)
      let key = try Keystore.makeKey(passphrase, cost: .standard, salt: salt, desk: &desk)
      return (
        try Keystore.empty(origin: .passphrase(.standard), salt: salt, key: key, desk: &desk, random: random), key
      )
    } catch {
      throw ErrorObject(error)
    }
  }

  /// A keystore for a session that is thrown away: nobody has to remember its key, which only the kernel's keyring has.
  mutating func makeThrownAway(_ context: borrowing CommandContext) throws(ErrorObject) -> (Keystore, SecretBytes) {
    do throws(VaultError) {
      let key = try Keystore.makeRandomKey(desk: &desk, random: random)
      let salt = try Keystore.makeSalt(random)
      let new = try Keystore.empty(origin: .random, salt: salt, key: key, desk: &desk, random: random)
      // Longer than a session that is thrown away is used; the kernel keeps only so many keys.
      try SessionKeyring.put(key, under: new.keyringName, seconds: 7 * 86_400, desk: desk)
      return (new, key)
    } catch {
      throw ErrorObject(error)
    }
  }
}

extension CommandContext {
  var keystoreFile: KeystoreFile { KeystoreFile(directory: paths.currentStateDirectory) }
}

extension KeystoreEntry {
  /// The `secret` object: all that is ever shown of one.
  func object(at time: UTCTime) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "secret")
    json.member("v", 1)
    json.member("ts", time)
    json.member("name", name)
    json.member("backend", "keystore")
    json.member("kind", kind.word)
    Self.label("can_trade", canTrade, &json)
    Self.label("can_withdraw", canWithdraw, &json)
    json.member("added", added)
    json.endObject()
    return json.bytes
  }

  private static func label(_ name: StaticString, _ value: Bool?, _ json: inout JSONWriter) {
    if let value { json.member(name, value) } else { json.memberNull(name) }
  }
}

extension ErrorObject {
  init(_ error: VaultError) {
    switch error {
    case .noKeystore(let path):
      self.init(
        "auth.keystore_missing", .credentials, "there is no keystore at \(path)", hint: "make one: oms vault init")
    case .damaged(let path, let why):
      self.init(
        "auth.keystore_damaged", .credentials, "\(path): \(why)", hint: "put a copy in its place, or begin anew without"
      )
    case .version(let path, let version):
      self.init(
        "auth.keystore_version", .credentials, "\(path) is of version \(version), and this program reads version 1",
        hint: "use the program that wrote it")
    case .wrongKey:
      self.init(
        "auth.keystore_key", .credentials,
        "the keystore does not open: the passphrase is another one, or it was changed")
    case .exposed(let path, let why):
      self.init("auth.keystore_exposed", .credentials, "\(path): \(why)", hint: "oms doctor --fix")
    case .busy(let path):
      self.init("busy.keystore", .busy, "another process is changing \(path)", hint: "try again")
      retry = "after"
      retryAfterMilliseconds = 1_000
    case .full:
      self.init(
        "auth.keystore_full", .credentials, "the keystore has its \(Keystore.entryCountMax) entries",
        hint: "oms vault rm NAME")
    case .unknownName(let name):
      self.init("notfound.secret", .notFound, "the keystore has no '\(name)'", hint: "oms vault list")
    case .input(let why):
      self = .usage("secret", "what was given is not taken: \(why)", hint: #"write {"key":"...","secret":"..."}"#)
    case .memory(let error):
      self.init(
        "auth.locked_memory", .credentials, "memory for secrets cannot be locked (errno \(error.errno))",
        hint: "raise the limit on locked memory: ulimit -l, LimitMEMLOCK=")
    case .noKeyring(let errno):
      self.init(
        "auth.keyring", .credentials, "the kernel has no keyring for this session (errno \(errno))",
        hint: "give each command its passphrase: --passphrase-fd N, or the credential oms-keystore of systemd")
    case .system(let error): self = .io(error, "keystore")
    case .crypto: self.init("internal.crypto", .failure, "OpenSSL failed; it may be out of memory")
    }
  }
}
