import Testing

@testable import OMSLib

/// Lists are read without a hole, whatever the venue leaves out of a page.
@Suite struct BinancePagesTests {
  private typealias Mark = BinancePages.Mark

  /// A venue's list: rows in the order of their numbers.
  private struct List {
    var rows: [Mark]
    /// A full page has the newest rows of its window instead of the oldest.
    var showsNewest = false
    var pages = 0

    mutating func answer(_ page: BinancePages.Page) -> [Mark] {
      pages += 1
      let most = Int(BinancePages.rowMax)
      switch page {
      case .newest: return Array(rows.suffix(most))
      case .behind(let number): return Array(rows.filter { $0.number >= number }.prefix(most))
      case .window(let from, let to):
        let found = rows.filter { $0.time >= from && $0.time <= to }
        return Array(showsNewest ? found.suffix(most) : found.prefix(most))
      }
    }
  }

  private static let day: Int64 = 86_400_000

  /// Reads all there is; `nil` if it does not end.
  private func read(
    _ list: inout List, from: Int64, until: Int64, window: Int64 = day, seesNewest: Bool = false,
    meanwhile: (inout List) -> Void = { _ in }
  ) -> Set<UInt64>? {
    var pages = BinancePages(from: from, until: until, window: window, seesNewest: seesNewest)
    var found: Set<UInt64> = []
    for _ in 0..<5_000 {
      guard let page = pages.next else { return found }
      if case .window(let from, let to) = page { #expect(to >= from && to - from < window) }
      let rows = list.answer(page)
      for row in rows where row.time >= from { found.insert(row.number) }
      guard pages.take(count: Int64(rows.count), first: rows.first, last: rows.last) else { return nil }
      meanwhile(&list)
    }
    return nil
  }

  private func rows(_ count: Int, from: Int64, step: Int64, number: UInt64 = 1) -> [Mark] {
    (0..<count).map { Mark(number: number + UInt64($0), time: from + Int64($0) * step) }
  }

  @Test func aQuietListIsOneQuestion() {
    var list = List(rows: rows(12, from: 1_000, step: 5))
    #expect(read(&list, from: 1_020, until: 9_000) == Set(5...12))
    #expect(list.pages == 1)
  }

  @Test func aLongListIsReadWhereThePageBeforeEnded() {
    var list = List(rows: rows(3_500, from: 1_000, step: 7))
    #expect(read(&list, from: 1_000, until: 30_000)?.count == 3_500)
    #expect(list.pages <= 6)
  }

  @Test func manyRowsOfOneMillisecondAcrossTheEndOfAPage() {
    // Ten have the time of the last one on the page, and half of them are not on it.
    var all = rows(995, from: 1_000, step: 1)
    all += (0..<10).map { Mark(number: 996 + UInt64($0), time: 5_000) }
    all += rows(20, from: 5_001, step: 3, number: 1_006)
    var list = List(rows: all)
    #expect(read(&list, from: 1_000, until: 9_000) == Set(1...1_025))
  }

  @Test func moreThanAPageOfOneMillisecond() {
    var all = (0..<2_500).map { Mark(number: 1 + UInt64($0), time: 1_000) }
    all += rows(1_500, from: 1_001, step: 2, number: 2_501)
    var list = List(rows: all)
    #expect(read(&list, from: 1_000, until: 9_000) == Set(1...4_000))
  }

  @Test func aPageMayShowTheNewestRowsOfItsWindow() {
    var list = List(rows: rows(4_321, from: 1_000, step: 11), showsNewest: true)
    #expect(read(&list, from: 1_000, until: 60_000)?.count == 4_321)
  }

  @Test func aLongTimeIsReadWindowByWindow() {
    var list = List(rows: rows(30, from: 0, step: Self.day / 2))
    #expect(read(&list, from: 0, until: 14 * Self.day) == Set(1...30))
    #expect(list.pages == 15)
  }

  @Test func theNewestPageSavesTheWindowsWhereItReachesBack() {
    var quiet = List(rows: rows(40, from: 0, step: Self.day))
    #expect(read(&quiet, from: 10 * Self.day, until: 40 * Self.day, seesNewest: true) == Set(11...40))
    #expect(quiet.pages == 1)
    var busy = List(rows: rows(2_600, from: 0, step: Self.day / 100))
    #expect(read(&busy, from: 3 * Self.day, until: 26 * Self.day, seesNewest: true) == Set(301...2_600))
    #expect(busy.pages < 20)
  }

  /// The first row of the newest page has the time that is asked from: there may be others of that time.
  @Test func theNewestPageDoesNotReachBackToItsOwnFirstMillisecond() {
    var all = (0..<5).map { Mark(number: 1 + UInt64($0), time: 1_000) }
    all += rows(998, from: 3 * Self.day, step: 1, number: 6)
    var list = List(rows: all)
    #expect(read(&list, from: 1_000, until: 4 * Self.day, seesNewest: true) == Set(1...1_003))
  }

  @Test func whatHappensMeanwhileIsInTheLastPage() {
    var list = List(rows: rows(1_000, from: 1_000, step: 1))
    let found = read(&list, from: 1_000, until: 3_000) { list in
      if list.pages == 1 { list.rows += self.rows(600, from: 5_000, step: 1, number: 1_001) }
    }
    #expect(found?.count == 1_600)
  }

  @Test func aListThatLeadsNowhereIsGivenUp() {
    let same = Mark(number: 5, time: 1_000)
    var pages = BinancePages(from: 1_000, until: 2_000, window: Self.day, seesNewest: false)
    let isFirst = pages.take(count: 1_000, first: same, last: same)
    #expect(isFirst && pages.next == .behind(5))
    let isLeading = pages.take(count: 1_000, first: same, last: same)
    #expect(!isLeading)
  }

  @Test(arguments: 0..<12) func noRowIsEverMissed(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var all: [Mark] = []
    var time: Int64 = 0
    for number in 1...(1 + random.below(6_000)) {
      // Crowds within a millisecond, and pauses of hours.
      switch random.below(1_000) {
      case 0..<700: break
      case 700..<995: time += Int64(random.below(40))
      default: time += Int64(random.below(UInt64(Self.day)))
      }
      all.append(Mark(number: number * 3, time: time))
    }
    let from = Int64(random.below(UInt64(time / 2 + 1)))
    let isNewestShown = random.chance(1, in: 2)
    let crowd = Dictionary(grouping: all, by: \.time).values.map(\.count).max() ?? 0
    var list = List(rows: all, showsNewest: isNewestShown && crowd < 1_000)
    let window = random.chance(1, in: 2) ? Self.day : 7 * Self.day
    let found = read(&list, from: from, until: time, window: window, seesNewest: random.chance(1, in: 2))
    #expect(found == Set(all.filter { $0.time >= from }.map(\.number)))
  }
}
