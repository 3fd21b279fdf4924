/// Part of SEL: account names with `*` for any characters, as in `binance.sub*`.
package struct AccountPattern: Hashable, Sendable {
  private let text: [UInt8]

  package init(_ text: String) { self.text = Array(text.utf8) }

  /// Without a star it names one account.
  package var isName: Bool { !text.contains(UInt8(ascii: "*")) }

  package func matches(_ account: String) -> Bool {
    var name = Array(account.utf8)[...]
    var pattern = text[...]
    // The last star seen, and where the text it stands for ends so far: on a mismatch it takes one more character.
    var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
    while !name.isEmpty {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (name, pattern)
      } else if let wanted = pattern.first, wanted == name.first {
        pattern = pattern.dropFirst()
        name = name.dropFirst()
      } else if let last = retry {
        name = last.name.dropFirst()
        pattern = last.pattern
        retry = (name, pattern)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
