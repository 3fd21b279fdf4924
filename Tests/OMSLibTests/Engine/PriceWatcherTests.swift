import Testing

@testable import OMSLib

/// When prices enter the record, and when the watcher wants to be asked again.
@Suite struct PriceWatcherTests {
  private static let instrument = InstrumentID(number: 1)

  private static func top(_ price: Int64) -> TopOfBook {
    var top = TopOfBook()
    top.bid = price
    top.ask = price
    top.mark = price
    top.last = price
    top.isValid = 1
    return top
  }

  private static func at(_ milliseconds: Int64) -> EngineTime { EngineTime(nanoseconds: milliseconds * 1_000_000) }

  @Test func aSmallChangeEntersAfterASecond() {
    var watcher = PriceWatcher()
    var entered: [Int64] = []
    for (time, price): (Int64, Int64) in [(0, 100_000), (50, 100_001), (900, 100_002), (1_000, 100_002)] {
      watcher.beginLook()
      if watcher.marks(Self.instrument, Self.top(price), isWatched: true, now: Self.at(time)) { entered.append(time) }
    }
    #expect(entered == [0, 1_000])
  }

  @Test func aPendingChangeSaysWhenItEnters() {
    var watcher = PriceWatcher()
    _ = watcher.marks(Self.instrument, Self.top(100_000), isWatched: true, now: Self.at(0))
    watcher.beginLook()
    _ = watcher.marks(Self.instrument, Self.top(100_001), isWatched: true, now: Self.at(50))
    let due = watcher.nextDue
    #expect(due == Self.at(1_000))
  }

  /// A position was closed while a change of its mark was pending: nobody may wait for that any more, or the hot thread
  /// never sleeps again.
  @Test func aPendingChangeThatNobodyWantsAnyMoreIsNotDue() {
    var watcher = PriceWatcher()
    _ = watcher.marks(Self.instrument, Self.top(100_000), isWatched: true, now: Self.at(0))
    watcher.beginLook()
    _ = watcher.marks(Self.instrument, Self.top(100_001), isWatched: true, now: Self.at(50))
    watcher.beginLook()
    let due = watcher.nextDue
    #expect(due == .never)
  }
}
