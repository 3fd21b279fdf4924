/// A symbol as the codec needs it: what its numbers mean here.
package struct BinanceSymbol: Equatable, Sendable, BitwiseCopyable {
  package var name = Text32()
  package var instrument = InstrumentID.none
  package var venue = VenueID.none
  package var base = AssetID.none
  package var quote = AssetID.none
  package var settle = AssetID.none
  package var priceScale: UInt8 = 0
  package var quantityScale: UInt8 = 0

  package init() {}

  package init(_ instrument: Instrument) {
    name = instrument.native
    self.instrument = instrument.id
    venue = instrument.venue
    base = instrument.base
    quote = instrument.quote
    settle = instrument.settle
    priceScale = instrument.priceScale
    quantityScale = instrument.quantityScale
  }
}

/// Symbols and assets of one product by their names. Filled where instruments are defined; looking up does not allocate.
package struct BinanceNames: Sendable {
  private var symbols: NameTable<BinanceSymbol>
  private var assets: NameTable<AssetID>

  package init() {
    symbols = NameTable(capacity: Limits.instrumentCount * 2, empty: BinanceSymbol())
    assets = NameTable(capacity: Limits.assetCount * 2, empty: .none)
  }

  package mutating func add(_ instrument: Instrument) { symbols.set(instrument.native, BinanceSymbol(instrument)) }
  package mutating func add(asset name: Text32, _ asset: AssetID) { assets.set(name, asset) }

  @inline(__always)
  package func symbol(_ name: Text32) -> BinanceSymbol? { symbols[name] }
  @inline(__always)
  package func asset(_ name: Text32) -> AssetID? { assets[name] }

  package func symbol(_ name: String) -> BinanceSymbol? { Text32(name).flatMap { symbols[$0] } }
  package func asset(_ name: String) -> AssetID? { Text32(name).flatMap { assets[$0] } }
}

/// Open addressing with linear probing, at most half full. No name is ever removed.
private struct NameTable<Value: Sendable & BitwiseCopyable>: Sendable {
  private var names: [Text32]
  private var values: [Value]
  private var count = 0

  init(capacity: Int, empty: Value) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a table's size is a power of two")
    names = Array(repeating: Text32(), count: capacity)
    values = Array(repeating: empty, count: capacity)
  }

  @inline(__always)
  subscript(name: Text32) -> Value? {
    guard !name.isEmpty else { return nil }
    let place = place(of: name)
    return names[place] == name ? values[place] : nil
  }

  mutating func set(_ name: Text32, _ value: Value) {
    precondition(!name.isEmpty, "a name has bytes")
    let place = place(of: name)
    if names[place] != name {
      count += 1
      precondition(count * 2 <= names.count, "more names than the limits allow")
    }
    names[place] = name
    values[place] = value
  }

  /// Where the name is, or would be.
  @inline(__always)
  private func place(of name: Text32) -> Int {
    var hash = name.words.0 ^ name.words.1 &* 0x9E37_79B9_7F4A_7C15
    hash ^= name.words.2 &* 0xC2B2_AE3D_27D4_EB4F ^ name.words.3 &* 0x1656_67B1_9E37_79F9
    hash = (hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9
    var place = Int(truncatingIfNeeded: hash >> 32) & (names.count - 1)
    while !names[place].isEmpty, names[place] != name { place = (place + 1) & (names.count - 1) }
    return place
  }
}
