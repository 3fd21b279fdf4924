/// One of a venue's own limits: so much in each interval of its clock.
package struct RateLimit: Hashable, Sendable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// Weight of requests, per address.
    case weight
    /// Requests of any kind, per address.
    case requests
    /// Orders, per account.
    case orders
  }

  package var kind: Kind
  package var intervalNanoseconds: Int64
  package var limit: Int64

  package init(_ kind: Kind, _ limit: Int64, everyNanoseconds interval: Int64) {
    precondition(interval > 0 && limit > 0, "a limit allows something in some time")
    self.kind = kind
    self.limit = limit
    self.intervalNanoseconds = interval
  }
}

/// What may still be asked of a venue under some of its limits, so that they are never met there.
///
/// The venue's own count wins whenever it tells one: somebody else may share the address. What is under way is not in
/// that count yet and is kept apart. A part of each limit is left for what cancels.
package struct RateBudget: Sendable {
  /// Of a request that was let through: given back with its answer.
  package struct Charge: Sendable, BitwiseCopyable {
    fileprivate var cost: Int64
    fileprivate var era: UInt32
  }

  private struct Window: Sendable {
    var limit: RateLimit
    /// The interval that is counted: its number since 1970, by the venue's clock.
    var interval: Int64 = .min
    var counted: Int64 = 0
    var underWay: Int64 = 0
  }

  private var windows: [Window]
  /// Of each limit, in 10^-8.
  private let cancelReserve: Rate
  /// Nothing at all is sent before this time of the venue's clock.
  package private(set) var closedUntil = UTCTime.zero
  /// Charges of earlier eras are not under way any more: their link is gone.
  private var era: UInt32 = 0

  package init(_ limits: [RateLimit], cancelReserve: Rate) {
    precondition(cancelReserve.e8 >= 0 && cancelReserve.e8 <= 100_000_000, "a share is between nothing and all")
    windows = limits.map { Window(limit: $0) }
    self.cancelReserve = cancelReserve
  }

  /// Other limits from now on; what is counted under one that stays is kept.
  package mutating func replace(_ limits: [RateLimit]) {
    windows = limits.map { limit in
      var window =
        windows.first {
          $0.limit.kind == limit.kind && $0.limit.intervalNanoseconds == limit.intervalNanoseconds
        } ?? Window(limit: limit)
      window.limit = limit
      return window
    }
  }

  /// Takes `cost` from all windows, or nothing: `nil` when one of them has not so much left, or the venue wants silence.
  package mutating func take(_ cost: Int64, isCancel: Bool, at time: UTCTime) -> Charge? {
    guard time >= closedUntil else { return nil }
    for index in windows.indices {
      roll(index, to: time)
      let window = windows[index]
      let reserve = isCancel ? 0 : Self.share(cancelReserve, of: window.limit.limit)
      guard window.counted + window.underWay + cost <= window.limit.limit - reserve else { return nil }
    }
    for index in windows.indices { windows[index].underWay += cost }
    return Charge(cost: cost, era: era)
  }

  /// An answer came, or never will: from now on the request is in the venue's count. `isFree`: it cost nothing there.
  package mutating func settle(_ charge: Charge, isFree: Bool = false, at time: UTCTime) {
    guard charge.era == era else { return }
    for index in windows.indices {
      roll(index, to: time)
      windows[index].underWay = max(0, windows[index].underWay - charge.cost)
      if !isFree { windows[index].counted += charge.cost }
    }
  }

  /// The venue's own count, as an answer has it.
  package mutating func note(
    used: Int64, _ kind: RateLimit.Kind, everyNanoseconds interval: Int64, at time: UTCTime
  ) {
    for index in windows.indices
    where windows[index].limit.kind == kind && windows[index].limit.intervalNanoseconds == interval {
      roll(index, to: time)
      windows[index].counted = max(0, used)
    }
  }

  /// Nothing is under way any more: everything counts as received, since it may have been.
  package mutating func linkLost(at time: UTCTime) {
    for index in windows.indices {
      roll(index, to: time)
      windows[index].counted += windows[index].underWay
      windows[index].underWay = 0
    }
    era &+= 1
  }

  /// The venue asked for silence, or has banned us. A shorter one does not end a longer one.
  package mutating func close(until time: UTCTime) { closedUntil = max(closedUntil, time) }

  /// When `cost` may be asked for again, if nobody else asks: `time` itself where it may be now.
  package func opens(_ cost: Int64, isCancel: Bool, at time: UTCTime) -> UTCTime {
    var opens = max(time, closedUntil)
    for window in windows {
      let length = window.limit.intervalNanoseconds
      let isOver = Self.interval(time, length) > window.interval
      let used = (isOver ? 0 : window.counted) + window.underWay
      let reserve = isCancel ? 0 : Self.share(cancelReserve, of: window.limit.limit)
      guard used + cost > window.limit.limit - reserve else { continue }
      let next = UTCTime(nanoseconds: (Self.interval(time, length) + 1) * length)
      opens = max(opens, next)
    }
    return opens
  }

  /// The fullest of its windows, in percent of the limit.
  package func usedPercent(at time: UTCTime) -> Int64 {
    windows.map { window in
      let isOver = Self.interval(time, window.limit.intervalNanoseconds) > window.interval
      return ((isOver ? 0 : window.counted) + window.underWay) * 100 / window.limit.limit
    }.max() ?? 0
  }

  /// A clock that went back does not open a new interval.
  private mutating func roll(_ index: Int, to time: UTCTime) {
    let interval = Self.interval(time, windows[index].limit.intervalNanoseconds)
    guard interval > windows[index].interval else { return }
    windows[index].interval = interval
    windows[index].counted = 0
  }

  private static func interval(_ time: UTCTime, _ length: Int64) -> Int64 { time.nanoseconds / length }

  private static func share(_ rate: Rate, of limit: Int64) -> Int64 {
    Int64((Int128(limit) * Int128(rate.e8) + 99_999_999) / 100_000_000)
  }
}
