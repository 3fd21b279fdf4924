/// The market of the exchange's own: a correlated walk, quotes on both sides around it, and takers. Whole numbers only,
/// everything from the seed.
extension Exchange {
  /// Quotes on each side.
  static let quoteCount = 20
  static let standardSpreadE8: Int64 = 2_000
  /// Distance between neighbouring quotes, in 10^-8 of the price: half a basis point.
  private static let stepE8: Int64 = 5_000
  /// Standard deviation of one tick in 10^-12: about 19 basis points an hour.
  private static let sigmaE12: Int128 = 10_000_000
  /// Standard deviation of `draw`: four 16-bit uniform numbers.
  private static let drawSigma: Int128 = 37_837
  /// Notional of the flow's best quote, in the quote asset.
  private static let bestNotional: Int128 = 6_000

  /// Roughly normal around 0.
  static func draw(_ random: inout SplitMix64) -> Int64 {
    let bits = random.next()
    var sum: Int64 = -131_070
    for part in 0..<4 { sum += Int64((bits >> UInt64(part * 16)) & 0xFFFF) }
    return sum
  }

  func quoteQuantity(_ market: ExchangeMarket, _ price: Int64) -> Int64 {
    let one = Int128(price) * market.unit
    let quantity = Int64(clamping: Self.bestNotional * Self.one / one)
    return max(quantity / market.rules.lot, 1) * market.rules.lot
  }

  /// One tick of one instrument.
  mutating func moveMarket(_ instrument: UInt16) {
    let row = Int(instrument)
    guard markets[row].isDefined == 1 else { return }
    let own = Self.draw(&markets[row].random)
    if markets[row].follows == 0 {
      walk(row, own)
    } else {
      follow(row, own)
    }
    samplePremium(row)
    guard markets[row].hasFlow == 1, markets[row].rules.isTrading == 1 else { return }
    requote(instrument, isForced: false)
    if partialPercent == 100 && markets[row].random.chance(1, in: 2) { takeSome(instrument) }
  }

  /// 0.8 of the common move and 0.6 of its own: two instruments correlate with 0.64.
  private mutating func walk(_ row: Int, _ own: Int64) {
    let move = Int128(commonMove * 8 + own * 6) * Self.sigmaE12 * moveFactor
    let change = Int128(markets[row].walk) * move / (Self.drawSigma * 10_000_000_000_000)
    let pull = Int64(clamping: Int128(markets[row].anchor - markets[row].walk) * Int128(pace)) >> 18
    let lowest = Int64(markets[row].rules.tick) * 100 << 16
    markets[row].walk = max(markets[row].walk + Int64(clamping: change) + pull, lowest)
    markets[row].index = markets[row].walk >> 16
    markets[row].mark = markets[row].index
  }

  /// A perpetual: its index is the spot it follows, its price a small distance away that comes back.
  private mutating func follow(_ row: Int, _ own: Int64) {
    let spot = markets[Int(markets[row].follows)]
    let index = Self.rescale(spot.walk, from: spot.rules.priceScale, to: markets[row].rules.priceScale)
    let noise = Int64(clamping: Int128(index) * Int128(own) * Self.sigmaE12 / (Self.drawSigma * 4_000_000_000_000))
    let basis = markets[row].basis
    // Within a minute nine tenths of the distance are made up, and the noise of its ticks adds up to eleven of them.
    markets[row].basis = pace > 1 ? basis / 10 + noise * 11 : basis + noise - basis >> 8
    markets[row].walk = index + markets[row].basis
    markets[row].index = index >> 16
    markets[row].mark = markets[row].walk >> 16
  }

  static func rescale(_ value: Int64, from: UInt8, to: UInt8) -> Int64 {
    if to >= from { return value * Int64(power(Int(to - from))) }
    return value / Int64(power(Int(from - to)))
  }

  private mutating func samplePremium(_ row: Int) {
    guard markets[row].isPerpetual, markets[row].index > 0 else { return }
    let premium = Int128(markets[row].mark - markets[row].index) * 100_000_000 / Int128(markets[row].index)
    markets[row].premiumSum += Int64(clamping: premium)
    markets[row].premiumCount += 1
  }

  // MARK: - Quotes

  private func quoteIndex(_ instrument: UInt16, _ side: Side, _ place: Int) -> Int {
    (Int(instrument) * 2 + (side == .buy ? 0 : 1)) * Self.quoteCount + place
  }

  /// Where the quotes of one instrument belong at one time: what all places have in common.
  private struct QuoteLine {
    var middle: Int64
    var half: Int64
    var step: Int64
    var tick: Int64

    /// The level of the quote at `place`; the first one is nearest to the market.
    func level(_ side: Side, _ place: Int) -> Int64 {
      let distance = half + Int64(place) * step
      return max(side == .buy ? (middle - distance) / tick : (middle + distance + tick) / tick, 1)
    }
  }

  private func quoteLine(_ row: Int) -> QuoteLine {
    let (middle, tick) = (markets[row].walk >> 16, markets[row].rules.tick)
    return QuoteLine(
      middle: middle, half: Int64(clamping: Int128(middle) * Int128(markets[row].spreadE8) / 200_000_000),
      step: max(Int64(clamping: Int128(middle) * Int128(Self.stepE8) / 100_000_000), tick), tick: tick)
  }

  /// Puts the quotes where the walk is now: the side it moves away from first, then whatever still stands in the way is
  /// traded, then the other side.
  mutating func requote(_ instrument: UInt16, isForced: Bool) {
    let row = Int(instrument)
    guard markets[row].hasFlow == 1 else { return }
    let mid = markets[row].walk >> 16
    let isRising = mid >= markets[row].quotedMid
    markets[row].quotedMid = mid
    books[row].recentre(around: mid / markets[row].rules.tick, memory: &memory)
    let first: Side = isRising ? .sell : .buy
    quoteSide(instrument, first, isForced)
    guard sweep(instrument, first) else { return }
    quoteSide(instrument, first.opposite, isForced)
    guard sweep(instrument, first.opposite) else { return }
    // What the first pass did not place because a customer stood in the way.
    quoteSide(instrument, first, false)
  }

  private mutating func quoteSide(_ instrument: UInt16, _ side: Side, _ isForced: Bool) {
    let row = Int(instrument)
    let line = quoteLine(row)
    for place in 0..<Self.quoteCount {
      let index = quoteIndex(instrument, side, place)
      let level = line.level(side, place)
      let wanted = level * line.tick
      let quote = quotes[index]
      let isThere = quote.slot != 0 && orders[Int(quote.slot)].number == quote.number
      if isThere && !isForced {
        let slot = Int(quote.slot)
        let (price, quantity, filled) = (orders[slot].price, orders[slot].quantity, orders[slot].filled)
        // Quotes far from the market may lag behind; used-up ones are renewed.
        let isNear = (price - wanted).magnitude <= UInt64(line.step * Int64(place) / 4)
        if isNear && (quantity - filled) * 4 >= quantity * 3 { continue }
      }
      if isThere { end(quote.slot, .cancelled, why: .asked) }
      quotes[index] = FlowQuote()
      let (bid, ask) = books[row].bestLevels
      guard side == .buy ? level < ask : level > bid else { continue }
      let spread = Int64(markets[row].random.below(40)) + 80
      let lots = max(markets[row].quoteQuantity / markets[row].rules.lot * Int64(place + 1) * spread / 100, 1)
      let slot = placeFlow(instrument, side, wanted, lots * markets[row].rules.lot, timeInForce: .gtc)
      if slot != 0 { quotes[index] = FlowQuote(number: orders[Int(slot)].number, slot: slot) }
    }
  }

  /// Trades away what stands where quotes of the other side belong: orders of customers that the market has reached.
  /// `false`: there was more than one request may trade.
  private mutating func sweep(_ instrument: UInt16, _ moved: Side) -> Bool {
    let row = Int(instrument)
    guard partialPercent == 100 else { return true }
    let side = moved
    let level = quoteLine(row).level(side.opposite, 0)
    let limit = level * markets[row].rules.tick
    let (bid, ask) = books[row].bestLevels
    // The side that was just moved holds the flow's new quotes; only its other side can be in the way.
    let (best, isCrossed) = side == .buy ? (bid, bid >= level) : (ask, ask <= level)
    guard isCrossed, best != MatchingBook.noBid, best != MatchingBook.noAsk else { return true }
    placeFlow(instrument, side.opposite, limit, .max / 4, timeInForce: .ioc)
    let after = books[row].bestLevels
    return side == .buy ? after.bid < level : after.ask > level
  }

  mutating func withdrawQuotes(_ instrument: UInt16) {
    for side in Side.allCases { withdrawQuotes(instrument, side) }
  }

  /// Ends what else the flow has resting in an instrument: levels from the desk. Looks through all slots.
  mutating func withdrawFlow(_ instrument: UInt16) {
    for slot in 1...max(Int(usedSlots), 1) {
      let order = orders[slot]
      guard order.isOpen, order.account == Self.flowAccount, order.instrument == instrument else { continue }
      end(UInt32(slot), .cancelled, why: .asked)
    }
  }

  private mutating func withdrawQuotes(_ instrument: UInt16, _ side: Side) {
    for place in 0..<Self.quoteCount {
      let index = quoteIndex(instrument, side, place)
      let quote = quotes[index]
      quotes[index] = FlowQuote()
      guard quote.slot != 0, orders[Int(quote.slot)].number == quote.number else { continue }
      end(quote.slot, .cancelled, why: .asked)
    }
  }

  /// A taker of up to a fifth of the best quote, on either side.
  private mutating func takeSome(_ instrument: UInt16) {
    let row = Int(instrument)
    let side: Side = markets[row].random.chance(1, in: 2) ? .buy : .sell
    let lots = UInt64(max(markets[row].quoteQuantity / markets[row].rules.lot / 5, 1))
    let quantity = Int64(markets[row].random.below(lots) + 1) * markets[row].rules.lot
    let (bid, ask) = books[row].bestLevels
    let level = side == .buy ? ask : bid
    guard level != MatchingBook.noAsk, level != MatchingBook.noBid else { return }
    placeFlow(instrument, side, level * markets[row].rules.tick, quantity, timeInForce: .ioc)
  }

  /// An order of the market's own. Returns its slot while it rests, else 0.
  @discardableResult
  mutating func placeFlow(
    _ instrument: UInt16, _ side: Side, _ price: Int64, _ quantity: Int64, timeInForce: TimeInForce
  ) -> UInt32 {
    let slot = takeSlot()
    guard slot != 0 else { return 0 }
    var order = ExchangeOrder()
    order.account = Self.flowAccount
    order.instrument = instrument
    order.sideRaw = side.rawValue
    order.kindRaw = OrderKind.limit.rawValue
    order.timeInForceRaw = timeInForce.rawValue
    order.price = price
    order.quantity = quantity
    order.stateRaw = ExchangeOrder.State.working.rawValue
    open(order, at: slot)
    execute(slot, fillMax: Self.fillMax)
    return memory.orders[Int(slot)].isResting == 1 ? slot : 0
  }

  // MARK: - Controls

  /// Moves an instrument and what follows it. A perpetual moves the spot it follows.
  mutating func setPrice(_ instrument: UInt16, _ price: Int64) {
    guard price > 0, price < 1 << 46 else { return }
    let followed = markets[Int(instrument)].follows
    if followed != 0 {
      let spot = markets[Int(followed)].rules
      return setPrice(
        followed, Self.rescale(price, from: markets[Int(instrument)].rules.priceScale, to: spot.priceScale))
    }
    for row in 1...max(instrumentCount, 1) where row == Int(instrument) || markets[row].follows == instrument {
      let from = markets[Int(instrument)].rules.priceScale
      let here = row == Int(instrument) ? price : Self.rescale(price, from: from, to: markets[row].rules.priceScale)
      markets[row].walk = here << 16
      markets[row].anchor = markets[row].walk
      markets[row].basis = 0
      markets[row].index = here
      markets[row].mark = here
      requote(UInt16(row), isForced: true)
      if markets[row].hasFlow == 1 { takeSome(UInt16(row)) }
    }
  }

  /// Leaves so much opposite flow in the way of an order that it fills by the share of the fault.
  mutating func thinOut(_ slot: UInt32) {
    let order = orders[Int(slot)]
    let row = Int(order.instrument)
    let side = order.side.opposite
    let (bid, ask) = books[row].bestLevels
    let level = side == .buy ? bid : ask
    guard level != MatchingBook.noBid, level != MatchingBook.noAsk else { return }
    withdrawQuotes(order.instrument, side)
    let lots = order.remaining * partialPercent / 100 / markets[row].rules.lot
    guard lots > 0 else { return }
    placeFlow(order.instrument, side, level * markets[row].rules.tick, lots * markets[row].rules.lot, timeInForce: .gtc)
  }
}
