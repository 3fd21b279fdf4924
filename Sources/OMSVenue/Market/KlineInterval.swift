import OMSLib

/// The lengths a candle may have.
package enum KlineInterval: String, Sendable, CaseIterable {
  case second1 = "1s"
  case minute1 = "1m"
  case minute3 = "3m"
  case minute5 = "5m"
  case minute15 = "15m"
  case minute30 = "30m"
  case hour1 = "1h"
  case hour2 = "2h"
  case hour4 = "4h"
  case hour6 = "6h"
  case hour8 = "8h"
  case hour12 = "12h"
  case day1 = "1d"
  case day3 = "3d"
  case week1 = "1w"
  case month1 = "1M"

  private static let second: Int64 = 1_000_000_000
  static let minute: Int64 = 60 * second
  static let hour: Int64 = 60 * minute
  static let day: Int64 = 24 * hour
  /// The first Monday of 1970 was the fifth of January.
  private static let firstMonday = 4 * day

  /// `nil` for months, which differ.
  private var length: Int64? {
    switch self {
    case .second1: Self.second
    case .minute1: Self.minute
    case .minute3: 3 * Self.minute
    case .minute5: 5 * Self.minute
    case .minute15: 15 * Self.minute
    case .minute30: 30 * Self.minute
    case .hour1: Self.hour
    case .hour2: 2 * Self.hour
    case .hour4: 4 * Self.hour
    case .hour6: 6 * Self.hour
    case .hour8: 8 * Self.hour
    case .hour12: 12 * Self.hour
    case .day1: Self.day
    case .day3: 3 * Self.day
    case .week1: 7 * Self.day
    case .month1: nil
    }
  }

  /// Start of the candle in which a time lies, both in nanoseconds of UTC. `offset`: how far the clock that candles
  /// follow is ahead of UTC.
  func start(of time: Int64, offset: Int64 = 0) -> Int64 {
    let local = time + offset
    guard let length else {
      let civil = CivilTime(UTCTime(nanoseconds: local))
      let first = CivilTime(year: civil.year, month: civil.month, day: 1).time?.nanoseconds ?? local
      return first - offset
    }
    let origin = self == .week1 ? Self.firstMonday : 0
    let distance = local - origin
    let rest = distance % length
    return local - (rest < 0 ? rest + length : rest) - offset
  }

  /// Start of the candle behind the one that starts at `start`.
  func end(of start: Int64, offset: Int64 = 0) -> Int64 {
    if let length { return start + length }
    // No month is longer than 31 days, and none shorter than 28.
    return self.start(of: start + 32 * Self.day, offset: offset)
  }
}
