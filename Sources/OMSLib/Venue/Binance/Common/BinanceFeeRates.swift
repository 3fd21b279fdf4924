/// What an account pays for its trades in one symbol, as fractions of what is traded.
package struct BinanceFeeRates: Equatable, Sendable {
  // By who waited in the book, and on spot by the side too.
  package var makerBuy: Rate
  package var makerSell: Rate
  package var takerBuy: Rate
  package var takerSell: Rate
  /// Spot: the asset that fees are paid in at a discount, where the account has chosen so.
  package var discountAsset: Text32?

  package init(maker: Rate, taker: Rate) {
    (makerBuy, makerSell, takerBuy, takerSell) = (maker, maker, taker, taker)
  }

  /// `account/commission` of spot, or `commissionRate` of USD-M.
  package init(_ body: JSONValue, _ product: BinanceProduct) throws(BinanceProblem) {
    guard product == .spot else {
      self.init(maker: try body.rate("makerCommissionRate"), taker: try body.rate("takerCommissionRate"))
      return
    }
    self.init(maker: .zero, taker: .zero)
    // A trade pays all three kinds, each by its role and by its side.
    for kind in ["standardCommission", "specialCommission", "taxCommission"] {
      guard let part = body[kind], part.isObject else {
        if kind == "standardCommission" { throw .member(kind) }
        continue
      }
      let (maker, taker) = (try part.rate("maker"), try part.rate("taker"))
      let (buyer, seller) = (try part.rate("buyer"), try part.rate("seller"))
      makerBuy.e8 += maker.e8 + buyer.e8
      makerSell.e8 += maker.e8 + seller.e8
      takerBuy.e8 += taker.e8 + buyer.e8
      takerSell.e8 += taker.e8 + seller.e8
    }
    if let discount = body["discount"], discount["enabledForAccount"]?.bool == true,
      discount["enabledForSymbol"]?.bool == true
    {
      discountAsset = Text32(try discount.word("discountAsset"))
    }
  }

  package func rate(isMaker: Bool, _ side: Side) -> Rate {
    switch (isMaker, side) {
    case (true, .buy): makerBuy
    case (true, .sell): makerSell
    case (false, .buy): takerBuy
    case (false, .sell): takerSell
    }
  }
}

extension JSONValue {
  /// A fraction, of no more than all.
  fileprivate func rate(_ name: String) throws(BinanceProblem) -> Rate {
    let rate = try signedMantissa(name, scale: 8)
    guard rate.magnitude <= 100_000_000 else { throw .number(name) }
    return Rate(e8: rate)
  }
}

/// Whether the fee of a fill is what the account's rates make it.
package enum BinanceFeeVerdict: Equatable, Sendable {
  case asExpected
  /// By more than rounding.
  case deviates(expected: Money)
  /// Paid in an asset whose price is not part of the trade.
  case notJudged

  /// Fees have eight decimals, and the venue does not say to which side it rounds.
  private static let unit = Money(units: 10_000_000_000)

  package init(_ fill: VenueEvent, _ rates: BinanceFeeRates, _ instrument: Instrument) {
    guard let side = fill.side,
      let notional = instrument.notional(Price(mantissa: fill.price), Quantity(mantissa: fill.quantity))
    else {
      self = .notJudged
      return
    }
    let isSpot = instrument.instrumentClass == .spot
    let traded: Money
    if fill.asset == (isSpot ? instrument.quote : instrument.settle) {
      traded = notional
    } else if isSpot, fill.asset == instrument.base {
      traded = Money(Quantity(mantissa: fill.quantity), scale: Int(instrument.quantityScale))
    } else {
      self = .notJudged
      return
    }
    guard let expected = traded.times(rates.rate(isMaker: fill.isMaker != 0, side), decimals: 8) else {
      self = .notJudged
      return
    }
    let difference = fill.fee.subtracting(expected)?.magnitude ?? .max
    self = difference <= Self.unit ? .asExpected : .deviates(expected: expected)
  }
}
