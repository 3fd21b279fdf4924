/// Powers of ten as integers.
package enum PowerOfTen {
  /// The largest exponent whose power fits a signed 128-bit integer.
  package static let exponentMax = 38

  /// 10^`exponent`, for 0 to 18.
  @inline(__always)
  package static func int64(_ exponent: Int) -> Int64 {
    precondition(exponent >= 0 && exponent <= 18, "10^exponent leaves a signed 64-bit integer")
    return Int64(bitPattern: small[exponent])
  }

  /// 10^`exponent`, for 0 to 38.
  @inline(__always)
  package static func unsigned(_ exponent: Int) -> UInt128 {
    precondition(exponent >= 0 && exponent <= exponentMax, "10^exponent leaves 128 bits")
    guard exponent > 19 else { return UInt128(small[exponent]) }
    let product = small[19].multipliedFullWidth(by: small[exponent - 19])
    return UInt128(product.high) << 64 | UInt128(product.low)
  }

  private static let small: InlineArray<20, UInt64> = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
  ]
}
