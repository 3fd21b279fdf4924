import OMSLib

/// What a refused request was about: the same refusal is another number for another request.
enum RefusedAction: Sendable {
  case order
  case cancel
  case amend
  case leverage
  case marginType
  case margin
  case query
}

extension VenueServer where Recorder: ~Copyable {
  /// The exchange's refusal in the words of the surface.
  func error(of event: VenueEvent, _ product: VenueProduct, _ action: RefusedAction) -> VenueError {
    guard let refusal = ExchangeRefusal(rawValue: event.code) else {
      return VenueError(event.code, "Order was rejected.")
    }
    switch refusal {
    case .tooManyRequests:
      let wait = max(event.retryAfterNanoseconds, 0)
      let until = UTCTime(nanoseconds: venue.exchange.time.nanoseconds + wait)
      return VenueError(-1003, "Too many requests queued.", status: 429, until: wait > 0 ? until : nil)
    case .tooManyOrders: return VenueError(-1015, "Too many new orders.", status: 429)
    case .late: return VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")
    case .badKey, .unknownAccount: return Self.badKey
    case .capacity:
      return VenueError(
        -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", status: 503)
    case .unknownInstrument: return Self.unknownSymbol
    case .malformed: return VenueError(-1102, "A mandatory parameter was not sent, was empty/null, or malformed.")
    default: return product == .spot ? Self.spotError(refusal, action) : Self.futuresError(refusal, event, action)
    }
  }

  static var badKey: VenueError {
    VenueError(-2015, "Invalid API-key, IP, or permissions for action.", status: 401)
  }
  static var unknownSymbol: VenueError { VenueError(-1121, "Invalid symbol.") }
  static var unknownOrder: VenueError { VenueError(-2011, "Unknown order sent.") }
  static var absentOrder: VenueError { VenueError(-2013, "Order does not exist.") }

  private static func spotError(_ refusal: ExchangeRefusal, _ action: RefusedAction) -> VenueError {
    func rejected(_ text: String) -> VenueError {
      VenueError(action == .amend ? -2038 : action == .cancel ? -2011 : -2010, text)
    }
    func filter(_ name: String) -> VenueError {
      action == .amend ? rejected("Filter failure: \(name)") : VenueError(-1013, "Filter failure: \(name)")
    }
    return switch refusal {
    case .filterPrice: filter("PRICE_FILTER")
    case .filterQuantity: filter("LOT_SIZE")
    case .filterNotional: filter("NOTIONAL")
    case .filterBand: filter("PERCENT_PRICE_BY_SIDE")
    case .openOrderMax: filter("MAX_NUM_ORDERS")
    case .insufficientBalance: rejected("Account has insufficient balance for requested action.")
    case .duplicateID: rejected("Duplicate order sent.")
    case .wouldTake: rejected("Order would immediately match and take.")
    case .wouldTrigger: rejected("Order would trigger immediately.")
    case .unknownOrder: rejected("Unknown order sent.")
    case .closed: rejected("Market is closed.")
    case .unsupported: VenueError(-1014, "Unsupported order combination.")
    default: rejected("This action is disabled on this account.")
    }
  }

  private static func futuresError(
    _ refusal: ExchangeRefusal, _ event: VenueEvent, _ action: RefusedAction
  ) -> VenueError {
    switch refusal {
    case .filterPrice: return VenueError(-4014, "Price not increased by tick size.")
    case .filterQuantity: return VenueError(-4005, "Quantity greater than max quantity.")
    case .filterNotional:
      return VenueError(-4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).")
    case .filterBand:
      return event.sideRaw == Side.buy.rawValue
        ? VenueError(-4016, "Limit price can't be higher than the PERCENT_PRICE filter allows.")
        : VenueError(-4024, "Limit price can't be lower than the PERCENT_PRICE filter allows.")
    case .insufficientBalance: return VenueError(-2018, "Balance is insufficient.")
    case .insufficientMargin: return VenueError(-2019, "Margin is insufficient.")
    case .duplicateID: return VenueError(-4116, "ClientOrderId is duplicated.")
    case .wouldTake: return postOnlyWouldTake
    case .wouldTrigger: return VenueError(-2021, "Order would immediately trigger.")
    case .unknownOrder: return action == .query ? absentOrder : unknownOrder
    case .reduceOnly: return VenueError(-2022, "ReduceOnly Order is rejected.")
    case .openOrderMax: return VenueError(-2025, "Reach max open order limit.")
    case .leverage:
      return action == .leverage
        ? VenueError(-4028, "Leverage is not valid.")
        : VenueError(-2027, "Exceeded the maximum allowable position at current leverage.")
    case .marginModeLocked:
      return switch action {
      case .leverage:
        VenueError(-4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions.")
      case .margin: VenueError(-4051, "Isolated balance insufficient.")
      default: VenueError(-4047, "Margin type cannot be changed if there exists open orders.")
      }
    case .positionSide: return VenueError(-4061, "Order's position side does not match user's setting.")
    case .positionModeLocked:
      return VenueError(-4068, "Position side cannot be changed if there exists position.")
    case .closed: return VenueError(-4141, "Symbol is closed.")
    default: return VenueError(-2010, "NEW_ORDER_REJECTED")
    }
  }

  static var postOnlyWouldTake: VenueError {
    VenueError(
      -5022,
      "Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be "
        + "recorded in the order history.")
  }

  static var fillOrKillFailed: VenueError {
    VenueError(
      -5021,
      "Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be "
        + "recorded in the order history.")
  }
}
