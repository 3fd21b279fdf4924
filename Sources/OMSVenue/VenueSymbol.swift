import OMSLib

/// One instrument as its surface names it.
struct VenueSymbol: Sendable {
  /// The exchange's own number.
  let number: UInt16
  let name: String
  let product: VenueProduct
  let rules: Instrument
  let base: String
  let quote: String
  let settle: String

  /// Fewest decimals that this surface prints.
  private var leastDecimals: Int { product == .spot ? 8 : 0 }

  func price(_ mantissa: Int64) -> String { text(mantissa, rules.priceScale) }
  func quantity(_ mantissa: Int64) -> String { text(mantissa, rules.quantityScale) }

  private func text(_ mantissa: Int64, _ scale: UInt8) -> String {
    let more = max(leastDecimals - Int(scale), 0)
    return printed { (sink: inout ByteBuffer) in
      sink.append(decimal: Int128(mantissa) * Int128(PowerOfTen.int64(more)), scale: Int(scale) + more)
    }
  }

  /// Price x quantity in the quote asset.
  func notional(_ price: Int64, _ quantity: Int64) -> Money {
    rules.notional(Price(mantissa: price), Quantity(mantissa: quantity)) ?? .max
  }

  /// An average over so much quantity, at ten decimals or at the price's own.
  func average(_ quote: Money, over quantity: Int64) -> String {
    guard quantity != 0, let average = quote.over(Money(Quantity(mantissa: quantity), scale: Int(rules.quantityScale)))
    else { return price(0) }
    let shown = average.rounded(to: max(Int(rules.priceScale), 5), .halfEven) ?? average
    return shown.text(atLeast: Int(rules.priceScale))
  }
}

/// Instruments by the names of their surface.
struct SymbolTable: Sendable {
  private(set) var all: [VenueSymbol] = []
  private var places: [VenueProduct: [String: Int]] = [:]
  private var byNumber: [UInt16: Int] = [:]

  init(_ exchange: borrowing Exchange) {
    for number in exchange.instrumentNumbers {
      let rules = exchange.rules(of: number)
      let product: VenueProduct = rules.instrumentClass == .spot ? .spot : .usdm
      let symbol = VenueSymbol(
        number: number, name: rules.native.description, product: product, rules: rules,
        base: exchange.assetName(rules.base.number).description,
        quote: exchange.assetName(rules.quote.number).description,
        settle: exchange.assetName(rules.settle.number).description)
      places[product, default: [:]][symbol.name] = all.count
      byNumber[number] = all.count
      all.append(symbol)
    }
  }

  func symbol(_ name: String, _ product: VenueProduct) -> VenueSymbol? { places[product]?[name].map { all[$0] } }
  func symbol(_ number: UInt16) -> VenueSymbol? { byNumber[number].map { all[$0] } }
  func symbols(of product: VenueProduct) -> [VenueSymbol] { all.filter { $0.product == product } }
}
