/// Why a request cannot be said in Binance's words. Nothing was written.
package enum BinanceEncodingError: Error, Equatable, Sendable, CaseIterable {
  /// A kind, side, time in force or prevention that is none of ours.
  case malformed
  case noPrice
  case noQuantity
  case noStopPrice
  /// The venue's own resolution of a distance is coarser.
  case trailStep
  case postOnly
  case reduceOnly
  case closePosition
  case hidden
  case iceberg
  case goodTillDate
  case positionSide
  /// A conditional order cannot be changed; it is cancelled and placed anew.
  case conditionalAmend
  /// Price or quantity grow, which only a new order can have, and that needs an id of its own.
  case needsReplacementID
  case noOrder
}

/// How much an answer to an order says.
package enum BinanceDetail: String, Sendable {
  case acknowledgement = "ACK"
  case result = "RESULT"
  /// With its fills; spot only.
  case full = "FULL"
}

/// What an amend starts from: the order as it was placed, and how much of it has filled.
package struct BinancePlaced: Sendable {
  package var request: VenueRequest
  package var filled: Int64
  package init(_ request: VenueRequest, filled: Int64) {
    self.request = request
    self.filled = filled
  }
}

/// The checked parts of a `newOrder` that both products need.
struct OrderShape {
  let side: String
  let kind: OrderKind
  let timeInForce: TimeInForce
  let prevention: String
  let flags: OrderFlags

  init(_ request: VenueRequest) throws(BinanceEncodingError) {
    guard let side = Side(rawValue: request.sideRaw), let kind = OrderKind(rawValue: request.orderKindRaw),
      let timeInForce = TimeInForce(rawValue: request.timeInForceRaw),
      let prevention = SelfTradePrevention(rawValue: request.preventionRaw), !request.wireID.isEmpty
    else { throw .malformed }
    self.side = side.binanceWord
    self.kind = kind
    self.timeInForce = timeInForce
    self.prevention = prevention.binanceWord
    flags = request.flags
    guard !flags.contains(.hidden) else { throw .hidden }
    guard !kind.hasLimitPrice || request.price > 0 else { throw .noPrice }
    guard request.quantity > 0 || flags.contains(.closePosition) else { throw .noQuantity }
    guard !kind.isConditional || kind == .trailingStop || request.stopPrice > 0 else { throw .noStopPrice }
    guard kind != .trailingStop || request.trailPpm > 0 else { throw .trailStep }
    guard !flags.contains(.postOnly) || kind == .limit && timeInForce != .ioc && timeInForce != .fok else {
      throw .postOnly
    }
  }
}

extension Side {
  var binanceWord: String { self == .buy ? "BUY" : "SELL" }
}

extension TimeInForce {
  var binanceWord: String {
    switch self {
    case .gtc: "GTC"
    case .ioc: "IOC"
    case .fok: "FOK"
    case .gtd: "GTD"
    }
  }
}

extension SelfTradePrevention {
  /// Always sent: what the venue does without it differs from endpoint to endpoint.
  var binanceWord: String {
    switch self {
    case .none: "NONE"
    case .expireTaker: "EXPIRE_TAKER"
    case .expireMaker: "EXPIRE_MAKER"
    case .expireBoth: "EXPIRE_BOTH"
    }
  }
}

extension BinanceParameters {
  mutating func add(price: Int64, as name: String, _ instrument: Instrument) {
    add(name, .decimal(price, scale: instrument.priceScale))
  }

  mutating func add(quantity: Int64, as name: String, _ instrument: Instrument) {
    add(name, .decimal(quantity, scale: instrument.quantityScale))
  }

  /// The venue's number of an order where it is known, which is found fastest; else our id.
  mutating func addOrder(
    _ request: VenueRequest, number: String, id: String
  ) throws(BinanceEncodingError) {
    if !request.venueOrder.isNone, request.venueOrder.high == 0, let order = Int64(exactly: request.venueOrder.low) {
      add(number, order)
    } else if !request.wireID.isEmpty {
      add(id, request.wireID)
    } else {
      throw .noOrder
    }
  }

  /// 0 leaves the venue's own.
  mutating func addLimit(_ limit: Int64) {
    if limit > 0 { add("limit", limit) }
  }

  mutating func addTime(_ name: String, _ time: UTCTime) {
    if time > .zero { add(name, time.nanoseconds / 1_000_000) }
  }
}
