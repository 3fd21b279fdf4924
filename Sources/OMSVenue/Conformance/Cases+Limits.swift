import OMSLib

// 300 to 399: limits, silence and bans.

extension ConformanceCase {
  private static func placed(_ error: VenueError) -> [ConformanceStep] {
    ["order.place", "POST /api/v3/order", "POST /fapi/v1/order"].map {
      .trouble(VenueTrouble(.call($0), .refuse(error)))
    }
  }

  /// So many seconds behind the start of the tests.
  private static func second(_ seconds: Int64) -> UTCTime {
    UTCTime(nanoseconds: ConformanceHouse.start.nanoseconds + seconds * 1_000_000_000)
  }

  static let limits: [ConformanceCase] = [
    ConformanceCase(
      301, "who is told to wait waits, with everything", needsMemory: true,
      steps: placed(
        VenueError(-1_003, "Too much request weight used; please use WebSocket.", status: 429, until: second(3))),
      [
        .limit("a", .buy, 10, at: 59_000), .hear("rejected a throttled"), .asked(nil),
        .limit("b", .buy, 10, at: 59_000), .hear("notSent b throttled"), .pass(milliseconds: 2_000), .asked(0),
        .pass(milliseconds: 1_500), .limit("c", .buy, 10, at: 59_000), .hear("accepted c"),
      ]),
    ConformanceCase(
      302, "who is banned says nothing at all", needsMemory: true,
      steps: placed(
        VenueError(
          -1_003, "Way too much request weight used; IP banned until \(second(6).nanoseconds / 1_000_000).",
          status: 418, until: second(6))),
      [
        .limit("a", .buy, 10, at: 59_000), .hear("rejected a banned"), .asked(nil),
        .limit("b", .buy, 10, at: 59_000), .hear("notSent b throttled"), .pass(milliseconds: 5_000), .asked(0),
        .pass(milliseconds: 1_500), .limit("c", .buy, 10, at: 59_000), .hear("accepted c"),
      ]),
    ConformanceCase(
      303, "too many orders of one account are no affair of another",
      steps: placed(
        VenueError(-1_015, "Too many new orders; current limit is 100 orders per 10 SECOND.", status: 429)),
      [
        .limit("a", .buy, 10, at: 59_000), .hear("rejected a throttled"),
        .limit("b", .buy, 10, at: 59_000) { $0.account = 2 }, .hear("accepted b"), .never("notSent b throttled"),
      ]),
    ConformanceCase(
      304, "our own count stops us before the venue does", [.spot], ways: [.socket], needsMemory: true,
      steps: burst("a", 120), [.hear("notSent a120 throttled"), .never(each("rejected a", 120, " throttled"))]),
    ConformanceCase(
      305, "a cancel goes where an order has to wait", [.spot], ways: [.socket], needsMemory: true,
      steps: [.limit("z", .buy, 1, at: 57_000), .hear("accepted z")], burst("a", 120),
      [
        .hear("notSent a120 throttled"), .cancel("z"), .hear("cancelled z"),
      ]),
  ]
}
