import OMSLib

/// Faults of the streams that everybody reads.
extension VenueServer where Recorder: ~Copyable {
  /// Whether a message of a stream goes out.
  mutating func isTold(_ message: [UInt8]) -> Bool {
    guard !troubles.staleSymbols.isEmpty || !troubles.lostUpdates.isEmpty else { return true }
    guard let root = (try? JSONReader.read(message))?.root else { return true }
    let data = root["data"] ?? root
    guard let symbol = data["s"]?.string else { return true }
    if troubles.staleSymbols.contains(symbol) { return false }
    guard data["e"]?.string == "depthUpdate", let lost = troubles.lostUpdates[symbol],
      let number = data["u"]?.numberText.flatMap({ UInt64($0) })
    else { return true }
    // The same update is lost for all who read it, at every speed that has it.
    if lost == 0 { troubles.lostUpdates[symbol] = number }
    if lost != 0, number > lost { troubles.lostUpdates[symbol] = nil }
    return lost != 0 && number != lost
  }
}

extension MarketPages {
  /// The numbers of all books begin anew.
  mutating func startNumbersAnew(in exchange: borrowing Exchange) {
    for index in books.indices { books[index].startNumbersAnew(in: exchange) }
  }
}
