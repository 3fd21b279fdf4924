import CCore
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

  private func attach(epoch: UInt32) throws -> SharedVenueDoor {
    var door = SharedVenueDoor(name: name, venue: VenueID(number: 1), epoch: epoch, now: .zero, utc: start)
    let account = try #require(Text64("sim.main"))
    let symbol = try #require(Text32("BTC-USDT"))
    door.register(account: AccountID(number: 7), name: account)
    door.register(instrument: InstrumentID(number: 9), name: symbol)
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

  private func events(_ door: inout SharedVenueDoor, now: EngineTime = .zero) -> [String] {
    var lines: [String] = []
    while let event = door.poll(now: now, utc: UTCTime(nanoseconds: start.nanoseconds + now.nanoseconds)) {
      lines.append(line(event))
    }
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

  @Test func faultsAndTheClockCrossTheDoor() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    _ = host.turn(utc: start)
    _ = events(&door)
    var reject = SimulatorCommand(.reject)
    (reject.a, reject.b, reject.token) = (-2_010, 1, 3)
    expect(door.obey(reject), is: .later)
    _ = door.submit(order("a"), now: .zero, utc: start)
    _ = door.submit(order("b"), now: .zero, utc: start)
    _ = host.turn(utc: start)
    expect(Array(events(&door).prefix(2)), is: ["a rejected insufficientBalance", "b accepted"])
    expect(outcomes(&door), is: ["3 done"])
    var latency = SimulatorCommand(.latency)
    (latency.a, latency.token) = (5_000_000, 4)
    expect(door.obey(latency), is: .later)
    _ = door.submit(order("c"), now: .zero, utc: start)
    _ = host.turn(utc: start)
    expect(events(&door), is: [])
    _ = host.turn(utc: UTCTime(nanoseconds: start.nanoseconds + 5_000_000))
    _ = host.turn(utc: UTCTime(nanoseconds: start.nanoseconds + 10_000_000))
    #expect(events(&door).first == "c accepted")
  }

  private func outcomes(_ door: inout SharedVenueDoor) -> [String] {
    var lines: [String] = []
    while let (token, outcome) = door.takeOutcome() { lines.append("\(token) \(outcome)") }
    return lines
  }

  private func command(_ kind: SimulatorCommand.Kind, _ token: UInt64, account: UInt16 = 7) -> SimulatorCommand {
    var command = SimulatorCommand(kind)
    command.token = token
    command.control = ExchangeControl(.setBalance)
    command.control.account = account
    return command
  }

  /// An account that the exchange does not know cannot be given anything, and whoever asked hears it.
  @Test func whatTheExchangeRefusesIsHeard() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    expect(door.obey(command(.control, 1, account: 8)), is: .later)
    expect(door.obey(command(.freeze, 2)), is: .later)
    expect(outcomes(&door), is: [])
    _ = host.turn(utc: start)
    expect(events(&door), is: [" connected"])
    expect(outcomes(&door), is: ["1 refused", "2 done"])
  }

  @Test func commandsToAnExchangeThatEndsAreUnknown() throws {
    defer { SharedMemory.unlink(name: name) }
    let host = try makeHost()
    var door = try attach(epoch: 1)
    expect(door.obey(command(.freeze, 1)), is: .later)
    setOwner(try endedProcess())
    expect(events(&door, now: EngineTime(nanoseconds: SharedVenueDoor.patienceNanoseconds)), is: [" disconnected"])
    expect(outcomes(&door), is: ["1 unknown"])
    expect(door.obey(command(.freeze, 2)), is: .refused)
    _ = host
  }

  /// What follows is not kept waiting, and the answer comes once the image is on the disk.
  @Test func anImageIsAnsweredWhenItIsThere() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    expect(door.obey(command(.image, 1)), is: .later)
    expect(door.obey(command(.freeze, 2)), is: .later)
    _ = host.turn(utc: start)
    _ = events(&door)
    expect(outcomes(&door), is: ["2 done"])
    expect(host.imagesAsked, is: 1)
    host.imagesEnded(upTo: 1, isMade: true)
    _ = host.turn(utc: start)
    _ = events(&door)
    expect(outcomes(&door), is: ["1 done"])
  }

  private func book(_ door: inout SharedVenueDoor, depth: Int, at now: EngineTime = .zero) -> [String]? {
    var lines: [String] = []
    let isThere = door.forEachLevel(of: InstrumentID(number: 9), depth: depth, now: now) { side, price, quantity in
      lines.append("\(side) \(quantity)@\(price)")
    }
    return isThere ? lines : nil
  }

  @Test func theWholeBookIsShown() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    for depth in [3, Limits.bookDepth] {
      expect(book(&door, depth: depth), is: nil)
      _ = host.turn(utc: start)
      _ = events(&door)
      var levels: [String] = []
      let row = host.venue.exchange.instrument(named: Text32("BTC-USDT") ?? Text32()) ?? 0
      for side in [Side.buy, .sell] {
        host.venue.exchange.forEachLevel(of: row, side, count: depth) { levels.append("\(side) \($1)@\($0)") }
      }
      #expect(depth > 3 || levels.count == 6)
      expect(book(&door, depth: depth), is: levels)
    }
  }

  /// Nobody fetched the answer to the first question: its asker has gone.
  @Test func aBookThatNobodyFetchesKeepsNobodyWaiting() throws {
    defer { SharedMemory.unlink(name: name) }
    var host = try makeHost()
    var door = try attach(epoch: 1)
    expect(book(&door, depth: 2), is: nil)
    _ = host.turn(utc: start)
    _ = events(&door)
    expect(book(&door, depth: 5), is: nil)
    let later = EngineTime(nanoseconds: 20_000_000)
    expect(book(&door, depth: 5, at: later), is: nil)
    _ = host.turn(utc: start)
    _ = events(&door, now: later)
    expect(book(&door, depth: 5, at: later)?.count, is: 10)
  }

  /// The exchange's end is an outage: what is asked meanwhile provably does not leave, and with the next exchange
  /// everything goes on.
  @Test func anExchangeThatEndsAndComesBackIsAnOutage() throws {
    defer { SharedMemory.unlink(name: name) }
    var late = EngineTime(nanoseconds: SharedVenueDoor.patienceNanoseconds)
    func pass() { late = late.advanced(byNanoseconds: SharedVenueDoor.patienceNanoseconds) }
    // The owner that the region names has ended, as after a kill.
    let dead = try endedProcess()
    var door: SharedVenueDoor
    do {
      var host = try makeHost()
      door = try attach(epoch: 1)
      _ = host.turn(utc: start)
      #expect(events(&door) == [" connected"])
      setOwner(dead)
    }
    #expect(events(&door, now: late) == [" disconnected"])
    expect(door.isUp, is: false)
    expect(door.top(of: InstrumentID(number: 9)).isValid, is: 0)
    expect(door.submit(order("a"), now: late, utc: start), is: true)
    pass()
    #expect(events(&door, now: late) == ["a notSent"])
    var host = try makeHost()
    pass()
    #expect(events(&door, now: late) == [])
    expect(door.isUp, is: true)
    _ = host.turn(utc: start)
    pass()
    #expect(events(&door, now: late) == [" connected"])
    // Names were registered anew without being asked for.
    expect(door.submit(order("b"), now: late, utc: start), is: true)
    _ = host.turn(utc: start)
    #expect(events(&door, now: late).first == "b accepted")
  }

  @Test func aLivingExchangeKeepsItsDoorAndOneEngineAtATimeUsesIt() throws {
    defer { SharedMemory.unlink(name: name) }
    let host = try makeHost()
    #expect(throws: SharedExchangeRegion.TakenError.held(by: ProcessInfo.processInfo.processIdentifier)) {
      _ = try SharedExchangeRegion.create(name: name)
    }
    let first = try attach(epoch: 1)
    let second = try attach(epoch: 2)
    expect([first.isUp, second.isUp], is: [true, false])
    _ = host
  }

  @Test func aForeignRegionIsRefused() throws {
    defer { SharedMemory.unlink(name: name) }
    _ = try SharedMemory.create(name: name, byteCount: 64)
    #expect(throws: SystemError.self) { _ = try SharedExchangeRegion.open(name: name) }
  }

  /// A process that ran and is gone.
  private func endedProcess() throws -> cc_owner {
    let child = try ChildProcess.start(["true"], with: [])
    _ = try child.end(wait: true)
    var owner = cc_owner()
    _ = cc_owner_self(&owner)
    owner.pid = UInt32(bitPattern: child.number)
    return owner
  }

  private func setOwner(_ owner: cc_owner) {
    guard let memory = try? SharedMemory.open(name: name) else { return }
    memory.base.assumingMemoryBound(to: cc_door_header.self).pointee.owner = owner
  }
}
