import OMSLib

/// A trade of an account, with the profit that it realised.
struct VenueFill: Sendable {
  var facts: ExchangeFillFacts
  var realised = Money.zero
}

/// What the surface knows of an order beside the exchange's row: how its client described it, and its place in a list.
struct OrderRecord: Sendable {
  /// Where a leg of a list stands that the exchange does not have yet, or never had.
  enum Held: Sendable, Equatable {
    /// Waits for its list's working order to fill.
    case pending
    /// Works, and is watched here.
    case armed
    case cancelled
    case expired
    case rejected
  }

  let account: UInt16
  let product: VenueProduct
  let symbol: VenueSymbol
  var wireID: Text32
  /// What clients call it. 0: the exchange has not numbered it yet.
  var orderID: UInt64 = 0
  /// The exchange's own number.
  var number: UInt64 = 0
  var clientID: String
  var side = Side.buy
  /// `LIMIT_MAKER`, `STOP_LOSS_LIMIT` ...: as the client named it.
  var type = "LIMIT"
  var timeInForce = "GTC"
  var prevention = "NONE"
  var price: Int64 = 0
  var stopPrice: Int64 = 0
  var quantity: Int64 = 0
  var display: Int64 = 0
  /// Basis points.
  var trailingDelta: Int64 = 0
  var trailPpm: Int64 = 0
  var quoteQuantity = Money.zero
  var listID: Int64 = -1
  var strategyID: Int64?
  var strategyType: Int64?
  var held: Held?
  var heldSince = UTCTime.zero
  /// When its request was, as that said itself; zero of one that nobody asked for.
  var signed = UTCTime.zero
  var created = UTCTime.zero
  /// When it began to work; a stop that waits does not yet.
  var working: UTCTime?
  var fills: [VenueFill] = []
  /// The exchange's row when it ended: the exchange itself keeps the newest ones only.
  var last: ExchangeOrderFacts?
  /// Why a leg ended that the exchange never had.
  var expiryReason: String?
  var amendments: [Amendment] = []
  /// The id of the cancel that is under way.
  var cancelID: String?
  /// Modifications of a futures order.
  var modifyID: String?

  // Futures.
  var positionSide = PositionSide.net
  var isReduceOnly = false
  var closesPosition = false
  var priceMatch = "NONE"
  var workingType = "CONTRACT_PRICE"
  var protectsPrice = false
  var goodTillDate: Int64 = 0
  /// Of a conditional order; 0: it is none.
  var algoID: UInt64 = 0
  /// One that left no trace: a FOK or post-only order that was refused.
  var isHidden = false
  /// The exchange's own, to close a position.
  var isForced = false

  struct Amendment: Sendable {
    var time: UTCTime
    var execution: UInt64
    var from: Int64
    var to: Int64
    var oldID: String
    var newID: String
  }

  init(account: UInt16, symbol: VenueSymbol, wireID: Text32, clientID: String) {
    self.account = account
    self.symbol = symbol
    product = symbol.product
    self.wireID = wireID
    self.clientID = clientID
  }

  var key: OrderKey { OrderKey(account: account, wireID: wireID) }

  /// Price x quantity over the fills until so much was filled.
  func quote(filled: Int64 = .max) -> Money {
    fills.filter { $0.facts.cumulative <= filled }
      .reduce(.zero) { $0 + symbol.notional($1.facts.price, $1.facts.quantity) }
  }
}

struct OrderKey: Hashable, Sendable {
  var account: UInt16
  var wireID: Text32
}

/// How an order stands at one moment.
struct OrderView: Sendable {
  var record: OrderRecord
  var status = "NEW"
  var price: Int64 = 0
  var quantity: Int64 = 0
  var filled: Int64 = 0
  var quote = Money.zero
  /// When its request was, as that said itself; zero of one that nobody asked for.
  var signed = UTCTime.zero
  var created = UTCTime.zero
  var updated = UTCTime.zero
  var working: UTCTime?
  var isOpen = true
  var isWorking = true
  /// It waits for its stop price.
  var isWaiting = false
  var endReason: VenueEvent.EndReason?
  var trailingSince: UTCTime?

  var symbol: VenueSymbol { record.symbol }

  /// Why it expired, in the words of the exchange.
  var expiryReason: String? {
    guard status == "EXPIRED" else { return nil }
    if let reason = record.expiryReason { return reason }
    switch endReason {
    case .timeInForce:
      return record.timeInForce == "FOK"
        ? "UNFILLED_FOK_ORDER_EXPIRED"
        : record.type == "MARKET" ? "INSUFFICIENT_LIQUIDITY" : "UNFILLED_IOC_QUANTITY_EXPIRED"
    case .fillLimit: return "INSUFFICIENT_LIQUIDITY"
    case .insufficient, .wouldTake: return "REJECTED"
    default: return "EXCHANGE_CANCELED"
    }
  }
}

extension OrderView {
  init(_ record: OrderRecord) {
    self.record = record
    (price, quantity, created, updated) = (record.price, record.quantity, record.created, record.heldSince)
    switch record.held {
    case .pending:
      (status, isWorking) = ("PENDING_NEW", false)
    case .armed, nil:
      // One whose answer has not come yet is new.
      (status, isWorking, isWaiting) = ("NEW", false, true)
    case .cancelled: (status, isOpen, isWorking) = ("CANCELED", false, false)
    case .expired: (status, isOpen, isWorking) = ("EXPIRED", false, false)
    case .rejected: (status, isOpen, isWorking) = ("REJECTED", false, false)
    }
  }

  init(_ record: OrderRecord, _ facts: ExchangeOrderFacts) {
    self.record = record
    (price, quantity, filled) = (facts.price, facts.quantity, facts.filled)
    (created, updated) = (record.held == nil ? facts.created : record.created, facts.updated)
    // A position's closing order gets its quantity when it fires.
    quote = record.quote()
    isOpen = facts.isOpen
    isWaiting = facts.status == .waiting
    isWorking = !isWaiting
    working = isWaiting ? nil : record.working ?? (facts.kind.isConditional ? facts.updated : facts.created)
    if facts.kind == .trailingStop && facts.trailBest != 0 { trailingSince = facts.created }
    switch facts.status {
    case .open, .waiting: status = facts.filled > 0 ? "PARTIALLY_FILLED" : "NEW"
    case .filled: status = "FILLED"
    case .cancelled: status = "CANCELED"
    case .expired, .rejected: status = facts.endReason == .selfTrade ? "EXPIRED_IN_MATCH" : "EXPIRED"
    }
    if !facts.isOpen && facts.status != .filled { endReason = facts.endReason }
    // A leg that the other one of its list ended.
    if status == "CANCELED" && record.expiryReason != nil { status = "EXPIRED" }
  }

  /// As it was when it had just gone through the book: without what happened to it while the answer was on its way.
  init(_ record: OrderRecord, _ facts: ExchangeOrderFacts, accepted time: UTCTime) {
    self.init(record, facts)
    let fills = record.fills.filter { !$0.facts.isMaker && $0.facts.time == time }
    let sum = fills.reduce(Int64(0)) { $0 + $1.facts.quantity }
    self.record.fills = fills
    updated = time
    (filled, quote) = (sum, self.record.quote())
    guard !facts.isOpen, facts.updated == time, sum == facts.filled else {
      isOpen = true
      endReason = nil
      status = sum > 0 ? "PARTIALLY_FILLED" : "NEW"
      return
    }
  }
}
