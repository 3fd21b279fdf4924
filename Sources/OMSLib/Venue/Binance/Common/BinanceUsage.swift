/// What a limit counts.
package enum BinanceLimitKind: UInt8, Sendable, CaseIterable {
  case requestWeight
  case orders
  case rawRequests

  init?(word: String) {
    switch word {
    case "REQUEST_WEIGHT": self = .requestWeight
    case "ORDERS": self = .orders
    case "RAW_REQUESTS": self = .rawRequests
    default: return nil
    }
  }
}

/// One limit, and how much of it is used where that is told. Intervals are aligned to the calendar.
package struct BinanceUsage: Equatable, Sendable {
  package var kind: BinanceLimitKind
  package var intervalSeconds: Int64
  package var limit: Int64
  package var count: Int64

  package init(_ kind: BinanceLimitKind, intervalSeconds: Int64, limit: Int64 = 0, count: Int64 = 0) {
    self.kind = kind
    self.intervalSeconds = intervalSeconds
    self.limit = limit
    self.count = count
  }

  /// More of an interval than any limit has.
  private static let intervalMax: Int64 = 1_000

  /// A header of an answer, its name in lower case: `x-mbx-used-weight-1m`, `x-mbx-order-count-10s`.
  package init?(header name: String, value: String) {
    let kinds: [(begin: String, kind: BinanceLimitKind)] = [
      ("x-mbx-used-weight-", .requestWeight), ("x-mbx-order-count-", .orders),
    ]
    guard let (begin, kind) = kinds.first(where: { name.hasPrefix($0.begin) }) else { return nil }
    let rest = name.utf8.dropFirst(begin.utf8.count)
    guard let letter = rest.last, let unit = Self.seconds(letter: letter),
      let number = Int64(String(decoding: rest.dropLast(), as: UTF8.self)), (1...Self.intervalMax).contains(number),
      let count = Int64(value), count >= 0
    else { return nil }
    self.init(kind, intervalSeconds: number * unit, count: count)
  }

  /// A member of `rateLimits`, in an answer or in `exchangeInfo`.
  package init?(_ value: JSONValue) {
    guard let kind = value["rateLimitType"]?.string.flatMap(BinanceLimitKind.init(word:)),
      let unit = value["interval"]?.string?.utf8.first.flatMap(Self.seconds(letter:)),
      let number = value["intervalNum"]?.integer(as: Int64.self), (1...Self.intervalMax).contains(number),
      let limit = value["limit"]?.integer(as: Int64.self), limit >= 0
    else { return nil }
    self.init(
      kind, intervalSeconds: number * unit, limit: limit, count: value["count"]?.integer(as: Int64.self) ?? 0)
  }

  private static func seconds(letter: UInt8) -> Int64? {
    switch letter | 0x20 {
    case UInt8(ascii: "s"): 1
    case UInt8(ascii: "m"): 60
    case UInt8(ascii: "h"): 3_600
    case UInt8(ascii: "d"): 86_400
    default: nil
    }
  }
}
