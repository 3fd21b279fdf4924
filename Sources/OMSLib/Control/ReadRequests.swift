package struct OrdersRequest: Sendable {
  package var ids: [String]
  /// `true` only open ones, `false` only finished ones.
  package var isOpen: Bool?
  package var selection: Selection
  package var statuses: [String]
  package var since: String?
  package var until: String?
  /// The venue is asked instead of our records.
  package var asksVenue: Bool

  init(from members: inout RequestMembers) throws(RequestError) {
    asksVenue = try members.flag("venue_view")
    ids = try members.list("ids")
    if let id = try members.text("id") { ids += id.split(separator: ",").map(String.init) }
    let open = try members.flag("open")
    let done = try members.flag("done")
    guard !(open && done) else { throw .usage("value", "open and done exclude each other") }
    isOpen = open ? true : done ? false : nil
    selection = try Selection(from: &members)
    statuses = try members.list("status")
    since = try members.text("since")
    until = try members.text("until")
  }
}

package struct FillsRequest: Sendable {
  package var id: String?
  package var selection: Selection
  package var since: String?
  package var until: String?

  init(from members: inout RequestMembers) throws(RequestError) {
    id = try members.text("id")
    selection = try Selection(from: &members)
    since = try members.text("since")
    until = try members.text("until")
  }
}

/// `positions`, `balances`, `pnl`, `accounts`, `risk_show`.
package struct StateRequest: Sendable {
  package var selection: Selection
  package var asset: String?
  package var nonzero: Bool
  package var breached: Bool
  /// What balances are valued in; `nil`: the report currency.
  package var currency: String?

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    asset = try members.text("asset")
    nonzero = try members.flag("nonzero")
    breached = try members.flag("breached")
    currency = try members.text("ccy")
  }
}

package struct ExposureRequest: Sendable {
  package enum Key: String, CaseIterable, Sendable {
    case asset
    case symbol
    case venue
  }

  package var selection: Selection
  package var by: Key

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    by = try members.choice("by", Key.self) ?? .asset
  }
}

package struct RiskSetRequest: Sendable {
  package var selection: Selection
  package var limit: String?
  package var value: String?
  package var until: String?
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    limit = try members.text("limit")
    value = try members.decimal("value")
    until = try members.text("until")
    consent = try Consent(from: &members)
  }
}

/// The event line: what is there, then with `follow` what comes. Filters never change the numbering.
package struct EventsRequest: Sendable {
  package var follows: Bool
  package var types: [String]
  /// Glob over the `kind` of `event` objects.
  package var kind: String?
  package var selection: Selection
  package var id: String?
  package var level: String?
  package var last: Int64?
  package var since: String?
  package var after: Int64?
  package var fromStart: Bool
  package var take: Int64?
  package var idle: Int64?
  package var untilDone: Bool
  package var noGaps: Bool
  /// Not the events: where their files are.
  package var asksPlace: Bool

  init(from members: inout RequestMembers) throws(RequestError) {
    asksPlace = try members.flag("place")
    follows = try members.flag("follow")
    types = try members.list("type")
    kind = try members.text("kind")
    selection = try Selection(from: &members)
    id = try members.text("id")
    level = try members.text("level")
    last = try members.integer("last")
    since = try members.text("since")
    after = try members.integer("after")
    fromStart = try members.flag("from_start")
    take = try members.integer("take")
    idle = try members.duration("idle")
    untilDone = try members.flag("until_done")
    noGaps = try members.flag("no_gaps")
    let starts = [last != nil, since != nil, after != nil, fromStart].count { $0 }
    guard starts <= 1 else { throw .usage("value", "only one of last, since, after, from_start can be given") }
    guard take != 0 else { throw .usage("value", "take must be at least 1") }
  }
}

package struct StatusRequest: Sendable {
  package var latency: Bool
  package var accounts: Bool

  init(from members: inout RequestMembers) throws(RequestError) {
    latency = try members.flag("latency")
    accounts = try members.flag("accounts")
  }
}

package struct SnapshotRequest: Sendable {
  package var note: String?
}

package struct ReconcileRequest: Sendable {
  package var selection: Selection
  package var fix: Bool
  package var since: String?
  package var timeout: Int64?

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    fix = try members.flag("fix")
    since = try members.text("since")
    timeout = try members.duration("timeout")
  }
}

/// Controls of the built-in exchange: `verb` is the word behind `oms sim`, the others as its flags.
package struct SimRequest: Sendable {
  package var verb: String
  package var symbol: String?
  package var account: String?
  package var id: String?
  package var price: String?
  package var quantity: String?
  package var latency: Int64?
  package var jitter: Int64?
  /// `+DUR`, `freeze`, `run`.
  package var clock: String?
  package var spread: String?
  /// Levels of `sim book --file`: price and quantity in turns.
  package var bids: [String]
  package var asks: [String]
  package var seed: Int64?
  package var silent: Bool
  /// `USDT=1000` of `sim account --set`.
  package var set: [RequestMembers.Pair]
  package var dropAck: Int64?
  package var duplicateAck: Int64?
  /// `CODE` or `CODE:N`.
  package var reject: String?
  package var disconnect: Int64?
  package var staleFeed: String?
  package var sequenceGap: String?
  package var rateLimit: Int64?
  package var partial: String?
  package var lateFill: Int64?
  package var lostCancel: Int64?
  package var authFail: Bool
  package var clear: Bool

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let verb = try members.text("verb") else { throw .usage("member", "member 'verb' is missing") }
    self.verb = verb
    symbol = try members.text("symbol")
    account = try members.text("account")
    id = try members.text("id")
    price = try members.decimal("price")
    quantity = try members.decimal("qty")
    latency = try members.duration("latency")
    jitter = try members.duration("jitter")
    clock = try members.text("clock")
    spread = try members.text("spread")
    bids = try members.list("bids")
    asks = try members.list("asks")
    seed = try members.integer("seed")
    silent = try members.flag("silent")
    set = try members.pairs("set")
    dropAck = try members.integer("drop_ack")
    duplicateAck = try members.integer("dup_ack")
    reject = try members.text("reject")
    disconnect = try members.duration("disconnect")
    staleFeed = try members.text("stale_feed")
    sequenceGap = try members.text("seq_gap")
    rateLimit = try members.integer("rate_limit")
    partial = try members.text("partial")
    lateFill = try members.duration("late_fill")
    lostCancel = try members.integer("lost_cancel")
    authFail = try members.flag("auth_fail")
    clear = try members.flag("clear")
  }
}

/// `symbols`, `ticker`, `book`, `trades`, `candles`, `funding`.
package struct MarketRequest: Sendable {
  package var symbols: [String]
  package var venue: String?
  package var instrumentClass: String?
  package var depth: Int64
  package var follows: Bool
  package var take: Int64?
  package var idle: Int64?
  package var every: Int64?
  package var maxAge: Int64?
  /// Of candles, in nanoseconds.
  package var interval: Int64?
  /// How many of what was.
  package var last: Int64?
  package var since: String?

  init(from members: inout RequestMembers) throws(RequestError) {
    symbols = try members.list("symbols")
    if let symbol = try members.text("symbol") { symbols.append(symbol) }
    venue = try members.text("venue")
    instrumentClass = try members.text("class")
    depth = try members.integer("depth") ?? 10
    follows = try members.flag("follow")
    take = try members.integer("take")
    idle = try members.duration("idle")
    every = try members.duration("every")
    maxAge = try members.duration("max_age")
    interval = try members.duration("interval")
    last = try members.integer("last")
    since = try members.text("since")
    guard depth >= 1 && depth <= Limits.bookDepth else {
      throw .usage("value", "depth is 1 to \(Limits.bookDepth)")
    }
  }
}

/// `wait ID...`, `wait --when EXPR`, `wait --flat`.
package struct WaitRequest: Sendable {
  package var ids: [String]
  package var target: WaitFor
  /// One is enough (`--any`).
  package var any: Bool
  package var when: String?
  package var isFlat: Bool
  package var selection: Selection
  package var timeout: Int64?

  init(from members: inout RequestMembers) throws(RequestError) {
    ids = try members.list("ids")
    if let id = try members.text("id") { ids.append(id) }
    target = try members.choice("for", WaitFor.self) ?? .done
    any = try members.flag("any")
    when = try members.text("when")
    isFlat = try members.flag("flat")
    selection = try Selection(from: &members)
    timeout = try members.duration("timeout")
    let kinds = [!ids.isEmpty, when != nil, isFlat].count { $0 }
    guard kinds == 1 else { throw .usage("value", "exactly one of ids, when, flat must be given") }
    guard target != .none else { throw .usage("value", "waiting for none is no waiting") }
  }
}

/// What happens to the orders of this name when the connection ends (`guard`).
package struct SessionRequest: Sendable {
  package enum OnExit: String, CaseIterable, Sendable {
    case cancel
    case flatten
    case keep
  }

  package var session: String
  package var onExit: OnExit
  /// Settles the session now and answers when that is done.
  package var ends: Bool
  package var timeout: Int64?

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let session = try members.text("session"), !session.isEmpty, session.utf8.count <= 64 else {
      throw .usage("member", "member 'session' is missing, or not 1 to 64 bytes")
    }
    self.session = session
    onExit = try members.choice("on_exit", OnExit.self) ?? .cancel
    ends = try members.flag("end")
    timeout = try members.duration("timeout")
  }
}

/// The venue's own countdown: renewed by the engine, so that orders fall when nobody renews it.
package struct DeadmanRequest: Sendable {
  package enum Verb: String, CaseIterable, Sendable {
    case arm
    case disarm
    case status
  }

  package var verb: Verb
  package var length: Int64?
  package var account: String?
  package var timeout: Int64?

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let verb = try members.choice("verb", Verb.self) else {
      throw .usage("member", "member 'verb' is missing")
    }
    self.verb = verb
    length = try members.duration("length")
    account = try members.text("account")
    timeout = try members.duration("timeout")
  }
}

/// A named lock, held until the connection closes.
package struct JobRequest: Sendable {
  package var job: String
  package var lockWait: Int64

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let job = try members.text("job"), !job.isEmpty, job.utf8.count <= 64 else {
      throw .usage("member", "member 'job' is missing, or not 1 to 64 bytes")
    }
    self.job = job
    lockWait = try members.duration("lock_wait") ?? 0
  }
}

package struct StopRequest: Sendable {
  /// `nil`: as each account's `on_exit` says.
  package var cancelsOrders: Bool?
  /// Closes all positions first.
  package var flattens: Bool
  /// Leaves although something could not be settled.
  package var force: Bool
  package var timeout: Int64?
  package var consent: Consent

  /// What a signal asks for: orders as each account's policy says, and no staying.
  package static let bySignal = StopRequest()

  private init() {
    flattens = false
    force = true
    consent = Consent()
  }

  init(from members: inout RequestMembers) throws(RequestError) {
    switch try members.text("orders") {
    case nil: cancelsOrders = nil
    case "keep": cancelsOrders = false
    case "cancel": cancelsOrders = true
    case let other?: throw .usage("value", "member 'orders' is '\(other)'; it can be keep, cancel")
    }
    flattens = try members.flag("flatten")
    force = try members.flag("force")
    timeout = try members.duration("timeout")
    consent = try Consent(from: &members)
  }
}
