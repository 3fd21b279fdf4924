import Testing

@testable import OMSLib

/// Amounts as text, for tests.
private func money(_ text: String) throws -> Money { try #require(Decimal(wire: text)).money() }

@Suite struct PositionBookTests {
  private func fill(_ side: Side, _ quantity: String, at price: String, fee: String = "0") throws -> BookFill {
    let quantity = try money(quantity)
    let notional = try #require(quantity.times(try money(price)))
    return BookFill(side, quantity: quantity, notional: notional, fee: try money(fee))
  }

  @Test func aReductionKeepsTheAverageAndAFlipStartsAnew() throws {
    var book = PositionBook()
    let opened = book.applyLinear(try fill(.buy, "2", at: "100"))
    let added = book.applyLinear(try fill(.buy, "1", at: "130"))
    #expect(opened == .zero && added == .zero)
    #expect(book.average.decimalString == "110")
    let reduced = book.applyLinear(try fill(.sell, "1", at: "120"))
    #expect(reduced?.decimalString == "10")
    #expect(book.average.decimalString == "110")
    let flipped = book.applyLinear(try fill(.sell, "5", at: "90"))
    #expect(flipped?.decimalString == "-40")
    #expect(book.quantity.decimalString == "-3" && book.average.decimalString == "90")
    #expect(book.unrealised(mark: try money("80"))?.decimalString == "30")
    #expect(book.unrealised(mark: Price(mantissa: 800), scale: 1)?.decimalString == "30")
    let closed = book.applyLinear(try fill(.buy, "3", at: "90"))
    #expect(closed == .zero && book.isFlat && book.cost == .zero && book.average == .zero)
  }

  @Test func feesGoWhereTheirAssetSays() throws {
    var spot = PositionBook()
    _ = spot.applySpot(try fill(.buy, "1", at: "100", fee: "0.1"))
    #expect(spot.cost.decimalString == "100.1" && spot.expenses == .zero && spot.fees.decimalString == "0.1")
    var base = PositionBook()
    _ = base.applySpot(
      BookFill(.buy, quantity: .one, notional: Money(100), fee: try money("0.001"), in: .base))
    #expect(base.quantity.decimalString == "0.999" && base.cost == Money(100) && base.fees.decimalString == "0.1")
    var third = PositionBook()
    _ = third.applySpot(
      BookFill(.buy, quantity: .one, notional: Money(100), fee: .one, in: .third, feeValue: try money("0.3")))
    #expect(third.cost == Money(100) && third.netRealised.decimalString == "-0.3")
    var linear = PositionBook()
    _ = linear.applyLinear(try fill(.buy, "1", at: "100", fee: "0.1"))
    #expect(linear.cost == Money(100) && linear.netRealised.decimalString == "-0.1")
    let refused = linear.applyLinear(BookFill(.buy, quantity: .one, notional: .one, fee: .one, in: .base))
    #expect(refused == nil)
  }

  @Test func overflowIsRefusedAndChangesNothing() throws {
    var book = PositionBook()
    _ = book.applyLinear(BookFill(.buy, quantity: .one, notional: Money.max))
    let before = book
    let refused = book.applyLinear(BookFill(.buy, quantity: .one, notional: .one))
    #expect(refused == nil && book == before)
    let funded = book.applyFunding(.max)
    let fundedAgain = book.applyFunding(Money(units: 1))
    #expect(funded && !fundedAgain && book.funding == .max)
  }

  @Test func aFillTakesItsAmountsFromTheInstrument() throws {
    var instrument = Instrument()
    instrument.priceScale = 2
    instrument.quantityScale = 5
    let fill = try #require(
      BookFill(.sell, Price(mantissa: 6_400_010), Quantity(mantissa: 150), of: instrument))
    #expect(fill.quantity.decimalString == "0.0015" && fill.notional.decimalString == "96.00015")
  }

  /// Books of random fills: every fee asset, both directions, flips, dust, funding. Cash and position are counted apart.
  struct Run {
    var random: SplitMix64
    var cash = Money.zero
    var position = Money.zero
    var outside = Money.zero

    mutating func amount(decimals: Int, below bound: UInt64) -> Money {
      let step = Int128(PowerOfTen.unsigned(18 - decimals))
      return Money(units: (Int128(random.below(bound)) + 1) * step)
    }

    mutating func next(linear: Bool) throws -> BookFill {
      let side: Side = random.chance(1, in: 2) ? .buy : .sell
      var quantity = amount(decimals: 8, below: 5_000_000_000)
      if random.chance(1, in: 5), position.units != 0, position.isNegative == (side == .buy) {
        quantity = position.magnitude
      }
      let price = amount(decimals: 2, below: 10_000_000)
      let notional = try #require(quantity.times(price))
      let kind: FeeKind = linear ? .quote : try #require(FeeKind(rawValue: UInt8(random.below(3))))
      let fee = kind == .base ? try #require(quantity.times(Rate(e8: 75_000))) : amount(decimals: 12, below: 1 << 40)
      let value = amount(decimals: 6, below: 1 << 30)
      let signed = side == .buy ? quantity : -quantity
      position += kind == .base ? signed - fee : signed
      cash -= side == .buy ? notional : -notional
      switch kind {
      case .quote: cash -= fee
      case .third: outside += value
      case .base: break
      }
      return BookFill(side, quantity: quantity, notional: notional, fee: fee, in: kind, feeValue: value)
    }
  }

  /// What was realised, is unrealised, was paid in fees and came from funding is the change of equity, to the last digit.
  @Test(arguments: 0..<40 as Range<UInt64>, [false, true])
  func profitIsTheChangeOfEquity(seed: UInt64, linear: Bool) throws {
    var run = Run(random: SplitMix64(seed: seed))
    var average = PositionBook()
    var fifo = FifoBook()
    var lots = LotPool(books: 1, extra: Int(seed % 70))
    for _ in 0..<120 {
      let fill = try run.next(linear: linear)
      let first = linear ? average.applyLinear(fill) : average.applySpot(fill)
      let second = linear ? fifo.applyLinear(fill, lots: &lots) : fifo.applySpot(fill, lots: &lots)
      #expect(first != nil && second != nil)
      if run.random.chance(1, in: 10) {
        let rate = Rate(e8: Int64(run.random.below(200_000)) - 100_000)
        let mark = Price(mantissa: Int64(run.random.below(10_000_000)) + 1)
        let payment = try #require(Funding.payment(quantity: run.position, mark: mark, scale: 2, rate: rate))
        run.cash += payment
        let booked = average.applyFunding(payment)
        let bookedAgain = fifo.applyFunding(payment)
        #expect(booked && bookedAgain)
      }
      #expect(average.quantity == run.position && fifo.quantity == run.position)
      let mark = run.amount(decimals: 2, below: 10_000_000)
      let equity = run.cash - run.outside + (try #require(run.position.times(mark)))
      #expect(average.netRealised + (try #require(average.unrealised(mark: mark))) == equity)
      #expect(fifo.netRealised + (try #require(fifo.unrealised(mark: mark))) == equity)
      var held = Money.zero
      var cost = Money.zero
      var count: UInt32 = 0
      fifo.forEachLot(in: lots) { lot in
        held += lot.quantity
        cost += lot.cost
        count += 1
      }
      #expect(held == fifo.quantity && cost == fifo.cost && count == fifo.lotCount)
      #expect(lots.usedCount == Int(count))
    }
  }
}

@Suite struct FifoBookTests {
  private func fill(_ side: Side, _ quantity: Int64, at price: Int64) -> BookFill {
    BookFill(side, quantity: Money(quantity), notional: Money(quantity * price))
  }

  @Test func theOldestLotGoesFirst() throws {
    var book = FifoBook()
    var lots = LotPool(books: 1, extra: 8)
    _ = book.applySpot(fill(.buy, 2, at: 100), lots: &lots)
    _ = book.applySpot(fill(.buy, 3, at: 110), lots: &lots)
    let gain = book.applySpot(fill(.sell, 3, at: 120), lots: &lots)
    #expect(gain == Money(50))
    #expect(book.lotCount == 1 && book.cost == Money(220))
    let flip = book.applySpot(fill(.sell, 5, at: 90), lots: &lots)
    #expect(flip == Money(-40))
    #expect(book.quantity == Money(-3) && book.cost == Money(-270) && lots.usedCount == 1)
  }

  @Test func beyondItsBoundABookJoinsTheYoungestLots() throws {
    var book = FifoBook()
    var lots = LotPool(books: 1, extra: 1000)
    for price in 1...70 { _ = book.applySpot(fill(.buy, 1, at: Int64(price)), lots: &lots) }
    #expect(book.lotCount == 64 && book.joinedCount == 6)
    #expect(book.cost == Money(70 * 71 / 2))
    let gain = book.applySpot(fill(.sell, 70, at: 100), lots: &lots)
    #expect(gain == Money(7000 - 70 * 71 / 2))
    #expect(lots.usedCount == 0)
  }

  @Test func everyBookFindsALotInAFullPool() throws {
    var lots = LotPool(books: 2, extra: 1)
    var greedy = FifoBook()
    var late = FifoBook()
    for price in 1...5 { _ = greedy.applySpot(fill(.buy, 1, at: Int64(price)), lots: &lots) }
    #expect(greedy.lotCount == 2 && greedy.joinedCount == 3)
    let opened = late.applySpot(fill(.sell, 1, at: 7), lots: &lots)
    #expect(opened == .zero && late.lotCount == 1 && lots.usedCount == lots.capacity)
    _ = greedy.applySpot(fill(.sell, 5, at: 3), lots: &lots)
    #expect(lots.usedCount == 1)
  }

  @Test func overflowIsRefusedAndChangesNothing() {
    var book = FifoBook()
    var lots = LotPool(books: 1, extra: 1)
    let refused = book.applySpot(BookFill(.buy, quantity: .one, notional: .max), lots: &lots)
    #expect(refused == nil && book.quantity == .zero && lots.usedCount == 0)
  }
}
