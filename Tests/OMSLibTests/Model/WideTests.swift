import Testing

@testable import OMSLib

/// Integers of any size as decimal digits, least first: slow, and by other means than what it checks.
private struct Digits: Equatable {
  var digits: [Int]
  var isNegative: Bool

  init(digits: [Int], isNegative: Bool) {
    self.digits = digits
    while self.digits.last == 0 { self.digits.removeLast() }
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  init(_ value: UInt128, isNegative: Bool = false) {
    self.init(digits: String(value).reversed().compactMap(\.wholeNumberValue), isNegative: isNegative)
  }

  init(_ value: Int128) { self.init(value.magnitude, isNegative: value < 0) }

  init(_ value: Wide) {
    let twoTo128 = Digits(UInt128.max).addingMagnitude(Digits(1))
    self = Digits(value.high).times(twoTo128).addingMagnitude(Digits(value.low))
    isNegative = value.isNegative
  }

  func times(_ other: Digits) -> Digits {
    var result = Array(repeating: 0, count: digits.count + other.digits.count + 1)
    for (i, a) in digits.enumerated() {
      for (j, b) in other.digits.enumerated() {
        result[i + j] += a * b
        result[i + j + 1] += result[i + j] / 10
        result[i + j] %= 10
      }
    }
    for i in 0..<(result.count - 1) {
      result[i + 1] += result[i] / 10
      result[i] %= 10
    }
    return Digits(digits: result, isNegative: isNegative != other.isNegative)
  }

  func addingMagnitude(_ other: Digits) -> Digits {
    var result: [Int] = []
    var carry = 0
    for i in 0..<(max(digits.count, other.digits.count) + 1) {
      let sum = carry + (i < digits.count ? digits[i] : 0) + (i < other.digits.count ? other.digits[i] : 0)
      result.append(sum % 10)
      carry = sum / 10
    }
    return Digits(digits: result, isNegative: isNegative)
  }

  func isBelow(_ other: Digits) -> Bool {
    if digits.count != other.digits.count { return digits.count < other.digits.count }
    for i in digits.indices.reversed() where digits[i] != other.digits[i] { return digits[i] < other.digits[i] }
    return false
  }

  /// Magnitudes; this is the larger.
  func subtractingMagnitude(_ other: Digits) -> Digits {
    var result = digits
    for i in other.digits.indices { result[i] -= other.digits[i] }
    for i in result.indices where result[i] < 0 {
      result[i] += 10
      result[i + 1] -= 1
    }
    return Digits(digits: result, isNegative: isNegative)
  }

  func adding(_ other: Digits) -> Digits {
    if isNegative == other.isNegative { return addingMagnitude(other) }
    return isBelow(other) ? other.subtractingMagnitude(self) : subtractingMagnitude(other)
  }

  /// Long division of magnitudes, digit by digit.
  func divided(by divisor: Digits) -> (quotient: Digits, remainder: Digits) {
    var quotient: [Int] = []
    var rest = Digits(digits: [], isNegative: false)
    for digit in digits.reversed() {
      rest = Digits(digits: [digit] + rest.digits, isNegative: false)
      var count = 0
      while !rest.isBelow(divisor) {
        rest = rest.subtractingMagnitude(divisor)
        count += 1
      }
      quotient.append(count)
    }
    return (Digits(digits: quotient.reversed(), isNegative: false), rest)
  }

  func divided(by divisor: Digits, _ rounding: Rounding) -> Digits {
    let negative = isNegative != divisor.isNegative
    let magnitude = Digits(digits: divisor.digits, isNegative: false)
    let (quotient, remainder) = divided(by: magnitude)
    let twice = remainder.addingMagnitude(remainder)
    let isTie = twice.digits == magnitude.digits
    let isAbove = magnitude.isBelow(twice)
    let away =
      switch rounding {
      case .floor: negative && !remainder.digits.isEmpty
      case .ceil: !negative && !remainder.digits.isEmpty
      case .truncate: false
      case .halfUp: isAbove || isTie
      case .halfEven: isAbove || (isTie && (quotient.digits.first ?? 0) % 2 == 1)
      }
    let rounded = away ? quotient.addingMagnitude(Digits(1)) : quotient
    return Digits(digits: rounded.digits, isNegative: negative)
  }
}

@Suite struct WideTests {
  /// Small, large and special values in equal parts: ties and carries are rare among uniform bits.
  private static func value(_ random: inout SplitMix64) -> Int128 {
    let bits = Int128(truncatingIfNeeded: UInt128(random.next()) << 64 | UInt128(random.next()))
    switch random.below(6) {
    case 0: return Int128(Int64(truncatingIfNeeded: bits) % 30)
    case 1: return [.max, .min, 1, -1, 5, Int128(Int64.max)][Int(random.below(6))]
    case 2: return Int128(truncatingIfNeeded: PowerOfTen.unsigned(Int(random.below(39)))) * (bits < 0 ? -5 / 5 : 1)
    default: return bits >> Int128(random.below(127))
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func agreesWithLongHandArithmetic(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<10 {
      let (a, b, c) = (Self.value(&random), Self.value(&random), Self.value(&random))
      let product = Wide(a, times: b)
      #expect(Digits(product) == Digits(a).times(Digits(b)))
      let sum = try #require(product.adding(Wide(c)))
      #expect(Digits(sum) == Digits(product).adding(Digits(c)))
      #expect((product < Wide(c)) == product.subtracting(Wide(c))?.isNegative)
      for rounding in Rounding.allCases where c != 0 {
        let expected = Digits(product).divided(by: Digits(c), rounding)
        let got = product.divided(by: c, rounding)
        let limit = expected.isNegative ? Digits(Int128.min) : Digits(Int128.max)
        let fits = !Digits(digits: limit.digits, isNegative: false).isBelow(expected)
        #expect(got.map { Digits($0) } == (fits ? expected : nil), "\(a) * \(b) / \(c) \(rounding)")
      }
    }
  }

  @Test func whatLeaves256BitsIsRefused() {
    let large = Wide(high: .max, low: .max, isNegative: false)
    #expect(large.adding(Wide(1)) == nil)
    #expect(large.adding(Wide(-1)) == Wide(high: .max, low: .max - 1, isNegative: false))
    #expect(large.negated.subtracting(Wide(1)) == nil)
    #expect(large.multiplied(by: 2) == nil)
    #expect(Wide(7).multiplied(by: 3) == Wide(21))
    #expect(large.divided(by: 1, .floor) == nil)
    #expect(Wide(1).divided(by: 0, .floor) == nil)
    #expect(large.adding(large.negated) == Wide.zero)
    #expect(Wide.zero.negated == Wide.zero)
  }

  /// Rounding up is rounding the negative down; nearest lies between floor and ceil; exact values stay.
  @Test(arguments: 0..<50 as Range<UInt64>)
  func roundingModesKeepTheirIdentities(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let value = Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(62))
      let step = Int64(random.below(1000)) + 1
      let floor = try #require(Price(mantissa: value / 2).rounded(to: step, .floor)).mantissa
      let ceil = try #require(Price(mantissa: value / 2).rounded(to: step, .ceil)).mantissa
      let mirrored = try #require(Price(mantissa: -(value / 2)).rounded(to: step, .floor)).mantissa
      #expect(ceil == -mirrored)
      #expect(floor <= value / 2 && value / 2 <= ceil && (ceil - floor == step || ceil == floor))
      for rounding in Rounding.allCases {
        let rounded = try #require(Price(mantissa: value / 2).rounded(to: step, rounding)).mantissa
        #expect(rounded == floor || rounded == ceil)
        #expect(Price(mantissa: rounded).rounded(to: step, rounding)?.mantissa == rounded)
        let wide = Wide(Int128(value / 2)).divided(by: Int128(step), rounding)
        #expect(wide.map { $0 * Int128(step) } == Int128(rounded))
      }
    }
  }
}
