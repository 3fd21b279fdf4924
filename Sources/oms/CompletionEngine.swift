import OMSLib

/// What a running engine knows of the words that can be typed: one question each, and nothing when there is none.
struct CompletionEngine {
  typealias Candidate = CompletionQuestion.Candidate

  private let paths: InstancePaths
  private let clock = SystemClock()
  private let begin: Int64

  init(paths: InstancePaths) {
    self.paths = paths
    begin = clock.monotonic()
  }

  private func ask(_ request: RequestDraft) -> [JSONValue] {
    guard var glance = EngineGlance(paths, clock: clock, begin: begin) else { return [] }
    return glance.ask(request) ?? []
  }

  private func accountRows() -> [JSONValue] { ask(RequestDraft("accounts")) }

  func accounts() -> [Candidate] { accountRows().compactMap(Self.account) }

  private static func account(_ row: JSONValue) -> Candidate? {
    guard let name = row["account"]?.string, let mode = row["mode"]?.string, let trading = row["trading"]?.string else {
      return nil
    }
    return Candidate(name, "\(mode), trading \(trading)")
  }

  /// Accounts, their groups, and `all`.
  func selections() -> [Candidate] {
    let rows = accountRows()
    var groups: [String] = []
    for name in rows.flatMap({ $0["group"]?.elements.compactMap(\.string) ?? [] }) where !groups.contains(name) {
      groups.append(name)
    }
    return rows.compactMap(Self.account) + groups.map { Candidate("@" + $0, "a group") }
      + [Candidate("all", "every account")]
  }

  func venues() -> [String] { accountRows().compactMap { $0["venue"]?.string } }

  /// Canonical names; with their venue before them for who has typed a colon.
  func symbols(withVenue: Bool) -> [Candidate] {
    ask(RequestDraft("symbols")).compactMap { row in
      guard let symbol = row["symbol"]?.string, let venue = row["venue"]?.string, let kind = row["class"]?.string
      else { return nil }
      return withVenue ? Candidate("\(venue):\(symbol)", kind) : Candidate(symbol, "\(kind), \(venue)")
    }
  }

  /// Of the accounts that were named. Those of live accounts only where real money was said to be meant.
  func openOrders(_ arguments: Arguments) -> [Candidate] {
    var request = RequestDraft("orders")
    request.set("open", .flag)
    request.set("account", arguments.string("account"))
    return ask(request).compactMap { row in
      guard let id = row["id"]?.string, row["mode"]?.string == "paper" || arguments.has("live") else { return nil }
      let words = ["side", "remaining", "symbol"].compactMap { row[$0]?.string }.joined(separator: " ")
      let price = (row["price"]?.string ?? row["stop"]?.string).map { " at \($0)" } ?? ""
      return Candidate(id, "\(words)\(price), \(row["account"]?.string ?? "")")
    }
  }
}
