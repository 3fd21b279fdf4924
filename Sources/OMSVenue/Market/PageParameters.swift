import OMSLib

extension VenueError {
  static let invalidSymbol = VenueError(-1121, "Invalid symbol.")
  static let invalidInterval = VenueError(-1120, "Invalid interval.")
  static let badCombination = VenueError(-1128, "Combination of optional parameters invalid.")

  static func missing(_ parameter: String) -> VenueError {
    VenueError(-1102, "Mandatory parameter '\(parameter)' was not sent, was empty/null, or malformed.")
  }

  static func illegal(_ parameter: String, _ range: String) -> VenueError {
    VenueError(-1100, "Illegal characters found in parameter '\(parameter)'; legal range is '\(range)'.")
  }

  static func invalidValue(_ parameter: String) -> VenueError {
    VenueError(-1130, "Data sent for parameter '\(parameter)' is not valid.")
  }
}

/// The parameters of a public page, checked as they are read.
struct PageParameters {
  let query: VenueQuery
  let product: VenueProduct
  let symbols: [MarketSymbol]

  private static let symbolClass = #"[\w\-._&&[^a-z]]{1,50}"#
  private static let symbolRange = "^\(symbolClass)$"
  private static let symbolListRange = "^\\[(\"\(symbolClass)\"(,\"\(symbolClass)\"){0,}){0,1}\\]$"
  private static let symbolLengthMax = 50
  private static let integerRange = "^[0-9]{1,20}$"
  private static let integerLengthMax = 20

  /// Spot refuses what a page does not know; futures pass it over.
  init(
    _ query: VenueQuery, _ product: VenueProduct, known: [String], symbols: [MarketSymbol]
  ) throws(VenueError) {
    self.query = query
    self.product = product
    self.symbols = symbols.filter { $0.product == product }
    guard product == .spot else { return }
    let read = query.names.count { known.contains($0) }
    guard read == query.count else {
      if known.isEmpty {
        throw VenueError(-1101, "Too many parameters; expected '0' and received '\(query.count)'.")
      }
      throw VenueError(
        -1104, "Not all sent parameters were read; read '\(read)' parameter(s) but was sent '\(query.count)'.")
    }
  }

  func text(_ name: String) -> String? {
    guard let value = query[name], !value.isEmpty else { return nil }
    return value
  }

  // MARK: - Symbols

  func find(_ name: String, parameter: String = "symbol") throws(VenueError) -> MarketSymbol {
    if product == .spot {
      let isLegal =
        name.count <= Self.symbolLengthMax && !name.isEmpty
        && name.unicodeScalars.allSatisfy { scalar in
          !("a"..."z").contains(scalar)
            && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
              || "-._".unicodeScalars.contains(scalar))
        }
      guard isLegal else { throw .illegal(parameter, Self.symbolRange) }
    }
    let wanted = product == .usdm ? name.uppercased() : name
    guard let symbol = symbols.first(where: { $0.name == wanted }) else { throw .invalidSymbol }
    return symbol
  }

  func symbol(_ parameter: String = "symbol") throws(VenueError) -> MarketSymbol {
    guard let name = text(parameter) else { throw .missing(parameter) }
    return try find(name, parameter: parameter)
  }

  /// One where `symbol` names it, those of `symbols`, or `nil`: all.
  func choice() throws(VenueError) -> (symbols: [MarketSymbol], isOne: Bool)? {
    if let name = text("symbol") {
      if text("symbols") != nil { throw .badCombination }
      return ([try find(name)], true)
    }
    guard let list = text("symbols"), product == .spot else { return nil }
    var chosen: [MarketSymbol] = []
    for name in try Self.names(list) {
      let symbol = try find(name, parameter: "symbols")
      guard !chosen.contains(where: { $0.number == symbol.number }) else {
        throw VenueError(-1151, "Symbol is present multiple times in the list.")
      }
      chosen.append(symbol)
    }
    return (chosen, false)
  }

  /// The strings of a JSON array.
  static func names(_ list: String) throws(VenueError) -> [String] {
    let error = VenueError.illegal("symbols", symbolListRange)
    guard let document = try? JSONReader.read(list), document.root.isArray, document.root.count > 0 else { throw error }
    var names: [String] = []
    for element in document.root.elements {
      guard let name = element.string else { throw error }
      names.append(name)
    }
    return names
  }

  // MARK: - Numbers

  func integer(_ parameter: String) throws(VenueError) -> Int64? {
    guard let text = text(parameter) else { return nil }
    guard text.utf8.count <= Self.integerLengthMax, text.utf8.allSatisfy({ $0.isDigit }), let value = Int64(text) else {
      throw .illegal(parameter, Self.integerRange)
    }
    return value
  }

  /// More than the maximum gives the maximum.
  func limit(_ standard: Int, max: Int) throws(VenueError) -> Int {
    guard let value = try integer("limit") else { return standard }
    guard value > 0 else { throw .invalidValue("limit") }
    return Int(min(value, Int64(max)))
  }

  /// Milliseconds, or microseconds where the number is too large for them; nanoseconds come back.
  func time(_ parameter: String) throws(VenueError) -> Int64? {
    guard let value = try integer(parameter) else { return nil }
    let isMicro = value >= 100_000_000_000_000
    let (result, overflow) = value.multipliedReportingOverflow(by: isMicro ? 1_000 : 1_000_000)
    guard !overflow else { throw .invalidValue(parameter) }
    return result
  }

  /// Start and end of the time that is asked for.
  func times() throws(VenueError) -> (start: Int64?, end: Int64?) {
    let (start, end) = (try time("startTime"), try time("endTime"))
    if let start, let end, start > end {
      throw .badCombination
    }
    return (start, end)
  }

  func interval() throws(VenueError) -> KlineInterval {
    guard let text = text("interval") else { throw .missing("interval") }
    guard let interval = KlineInterval(rawValue: text), interval != .second1 || product == .spot else {
      throw .invalidInterval
    }
    return interval
  }

  /// `+8`, `-1:00`, `05:45`, in nanoseconds.
  func timeZone() throws(VenueError) -> Int64 {
    guard let text = text("timeZone") else { return 0 }
    guard let offset = Self.offset(text) else { throw .invalidValue("timeZone") }
    return offset
  }

  static func offset(_ text: String) -> Int64? {
    var rest = Substring(text)
    var sign: Int64 = 1
    if rest.hasPrefix("-") || rest.hasPrefix("+") {
      sign = rest.hasPrefix("-") ? -1 : 1
      rest = rest.dropFirst()
    }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy(\.isNumber) }),
      let hours = Int64(parts[0]), let minutes = parts.count == 2 ? Int64(parts[1]) : 0, minutes < 60
    else { return nil }
    let offset = sign * (hours * 60 + minutes) * KlineInterval.minute
    guard offset >= -12 * KlineInterval.hour, offset <= 14 * KlineInterval.hour else { return nil }
    return offset
  }
}
