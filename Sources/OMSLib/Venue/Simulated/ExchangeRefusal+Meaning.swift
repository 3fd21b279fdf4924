extension ExchangeRefusal {
  /// For people: `oms explain sim:CODE`.
  package var meaning: String {
    switch self {
    case .filterPrice: "The price is no multiple of the tick, or not positive."
    case .filterQuantity: "The quantity is no multiple of the lot, or outside its bounds."
    case .filterNotional: "Price times quantity is below the smallest notional."
    case .filterBand: "The price is too far from the market."
    case .tooManyRequests: "More requests than the exchange takes."
    case .tooManyOrders: "More orders in ten seconds, or in a day, than the exchange takes of one account."
    case .late: "The request came after its deadline, or its clock is ahead."
    case .malformed: "The request lacks something, or says something that makes no sense."
    case .unsupported: "The exchange has no such kind of order or time in force here."
    case .unknownInstrument: "The exchange has no such symbol."
    case .insufficientBalance: "The account's free balance does not cover the order."
    case .duplicateID: "An open order has this client id already."
    case .wouldTake: "The order is post-only and would have traded at once."
    case .unknownOrder: "The exchange knows no open order of that id."
    case .wouldTrigger: "The stop would trigger at once."
    case .badKey: "The key, its address or its permissions are not good for this."
    case .insufficientMargin: "The account's margin does not cover the order."
    case .reduceOnly: "The order is reduce-only and would not reduce the position."
    case .openOrderMax: "The account has as many open orders in this symbol as it may."
    case .leverage: "The leverage is not one that the exchange gives."
    case .marginModeLocked: "Positions or open orders keep the margin mode as it is."
    case .positionSide: "The order names a position that the account, in its position mode, does not have."
    case .positionModeLocked: "Positions or open orders keep the position mode as it is."
    case .unknownAccount: "The exchange has no such account."
    case .closed: "The market is closed."
    case .capacity: "The exchange has no room for more."
    }
  }
}
