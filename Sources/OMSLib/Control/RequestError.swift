/// A request that was refused before anything happened: what the client prints and ends with (`error` object).
package struct RequestError: Error, Equatable, Sendable {
  /// When a repetition makes sense.
  package enum Retry: String, Sendable {
    case never
    case sameID = "same_id"
    case after
    case reconcile
  }

  /// Stable dotted name.
  package var code: String
  package var exit: UInt8
  package var message: String
  package var hint: String?
  package var sent = "no"
  package var retry = Retry.never
  package var retryAfterMilliseconds: Int64?
  package var command: String?
  package var id: String?
  package var account: String?
  package var symbol: String?
  package var venue: String?
  package var venueCode: String?
  package var venueMessage: String?

  package init(_ code: String, exit: UInt8, _ message: String, hint: String? = nil) {
    self.code = code
    self.exit = exit
    self.message = message
    self.hint = hint
  }

  package static func usage(_ code: String, _ message: String, hint: String? = nil) -> RequestError {
    RequestError("usage.\(code)", exit: 2, message, hint: hint)
  }
}
