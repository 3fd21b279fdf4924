import OMSLib

/// An expression of `--where`, a zero byte, and a row to try it on.
enum FilterTarget {
  static func read(_ input: [UInt8]) {
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let text = String(decoding: parts[0], as: UTF8.self)
    let filter: RowFilter
    do throws(ErrorObject) {
      filter = try RowFilter(text)
    } catch {
      precondition(
        error.exit == 2 && error.code == "usage.expression" && !error.message.isEmpty, "it says what is wrong")
      return
    }
    precondition(!filter.fields.isEmpty, "a filter compares something")
    guard parts.count > 1, let document = try? JSONReader.read(Array(parts[1])) else { return }
    let row = Row(document)
    let matches = filter.matches(row)
    for join in ["and", "or"] {
      guard let twice = try? RowFilter("\(text) \(join) \(text)") else {
        preconditionFailure("two expressions with a word between are one")
      }
      precondition(twice.fields == filter.fields + filter.fields, "nothing is lost")
      precondition(twice.matches(row) == matches, "said twice it is the same")
    }
    for field in filter.fields {
      guard let cell = row.text(field) else { continue }
      precondition(Row.order(cell, cell) == 0, "a cell equals itself")
      precondition(Row.order(cell, "1") == -Row.order("1", cell), "and has one order")
    }
  }
}
