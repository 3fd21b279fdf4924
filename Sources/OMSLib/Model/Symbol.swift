/// What is traded, in the form `oms` prints: `BTC-USDT`, `BTC-USDT-PERP`, `BTC-USDT-261225`.
package struct Symbol: Hashable, Sendable, CustomStringConvertible {
  package enum Contract: Hashable, Sendable {
    case spot
    case perp
    /// Delivered on this day (UTC).
    case future(year: Int, month: Int, day: Int)
  }

  package let base: String
  package let quote: String
  package let contract: Contract

  package init(base: String, quote: String, contract: Contract = .spot) {
    self.base = base
    self.quote = quote
    self.contract = contract
  }

  /// `nil` when `text` is not of the canonical form.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
    guard text.utf8.count <= Text32.capacity, parts.count == 2 || parts.count == 3,
      parts[0].utf8.isAsset, parts[1].utf8.isAsset
    else { return nil }
    var contract = Contract.spot
    if parts.count == 3 {
      guard let found = parts[2] == "PERP" ? .perp : Symbol.delivery(parts[2].utf8) else { return nil }
      contract = found
    }
    self.init(base: String(parts[0]), quote: String(parts[1]), contract: contract)
  }

  package var instrumentClass: InstrumentClass {
    switch contract {
    case .spot: .spot
    case .perp: .perp
    case .future: .future
    }
  }

  package var description: String {
    switch contract {
    case .spot: return "\(base)-\(quote)"
    case .perp: return "\(base)-\(quote)-PERP"
    case .future(let year, let month, let day):
      return "\(base)-\(quote)-"
        + printed { (sink: inout ByteBuffer) in
          sink.append(decimal: UInt64(year % 100), width: 2)
          sink.append(decimal: UInt64(month), width: 2)
          sink.append(decimal: UInt64(day), width: 2)
        }
    }
  }

  /// `YYMMDD` of this century.
  private static func delivery(_ text: Substring.UTF8View) -> Contract? {
    guard text.count == 6, text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    let digits = text.map { Int($0 - 0x30) }
    let year = 2000 + digits[0] * 10 + digits[1]
    let month = digits[2] * 10 + digits[3]
    let day = digits[4] * 10 + digits[5]
    guard CivilTime(year: year, month: month, day: day).time != nil else { return nil }
    return .future(year: year, month: month, day: day)
  }
}

/// SYMBOL as somebody wrote it: canonical, with a slash, or a venue's own name; with a venue in front or without.
///
/// Which instrument is meant is decided where the instruments are known: `BTCUSDT` may be one of several, and what looks
/// canonical may be a venue's own name.
package struct SymbolText: Hashable, Sendable {
  package let venue: String?
  /// What stands behind the venue.
  package let name: String
  /// The canonical reading, if there is one.
  package let symbol: Symbol?

  package init(_ text: String) throws(MalformedText) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var name = text
    var venue: String?
    if parts.count == 2 {
      guard parts[0].utf8.isVenue else {
        throw MalformedText(text, "names no venue before ':'; write venue:BTC-USDT")
      }
      venue = String(parts[0])
      name = String(parts[1])
    }
    guard !name.isEmpty, name.utf8.count <= Text32.capacity,
      name.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2D || $0 == 0x2F || $0 == 0x5F || $0 == 0x2E })
    else { throw MalformedText(text, "is not a symbol; write BTC-USDT, BTC-USDT-PERP or BTC-USDT-261225") }
    self.venue = venue
    self.name = name
    let slashes = name.utf8.filter { $0 == 0x2F }.count
    guard slashes > 0 else {
      symbol = Symbol(name)
      return
    }
    guard slashes == 1, !name.utf8.contains(0x2D), let pair = Symbol(name.replacingSlash) else {
      throw MalformedText(text, "is not a symbol; write BTC/USDT or BTC-USDT")
    }
    symbol = pair
  }
}

/// ACCOUNT: `venue.name`.
package struct AccountName: Hashable, Sendable, CustomStringConvertible {
  package let venue: String
  package let name: String

  package init(_ text: String) throws(MalformedText) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= Text64.capacity, parts[0].utf8.isVenue, !parts[1].isEmpty,
      parts[1].utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x5F || $0 == 0x2D })
    else { throw MalformedText(text, "is not an account; write venue.name, as in sim.main") }
    venue = String(parts[0])
    name = String(parts[1])
  }

  package var description: String { "\(venue).\(name)" }
}

extension UInt8 {
  var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
  var isLowerLetter: Bool { self >= 0x61 && self <= 0x7A }
}

extension Collection<UInt8> {
  /// `[A-Z0-9]{1,16}`
  fileprivate var isAsset: Bool {
    !isEmpty && count <= 16 && allSatisfy { $0.isDigit || ($0 >= 0x41 && $0 <= 0x5A) }
  }

  /// `[a-z][a-z0-9_-]{0,30}`
  fileprivate var isVenue: Bool {
    guard let first, first.isLowerLetter, count <= 31 else { return false }
    return allSatisfy { $0.isLowerLetter || $0.isDigit || $0 == 0x5F || $0 == 0x2D }
  }
}

extension String {
  fileprivate var replacingSlash: String { String(map { $0 == "/" ? "-" : $0 }) }
}
