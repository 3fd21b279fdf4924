import OMSLib

/// Any bytes as a decimal: both parsers must answer without a trap, agree where both accept, and read back what they
/// print.
enum DecimalTarget {
  static func read(_ input: [UInt8]) {
    unsafe input.withUnsafeBufferPointer { bytes in
      let wire = unsafe Decimal(wire: bytes)
      if let shell = unsafe try? Decimal(shell: bytes) {
        guard let wire else { fatalError("the wire reads all that the shell reads") }
        precondition(wire == shell && wire.scale == shell.scale, "both read the same value")
      }
      guard let wire else { return }
      checkText(of: wire)
      checkRounding(of: wire)
      for scale in [0, 2, 8, 18] {
        let exact = wire.exactMantissa(scale: scale).flatMap { Int64(exactly: $0) }
        let mantissa = unsafe Decimal.mantissa(wire: bytes, scale: scale)
        precondition(mantissa == exact, "the short way agrees with the long one")
      }
    }
  }

  private static func checkText(of value: Decimal) {
    guard let back = Decimal(wire: value.description) else { fatalError("what is printed is readable") }
    precondition(back == value && back.scale == value.scale, "what is printed is the value")
    let short = value.canonicalText
    guard let again = Decimal(wire: short) else { fatalError("what is printed is readable") }
    precondition(again == value && again.canonicalText == short, "canonical text is one per value")
    precondition(short != "-0" && !short.contains("e") && !short.contains("+"), "plain notation")
  }

  private static func checkRounding(of value: Decimal) {
    for decimals in [0, 8, 18] {
      guard let floor = value.rounded(to: decimals, .floor), let ceil = value.rounded(to: decimals, .ceil) else {
        continue
      }
      precondition(floor <= value && value <= ceil, "a value lies between its neighbours")
      for rounding in Rounding.allCases {
        guard let rounded = value.rounded(to: decimals, rounding) else { fatalError("a neighbour exists") }
        precondition(rounded == floor || rounded == ceil, "rounding picks a neighbour")
      }
    }
    if let money = value.money(.halfEven), let back = Decimal(wire: money.decimalString) {
      precondition(back == value || value.exactMantissa(scale: 18) == nil, "money is exact to 18 decimals")
    }
    for step in [Int64(1), 5, 25, 1_000_003] {
      guard let floor = value.price(scale: 2, tick: step, .floor) else { continue }
      precondition(floor.mantissa % step == 0, "a price lies on its tick")
    }
  }
}
