import OMSLib

/// Messages of an exchange: whatever comes, it is read or refused, and both readers say the same.
enum BinanceTarget {
  private static let account = AccountID(number: 1)
  private static let spot = names(prices: 2, quantities: 5)
  private static let usdm = names(prices: 1, quantities: 3)

  private static func names(prices: UInt8, quantities: UInt8) -> BinanceNames {
    var names = BinanceNames()
    for (index, native) in ["BTCUSDT", "ETHUSDT"].enumerated() {
      var instrument = Instrument()
      instrument.native = Text32(native) ?? Text32()
      instrument.id = InstrumentID(number: UInt16(index + 1))
      instrument.venue = VenueID(number: 1)
      instrument.priceScale = prices
      instrument.quantityScale = quantities
      names.add(instrument)
    }
    for (index, asset) in ["BTC", "USDT", "BNB"].enumerated() {
      names.add(asset: Text32(asset) ?? Text32(), AssetID(number: UInt16(index + 1)))
    }
    return names
  }

  /// The first byte chooses the product.
  static func readOrder(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    if first & 1 == 0 { readSpotOrder(bytes) } else { readFuturesOrder(bytes) }
  }

  private static func readSpotOrder(_ bytes: [UInt8]) {
    let memory = BinanceAccountMemory()
    var reader = SpotUserReader()
    let mixed = unsafe bytes.withUnsafeBufferPointer { message in
      unsafe try? reader.read(message, spot) { _ in (account, memory) }
    }
    let full = try? SpotUserReader.readFully(bytes, spot) { _ in (account, memory) }
    precondition((mixed == nil) == (full == nil), "the fast reader takes what the full one refuses")
    guard case .order(let order)? = mixed?.news else { return }
    guard case .order(let other)? = full?.news else { preconditionFailure("it is an order to one reader only") }
    precondition(order == other && mixed?.subscription == full?.subscription, "both readers say the same")
    check(order)
  }

  private static func readFuturesOrder(_ bytes: [UInt8]) {
    let memory = BinanceAccountMemory()
    var reader = FuturesUserReader()
    let mixed = unsafe bytes.withUnsafeBufferPointer { message in
      unsafe try? reader.read(message, usdm, account, memory)
    }
    let full = try? FuturesUserReader.readFully(bytes, usdm, account, memory)
    precondition((mixed == nil) == (full == nil), "the fast reader takes what the full one refuses")
    switch (mixed?.news, full?.news) {
    case (.order(let order)?, .order(let other)?):
      precondition(order == other, "both readers say the same")
      check(order)
    case (.order?, _), (_, .order?): preconditionFailure("it is an order to one reader only")
    case (.algo(let algo)?, _): _ = algo.event(of: account)
    default: break
    }
  }

  /// Nothing moves money that has no number, size and price of its own.
  private static func check(_ order: BinanceOrderNews) {
    var count = 0
    order.events(of: account) { event in
      count += 1
      precondition(event.quantity >= 0 && event.price >= 0 && event.cumulative >= 0, "no number is negative")
      guard event.kind == .fill else { return }
      precondition(!event.trade.isNone && event.quantity > 0, "a fill is one")
    }
    precondition(count <= 2, "a message is at most two events")
  }

  static func readDepth(_ input: [UInt8]) {
    for names in [spot, usdm] {
      var reader = BinanceMarketReader()
      var other = BinanceMarketReader()
      let mixed = unsafe input.withUnsafeBufferPointer { unsafe try? reader.read($0, names) }
      let full = try? other.readFully(input, names)
      precondition(mixed == full, "both readers say the same")
      guard mixed == .depth else { continue }
      precondition(reader.depth == other.depth, "both readers say the same")
      var book = BinanceBook(.spot, levelMax: 64, keptMax: 4)
      _ = book.take(snapshot: reader.depth)
      _ = book.take(reader.depth)
      if let bid = book.bid, let ask = book.ask { precondition(bid.price < ask.price, "a live book is not crossed") }
    }
  }

  static func readTicker(_ input: [UInt8]) { readDepth(input) }

  static func readSymbols(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let product: BinanceProduct = first & 1 == 0 ? .spot : .usdm
    guard let info = try? BinanceExchangeInfo(Array(input.dropFirst()), product) else { return }
    var request = VenueRequest(.newOrder)
    request.orderKindRaw = OrderKind.limit.rawValue
    request.sideRaw = Side.buy.rawValue
    (request.price, request.quantity, request.displayQuantity) = (.max, .max, 1)
    for listing in info.listings {
      precondition(listing.instrument.tick > 0 && listing.instrument.lot > 0, "an instrument has a tick and a lot")
      var place = BinanceOrderPlace()
      (place.reference, place.holding) = (.max, .max)
      _ = listing.rules.breaches(request, listing.instrument, place)
      _ = listing.instrument.violations(price: Price(mantissa: 1), quantity: Quantity(mantissa: 1))
    }
  }

  /// A status in two bytes, then the body.
  static func readError(_ input: [UInt8]) {
    guard input.count >= 2 else { return }
    let status = 200 + (Int(input[0]) << 8 | Int(input[1])) % 400
    let answer = BinanceAnswer(status: status, body: Array(input.dropFirst(2)))
    var request = VenueRequest(.newOrder)
    request.wireID = Text32("1abcdeOURS") ?? Text32()
    for product in BinanceProduct.allCases {
      let verdict = answer.verdict(product, now: UTCTime(nanoseconds: 1_700_000_000_000_000_000))
      precondition(verdict.retryAfterNanoseconds >= 0, "nobody waits for the past")
      let reading = BinanceReading(product, account, product == .spot ? spot : usdm)
      for kind in VenueRequest.Kind.allCases {
        request.kindRaw = kind.rawValue
        var count = 0
        let problem = BinanceReply.read(answer, to: request, reading, now: .zero) { _ in count += 1 }
        if kind == .newOrder {
          precondition(count > 0, "whoever placed an order is told something (\(problem as Any))")
        }
      }
    }
  }

  static func readAccount(_ input: [UInt8]) {
    let memory = BinanceAccountMemory()
    _ = try? SpotUserReader.readFully(input, spot) { _ in (account, memory) }
    _ = try? FuturesUserReader.readFully(input, usdm, account, memory)
    guard let root = try? JSONReader.read(input).root else { return }
    let request = VenueRequest(.queryAccount)
    let (spotReading, futures) = (BinanceReading(.spot, account, spot), BinanceReading(.usdm, account, usdm))
    try? SpotAccountReader.account(root, to: request, spotReading) { _ in }
    try? FuturesAccountReader.balances(root, to: request, futures) { _ in }
    try? FuturesAccountReader.positions(root, to: request, futures, memory) { _ in }
    try? FuturesAccountReader.income(root, futures) { _ in }
    _ = try? BinanceReport.orders(root, to: request, futures) { _ in }
    for product in BinanceProduct.allCases { _ = try? BinanceFeeRates(root, product) }
    _ = try? BinanceKeyPermissions(root)
    if let symbol = usdm.symbol("BTCUSDT") { _ = try? BinanceReport.trades(root, of: symbol, futures) { _ in } }
  }
}
