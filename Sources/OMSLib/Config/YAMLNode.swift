/// One value of a configuration file, as written: a plain scalar keeps its source text, so that `0.10`, `no` and `0123`
/// mean what the schema says and nothing else.
package struct YAMLNode: Sendable {
  package enum Content: Sendable {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
    /// Not of a file: stands for any value while a reader is asked what it would read (`SettingLog`).
    case probe
  }

  package let content: Content
  package let place: SourcePlace
  /// The keys that lead here, with dots: `accounts.sim.main.mode`.
  package let path: String

  static func path(_ above: String, _ key: String) -> String { above.isEmpty ? key : "\(above).\(key)" }

  /// A key with nothing behind it: `accounts:`.
  package var isAbsent: Bool {
    if case .scalar("", isPlain: true) = content { true } else { false }
  }

  /// What it is, for messages.
  package var kindName: String {
    switch content {
    case .scalar: isAbsent ? "nothing" : "a value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .probe: "any value"
    }
  }
}

/// `key: value` of a mapping.
package struct YAMLEntry: Sendable {
  package let key: String
  package let keyPlace: SourcePlace
  package let value: YAMLNode
}
