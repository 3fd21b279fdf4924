/// How far `order` follows the order before it answers.
package enum WaitFor: String, CaseIterable, Sendable {
  case none
  case ack
  case open
  case filled
  case done
  // Of `wait` only.
  case exists
  case known
  case cancelled
}

package enum OnTimeout: String, CaseIterable, Sendable {
  case keep
  case cancel
}

package enum RoundMode: String, CaseIterable, Sendable {
  case down
  case up
  case nearest
}

/// `order`, and with nothing sent `risk_check`: one order by names and decimal texts, not resolved yet.
package struct OrderRequest: Sendable {
  package var selection: Selection
  package var side: Side
  package var quantity: String?
  package var quote: String?
  package var limit: String?
  package var isMarket: Bool
  package var stop: String?
  package var trail: String?
  package var tif: String?
  package var expire: Int64?
  package var flags: OrderFlags
  package var positionSide: PositionSide
  package var iceberg: String?
  package var takeProfit: String?
  package var stopLoss: String?
  package var oco: String?
  package var maxSlippage: String?
  package var collar: String?
  package var round: RoundMode?
  package var id: String?
  package var tags: [RequestMembers.Pair]
  /// Name of the guard or connection the order belongs to.
  package var session: String?
  package var wait: WaitFor
  package var timeout: Int64?
  package var onTimeout: OnTimeout
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    guard let sideText = try members.text("side") else { throw .usage("member", "member 'side' is missing") }
    side = try Self.side(sideText)
    quantity = try members.decimal("qty")
    quote = try members.decimal("quote")
    limit = try members.decimal("limit")
    isMarket = try members.flag("market")
    stop = try members.decimal("stop")
    trail = try members.text("trail")
    tif = try members.text("tif")
    expire = try members.duration("expire")
    flags = try Self.flags(&members)
    positionSide = try Self.positionSide(members.text("position"))
    iceberg = try members.decimal("iceberg")
    takeProfit = try members.decimal("tp")
    stopLoss = try members.decimal("sl")
    oco = try members.text("oco")
    maxSlippage = try members.text("max_slippage")
    collar = try members.text("collar")
    round = try members.choice("round", RoundMode.self)
    id = try members.text("id")
    tags = try members.pairs("tags")
    session = try members.text("session")
    wait = try members.choice("wait", WaitFor.self) ?? .ack
    timeout = try members.duration("timeout")
    onTimeout = try members.choice("on_timeout", OnTimeout.self) ?? .keep
    consent = try Consent(from: &members)
    try check()
  }

  /// Rules that need no knowledge of instruments: what cannot be said together.
  private func check() throws(RequestError) {
    guard (quantity == nil) != (quote == nil) else {
      throw .usage("quantity", "exactly one of qty and quote must be given")
    }
    // An order never defaults to a market order.
    guard isMarket || limit != nil || stop != nil || trail != nil else {
      throw .usage("kind", "one of limit, market, stop, trail must be given", hint: "say --limit PRICE or --market")
    }
    guard !(isMarket && (limit != nil || stop != nil || trail != nil)) else {
      throw .usage("kind", "market goes with none of limit, stop, trail")
    }
    guard stop == nil || trail == nil else { throw .usage("kind", "stop and trail exclude each other") }
    switch wait {
    case .none, .ack, .open, .filled, .done: break
    case .exists, .known, .cancelled: throw .usage("value", "an order waits for none, ack, open, filled or done")
    }
    if let id { try Self.check(id: id) }
  }

  /// `[A-Za-z0-9._:-]{1,64}`, and not of the form the engine makes itself (`eEPOCH.N`).
  package static func check(id: String) throws(RequestError) {
    guard !id.isEmpty, id.utf8.count <= 64, id.utf8.allSatisfy(isIDByte) else {
      throw .usage("id", "id '\(id.prefix(64))' must be 1 to 64 of A-Z a-z 0-9 . _ : -")
    }
    guard !isEngineMade(id) else {
      throw .usage("id", "id '\(id)' has the form of an engine-made id (eEPOCH.N); choose another")
    }
  }

  package static func isEngineMade(_ id: String) -> Bool {
    guard id.utf8.first == 0x65 else { return false }
    let parts = id.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
  }

  private static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
    default: false
    }
  }

  static func side(_ text: String) throws(RequestError) -> Side {
    switch text {
    case "buy": return .buy
    case "sell": return .sell
    default: throw .usage("value", "member 'side' is '\(text)'; it can be buy, sell")
    }
  }

  private static func positionSide(_ text: String?) throws(RequestError) -> PositionSide {
    switch text {
    case nil, "net": return .net
    case "long": return .long
    case "short": return .short
    case let other?: throw .usage("value", "member 'position' is '\(other)'; it can be net, long, short")
    }
  }

  /// Flags stand as members of their own (command line) or in the list `flags` (batch lines).
  private static func flags(_ members: inout RequestMembers) throws(RequestError) -> OrderFlags {
    let known: [(String, OrderFlags)] = [
      ("post_only", .postOnly), ("reduce_only", .reduceOnly), ("hidden", .hidden), ("no_collar", .withoutCollar),
    ]
    var flags: OrderFlags = []
    for (name, flag) in known where try members.flag(name) { flags.insert(flag) }
    for name in try members.list("flags") {
      guard let match = known.first(where: { $0.0 == name }) else {
        throw .usage("value", "unknown flag '\(name)' in 'flags'")
      }
      flags.insert(match.1)
    }
    return flags
  }
}

package struct AmendRequest: Sendable {
  package var id: String
  package var quantity: String?
  package var limit: String?
  package var stop: String?
  package var cancelReplace: Bool
  package var round: RoundMode?
  package var timeout: Int64?
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let id = try members.text("id") else { throw .usage("member", "member 'id' is missing") }
    self.id = id
    quantity = try members.decimal("qty")
    limit = try members.decimal("limit")
    stop = try members.decimal("stop")
    cancelReplace = try members.flag("cancel_replace")
    round = try members.choice("round", RoundMode.self)
    timeout = try members.duration("timeout")
    consent = try Consent(from: &members)
    guard quantity != nil || limit != nil || stop != nil else {
      throw .usage("kind", "an amend changes at least one of qty, limit, stop")
    }
  }
}

package struct CancelRequest: Sendable {
  package var ids: [String]
  package var timeout: Int64?

  init(from members: inout RequestMembers) throws(RequestError) {
    ids = try members.list("ids")
    if let id = try members.text("id") { ids.append(id) }
    timeout = try members.duration("timeout")
    guard !ids.isEmpty else { throw .usage("member", "member 'ids' is missing or empty") }
  }
}

package struct CancelAllRequest: Sendable {
  package var selection: Selection
  package var side: Side?
  package var olderThan: Int64?
  package var tags: [RequestMembers.Pair]
  package var notTags: [RequestMembers.Pair]
  package var priceAbove: String?
  package var priceBelow: String?
  package var session: String?
  package var includesForeign: Bool
  package var timeout: Int64?
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    side = try members.text("side").map(OrderRequest.side)
    olderThan = try members.duration("older_than")
    tags = try members.pairs("tag")
    notTags = try members.pairs("not_tag")
    priceAbove = try members.decimal("price_above")
    priceBelow = try members.decimal("price_below")
    session = try members.text("session")
    includesForeign = try members.flag("foreign")
    timeout = try members.duration("timeout")
    consent = try Consent(from: &members)
    guard !selection.isEmpty || session != nil else {
      throw .usage("scope", "cancelling all needs a scope", hint: "say -a SEL, --symbol, --strategy or --venue")
    }
  }
}

package struct FlattenRequest: Sendable {
  package var selection: Selection
  package var maxSlippage: String?
  package var keepsOrders: Bool
  /// Also when nothing can be recorded.
  package var mayGoUnrecorded = false
  package var timeout: Int64?
  package var consent: Consent

  /// Of everything, as part of something else.
  package init(timeout: Int64?, consent: Consent = Consent()) {
    selection = Selection()
    keepsOrders = false
    self.timeout = timeout
    self.consent = consent
  }

  init(from members: inout RequestMembers) throws(RequestError) {
    selection = try Selection(from: &members)
    maxSlippage = try members.text("max_slippage")
    keepsOrders = try members.flag("keep_orders")
    mayGoUnrecorded = try members.flag("unrecorded")
    timeout = try members.duration("timeout")
    consent = try Consent(from: &members)
  }
}

/// The stop ladder: `pause`, `halt`, `kill`, `resume`.
package struct TradingRequest: Sendable {
  package enum Verb: String, CaseIterable, Sendable {
    case pause
    case halt
    case kill
    case resume
  }

  package var verb: Verb
  package var selection: Selection
  package var reason: String
  /// `resume --clock`: accepts a clock that went back.
  package var acceptsClock: Bool
  package var timeout: Int64?
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let verb = try members.choice("verb", Verb.self) else {
      throw .usage("member", "member 'verb' is missing")
    }
    self.verb = verb
    selection = try Selection(from: &members)
    reason = try members.text("reason") ?? ""
    acceptsClock = try members.flag("clock")
    timeout = try members.duration("timeout")
    consent = try Consent(from: &members)
    guard reason.utf8.count <= 64 else { throw .usage("value", "a reason has at most 64 bytes") }
  }
}
