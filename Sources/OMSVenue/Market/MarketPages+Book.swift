import OMSLib

/// Books and trades.
extension MarketPages {
  private static let spotDepthMax = 5_000
  /// Futures know these depths and no others.
  private static let usdmDepths = [5, 10, 20, 50, 100, 500, 1_000]
  private static let tradesMax = 1_000

  mutating func depthPage(
    _ parameters: PageParameters, standard: Int, in exchange: borrowing Exchange, at now: ServerTime, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    _ = try status(parameters, [symbol], in: exchange)
    let isSpot = parameters.product == .spot
    let limit = try parameters.limit(isSpot ? 100 : standard, max: Self.spotDepthMax)
    guard isSpot || Self.usdmDepths.contains(limit) else { throw .invalidValue("limit") }
    let index = Int(symbol.number) - 1
    books[index].look(in: exchange)
    var json = JSONWriter(capacity: 4_096)
    json.beginObject()
    json.member("lastUpdateId", books[index].id)
    if !isSpot {
      json.member("E", now.utc.nanoseconds, in: unit)
      json.member("T", exchange.time.nanoseconds, in: unit)
    }
    json.levels("bids", books[index].bids.prefix(limit), of: symbol)
    json.levels("asks", books[index].asks.prefix(limit), of: symbol)
    json.endObject()
    return json.bytes
  }

  mutating func tradesPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    let limit = try parameters.limit(500, max: Self.tradesMax)
    let from = try parameters.integer("fromId")
    var trades: [PublicTrade] = []
    exchange.forEachTrade(of: symbol.number, behind: 0, count: Exchange.tradeWindow) { _, trade in
      if from.map({ trade.number >= UInt64($0) }) ?? true { trades.append(trade) }
    }
    var json = JSONWriter(capacity: 4_096)
    json.beginArray()
    for trade in from == nil ? trades.suffix(limit) : trades.prefix(limit) {
      json.beginObject()
      json.member("id", trade.number)
      json.member("price", price: trade.price, of: symbol)
      json.member("qty", quantity: trade.quantity, of: symbol)
      json.member("quoteQty", turnover: Int128(trade.price) * Int128(trade.quantity), of: symbol)
      json.member("time", trade.time.nanoseconds, in: unit)
      json.member("isBuyerMaker", trade.sideRaw == UInt64(Side.sell.rawValue))
      if symbol.product == .spot { json.member("isBestMatch", true) }
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }

  func aggregatesPage(_ parameters: PageParameters, _ unit: TimeUnit) throws(VenueError) -> [UInt8] {
    let symbol = try parameters.symbol()
    let limit = try parameters.limit(500, max: Self.tradesMax)
    let from = try parameters.integer("fromId")
    let (start, end) = try parameters.times()
    if from != nil && (start != nil || end != nil) { throw .badCombination }
    let found = history(symbol).aggregates.filter { trade in
      let time = trade.time.nanoseconds
      return trade.number >= UInt64(from ?? 0) && time >= start ?? .min
        && unit.value(time) <= end.map(unit.value) ?? .max
    }
    var json = JSONWriter(capacity: 4_096)
    json.beginArray()
    // From a place on: the oldest of it. Without one: the newest there are.
    for trade in from == nil && start == nil ? found.suffix(limit) : found.prefix(limit) {
      json.beginObject()
      json.aggregate(trade, of: symbol, unit)
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }

  mutating func bookTickersPage(
    _ parameters: PageParameters, in exchange: borrowing Exchange, at now: ServerTime, _ unit: TimeUnit
  ) throws(VenueError) -> [UInt8] {
    for symbol in parameters.symbols { books[Int(symbol.number) - 1].lookAtTop(in: exchange) }
    let time = exchange.time.nanoseconds
    return try write(parameters, in: exchange) { json, symbol in
      let book = books[Int(symbol.number) - 1]
      json.beginObject()
      json.member("symbol", symbol.name)
      json.member("bidPrice", price: book.top.bid, of: symbol)
      json.member("bidQty", quantity: book.top.bidQuantity, of: symbol)
      json.member("askPrice", price: book.top.ask, of: symbol)
      json.member("askQty", quantity: book.top.askQuantity, of: symbol)
      if symbol.product == .usdm {
        json.member("time", time, in: unit)
        json.member("lastUpdateId", book.topID)
      }
      json.endObject()
    }
  }

  /// `symbolStatus` of spot: a symbol that was asked for by name must have it.
  func status(
    _ parameters: PageParameters, _ symbols: [MarketSymbol], in exchange: borrowing Exchange
  ) throws(VenueError) -> String? {
    guard parameters.product == .spot, let status = parameters.text("symbolStatus") else { return nil }
    guard ["TRADING", "HALT", "BREAK", "CANCEL_ONLY"].contains(status) else { throw .invalidValue("symbolStatus") }
    for symbol in symbols where Self.status(symbol, in: exchange) != status {
      throw VenueError(-1220, "Symbol is present but its status does not match the one that was asked for.")
    }
    return status
  }

  static func status(_ symbol: MarketSymbol, in exchange: borrowing Exchange) -> String {
    if exchange.rules(of: symbol.number).isTrading == 1 { return "TRADING" }
    return symbol.product == .spot ? "BREAK" : "PENDING_TRADING"
  }
}

extension JSONWriter {
  mutating func levels(_ name: StaticString, _ levels: some Sequence<BookLevel>, of symbol: MarketSymbol) {
    self.name(name)
    beginArray()
    for level in levels {
      beginArray()
      price(level.price, of: symbol)
      quantity(level.quantity, of: symbol)
      endArray()
    }
    endArray()
  }

  /// Members of an aggregate from its number on: what pages and streams have in common.
  mutating func aggregate(_ trade: AggregateTrade, of symbol: MarketSymbol, _ unit: TimeUnit) {
    member("a", trade.number)
    member("p", price: trade.price, of: symbol)
    member("q", quantity: trade.quantity, of: symbol)
    // Nothing here is hidden from the books.
    if symbol.product == .usdm { member("nq", quantity: trade.quantity, of: symbol) }
    member("f", trade.first)
    member("l", trade.last)
    member("T", trade.time.nanoseconds, in: unit)
    member("m", trade.buyerIsMaker)
    if symbol.product == .spot { member("M", true) }
  }
}
