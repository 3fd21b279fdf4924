import CCore
import Glibc
import Testing

@testable import OMSLib

@Suite struct TablePublisherTests {
  /// A core that is followed, and what another process sees of it.
  private final class Published {
    let fixture = CoreFixture()
    var publisher: TablePublisher
    let reader: AttachedTables
    var turns: Int64 = 0

    init(orders: Int = 16) throws {
      var capacities = TableCapacities()
      capacities.accounts = 8
      capacities.positions = 16
      capacities.balances = 16
      capacities.instruments = 8
      capacities.orders = orders
      capacities.metrics = 8
      capacities.histograms = 4
      let tables = try SharedTables(capacities, tag: "test", epoch: 7)
      reader = try AttachedTables(takingDescriptor: dup(tables.clientDescriptor))
      publisher = TablePublisher(tables, capacities, orderSlots: CoreCapacity.small.orders)
      fixture.core.state.followTouched()
    }

    var stamp: PublishStamp {
      PublishStamp(lsn: fixture.lsn, now: fixture.stamp.time, utc: fixture.stamp.utc)
    }

    func publish() { publisher.publish(&fixture.core.state, stamp) }

    func publishAll() {
      repeat { publish() } while !publisher.isCaughtUp
    }

    /// The order of that id as readers see it.
    func order(_ id: String) -> cc_order_row? {
      var row = 0
      while case .row(let seen) = reader.order(at: row) {
        if seen.id.text.description == id { return seen }
        row += 1
      }
      return nil
    }
  }

  @Test func whatWasThereBeforeAnybodyFollowedIsPublishedFirst() throws {
    let published = try Published()
    published.fixture.order("old")
    published.publishAll()
    guard case .row(let account) = published.reader.account(at: CoreFixture.main.index) else {
      Issue.record("no account")
      return
    }
    #expect(account.name.text.description == "sim.main" && account.open_orders == 1)
    #expect(account.lsn == published.fixture.lsn)
    let found = published.fixture.core.state.findBalance(CoreFixture.main, CoreFixture.usdt, .spot)
    let balance = try #require(found)
    guard case .row(let funds) = published.reader.balance(at: balance) else {
      Issue.record("no balance")
      return
    }
    #expect(funds.asset_name.text.description == "USDT" && funds.total.units == Money(100_000).units)
    #expect(funds.free.units + funds.locked.units == funds.total.units && funds.locked.units > 0)
    #expect(published.order("old")?.quantity == 100_000)
  }

  @Test func aFillShowsAsPositionWithTheRecordItIsAsOf() throws {
    let published = try Published()
    published.publishAll()
    let fixture = published.fixture
    fixture.order("p", on: CoreFixture.perp)
    fixture.venue(.accepted, "p")
    fixture.fill("p", 100_000, price: 5_900_000)
    published.publish()
    let found = fixture.core.state.findPosition(CoreFixture.main, CoreFixture.perp, .net)
    let row = try #require(found)
    guard case .row(let position) = published.reader.position(at: row) else {
      Issue.record("no position")
      return
    }
    #expect(position.account_name.text.description == "sim.main")
    #expect(position.instrument_name.text.description == "BTC-USDT-PERP")
    #expect(position.quantity.units == Money(1).units && position.entry_price.units == Money(59_000).units)
    #expect(position.lsn == fixture.lsn && position.mark_price == 6_000_050 && position.price_scale == 2)
    #expect(published.order("p")?.status == UInt64(OrderStatus.filled.rawValue))
    let acks = published.publisher.latencies.ack.count
    #expect(acks == 1)
  }

  @Test func finishedOrdersGiveTheirRowsAwayAndOpenOnesKeepThem() throws {
    let published = try Published(orders: 4)
    published.publishAll()
    let fixture = published.fixture
    fixture.order("keep", quantity: 1_000)
    fixture.venue(.accepted, "keep")
    for i in 0..<20 {
      fixture.order("o\(i)", quantity: 1_000)
      fixture.venue(.accepted, "o\(i)")
      published.publish()
      fixture.cancel("o\(i)")
      fixture.venue(.cancelled, "o\(i)")
      published.publish()
    }
    #expect(published.order("keep")?.status == UInt64(OrderStatus.open.rawValue))
    #expect(published.order("o19") != nil && published.order("o0") == nil)
    let refused = published.publisher.refusedRows
    #expect(refused == 0)
  }

  @Test func openOrdersBeyondTheRowsAreCountedAndComeWhenARowIsFree() throws {
    let published = try Published(orders: 2)
    published.publishAll()
    let fixture = published.fixture
    for id in ["a", "b", "c"] {
      fixture.order(id, quantity: 1_000)
      fixture.venue(.accepted, id)
    }
    published.publish()
    let refused = published.publisher.refusedRows
    #expect(refused > 0 && published.order("c") == nil)
    fixture.cancel("a")
    fixture.venue(.cancelled, "a")
    published.publish()
    fixture.cancel("c")
    published.publish()
    #expect(published.order("c") != nil && published.order("b") != nil)
  }

  @Test func theHeartbeatIsKeptAndTheEndIsSaid() throws {
    let published = try Published()
    var beats = 0
    for turn in 0..<10 as Range<Int64> {
      published.publisher.beat(now: EngineTime(nanoseconds: turn * 50_000_000)) {
        beats += 1
        return cc_clock_boottime()
      }
    }
    #expect(beats == 5)
    published.publisher.tables.close()
  }
}
