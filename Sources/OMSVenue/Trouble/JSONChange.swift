import OMSLib

/// JSON with some of it changed, all else byte for byte as it was.
enum JSONChange {
  /// Every member of these names, at any depth, with another value.
  static func replacing(_ values: [String: [UInt8]], in value: JSONValue) -> [UInt8] {
    if value.isObject {
      return object { writer in
        for member in value.members {
          writer.name(data: member.name)
          writer.raw(values[member.name] ?? replacing(values, in: member.value))
        }
      }
    }
    return value.isArray ? array(value.elements.map { replacing(values, in: $0) }) : Array(value.source)
  }

  /// Elements of an array that `isKept` holds for; something else is as it was.
  static func filtering(_ value: JSONValue, _ isKept: (JSONValue) -> Bool) -> [UInt8] {
    guard value.isArray else { return Array(value.source) }
    return array(value.elements.filter(isKept).map { Array($0.source) })
  }

  /// A member that is an array, filtered; all else as it was.
  static func filtering(member name: String, of value: JSONValue, _ isKept: (JSONValue) -> Bool) -> [UInt8] {
    guard value.isObject else { return filtering(value, isKept) }
    return object { writer in
      for member in value.members {
        writer.name(data: member.name)
        writer.raw(member.name == name ? filtering(member.value, isKept) : Array(member.value.source))
      }
    }
  }
}
