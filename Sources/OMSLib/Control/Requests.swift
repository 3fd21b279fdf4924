// What a client may ask over the socket.
//
// A request is one line of JSON: `{"req":7,"op":"order","side":"buy",...}`. `req` is the client's own number; every line of
// the answer carries it: `{"req":7,"data":{OBJECT}}` for each result, `"note":"text"` for a remark on stderr,
// `"error":{OBJECT}` for the refusal and `"end":{"exit":E}` last. Members are named as the flags of the command line with
// underscores; decimals and durations are strings as on the command line; a TIME is RFC 3339 in UTC (the client resolves
// `today` and `-15m`); lists are JSON arrays, or one string with commas. Unknown members are errors.

package struct Request: Sendable {
  package static let protocolVersion: Int64 = 1

  package var number: UInt64
  package var operation: Operation

  package enum Operation: Sendable {
    case hello(HelloRequest)
    /// Hands the read-only descriptor of the shared tables over (SCM_RIGHTS beside the `data` line).
    case attach
    case order(OrderRequest)
    case amend(AmendRequest)
    case cancel(CancelRequest)
    case cancelAll(CancelAllRequest)
    case flatten(FlattenRequest)
    case trading(TradingRequest)
    case orders(OrdersRequest)
    case fills(FillsRequest)
    case positions(StateRequest)
    case balances(StateRequest)
    case pnl(StateRequest)
    case accounts(StateRequest)
    case riskShow(StateRequest)
    case riskSet(RiskSetRequest)
    case riskReset(RiskSetRequest)
    case riskCheck(OrderRequest)
    case events(EventsRequest)
    case status(StatusRequest)
    case snapshotTake(SnapshotRequest)
    case snapshotList
    case configDiff
    case configReload(Consent)
    case reconcile(ReconcileRequest)
    case sim(SimRequest)
    case symbols(MarketRequest)
    case ticker(MarketRequest)
    case book(MarketRequest)
    case trades(MarketRequest)
    case candles(MarketRequest)
    case funding(MarketRequest)
    case exposure(ExposureRequest)
    case wait(WaitRequest)
    case session(SessionRequest)
    /// Hands over a ring for commands: its memory and its bell, each beside a `data` line. Ends with the connection.
    case grant(GrantRequest)
    case job(JobRequest)
    case deadman(DeadmanRequest)
    case stop(StopRequest)
    /// Gives up an earlier request of this connection that has not ended (a follow, a wait).
    case abandon(UInt64)
  }

  /// Takes one line without its newline.
  package init(line: [UInt8]) throws(RequestError) {
    var members = try RequestMembers(line: line)
    guard let number = try members.integer("req") else { throw .usage("member", "member 'req' is missing") }
    self.number = UInt64(number)
    guard let name = try members.text("op") else { throw .usage("member", "member 'op' is missing") }
    operation = try Self.operation(name, &members)
    try members.finish()
  }

  /// The number of a line that cannot be decoded as a whole, so that its error still finds the asker.
  package static func number(ofBroken line: [UInt8]) -> UInt64 {
    RequestMembers.number(in: line)
  }

  private static func operation(_ name: String, _ members: inout RequestMembers) throws(RequestError) -> Operation {
    switch name {
    case "order": return .order(try OrderRequest(from: &members))
    case "amend": return .amend(try AmendRequest(from: &members))
    case "cancel": return .cancel(try CancelRequest(from: &members))
    case "cancel_all": return .cancelAll(try CancelAllRequest(from: &members))
    case "flatten": return .flatten(try FlattenRequest(from: &members))
    case "trading": return .trading(try TradingRequest(from: &members))
    case "risk_set": return .riskSet(try RiskSetRequest(from: &members))
    case "risk_reset": return .riskReset(try RiskSetRequest(from: &members))
    case "risk_check": return .riskCheck(try OrderRequest(from: &members))
    case "reconcile": return .reconcile(try ReconcileRequest(from: &members))
    case "sim": return .sim(try SimRequest(from: &members))
    case "grant": return .grant(try GrantRequest(from: &members))
    case "session": return .session(try SessionRequest(from: &members))
    case "job": return .job(try JobRequest(from: &members))
    case "deadman": return .deadman(try DeadmanRequest(from: &members))
    case "config_reload": return .configReload(try Consent(from: &members))
    case "stop": return .stop(try StopRequest(from: &members))
    case "snapshot_take": return .snapshotTake(SnapshotRequest(note: try members.text("note")))
    default: return try reading(name, &members)
    }
  }

  private static func reading(_ name: String, _ members: inout RequestMembers) throws(RequestError) -> Operation {
    switch name {
    case "hello": return .hello(try HelloRequest(from: &members))
    case "attach": return .attach
    case "orders": return .orders(try OrdersRequest(from: &members))
    case "fills": return .fills(try FillsRequest(from: &members))
    case "positions": return .positions(try StateRequest(from: &members))
    case "balances": return .balances(try StateRequest(from: &members))
    case "pnl": return .pnl(try StateRequest(from: &members))
    case "accounts": return .accounts(try StateRequest(from: &members))
    case "risk_show": return .riskShow(try StateRequest(from: &members))
    case "events": return .events(try EventsRequest(from: &members))
    case "status": return .status(try StatusRequest(from: &members))
    case "config_diff": return .configDiff
    case "snapshot_list": return .snapshotList
    case "symbols": return .symbols(try MarketRequest(from: &members))
    case "ticker": return .ticker(try MarketRequest(from: &members))
    case "book": return .book(try MarketRequest(from: &members))
    case "trades": return .trades(try MarketRequest(from: &members))
    case "candles": return .candles(try MarketRequest(from: &members))
    case "funding": return .funding(try MarketRequest(from: &members))
    case "exposure": return .exposure(try ExposureRequest(from: &members))
    case "wait": return .wait(try WaitRequest(from: &members))
    case "abandon":
      guard let number = try members.integer("request") else {
        throw .usage("member", "member 'request' is missing")
      }
      return .abandon(UInt64(number))
    default: throw .usage("op", "unknown op '\(name)'")
    }
  }

  /// Only reads; what the read-only socket answers.
  package var isRead: Bool {
    switch operation {
    // It costs requests at the venue.
    case .orders(let orders) where orders.asksVenue: false
    case .hello, .attach, .orders, .fills, .positions, .balances, .pnl, .accounts, .riskShow, .events, .status,
      .snapshotList, .configDiff, .symbols, .ticker, .book, .trades, .candles, .funding, .exposure, .wait, .abandon:
      true
    case .order, .amend, .cancel, .cancelAll, .flatten, .trading, .riskSet, .riskReset, .riskCheck, .snapshotTake,
      .reconcile, .sim, .session, .grant, .job, .deadman, .stop, .configReload:
      false
    }
  }
}

package struct HelloRequest: Sendable {
  package var protocolVersion: Int64
  package var client: String?

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let version = try members.integer("protocol") else {
      throw .usage("member", "member 'protocol' is missing")
    }
    protocolVersion = version
    client = try members.text("client")
  }
}

/// What says that a command was meant: the second and third lock of real money, and dry runs.
package struct Consent: Sendable {
  package var live: Bool
  package var yes: Bool
  package var dryRun: Bool
  /// The scope typed, or said with `--confirm`.
  package var confirm: String?

  /// Nothing was said.
  init() {
    live = false
    yes = false
    dryRun = false
  }

  init(from members: inout RequestMembers) throws(RequestError) {
    live = try members.flag("live")
    yes = try members.flag("yes")
    dryRun = try members.flag("dry_run")
    confirm = try members.text("confirm")
  }

  /// For what a single key must not start: the scope typed, or `--yes` with a scope that was named.
  func demandScope(of selection: Selection, _ sentence: String) throws(RequestError) {
    let scope = selection.word
    guard let said = confirm ?? (yes && !selection.isEmpty ? scope : nil) else {
      throw RequestError("confirm.scope", exit: 12, "\(sentence): confirm the scope", hint: "say --confirm \(scope)")
    }
    guard said == scope else {
      throw RequestError("confirm.scope", exit: 12, "'\(said)' is not the scope; it is '\(scope)'")
    }
  }
}

/// Which accounts, symbols, strategies, venues. `account` is a SEL: names, globs, `@groups`, `all`.
package struct Selection: Sendable {
  package var account: String?
  package var symbol: String?
  package var strategy: String?
  package var venue: String?

  /// Everything.
  init() {}

  init(from members: inout RequestMembers) throws(RequestError) {
    account = try members.text("account")
    symbol = try members.text("symbol")
    strategy = try members.text("strategy")
    venue = try members.text("venue")
  }

  package var isEmpty: Bool { account == nil && symbol == nil && strategy == nil && venue == nil }

  /// What is typed to mean it.
  var word: String { account ?? symbol ?? strategy ?? venue ?? "all" }
}
