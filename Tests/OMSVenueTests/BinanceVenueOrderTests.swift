import OMSLib
import Testing

@testable import OMSVenue

/// Orders of a venue of Binance against the served exchange, from the request to the frame and back.
@Suite struct BinanceVenueOrderTests {
  private static let products: [(InstrumentID, Int64)] = [
    (BinanceStage.spot, 5_900_000), (BinanceStage.perpetual, 590_000),
  ]

  @Test func accountsComeUpWithinAFewRounds() {
    var stage = BinanceStage()
    let took = stage.open()
    #expect(took < 200, "names, keys and subscriptions need a few rounds of ten milliseconds")
    let told = stage.take()
    #expect(told.map { "\($0.kind ?? .rejected) \($0.account.number)" }.sorted() == ["connected 1", "connected 2"])
  }

  @Test(arguments: products)
  func anOrderIsAcceptedOnceAndHeard(_ instrument: InstrumentID, _ price: Int64) {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: price, on: instrument)
    stage.run(milliseconds: 100)
    let story = stage.story(of: "a1")
    #expect(story == ["accepted", "accepted"], "its answer and the news of it")
    let accepted = stage.take(.accepted)
    #expect(accepted.contains { $0.requestID == 1 && !$0.venueOrder.isNone && $0.venue == VenueID(number: 3) })
  }

  @Test(arguments: products)
  func twoOrdersMeet(_ instrument: InstrumentID, _ price: Int64) {
    var stage = BinanceStage()
    stage.open()
    stage.place("maker", .sell, 1_000, at: price, on: instrument, as: 2)
    stage.run(milliseconds: 100)
    stage.place("taker", .buy, 1_000, at: price, on: instrument, as: 1)
    stage.run(milliseconds: 100)
    let fills = stage.heard.events.filter { $0.kind == .fill }
    #expect(Set(fills.map(\.trade)).count == 1, "both have the same trade")
    let maker = fills.filter { $0.account.number == 2 }
    #expect(maker.count == 1 && maker[0].isMaker == 1 && maker[0].quantity == 1_000 && maker[0].price == price)
    #expect(fills.contains { $0.account.number == 1 && $0.wireID == Text32("taker") && $0.isMaker == 0 })
    #expect(stage.heard.events.contains { $0.kind == .balance && $0.account.number == 1 })
  }

  @Test(arguments: products)
  func aCancelEndsAnOrder(_ instrument: InstrumentID, _ price: Int64) {
    var stage = BinanceStage()
    stage.open()
    stage.place("a1", .buy, 1_000, at: price, on: instrument)
    stage.run(milliseconds: 100)
    let accepted = stage.take(.accepted)
    var cancel = stage.request(.cancelOrder, "a1", on: instrument)
    cancel.venueOrder = accepted[0].venueOrder
    stage.submit(cancel)
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "a1") == ["cancelled", "cancelled"])
    // Once more: it is gone.
    _ = stage.take()
    stage.submit(cancel)
    stage.run(milliseconds: 100)
    let refusals = stage.take(.cancelRejected)
    #expect(refusals.count == 1 && refusals[0].remedy == .unknownOrder)
  }

  @Test func withoutTheSocketOrdersGoByHTTP() {
    var stage = BinanceStage { $0.entersOrdersByWebSocket = false }
    stage.open()
    stage.place("a1", .buy, 1_000, at: 5_900_000)
    stage.run(milliseconds: 200)
    #expect(stage.story(of: "a1") == ["accepted", "accepted"])
    stage.submit(stage.request(.cancelOrder, "a1"))
    stage.run(milliseconds: 200)
    #expect(stage.story(of: "a1").suffix(2) == ["cancelled", "cancelled"])
  }

  @Test func whatComesTooLateIsNotSent() {
    var stage = BinanceStage()
    stage.open()
    let before = stage.keys.signatures
    stage.place("late", .buy, 1_000, at: 5_900_000) { $0.signBy = EngineTime(nanoseconds: VenueDriver.start) }
    stage.run(milliseconds: 100)
    #expect(stage.story(of: "late") == ["notSent"])
    #expect(stage.keys.signatures == before, "it is not signed either")
  }
}
