/// `--where`: comparisons of fields joined with `and` and `or`, `and` first. Numbers compare exactly.
package struct RowFilter: Sendable {
  enum Comparison: String, CaseIterable, Sendable {
    case atLeast = ">="
    case atMost = "<="
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"

    func holds(_ order: Int) -> Bool {
      switch self {
      case .equal: order == 0
      case .notEqual: order != 0
      case .atLeast: order >= 0
      case .atMost: order <= 0
      case .greater: order > 0
      case .less: order < 0
      }
    }
  }

  struct Term: Sendable {
    let field: String
    let comparison: Comparison
    let value: String
    /// For lines that are not read; a dot reaches where no scan does.
    let scan: MemberScan?
    private let bytes: [UInt8]
    private let number: Decimal?

    init(field: String, comparison: Comparison, value: String) {
      self.field = field
      self.comparison = comparison
      self.value = value
      scan = field.utf8.contains(UInt8(ascii: ".")) ? nil : MemberScan(field)
      bytes = Array(value.utf8)
      number = Decimal(plain: value)
    }

    /// `nil`: only the reader of JSON can tell.
    func holds(_ line: UnsafeBufferPointer<UInt8>) -> Bool? {
      guard let scan else { return nil }
      switch unsafe scan.find(in: line) {
      case .unclear: return nil
      case .absent, .null: return RowFilter.holdsWithout(self)
      case .value(let range):
        return comparison.holds(unsafe order(UnsafeBufferPointer(rebasing: line[range])))
      }
    }

    /// As `Row.order`: as numbers when both are, else by bytes.
    private func order(_ cell: UnsafeBufferPointer<UInt8>) -> Int {
      if let number, let other = unsafe Decimal(plain: cell) { return other < number ? -1 : number < other ? 1 : 0 }
      if unsafe cell.elementsEqual(bytes) { return 0 }
      return unsafe cell.lexicographicallyPrecedes(bytes) ? -1 : 1
    }
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

  /// Whether the object in `line` is meant, without reading it; `nil` where that does not tell.
  package func matches(line: UnsafeBufferPointer<UInt8>) -> Bool? {
    var isUnclear = false
    for terms in alternatives {
      var verdict: Bool? = true
      for term in terms {
        let holds = unsafe term.holds(line)
        if holds == false {
          verdict = false
          break
        }
        if holds == nil { verdict = nil }
      }
      if verdict == true { return true }
      if verdict == nil { isUnclear = true }
    }
    return isUnclear ? nil : false
  }

  private static func holds(_ term: Term, _ row: Row) -> Bool {
    guard let cell = row.text(term.field) else { return holdsWithout(term) }
    return term.comparison.holds(Row.order(cell, term.value))
  }

  /// An absent value equals only "null".
  private static func holdsWithout(_ term: Term) -> Bool {
    switch term.comparison {
    case .equal: term.value == "null"
    case .notEqual: term.value != "null"
    default: false
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
