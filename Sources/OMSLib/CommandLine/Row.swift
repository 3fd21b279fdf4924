/// One result object, read, with its cells by field name. A dot reaches into an object: `lat.ack_ns`, `tags.desk`.
package struct Row: Sendable {
  package let root: JSONValue

  package init(_ document: JSONDocument) { root = document.root }

  package var type: String { root["type"]?.string ?? "" }

  package func value(_ field: String) -> JSONValue? {
    if let direct = root[field] { return direct }
    guard field.utf8.contains(UInt8(ascii: ".")) else { return nil }
    var value: JSONValue? = root
    for part in field.split(separator: ".") { value = value?[String(part)] }
    return value
  }

  /// The cell as plain text: strings without quotes, everything else as its source. `nil` for null and absent.
  package func text(_ field: String) -> String? {
    guard let value = value(field), !value.isNull else { return nil }
    return value.string ?? String(decoding: value.source, as: UTF8.self)
  }

  /// -1, 0 or 1: as numbers when both are, else by bytes.
  package static func order(_ a: String, _ b: String) -> Int {
    if let x = Decimal(plain: a), let y = Decimal(plain: b) { return x < y ? -1 : x > y ? 1 : 0 }
    if a.utf8.elementsEqual(b.utf8) { return 0 }
    return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
  }

  /// One order of all cells, as sorting needs it: numbers as `order` has them, then everything else.
  package static func rank(_ a: String, _ b: String) -> Int {
    let isNumber = (Decimal(plain: a) != nil, Decimal(plain: b) != nil)
    guard isNumber.0 == isNumber.1 else { return isNumber.0 ? -1 : 1 }
    return order(a, b)
  }
}

/// `--by` and `--sum`: groups of rows with exact decimal sums.
package struct RowGroups {
  private struct Group {
    let key: [String?]
    var count = 0
    var sums: [Decimal?]
  }

  private let by: [String]
  private let sum: [String]
  private var groups: [Group] = []

  package init(by: [String], sum: [String]) {
    self.by = by
    self.sum = sum
  }

  package mutating func add(_ row: Row) throws(ErrorObject) {
    let key = by.map { row.text($0) }
    var index = groups.firstIndex { $0.key == key } ?? groups.count
    if index == groups.count {
      groups.append(Group(key: key, sums: Array(repeating: nil, count: sum.count)))
      index = groups.count - 1
    }
    groups[index].count += 1
    for (column, field) in sum.enumerated() {
      guard let text = row.text(field) else { continue }
      guard let value = Decimal(plain: text) else {
        throw .usage("sum", "--sum: '\(text)' in field '\(field)' is not a number")
      }
      guard let total = (groups[index].sums[column] ?? .zero).adding(value) else {
        throw ErrorObject("outcome.overflow", .failure, "the sum of '\(field)' does not fit 38 digits")
      }
      groups[index].sums[column] = total
    }
  }

  /// `group` objects, sorted by their keys.
  package func objects(at time: UTCTime) -> [[UInt8]] {
    let sorted = groups.sorted { a, b in
      for (x, y) in zip(a.key, b.key) {
        let order = Row.rank(x ?? "", y ?? "")
        if order != 0 { return order < 0 }
      }
      return false
    }
    return sorted.map { group in
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("type", "group")
      writer.member("v", 1)
      writer.member("ts", time)
      for (field, value) in zip(by, group.key) {
        writer.name(data: field)
        if let value { writer.string(value) } else { writer.null() }
      }
      writer.member("count", group.count)
      for (field, total) in zip(sum, group.sums) {
        writer.name(data: field)
        writer.string(total?.description ?? "0")
      }
      writer.endObject()
      return writer.bytes
    }
  }
}
