/// `wait`: blocks until orders, positions or an expression are as wanted.
final class WaitJob: Job {
  private enum Kind {
    case orders
    case flat(Resolver.Selected)
    case when(Condition)
  }

  private let wait: WaitRequest
  private var kind: Kind?
  private var reader: ConditionReader?
  private var nextLook = EngineTime.zero
  /// Prices and balances change without a record: they are looked at this often.
  private static let lookNanoseconds: Int64 = 20_000_000

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ wait: WaitRequest) {
    self.wait = wait
    super.init(agent, client, number, timeout: wait.timeout)
  }

  override func wants(_ token: UInt64) -> Bool { reader?.wants(token) ?? false }

  override func patience(_ agent: ControlAgent) -> Int32 {
    guard case .orders = kind else { return min(super.patience(agent), 20) }
    return super.patience(agent)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if kind == nil { kind = try parse(agent) }
      switch kind {
      case .orders: return try orders(agent)
      case .flat(let selected): return try look(agent) { reader in reader.isFlat(selected, agent.view.names) }
      case .when(let condition):
        return try look(agent) { reader throws(RequestError) in
          try reader.holds(condition, agent.resolver, now: agent.now)
        }
      case nil: preconditionFailure("parsed above")
      }
    } catch {
      return fail(agent, error)
    }
  }

  private func parse(_ agent: ControlAgent) throws(RequestError) -> Kind {
    if let when = wait.when { return .when(try Condition(when)) }
    if wait.isFlat { return .flat(try agent.resolver.selected(wait.selection)) }
    return .orders
  }

  private func orders(_ agent: ControlAgent) throws(RequestError) -> Bool {
    var reached: [JournalView.Order] = []
    var pending: OrderImage?
    for id in wait.ids {
      guard let order = agent.view.order(named: id) else {
        guard wait.target == .exists else { throw ControlAgent.unknownOrder(id) }
        guard isLate(agent) else { return false }
        throw RequestError("wait.timeout", exit: 31, "order \(id) does not exist yet")
      }
      switch OrderVerdict.judge(order.image, wait.target, placing: false) {
      case .reached:
        reached.append(order)
        if wait.any { return finish(agent, [order]) }
      case .ended(let error):
        guard wait.any && wait.ids.count > 1 else {
          data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn))
          throw error
        }
      case .waiting: pending = order.image
      }
    }
    if reached.count == wait.ids.count { return finish(agent, reached) }
    guard isLate(agent) else { return false }
    throw OrderVerdict.timeout(pending ?? OrderImage(), wait.target)
  }

  private func finish(_ agent: ControlAgent, _ orders: [JournalView.Order]) -> Bool {
    for order in orders { data(agent, agent.view.object(order, durableLsn: agent.ring.durableLsn)) }
    return end(agent, exit: 0)
  }

  private func look(
    _ agent: ControlAgent, _ test: (ConditionReader) throws(RequestError) -> Bool
  ) throws(RequestError) -> Bool {
    if reader == nil {
      guard agent.now >= nextLook else { return false }
      nextLook = agent.now.advanced(byNanoseconds: Self.lookNanoseconds)
      reader = ConditionReader()
    }
    guard let reader, reader.step(agent) else { return false }
    self.reader = nil
    if try test(reader) {
      if let object = reader.witness(agent) { data(agent, object) }
      return end(agent, exit: 0)
    }
    guard isLate(agent) else { return false }
    throw RequestError("wait.timeout", exit: 31, "the condition did not hold in time")
  }
}

/// `A OP B` joined with `and`, `or` (`and` binds tighter), as in `BTC-USDT.last <= 59000`.
struct Condition: Sendable {
  enum Operator: String, CaseIterable, Sendable {
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case greater = ">"
  }

  struct Term: Sendable {
    /// `BTC-USDT.last`, `position(sim.main,BTC-USDT-PERP)`, `balance(sim.main,USDT).free`.
    var name: String
    var arguments: [String]
    var field: String
    var comparison: Operator
    var value: Decimal
  }

  /// Any of these groups, in which all must hold.
  var groups: [[Term]]

  init(_ text: String) throws(RequestError) {
    groups = []
    for group in text.components(separatedBy: " or ") {
      var terms: [Term] = []
      for part in group.components(separatedBy: " and ") { terms.append(try Self.term(part)) }
      groups.append(terms)
    }
  }

  private static func term(_ text: String) throws(RequestError) -> Term {
    for comparison in Operator.allCases {
      let sides = text.components(separatedBy: comparison.rawValue)
      guard sides.count == 2 else { continue }
      let left = sides[0].trimmed
      let right = sides[1].trimmed
      let isNegative = right.hasPrefix("-")
      let decimal = try Resolver.decimal(isNegative ? String(right.dropFirst()) : right, "condition")
      let value = Decimal(mantissa: isNegative ? -decimal.mantissa : decimal.mantissa, scale: Int(decimal.scale))
      guard let value else { throw .usage("when", "'\(right)' is too large") }
      return try term(left, comparison, value)
    }
    throw .usage("when", "'\(text.trimmed)' is no comparison; write BTC-USDT.last <= 59000")
  }

  private static func term(_ left: String, _ comparison: Operator, _ value: Decimal) throws(RequestError) -> Term {
    if let open = left.firstIndex(of: "("), let close = left.lastIndex(of: ")"), open < close {
      let arguments = left[left.index(after: open)..<close].split(separator: ",").map { String($0).trimmed }
      let rest = left[left.index(after: close)...]
      return Term(
        name: String(left[..<open]).trimmed, arguments: arguments,
        field: rest.hasPrefix(".") ? String(rest.dropFirst()) : "", comparison: comparison, value: value)
    }
    guard let dot = left.lastIndex(of: ".") else {
      throw .usage("when", "'\(left)' names nothing that can be compared")
    }
    return Term(
      name: "price", arguments: [String(left[..<dot])], field: String(left[left.index(after: dot)...]),
      comparison: comparison, value: value)
  }
}

extension String {
  fileprivate var trimmed: String {
    let left = drop { $0 == " " }
    return String(left.reversed().drop { $0 == " " }.reversed())
  }

  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    let wanted = Array(separator.utf8)
    while true {
      let bytes = Array(rest.utf8)
      guard bytes.count >= wanted.count,
        let at = (0...(bytes.count - wanted.count)).first(where: { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
        )
      else { break }
      parts.append(String(decoding: bytes[..<at], as: UTF8.self))
      rest = rest[rest.utf8.index(rest.utf8.startIndex, offsetBy: at + wanted.count)...]
    }
    parts.append(String(rest))
    return parts
  }
}

/// The rows a condition is judged by, read anew for each look.
final class ConditionReader {
  private let tops = RowCopy<TopOfBook>(.tops)
  private let positions = RowCopy<PositionRow>(.positions)
  private let balances = RowCopy<BalanceRow>(.balances)
  private let accounts = RowCopy<AccountRow>(.accounts)
  private var seen: InstrumentID?

  func wants(_ token: UInt64) -> Bool {
    tops.wants(token) || positions.wants(token) || balances.wants(token) || accounts.wants(token)
  }

  private var done = 0

  func step(_ agent: ControlAgent) -> Bool {
    if done == 0, tops.step(agent) { done = 1 }
    if done == 1, positions.step(agent) { done = 2 }
    if done == 2, balances.step(agent) { done = 3 }
    if done == 3, accounts.step(agent) { done = 4 }
    return done == 4
  }

  func isFlat(_ selected: Resolver.Selected, _ names: NameDirectory) -> Bool {
    positions.rows.allSatisfy { row in
      guard let rules = names.instrument(row.instrument), rules.instrumentClass != .spot else { return true }
      return row.book.isFlat
        || !selected.contains(account: row.account, instrument: row.instrument, venue: rules.venue)
    }
  }

  func holds(_ condition: Condition, _ resolver: Resolver, now: EngineTime) throws(RequestError) -> Bool {
    for group in condition.groups {
      var all = true
      for term in group {
        guard let value = try value(term, resolver, now: now) else {
          all = false
          break
        }
        if !Self.compare(value, term.comparison, term.value) {
          all = false
          break
        }
      }
      if all { return true }
    }
    return false
  }

  private static func compare(_ a: Decimal, _ comparison: Condition.Operator, _ b: Decimal) -> Bool {
    switch comparison {
    case .less: a < b
    case .lessOrEqual: !(b < a)
    case .greater: b < a
    case .greaterOrEqual: !(a < b)
    case .equal: a == b
    case .notEqual: !(a == b)
    }
  }

  /// `nil`: not known now, so it does not hold.
  private func value(_ term: Condition.Term, _ resolver: Resolver, now: EngineTime) throws(RequestError) -> Decimal? {
    switch term.name {
    case "price", "spread_bps", "age_ms":
      let rules = try resolver.instrument(term.arguments.first, venue: nil)
      seen = rules.id
      let index = rules.id.index - 1
      guard tops.rows.indices.contains(index) else { return nil }
      return try Self.price(term, tops.rows[index], rules, now: now)
    case "position":
      let (account, rules) = try pair(term, resolver)
      let total = positions.rows.filter { $0.account == account && $0.instrument == rules.id }
        .reduce(Money.zero) { $0 + $1.book.quantity }
      return Decimal(total)
    case "balance":
      guard term.arguments.count == 2 else { throw .usage("when", "write balance(ACCOUNT,ASSET).free") }
      let account = try resolver.account(term.arguments[0])
      let rows = balances.rows.filter {
        $0.account == account && resolver.names.asset($0.asset)?.name == term.arguments[1]
      }
      let total = rows.reduce(Money.zero) { $0 + $1.total }
      let locked = rows.reduce(Money.zero) { $0 + $1.locked }
      return Decimal(term.field == "locked" ? locked : term.field == "total" ? total : total - locked)
    case "pnl":
      let account = try resolver.account(term.arguments.first)
      guard let row = accounts.rows.first(where: { $0.id == account }) else { return nil }
      return Decimal(row.profitToday)
    default: throw .usage("when", "unknown term '\(term.name)'")
    }
  }

  private func pair(_ term: Condition.Term, _ resolver: Resolver) throws(RequestError) -> (AccountID, Instrument) {
    guard term.arguments.count == 2 else { throw .usage("when", "write position(ACCOUNT,SYMBOL)") }
    let account = try resolver.account(term.arguments[0])
    return (account, try resolver.instrument(term.arguments[1], venue: resolver.names.account(account)?.venue))
  }

  private static func price(
    _ term: Condition.Term, _ top: TopOfBook, _ rules: Instrument, now: EngineTime
  ) throws(RequestError) -> Decimal? {
    if term.name == "age_ms" {
      return Decimal(max(0, now.nanoseconds - top.updatedAt.nanoseconds) / 1_000_000)
    }
    guard top.isValid != 0 else { return nil }
    if term.name == "spread_bps" { return StateObjects.spreadBps(top) }
    let mantissa: Int64
    switch term.field {
    case "last": mantissa = top.last
    case "bid": mantissa = top.bid
    case "ask": mantissa = top.ask
    case "mark": mantissa = top.mark
    case "mid":
      guard top.bid > 0 && top.ask > 0 else { return nil }
      return Decimal(mantissa: Int128(top.bid) + Int128(top.ask), scale: Int(rules.priceScale))?.half
    default: throw .usage("when", "a price has last, bid, ask, mid and mark, not '\(term.field)'")
    }
    guard mantissa > 0 else { return nil }
    return Decimal(mantissa: Int128(mantissa), scale: Int(rules.priceScale))
  }

  /// The object that satisfied the condition.
  func witness(_ agent: ControlAgent) -> [UInt8]? {
    guard let seen, let rules = agent.view.names.instrument(seen), tops.rows.indices.contains(seen.index - 1) else {
      return nil
    }
    return StateObjects(names: agent.view.names, utc: agent.utc).ticker(
      rules, tops.rows[seen.index - 1], now: agent.now)
  }
}

extension Decimal {
  /// Exact: one more decimal holds it.
  var half: Decimal? { Decimal(mantissa: mantissa * 5, scale: Int(scale) + 1) }
}
