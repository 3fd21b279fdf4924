/// The parameters of one request, in the order they were added.
///
/// Emptied and filled again it does not allocate: names and words are literals, ids are inline texts.
package struct BinanceParameters: Sendable {
  package enum Value: Sendable {
    case word(String)
    case text(Text64)
    case integer(Int64)
    case decimal(Int64, scale: UInt8)
    /// A number with up to three decimals: milliseconds that know microseconds.
    case thousandths(Int64)
    case flag(Bool)
  }

  package struct Entry: Sendable {
    package let name: String
    package let value: Value
  }

  package private(set) var entries: [Entry] = []

  package init() { entries.reserveCapacity(24) }

  package var isEmpty: Bool { entries.isEmpty }

  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  package mutating func add(_ name: String, _ value: Value) { entries.append(Entry(name: name, value: value)) }
  package mutating func add(_ name: String, _ word: String) { add(name, .word(word)) }
  package mutating func add(_ name: String, _ number: Int64) { add(name, .integer(number)) }

  package mutating func add(_ name: String, _ text: Text32) {
    var wide = Text64()
    wide.low = text
    add(name, .text(wide))
  }

  /// By name, in the order of bytes. Written for lists that are sorted already, or nearly.
  mutating func sort() {
    for index in entries.indices.dropFirst() {
      var place = index
      while place > 0, entries[place].name < entries[place - 1].name {
        entries.swapAt(place, place - 1)
        place -= 1
      }
    }
  }

  // MARK: Writing

  /// `a=1&b=2`, percent-encoded: the query string or form body, and what is signed of it.
  func write(encodedTo sink: inout ByteBuffer) {
    for index in entries.indices {
      if index > 0 { sink.append(UInt8(ascii: "&")) }
      sink.append(utf8: entries[index].name)
      sink.append(UInt8(ascii: "="))
      Self.write(entries[index].value, isEncoded: true, to: &sink)
    }
  }

  /// The same as it is signed over the WebSocket API: not percent-encoded.
  func write(plainTo sink: inout ByteBuffer) {
    for index in entries.indices {
      if index > 0 { sink.append(UInt8(ascii: "&")) }
      sink.append(utf8: entries[index].name)
      sink.append(UInt8(ascii: "="))
      Self.write(entries[index].value, isEncoded: false, to: &sink)
    }
  }

  /// The members of a JSON object: decimals as strings, integers as integers.
  func write(membersTo sink: inout ByteBuffer) {
    for index in entries.indices {
      if index > 0 { sink.append(UInt8(ascii: ",")) }
      sink.append(UInt8(ascii: "\""))
      sink.append(utf8: entries[index].name)
      sink.append(literal: "\":")
      switch entries[index].value {
      case .integer, .thousandths: Self.write(entries[index].value, isEncoded: false, to: &sink)
      case .word(let word): sink.append(quoted: word)
      case .text(let text): sink.append(quoted: text)
      case .decimal, .flag:
        sink.append(UInt8(ascii: "\""))
        Self.write(entries[index].value, isEncoded: false, to: &sink)
        sink.append(UInt8(ascii: "\""))
      }
    }
  }

  private static func write(_ value: Value, isEncoded: Bool, to sink: inout ByteBuffer) {
    switch value {
    case .word(let word):
      if isEncoded { sink.append(percentEncoded: word.utf8) } else { sink.append(utf8: word) }
    case .text(let text):
      unsafe text.withUTF8 { bytes in
        if isEncoded { unsafe sink.append(percentEncoded: bytes) } else { unsafe sink.append(bytes: bytes) }
      }
    case .integer(let number): sink.append(decimal: number)
    case .decimal(let mantissa, let scale): sink.append(trimmedDecimal: mantissa, scale: Int(scale))
    case .thousandths(let number): sink.append(trimmedDecimal: number, scale: 3)
    case .flag(let flag): if flag { sink.append(literal: "true") } else { sink.append(literal: "false") }
    }
  }
}

extension ByteBuffer {
  /// Letters, digits and `-_.~` as they are, all other bytes as `%` and two upper-case digits.
  mutating func append(percentEncoded source: some Collection<UInt8>) {
    for byte in source {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        append(byte)
      default:
        append(UInt8(ascii: "%"))
        append(Self.upperDigit(byte >> 4))
        append(Self.upperDigit(byte & 15))
      }
    }
  }

  private static func upperDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
