/// One value of the configuration and where it comes from.
package struct SettingValue: Equatable, Sendable {
  /// With dots: `accounts.sim.main.mode`.
  package let key: String
  /// As it may be shown.
  package let text: String
  /// `nil`: no file says so.
  package let place: SourcePlace?
  /// As the file has it: what differs only in a secret differs all the same.
  private let source: String

  package init(key: String, text: String, place: SourcePlace?) {
    self.key = key
    self.text = text
    self.place = place
    source = text
  }

  private init(_ node: YAMLNode, _ words: [String], isList: Bool) {
    key = node.path
    place = node.place
    let shown = words.map { Self.masked($0, node.path) }.joined(separator: ", ")
    let whole = words.joined(separator: ", ")
    text = isList ? "[\(shown)]" : shown
    source = isList ? "[\(whole)]" : whole
  }

  /// `oms.yaml:3`, or `default`.
  package var origin: String { place.map { "\($0.file):\($0.line)" } ?? "default" }

  /// What stands below `node`, secrets masked. A list of plain words is one value.
  static func values(_ node: YAMLNode) -> [SettingValue] {
    switch node.content {
    case .probe: return []
    case .scalar(let text, _):
      return node.isAbsent ? [] : [SettingValue(node, [text], isList: false)]
    case .mapping(let entries): return entries.filter { $0.value.path != "version" }.flatMap { values($0.value) }
    case .sequence(let items):
      var words: [String] = []
      for item in items {
        guard case .scalar(let word, _) = item.content else { return items.flatMap(values) }
        words.append(word)
      }
      return [SettingValue(node, words, isList: true)]
    }
  }

  private static func masked(_ text: String, _ path: String) -> String {
    let key = path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
    // The address of a webhook is its password.
    let isContact = path.contains("emergency_contacts[") && key != "email"
    if isContact || SecretText.isSecretKey(key) || SecretText.isSecret(text) { return "***" }
    return text.contains("://") ? SecretText.withoutCredentials(text) : text
  }

  /// What differs between two lists that are sorted by key: values of `a` and `b`, `nil` where one has none.
  package static func differences(
    _ a: [SettingValue], _ b: [SettingValue]
  ) -> [(key: String, a: SettingValue?, b: SettingValue?)] {
    var found: [(key: String, a: SettingValue?, b: SettingValue?)] = []
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if j == b.count || (i < a.count && a[i].key.utf8.lexicographicallyPrecedes(b[j].key.utf8)) {
        found.append((a[i].key, a[i], nil))
        i += 1
      } else if i == a.count || a[i].key != b[j].key {
        found.append((b[j].key, nil, b[j]))
        j += 1
      } else {
        if a[i].source != b[j].source { found.append((a[i].key, a[i], b[j])) }
        i += 1
        j += 1
      }
    }
    return found
  }
}
