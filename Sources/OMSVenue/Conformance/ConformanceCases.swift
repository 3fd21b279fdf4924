extension ConformanceCase {
  /// All that a venue is asked to live through.
  package static let all = [orders, unknowns, limits, links, accounts, markets].flatMap { $0 }
}
