/// What a configuration file may consist of, before it is read as YAML.
enum YAMLText {
  /// Reports what is wrong with the characters of a file; `false` when it cannot be read at all.
  static func check(_ bytes: [UInt8], file: String, problems: inout ProblemList) -> Bool {
    let start = SourcePlace(file: file, line: 1, column: 1)
    guard bytes.count <= YAMLReader.fileBytesMax else {
      problems.error(
        "config.size", at: start, "\(bytes.count) bytes; a configuration file has at most \(YAMLReader.fileBytesMax)")
      return false
    }
    var isReadable = true
    var place = start
    var decoder = UTF8()
    var input = bytes.makeIterator()
    var isAfterReturn = false
    while true {
      let scalar: Unicode.Scalar
      switch decoder.decode(&input) {
      case .emptyInput: return isReadable
      case .error:
        problems.error("config.encoding", at: place, "not UTF-8; save the file as UTF-8")
        return false
      case .scalarValue(let value): scalar = value
      }
      if isAfterReturn, scalar != "\n" {
        problems.error(
          "config.encoding", at: place, "a carriage return without a line feed; end lines with a line feed")
        isReadable = false
      }
      isAfterReturn = scalar == "\r"
      if let refusal = refusal(of: scalar) {
        problems.error(refusal.code, at: place, refusal.message)
        isReadable = false
        // One report for each kind of mistake is enough to mend the whole file.
        if scalar != "\t" { return false }
      }
      if scalar == "\n" {
        place.line += 1
        place.column = 1
      } else {
        place.column += 1
      }
    }
  }

  private static func refusal(of scalar: Unicode.Scalar) -> (code: String, message: String)? {
    switch scalar.value {
    case 0x09: ("config.tab", "a tab; indent with spaces")
    case 0x0A, 0x0D: nil
    case 0xFEFF: ("config.encoding", "a byte order mark; save the file as UTF-8 without one")
    case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029:
      ("config.encoding", "the control character U+\(hexadecimal(scalar.value)); remove it")
    default: nil
    }
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
