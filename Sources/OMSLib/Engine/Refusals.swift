// What a refusal by the core, or the end of an order, means at the shell: code, exit, sentence.

enum Refusals {
  /// A reply of the core that says no.
  static func error(_ reply: Reply, account: String?, symbol: String?, id: String?) -> RequestError {
    let reason = Reason(rawValue: reply.reasonRaw) ?? .notSupported
    var error = base(reason, reply)
    error.account = account
    error.symbol = symbol
    error.id = id
    return error
  }

  private static func base(_ reason: Reason, _ reply: Reply) -> RequestError {
    let word = reason.word ?? "refused"
    switch reason {
    case .tickSize, .lotSize, .badID, .priceMissing, .quantityNotPositive, .badStop, .expiryPast, .badDisplayQuantity,
      .badLink, .overflow:
      return .usage(word, "order refused: \(sentence(reason))")
    case .unknownAccount, .unknownInstrument, .unknownStrategy, .unknownOrder, .accountRemoved:
      return RequestError("notfound.\(word)", exit: 18, sentence(reason))
    case .liveNotAllowed:
      return RequestError("guard.live", exit: 13, "the account is live: say --live")
    case .tradingPaused, .tradingHalted, .tradingKilled, .alarmOpen, .clockUncertain:
      return RequestError(
        "halted.\(word)", exit: 15, "trading is stopped: \(sentence(reason))", hint: "oms status; oms resume")
    case .accountClosed:
      return later("busy.account", "the account is closed to new risk until it was compared with its venue")
    case .journalDead, .lossWindow: return later("busy.journal", "the journal cannot keep up: \(sentence(reason))")
    case .capacity: return later("busy.capacity", "no room for more open orders")
    case .idIndexBehind: return later("busy.id_index", "the index of used ids is behind")
    case .idConflict:
      return RequestError("conflict.id", exit: 19, "the id was used with other parameters; choose a new one")
    case .amendPending, .replacementsExhausted:
      return RequestError("conflict.\(word)", exit: 19, sentence(reason))
    case .sequenceRepeated: return RequestError("grant.\(word)", exit: 19, "the sequence was taken before")
    case .outOfScope: return RequestError("grant.\(word)", exit: 11, "the ring was not granted for this account")
    case .grantRate: return RequestError("grant.\(word)", exit: 14, "more commands than the ring was granted for")
    case .ringDamaged, .badCommand: return RequestError("grant.\(word)", exit: 2, "the ring was revoked")
    case .engineStopping: return RequestError("halted.\(word)", exit: 15, "the engine is stopping")
    case .orderDone: return RequestError("outcome.done", exit: 24, "the order has ended already")
    default: return risk(reason, reply)
    }
  }

  private static func later(_ code: String, _ message: String) -> RequestError {
    var error = RequestError(code, exit: 16, message)
    error.retry = .sameID
    error.retryAfterMilliseconds = 200
    return error
  }

  private static func risk(_ reason: Reason, _ reply: Reply) -> RequestError {
    let word = reason.word ?? "limit"
    var text = "order refused by risk: \(sentence(reason))"
    if reply.limitValue != .zero || reply.limitUsed != .zero {
      text += ": \(reply.limitUsed.decimalString) against \(word) \(reply.limitValue.decimalString)"
      if let scope = LimitScope(rawValue: reply.limitScopeRaw) { text += " of \(scope.word)" }
    }
    return RequestError("risk.\(word)", exit: 14, text, hint: "oms risk show")
  }

  /// `max_order_notional` reads as `max order notional`.
  static func sentence(_ reason: Reason) -> String {
    (reason.word ?? "no reason").split(separator: "_").joined(separator: " ")
  }

  /// Why an order that was taken ended as `rejected`.
  static func rejection(_ image: OrderImage) -> RequestError {
    let reason = Reason(rawValue: image.reasonRaw) ?? .venueRejected
    var error: RequestError
    switch reason {
    case .notSent, .notPlaced:
      error = RequestError("outcome.\(reason.word ?? "")", exit: 16, "the order was not placed: \(sentence(reason))")
    default:
      let outcome = VenueOutcome(ExchangeRefusal(rawValue: image.venueCode)?.remedy ?? .refused)
      error = RequestError(outcome.code, exit: outcome.exit, "the venue rejected the order: code \(image.venueCode)")
      error.sent = "yes"
      error.venueCode = String(image.venueCode)
    }
    error.id = image.id.description
    return error
  }
}

/// What a venue's refusal is at the shell.
package struct VenueOutcome {
  package let code: String
  package let exit: UInt8

  package init(_ remedy: VenueEvent.Remedy) {
    (code, exit) =
      switch remedy {
      case .key: ("venue.auth", 21)
      case .throttled: ("venue.throttled", 22)
      case .banned: ("venue.banned", 22)
      case .closed: ("venue.closed", 23)
      case .clock: ("venue.clock", 20)
      case .none, .refused, .unknownOrder: ("venue.rejected", 20)
      }
  }
}

/// Whether an order has reached what somebody waits for.
enum OrderVerdict {
  case waiting
  case reached
  /// It ended, and not like that.
  case ended(RequestError)

  static func judge(_ image: OrderImage, _ target: WaitFor, placing: Bool) -> OrderVerdict {
    let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
    switch status {
    case .new, .sent: return target == .none || target == .exists ? .reached : .waiting
    case .unknown: return target == .none || target == .exists ? .reached : .waiting
    case .open, .partial, .pendingCancel, .pendingAmend:
      switch target {
      case .none, .exists, .known, .ack, .open: return .reached
      case .filled, .done, .cancelled: return .waiting
      }
    case .filled: return target == .cancelled ? .ended(other(image, "filled")) : .reached
    case .cancelled, .expired:
      switch target {
      case .filled, .open: return .ended(other(image, status.word))
      case .none, .exists, .known, .ack, .done, .cancelled: return .reached
      }
    case .rejected:
      if placing { return .ended(Refusals.rejection(image)) }
      switch target {
      case .none, .exists, .known, .done: return .reached
      case .ack, .open, .filled, .cancelled: return .ended(Refusals.rejection(image))
      }
    }
  }

  private static func other(_ image: OrderImage, _ word: String) -> RequestError {
    var error = RequestError("outcome.\(word)", exit: 24, "order \(image.id) is \(word)")
    error.sent = (SentState(rawValue: image.sentRaw) ?? .unknown).word
    error.id = image.id.description
    return error
  }

  /// What was to change it left, and nobody said what came of it.
  static func unanswered(_ what: String, of image: OrderImage) -> RequestError {
    var error = RequestError(
      "outcome.unknown", exit: 30, "\(what) of \(image.id) left and no answer came",
      hint: "oms orders \(image.id); repeat only with the same id")
    error.sent = "unknown"
    error.retry = .sameID
    error.id = image.id.description
    return error
  }

  /// The time is up for a cancel: without an answer, or the venue has refused it.
  static func uncancelled(_ image: OrderImage) -> RequestError {
    let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
    guard status == .open || status == .partial, image.venueCode != 0 else {
      return unanswered("the cancel", of: image)
    }
    let outcome = VenueOutcome(ExchangeRefusal(rawValue: image.venueCode)?.remedy ?? .refused)
    var error = RequestError(
      outcome.code, exit: outcome.exit, "the venue did not cancel order \(image.id): code \(image.venueCode)")
    error.sent = "yes"
    error.venueCode = String(image.venueCode)
    error.id = image.id.description
    return error
  }

  /// The time is up.
  static func timeout(_ image: OrderImage, _ target: WaitFor) -> RequestError {
    let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
    var error: RequestError
    if status == .unknown || status == .new || status == .sent {
      error = RequestError(
        "outcome.unknown", exit: 30, "order \(image.id) left and no answer came",
        hint: "oms wait \(image.id) --for known; repeat only with the same id")
      error.sent = "unknown"
      error.retry = .sameID
    } else {
      error = RequestError(
        "wait.timeout", exit: 31, "order \(image.id) is \(status.word), not \(target.rawValue), when the time was up")
      error.sent = "yes"
      error.retry = .never
    }
    error.id = image.id.description
    return error
  }

  /// The one exit for several: 32 if any part succeeded, else the most careful one.
  static func combined(_ exits: [UInt8]) -> UInt8 {
    let hasFailed = exits.contains { $0 != 0 }
    return hasFailed && exits.contains(0) ? ExitCode.partial.rawValue : ExitStatus.combined(exits).rawValue
  }
}
