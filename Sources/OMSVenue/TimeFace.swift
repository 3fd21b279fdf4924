import OMSLib

/// Times as one client wants them: in milliseconds, or in microseconds.
struct TimeFace: Hashable, Sendable {
  var isMicro = false

  func value(_ time: UTCTime) -> Int64 { time.nanoseconds / (isMicro ? 1_000 : 1_000_000) }
}

extension JSONWriter {
  /// An exact amount with at least eight decimals, as balances and commissions are written.
  mutating func member(_ name: StaticString, money: Money, least: Int = 8) {
    member(name, trimmedDecimal: money.units, scale: Money.decimals, minimumScale: least)
  }

  /// A price or a quantity with all decimals of its scale, and no fewer than `least`.
  mutating func member(_ name: StaticString, mantissa: Int64, scale: UInt8, least: Int = 0) {
    let more = max(least - Int(scale), 0)
    member(name, decimal: Int128(mantissa) * Int128(PowerOfTen.int64(min(more, 18))), scale: Int(scale) + min(more, 18))
  }

  mutating func member(_ name: StaticString, rate: Rate) { member(name, decimal: rate.e8, scale: 8) }

  mutating func member(_ name: StaticString, _ time: UTCTime, _ face: TimeFace) { member(name, face.value(time)) }
}

/// One object, written by `body`.
func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  body(&writer)
  writer.endObject()
  return writer.bytes
}

/// Values that are JSON already, as an array.
func array(_ values: [[UInt8]]) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginArray()
  for value in values { writer.raw(value) }
  writer.endArray()
  return writer.bytes
}

extension VenueError {
  /// `{"code":..,"msg":..}`
  var body: [UInt8] {
    object { writer in
      writer.member("code", code)
      writer.member("msg", message)
    }
  }
}
