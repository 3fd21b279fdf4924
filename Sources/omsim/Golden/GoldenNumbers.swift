import OMSLib

/// 38: rounding, products, order rules, parsing.
enum GoldenNumbers {
  static func answer(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    switch try input.text("kind") {
    case "round": try round(input)
    case "multiply": try multiply(input)
    case "filters": try rules(input)
    case "parse": parse(try input.text("text"))
    case let kind: throw GoldenError("kind '\(kind)' is unknown")
    }
  }

  private static func round(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    let value = try input.decimal("value")
    let step = try input.decimal("step")
    func rounded(_ rounding: Rounding) -> GoldenValue {
      value.rounded(toMultipleOf: step, rounding).map { .text($0.description) } ?? .null
    }
    return .object([
      ("floor", rounded(.floor)), ("ceil", rounded(.ceil)), ("half_even", rounded(.halfEven)),
      ("half_up", rounded(.halfUp)), ("truncate", rounded(.truncate)),
      ("is_multiple", .bool(value.isMultiple(of: step))),
    ])
  }

  private static func multiply(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    let notional = try inRange(try input.decimal("price").times(try input.decimal("qty")))
    let fee = try inRange(notional.times(try input.decimal("fee_rate")))
    func eight(_ value: Decimal, _ rounding: Rounding) -> GoldenValue {
      value.rounded(to: 8, rounding).map { .text($0.description) } ?? .null
    }
    return .object([
      ("notional", .text(notional.canonicalText)), ("notional_8_floor", eight(notional, .floor)),
      ("fee", .text(fee.canonicalText)), ("fee_8_half_even", eight(fee, .halfEven)), ("fee_8_ceil", eight(fee, .ceil)),
    ])
  }

  private static func rules(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    let price = try input.decimal("price")
    let quantity = try input.decimal("qty")
    let tick = try input.decimal("tick_size")
    let lot = try input.decimal("step_size")
    let least = try input.decimal("min_qty")
    let most = try input.decimal("max_qty")
    var instrument = Instrument()
    instrument.priceScale = max(price.scale, tick.scale)
    instrument.quantityScale = max(max(quantity.scale, lot.scale), max(least.scale, most.scale))
    instrument.tick = try mantissa(tick, instrument.priceScale)
    instrument.lot = try mantissa(lot, instrument.quantityScale)
    instrument.minQuantity = try mantissa(least, instrument.quantityScale)
    instrument.maxQuantity = try mantissa(most, instrument.quantityScale)
    instrument.minNotional = try input.money("min_notional")

    let asked = (
      price: Price(mantissa: try mantissa(price, instrument.priceScale)),
      quantity: Quantity(mantissa: try mantissa(quantity, instrument.quantityScale))
    )
    let broken = instrument.violations(price: asked.price, quantity: asked.quantity)
    let names: [(RuleViolations, String)] = [(.price, "PRICE_FILTER"), (.lot, "LOT_SIZE"), (.notional, "NOTIONAL")]
    let floored = (
      price: try inRange(asked.price.rounded(to: instrument.tick, .floor)),
      quantity: instrument.floored(asked.quantity)
    )
    return .object([
      ("violations", .list(names.filter { broken.contains($0.0) }.map { .text($0.1) })),
      ("floored_price", .text(Decimal(floored.price, scale: Int(instrument.priceScale)).canonicalText)),
      ("floored_qty", .text(Decimal(floored.quantity, scale: Int(instrument.quantityScale)).canonicalText)),
      ("floored_ok", .bool(instrument.violations(price: floored.price, quantity: floored.quantity).isEmpty)),
    ])
  }

  private static func mantissa(_ value: Decimal, _ scale: UInt8) throws(GoldenError) -> Int64 {
    try inRange(value.exactMantissa(scale: Int(scale)).flatMap { Int64(exactly: $0) })
  }

  private static func parse(_ text: String) -> GoldenValue {
    let value = Decimal(wire: text)
    return .object([("value", value.map { .text($0.canonicalText) } ?? .null), ("valid", .bool(value != nil))])
  }
}
