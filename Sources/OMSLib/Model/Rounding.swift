/// Which neighbour an inexact result goes to. Every place that can lose a digit names one.
package enum Rounding: UInt8, Sendable, CaseIterable {
  /// To minus infinity.
  case floor = 1
  /// To plus infinity.
  case ceil = 2
  /// To the nearest, ties to the even neighbour.
  case halfEven = 3
  /// To the nearest, ties away from zero.
  case halfUp = 4
  /// To zero.
  case truncate = 5

  /// Whether a magnitude grows by one unit, for a quotient `magnitude` that left `remainder` of `divisor`.
  @inline(__always)
  func roundsAway(isNegative: Bool, isOdd: Bool, remainder: UInt128, divisor: UInt128) -> Bool {
    guard remainder != 0 else { return false }
    switch self {
    case .floor: return isNegative
    case .ceil: return !isNegative
    case .truncate: return false
    case .halfUp: return remainder >= divisor - remainder
    case .halfEven:
      let rest = divisor - remainder
      return remainder > rest || (remainder == rest && isOdd)
    }
  }
}

/// Why a number could not be made.
package enum NumberError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The exact result does not fit its type.
  case overflow
  case divisionByZero
  /// `text` is no number; `rule` says what is wrong with it and what to write.
  case malformed(text: String, rule: String)
  /// Too fine for a step; the neighbours are valid.
  case offStep(value: Decimal, step: Decimal, below: Decimal, above: Decimal)

  package var description: String {
    switch self {
    case .overflow: "the result has more digits than the type holds"
    case .divisionByZero: "division by zero"
    case .malformed(let text, let rule): "'\(text)' \(rule)"
    case .offStep(let value, let step, let below, let above):
      "\(value) is not a multiple of \(step); nearest are \(below) and \(above)"
    }
  }
}
