/// Which of the venue's rules an order breaks. Those of tick, lot and least value are the instrument's own
/// (`Instrument.violations`); these are the others.
package struct BinanceBreaches: OptionSet, Hashable, Sendable, BitwiseCopyable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Below the least or above the greatest price.
  package static let priceRange = BinanceBreaches(rawValue: 1)
  /// Too far from the reference price.
  package static let percentPrice = BinanceBreaches(rawValue: 2)
  package static let marketLot = BinanceBreaches(rawValue: 4)
  /// Of orders at the market, which the instrument's rule leaves out.
  package static let minNotional = BinanceBreaches(rawValue: 8)
  package static let maxNotional = BinanceBreaches(rawValue: 16)
  package static let icebergParts = BinanceBreaches(rawValue: 32)
  package static let orderCount = BinanceBreaches(rawValue: 64)
  package static let algoCount = BinanceBreaches(rawValue: 128)
  package static let icebergCount = BinanceBreaches(rawValue: 256)
  package static let amendCount = BinanceBreaches(rawValue: 512)
  package static let maxPosition = BinanceBreaches(rawValue: 1_024)
  package static let trailingDelta = BinanceBreaches(rawValue: 2_048)
  package static let orderType = BinanceBreaches(rawValue: 4_096)
  package static let prevention = BinanceBreaches(rawValue: 8_192)
  package static let closed = BinanceBreaches(rawValue: 16_384)
}

/// The filters of one symbol, as integers at its scales. 0 in a bound: there is none.
package struct BinanceRules: Equatable, Sendable {
  /// From `down` to `up` times the reference, in 10^-8.
  package struct Band: Equatable, Sendable {
    package var up: Int64 = 0
    package var down: Int64 = 0
    package init(up: Int64 = 0, down: Int64 = 0) {
      self.up = up
      self.down = down
    }
  }

  package struct Range: Equatable, Sendable {
    package var min: Int64 = 0
    package var max: Int64 = 0
    package init(min: Int64 = 0, max: Int64 = 0) {
      self.min = min
      self.max = max
    }

    func holds(_ value: Int64) -> Bool { value >= min && (max == 0 || value <= max) }
  }

  package var product: BinanceProduct
  package var isTrading = false
  /// Orders can be cancelled and nothing else.
  package var isCancelOnly = false
  package var price = Range()
  package var marketQuantity = Range()
  package var marketStep: Int64 = 0
  package var buyBand = Band()
  package var sellBand = Band()
  /// Of what the reference is the average; 0: the last price.
  package var averageMinutes: Int64 = 0
  package var minNotional = Money.zero
  package var maxNotional = Money.zero
  package var minAppliesToMarket = false
  package var maxAppliesToMarket = false
  package var icebergParts: Int64 = 0
  package var orders: Int64 = 0
  package var algoOrders: Int64 = 0
  package var icebergOrders: Int64 = 0
  package var orderLists: Int64 = 0
  package var amends: Int64 = 0
  package var maxPosition: Int64 = 0
  package var trailingAbove = Range()
  package var trailingBelow = Range()
  package var types: [BinanceOrderType] = []
  /// Modes of self-trade prevention, by their raw values; the venue has more than these.
  package var preventions: [SelfTradePrevention] = []

  package init(_ product: BinanceProduct) { self.product = product }
}

/// What the rules are held against besides the order: numbers of the account in this symbol.
package struct BinanceOrderPlace: Sendable {
  /// The average, reference or mark price that the venue measures with; 0: not known here, and not tested.
  package var reference: Int64 = 0
  package var openOrders: Int64 = 0
  package var openAlgoOrders: Int64 = 0
  package var openIcebergs: Int64 = 0
  /// Base that is held, free and locked, and open quantity to buy.
  package var holding: Int64 = 0
  package init() {}
}

extension BinanceRules {
  /// Every rule that a new order would break. Exact: products in 128 bits, no division.
  package func breaches(_ request: VenueRequest, _ instrument: Instrument, _ place: BinanceOrderPlace)
    -> BinanceBreaches
  {
    guard let kind = OrderKind(rawValue: request.orderKindRaw), let side = Side(rawValue: request.sideRaw) else {
      return .orderType
    }
    var broken: BinanceBreaches = isTrading ? [] : .closed
    if !types.contains(type(of: request, kind)) { broken.insert(.orderType) }
    if let mode = SelfTradePrevention(rawValue: request.preventionRaw), !preventions.isEmpty, mode != .none,
      !preventions.contains(mode)
    {
      broken.insert(.prevention)
    }
    if kind.hasLimitPrice {
      if !price.holds(request.price) { broken.insert(.priceRange) }
      if !isNear(request.price, place.reference, side) { broken.insert(.percentPrice) }
    }
    if request.stopPrice > 0, !price.holds(request.stopPrice) { broken.insert(.priceRange) }
    broken.formUnion(valueBreaches(request, instrument, kind, place))
    broken.formUnion(countBreaches(request, kind, side, place))
    return broken
  }

  private func type(of request: VenueRequest, _ kind: OrderKind) -> BinanceOrderType {
    let isSpot = product == .spot
    switch kind {
    case .limit: return isSpot && request.flags.contains(.postOnly) ? .limitMaker : .limit
    case .market: return .market
    case .stopMarket: return isSpot ? .stopLoss : .stopMarket
    case .stopLimit: return isSpot ? .stopLossLimit : .stop
    case .takeProfitMarket: return isSpot ? .takeProfit : .takeProfitMarket
    case .takeProfitLimit: return isSpot ? .takeProfitLimit : .takeProfit
    case .trailingStop: return isSpot ? .stopLoss : .trailingStopMarket
    }
  }

  /// Futures hold only the end that would cost: a buy may be far below, a sell far above.
  private func isNear(_ price: Int64, _ reference: Int64, _ side: Side) -> Bool {
    guard reference > 0 else { return true }
    let band = side == .buy ? buyBand : sellBand
    let scaled = Int128(price) * 100_000_000
    let isBelow = band.up == 0 || scaled <= Int128(reference) * Int128(band.up)
    let isAbove = band.down == 0 || scaled >= Int128(reference) * Int128(band.down)
    guard product == .usdm else { return isBelow && isAbove }
    return side == .buy ? isBelow : isAbove
  }

  private func valueBreaches(
    _ request: VenueRequest, _ instrument: Instrument, _ kind: OrderKind, _ place: BinanceOrderPlace
  ) -> BinanceBreaches {
    var broken: BinanceBreaches = []
    let isMarket = !kind.hasLimitPrice
    if isMarket, request.quantity > 0 {
      let isOnStep = marketStep == 0 || request.quantity % marketStep == 0
      if !marketQuantity.holds(request.quantity) || !isOnStep { broken.insert(.marketLot) }
    }
    let price = isMarket ? place.reference : request.price
    let notional = instrument.notional(Price(mantissa: price), Quantity(mantissa: request.quantity))
    if isMarket {
      guard price > 0, let notional else { return broken }
      let isFree = product == .usdm && request.flags.contains(.reduceOnly)
      if minAppliesToMarket, !isFree, notional < minNotional { broken.insert(.minNotional) }
    }
    let hasMax = maxNotional > .zero && (!isMarket || maxAppliesToMarket)
    if hasMax, notional ?? .max > maxNotional { broken.insert(.maxNotional) }
    return broken
  }

  private func countBreaches(
    _ request: VenueRequest, _ kind: OrderKind, _ side: Side, _ place: BinanceOrderPlace
  ) -> BinanceBreaches {
    var broken: BinanceBreaches = []
    if orders > 0, place.openOrders >= orders { broken.insert(.orderCount) }
    if kind.isConditional, algoOrders > 0, place.openAlgoOrders >= algoOrders { broken.insert(.algoCount) }
    if request.displayQuantity > 0 {
      if icebergOrders > 0, place.openIcebergs >= icebergOrders { broken.insert(.icebergCount) }
      let parts = (request.quantity - 1) / request.displayQuantity + 1
      if icebergParts > 0, parts > icebergParts { broken.insert(.icebergParts) }
    }
    if maxPosition > 0, side == .buy, request.quantity > maxPosition - min(place.holding, maxPosition) {
      broken.insert(.maxPosition)
    }
    if product == .spot, kind == .trailingStop {
      // As a stop that loses: a buy waits above the market, a sell below.
      let range = side == .buy ? trailingAbove : trailingBelow
      if !range.holds(request.trailPpm / 100) { broken.insert(.trailingDelta) }
    }
    return broken
  }
}
