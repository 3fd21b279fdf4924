/// Bodies of the event records: what the core decided, complete enough that nobody needs the core to read them.

package enum OrderStatus: UInt8, Sendable, CaseIterable {
  /// Accepted here, not sent yet.
  case new = 1
  case sent = 2
  case open = 3
  case partial = 4
  case pendingCancel = 5
  case pendingAmend = 6
  case unknown = 7
  case filled = 8
  case cancelled = 9
  case rejected = 10
  case expired = 11

  package var isDone: Bool { rawValue >= OrderStatus.filled.rawValue }
}

package enum SentState: UInt8, Sendable, CaseIterable {
  case no = 0
  case yes = 1
  case unknown = 2
}

package enum OrderOwner: UInt8, Sendable, CaseIterable {
  case oms = 1
  case foreign = 2
}

/// Why an order was refused, rejected, cancelled or expired. One case per reason, one number for ever.
package enum Reason: UInt16, Sendable, CaseIterable {
  case none = 0

  // Refused by us: shape of the command.
  case badID = 1
  case unknownAccount = 2
  case unknownInstrument = 3
  case instrumentNotTrading = 4
  case accountRemoved = 5
  case marketNotEnabled = 6
  case priceMissing = 7
  case quantityNotPositive = 8
  case tickSize = 9
  case lotSize = 10
  case quantityTooSmall = 11
  case quantityTooLarge = 12
  case notionalTooSmall = 13
  case notSupported = 14
  case badStop = 15
  case expiryPast = 16
  case badDisplayQuantity = 17
  case badLink = 18
  case overflow = 19
  case unknownStrategy = 20
  /// A hedged account must name one of its two positions, any other none.
  case positionSide = 21

  // Refused by us: the gate and the state.
  case liveNotAllowed = 30
  case tradingPaused = 31
  case tradingHalted = 32
  case tradingKilled = 33
  case accountClosed = 34
  case alarmOpen = 35
  case clockUncertain = 36
  case journalDead = 37
  case capacity = 38
  case idIndexBehind = 39
  case idConflict = 40
  case unknownOrder = 41
  case orderDone = 42
  case amendPending = 43
  case replacementsExhausted = 44
  case lossWindow = 45

  // Refused by us: rings.
  /// The sequence is not above the last one taken.
  case sequenceRepeated = 46
  /// The account is none of the grant's.
  case outOfScope = 47
  case grantRate = 48
  // Why a ring was revoked.
  /// Positions that no client of the header writes.
  case ringDamaged = 49
  /// A command with values that mean nothing.
  case badCommand = 50
  case engineStopping = 51

  // Refused by us: limits. Each is one limit of `LimitKind`.
  case noMark = 60
  case staleMarket = 61
  case collar = 62
  case maxOrderQuantity = 63
  case maxOrderNotional = 64
  case maxPosition = 65
  case maxGrossNotional = 66
  case maxNetNotional = 67
  case maxOpenOrders = 68
  case maxOrderRate = 69
  case maxLeverage = 70
  case liquidationDistance = 71
  case maxVaR = 72
  case dailyLoss = 73
  case drawdown = 74
  case insufficientBalance = 75
  case reduceOnly = 76
  case selfCross = 77
  case repeatedReject = 78
  case rateBudget = 79
  case parentQuantity = 80
  case maxBalance = 81

  // What happened to it afterwards.
  case venueRejected = 100
  case notPlaced = 101
  case notSent = 102
  case cancelledByUser = 103
  case cancelledByKill = 104
  case cancelledByVenue = 105
  case cancelledByLink = 106
  case cancelledBySession = 107
  case selfTrade = 108
  case timeInForce = 109
  case expired = 110
  case wouldTake = 111
  case liquidated = 112
  case triggerMissed = 113
  case replaced = 114
  case deadman = 115
}

/// One order, whole, as it is after the record's input.
package struct OrderImage: Sendable, BitwiseCopyable {
  package var id = Text64()
  package var venueOrder = VenueReference.none
  /// Sum of price x quantity over the fills, in the quote asset.
  package var filledNotional = Money.zero
  package var fee = Money.zero
  package var orderNumber: UInt64 = 0
  package var price: Int64 = 0
  package var stopPrice: Int64 = 0
  package var quantity: Int64 = 0
  package var filled: Int64 = 0
  package var displayQuantity: Int64 = 0
  package var trailPpm: Int64 = 0
  /// Touch when the command was taken: what slippage is measured against.
  package var arrival: Int64 = 0
  package var created = UTCTime.zero
  package var updated = UTCTime.zero
  package var expires = UTCTime.zero
  package var session: UInt64 = 0
  package var gateNanoseconds: UInt32 = 0
  package var riskNanoseconds: UInt32 = 0
  package var sendNanoseconds: UInt32 = 0
  package var ackNanoseconds: UInt32 = 0
  package var textID: UInt32 = 0
  package var venueCode: Int32 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var feeAsset = AssetID.none
  package var venue = VenueID.none
  package var flagsRaw: UInt16 = 0
  package var reasonRaw: UInt16 = 0
  package var replacements: UInt16 = 0
  package var sideRaw: UInt8 = 0
  package var kindRaw: UInt8 = 0
  package var timeInForceRaw: UInt8 = 0
  package var statusRaw: UInt8 = 0
  package var sentRaw: UInt8 = 0
  package var ownerRaw: UInt8 = OrderOwner.oms.rawValue
  package var positionSideRaw: UInt8 = 0
  package var modeRaw: UInt8 = 0
  package var preventionRaw: UInt8 = 0
  /// Features of it that the core performs because the venue cannot (`VenueFeatures`, low byte).
  package var emulatedRaw: UInt8 = 0
  /// Acknowledged before the last restart, not confirmed since.
  package var isUnconfirmed: UInt8 = 0
  package var linkRaw: UInt8 = 0
  /// Low bits of the number of this event: what tells it where the event itself is not kept any more.
  package var seqLow: UInt32 = 0
  /// Of the command's parameters: what a repeated id is compared by. 1: not known.
  package var fingerprint: UInt64 = 0
  package init() {}
}

package struct FillImage: Sendable, BitwiseCopyable {
  package var id = Text64()
  package var venueOrder = VenueReference.none
  package var trade = VenueReference.none
  package var notional = Money.zero
  package var fee = Money.zero
  /// Profit realised by it (average cost), in the quote asset.
  package var realised = Money.zero
  package var positionAfter = Money.zero
  package var orderNumber: UInt64 = 0
  package var price: Int64 = 0
  package var quantity: Int64 = 0
  package var arrival: Int64 = 0
  package var venueTime = UTCTime.zero
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var feeAsset = AssetID.none
  package var venue = VenueID.none
  package var sideRaw: UInt8 = 0
  package var isMaker: UInt8 = 0
  package var modeRaw: UInt8 = 0
  package var isForced: UInt8 = 0
  package var isBust: UInt8 = 0
  package var positionSideRaw: UInt8 = 0
  package var reserved: UInt64 = 0
  package init() {}
}

/// Kinds of the exported `event` objects; the text is their `kind` member.
package enum NoticeKind: UInt16, Sendable, CaseIterable {
  case engineStart = 1
  case engineStop = 2
  case tradingState = 3
  case venueConnected = 4
  case venueDisconnected = 5
  case limitBreached = 6
  case limitChanged = 7
  case drift = 8
  case orderUnknown = 9
  case orderAdopted = 10
  case triggerMissed = 11
  case funding = 12
  case liquidation = 13
  case marginCall = 14
  case feeDeviates = 15
  case bust = 16
  case eventQuarantined = 17
  case alarm = 18
  case alarmAcknowledged = 19
  case clockStep = 20
  case journalDegraded = 21
  case journalDead = 22
  case accountOpened = 23
  case accountClosed = 24
  case balanceChanged = 25
  case stateHashMismatch = 26
  case reconciled = 27
  case snapshotTaken = 28
  case drawdownStage = 29
}

package enum NoticeLevel: UInt8, Sendable, CaseIterable {
  case info = 1
  case warn = 2
  case error = 3
  case alarm = 4
}

package struct NoticeImage: Sendable, BitwiseCopyable {
  package var text = Text64()
  package var amount = Money.zero
  package var other = Money.zero
  package var orderNumber: UInt64 = 0
  package var a: Int64 = 0
  package var b: Int64 = 0
  package var account = AccountID.none
  package var instrument = InstrumentID.none
  package var strategy = StrategyID.none
  package var venue = VenueID.none
  package var asset = AssetID.none
  package var kindRaw: UInt16 = 0
  package var reasonRaw: UInt16 = 0
  package var levelRaw: UInt8 = NoticeLevel.info.rawValue
  package var modeRaw: UInt8 = 0
  package var user: UInt32 = 0
  package var reserved: UInt32 = 0
  package init() {}
}
