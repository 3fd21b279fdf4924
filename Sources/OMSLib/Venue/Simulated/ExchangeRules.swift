/// How big one exchange is. Everything is reserved at start.
package struct ExchangeCapacity: Sendable, BitwiseCopyable {
  package var accounts: UInt32 = UInt32(Limits.accountCount)
  package var instruments: UInt32 = 64
  package var assets: UInt32 = 64
  /// Open orders and the newest finished ones.
  package var orders: UInt32 = 1 << 17
  /// Fills that can still be asked for.
  package var fills: UInt32 = 1 << 16
  package var output: UInt32 = 1 << 15
  package init() {}
}

/// Rules of the house that do not belong to one instrument. Recorded with the start of the exchange.
package struct ExchangeOptions: Sendable, BitwiseCopyable {
  package var seed: UInt64 = 1
  package var capacity = ExchangeCapacity()
  /// Orders (new and amended) of one account in ten seconds and in a day.
  package var ordersPerTenSeconds: UInt32 = 5_000
  package var ordersPerDay: UInt32 = 1_600_000
  /// Open orders of one account in one instrument.
  package var openOrders: UInt32 = 1_000
  package var defaultLeverage: UInt16 = 20
  /// 1: a spot buyer pays the fee in what was bought; else all fees are in the quote or settlement asset.
  package var chargesBase: UInt8 = 0
  package var reserved: (UInt8, UInt32) = (0, 0)
  package init() {}
}

/// When a request is processed.
package struct ExchangeStamp: Sendable, BitwiseCopyable {
  /// Market time: what the exchange's clock shows. Never goes back.
  package var time: UTCTime
  /// 1: it came after its deadline plus the receive window, as measured on the sender's clock.
  package var isLate: UInt64

  package init(time: UTCTime, isLate: Bool = false) {
    self.time = time
    self.isLate = isLate ? 1 : 0
  }
}

/// Why the exchange says no: the number a client sees, sorted by what it must do.
package enum ExchangeRefusal: Int32, Sendable, CaseIterable {
  case filterPrice = -1013
  case filterQuantity = -1111
  case filterNotional = -4164
  case filterBand = -4131
  case tooManyRequests = -1003
  case tooManyOrders = -1015
  case late = -1021
  case malformed = -1102
  case unsupported = -1116
  case unknownInstrument = -1121
  case insufficientBalance = -2010
  case duplicateID = -4116
  case wouldTake = -5022
  case unknownOrder = -2011
  case wouldTrigger = -2021
  case badKey = -2015
  case insufficientMargin = -2019
  case reduceOnly = -2022
  case openOrderMax = -2025
  case leverage = -4028
  case marginModeLocked = -4047
  /// The account holds positions the other way (one net position, or long and short side by side).
  case positionSide = -4061
  /// Positions or open orders keep an account's way of holding positions as it is.
  case positionModeLocked = -4059
  case unknownAccount = -2014
  case closed = -1016
  case capacity = -1008

  package var remedy: VenueEvent.Remedy {
    switch self {
    case .tooManyRequests, .tooManyOrders: .throttled
    case .late: .clock
    case .badKey: .key
    case .unknownOrder: .unknownOrder
    case .closed: .closed
    default: .refused
    }
  }
}

/// Whom an account belongs to.
package enum ExchangeAccountKind: UInt8, Sendable, CaseIterable {
  case customer = 1
  /// The market's own flow: no margin check, no messages.
  case flow = 2
  case fees = 3
  case insurance = 4
}

/// What somebody at the exchange's own desk does: setting it up, and the controls of `oms sim`. Fixed size, recorded.
package struct ExchangeControl: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// `text`: name; `asset`: its number; `scale`.
    case defineAsset = 1
    /// `text`: name; `account`: its number; `detail`: kind; `group`; `side` 1: hedged.
    case defineAccount = 2
    /// `rules`, with the exchange's own numbers of instrument and assets; `price`: where its market starts.
    case defineInstrument = 3
    /// Adds `amount` (may be negative) to a wallet; a `balance` event tells the account.
    case deposit = 4
    /// Makes the total of a wallet `amount`; `detail` 1: the account is not told.
    case setBalance = 5
    /// Moves an instrument's market to `price` at once.
    case setPrice = 6
    /// Quotes of an instrument from now on: full spread in 10^-8 of the price (`price`). Flow that was stopped starts
    /// again, with a book of its own.
    case setSpread = 7
    /// Fills `quantity` (0: the rest) of the resting order `order` at its own price.
    case fillOrder = 8
    /// Takes the flow's orders of an instrument away and stops its flow.
    case clearBook = 9
    /// Adds one resting flow order: `price`, `quantity`, `side`.
    case addLevel = 10
    /// Starts the flow of an instrument again.
    case runFlow = 11
    /// Opens or closes trading in an instrument (`detail`).
    case setTrading = 12
    /// Share of an order, in percent, that the next matches may fill (`detail`); 100 ends it.
    case setPartial = 13
    /// Undoes the trade number `order`.
    case bust = 14
    /// Moves `amount` from one wallet (`account`, `wallet`) to another (`other`, `otherWallet`).
    case transfer = 15
    /// From now on (`detail` 1) one tick stands for a minute, until `detail` 0.
    case makeUp = 16
    /// The next order gets the number behind `order`, the next trade the one behind `requestID`: an exchange that begins
    /// anew must not say anything twice.
    case continueNumbers = 17
    /// Long and short positions of an account side by side (`detail` 1) or as one (0). Nothing happens while it has
    /// positions or orders in perpetuals.
    case setHedge = 18
    /// Moves `amount` (negative: back) from the cross wallet into an isolated position; `side` 1: the short one of a
    /// hedged account. Answered like a transfer.
    case adjustMargin = 19
  }

  package var text = Text64()
  package var rules = Instrument()
  package var amount = Money.zero
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  package var order: UInt64 = 0
  package var requestID: UInt64 = 0
  package var account: UInt16 = 0
  package var other: UInt16 = 0
  package var instrument: UInt16 = 0
  package var asset: UInt16 = 0
  package var group: UInt16 = 0
  package var kindRaw: UInt8
  package var sideRaw: UInt8 = 0
  package var walletRaw: UInt8 = Wallet.spot.rawValue
  package var otherWalletRaw: UInt8 = Wallet.spot.rawValue
  package var detail: UInt8 = 0
  package var scale: UInt8 = 8
  package init(_ kind: Kind) { kindRaw = kind.rawValue }

  package var kind: Kind? { Kind(rawValue: kindRaw) }
}
