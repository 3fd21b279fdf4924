/// How long to wait before the next attempt: longer each time, and each time by chance, so that many links that broke
/// together do not come back together.
package struct Backoff: Sendable {
  private let least: Int64
  private let most: Int64
  /// A link that has held so long starts again from the shortest pause.
  private let stable: Int64
  package private(set) var attempts = 0
  private var upSince: EngineTime?

  package init(leastNanoseconds: Int64, mostNanoseconds: Int64, stableNanoseconds: Int64) {
    precondition(leastNanoseconds > 0 && mostNanoseconds >= leastNanoseconds, "pauses are positive and grow")
    least = leastNanoseconds
    most = mostNanoseconds
    stable = stableNanoseconds
  }

  /// The link is up.
  package mutating func succeed(at now: EngineTime) { upSince = now }

  /// It broke, or did not come up: when the next attempt may begin. The first one after a link that held begins at once.
  package mutating func fail(at now: EngineTime, _ random: inout SplitMix64) -> EngineTime {
    if let upSince, now.nanoseconds - upSince.nanoseconds >= stable { attempts = 0 }
    upSince = nil
    let bound = attempts == 0 ? 0 : min(most, least << Int64(min(attempts - 1, 30)))
    attempts += 1
    guard bound > 0 else { return now }
    return now.advanced(byNanoseconds: least / 2 + Int64(random.below(UInt64(bound))))
  }
}

/// How many links may be opened: a venue counts attempts per address, and bans those that come too often.
package struct ConnectBudget: Sendable {
  private let interval: Int64
  private let count: Int
  private var times: [EngineTime] = []

  package init(count: Int, everyNanoseconds interval: Int64) {
    precondition(count > 0 && interval > 0, "some attempts are allowed in some time")
    self.interval = interval
    self.count = count
  }

  package mutating func take(at now: EngineTime) -> Bool {
    times.removeAll { now.nanoseconds - $0.nanoseconds >= interval }
    guard times.count < count else { return false }
    times.append(now)
    return true
  }

  /// When the next attempt is allowed.
  package func opens(at now: EngineTime) -> EngineTime {
    let recent = times.filter { now.nanoseconds - $0.nanoseconds < interval }
    guard recent.count >= count, let first = recent.first else { return now }
    return first.advanced(byNanoseconds: interval)
  }
}
