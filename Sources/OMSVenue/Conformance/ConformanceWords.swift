import OMSLib

/// What a case calls things, and what the venue does.
struct ConformanceWords: Sendable {
  private let number: Int
  private let product: VenueProduct

  init(_ item: ConformanceCase, _ product: VenueProduct) {
    number = item.number
    self.product = product
  }

  // MARK: - Numbers

  /// From whole units of the quote.
  func price(_ units: Int64) -> Int64 { units * priceUnit }
  /// From thousandths of the base.
  func quantity(_ thousandths: Int64) -> Int64 { thousandths * quantityUnit }

  private var priceUnit: Int64 { product == .spot ? 100 : 10 }
  private var quantityUnit: Int64 { product == .spot ? 100 : 1 }

  // MARK: - Orders

  func wireID(_ name: String) -> Text32 {
    guard let id = Text32("c\(number)\(product == .spot ? "s" : "f")\(name)") else {
      preconditionFailure("an order of a case has a short name")
    }
    return id
  }

  func name(of id: Text32) -> String? {
    let (text, prefix) = (id.description, wireID("").description)
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
  }

  // MARK: - Events

  /// `fill a 10@59000`, `cancelled a`, `rejected a refused`: empty for what is about other orders or accounts.
  func text(of event: VenueEvent) -> String {
    guard let kind = event.kind else { return "" }
    switch kind {
    case .connected, .disconnected, .balance, .position, .funding, .marginCall, .reportEnd:
      guard event.account.number == 1 else { return "" }
      return kind == .balance && event.isForced == 1 ? "deposit" : "\(kind)"
    default: break
    }
    guard let name = event.wireID.isEmpty ? "" : name(of: event.wireID) else {
      return kind == .fill && event.isForced == 1 ? "liquidation" : ""
    }
    switch kind {
    case .fill:
      let text = "fill \(name) \(event.quantity / quantityUnit)@\(event.price / priceUnit)"
      return event.isReplay == 1 ? "replayed \(text)" : text
    case .bust: return "bust \(name) \(event.quantity / quantityUnit)@\(event.price / priceUnit)"
    case .amended: return "amended \(name) \(event.quantity / quantityUnit)@\(event.price / priceUnit)"
    case .cancelled, .expired: return "\(kind) \(name)" + (event.endReason == .selfTrade ? " selfTrade" : "")
    case .rejected, .cancelRejected, .amendRejected, .notSent: return "\(kind) \(name) \(event.remedy)"
    case .orderReport:
      let status = event.status.map { "\($0)" } ?? "?"
      return "report \(name) \(status) \(event.cumulative / quantityUnit)"
    case .orderAbsent: return "absent \(name)"
    case .outcomeUnknown: return "unknown \(name)"
    default: return "\(kind) \(name)"
    }
  }
}
