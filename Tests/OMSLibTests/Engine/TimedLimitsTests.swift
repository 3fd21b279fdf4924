import Foundation
import TestSupport
import Testing

@testable import OMSLib

@Suite struct TimedLimitsTests {
  private static let limits = [
    TimedLimit(
      kind: .maxOrderNotional, scope: .account, mode: .paper, target: "sim.main", value: Money(5_000),
      until: UTCTime(nanoseconds: 1_790_000_000_123_456_789)),
    TimedLimit(
      kind: .collar, scope: .total, mode: .live, target: "", value: Money(units: 50_000_000_000_000_000),
      until: UTCTime(nanoseconds: 1_800_000_000_000_000_000)),
    TimedLimit(
      kind: .maxOpenOrders, scope: .instrument, mode: .paper, target: "sim:BTC-USDT", value: .zero,
      until: UTCTime(nanoseconds: 1)),
  ]

  @Test func theFileSaysAllThatIsToBeRemembered() {
    #expect(TimedLimits.parse(TimedLimits.text(Self.limits)) == Self.limits)
    #expect(TimedLimits.parse(TimedLimits.text([])) == [])
  }

  @Test func noBitOfTheFileFlipsUnseen() {
    let text = TimedLimits.text(Self.limits)
    for bit in 0..<text.count * 8 {
      var bytes = text
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(TimedLimits.parse(bytes) == nil, "bit \(bit)")
    }
    for length in 0..<text.count { #expect(TimedLimits.parse(Array(text[..<length])) == nil, "length \(length)") }
  }
}
