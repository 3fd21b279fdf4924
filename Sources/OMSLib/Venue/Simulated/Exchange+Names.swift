/// What others may look up: numbers by name, prices, depth, trades.
extension Exchange {
  package func account(named name: Text64) -> UInt16? {
    for row in 1...max(accountCount, 1) where row <= accountCount && accounts[row].name == name { return UInt16(row) }
    return nil
  }

  package func isHedged(_ account: UInt16) -> Bool { accounts[Int(account)].isHedged == 1 }

  package func instrument(named name: Text32) -> UInt16? {
    for row in 1...max(instrumentCount, 1)
    where row <= instrumentCount && markets[row].rules.name == name { return UInt16(row) }
    return nil
  }

  package func asset(named name: Text32) -> UInt16? {
    for row in 1...max(assetCount, 1) where row <= assetCount && assets[row].name == name { return UInt16(row) }
    return nil
  }

  /// Rules of an instrument, with the exchange's own numbers.
  package func rules(of instrument: UInt16) -> Instrument { markets[Int(instrument)].rules }

  package func top(of instrument: UInt16, at now: EngineTime) -> TopOfBook {
    let market = markets[Int(instrument)]
    let (bid, ask) = books[Int(instrument)].bestLevels
    var top = TopOfBook()
    if bid != MatchingBook.noBid {
      top.bid = bid * market.rules.tick
      top.bidQuantity = books[Int(instrument)].quantity(at: bid, .buy, memory)
    }
    if ask != MatchingBook.noAsk {
      top.ask = ask * market.rules.tick
      top.askQuantity = books[Int(instrument)].quantity(at: ask, .sell, memory)
    }
    top.last = market.last
    top.mark = market.mark
    top.index = market.index
    top.bookSequence = market.bookSequence
    top.updatedAt = now
    top.isValid = 1
    return top
  }

  /// Calls `body` with price and shown quantity of at most `count` levels, best first.
  package func forEachLevel(
    of instrument: UInt16, _ side: Side, count: Int, _ body: (_ price: Int64, _ quantity: Int64) -> Void
  ) {
    guard books[Int(instrument)].hasOrders(side) else { return }
    let tick = markets[Int(instrument)].rules.tick
    let (bid, ask) = books[Int(instrument)].bestLevels
    var level: Int64? = side == .buy ? bid : ask
    var left = count
    while left > 0, let here = level {
      body(here * tick, books[Int(instrument)].quantity(at: here, side, memory))
      level = books[Int(instrument)].level(after: here, side, memory)
      left -= 1
    }
  }

  /// Calls `body` with at most `count` trades behind the place `behind` on the market's tape, the oldest first. Places count
  /// from 1; what the tape has dropped is passed over.
  package func forEachTrade(
    of instrument: UInt16, behind: UInt64, count: Int, _ body: (_ place: UInt64, PublicTrade) -> Void
  ) {
    let total = markets[Int(instrument)].tradeCount
    let window = UInt64(Self.tradeWindow)
    var place = max(behind, total > window ? total - window : 0)
    var left = count
    while place < total, left > 0 {
      body(place + 1, trades[Int(instrument) * Self.tradeWindow + Int(place % window)])
      place += 1
      left -= 1
    }
  }
}
