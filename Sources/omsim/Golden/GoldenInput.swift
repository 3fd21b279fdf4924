import OMSLib

/// A case of a golden file, read by name. What is missing or of another form ends the case with an error.
struct GoldenInput {
  let value: JSONValue
  /// The whole file, for tables that stand beside the cases.
  let file: JSONValue

  func text(_ name: String) throws(GoldenError) -> String {
    guard let text = value[name]?.string else { throw GoldenError("input '\(name)' is no text") }
    return text
  }

  func optionalText(_ name: String) -> String? { value[name]?.string }

  func money(_ name: String) throws(GoldenError) -> Money { try Self.money(text(name), name) }

  func rate(_ name: String) throws(GoldenError) -> Rate { try Self.rate(text(name), name) }

  func rateList(_ name: String) throws(GoldenError) -> [Rate] {
    var result: [Rate] = []
    for element in list(name) { result.append(try Self.rate(element.string ?? "", name)) }
    return result
  }

  func decimal(_ name: String) throws(GoldenError) -> Decimal {
    guard let value = Decimal(wire: try text(name)) else { throw GoldenError("input '\(name)' is no decimal") }
    return value
  }

  func integer(_ name: String) throws(GoldenError) -> Int64 {
    guard let number: Int64 = value[name]?.integer() else { throw GoldenError("input '\(name)' is no whole number") }
    return number
  }

  func side(_ name: String = "side") throws(GoldenError) -> Side {
    switch try text(name) {
    case "buy", "long": .buy
    case "sell", "short": .sell
    case let other: throw GoldenError("side '\(other)' is unknown")
    }
  }

  func list(_ name: String) -> [JSONValue] { value[name]?.elements ?? [] }

  func inputs(_ name: String) -> [GoldenInput] { list(name).map { GoldenInput(value: $0, file: file) } }

  static func money(_ text: String, _ name: String) throws(GoldenError) -> Money {
    guard let value = Decimal(wire: text), let units = value.exactMantissa(scale: Money.decimals) else {
      throw GoldenError("input '\(name)' is no amount: '\(text)'")
    }
    return Money(units: units)
  }

  static func rate(_ text: String, _ name: String) throws(GoldenError) -> Rate {
    guard let value = Decimal(wire: text), let e8 = value.exactMantissa(scale: 8).flatMap({ Int64(exactly: $0) }) else {
      throw GoldenError("input '\(name)' is no rate: '\(text)'")
    }
    return Rate(e8: e8)
  }
}

/// What is `nil` only when an amount leaves its range.
func inRange<T>(_ value: T?) throws(GoldenError) -> T {
  guard let value else { throw GoldenError("an amount leaves its range") }
  return value
}
