import Foundation
import OMSLib

/// Checks objects against the schemas of `oms schema`: what the program prints is what it promises.
package struct SchemaValidator: Sendable {
  /// By the name of the type.
  private let schemas: [String: JSONValue]

  /// Of the types that this tree describes.
  package static let current = SchemaValidator(lines: ObjectCatalog.all.map { ObjectSchema.line($0) })

  package init(lines: [[UInt8]]) {
    var schemas: [String: JSONValue] = [:]
    for line in lines {
      guard let schema = try? JSONReader.read(Array(line)).root, let title = schema["title"]?.string else { continue }
      schemas[title] = schema
    }
    self.schemas = schemas
  }

  /// What is wrong with one printed line. Lines that are no result objects, those that begin with `type` and `v`, are
  /// right as they are.
  package func complaints(about line: some Collection<UInt8>) -> [String] {
    guard line.starts(with: #"{"type":""#.utf8), let object = try? JSONReader.read(Array(line)).root else { return [] }
    let names = object.members.map(\.name)
    guard names.count > 1, names[1] == "v", let type = object["type"]?.string else { return [] }
    guard let schema = schemas[type] else { return ["there is no schema of type '\(type)'"] }
    return check(object, schema, "")
  }

  private func check(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
    if let constant = schema["const"] {
      return constant.source.elementsEqual(value.source) ? [] : ["\(place) is not \(Self.text(constant))"]
    }
    if let words = schema["enum"]?.elements, !words.contains(where: { $0.source.elementsEqual(value.source) }) {
      return ["\(place): \(Self.text(value)) is not one of the words of its schema"]
    }
    if let type = schema["type"], !Self.names(type).contains(where: { Self.matches(value, $0) }) {
      return ["\(place): \(Self.text(value)) is not \(Self.text(type))"]
    }
    if let pattern = schema["pattern"]?.string, let text = value.string, !Self.matches(text, pattern) {
      return ["\(place): '\(text)' does not match \(pattern)"]
    }
    var found: [String] = []
    if let items = schema["items"], value.isArray {
      for (index, item) in value.elements.enumerated() { found += check(item, items, "\(place)[\(index)]") }
    }
    if let properties = schema["properties"], value.isObject { found += members(value, properties, schema, place) }
    return found
  }

  private func members(
    _ object: JSONValue, _ properties: JSONValue, _ schema: JSONValue, _ place: String
  ) -> [String] {
    var found: [String] = []
    for (name, value) in object.members {
      if let property = properties[name] ?? schema["additionalProperties"] {
        found += check(value, property, "\(place).\(name)")
      } else {
        found.append("\(place).\(name) is in no schema")
      }
    }
    for name in (schema["required"]?.elements ?? []).compactMap(\.string) where object[name] == nil {
      found.append("\(place).\(name) is missing")
    }
    return found
  }

  private static func names(_ type: JSONValue) -> [String] {
    type.isArray ? type.elements.compactMap(\.string) : [type.string].compactMap { $0 }
  }

  private static func matches(_ value: JSONValue, _ type: String) -> Bool {
    switch type {
    case "string": value.isString
    case "integer": value.isNumber && !value.source.contains(where: { ".eE".utf8.contains($0) })
    case "boolean": value.bool != nil
    case "null": value.isNull
    case "array": value.isArray
    case "object": value.isObject
    default: false
    }
  }

  /// The two patterns of our schemas are read by hand: a log of thousands of objects is checked in a moment.
  private static func matches(_ text: String, _ pattern: String) -> Bool {
    switch pattern {
    case ObjectSchema.decimalPattern:
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        && (parts[0].count == 1 || !parts[0].hasPrefix("0"))
    case ObjectSchema.timePattern:
      return text.utf8.count == 30 && UTCTime(rfc3339: text.utf8) != nil && text.hasSuffix("Z")
    default:
      return text.range(of: pattern, options: .regularExpression) != nil
    }
  }

  private static func text(_ value: JSONValue) -> String { String(decoding: value.source, as: UTF8.self) }
}
