import Testing

@testable import OMSLib

/// Numbers of the engine, and whose they are.
@Suite struct BinanceOrderIDsTests {
  private func id(_ number: Int) -> Text32 { Text32("1abc\(number)") ?? Text32() }

  @Test func theNewestAreRemembered() {
    var orders = BinanceOrderIDs(capacity: 256)
    for number in 1...2_000 { orders.note(VenueReference(UInt64(number)), InstrumentID(number: 1), id(number)) }
    let known = (1...2_000).filter { orders.find(VenueReference(UInt64($0)), InstrumentID(number: 1)) != nil }
    #expect(known.count > 200 && known.contains(2_000) && known.allSatisfy { $0 > 500 })
    #expect(
      known.allSatisfy { orders.find(VenueReference(UInt64($0)), InstrumentID(number: 1))?.wireID == id($0) })
  }

  @Test func aNumberIsASymbolsOwn() {
    var orders = BinanceOrderIDs(capacity: 64)
    orders.note(VenueReference(5), InstrumentID(number: 1), id(1))
    #expect(orders.find(VenueReference(5), InstrumentID(number: 2)) == nil)
    orders.note(VenueReference(5), InstrumentID(number: 2), id(2), isForced: true)
    #expect(orders.find(VenueReference(5), InstrumentID(number: 1))?.wireID == id(1))
    #expect(orders.find(VenueReference(5), InstrumentID(number: 2))?.isForced == true)
  }

  @Test func theLastWordCounts() {
    var orders = BinanceOrderIDs(capacity: 64)
    orders.note(VenueReference(5), InstrumentID(number: 1), id(1))
    orders.note(VenueReference(5), InstrumentID(number: 1), id(2))
    #expect(orders.find(VenueReference(5), InstrumentID(number: 1))?.wireID == id(2))
  }

  @Test func whatNamesNotBothSaysNothing() {
    var orders = BinanceOrderIDs(capacity: 64)
    orders.note(VenueEvent(.balance))
    orders.note(.none, InstrumentID(number: 1), id(1))
    orders.note(VenueReference(5), .none, id(1))
    orders.note(VenueReference(6), InstrumentID(number: 1), Text32())
    #expect(orders.find(.none, InstrumentID(number: 1)) == nil)
    #expect(
      orders.find(VenueReference(5), .none) == nil && orders.find(VenueReference(6), InstrumentID(number: 1)) == nil)
  }
}
