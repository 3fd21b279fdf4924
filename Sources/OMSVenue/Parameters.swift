import OMSLib

/// The parameters of one request, read with the errors that the exchange answers.
struct Parameters: Sendable {
  var query: VenueQuery
  let product: VenueProduct

  private static let decimalRule = "^([0-9]{1,20})(\\\\.[0-9]{1,20})?$"
  private static let integerRule = "^[0-9]{1,20}$"
  static let spotIDRule = "^[a-zA-Z0-9-_]{1,36}$"
  static let futuresIDRule = "^[\\\\.A-Z\\\\:/a-z0-9_-]{1,36}$"
  /// Of an amount or a price: far above anything traded, far below what 128 bits of units hold.
  private static let amountMax: Int128 = 1_000_000_000_000_000

  static func missing(_ name: String) -> VenueError {
    VenueError(-1102, "Mandatory parameter '\(name)' was not sent, was empty/null, or malformed.")
  }

  static func illegal(_ name: String, _ rule: String) -> VenueError {
    VenueError(-1100, "Illegal characters found in parameter '\(name)'; legal range is '\(rule)'.")
  }

  static func notNeeded(_ name: String) -> VenueError {
    VenueError(-1106, "Parameter '\(name)' sent when not required.")
  }

  static func invalid(_ name: String) -> VenueError {
    VenueError(-1130, "Data sent for parameter '\(name)' is not valid.")
  }

  /// `nil` when it was not sent.
  func text(_ name: String) throws(VenueError) -> String? {
    guard let value = query[name] else { return nil }
    guard !value.isEmpty else { throw VenueError(-1105, "Parameter '\(name)' was empty.") }
    return value
  }

  func required(_ name: String) throws(VenueError) -> String {
    guard let value = query[name], !value.isEmpty else { throw Self.missing(name) }
    return value
  }

  func has(_ name: String) -> Bool { query[name].map { !$0.isEmpty } ?? false }

  func refuse(_ names: String...) throws(VenueError) {
    for name in names where has(name) { throw Self.notNeeded(name) }
  }

  func decimal(_ name: String) throws(VenueError) -> Decimal? {
    guard let value = try text(name) else { return nil }
    guard let decimal = Decimal(plain: value) ?? exponential(value), !decimal.isNegative else {
      throw Self.illegal(name, Self.decimalRule)
    }
    guard decimal.mantissa < Self.amountMax * Int128(PowerOfTen.unsigned(min(Int(decimal.scale), 20))) else {
      throw Self.illegal(name, Self.decimalRule)
    }
    return decimal
  }

  /// Numbers that a client's language wrote with an exponent, such as `1e-05`, are what they say.
  private func exponential(_ value: String) -> Decimal? {
    value.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") } ? Decimal(wire: value) : nil
  }

  func requiredDecimal(_ name: String) throws(VenueError) -> Decimal {
    guard has(name), let value = try decimal(name) else { throw Self.missing(name) }
    return value
  }

  func integer(_ name: String) throws(VenueError) -> Int64? {
    guard let value = try text(name) else { return nil }
    guard let number = Int64(value) else { throw Self.illegal(name, Self.integerRule) }
    return number
  }

  func requiredInteger(_ name: String) throws(VenueError) -> Int64 {
    guard has(name), let value = try integer(name) else { throw Self.missing(name) }
    return value
  }

  /// A time in milliseconds or microseconds, as nanoseconds.
  func time(_ name: String) throws(VenueError) -> UTCTime? {
    guard let number = try integer(name) else { return nil }
    guard number >= 0 else { throw Self.illegal(name, Self.integerRule) }
    return Self.time(number)
  }

  /// Milliseconds of this century have thirteen digits, microseconds sixteen.
  static func time(_ number: Int64) -> UTCTime {
    let isMicro = number >= 100_000_000_000_000
    let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: isMicro ? 1_000 : 1_000_000)
    return UTCTime(nanoseconds: overflow ? .max : nanoseconds)
  }

  func flag(_ name: String) throws(VenueError) -> Bool? {
    switch try text(name)?.lowercased() {
    case nil: nil
    case "true": true
    case "false": false
    default: throw Self.illegal(name, "true|false")
    }
  }

  /// One of a list of words, in upper case.
  func word(_ name: String, of words: [String], _ error: VenueError) throws(VenueError) -> String? {
    guard let value = try text(name) else { return nil }
    guard words.contains(value) else { throw error }
    return value
  }

  func limit(_ fallback: Int, most: Int) throws(VenueError) -> Int {
    guard let number = try integer("limit") else { return fallback }
    guard number > 0 else { throw Self.illegal("limit", Self.integerRule) }
    return min(Int(clamping: number), most)
  }

  /// A client's id for an order, a list or a cancel.
  func clientID(_ name: String) throws(VenueError) -> String? {
    guard let value = try text(name) else { return nil }
    guard Self.isClientID(value, product) else {
      throw Self.illegal(name, product == .spot ? Self.spotIDRule : Self.futuresIDRule)
    }
    return value
  }

  static func isClientID(_ value: String, _ product: VenueProduct) -> Bool {
    guard (1...36).contains(value.utf8.count) else { return false }
    return value.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"): product == .usdm
      default: false
      }
    }
  }

  /// What a signed request always may have, whatever it is about.
  private static let common: Set<String> = [
    "timestamp", "recvWindow", "signature", "apiKey", "returnRateLimits", "omitZeroBalances", "computeCommissionRates",
  ]

  /// The spot exchange reads every parameter, or refuses the request.
  func refuseUnknown(_ known: [String]) throws(VenueError) {
    let read = query.names.filter { known.contains($0) || Self.common.contains($0) }
    guard read.count == query.count else {
      throw VenueError(
        -1104, "Not all sent parameters were read; read '\(read.count)' parameter(s) but was sent '\(query.count)'.")
    }
  }
}
