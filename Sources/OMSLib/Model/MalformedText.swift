/// A text that is not of its grammar: what was written, and what is wrong with it or what to write.
package struct MalformedText: Error, Equatable, Sendable, CustomStringConvertible {
  package let text: String
  package let rule: String

  package init(_ text: String, _ rule: String) {
    self.text = text
    self.rule = rule
  }

  package var description: String { "'\(text)' \(rule)" }
}
