import OMSLib

/// Answers and news: the same facts as the other client takes from them.
struct VectorResponses {
  private let product: BinanceProduct
  private let account = AccountID(number: 1)

  init(_ product: BinanceProduct) { self.product = product }

  func run(_ root: JSONValue) -> VectorCount {
    var count = VectorCount()
    for entry in vectorCases(root) {
      let name = "\(entry["id"]?.string ?? "?") \(entry["method"]?.string ?? "?")"
      count.add(outcome(entry), name)
    }
    return count
  }

  private func outcome(_ entry: JSONValue) -> VectorOutcome {
    guard let response = entry["httpResponse"], let method = entry["method"]?.string else {
      return .failed("no method or httpResponse")
    }
    let names = VectorNames(response, product)
    do throws(BinanceProblem) {
      if method.hasPrefix("ws:") { return try message(response, entry, names) }
      return try answer(method, response, entry, names)
    } catch {
      return .failed("refused: \(error)")
    }
  }

  // MARK: News

  private func message(
    _ response: JSONValue, _ entry: JSONValue, _ names: VectorNames
  ) throws(BinanceProblem) -> VectorOutcome {
    let bytes = Array(response.source)
    let kind = (response["event"] ?? response["data"] ?? response)["e"]?.string ?? ""
    if ["depthUpdate", "bookTicker"].contains(kind) {
      var reader = BinanceMarketReader()
      _ = try reader.readFully(bytes, names.table)
      return .passed
    }
    let memory = BinanceAccountMemory()
    switch product {
    case .spot:
      let account = account
      let (_, news) = try SpotUserReader.readFully(bytes, names.table) { _ in (account, memory) }
      switch news {
      case .order(let order): return compare(order, entry["parsedOrder"], names)
      case .other: return .skipped("news of markets, which the codec hands on unread")
      default: return .passed
      }
    case .usdm:
      let (_, news) = try FuturesUserReader.readFully(bytes, names.table, account, memory)
      switch news {
      case .order(let order): return compare(order, entry["parsedOrder"], names)
      case .other: return .skipped("news of markets, which the codec hands on unread")
      default: return .passed
      }
    }
  }

  private func compare(_ order: BinanceOrderNews, _ parsed: JSONValue?, _ names: VectorNames) -> VectorOutcome {
    guard let parsed else { return .passed }
    var check = VectorCheck(parsed)
    check.text("id", String(order.order.low))
    check.text("clientOrderId", order.client.description)
    check.text("side", order.side == .buy ? "buy" : "sell")
    check.number("amount", order.quantity)
    check.number("filled", order.cumulative)
    if order.type == .limit, order.execution != .calculated { check.number("price", order.price) }
    check.text("status", Self.status(order.status))
    if order.isTrade, let fee = parsed["fee"], order.feeAsset != .none {
      check.money("fee", vectorDecimal(fee["cost"]), order.fee)
    }
    return check.outcome
  }

  private static func status(_ status: BinanceStatus) -> String? {
    switch status {
    case .new, .partiallyFilled: "open"
    case .filled: "closed"
    case .cancelled: "canceled"
    case .expired, .expiredInMatch: "expired"
    case .rejected: "rejected"
    // The other client has words of its own for these.
    case .pendingNew, .pendingCancel, .insurance, .adl, .unknown: nil
    }
  }

  // MARK: Answers

  private func answer(
    _ method: String, _ response: JSONValue, _ entry: JSONValue, _ names: VectorNames
  ) throws(BinanceProblem) -> VectorOutcome {
    let reading = BinanceReading(product, account, names.table)
    let parsed = entry["parsedResponse"]
    switch method {
    case "fetchOrder", "cancelOrder":
      return compareOrder(try BinanceReport.order(response, reading), parsed)
    case "fetchOpenOrders", "fetchOrders": return try compareOrders(response, parsed, reading)
    case "fetchMyTrades": return try compareTrades(response, parsed, reading, names)
    case "fetchBalance" where product == .spot: return try compareBalances(response, parsed, reading, names)
    case "fetchOrderBook": return try compareBook(response, parsed, names)
    case "fetchPositionsRisk":
      var count = 0
      try FuturesAccountReader.positions(
        response, to: VenueRequest(.queryAccount), reading, BinanceAccountMemory()
      ) { _ in count += 1 }
      return count == response.count ? .passed : .failed("\(count) of \(response.count) positions")
    case "loadMarkets", "raw:exchangeInfo", "raw:exchange_info_response", "raw:http_futures_market_exchange_info":
      return compareMarkets(try BinanceExchangeInfo(response, product), parsed)
    case "raw:http_spot_market_book_ticker", "raw:http_futures_market_book_ticker", "fetchTime", "fetchPositionMode":
      return .skipped("\(method): asked by nobody")
    default: return .skipped("answers about markets and wallets, which nobody here asks for")
    }
  }

  private func compareOrder(_ event: VenueEvent, _ parsed: JSONValue?) -> VectorOutcome {
    guard let parsed else { return .passed }
    var check = VectorCheck(parsed)
    check.text("id", String(event.venueOrder.low))
    // A cancel has an id of its own beside the order's.
    check.text("clientOrderId", event.wireID.description)
    check.text("side", event.side == .buy ? "buy" : "sell")
    check.number("amount", event.quantity)
    check.number("filled", event.cumulative)
    if event.orderKindRaw == OrderKind.limit.rawValue { check.number("price", event.price) }
    check.text("status", Self.status(event.status))
    return check.outcome
  }

  private static func status(_ status: VenueEvent.ReportedStatus?) -> String? {
    switch status {
    case .open, .waiting: "open"
    case .filled: "closed"
    case .cancelled: "canceled"
    case .expired: "expired"
    case .rejected: "rejected"
    case nil: nil
    }
  }

  private func compareOrders(
    _ response: JSONValue, _ parsed: JSONValue?, _ reading: BinanceReading
  ) throws(BinanceProblem) -> VectorOutcome {
    var events: [VenueEvent] = []
    _ = try BinanceReport.orders(response, to: VenueRequest(.queryOpenOrders), reading) { events.append($0) }
    guard let parsed else { return .passed }
    guard events.count == parsed.count else { return .failed("\(events.count) orders instead of \(parsed.count)") }
    for row in parsed.elements {
      guard let event = events.first(where: { String($0.venueOrder.low) == row["id"]?.string }) else {
        return .failed("order \(row["id"]?.string ?? "?") is missing")
      }
      if case .failed(let why) = compareOrder(event, row) { return .failed(why) }
    }
    return .passed
  }

  private func compareTrades(
    _ response: JSONValue, _ parsed: JSONValue?, _ reading: BinanceReading, _ names: VectorNames
  ) throws(BinanceProblem) -> VectorOutcome {
    var fills: [VenueEvent] = []
    guard let name = response.elements.first?["symbol"]?.string, let symbol = names.table.symbol(name) else {
      return .failed("no symbol")
    }
    _ = try BinanceReport.trades(response, of: symbol, reading) { fills.append($0) }
    for (fill, row) in zip(fills, parsed?.elements ?? []) {
      var check = VectorCheck(row)
      check.text("id", String(fill.trade.low))
      check.text("order", String(fill.venueOrder.low))
      check.text("side", fill.side == .buy ? "buy" : "sell")
      check.text("takerOrMaker", fill.isMaker == 1 ? "maker" : "taker")
      check.number("price", fill.price)
      check.number("amount", fill.quantity)
      check.money("fee", vectorDecimal(row["fee"]?["cost"]), fill.fee)
      if case .failed(let why) = check.outcome { return .failed(why) }
    }
    return fills.count == parsed?.count ?? fills.count ? .passed : .failed("\(fills.count) trades")
  }

  private func compareBalances(
    _ response: JSONValue, _ parsed: JSONValue?, _ reading: BinanceReading, _ names: VectorNames
  ) throws(BinanceProblem) -> VectorOutcome {
    var events: [VenueEvent] = []
    try SpotAccountReader.account(response, to: VenueRequest(.queryAccount), reading) { events.append($0) }
    for row in response["balances"]?.elements ?? [] {
      guard let name = row["asset"]?.string, let asset = names.table.asset(name) else { continue }
      guard let event = events.first(where: { $0.asset == asset }) else { return .failed("\(name) is missing") }
      guard let wanted = parsed?[name] else { continue }
      var check = VectorCheck(wanted)
      check.money("total", vectorDecimal(wanted["total"]), event.amount)
      check.money("used", vectorDecimal(wanted["used"]), event.locked)
      if case .failed(let why) = check.outcome { return .failed("\(name) \(why)") }
    }
    return .passed
  }

  private func compareBook(
    _ response: JSONValue, _ parsed: JSONValue?, _ names: VectorNames
  ) throws(BinanceProblem) -> VectorOutcome {
    var reader = BinanceMarketReader()
    try reader.readSnapshot(Array(response.source), names.any)
    for (levels, side) in [(reader.depth.bids, "bids"), (reader.depth.asks, "asks")] {
      let wanted = parsed?[side]?.elements ?? []
      guard parsed == nil || wanted.count == levels.count else { return .failed("\(levels.count) \(side)") }
      for (level, row) in zip(levels, wanted) {
        let parts = row.elements
        guard VectorCheck.isSame(vectorDecimal(parts.first), level.price),
          VectorCheck.isSame(vectorDecimal(parts.last), level.quantity)
        else { return .failed("\(side): \(level) differs") }
      }
    }
    return .passed
  }

  private func compareMarkets(_ info: BinanceExchangeInfo, _ parsed: JSONValue?) -> VectorOutcome {
    if let refused = info.refused.first, parsed != nil { return .failed("\(refused.symbol): \(refused.problem)") }
    // A symbol without filters has no numbers to trade with: it is told, and not traded.
    guard info.listings.count + info.refused.count > 0 else { return .failed("nothing is listed") }
    for listing in info.listings {
      let native = listing.instrument.native.description
      guard let market = parsed?.members.first(where: { $0.value["id"]?.string == native })?.value else { continue }
      let tick = Decimal(Price(mantissa: listing.instrument.tick), scale: Int(listing.instrument.priceScale))
      let lot = Decimal(Quantity(mantissa: listing.instrument.lot), scale: Int(listing.instrument.quantityScale))
      let least = Decimal(
        Quantity(mantissa: listing.instrument.minQuantity), scale: Int(listing.instrument.quantityScale))
      guard market["base"]?.string == listing.base, market["quote"]?.string == listing.quote,
        isEqual(market["precision"]?["price"], tick), isEqual(market["precision"]?["amount"], lot),
        isEqual(market["limits"]?["amount"]?["min"], least),
        market["active"]?.bool.map({ $0 == (listing.instrument.isTrading == 1) }) ?? true
      else { return .failed("\(native) differs") }
    }
    return .passed
  }
}

private func isEqual(_ theirs: JSONValue?, _ ours: Decimal) -> Bool {
  guard let theirs = vectorDecimal(theirs) else { return true }
  return theirs == ours
}

/// Names of whatever a message speaks of, with eight decimals for prices and sizes.
struct VectorNames {
  static let scale = 8
  private(set) var table = BinanceNames()
  private(set) var any = BinanceSymbol()

  init(_ response: JSONValue, _ product: BinanceProduct) {
    var symbols: [String] = []
    var assets: [String] = []
    Self.collect(response, &symbols, &assets)
    for (index, name) in (symbols + ["ANY"]).prefix(Limits.instrumentCount - 1).enumerated() {
      let scale = UInt8(Self.scale)
      let instrument = VectorMarket.instrument(name, prices: scale, quantities: scale, number: UInt16(index + 1))
      guard !instrument.native.isEmpty else { continue }
      table.add(instrument)
      any = BinanceSymbol(instrument)
    }
    for (index, name) in assets.prefix(Limits.assetCount - 1).enumerated() {
      if let text = Text32(name), !text.isEmpty { table.add(asset: text, AssetID(number: UInt16(index + 1))) }
    }
  }

  private static func collect(_ value: JSONValue, _ symbols: inout [String], _ assets: inout [String]) {
    for (name, member) in value.members {
      if let text = member.string {
        if name == "s" || name == "symbol", !symbols.contains(text) { symbols.append(text) }
        if ["N", "a", "asset", "commissionAsset"].contains(name), !assets.contains(text) { assets.append(text) }
      }
      collect(member, &symbols, &assets)
    }
    for element in value.elements { collect(element, &symbols, &assets) }
  }
}

/// Facts of one case, compared one by one; the first difference counts.
struct VectorCheck {
  private let wanted: JSONValue
  private(set) var outcome = VectorOutcome.passed

  init(_ wanted: JSONValue) { self.wanted = wanted }

  /// `nil`: nothing is said here.
  mutating func text(_ name: String, _ ours: String?) {
    guard let ours, let theirs = wanted[name]?.string, ours != theirs else { return }
    fail("\(name) \(ours) instead of \(theirs)")
  }

  mutating func number(_ name: String, _ ours: Int64) {
    guard let theirs = vectorDecimal(wanted[name]), !Self.isSame(theirs, ours) else { return }
    fail("\(name) \(ours)e-8 instead of \(theirs.canonicalText)")
  }

  mutating func money(_ name: String, _ theirs: Decimal?, _ ours: Money) {
    guard let theirs, Decimal(ours) != theirs else { return }
    fail("\(name) \(ours) instead of \(theirs.canonicalText)")
  }

  static func isSame(_ theirs: Decimal?, _ ours: Int64) -> Bool {
    guard let theirs else { return true }
    return theirs == Decimal(Price(mantissa: ours), scale: VectorNames.scale)
  }

  private mutating func fail(_ text: String) {
    if case .passed = outcome { outcome = .failed(text) }
  }
}
