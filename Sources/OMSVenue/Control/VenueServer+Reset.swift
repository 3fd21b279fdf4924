import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// Everything anew, with the accounts and their keys; numbers of orders and trades go on. Everybody is cut off.
  mutating func startOver(seed: Int?, at time: ServerTime) throws(ErrorObject) {
    var command = SimulatorCommand(.reset)
    if let seed { (command.a, command.b) = (Int64(seed), 1) }
    guard venue.obey(command, now: time.now) else { throw Self.refusedControl }
    endTroubles(at: time)
    ledger = OrderLedger(venue.exchange, symbols)
    (lists, algos, listenKeys) = (OrderLists(), AlgoDesk(), ListenKeys())
    (jobs, places, backlog, deadlines) = ([:], [:], [], [])
    (deadmen, touched) = ([], [:])
    // Streams end with the connections that read them.
    for link in links.keys.sorted(by: { $0.number < $1.number }) { abort(link) }
    pages = MarketPages(claims: pages.claims)
    pages.look(in: venue.exchange)
  }
}
