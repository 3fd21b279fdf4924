/// Writes JSON straight into bytes, in the order of the calls: the documented order of members is the order in the code.
///
/// The caller balances `begin` and `end`; commas and escapes are the writer's.
package struct JSONWriter: ~Copyable {
  package private(set) var buffer: ByteBuffer
  /// Whether the value about to be written follows another one in the same object or array.
  private var needsComma = false
  private var depth = 0

  package init(capacity: Int = 512) { buffer = ByteBuffer(capacity: capacity) }

  /// A copy of what was written.
  package var bytes: [UInt8] { borrowing get { buffer.bytes } }
  package var text: String { borrowing get { buffer.text } }

  package mutating func removeAll() {
    buffer.removeAll()
    needsComma = false
    depth = 0
  }

  // MARK: Structure

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Ends a top-level value: the newline of JSON lines.
  package mutating func endLine() {
    precondition(depth == 0, "a line ends outside of all objects")
    buffer.append(0x0A)
    needsComma = false
  }

  package mutating func name(_ name: StaticString) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    buffer.append(literal: name)
    buffer.append(literal: "\":")
    needsComma = false
  }

  /// A member name that comes from data (tags, parameters).
  package mutating func name(data name: String) {
    separate()
    buffer.append(quoted: name)
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Values

  package mutating func string(_ value: String) {
    separate()
    buffer.append(quoted: value)
    needsComma = true
  }

  package mutating func text(_ value: some InlineText) {
    separate()
    buffer.append(quoted: value)
    needsComma = true
  }

  package mutating func integer(_ value: some FixedWidthInteger) {
    separate()
    buffer.append(integer: value)
    needsComma = true
  }

  package mutating func bool(_ value: Bool) {
    separate()
    if value { buffer.append(literal: "true") } else { buffer.append(literal: "false") }
    needsComma = true
  }

  package mutating func null() {
    separate()
    buffer.append(literal: "null")
    needsComma = true
  }

  /// A decimal as a string: `"0.01000"`.
  package mutating func decimal(_ mantissa: some FixedWidthInteger, scale: Int) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    buffer.append(decimal: mantissa, scale: scale)
    buffer.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// A decimal as a string without zeros at the end beyond `minimumScale` digits.
  package mutating func trimmedDecimal(_ mantissa: some FixedWidthInteger, scale: Int, minimumScale: Int = 0) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    buffer.append(trimmedDecimal: mantissa, scale: scale, minimumScale: minimumScale)
    buffer.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// RFC 3339, nine fractional digits, `Z`.
  package mutating func time(_ value: UTCTime) {
    separate()
    buffer.append(UInt8(ascii: "\""))
    buffer.append(time: value)
    buffer.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Bytes that are one JSON value already.
  package mutating func raw(_ value: some Collection<UInt8>) {
    separate()
    buffer.append(bytes: value)
    needsComma = true
  }

  // MARK: Members

  package mutating func member(_ name: StaticString, _ value: String?) {
    self.name(name)
    if let value { string(value) } else { null() }
  }

  /// `null` when the text is empty.
  package mutating func member(_ name: StaticString, text value: some InlineText) {
    self.name(name)
    if value.isEmpty { null() } else { text(value) }
  }

  package mutating func member(_ name: StaticString, _ value: (some FixedWidthInteger)?) {
    self.name(name)
    if let value { integer(value) } else { null() }
  }

  package mutating func member(_ name: StaticString, _ value: Bool) {
    self.name(name)
    bool(value)
  }

  package mutating func member(_ name: StaticString, decimal mantissa: (some FixedWidthInteger)?, scale: Int) {
    self.name(name)
    if let mantissa { decimal(mantissa, scale: scale) } else { null() }
  }

  package mutating func member(
    _ name: StaticString, trimmedDecimal mantissa: (some FixedWidthInteger)?, scale: Int, minimumScale: Int = 0
  ) {
    self.name(name)
    if let mantissa { trimmedDecimal(mantissa, scale: scale, minimumScale: minimumScale) } else { null() }
  }

  package mutating func member(_ name: StaticString, _ value: UTCTime?) {
    self.name(name)
    if let value { time(value) } else { null() }
  }

  package mutating func member(_ name: StaticString, raw value: some Collection<UInt8>) {
    self.name(name)
    raw(value)
  }

  package mutating func memberNull(_ name: StaticString) {
    self.name(name)
    null()
  }

  // MARK: Insides

  private mutating func separate() {
    if needsComma { buffer.append(UInt8(ascii: ",")) }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    buffer.append(bracket)
    depth += 1
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    precondition(depth > 0, "an object or array ends that did not begin")
    buffer.append(bracket)
    depth -= 1
    needsComma = true
  }
}
