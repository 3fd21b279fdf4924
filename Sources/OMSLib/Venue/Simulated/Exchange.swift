/// The built-in exchange: matching, ledger, margin and a market of its own, as a pure state machine.
///
/// Inputs are requests, controls and the passing of time; outputs are events. Everything follows from the options and
/// the inputs in order, so replaying them gives the same state to the last unit. Accounts, instruments and assets have
/// the exchange's own numbers, given by controls; a door translates.
///
/// One owner drives it: `advance(to:)` until it returns true, then `apply` or `control`, then takes all of `output`.
package struct Exchange: ~Copyable {
  package static let tickNanoseconds: Int64 = 100_000_000
  package static let tradeWindow = 4_096
  /// Counterparties of one request; the rest of the order expires.
  static let fillMax = 1_024
  /// Counterparties of one triggered order, and triggered orders worked off after one input.
  static let triggeredFillMax = 128
  static let triggeredMax = 16
  /// Events one input may produce; `output` has that much room before each.
  static let inputRoom = 2 * fillMax + triggeredMax * (2 * triggeredFillMax + 4) + openOrderMax + 2_048
  /// Open orders of one account in all instruments: one answer lists them all.
  static let openOrderMax = 8_192
  /// Finished orders in one answer.
  package static let orderReportMax = 1_000
  /// Rows of one answer to a query for fills; the asker goes on from the last one.
  package static let fillReportMax = 1_000

  // Accounts of the house.
  static let flowAccount: UInt16 = 1
  static let feeAccount: UInt16 = 2
  static let insuranceAccount: UInt16 = 3

  // First, as the pointer in `Rows` is, for the thread sanitizer's sake.
  let assets: Rows<ExchangeAsset>
  package let options: ExchangeOptions
  /// Market time.
  package internal(set) var time: UTCTime
  package var output: ExchangeOutput

  let accounts: Rows<ExchangeAccount>
  let balances: Rows<ExchangeBalance>
  let holdings: Rows<ExchangeHolding>
  let orders: Rows<ExchangeOrder>
  let fills: Rows<ExchangeFill>
  let markets: Rows<ExchangeMarket>
  let trades: Rows<PublicTrade>
  let quotes: Rows<FlowQuote>
  /// Day by day volumes of the last 30 days, a row of 32 per account.
  let volumes: Rows<Int128>
  /// Accounts (and lanes) whose reduce-only orders must be looked at after a match.
  let trims = Rows<UInt16>(zeroed: 2 * fillMax)
  var trimCount = 0
  var books: Books
  var memory: BookMemory
  var facts = BookOutput(capacity: 2 * fillMax)
  var index: WireIndex

  var accountCount = 0
  var instrumentCount = 0
  var assetCount = 0
  var orderNumber: UInt64 = 0
  var tradeNumber: UInt64 = 0
  var fillCount: UInt64 = 0
  /// Order slots: never used ones, freed ones, finished ones from oldest to newest.
  var usedSlots: UInt32 = 0
  var freeSlot: UInt32 = 0
  var doneFirst: UInt32 = 0
  var doneLast: UInt32 = 0
  /// Open orders of customers that expire, and the earliest time one does.
  var nextExpiry = Int64.max
  var nextDeadman = Int64.max
  /// The market tick that is due next, and how far it has been worked off.
  var nextTick: Int64
  var phase = 0
  /// Standard ticks that pass in one: 1 in real time, more while a time in which nobody ran the exchange is made up.
  var pace: Int64 = 1
  var nextFunding: Int64
  /// Share of an order that may be filled at once, in percent; 100 when the fault is off.
  var partialPercent: Int64 = 100
  /// Common part of the walks of all instruments.
  var random: SplitMix64
  var commonMove: Int64 = 0

  package init(_ options: ExchangeOptions, startingAt start: UTCTime) {
    let capacity = options.capacity
    precondition(capacity.accounts > 4 && capacity.instruments > 1 && capacity.assets > 1 && capacity.orders > 4_096)
    self.options = options
    time = start
    let tick = Self.tickNanoseconds
    nextTick = (start.nanoseconds / tick + 1) * tick
    nextFunding = (start.nanoseconds / Self.fundingNanoseconds + 1) * Self.fundingNanoseconds
    random = SplitMix64(seed: options.seed)
    output = ExchangeOutput(capacity: max(Int(capacity.output), Self.inputRoom * 2))
    assets = Rows(zeroed: Int(capacity.assets))
    accounts = Rows(zeroed: Int(capacity.accounts))
    balances = Rows(zeroed: Int(capacity.accounts) * 2 * Int(capacity.assets))
    holdings = Rows(zeroed: Int(capacity.accounts) * Int(capacity.instruments) * 2)
    orders = Rows(zeroed: Int(capacity.orders) + 1)
    fills = Rows(zeroed: Int(capacity.fills))
    markets = Rows(zeroed: Int(capacity.instruments))
    trades = Rows(zeroed: Int(capacity.instruments) * Self.tradeWindow)
    quotes = Rows(zeroed: Int(capacity.instruments) * 2 * Self.quoteCount)
    volumes = Rows(zeroed: Int(capacity.accounts) * Self.volumeDays)
    books = Books(capacity: Int(capacity.instruments))
    memory = BookMemory(orderCount: Int(capacity.orders))
    index = WireIndex(orderCount: Int(capacity.orders))
  }

  /// Handles one request at its time. The market must have been advanced to that time.
  package mutating func apply(_ request: VenueRequest, at stamp: ExchangeStamp) {
    precondition(stamp.time >= time && stamp.time.nanoseconds < nextTick, "advance to the time of a request first")
    precondition(output.room >= Self.inputRoom, "take the events before the next input")
    time = stamp.time
    guard let kind = request.kind else { return refuse(request, .malformed) }
    guard isCustomer(request.account.number) else { return refuse(request, .unknownAccount) }
    if stamp.isLate != 0 { return refuse(request, .late) }
    switch kind {
    case .newOrder: place(request)
    case .cancelOrder: cancel(request)
    case .amendOrder: amend(request)
    case .queryOrder: reportOrder(request)
    case .queryOpenOrders: reportOrders(request)
    case .queryFills: reportFills(request)
    case .queryAccount: reportAccount(request)
    case .setLeverage: setLeverage(request)
    case .setMarginMode: setMarginMode(request)
    case .deadman: armDeadman(request)
    }
    fireTriggered()
  }

  // MARK: - Small things everybody needs

  func isCustomer(_ account: UInt16) -> Bool {
    Int(account) <= accountCount && account != 0 && accounts[Int(account)].isCustomer
  }

  func hasInstrument(_ instrument: UInt16) -> Bool { instrument != 0 && Int(instrument) <= instrumentCount }

  func balanceIndex(_ account: UInt16, _ wallet: Wallet, _ asset: UInt16) -> Int {
    (Int(account) * 2 + Int(wallet.rawValue - 1)) * assets.count + Int(asset)
  }

  /// Lane 1 is the short position of a hedged account; everything else is lane 0.
  func holdingIndex(_ account: UInt16, _ instrument: UInt16, lane: Int = 0) -> Int {
    (Int(account) * markets.count + Int(instrument)) * 2 + lane
  }

  func holdingIndex(of order: ExchangeOrder) -> Int {
    holdingIndex(order.account, order.instrument, lane: order.lane)
  }

  func laneCount(_ account: UInt16) -> Int { accounts[Int(account)].isHedged == 1 ? 2 : 1 }

  /// What a lane's position is called in messages.
  func positionSide(_ account: UInt16, lane: Int) -> PositionSide {
    guard accounts[Int(account)].isHedged == 1 else { return .net }
    return lane == 0 ? .long : .short
  }

  /// Price x quantity, exact.
  func notional(_ price: Int64, _ quantity: Int64, _ instrument: UInt16) -> Int128 {
    Int128(price) * Int128(quantity) * markets[Int(instrument)].unit
  }

  /// The amount of base asset that a quantity is.
  func amount(_ quantity: Int64, _ instrument: UInt16) -> Int128 {
    Int128(quantity) * markets[Int(instrument)].quantityUnit
  }

  mutating func emit(_ event: VenueEvent) {
    var event = event
    event.venueTime = time
    output.push(event)
  }

  /// An event about an order, with everything the order says about itself.
  func event(_ kind: VenueEvent.Kind, _ slot: UInt32) -> VenueEvent {
    let order = orders[Int(slot)]
    var event = VenueEvent(kind)
    event.wireID = order.wireID
    event.venueOrder = VenueReference(order.number)
    event.price = order.price
    event.quantity = order.quantity
    event.cumulative = order.filled
    event.account = AccountID(number: order.account)
    event.instrument = InstrumentID(number: order.instrument)
    event.sideRaw = order.sideRaw
    event.orderKindRaw = order.kindRaw
    event.timeInForceRaw = order.timeInForceRaw
    event.flagsRaw = order.flagsRaw
    event.positionSideRaw = order.positionSideRaw
    event.isForced = order.isForced
    return event
  }

  mutating func refuse(_ request: VenueRequest, _ refusal: ExchangeRefusal, retryAfter: Int64 = 0) {
    let kind: VenueEvent.Kind =
      switch request.kind {
      case .cancelOrder: .cancelRejected
      case .amendOrder: .amendRejected
      default: .rejected
      }
    var event = VenueEvent(kind)
    event.wireID = request.wireID
    event.requestID = request.requestID
    event.account = request.account
    event.instrument = request.instrument
    event.price = request.price
    event.quantity = request.quantity
    event.sideRaw = request.sideRaw
    event.code = refusal.rawValue
    event.remedyRaw = refusal.remedy.rawValue
    event.retryAfterNanoseconds = retryAfter
    emit(event)
  }
}
