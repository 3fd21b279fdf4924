/// A mapping being taken apart: hands out values by key and, at the end, reports the keys nobody asked for.
struct SettingFields {
  let place: SourcePlace
  private let path: String
  private let isProbe: Bool
  private let entries: [YAMLEntry]
  private var known: [String] = []

  /// An empty mapping when `node` is absent; reports anything else that is not a mapping.
  init(_ node: YAMLNode, problems: inout ProblemList) {
    place = node.place
    path = node.path
    isProbe = problems.describes(node, .mapping)
    if isProbe {
      entries = []
      return
    }
    if case .mapping(let entries) = node.content {
      self.entries = entries
      return
    }
    entries = []
    if !node.isAbsent {
      problems.error("config.type", at: node.place, "\(node.kindName) where 'key: value' belongs")
    }
  }

  /// The value of `key`; `nil` when it is not there or has nothing behind it.
  mutating func take(_ key: String) -> YAMLNode? {
    known.append(key)
    if isProbe { return .probe(path, key, place) }
    guard let entry = entries.first(where: { $0.key == key }), !entry.value.isAbsent else { return nil }
    return entry.value
  }

  /// The mapping under `key`; where defaults are being told, an empty one when it is not there.
  mutating func section(_ key: String, _ problems: inout ProblemList) -> YAMLNode? {
    if let node = take(key) { return node }
    return problems.log == nil
      ? nil : YAMLNode(content: .mapping([]), place: place, path: YAMLNode.path(path, key))
  }

  /// The entries of a mapping whose keys are names. Nothing is left to report afterwards.
  consuming func all() -> [YAMLEntry] {
    isProbe ? [YAMLEntry(key: "*", keyPlace: place, value: .probe(path, "*", place))] : entries
  }

  /// Writes down what `key` is when no file says otherwise.
  func tellDefault(_ key: String, _ value: String?, _ problems: inout ProblemList) {
    problems.log?.tellDefault(YAMLNode.path(path, key), value)
  }

  /// Reports every key that was not taken.
  consuming func finish(_ problems: inout ProblemList) {
    if isProbe { problems.log?.close(path) }
    for entry in entries where !known.contains(entry.key) {
      if SecretText.isSecretKey(entry.key) {
        problems.error("config.secret", at: entry.keyPlace, SecretText.advice)
        continue
      }
      let near = Spelling.nearest(to: entry.key, among: known).map { "; did you mean '\($0)'?" }
      let choices = known.isEmpty ? "" : "; known here: " + known.sorted().joined(separator: ", ")
      problems.error("config.key", at: entry.keyPlace, "unknown key '\(entry.key)'" + (near ?? choices))
    }
  }
}

/// What must not stand in a file.
enum SecretText {
  static let advice = "this looks like a secret; store it with `oms vault put` and refer to it"

  private static let keys = [
    "api_key", "apikey", "api_secret", "apisecret", "secret", "secret_key", "private_key", "passphrase", "password",
    "token", "access_key",
  ]

  static func isSecretKey(_ key: String) -> Bool { keys.contains(key.lowercased()) }

  /// Keys of exchanges are 32 to 64 letters and digits without a word in them; names of secrets are not.
  static func isSecret(_ text: String) -> Bool {
    guard text.utf8.count >= 32 else { return false }
    var digits = 0
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39: digits += 1
      case 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D: break
      default: return false
      }
    }
    return digits >= 4
  }

  /// `nats://user:secret@host` without what stands before the `@`, and without a query.
  static func withoutCredentials(_ address: String) -> String {
    let plain = address.prefix { $0 != "?" }
    // The path behind it may hold an `@` of its own; then less is shown than could be.
    guard let at = plain.lastIndex(of: "@"), let slash = plain[..<at].lastIndex(of: "/") else { return String(plain) }
    return String(plain[...slash]) + plain[plain.index(after: at)...]
  }
}
