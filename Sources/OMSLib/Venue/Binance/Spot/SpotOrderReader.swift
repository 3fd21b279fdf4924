/// `executionReport` through the full reader.
enum SpotOrderReader {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceOrderNews {
    var news = BinanceOrderNews(.spot)
    let symbol = try event.symbol("s", names)
    news.take(symbol)
    let own = try event.clientID("c")
    let original = try event.clientID("C", or: Text64())
    news.client = original.isEmpty ? own : original
    news.side = try event.side("S")
    news.type = BinanceOrderType(word: try event.word("o"))
    news.timeInForce = BinanceTimeInForce(word: try event.word("f"))
    news.execution = BinanceExecution(word: try event.word("x"))
    news.status = BinanceStatus(word: try event.word("X"))
    news.quantity = try event.mantissa("q", scale: symbol.quantityScale)
    news.price = try event.mantissa("p", scale: symbol.priceScale)
    news.stopPrice = try event.mantissa("P", scale: symbol.priceScale, or: 0)
    news.lastQuantity = try event.mantissa("l", scale: symbol.quantityScale)
    news.lastPrice = try event.mantissa("L", scale: symbol.priceScale)
    news.cumulative = try event.mantissa("z", scale: symbol.quantityScale)
    news.prevented = try event.mantissa("A", scale: symbol.quantityScale, or: 0)
    news.order = try event.reference("i")
    news.time = try event.time("T")
    news.isMaker = try event.flag("m")
    news.isOnBook = try event.flag("w")
    if let placed = event["O"], !placed.isNull { news.placedAt = try event.time("O") }
    try news.takeTrade(event, names)
    news.endReasonRaw = endReason(event, news).rawValue
    return news
  }

  private static func endReason(_ event: JSONValue, _ news: BinanceOrderNews) -> VenueEvent.EndReason {
    switch event["eR"]?.string ?? event["r"]?.string {
    case "UNFILLED_IOC_QUANTITY_EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED", "INSUFFICIENT_LIQUIDITY",
      "EXECUTION_RULE_PRICE_RANGE_EXCEEDED":
      .timeInForce
    case "EXCHANGE_CANCELED": .closed
    case "WOULD_MATCH_IMMEDIATELY": .wouldTake
    case "INSUFFICIENT_BALANCES": .insufficient
    default: .asked
    }
  }
}

extension JSONValue {
  func clientID(_ name: String, or absent: Text64) throws(BinanceProblem) -> Text64 {
    guard let value = self[name], !value.isNull else { return absent }
    return try clientID(name)
  }
}

extension BinanceOrderNews {
  /// Trade number, fee and its asset; they count only where something was traded.
  mutating func takeTrade(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) {
    let number = try event.number("t")
    if number > 0 { trade = VenueReference(UInt64(number)) }
    guard isTrade else { return }
    guard number > 0 else { throw .member("t") }
    guard let value = event["n"], !value.isNull else {
      // Futures leave it out where there is none; on spot no word of a fee is no fee of zero.
      guard product == .usdm else { throw .member("n") }
      return
    }
    fee = try event.money("n")
    guard let asset = event["N"], !asset.isNull else {
      guard fee.isZero else { throw .member("N") }
      return
    }
    let name = try event.word("N")
    guard let found = names.asset(name) else { throw .unknownAsset(name) }
    feeAsset = found
  }
}
