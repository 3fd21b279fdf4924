import OMSLib

/// Faults of what accounts are told of their own accord.
extension VenueServer where Recorder: ~Copyable {
  /// Fills that are told once more are so many at most.
  private static var toldMax: Int { 100 }

  /// Hands an event of an account to one of its listeners. `message`: the event in what the connection wraps it in.
  mutating func tell(_ message: [UInt8], _ event: [UInt8], of account: UInt16, on link: VenueLink) {
    guard troubles.changesEvents, let facts = EventFacts(event) else { return put(.message(link, message)) }
    var message = message
    if let kind = fault(of: facts) { message = Self.changed(message, kind) }
    if troubles.repeatsFills, facts.isFill { keep(message, of: account) }
    put(.message(link, message))
  }

  private mutating func keep(_ message: [UInt8], of account: UInt16) {
    troubles.toldFills[account, default: []].append(message)
    if troubles.toldFills[account, default: []].count > Self.toldMax { troubles.toldFills[account]?.removeFirst() }
  }

  /// Whoever begins to listen to an account hears of its fills once more.
  mutating func repeatFills(of account: UInt16, on link: VenueLink) {
    for message in troubles.toldFills[account] ?? [] { put(.message(link, message)) }
  }

  // MARK: - False events

  private mutating func fault(of facts: EventFacts) -> FalseEvent? {
    guard facts.isOrder, let kind = troubles.falseEvent?.kind else { return nil }
    guard facts.isFill || kind == .unknownStatus else { return nil }
    return ExchangeTroubles.take(&troubles.falseEvent)
  }

  private static func changed(_ message: [UInt8], _ kind: FalseEvent) -> [UInt8] {
    guard let document = try? JSONReader.read(message) else { return message }
    let (name, value) =
      switch kind {
      case .overfill: ("z", "999999999.00000000")
      case .falling: ("z", "0.00000000")
      case .zeroPrice: ("L", "0.00000000")
      case .notNumber: ("L", "NaN")
      case .unknownStatus: ("X", "ASLEEP")
      }
    return JSONChange.replacing([name: Array("\"\(value)\"".utf8)], in: document.root)
  }
}

/// What an event is about.
private struct EventFacts {
  let isOrder: Bool
  let isFill: Bool

  init?(_ event: [UInt8]) {
    guard let root = (try? JSONReader.read(event))?.root, let type = root["e"]?.string else { return nil }
    isOrder = type == "executionReport" || type == "ORDER_TRADE_UPDATE"
    isFill = isOrder && (root["o"]?["x"] ?? root["x"])?.string == "TRADE"
  }
}

extension ExchangeTroubles {
  /// Whether there is one about what accounts are told.
  var changesEvents: Bool { falseEvent != nil || repeatsFills }
}
