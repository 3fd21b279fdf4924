/// What an error of Binance means for what is done next.
package enum BinanceMeaning: UInt8, Sendable, CaseIterable {
  /// The venue will not do this, now or later.
  case refused
  /// Too much was asked: later, and less.
  case throttled
  /// This address may not speak at all until then.
  case banned
  /// It may have been carried out. Only evidence ends this.
  case outcomeUnknown
  /// It was not carried out, for reasons of the venue's own: later it may be.
  case notNow
  case clock
  case key
  case unknownOrder
  /// The market is closed, or the symbol does not trade.
  case closed
  /// There is nothing to change: as good as done.
  case unchanged
}

/// An error answer, understood.
package struct BinanceVerdict: Equatable, Sendable {
  package var meaning: BinanceMeaning
  /// The venue's number; 0 where it gave none.
  package var code: Int32
  package var retryAfterNanoseconds: Int64 = 0
  /// Whether code or text are in the tables. An unseen one counts as an unknown outcome.
  package var isKnown = true

  package init(_ meaning: BinanceMeaning, code: Int32) {
    self.meaning = meaning
    self.code = code
  }

  /// For an event; `nil` where the outcome is unknown or as wished.
  package var remedy: VenueEvent.Remedy? {
    switch meaning {
    case .refused: .refused
    case .throttled, .notNow: .throttled
    case .banned: .banned
    case .clock: .clock
    case .key: .key
    case .unknownOrder: .unknownOrder
    case .closed: .closed
    case .outcomeUnknown, .unchanged: nil
    }
  }
}

/// What came with an error besides its code.
package struct BinanceErrorContext: Sendable {
  package var product: BinanceProduct
  /// Of HTTP; the WebSocket API repeats it.
  package var status: Int
  /// Of the header `Retry-After`; 0: none.
  package var retryAfterSeconds: Int64 = 0
  /// From the body of a WebSocket error, in milliseconds since 1970; 0: none.
  package var retryAt: Int64 = 0
  /// What the venue's clock shows, or ours: a ban ends at a time.
  package var now: UTCTime

  package init(_ product: BinanceProduct, status: Int, now: UTCTime) {
    self.product = product
    self.status = status
    self.now = now
  }
}

extension BinanceVerdict {
  /// Where the venue does not say how long to wait.
  private static let pauseNanoseconds: Int64 = 1_000_000_000
  /// The shortest ban there is.
  private static let banNanoseconds: Int64 = 120_000_000_000
  /// Longer than any ban: a larger number is a mistake in reading.
  private static let waitMaxNanoseconds: Int64 = 7 * 86_400_000_000_000

  /// The verdict on code and text (`code` 0: the body had none) that came with an HTTP status.
  package init(code: Int32, text: String, _ context: BinanceErrorContext) {
    self.init(.outcomeUnknown, code: code)
    decide(code, text, context)
    // A ban or a limit of the address is what the status says, whatever the code.
    if context.status == 418 { meaning = .banned }
    if context.status == 429, meaning != .banned { meaning = .throttled }
    setPause(text, context)
  }

  private mutating func decide(_ code: Int32, _ text: String, _ context: BinanceErrorContext) {
    if let meaning = BinanceErrorTable.meaning(ofText: text) {
      self.meaning = meaning
      return
    }
    if code != 0, let meaning = BinanceErrorTable.meaning(of: code, context.product) {
      self.meaning = meaning
      return
    }
    isKnown = false
    if code != 0 { return }
    switch context.status {
    case 401: (meaning, isKnown) = (.key, true)
    case 404: (meaning, isKnown) = (.refused, true)
    case 418, 429: isKnown = true
    default: break
    }
  }

  private mutating func setPause(_ text: String, _ context: BinanceErrorContext) {
    if meaning == .throttled, let end = BinanceErrorTable.banEnd(in: text) {
      meaning = .banned
      retryAfterNanoseconds = wait(until: end, context)
    }
    guard meaning == .throttled || meaning == .banned || meaning == .notNow else { return }
    if context.retryAfterSeconds > 0 {
      let seconds = min(context.retryAfterSeconds, Self.waitMaxNanoseconds / 1_000_000_000)
      retryAfterNanoseconds = max(retryAfterNanoseconds, seconds * 1_000_000_000)
    }
    if context.retryAt > 0 {
      retryAfterNanoseconds = max(retryAfterNanoseconds, wait(until: context.retryAt, context))
    }
    if retryAfterNanoseconds == 0 {
      retryAfterNanoseconds = meaning == .banned ? Self.banNanoseconds : Self.pauseNanoseconds
    }
  }

  private func wait(until milliseconds: Int64, _ context: BinanceErrorContext) -> Int64 {
    let now = context.now.nanoseconds / 1_000_000
    let (wait, overflow) = milliseconds.subtractingReportingOverflow(now)
    guard !overflow, wait > 0 else { return 0 }
    return min(wait, Self.waitMaxNanoseconds / 1_000_000) * 1_000_000
  }
}

extension BinanceVerdict {
  /// What the core is told of a request that got this answer; `nil`: nothing, the question is asked again.
  package func event(about request: VenueRequest) -> VenueEvent? {
    guard let kind = request.kind else { return nil }
    var event: VenueEvent
    switch (kind, meaning) {
    case (.queryOrder, .unknownOrder): event = VenueEvent(.orderAbsent, to: request)
    case (.queryOrder, _), (.queryOpenOrders, _), (.queryFills, _), (.queryAccount, _), (.setLeverage, _),
      (.setMarginMode, _), (.deadman, _):
      return nil
    case (_, .outcomeUnknown): event = VenueEvent(.outcomeUnknown, to: request)
    case (.amendOrder, .unchanged):
      event = VenueEvent(.amended, to: request)
      event.price = request.price
      event.quantity = request.quantity
    case (.newOrder, _): event = VenueEvent(.rejected, to: request)
    case (.cancelOrder, _): event = VenueEvent(.cancelRejected, to: request)
    case (.amendOrder, _): event = VenueEvent(.amendRejected, to: request)
    }
    event.venueOrder = request.venueOrder
    event.sideRaw = request.sideRaw
    event.code = code
    event.remedyRaw = (remedy ?? .none).rawValue
    event.retryAfterNanoseconds = retryAfterNanoseconds
    return event
  }
}
