import OMSLib

/// What the engine's own events and the exchange's books say together about the wire between them: no order without an
/// intent, no id twice, nothing signed too late, nothing unknown for too long.
struct WireAudit {
  /// Behind its record an order may be signed so long.
  static let signNanoseconds: Int64 = 2_000_000_000
  /// How far the engine's estimate of the exchange's clock may be off, and what milliseconds round away.
  static let clockNanoseconds: Int64 = 100_000_000
  /// Nothing that was sent before can be accepted behind it: signed at last, its window, and a second between the clocks.
  static let fenceNanoseconds: Int64 =
    signNanoseconds + WireStage.receiveMilliseconds * 1_000_000 + 1_000_000_000
  /// For so long the exchange may be asked first.
  private static let lossNanoseconds: Int64 = 30_000_000_000
  static let unknownNanoseconds: Int64 = fenceNanoseconds + 15_000_000_000

  /// The time of each wire id's last intent, in nanoseconds.
  private(set) var intents: [String: Int64] = [:]
  /// How long orders were unknown that no longer are, the longest first.
  private(set) var unknowns: [Int64] = []
  /// Those that still are, with the time since when.
  private var open: [String: Int64] = [:]
  private let starts: [Int64]
  private let losses: [Int64]

  init(of engine: CrashEngine) {
    starts = engine.starts.map(\.nanoseconds)
    losses = engine.losses.map(\.nanoseconds)
    let directory = engine.state + "/logs"
    let names = CrashFiles.list(directory).filter { $0.hasPrefix("events-") && $0.hasSuffix(".jsonl") }
    for name in names.sorted() {
      for line in (CrashFiles.read(directory + "/" + name) ?? []).split(separator: 0x0A) {
        guard let event = (try? JSONReader.read(Array(line)))?.root else { continue }
        if event.text("type") == "order" { take(event) }
      }
    }
    unknowns.sort(by: >)
  }

  private mutating func take(_ event: JSONValue) {
    guard let time = UTCTime(rfc3339: event.text("ts").utf8)?.nanoseconds else { return }
    let (id, status) = (event.text("id"), event.text("status"))
    let wire = event.text("wire_id")
    if ["new", "sent"].contains(status) || intents[wire] == nil { intents[wire] = time }
    if status == "unknown" {
      if open[id] == nil { open[id] = time }
    } else if let since = open.removeValue(forKey: id) {
      unknowns.append(time - begin(since, before: time))
    }
  }

  /// An engine that is dead finds nothing out: its successor's time counts.
  private func begin(_ since: Int64, before end: Int64) -> Int64 {
    max(since, starts.last { $0 <= end } ?? since)
  }

  /// What is wrong, the first of each kind.
  func findings(in books: [JSONValue]) -> [String] {
    var found: [String] = []
    let orders = books.filter { $0.text("type") == "venue_order" && $0["signed"]?.string != nil }
    let foreign = orders.map { $0.text("client_id") }.filter { intents[$0] == nil }
    if let first = foreign.first { found.append("\(foreign.count) orders without an intent, the first is \(first)") }
    let late = orders.filter { lateness(of: $0) > 0 }.map { $0.text("client_id") }
    if let first = late.first { found.append("\(late.count) orders were signed too late, the first is \(first)") }
    let repeated = books.first { $0.text("type") == "venue_traffic" }?["repeated"]?.elements ?? []
    if let first = repeated.first?.string { found.append("\(repeated.count) ids came twice, the first is \(first)") }
    if let first = open.keys.first { found.append("\(open.count) orders are unknown, the first is \(first)") }
    if let longest = unknowns.first, longest > Self.unknownNanoseconds {
      found.append("an order was unknown for \(longest / 1_000_000) ms")
    }
    return found
  }

  /// How long after its `sign_by` an order was signed; below zero: before. Behind a loss the exchange is asked before an
  /// order leaves, and only then its time begins, which no event tells.
  func lateness(of order: JSONValue) -> Int64 {
    guard let signed = UTCTime(rfc3339: order.text("signed").utf8)?.nanoseconds,
      let intent = intents[order.text("client_id")]
    else { return -Self.signNanoseconds }
    guard !losses.contains(where: { $0 < signed && signed < $0 + Self.lossNanoseconds }) else {
      return -Self.signNanoseconds
    }
    return signed - intent - Self.signNanoseconds - Self.clockNanoseconds
  }
}

extension CrashJudge {
  /// What a dump of a served exchange says of its customers, in the words of the engine's side.
  static func facts(ofDump objects: [JSONValue], of exchange: String, _ customers: Set<String>) -> Facts {
    var facts = Facts()
    for object in objects where customers.contains(object.text("account")) {
      let account = "\(exchange).\(object.text("account"))"
      let (symbol, scale) = (object.text("symbol"), scales[object.text("symbol")])
      switch (object.text("type"), scale) {
      case ("venue_balance", _):
        let total = units(object.text("total"), moneyScale)
        if total != "0" {
          facts.balances.insert("balance \(account) \(object.text("wallet")) \(object.text("asset")) \(total)")
        }
      case ("venue_position", let scale?):
        let sign = object.text("side") == "short" ? "-" : ""
        facts.positions.insert("position \(account) \(symbol) \(sign)\(units(object.text("qty"), scale.quantity))")
      case ("venue_order", let scale?) where object["open"]?.bool == true:
        facts.open.insert(
          "order \(account) \(object.text("client_id")) \(symbol) \(object.text("side")) "
            + "\(units(object.text("price"), scale.price)) quantity \(units(object.text("qty"), scale.quantity)) "
            + "filled \(units(object.text("filled"), scale.quantity))")
      case ("venue_fill", let scale?):
        facts.fills.insert(
          "fill \(account) trade \(object.text("trade_id")) "
            + "order \(object.text("order_id")) \(symbol) \(object.text("side")) "
            + "\(units(object.text("qty"), scale.quantity))@\(units(object.text("price"), scale.price)) "
            + "fee \(units(object.text("fee"), moneyScale)) \(object.text("fee_asset")) \(object.text("role"))")
      default: break
      }
    }
    return facts
  }
}
