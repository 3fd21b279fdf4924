package import OMSLib

/// Trades that one order made at one price at one time, as one.
package struct AggregateTrade: Equatable, Sendable {
  package var number: UInt64
  package var price: Int64
  package var quantity: Int64
  package var first: UInt64
  package var last: UInt64
  package var time: UTCTime
  package var buyerIsMaker: Bool
}

/// One payment between longs and shorts.
struct FundingPayment: Sendable {
  /// Nanoseconds of UTC.
  var time: Int64
  var rate: Rate
  var mark: Int64
}

/// What one instrument has done since somebody looks: the tape of the exchange is short, and has no candles.
struct MarketHistory {
  /// As many as four of the largest answers hold.
  private static let aggregatesKept = 4_096
  private static let fundingKept = 1_000

  /// How far the exchange's tape was read.
  private(set) var seen: UInt64 = 0
  /// Trades, and what they were put together to, that the streams have not told yet.
  private(set) var newTrades: [PublicTrade] = []
  private(set) var newAggregates: [AggregateTrade] = []
  private(set) var lastTrade: PublicTrade?
  private(set) var candles = CandleStore()
  /// Of contracts only.
  private(set) var marks = CandleStore()
  private(set) var indices = CandleStore()
  /// How far the mark is from the index, in 10^-8 of it.
  private(set) var premiums = CandleStore()
  private(set) var funding: [FundingPayment] = []
  private var aggregateRing: [AggregateTrade] = []
  private var aggregateCount: UInt64 = 0
  private var rateSeen = Rate.zero
  private var fundingDue: Int64 = 0

  var aggregates: ArraySlice<AggregateTrade> { aggregateRing.suffix(Self.aggregatesKept) }

  /// Reads what is new. Trades of one look that follow each other without another trade of the exchange in between, at
  /// one time, price and side, are one aggregate.
  mutating func look(at symbol: MarketSymbol, in exchange: borrowing Exchange) {
    var (place, found) = (seen, [PublicTrade]())
    exchange.forEachTrade(of: symbol.number, behind: seen, count: Exchange.tradeWindow) { number, trade in
      place = number
      found.append(trade)
    }
    // Numbers of aggregates go on from a place on the tape, so that they do not go back when a server starts again.
    if seen == 0 && place > 0 { aggregateCount = place - UInt64(found.count) }
    seen = place
    let told = newAggregates.count
    for trade in found {
      candles.add(trade)
      add(trade, behind: told)
      lastTrade = trade
    }
    newTrades += found
    aggregateRing.append(contentsOf: newAggregates.dropFirst(told))
    if aggregateRing.count >= 2 * Self.aggregatesKept {
      aggregateRing.removeFirst(aggregateRing.count - Self.aggregatesKept)
    }
    if newTrades.count > 2 * Exchange.tradeWindow { forgetNew() }
    let time = exchange.time.nanoseconds
    let top = exchange.top(of: symbol.number, at: .zero)
    candles.roll(to: time, price: top.last)
    if symbol.product == .usdm { lookAtContract(symbol, top, time, in: exchange) }
  }

  /// They were told.
  mutating func forgetNew() {
    newTrades.removeAll(keepingCapacity: true)
    newAggregates.removeAll(keepingCapacity: true)
  }

  private mutating func add(_ trade: PublicTrade, behind told: Int) {
    let buyerIsMaker = trade.sideRaw == UInt64(Side.sell.rawValue)
    // What an earlier look found may have been told already, and stays as it is.
    if newAggregates.count > told, let last = newAggregates.last, last.last + 1 == trade.number,
      last.price == trade.price,
      last.time == trade.time, last.buyerIsMaker == buyerIsMaker
    {
      newAggregates[newAggregates.count - 1].last = trade.number
      newAggregates[newAggregates.count - 1].quantity += trade.quantity
      return
    }
    aggregateCount += 1
    newAggregates.append(
      AggregateTrade(
        number: aggregateCount, price: trade.price, quantity: trade.quantity, first: trade.number, last: trade.number,
        time: trade.time, buyerIsMaker: buyerIsMaker))
  }

  private mutating func lookAtContract(
    _ symbol: MarketSymbol, _ top: TopOfBook, _ time: Int64, in exchange: borrowing Exchange
  ) {
    marks.sample(top.mark, at: time)
    indices.sample(top.index, at: time)
    if top.index > 0 {
      premiums.sample(Int64(clamping: Int128(top.mark - top.index) * 100_000_000 / Int128(top.index)), at: time)
    }
    let due = exchange.nextFundingTime.nanoseconds
    if fundingDue != 0 && due > fundingDue {
      note(FundingPayment(time: fundingDue, rate: rateSeen, mark: top.mark))
    }
    fundingDue = due
    rateSeen = exchange.fundingRate(of: symbol.number)
  }

  /// What an account was charged is the exact rate of its hour; until somebody was charged, the last rate that was seen
  /// before it stands.
  mutating func note(_ payment: FundingPayment) {
    if let last = funding.last, last.time >= payment.time {
      if last.time == payment.time { funding[funding.count - 1] = payment }
      return
    }
    funding.append(payment)
    if funding.count > 2 * Self.fundingKept { funding.removeFirst(Self.fundingKept) }
  }
}
