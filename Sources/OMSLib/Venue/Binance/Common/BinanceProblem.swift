/// Why a message was put aside: it changes nothing, and what it is about is asked for.
package enum BinanceProblem: Error, Equatable, Sendable {
  case notJSON(JSONError)
  /// A member that must be there is missing, or is of another type.
  case member(String)
  /// A number that does not fit the instrument's scales, or is beyond any range.
  case number(String)
  /// A time that is none of our age in milliseconds: seconds, microseconds, or zero.
  case time(String)
  case unknownSymbol(String)
  case unknownAsset(String)
  /// The answer is about another order than the question.
  case mismatch(String)
  /// No event of a kind that is known.
  case unknownEvent(String)
}
