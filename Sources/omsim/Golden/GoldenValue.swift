import OMSLib

/// An answer to a golden case, of the shape of its `expected`.
indirect enum GoldenValue {
  case null
  case bool(Bool)
  case text(String)
  /// The source text of a number.
  case number(String)
  case list([GoldenValue])
  case object([(String, GoldenValue)])

  static func money(_ value: Money?) -> GoldenValue { value.map { .text($0.decimalString) } ?? .null }
  static func integer(_ value: Int64) -> GoldenValue { .number(String(value)) }
  static func double(_ value: Double?) -> GoldenValue { value.map { .number(String($0)) } ?? .null }

  subscript(name: String) -> GoldenValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.0 == name }?.1
  }

  /// As text for messages and number comparison; `nil` for lists and objects.
  var scalar: String? {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .text(let text), .number(let text): text
    case .list, .object: nil
    }
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .bool(let value): json.bool(value)
    case .text(let text): json.string(text)
    case .number(let text): json.raw(text.utf8)
    case .list(let values):
      json.beginArray()
      for value in values { value.write(to: &json) }
      json.endArray()
    case .object(let members):
      json.beginObject()
      for (name, value) in members {
        json.name(data: name)
        value.write(to: &json)
      }
      json.endObject()
    }
  }
}

/// How an answer may differ from what is expected.
enum GoldenTolerance {
  case exact
  case text
  case decimal(Decimal)
  case approx(relative: Double, absolute: Double)
  case atLeast(slack: Double)
  /// Information, or a rule that no comparison of fields expresses.
  case ignore

  init(_ value: JSONValue) throws(GoldenError) {
    func number(_ name: String) -> Double {
      guard let member = value[name] else { return 0 }
      return Double(member.numberText ?? member.string ?? "0") ?? 0
    }
    switch value["mode"]?.string {
    case "exact": self = .exact
    case "text": self = .text
    case "approx": self = .approx(relative: number("rel"), absolute: number("abs"))
    case "at_least": self = .atLeast(slack: number("slack"))
    case "ignore", "rule": self = .ignore
    case "decimal":
      guard let bound = value["abs"], let decimal = Decimal(wire: bound.string ?? bound.numberText ?? "") else {
        throw GoldenError("tolerance 'decimal' has no 'abs'")
      }
      self = .decimal(decimal)
    case let mode: throw GoldenError("tolerance mode '\(mode ?? "none")' is unknown")
    }
  }
}

struct GoldenError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
