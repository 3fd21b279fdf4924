/// `--where`: comparisons of fields joined with `and` and `or`, `and` first. Numbers compare exactly.
package struct RowFilter: Sendable {
  enum Comparison: String, CaseIterable, Sendable {
    case atLeast = ">="
    case atMost = "<="
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"
  }

  struct Term: Sendable {
    let field: String
    let comparison: Comparison
    let value: String
  }

  /// Holds when all terms of any row hold.
  let alternatives: [[Term]]

  package var fields: [String] { alternatives.flatMap { $0.map(\.field) } }

  package init(_ text: String) throws(ErrorObject) {
    var alternatives: [[Term]] = [[]]
    var tokens = try Self.tokens(text)[...]
    while true {
      guard let field = tokens.popFirst(), let sign = tokens.popFirst(), let comparison = Comparison(rawValue: sign),
        let value = tokens.popFirst()
      else { throw .usage("expression", "--where: '\(text)' is not FIELD == VALUE, joined with and, or") }
      alternatives[alternatives.count - 1].append(
        Term(field: field, comparison: comparison, value: Self.unquoted(value)))
      guard let join = tokens.popFirst() else { break }
      switch join {
      case "and": continue
      case "or": alternatives.append([])
      default: throw .usage("expression", "--where: '\(join)' stands where `and` or `or` is expected")
      }
    }
    self.alternatives = alternatives
  }

  package func matches(_ row: Row) -> Bool {
    alternatives.contains { terms in terms.allSatisfy { Self.holds($0, row) } }
  }

  private static func holds(_ term: Term, _ row: Row) -> Bool {
    guard let cell = row.text(term.field) else {
      // An absent value equals only "null".
      switch term.comparison {
      case .equal: return term.value == "null"
      case .notEqual: return term.value != "null"
      default: return false
      }
    }
    let order = Row.order(cell, term.value)
    switch term.comparison {
    case .equal: return order == 0
    case .notEqual: return order != 0
    case .atLeast: return order >= 0
    case .atMost: return order <= 0
    case .greater: return order > 0
    case .less: return order < 0
    }
  }

  /// Words, quoted texts and comparison signs.
  private static func tokens(_ text: String) throws(ErrorObject) -> [String] {
    var tokens: [String] = []
    var rest = text[...]
    while let first = rest.first {
      if first == " " {
        rest.removeFirst()
      } else if let sign = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) {
        tokens.append(sign.rawValue)
        rest.removeFirst(sign.rawValue.count)
      } else if first == "'" || first == "\"" {
        guard let end = rest.dropFirst().firstIndex(of: first) else {
          throw .usage("expression", "--where: a quote in '\(text)' is not closed")
        }
        tokens.append(String(rest[...end]))
        rest = rest[rest.index(after: end)...]
      } else {
        let word = rest.prefix { !" <>=!'\"".contains($0) }
        guard !word.isEmpty else { throw .usage("expression", "--where: '\(first)' cannot stand in '\(text)'") }
        tokens.append(String(word))
        rest.removeFirst(word.count)
      }
    }
    return tokens
  }

  private static func unquoted(_ token: String) -> String {
    token.hasPrefix("'") || token.hasPrefix("\"") ? String(token.dropFirst().dropLast()) : token
  }
}
