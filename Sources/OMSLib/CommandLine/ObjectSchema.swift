/// JSON Schema (2020-12) of result objects, made of their description.
package enum ObjectSchema {
  package static let decimalPattern = #"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"#
  package static let timePattern =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{9}Z$"

  /// One schema on one line, with its newline.
  package static func line(_ type: ObjectType) -> [UInt8] {
    var writer = JSONWriter(capacity: 4096)
    writer.beginObject()
    writer.member("$schema", "https://json-schema.org/draft/2020-12/schema")
    writer.member("$id", "urn:oms:\(type.name):1")
    writer.member("title", type.name)
    writer.member("description", type.meaning)
    writer.member("type", "object")
    writer.name("properties")
    writer.beginObject()
    constant("type", &writer) { $0.string(type.name) }
    constant("v", &writer) { $0.integer(1) }
    for field in type.fields {
      writer.name(data: field.name)
      value(field.kind, isNullable: field.isNullable, &writer)
    }
    writer.endObject()
    writer.name("required")
    writer.beginArray()
    for name in ["type", "v"] + type.fields.filter({ !$0.isOptional }).map(\.name) { writer.string(name) }
    writer.endArray()
    if let others = type.others {
      writer.name("additionalProperties")
      value(others, isNullable: true, &writer)
    }
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private static func constant(
    _ name: StaticString, _ writer: inout JSONWriter, _ write: (inout JSONWriter) -> Void
  ) {
    writer.name(name)
    writer.beginObject()
    writer.name("const")
    write(&writer)
    writer.endObject()
  }

  private static func value(_ kind: ObjectType.Kind, isNullable: Bool, _ writer: inout JSONWriter) {
    writer.beginObject()
    if let name = typeName(kind) {
      writer.name("type")
      if isNullable { writer.beginArray() }
      writer.string(name)
      if isNullable {
        writer.string("null")
        writer.endArray()
      }
    }
    switch kind {
    case .decimal: writer.member("pattern", decimalPattern)
    case .time: writer.member("pattern", timePattern)
    case .choice(let words):
      writer.name("enum")
      writer.beginArray()
      for word in words { writer.string(word) }
      if isNullable { writer.null() }
      writer.endArray()
    case .strings: items(.string, &writer)
    case .objects: items(.object, &writer)
    case .levels:
      writer.name("items")
      writer.beginObject()
      writer.member("type", "array")
      items(.decimal, &writer)
      writer.endObject()
    case .string, .integer, .bool, .object, .any: break
    }
    writer.endObject()
  }

  private static func items(_ kind: ObjectType.Kind, _ writer: inout JSONWriter) {
    writer.name("items")
    value(kind, isNullable: false, &writer)
  }

  private static func typeName(_ kind: ObjectType.Kind) -> String? {
    switch kind {
    case .string, .decimal, .time, .choice: "string"
    case .integer: "integer"
    case .bool: "boolean"
    case .strings, .levels, .objects: "array"
    case .object: "object"
    case .any: nil
    }
  }
}

extension ObjectType.Kind {
  /// The name of the kind in `oms help --json`.
  package var label: String {
    switch self {
    case .string, .choice: "string"
    case .decimal: "decimal"
    case .time: "time"
    case .integer: "integer"
    case .bool: "bool"
    case .strings, .levels, .objects: "array"
    case .object: "object"
    case .any: "any"
    }
  }

  package var choices: [String] {
    if case .choice(let words) = self { words } else { [] }
  }
}
