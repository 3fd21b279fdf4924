import Testing

@testable import OMSLib

/// More orders with ids of users than the table holds: each id stays burnt, and none is refused for want of room as long
/// as the index keeps up.
@Suite struct UsedIDStoryTests {
  static let orders = 64

  /// A small table, its index on a disk in memory, and the control plane's rule: ask the index, then the core.
  final class Desk {
    let fixture: CoreFixture
    let index: IDIndex<MemoryFileSystem>
    var writer: IDIndexWriter<MemoryFileSystem>

    init() throws {
      var capacity = CoreCapacity.small
      capacity.orders = UsedIDStoryTests.orders
      fixture = CoreFixture(capacity: capacity)
      index = try IDIndexTests.index(JournalKit.makeDisk())
      writer = IDIndexWriter(index, flushCount: 4)
    }

    /// Hands what the last step told to the index.
    func record() {
      for event in 0..<fixture.output.eventCount
      where fixture.output.event(event).typeRaw == RecordType.order.rawValue {
        let image = fixture.output.body(event).loadUnaligned(as: OrderImage.self)
        IDIndexTests.take(image, lsn: fixture.lsn, &writer)
      }
    }

    func index(tells: Bool = true) throws {
      try writer.flush()
      var input = IDIndexInput()
      input.lsn = index.completeLsn
      if tells { fixture.step(.idIndex, input) }
    }

    /// `nil`: the index knows the id.
    func order(_ id: String, absentLsn: UInt64? = nil) -> Reply? {
      guard case .absent(let lsn) = index.find(fixed(id)) else { return nil }
      let reply = fixture.order(id, quantity: 100) { $0.absentLsn = absentLsn ?? lsn }
      record()
      return reply
    }

    /// Places an order and sees it cancelled.
    func finish(_ id: String) -> Reply? {
      // Below every limit of rate.
      fixture.now += 500_000_000
      let reply = order(id)
      fixture.venue(.accepted, id)
      record()
      fixture.cancel(id)
      record()
      fixture.venue(.cancelled, id)
      record()
      return reply
    }
  }

  @Test func withoutTheIndexAFullTableRefusesNewIDs() throws {
    let desk = try Desk()
    for number in 0..<Self.orders {
      let outcome = desk.finish("o\(number)")?.outcome
      #expect(outcome == .accepted)
    }
    for _ in 0..<3 {
      let reply = desk.order("one more")
      #expect(reply?.reason == .idIndexBehind)
    }
    let engineMade = desk.fixture.order("", quantity: 100)
    #expect(engineMade.reason == .idIndexBehind, "there is no row for it either")
    try desk.index()
    let reply = desk.order("one more")
    #expect(reply?.outcome == .accepted)
  }

  @Test func tenTablesOfOrdersKeepEveryIDBurnt() throws {
    let desk = try Desk()
    let count = Self.orders * 10
    for number in 0..<count {
      let outcome = desk.finish("o\(number)")?.outcome
      if outcome != .accepted { Issue.record("order \(number): \(String(describing: outcome))") }
      if number % 16 == 15 { try desk.index() }
    }
    var inTable = 0
    for number in 0..<count {
      if desk.fixture.row("o\(number)") != nil {
        inTable += 1
        continue
      }
      guard let row = IDIndexTests.row("o\(number)", in: desk.index) else {
        Issue.record("o\(number) is neither in the table nor in the index")
        continue
      }
      #expect(row.image.statusRaw == OrderStatus.cancelled.rawValue)
      var same = NewOrderInput()
      same.id = fixed("o\(number)")
      same.instrument = CoreFixture.spot
      same.account = CoreFixture.sub
      same.sideRaw = Side.buy.rawValue
      same.kindRaw = OrderKind.limit.rawValue
      same.quantity = 100
      same.price = 5_900_000
      #expect(row.image.fingerprint == Core.fingerprint(same), "a repetition is known as one")
      same.quantity = 101
      #expect(row.image.fingerprint != Core.fingerprint(same))
    }
    #expect(inTable > 0 && inTable <= Self.orders)
  }

  /// The answer of the index was right when it was given; then the order ended, was indexed and left the table.
  @Test func anAnswerThatIsTooOldIsNotBelieved() throws {
    let desk = try Desk()
    let asked = desk.index.completeLsn
    _ = desk.finish("twice")
    try desk.index()
    for number in 0..<Self.orders { _ = desk.finish("o\(number)") }
    #expect(desk.fixture.row("twice") == nil, "it left the table")
    let reply = desk.fixture.order("twice", quantity: 100) { $0.absentLsn = asked }
    #expect(reply.reason == .idIndexBehind)
    #expect(desk.fixture.requests.isEmpty)
    let again = desk.order("twice")
    #expect(again == nil, "now the index has it")
  }

  /// What the venue shows has nowhere to go: no new risk beside what is not counted, until it has found its place.
  @Test func anOrderFoundWithoutARowClosesItsAccountUntilThereIsOne() throws {
    let desk = try Desk()
    let fixture = desk.fixture
    for number in 0..<Self.orders { _ = desk.finish("o\(number)") }
    func show() {
      fixture.report(fixture.wire("lost"), .open) { event in
        event.quantity = 100
        event.price = 5_900_000
        event.requestID = 0
      }
    }
    show()
    #expect(fixture.notices == [.accountClosed] && fixture.core.state.globals[0].openAlarm == 0)
    try desk.index()
    #expect(fixture.order("early", quantity: 100).reason == .accountClosed)
    for _ in 0..<2 {
      fixture.now += Core.comparePatience
      fixture.step(.timer, EmptyInput())
      let queries = fixture.requests.filter { $0.kind != .queryOrder }
      #expect(queries.count == 3, "the account is read again")
      show()
      fixture.end(queries)
    }
    let again = desk.order("lost")
    #expect(again?.reason == .idConflict, "taken over under its id")
    #expect(fixture.core.state.accounts[CoreFixture.main.index].isOpen != 0)
    // Others may have been missed that have ended since.
    let later = desk.order("later")
    #expect(later?.outcome == .accepted)
    #expect(fixture.requestKinds == [.queryOrder], "an id is asked for before it is used")
  }

  /// An order that is still in the table answers by itself, whatever the index says.
  @Test func theTableMeetsARepetitionFirst() throws {
    let desk = try Desk()
    _ = desk.order("here")
    let reply = desk.fixture.order("here", quantity: 100)
    #expect(reply.outcome == .replayed)
  }
}
