import OMSLib
import Testing

@testable import OMSVenue

/// A venue that says something else than the one behind it.
private final class LyingVenue: WireVenue {
  enum Lie: CaseIterable {
    case unknownIsRefused
    case unknownIsNotSent
    case fillsAreLost
    case fillsAreLarger
    case ordersGoTwice
    case absentIsSilent
    case lateOrdersGo
    case marketsNeverEnd
    case newsAreOld
  }

  private let inner: any WireVenue
  private let lie: Lie
  private var seen = TopOfBook()

  init(_ inner: any WireVenue, _ lie: Lie) {
    self.inner = inner
    self.lie = lie
  }

  func register(account: AccountID, name: Text64) { inner.register(account: account, name: name) }
  func register(_ rules: Instrument) { inner.register(rules) }
  func register(asset: AssetID, name: Text32) { inner.register(asset: asset, name: name) }

  func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    var request = request
    if lie == .lateOrdersGo { request.signBy = .never }
    if lie == .ordersGoTwice, request.kind == .newOrder {
      var other = request
      other.venueOrder = .none
      _ = inner.submit(other, now: now, utc: utc)
    }
    return inner.submit(request, now: now, utc: utc)
  }

  func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    while var event = inner.poll(now: now, utc: utc) {
      switch (lie, event.kind) {
      case (.unknownIsRefused, .outcomeUnknown): event.kindRaw = VenueEvent.Kind.rejected.rawValue
      case (.unknownIsNotSent, .outcomeUnknown): event.kindRaw = VenueEvent.Kind.notSent.rawValue
      case (.fillsAreLost, .fill), (.absentIsSilent, .orderAbsent), (.newsAreOld, .disconnected): continue
      case (.fillsAreLarger, .fill): event.quantity *= 2
      default: break
      }
      return event
    }
    return nil
  }

  func top(of instrument: InstrumentID) -> TopOfBook {
    let top = inner.top(of: instrument)
    if top.isValid != 0 { seen = top }
    return lie == .marketsNeverEnd ? seen : top
  }

  var nextDue: EngineTime { inner.nextDue }
  func serves(_ account: AccountID) -> Bool { inner.serves(account) }
  func isUp(_ account: AccountID) -> Bool { inner.isUp(account) }

  func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool { inner.forEachLevel(of: instrument, depth: depth, now: now, body) }

  func forEachTrade(
    of instrument: InstrumentID, behind: UInt64, count: Int, _ body: (UInt64, PublicTrade) -> Void
  ) { inner.forEachTrade(of: instrument, behind: behind, count: count, body) }

  func funding(of instrument: InstrumentID) -> (next: UTCTime, rate: Rate, intervalNanoseconds: Int64)? {
    inner.funding(of: instrument)
  }

  var descriptor: Int32 { inner.descriptor }
}

/// Every lie is found by the case that is there for it.
@Suite struct ConformanceTeethTests {
  @Test(arguments: zip(LyingVenue.Lie.allCases, [202, 202, 103, 103, 101, 203, 129, 608, 403]))
  fileprivate func aLieIsFound(_ lie: LyingVenue.Lie, _ number: Int) throws {
    let item = try #require(ConformanceCase.all.first { $0.number == number })
    let bench = MemoryBench(.socket) { network, place in
      LyingVenue(ConformanceTests.venue(network, descriptor: -1, place), lie)
    }
    #expect(!ConformanceRun.play(item, on: .spot, bench).isEmpty)
  }
}
