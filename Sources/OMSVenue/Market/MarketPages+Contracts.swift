import OMSLib

/// What only contracts have: marks, funding, open interest.
extension MarketPages {
  private static let fundingMax = 1_000

  func premiumPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let tops = parameters.symbols.map { exchange.top(of: $0.number, at: .zero) }
    let rates = parameters.symbols.map { exchange.fundingRate(of: $0.number) }
    let (next, time) = (exchange.nextFundingTime.nanoseconds, exchange.time.nanoseconds)
    return try write(parameters, in: exchange) { json, symbol in
      guard let place = parameters.symbols.firstIndex(where: { $0.number == symbol.number }) else { return }
      json.beginObject()
      json.member("symbol", symbol.name)
      json.member("markPrice", markPrice: tops[place].mark, of: symbol)
      json.member("indexPrice", markPrice: tops[place].index, of: symbol)
      json.member("estimatedSettlePrice", markPrice: tops[place].index, of: symbol)
      json.member("lastFundingRate", decimal: rates[place].e8, scale: 8)
      json.member("interestRate", decimal: Exchange.interestRateE8, scale: 8)
      json.member("nextFundingTime", next, in: unit)
      json.member("time", time, in: unit)
      json.endObject()
    }
  }

  func fundingRatePage(_ parameters: PageParameters, _ unit: TimeUnit) throws(VenueError) -> [UInt8] {
    let chosen = try parameters.choice()?.symbols ?? parameters.symbols
    let limit = try parameters.limit(100, max: Self.fundingMax)
    let (start, end) = try parameters.times()
    var rows: [(symbol: MarketSymbol, payment: FundingPayment)] = []
    for symbol in chosen {
      for payment in history(symbol).funding where payment.time >= start ?? .min && payment.time <= end ?? .max {
        rows.append((symbol, payment))
      }
    }
    rows.sort { $0.payment.time < $1.payment.time }
    var json = JSONWriter(capacity: 2_048)
    json.beginArray()
    for row in start == nil ? rows.suffix(limit) : rows.prefix(limit) {
      json.beginObject()
      json.member("symbol", row.symbol.name)
      json.member("fundingTime", row.payment.time, in: unit)
      json.member("fundingRate", decimal: row.payment.rate.e8, scale: 8)
      json.member("markPrice", markPrice: row.payment.mark, of: row.symbol)
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }

  func fundingInfoPage() -> [UInt8] {
    var json = JSONWriter()
    json.beginArray()
    for symbol in symbols where symbol.product == .usdm {
      json.beginObject()
      json.member("symbol", symbol.name)
      json.member("adjustedFundingRateCap", decimal: Exchange.fundingRateMaxE8, scale: 8)
      json.member("adjustedFundingRateFloor", decimal: -Exchange.fundingRateMaxE8, scale: 8)
      json.member("fundingIntervalHours", Exchange.fundingInterval / KlineInterval.hour)
      json.member("disclaimer", false)
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }

  /// The house covers what a liquidation leaves: nobody's profit is ever closed for another's loss.
  func deleveragingPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let time = exchange.time.nanoseconds
    return try write(parameters, in: exchange) { json, symbol in
      json.beginObject()
      json.member("symbol", symbol.name)
      json.member("adlRisk", "low")
      json.member("updateTime", time, in: unit)
      json.endObject()
    }
  }

  /// Nothing here trades by sessions.
  func tradingSchedulePage(in exchange: borrowing Exchange, _ unit: TimeUnit) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("updateTime", exchange.time.nanoseconds, in: unit)
    json.name("marketSchedules")
    json.beginObject()
    json.endObject()
    json.endObject()
    return json.bytes
  }

  func openInterestPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    var json = JSONWriter()
    json.beginObject()
    json.member("openInterest", quantity: exchange.openInterest(of: symbol.number), of: symbol)
    json.member("symbol", symbol.name)
    json.member("time", exchange.time.nanoseconds, in: unit)
    json.endObject()
    return json.bytes
  }
}
