extension JournalRecovery {
  /// Makes the exchange anew from its own journal: the last start in it and everything after. `nil`: it has none, so a
  /// new exchange begins. Call `finish` afterwards, as after any recovery.
  ///
  /// Records of other types are passed over. A record that is too short is damage the checks of the journal cannot see;
  /// it stops the process rather than the wrong ledger going on.
  package mutating func rebuildExchange() throws(JournalError) -> Exchange? {
    var exchange: Exchange?
    while let record = try next() {
      guard let type = record.header.type else { continue }
      switch type {
      case .exchangeStart:
        guard let start = record.load(as: ExchangeStartRecord.self) else {
          preconditionFailure("a record of the exchange is whole")
        }
        exchange = Exchange(start.options, startingAt: start.time)
      case .exchangeRequest, .exchangeControl, .exchangeAdvance:
        precondition(exchange != nil, "an exchange starts before it takes inputs")
        let isWhole = unsafe exchange?.replay(type, body: record.body)
        precondition(isWhole == true, "a record of the exchange is whole")
      default: continue
      }
    }
    return exchange
  }
}
