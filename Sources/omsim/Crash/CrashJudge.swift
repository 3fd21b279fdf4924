import OMSLib

/// Compares what the engine shows with what the exchange itself wrote down, to the unit.
struct CrashJudge {
  /// Decimals of quantity and price, by symbol; money has eighteen.
  static let scales: [String: (quantity: Int, price: Int)] = [
    "BTC-USDT": (5, 2), "ETH-USDT": (4, 2), "BTC-USDT-PERP": (3, 1), "ETH-USDT-PERP": (3, 2),
  ]
  static let moneyScale = 18
  private static let unsettled: Set<String> = ["new", "sent", "unknown", "pending_cancel", "pending_amend"]

  /// Facts as words, so that two sides are equal when their sets are.
  struct Facts: Equatable {
    var fills: Set<String> = []
    var open: Set<String> = []
    var balances: Set<String> = []
    var positions: Set<String> = []

    /// The first differences, each with the side that has it.
    func differences(from exchange: Facts) -> [String] {
      var found: [String] = []
      for (ours, theirs) in [
        (fills, exchange.fills), (open, exchange.open), (balances, exchange.balances), (positions, exchange.positions),
      ] {
        found += ours.subtracting(theirs).sorted().prefix(3).map { "only the engine has: \($0)" }
        found += theirs.subtracting(ours).sorted().prefix(3).map { "only the exchange has: \($0)" }
      }
      return found
    }
  }

  /// What the engine says about its orders.
  struct Orders {
    var known: Set<String> = []
    /// Those without an end that can be relied on yet.
    var unsettled: [String] = []
  }

  // MARK: The exchange's side

  static func facts(ofLedger lines: [String]) -> Facts {
    var facts = Facts()
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      guard words.count > 2, words[1].hasPrefix("sim.") else { continue }
      switch words[0] {
      case "balance": facts.balances.insert("balance \(words[1]) \(words[2]) \(words[3]) \(words[5])")
      case "position": facts.positions.insert("position \(words[1]) \(words[2]) \(words[4])")
      case "order":
        facts.open.insert(
          "order \(words[1]) \(words[2]) \(words[5]) \(words[6]) \(words[8]) quantity \(words[10]) filled \(words[12])")
      case "fill":
        facts.fills.insert(
          "fill \(words[1]) \(words[2]) trade \(words[4]) order \(words[6]) \(words[7]) \(words[8]) \(words[9]) "
            + "fee \(words[11]) \(words[12]) \(words[13])")
      default: break
      }
    }
    return facts
  }

  // MARK: The engine's side

  /// `namesOrders`: fills say under which id their order is at the exchange; one that was replaced had several.
  /// Each account is asked for by itself: all rows of a long campaign are more than one answer holds.
  static func facts(
    of line: inout CrashLine, namesOrders: Bool, accounts: [String]
  ) throws(CrashError) -> (Facts, Orders) {
    var facts = Facts()
    var orders = Orders()
    var wires: [String: String] = [:]
    for order in try rows("orders", of: accounts, &line) {
      let id = order.text("id")
      let status = order.text("status")
      wires[id] = order.text("wire_id")
      orders.known.insert(id)
      if unsettled.contains(status) { orders.unsettled.append("\(id) is \(status)") }
      guard order["done"]?.bool == false, let scale = scales[order.text("symbol")] else { continue }
      facts.open.insert(
        "order \(order.text("account")) \(order.text("wire_id")) \(order.text("symbol")) \(order.text("side")) "
          + "\(units(order.text("price"), scale.price)) quantity \(units(order.text("qty"), scale.quantity)) "
          + "filled \(units(order.text("filled"), scale.quantity))")
    }
    for fill in try rows("fills", of: accounts, &line) {
      guard let scale = scales[fill.text("symbol")] else { continue }
      facts.fills.insert(
        "fill \(fill.text("account")) \(namesOrders ? (wires[fill.text("id")] ?? "?") + " " : "")trade \(fill.text("trade_id")) "
          + "order \(fill.text("venue_id")) \(fill.text("symbol")) \(fill.text("side")) "
          + "\(units(fill.text("qty"), scale.quantity))@\(units(fill.text("price"), scale.price)) "
          + "fee \(units(fill.text("fee"), moneyScale)) \(fill.text("fee_asset")) \(fill.text("role"))")
    }
    for balance in try line.ask(RequestDraft("balances")) {
      let total = units(balance.text("total"), moneyScale)
      guard total != "0" else { continue }
      facts.balances.insert(
        "balance \(balance.text("account")) \(balance.text("wallet")) \(balance.text("asset")) \(total)")
    }
    for position in try line.ask(RequestDraft("positions")) {
      guard let scale = scales[position.text("symbol")] else { continue }
      let quantity = units(position.text("qty"), scale.quantity)
      guard quantity != "0" else { continue }
      facts.positions.insert("position \(position.text("account")) \(position.text("symbol")) \(quantity)")
    }
    return (facts, orders)
  }

  private static func rows(
    _ operation: String, of accounts: [String], _ line: inout CrashLine
  ) throws(CrashError) -> [JSONValue] {
    var found: [JSONValue] = []
    for account in accounts {
      var request = RequestDraft(operation)
      request.set("account", account)
      found += try line.ask(request)
    }
    return found
  }

  /// A decimal in whole units of `scale`; what has more digits stays as it is, and so differs from everything.
  static func units(_ text: String, _ scale: Int) -> String {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    var digits = parts.count > 1 ? Array(parts[1].utf8) : []
    while digits.count > scale, digits.last == UInt8(ascii: "0") { digits.removeLast() }
    guard parts.count <= 2, let first = parts.first, digits.count <= scale else { return text }
    digits += [UInt8](repeating: UInt8(ascii: "0"), count: scale - digits.count)
    guard let value = Int128(String(first) + String(decoding: digits, as: UTF8.self)) else { return text }
    return "\(value)"
  }
}

extension JSONValue {
  /// The text of a member; empty when it is missing, null or no string.
  func text(_ name: String) -> String { self[name]?.string ?? "" }
}

/// What is judged of files when a life is over.
enum CrashAudit {
  /// Both journals are whole.
  static func verify(_ directory: String) throws(CrashError) -> JournalOptions {
    let files = KernelFileSystem()
    guard let identity = (try? JournalIdentity.found(in: directory, files)) ?? nil else {
      throw CrashError("there is no journal in \(directory)")
    }
    let options = JournalOptions(directory: directory, identity: identity)
    let result = JournalVerify.run(fileSystem: files, options: options)
    if let finding = result.findings.first(where: { $0.kind == .corrupt }) {
      throw CrashError("\(finding.place): \(finding.what)")
    }
    return options
  }

  /// Makes the exchange anew from its own journal, and counts on the way how often each wire id was received.
  static func replay(_ options: JournalOptions) throws(CrashError) -> [String] {
    var tailer = JournalTailer(fileSystem: KernelFileSystem(), options: options)
    var exchange: Exchange?
    var received: Set<String> = []
    var twice: String?
    do throws(JournalError) {
      while let record = try tailer.next() {
        guard let type = record.header.type else { continue }
        if type == .exchangeStart, let start = record.load(as: ExchangeStartRecord.self) {
          exchange = Exchange(start.options, startingAt: start.time)
        } else if unsafe exchange?.replay(type, body: record.body) == true, type == .exchangeRequest,
          let input = record.load(as: ExchangeRequestRecord.self), input.request.kind == .newOrder
        {
          let wire = input.request.wireID.description
          if !received.insert(wire).inserted { twice = twice ?? wire }
        }
      }
    } catch {
      throw CrashError("the exchange's journal: \(error)")
    }
    if let twice { throw CrashError("the exchange received an order with the wire id \(twice) twice") }
    var lines: [String] = []
    exchange?.dump { lines.append($0) }
    return lines
  }

  /// The event log: every seq once, in order, none missing.
  static func events(_ directory: String) throws(CrashError) -> Int {
    var expected = 1
    for name in CrashFiles.list(directory) where name.hasPrefix("events-") && name.hasSuffix(".jsonl") {
      for line in (CrashFiles.read(directory + "/" + name) ?? []).split(separator: 0x0A) {
        guard let seq: Int = (try? JSONReader.read(Array(line)))?.root["seq"]?.integer() else {
          throw CrashError("\(name): a line after seq \(expected - 1) is not whole")
        }
        guard seq == expected else { throw CrashError("\(name): seq \(seq) stands where \(expected) belongs") }
        expected += 1
      }
    }
    return expected - 1
  }
}
