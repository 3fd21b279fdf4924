import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// The newest order that a client gave this id, as the exchange has it; `nil`: there is none.
  func order(named id: String, of account: UInt16) -> ExchangeOrderFacts? {
    let all = ledger.records.values.filter { $0.clientID == id && $0.account == account }
    guard let record = all.max(by: { $0.created < $1.created }) else { return nil }
    return venue.exchange.order(of: account, record.wireID) ?? record.last
  }

  /// How many orders were ever made with this id.
  func orderCount(named id: String) -> Int {
    ledger.records.values.count { record in
      record.clientID == id && (venue.exchange.order(of: record.account, record.wireID) ?? record.last) != nil
    }
  }
}
