package import OMSLib

/// An instrument under the name that one of the exchange's faces gives it.
package struct MarketSymbol: Sendable {
  /// The exchange's own number.
  package let number: UInt16
  package let product: VenueProduct
  package let name: String
  /// As streams are called.
  package let lowerName: String
  package let base: String
  package let quote: String
  package let rules: Instrument

  init(_ number: UInt16, in exchange: borrowing Exchange) {
    self.number = number
    rules = exchange.rules(of: number)
    product = rules.instrumentClass == .perp ? .usdm : .spot
    name = rules.native.description
    lowerName = name.lowercased()
    base = exchange.name(ofAsset: rules.base.number).description
    quote = exchange.name(ofAsset: rules.quote.number).description
  }

  // Spot shows eight decimals whatever the tick; futures as many as the instrument has.
  private static let spotScale = 8

  var priceScale: Int { Int(rules.priceScale) }
  var quantityScale: Int { Int(rules.quantityScale) }
  var turnoverScale: Int { priceScale + quantityScale }
  var shownPriceScale: Int { product == .spot ? max(Self.spotScale, priceScale) : priceScale }
  var shownQuantityScale: Int { product == .spot ? max(Self.spotScale, quantityScale) : quantityScale }
  var shownTurnoverScale: Int { product == .spot ? max(Self.spotScale, turnoverScale) : turnoverScale }
  /// Mark, index and average prices have more decimals than the tick.
  var shownAverageScale: Int { max(Self.spotScale, priceScale) }

  /// Turnover / quantity, at `shownAverageScale`; `nil` where nothing was traded.
  func average(_ turnover: Int128, over quantity: Int128) -> Int128? {
    guard quantity > 0 else { return nil }
    return turnover * PowerOfTenWide.value(shownAverageScale - priceScale) / quantity
  }
}

/// 10^n for the decimals of a page.
enum PowerOfTenWide {
  static func value(_ exponent: Int) -> Int128 {
    var value: Int128 = 1
    for _ in 0..<exponent { value *= 10 }
    return value
  }
}

extension JSONWriter {
  /// A decimal of `scale` digits written with at least `shown` of them.
  mutating func decimal(_ value: some FixedWidthInteger, scale: Int, shown: Int) {
    decimal(Int128(value) * PowerOfTenWide.value(max(shown - scale, 0)), scale: max(shown, scale))
  }

  mutating func price(_ value: Int64, of symbol: MarketSymbol) {
    decimal(value, scale: symbol.priceScale, shown: symbol.shownPriceScale)
  }

  mutating func quantity(_ value: some FixedWidthInteger, of symbol: MarketSymbol) {
    decimal(value, scale: symbol.quantityScale, shown: symbol.shownQuantityScale)
  }

  mutating func turnover(_ value: Int128, of symbol: MarketSymbol) {
    decimal(value, scale: symbol.turnoverScale, shown: symbol.shownTurnoverScale)
  }

  /// A mark or index price.
  mutating func markPrice(_ value: Int64, of symbol: MarketSymbol) {
    decimal(value, scale: symbol.priceScale, shown: symbol.shownAverageScale)
  }

  mutating func member(_ name: StaticString, price value: Int64, of symbol: MarketSymbol) {
    self.name(name)
    price(value, of: symbol)
  }

  mutating func member(_ name: StaticString, quantity value: some FixedWidthInteger, of symbol: MarketSymbol) {
    self.name(name)
    quantity(value, of: symbol)
  }

  mutating func member(_ name: StaticString, turnover value: Int128, of symbol: MarketSymbol) {
    self.name(name)
    turnover(value, of: symbol)
  }

  mutating func member(_ name: StaticString, markPrice value: Int64, of symbol: MarketSymbol) {
    self.name(name)
    markPrice(value, of: symbol)
  }

  mutating func member(_ name: StaticString, _ time: Int64, in unit: TimeUnit) {
    self.name(name)
    integer(unit.value(time))
  }
}

/// In which unit a client wants its times.
package enum TimeUnit: Sendable {
  case millisecond
  case microsecond

  func value(_ nanoseconds: Int64) -> Int64 {
    self == .millisecond ? nanoseconds / 1_000_000 : nanoseconds / 1_000
  }
}
