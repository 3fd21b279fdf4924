/// One value of a configuration file, as written: a plain scalar keeps its source text, so that `0.10`, `no` and `0123`
/// mean what the schema says and nothing else.
package struct YAMLNode: Sendable {
  package enum Content: Sendable {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  package let content: Content
  package let place: SourcePlace

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
    }
  }
}

/// `key: value` of a mapping.
package struct YAMLEntry: Sendable {
  package let key: String
  package let keyPlace: SourcePlace
  package let value: YAMLNode
}
