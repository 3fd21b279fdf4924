import OMSLib

extension FlagSpec {
  static var passphrase: FlagSpec {
    .value("passphrase-fd", .count, "N", "Read the passphrase from this descriptor, up to its end")
  }

  fileprivate static var otherPassphrase: FlagSpec { .value("from-fd", .count, "N", "The same as --passphrase-fd") }
}

/// Numbers of descriptors that a shell hands over; two flags do not read one.
func checkDescriptors(_ line: ParsedLine, _ flags: [String]) throws(ErrorObject) {
  var seen: [Int] = line.arguments.has("from-stdin") ? [0] : []
  for flag in flags {
    guard let number = line.arguments.integer(flag) else { continue }
    guard number == 0 || (3...1_023).contains(number) else {
      throw .usage("count", "--\(flag) \(number): a descriptor to read is 0, or 3 to 1023")
    }
    guard !seen.contains(number) else { throw .usage("argument", "two secrets cannot come from descriptor \(number)") }
    seen.append(number)
  }
}

/// `oms vault init`: an empty keystore.
struct VaultInitCommand: Command {
  static let spec = CommandSpec(
    "vault init", group: .administration, summary: "Make the keystore of an instance",
    details: """
      One file in the state directory, sealed with AES-256-GCM under a key that scrypt makes of a passphrase (8 bytes at \
      least). The passphrase is asked for twice, or read from a descriptor or the credential oms-keystore of systemd; \
      never from an argument or a variable. Without it what is in the file is lost.
      """,
    examples: [
      .init("oms vault init", "asks for a passphrase", needs: "a terminal"),
      .init("oms vault init --passphrase-fd 3 3< <(pass show oms)", "takes it from elsewhere", needs: "a passphrase"),
    ],
    flags: [.passphrase, .otherPassphrase], exits: [.credentials, .confirmation, .conflict],
    seeAlso: ["vault unlock", "vault put"], effect: .acts)

  init(_ line: ParsedLine) throws(ErrorObject) { try checkDescriptors(line, ["passphrase-fd", "from-fd"]) }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var session = try VaultSession(context)
    guard !session.file.isThere else { throw Self.isThere(session.file.path) }
    let (new, _) = try session.makeSealed(&context)
    do throws(VaultError) {
      var isLate = false
      try session.file.exclusively { () throws(VaultError) in
        isLate = session.file.isThere
        if !isLate { try session.file.replace(with: new) }
      }
      guard !isLate else { throw VaultError.busy(path: session.file.path) }
    } catch {
      throw ErrorObject(error)
    }
    try context.say("made \(session.file.path)")
    return .ok
  }

  private static func isThere(_ path: String) -> ErrorObject {
    ErrorObject("conflict.keystore", .conflict, "\(path) is there already", hint: "oms vault status")
  }
}

/// `oms vault unlock`: the key into the kernel's keyring.
struct VaultUnlockCommand: Command {
  static let spec = CommandSpec(
    "vault unlock", group: .administration, summary: "Open the keystore for the commands of this session",
    details: """
      The key (not the passphrase) lies in the kernel's keyring of the session until `oms vault lock`, the end of the \
      session, or --for. Where the kernel has no keyring the command says so and ends with 11.
      """,
    examples: [
      .init("oms vault unlock", "asks for the passphrase", needs: "a keystore and a terminal"),
      .init("oms vault unlock --for 8h", "for the working day", needs: "a keystore and a terminal"),
    ],
    flags: [.passphrase, .otherPassphrase, .value("for", .duration, nil, "Forget the key after that time")],
    exits: [.credentials, .confirmation], seeAlso: ["vault lock", "vault status"], effect: .acts)

  private let seconds: UInt32

  init(_ line: ParsedLine) throws(ErrorObject) {
    try checkDescriptors(line, ["passphrase-fd", "from-fd"])
    guard let time = line.arguments.duration("for") else {
      seconds = 0
      return
    }
    let whole = (time + 999_999_999) / 1_000_000_000
    guard (1...Int64(UInt32.max)).contains(whole) else { throw .usage("duration", "--for is a second or more") }
    seconds = UInt32(whole)
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var session = try VaultSession(context)
    let keystore = try session.read()
    let key = try session.key(of: keystore, &context, looksIntoKeyring: false)
    do throws(VaultError) {
      try SessionKeyring.put(key, under: keystore.keyringName, seconds: seconds, desk: session.desk)
    } catch {
      throw ErrorObject(error)
    }
    let count = keystore.entries.count
    try context.say(count == 1 ? "1 secret can be used" : "\(count) secrets can be used")
    return .ok
  }
}

/// `oms vault lock`: takes the key out of the keyring.
struct VaultLockCommand: Command {
  static let spec = CommandSpec(
    "vault lock", group: .administration, summary: "Close the keystore for this session",
    details: "Keys that an engine holds already go on signing.",
    examples: [.init("oms vault lock", "nobody in this session can use the secrets", needs: "a keystore")],
    exits: [.credentials], seeAlso: ["vault unlock"], effect: .acts)

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let session = try VaultSession(context)
    let wasOpen = SessionKeyring.remove(try session.read().keyringName)
    try context.say(wasOpen ? "locked" : "it was locked already")
    return .ok
  }
}

/// `oms vault list`: what there is, without what is secret.
struct VaultListCommand: Command {
  static let spec = CommandSpec(
    "vault list", group: .administration, summary: "List the secrets, without what is secret",
    details: "Needs no passphrase: names and kinds are not sealed, only protected against changes.",
    examples: [
      .init("oms vault list", "all of them", needs: "a keystore"),
      .init("oms vault list -o id", "the names alone", needs: "a keystore"),
    ],
    objects: ["secret"], exits: [.credentials], seeAlso: ["vault put", "vault rm"])

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let keystore: Keystore
    do { keystore = try context.keystoreFile.read() } catch { throw ErrorObject(error) }
    for entry in keystore.entries { try context.output.take(entry.object(at: context.now)) }
    return .ok
  }
}

/// `oms vault rm`: removes one.
struct VaultRemoveCommand: Command {
  static let spec = CommandSpec(
    "vault rm", group: .administration, summary: "Remove a secret from the keystore",
    examples: [
      .init("oms vault rm binance.old", "asks first", needs: "a keystore and a terminal"),
      .init("oms vault rm binance.old --yes -q", "from a script", needs: "an unlocked keystore"),
    ],
    arguments: [ArgumentSpec("NAME", .name, help: "Which secret")], flags: [.passphrase],
    exits: [.credentials, .confirmation, .busy, .notFound], seeAlso: ["vault list"], effect: .acts)

  private let name: String

  init(_ line: ParsedLine) throws(ErrorObject) {
    name = line.arguments.words[0]
    try checkDescriptors(line, ["passphrase-fd"])
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var session = try VaultSession(context)
    let keystore = try session.read()
    guard let entry = keystore.entry(named: name) else { throw ErrorObject(.unknownName(name)) }
    if !context.arguments.has("yes") {
      guard context.canAsk else {
        throw ErrorObject(
          "confirm.needed", .confirmation, "'\(name)' would be gone, and there is nobody to ask", hint: "say --yes")
      }
      try context.say("\(entry.kind.word) secret '\(name)', added \(entry.added.rfc3339)")
      try context.demandYes("remove it?")
    }
    let key = try session.key(of: keystore, &context)
    let random = session.random
    _ = try session.change(context) { (now, desk) throws(VaultError) in
      guard let now else { throw .unknownName(name) }
      return try now.removing(name, key: key, desk: &desk, random: random)
    }
    try context.say("removed '\(name)'")
    return .ok
  }
}

/// `oms vault status`: whether there is a keystore, and whether it is open.
struct VaultStatusCommand: Command {
  static let spec = CommandSpec(
    "vault status", group: .administration, summary: "Say whether the keystore is there and open",
    details: "0 if this session can use its secrets, 11 if it is locked or not there.",
    examples: [
      .init("oms vault status", "in words", needs: "a keystore"),
      .init("oms vault status -q || oms vault unlock", "as a test", needs: "a keystore and a terminal"),
    ],
    objects: ["keystore"], exits: [.credentials], seeAlso: ["vault unlock"])

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var session = try VaultSession(context)
    let keystore = session.file.isThere ? try session.read() : nil
    let key = keystore.flatMap { session.keyAtHand(of: $0) }
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "keystore")
    json.member("v", 1)
    json.member("ts", context.now)
    json.member("state", keystore == nil ? "none" : key == nil ? "locked" : "unlocked")
    json.member("path", session.file.path)
    json.member("secrets", keystore?.entries.count)
    json.member("generation", keystore?.generation)
    json.member("key", keystore.map { $0.origin == .random ? "random" : "scrypt" })
    json.member("thrown_away", session.isThrownAway)
    json.endObject()
    try context.output.take(json.bytes)
    return key == nil ? ExitStatus(.credentials) : .ok
  }
}

/// `oms vault put`: one secret into the keystore.
struct VaultPutCommand: Command {
  static let spec = CommandSpec(
    "vault put", group: .administration, summary: "Put the API key and the secret of an account into the keystore",
    details: """
      At a terminal both are asked for, and the terminal shows nothing of them. Otherwise they come as one JSON object, \
      {"key":"...","secret":"...","kind":"hmac"}; the kind may be left out, and the secret of an Ed25519 or RSA key is \
      its PEM. They pass through locked memory only and are printed by no command. The passphrase is asked for where \
      the keystore is locked. In a throw-away session (`oms run -- COMMAND`) the first one makes a keystore that is \
      thrown away too.
      """,
    examples: [
      .init("oms vault put binance.main", "asks for key and secret", needs: "a keystore and a terminal"),
      .init(
        #"printf '%s' '{"key":"k-demo","secret":"s-demo"}' | oms vault put binance.demo --from-stdin -q"#,
        "from another program", needs: "an unlocked keystore"),
      .init(
        "jq -n --rawfile k id --rawfile s key.pem '{key: ($k|rtrimstr(\"\\n\")), secret: $s}' | oms vault put a.b --from-stdin",
        "a pair of keys", needs: "a key in key.pem"),
    ],
    arguments: [ArgumentSpec("NAME", .name, help: "How accounts.yaml refers to it")],
    flags: [
      .toggle("from-stdin", "Read the object from standard input"),
      .value("from-fd", .count, "N", "Read the object from this descriptor, up to its end"),
      .value("from-file", .file, nil, "Read the object from a file"),
      .value(
        "kind", .choice(SecretKind.allCases.map(\.word)), nil, "How it signs", default: "what the secret looks like"),
      .passphrase,
    ],
    objects: ["secret"], exits: [.credentials, .confirmation, .busy],
    seeAlso: ["vault init", "vault list", "config check"], effect: .acts)

  private let name: String
  private let kind: SecretKind?

  init(_ line: ParsedLine) throws(ErrorObject) {
    name = line.arguments.words[0]
    kind = line.arguments.string("kind").flatMap { SecretKind(word: $0) }
    try checkDescriptors(line, ["from-fd", "passphrase-fd"])
    guard ["from-stdin", "from-fd", "from-file"].count(where: { line.arguments.has($0) }) <= 1 else {
      throw .usage("argument", "a secret comes from one place: --from-stdin, --from-fd or --from-file")
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    var session = try VaultSession(context)
    let isAsked = !["from-stdin", "from-fd", "from-file"].contains { context.arguments.has($0) }
    guard !isAsked || context.canAsk else {
      throw .usage(
        "argument", "there is no terminal to ask for the secret",
        hint: #"--from-stdin takes {"key":"...","secret":"..."}"#)
    }
    let makesOne = session.isThrownAway && !session.file.isThere
    let keystore: Keystore
    let key: SecretBytes
    if makesOne {
      (keystore, key) = try session.makeThrownAway(context)
      try context.say("this session is thrown away when it ends, and its keystore with it")
    } else {
      keystore = try session.read()
      try confirm(keystore, &context)
      key = try session.key(of: keystore, &context)
    }
    let form = try isAsked ? ask(&session, &context) : read(&session, context)
    let entry = KeystoreEntry(name: name, kind: form.kind, added: context.now)
    let random = session.random
    let mayReplace = keystore.entry(named: name) != nil
    _ = try session.change(context) { (now, desk) throws(VaultError) in
      let now = now ?? keystore
      // Made, or put by another process, since it was looked at: nobody agreed to its replacement.
      guard now.salt == keystore.salt, mayReplace || now.entry(named: name) == nil else {
        throw .busy(path: "the keystore")
      }
      return try now.putting(entry, form, key: key, desk: &desk, random: random)
    }
    try context.output.take(entry.object(at: context.now))
    return .ok
  }

  private func confirm(_ keystore: Keystore, _ context: inout CommandContext) throws(ErrorObject) {
    guard let old = keystore.entry(named: name), !context.arguments.has("yes") else { return }
    guard context.canAsk else {
      throw ErrorObject(
        "confirm.needed", .confirmation, "'\(name)' is there already, and there is nobody to ask", hint: "say --yes")
    }
    try context.say("'\(name)' is there already: \(old.kind.word), added \(old.added.rfc3339)")
    try context.demandYes("replace it?")
  }

  private func ask(_ session: inout VaultSession, _ context: inout CommandContext) throws(ErrorObject) -> SecretForm {
    let apiKey = try session.ask("API key of \(name):", &context)
    let secret = try session.ask("secret of \(name):", &context)
    do {
      return try SecretForm(kind, apiKey: apiKey, secret: secret, desk: session.desk)
    } catch {
      throw ErrorObject(error)
    }
  }

  private func read(
    _ session: inout VaultSession, _ context: borrowing CommandContext
  ) throws(ErrorObject) -> SecretForm {
    let input: SecretBytes
    if let path = context.arguments.string("from-file") {
      input = try session.all(ofFile: path)
    } else {
      input = try session.all(of: Int32(context.arguments.integer("from-fd") ?? 0))
    }
    do {
      return try SecretInput.read(input, kind: kind, desk: &session.desk)
    } catch {
      throw ErrorObject(error)
    }
  }
}
