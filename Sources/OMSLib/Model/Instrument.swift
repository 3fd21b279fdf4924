/// What is traded, with its venue's rules. Prices and quantities of its orders are integers at these scales.
///
/// New rules are a new version of the same number; the scales of a number never change.
package struct Instrument: Sendable, BitwiseCopyable {
  /// Canonical name: `BTC-USDT`, `BTC-USDT-PERP`.
  package var name = Text32()
  /// The venue's own name: `BTCUSDT`.
  package var native = Text32()
  package var minNotional = Money.zero
  package var tick: Int64 = 0
  package var lot: Int64 = 0
  package var minQuantity: Int64 = 0
  package var maxQuantity: Int64 = 0
  package var maker = Rate.zero
  package var taker = Rate.zero
  /// How far from the reference a limit price may be, in millionths of it; 0: the venue has no such band.
  package var bandPpm: Int64 = 0
  package var rulesVersion: UInt32 = 0
  package var id = InstrumentID.none
  package var venue = VenueID.none
  package var base = AssetID.none
  package var quote = AssetID.none
  package var settle = AssetID.none
  package var maxLeverage: UInt16 = 1
  package var priceScale: UInt8 = 0
  package var quantityScale: UInt8 = 0
  package var classRaw: UInt8 = InstrumentClass.spot.rawValue
  /// 1 while trading is open.
  package var isTrading: UInt8 = 0
  /// Order features the venue itself has (`VenueFeatures`); the core emulates the others.
  package var featuresRaw: UInt32 = 0
  package var reserved: UInt64 = 0
  package var reserved2: UInt64 = 0

  package init() {}

  package var instrumentClass: InstrumentClass { InstrumentClass(rawValue: classRaw) ?? .spot }
  package var features: VenueFeatures { VenueFeatures(rawValue: featuresRaw) }
}

/// What a venue does natively for orders of one instrument.
package struct VenueFeatures: OptionSet, Hashable, Sendable, BitwiseCopyable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package static let stop = VenueFeatures(rawValue: 1)
  package static let takeProfit = VenueFeatures(rawValue: 2)
  package static let trailing = VenueFeatures(rawValue: 4)
  package static let iceberg = VenueFeatures(rawValue: 8)
  package static let goodTillDate = VenueFeatures(rawValue: 16)
  package static let postOnly = VenueFeatures(rawValue: 32)
  package static let reduceOnly = VenueFeatures(rawValue: 64)
  package static let amend = VenueFeatures(rawValue: 128)
  package static let oco = VenueFeatures(rawValue: 256)
  package static let hidden = VenueFeatures(rawValue: 512)
}
