/// A fault that the simulated venue plays on command (`oms sim fault`).
package enum VenueFault: Equatable, Sendable {
  /// The next orders are accepted and nothing is heard of them; the outcome is unknown to the sender.
  case dropAcknowledgements(Int)
  /// The next answers come twice, with everything that happened at once.
  case duplicateAcknowledgements(Int)
  /// The next orders are refused with this code.
  case reject(code: Int32, count: Int)
  /// The link is down for so many nanoseconds. What happens meanwhile is not told.
  case disconnect(nanoseconds: Int64)
  /// The instrument's prices stop being published.
  case staleFeed(InstrumentID)
  /// The instrument's book loses a message and is invalid until it has been read anew, a second later.
  case sequenceGap(InstrumentID)
  /// The next requests are refused as too many.
  case rateLimit(Int)
  /// Orders fill only this share at once, in percent; 100 ends it.
  case partial(percent: UInt8)
  /// Fills are told so many nanoseconds late.
  case lateFills(nanoseconds: Int64)
  /// The next cancels get lost on the way there.
  case loseCancels(Int)
  /// Every request is refused because of its key.
  case refuseKey
  /// All faults end.
  case clear
}

/// Faults in force at one door.
struct FaultState: Sendable {
  var drops = 0
  var duplicates = 0
  var rejectCode: Int32 = 0
  var rejects = 0
  var rateLimits = 0
  var lostCancels = 0
  var lateNanoseconds: Int64 = 0
  var refusesKey = false
}
