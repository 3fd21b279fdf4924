/// Which moves an order can make. Everything else is a contradiction, and the event that asks for it is quarantined
/// (INV-08).
///
/// ```
///            accepted            fill             last fill
///   new ───────────────▶ open ────────▶ partial ────────────▶ filled
///    │ silence            │ ▲             │ ▲
///    ▼                    ▼ │ refused     ▼ │ refused
///   unknown ──evidence──▶ pendingCancel, pendingAmend ──────▶ cancelled, expired, rejected
/// ```
/// A finished order stays finished. Only late news may still correct which end it was: a fill that travelled slower than
/// the cancel, or proof that an order thought never placed was placed after all.
package enum OrderLifecycle {
  package static func mayMove(from: OrderStatus, to: OrderStatus) -> Bool {
    if from == to { return !from.isDone }
    switch from {
    case .new, .sent:
      return to != .pendingAmend && to != .new
    case .open, .partial, .pendingCancel, .pendingAmend:
      return to != .new && to != .sent && !(from == .partial && to == .rejected)
    case .unknown:
      return to != .new && to != .sent
    case .cancelled, .expired:
      return to == .filled
    case .rejected:
      return to == .filled || to == .cancelled
    case .filled:
      return false
    }
  }

  /// The status of an order that the venue holds, by what it and its owner want.
  package static func working(filled: Int64, cancelRequested: Bool, amendPending: Bool) -> OrderStatus {
    if cancelRequested { return .pendingCancel }
    if amendPending { return .pendingAmend }
    return filled > 0 ? .partial : .open
  }
}
