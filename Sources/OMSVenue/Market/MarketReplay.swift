import OMSLib

/// A recording in place of a product's own market: what was recorded is told, and orders meet the recorded book.
struct MarketReplay {
  /// Levels of a side that orders meet.
  static let depth = 20
  /// The exchange's book follows the recorded one so often.
  static let paceNanoseconds: Int64 = 100_000_000

  var source: ReplaySource
  /// Number of the recorded book that the exchange has, and when it took it over.
  var taken: (id: UInt64, at: EngineTime)?
}

extension VenueServer where Recorder: ~Copyable {
  /// Tells a recording instead of its product's own market, from now on.
  package mutating func replay(_ source: ReplaySource) {
    replays[source.product] = MarketReplay(source: source)
    streams.replayed.insert(source.product)
  }

  /// More of the recording is welcome.
  package func wantsRecording(_ product: VenueProduct) -> Bool { replays[product]?.source.wantsMore ?? false }

  /// The next bytes of the recording; none: it has no more.
  package mutating func take(
    recording bytes: [UInt8], of product: VenueProduct
  ) throws(ReplaySource.Fault) {
    guard bytes.isEmpty else {
      try replays[product]?.source.append(bytes)
      return
    }
    try replays[product]?.source.finish()
  }

  /// What a page answers from a recording; `nil`: it has nothing about it.
  func recordedPage(
    _ path: String, _ query: VenueQuery, _ caller: Caller, at time: ServerTime
  ) -> Result<[UInt8], VenueError>? {
    let unit: TimeUnit = caller.face.isMicro ? .microsecond : .millisecond
    return replays[caller.product]?.source.answer(path, query, at: time, unit: unit)
  }

  func replaysDue(at time: ServerTime) -> EngineTime {
    replays.values.map { $0.source.nextDue(at: time) }.min() ?? .never
  }

  mutating func turnReplays(at time: ServerTime) {
    for product in VenueProduct.allCases {
      guard var replay = replays.removeValue(forKey: product) else { continue }
      replay.source.turn(&streams, at: time)
      follow(&replay, at: time)
      replays[product] = replay
    }
    drainStreams()
  }

  /// Puts the recorded book where the exchange's own was: what it crosses of customers trades.
  private mutating func follow(_ replay: inout MarketReplay, at time: ServerTime) {
    let book = replay.source.book
    guard book.isWhole, book.id != replay.taken?.id,
      time.now >= replay.taken?.at.advanced(byNanoseconds: MarketReplay.paceNanoseconds) ?? .zero,
      let symbol = replay.source.symbol.flatMap({ symbols.symbol($0, replay.source.product) })
    else { return }
    let bids = Self.levels(book, .buy, symbol)
    let asks = Self.levels(book, .sell, symbol)
    guard let bid = bids.first?.price, let ask = asks.first?.price else { return }
    replay.taken = (book.id, time.now)
    var controls = [Self.control(.clearBook, symbol), Self.control(.setPrice, symbol, (bid + ask) / 2)]
    controls += bids.map { Self.control(.addLevel, symbol, $0.price, $0.quantity, .buy) }
    controls += asks.map { Self.control(.addLevel, symbol, $0.price, $0.quantity, .sell) }
    // One that there is no room for now comes with the next book.
    for control in controls { _ = venue.desk(control, now: time.now) }
  }

  private static func control(
    _ kind: ExchangeControl.Kind, _ symbol: VenueSymbol, _ price: Int64 = 0, _ quantity: Int64 = 0, _ side: Side = .buy
  ) -> ExchangeControl {
    var control = ExchangeControl(kind)
    (control.instrument, control.price, control.quantity) = (symbol.number, price, quantity)
    control.sideRaw = side.rawValue
    return control
  }

  /// As far as the exchange's own rules have such prices and quantities.
  private static func levels(
    _ book: RecordedBook, _ side: Side, _ symbol: VenueSymbol
  ) -> [(price: Int64, quantity: Int64)] {
    book.levels(side, MarketReplay.depth).compactMap { level in
      let price = Decimal(plain: level.price)?.exactMantissa(scale: Int(symbol.rules.priceScale))
      let quantity = Decimal(plain: level.quantity)?.mantissa(scale: Int(symbol.rules.quantityScale), .floor)
      guard let price = price.flatMap({ Int64(exactly: $0) }), let quantity = quantity.flatMap({ Int64(exactly: $0) }),
        price % max(symbol.rules.tick, 1) == 0, quantity > 0
      else { return nil }
      return (price, quantity)
    }
  }
}
