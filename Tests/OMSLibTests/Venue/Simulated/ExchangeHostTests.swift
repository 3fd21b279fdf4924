import Foundation
import Testing

@testable import OMSLib

private typealias Host = ExchangeHost<NoExchangeRecorder>

@Suite struct ExchangeHostTests {
  private let start = UTCTime(nanoseconds: ExchangeDriver.start)
  private let name = "/oms-test-\(ProcessInfo.processInfo.processIdentifier)-\(UInt64.random(in: 0 ... .max))"

  private func makeHost() throws -> Host {
    let now = EngineTime(nanoseconds: start.nanoseconds)
    var venue = SimulatedVenue(
      Exchange(ExchangeDriver.small, startingAt: start), venue: VenueID(number: 1), recorder: NoExchangeRecorder(),
      now: now, utc: start)
    venue.open(.standard(), now: now)
    return Host(try SharedExchangeRegion.create(name: name), venue: venue)
  }

  private func attach(epoch: UInt64) throws -> SharedVenueDoor {
    var door = SharedVenueDoor(
      try SharedExchangeRegion.open(name: name), epoch: epoch, now: .zero, utc: start)
    let account = try #require(Text64("sim.main"))
    let symbol = try #require(Text32("BTC-USDT"))
    _ = door.register(account: AccountID(number: 7), name: account)
    _ = door.register(instrument: InstrumentID(number: 9), name: symbol)
    return door
  }

  private func order(_ id: String) -> VenueRequest {
    var request = VenueRequest(.newOrder)
    request.wireID = Text32(id) ?? Text32()
    request.account = AccountID(number: 7)
    request.instrument = InstrumentID(number: 9)
    request.sideRaw = Side.buy.rawValue
    request.orderKindRaw = OrderKind.market.rawValue
    request.timeInForceRaw = TimeInForce.ioc.rawValue
    request.quantity = 1_000
    return request
  }

  private func events(_ door: inout SharedVenueDoor) -> [String] {
    var lines: [String] = []
    while let event = door.poll(now: .zero, utc: start) { lines.append(line(event)) }
    return lines
  }

  @Test func anOrderGoesThroughAndPricesArrive() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    _ = host.turn(utc: start)
    expect(events(&door), is: [" connected"])
    let top = door.top(of: InstrumentID(number: 9))
    #expect(top.isValid == 1 && top.bid < top.ask)
    expect(door.submit(order("a"), now: .zero, utc: start), is: true)
    _ = host.turn(utc: start)
    let told = events(&door)
    #expect(told.count == 2 && told[0] == "a accepted")
  }

  @Test func aNewEngineHearsNothingOfTheOldOneAndFindsItsOrders() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    do {
      var first = try attach(epoch: 1)
      _ = first.submit(order("a"), now: .zero, utc: start)
      _ = host.turn(utc: start)
      // It dies here, with the answer unread.
    }
    var second = try attach(epoch: 2)
    _ = host.turn(utc: start)
    expect(events(&second), is: [" connected"])
    var query = order("a")
    query.kindRaw = VenueRequest.Kind.queryOrder.rawValue
    _ = second.submit(query, now: .zero, utc: start)
    _ = host.turn(utc: start)
    expect(events(&second), is: ["a filled 1000/1000"])
  }

  @Test func anEngineThatDoesNotReadLosesEventsAndIsTold() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    _ = host.turn(utc: start)
    for number in 0..<5_000 {
      var request = order("o\(number)")
      request.quantity = 10
      while !door.submit(request, now: .zero, utc: start) { _ = host.turn(utc: start) }
    }
    while host.turn(utc: start) > 0 {}
    let heard = events(&door)
    #expect(heard.count < 10_000)
    _ = host.turn(utc: start)
    expect(Array(events(&door).prefix(2)), is: [" disconnected", " connected"])
  }

  @Test func aForeignRegionIsRefused() throws {
    defer { SharedMemory.unlink(name: name) }
    _ = try SharedMemory.create(name: name, byteCount: 64)
    #expect(throws: SystemError.self) { _ = try SharedExchangeRegion.open(name: name) }
  }
}
