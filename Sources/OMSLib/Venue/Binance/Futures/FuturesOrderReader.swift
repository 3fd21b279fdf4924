/// `ORDER_TRADE_UPDATE` through the full reader.
enum FuturesOrderReader {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceOrderNews {
    guard let order = event["o"], order.isObject else { throw .member("o") }
    var news = BinanceOrderNews(.usdm)
    let symbol = try order.symbol("s", names)
    news.take(symbol)
    news.client = try order.clientID("c")
    news.side = try order.side("S")
    news.positionSide = try order.positionSide("ps")
    news.type = BinanceOrderType(word: try order.word("o"))
    news.timeInForce = BinanceTimeInForce(word: try order.word("f"))
    news.execution = BinanceExecution(word: try order.word("x"))
    news.status = BinanceStatus(word: try order.word("X"))
    news.quantity = try order.mantissa("q", scale: symbol.quantityScale)
    news.price = try order.mantissa("p", scale: symbol.priceScale)
    news.stopPrice = try order.mantissa("sp", scale: symbol.priceScale, or: 0)
    news.lastQuantity = try order.mantissa("l", scale: symbol.quantityScale)
    news.lastPrice = try order.mantissa("L", scale: symbol.priceScale)
    news.cumulative = try order.mantissa("z", scale: symbol.quantityScale)
    news.order = try order.reference("i")
    news.time = try order.time("T")
    news.isMaker = try order.flag("m")
    news.isReduceOnly = try order.flag("R")
    news.isForced = FuturesEnd.isForced(news.client)
    try news.takeTrade(order, names)
    var reason: Int64 = 0
    if let value = order["er"], !value.isNull {
      // Sent as a number, documented as one, and once seen as text.
      guard let number = value.integer(as: Int64.self) ?? value.string.flatMap({ Int64($0) }) else {
        throw .member("er")
      }
      reason = number
    }
    news.endReasonRaw = FuturesEnd.reason(reason, news).rawValue
    return news
  }
}

/// Why orders of futures end, and which of them the venue made.
enum FuturesEnd {
  static func reason(_ number: Int64, _ news: BinanceOrderNews) -> VenueEvent.EndReason {
    switch number {
    case 1, 3: .selfTrade
    case 2, 9, 10: .timeInForce
    case 4: .reduceOnly
    case 5: .liquidation
    // Its position is gone, or it was replaced as its trigger fired.
    case 6, 8: .asked
    case 7: .closed
    case 11: .wouldTake
    default: byForce(news)
    }
  }

  private static func byForce(_ news: BinanceOrderNews) -> VenueEvent.EndReason {
    guard news.execution == .expired else { return .asked }
    switch news.timeInForce {
    case .ioc, .fok: return .timeInForce
    case .gtx: return .wouldTake
    case .gtd: return .goodTillDate
    default: return .asked
    }
  }

  /// `autoclose-` of liquidations, `adl_autoclose` of deleveraging, `settlement_autoclose-` of deliveries.
  static func isForced(_ client: Text64) -> Bool {
    client.begins("autoclose-") || client.begins("adl_autoclose") || client.begins("settlement_autoclose-")
      || client.begins("delivery_autoclose-")
  }
}

extension Text64 {
  func begins(_ literal: StaticString) -> Bool {
    unsafe withUTF8 { bytes in
      guard bytes.count >= literal.utf8CodeUnitCount else { return false }
      for index in 0..<literal.utf8CodeUnitCount where unsafe bytes[index] != literal.utf8Start[index] { return false }
      return true
    }
  }
}
