/// Which of the ids on the wire a number of the matching engine stands for: lists of trades name numbers only, and an
/// order that a trigger made has a number that its id never saw.
///
/// A memory of the newest orders of all accounts of a product, of fixed size: what has left it is asked for.
package struct BinanceOrderIDs: Sendable {
  private struct Row: Sendable, BitwiseCopyable {
    var number: UInt64 = 0
    var wireID = Text32()
    var instrument = InstrumentID.none
    /// A liquidation, deleveraging or settlement.
    var isForced = false
  }

  /// Rows that share one place of the table.
  private static let ways = 4

  private var rows: [Row]
  /// Which of a place's rows goes next.
  private var hands: [UInt8]

  package init(capacity: Int = 1 << 15) {
    precondition(capacity >= Self.ways && capacity & (capacity - 1) == 0, "a table's size is a power of two")
    rows = Array(repeating: Row(), count: capacity)
    hands = Array(repeating: 0, count: capacity / Self.ways)
  }

  /// Learns from anything that names both. Of an order that waits at the algo service `venueOrder` is another kind of
  /// number: that must not come here before it was triggered.
  package mutating func note(_ event: VenueEvent) {
    note(event.venueOrder, event.instrument, event.wireID, isForced: event.isForced != 0)
  }

  package mutating func note(
    _ order: VenueReference, _ instrument: InstrumentID, _ wireID: Text32, isForced: Bool = false
  ) {
    guard !order.isNone, order.high == 0, !instrument.isNone, !wireID.isEmpty else { return }
    let place = place(of: order.low, instrument)
    let first = place * Self.ways
    let known = (first..<first + Self.ways).first {
      rows[$0].number == order.low && rows[$0].instrument == instrument
    }
    let row = known ?? first + Int(hands[place])
    if known == nil { hands[place] = (hands[place] + 1) % UInt8(Self.ways) }
    rows[row] = Row(number: order.low, wireID: wireID, instrument: instrument, isForced: isForced)
  }

  package func find(_ order: VenueReference, _ instrument: InstrumentID) -> (wireID: Text32, isForced: Bool)? {
    guard !order.isNone, order.high == 0 else { return nil }
    let first = place(of: order.low, instrument) * Self.ways
    for row in rows[first..<first + Self.ways] where row.number == order.low && row.instrument == instrument {
      return (row.wireID, row.isForced)
    }
    return nil
  }

  private func place(of number: UInt64, _ instrument: InstrumentID) -> Int {
    var hash = (number ^ UInt64(instrument.number) << 48) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: hash >> 32) & (hands.count - 1)
  }
}
