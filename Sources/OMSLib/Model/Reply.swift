/// The answer to a command, for whoever sent it.
package struct Reply: Sendable, BitwiseCopyable {
  package enum Outcome: UInt8, Sendable, CaseIterable {
    /// Taken: the order (or the change) is recorded and under way.
    case accepted = 1
    /// Refused here; `reason` says why. Nothing was sent.
    case refused = 2
    /// Same id and parameters as before: the stored order is the answer.
    case replayed = 3
    /// Bulk work is finished; `count` orders were concerned.
    case finished = 4
    /// A dry run passed.
    case wouldPass = 5
    /// Whoever it was told to has ended before they answered: it happened, or not.
    case unknown = 6
  }
  package var token: UInt64 = 0
  /// The order concerned, 0 if none.
  package var orderNumber: UInt64 = 0
  /// What the limit allows and what the command would have used, for a refusal by a limit.
  package var limitValue = Money.zero
  package var limitUsed = Money.zero
  package var count: UInt32 = 0
  package var limitSource: UInt32 = 0
  package var reasonRaw: UInt16 = 0
  package var outcomeRaw: UInt8 = 0
  package var limitScopeRaw: UInt8 = 0
  /// Of a command of this role, whose sequence is the token; none: of somebody at the socket.
  package var role = RoleID.none
  package var reserved: UInt16 = 0
  /// To `openRole`: the last sequence that was taken; `count` is the role's number.
  package var sequence: UInt64 = 0
  package var reserved2: UInt64 = 0
  package init() {}
}
