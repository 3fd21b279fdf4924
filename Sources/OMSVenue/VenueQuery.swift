/// The parameters of one request: those of the query string, then those of a form body. What stands twice counts as it
/// stands first.
package struct VenueQuery: Sendable {
  /// More parameters than any request has.
  private static let countMax = 128

  package enum Fault: Error, Equatable, Sendable {
    case tooMany
    /// A `%` without two hexadecimal digits behind it, or bytes that are not UTF-8.
    case badEncoding(String)
  }

  private var pairs: [(name: String, value: String)] = []

  package init() {}

  package init(query: some StringProtocol, body: some Collection<UInt8> = EmptyCollection()) throws(Fault) {
    try add(Array(query.utf8))
    try add(Array(body))
  }

  package var count: Int { pairs.count }
  package var names: [String] { pairs.map(\.name) }

  package subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

  /// All values of a name that may be repeated.
  package func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  package mutating func set(_ name: String, _ value: String) {
    if let place = pairs.firstIndex(where: { $0.name == name }) {
      pairs[place].value = value
    } else {
      pairs.append((name, value))
    }
  }

  private mutating func add(_ text: [UInt8]) throws(Fault) {
    for part in text.split(separator: UInt8(ascii: "&")) {
      guard pairs.count < Self.countMax else { throw .tooMany }
      let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      pairs.append((try Self.decoded(sides[0]), sides.count > 1 ? try Self.decoded(sides[1]) : ""))
    }
  }

  private static func decoded(_ source: ArraySlice<UInt8>) throws(Fault) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count)
    var index = source.startIndex
    while index < source.endIndex {
      let byte = source[index]
      index += 1
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard index + 1 < source.endIndex, let high = digit(source[index]), let low = digit(source[index + 1]) else {
          throw .badEncoding(String(decoding: source, as: UTF8.self))
        }
        bytes.append(high << 4 | low)
        index += 2
      default: bytes.append(byte)
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badEncoding(String(decoding: source, as: UTF8.self))
    }
    return text
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
