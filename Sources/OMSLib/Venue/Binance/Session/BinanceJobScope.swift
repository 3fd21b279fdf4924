/// A symbol of a job, and the product it is traded on.
struct BinanceJobSymbol: Sendable {
  let product: BinanceProduct
  let instrument: Instrument
  /// The instrument as the codec needs it.
  let symbol: BinanceSymbol

  init(product: BinanceProduct, instrument: Instrument) {
    self.product = product
    self.instrument = instrument
    symbol = BinanceSymbol(instrument)
  }
}

/// What a job is about: the request, and what its account has.
struct BinanceJobScope: Sendable {
  let request: VenueRequest
  let products: [BinanceProduct]
  let symbols: [BinanceJobSymbol]
  let assets: [AssetID]
  /// When it began, by the venue's clock.
  let begun: UTCTime
  private let places: [InstrumentID: Int]

  init(
    _ request: VenueRequest, products: [BinanceProduct], symbols: [BinanceJobSymbol], assets: [AssetID], begun: UTCTime
  ) {
    self.request = request
    self.products = products
    self.symbols = symbols
    self.assets = assets
    self.begun = begun
    places = Dictionary(
      symbols.enumerated().map { ($0.element.instrument.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  func places(of product: BinanceProduct) -> [Int] { symbols.indices.filter { symbols[$0].product == product } }

  /// Where in the list the symbol of an answer stands; `nil` for one that is not asked about.
  func place(of instrument: InstrumentID) -> Int? { places[instrument] }
}

/// An order by the number that the engine gave it, which is its own within a symbol only.
struct BinanceOrderKey: Hashable, Sendable {
  let instrument: InstrumentID
  let number: UInt64

  init(_ event: VenueEvent) {
    instrument = event.instrument
    number = event.venueOrder.low
  }

  init(_ instrument: InstrumentID, _ number: UInt64) {
    self.instrument = instrument
    self.number = number
  }
}

extension UTCTime {
  /// Since 1970, cut off.
  var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension BinanceProduct {
  /// How far one question about history may reach.
  var historyWindow: Int64 { self == .spot ? 86_400_000 : 7 * 86_400_000 }
}
