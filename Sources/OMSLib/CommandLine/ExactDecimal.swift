/// A decimal of any scale up to 18, for sums and comparisons over results that were printed already. Exact: what does
/// not fit is `nil`, nothing is rounded.
package struct ExactDecimal: Equatable, Comparable, Sendable {
  package let mantissa: Int128
  package let scale: Int

  package init(_ whole: Int) {
    mantissa = Int128(whole)
    scale = 0
  }

  init(mantissa: Int128, scale: Int) {
    self.mantissa = mantissa
    self.scale = scale
  }

  /// `-12.50`: plain notation, an optional minus, at most 38 digits of which at most 36 behind the point.
  package init?(_ text: some StringProtocol) {
    var value: Int128 = 0
    var digits = 0
    var point: Int?
    var bytes = text.utf8[...]
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative { bytes = bytes.dropFirst() }
    for byte in bytes {
      if byte == UInt8(ascii: "."), point == nil, digits > 0 {
        point = digits
        continue
      }
      guard byte.isDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int128(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
      digits += 1
    }
    guard digits > 0, point != digits else { return nil }
    scale = point.map { digits - $0 } ?? 0
    guard scale <= 36 else { return nil }
    mantissa = isNegative ? -value : value
  }

  package static func == (a: Self, b: Self) -> Bool { order(a, b) == 0 }
  package static func < (a: Self, b: Self) -> Bool { order(a, b) < 0 }

  /// `nil` when the sum does not fit.
  package func adding(_ other: Self) -> ExactDecimal? {
    let scale = max(self.scale, other.scale)
    guard let a = rescaled(to: scale), let b = other.rescaled(to: scale) else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : ExactDecimal(mantissa: sum, scale: scale)
  }

  package var text: String {
    var buffer = ByteBuffer(capacity: 48)
    buffer.append(decimal: mantissa, scale: scale)
    return buffer.text
  }

  private func rescaled(to scale: Int) -> Int128? {
    var value = mantissa
    for _ in self.scale..<max(self.scale, scale) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
    }
    return value
  }

  private static func order(_ a: Self, _ b: Self) -> Int {
    let scale = max(a.scale, b.scale)
    switch (a.rescaled(to: scale), b.rescaled(to: scale)) {
    case (let x?, let y?): return x < y ? -1 : x > y ? 1 : 0
    // The one that outgrows 128 bits at the common scale is the larger in size.
    case (nil, _): return a.mantissa < 0 ? -1 : 1
    case (_, nil): return b.mantissa < 0 ? 1 : -1
    }
  }
}
