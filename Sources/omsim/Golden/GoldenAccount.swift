import OMSLib

/// 34 to 37: profit and loss, margin, funding.
enum GoldenAccount {
  static func spot(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    var book = PositionBook()
    var fifo = FifoBook()
    var lots = LotPool(books: 1, extra: 256)
    var third = Money.zero
    var steps: [GoldenValue] = []
    for fill in input.inputs("fills") {
      let fill = try spotFill(fill)
      if fill.feeKind == .third { third += fill.feeValue }
      _ = try inRange(book.applySpot(fill))
      _ = try inRange(fifo.applySpot(fill, lots: &lots))
      steps.append(
        .list([.money(book.quantity), .money(book.average), .money(book.realised), .money(fifo.realised)]))
    }
    let mark = try input.money("mark")
    var open: [GoldenValue] = []
    fifo.forEachLot(in: lots) { open.append(.list([.money($0.quantity), .money($0.cost.over($0.quantity))])) }
    return .object([
      ("position", .money(book.quantity)), ("average_cost", .money(book.average)),
      (
        "average",
        .object([
          ("realised", .money(book.realised)), ("unrealised", .money(book.unrealised(mark: mark))),
          ("net_realised", .money(book.netRealised)),
        ])
      ),
      (
        "fifo",
        .object([
          ("realised", .money(fifo.realised)), ("unrealised", .money(fifo.unrealised(mark: mark))),
          ("net_realised", .money(fifo.netRealised)), ("open_lots", .list(open)),
        ])
      ),
      ("third_asset_fees_quote", .money(third)), ("total_fees_quote", .money(book.fees)), ("steps", .list(steps)),
    ])
  }

  private static func spotFill(_ input: GoldenInput) throws(GoldenError) -> BookFill {
    let quantity = try input.money("qty")
    let notional = try inRange(quantity.times(try input.money("price")))
    let fee = try input.money("fee")
    switch try input.text("fee_asset") {
    case "quote": return BookFill(try input.side(), quantity: quantity, notional: notional, fee: fee)
    case "base": return BookFill(try input.side(), quantity: quantity, notional: notional, fee: fee, in: .base)
    default:
      let value = try inRange(fee.times(try input.money("fee_asset_price")))
      return BookFill(
        try input.side(), quantity: quantity, notional: notional, fee: fee, in: .third, feeValue: value)
    }
  }

  static func futures(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    var book = PositionBook()
    var steps: [GoldenValue] = []
    for event in input.inputs("events") {
      if try event.text("type") == "funding" {
        let mark = try price(try event.decimal("mark"))
        let payment = try inRange(
          Funding.payment(quantity: book.quantity, mark: mark.price, scale: mark.scale, rate: try event.rate("rate")))
        guard book.applyFunding(payment) else { throw GoldenError("an amount leaves its range") }
      } else {
        let quantity = try event.money("qty")
        let notional = try inRange(quantity.times(try event.money("price")))
        let fill = BookFill(try event.side(), quantity: quantity, notional: notional, fee: try event.money("fee"))
        _ = try inRange(book.applyLinear(fill))
      }
      steps.append(
        .list([
          .money(book.quantity), .money(book.average), .money(book.realised), .money(book.fees), .money(book.funding),
        ]))
    }
    let leverage = UInt16(try input.integer("leverage"))
    let mark = try input.money("mark")
    let unrealised = try inRange(book.unrealised(mark: mark))
    let notional = try inRange(MarginLeg(book).notional(mark: mark))
    let wallet = try input.money("starting_balance") + book.netRealised
    return .object([
      ("position", .money(book.quantity)), ("entry_price", .money(book.average)), ("realised", .money(book.realised)),
      ("fees", .money(book.fees)), ("funding", .money(book.funding)), ("unrealised", .money(unrealised)),
      ("wallet_balance", .money(wallet)), ("margin_balance", .money(wallet + unrealised)),
      ("notional", .money(notional)),
      ("initial_margin", .money(Margin.initial(notional: notional, leverage: leverage))),
      ("roe", .money(Margin.returnOnEquity(unrealised: unrealised, cost: book.cost, leverage: leverage))),
      ("steps", .list(steps)),
    ])
  }

  private static func price(_ value: Decimal) throws(GoldenError) -> (price: Price, scale: Int) {
    guard let mantissa = Int64(exactly: value.mantissa) else { throw GoldenError("price \(value) is too long") }
    return (Price(mantissa: mantissa), Int(value.scale))
  }

  static func liquidation(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    let brackets = try brackets(of: try input.text("symbol"), input)
    let mark = try input.money("mark")
    var terms = LiquidationTerms(walletBalance: try input.money("wallet_balance"))
    for other in input.inputs("other_positions") {
      let leg = try leg(other, quantity: "qty", entry: "entry", side: try other.side())
      let mark = try other.money("mark")
      let table = try Self.brackets(of: try other.text("symbol"), other)
      terms.otherMaintenance += try inRange(leg.maintenance(mark: mark, in: table.span))
      terms.otherUnrealised += try inRange(leg.unrealised(mark: mark))
    }
    if try input.text("mode") == "hedge_cross" {
      let long = try leg(input, quantity: "long_qty", entry: "long_entry", side: .buy)
      let short = try leg(input, quantity: "short_qty", entry: "short_entry", side: .sell)
      let price = try inRange(terms.price(long, short, mark: mark, in: brackets.span))
      return .object([("liquidation_price", .money(price)), ("never", .bool(price.isZero))])
    }
    let leg = try leg(input, quantity: "qty", entry: "entry", side: try input.side())
    let bracket = MarginBracket.find(try inRange(leg.notional(mark: mark)), in: brackets.span)
    let price = try inRange(terms.price(leg, mark: mark, in: brackets.span))
    let own = try inRange(leg.maintenance(mark: mark, in: brackets.span))
    let unrealised = try inRange(leg.unrealised(mark: mark))
    let maintenance = own + terms.otherMaintenance
    let balance = terms.walletBalance + terms.otherUnrealised + unrealised
    return .object([
      ("maintenance_rate", .text(bracket.rate.description)), ("maintenance_amount", .money(bracket.amount)),
      ("liquidation_price", .money(price)), ("never", .bool(price.isZero)),
      ("bracket_consistent_price", .money(terms.consistentPrice(leg, in: brackets.span))),
      ("maintenance_margin_at_mark", .money(own)), ("margin_balance_at_mark", .money(balance)),
      ("margin_ratio_at_mark", .money(Margin.ratio(maintenance: maintenance, balance: balance))),
      ("unrealised", .money(unrealised)),
    ])
  }

  private static func leg(
    _ input: GoldenInput, quantity: String, entry: String, side: Side
  ) throws(GoldenError) -> MarginLeg {
    let amount = try input.money(quantity)
    return try inRange(MarginLeg(quantity: side == .buy ? amount : -amount, entry: try input.money(entry)))
  }

  private static func brackets(of symbol: String, _ input: GoldenInput) throws(GoldenError) -> [MarginBracket] {
    var result: [MarginBracket] = []
    for row in input.file["brackets"]?[symbol]?.elements ?? [] {
      let row = GoldenInput(value: row, file: input.file)
      result.append(
        MarginBracket(
          floor: try row.money("floor"), cap: try row.money("cap"), rate: try row.rate("rate"),
          amount: try row.money("cum")))
    }
    guard !result.isEmpty else { throw GoldenError("no brackets for '\(symbol)'") }
    return result
  }

  static func funding(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    if input.optionalText("kind") == "cash_and_carry" { return try carry(input) }
    let amount = try input.money("qty")
    let quantity = try input.side() == .buy ? amount : -amount
    let rates = try input.rateList("rates")
    let perDay = Int(try input.integer("intervals_per_day"))
    var payments: [GoldenValue] = []
    var total = Money.zero
    for (element, rate) in zip(input.list("marks"), rates) {
      guard let decimal = Decimal(wire: element.string ?? "") else { throw GoldenError("a mark is no decimal") }
      let mark = try price(decimal)
      let payment = try inRange(
        Funding.payment(quantity: quantity, mark: mark.price, scale: mark.scale, rate: rate))
      total += payment
      payments.append(.money(payment))
    }
    let sum = rates.reduce(Int64(0)) { $0 + $1.e8 }
    return .object([
      ("payments", .list(payments)), ("total", .money(total)),
      ("mean_rate", .money(Funding.meanRate(rates)?.rounded(to: 12, .halfEven))),
      ("annualised_simple", .money(Funding.annualSimple(rates, intervalsPerDay: perDay)?.rounded(to: 12, .halfEven))),
      ("cumulative_rate", .text(Rate(e8: sum).description)),
      ("annualised_compounded", .double(Funding.annualCompounded(rates, intervalsPerDay: perDay))),
    ])
  }

  private static func carry(_ input: GoldenInput) throws(GoldenError) -> GoldenValue {
    let carry = try inRange(
      CashAndCarry(
        spot: try input.money("spot"), perp: try input.money("perp"), quantity: try input.money("qty"),
        fundingRate: try input.rate("funding_rate"), intervals: try input.integer("intervals"),
        spotFee: try input.rate("spot_fee"), perpFee: try input.rate("perp_fee")))
    return .object([
      ("basis", .money(carry.basis.rounded(to: 12, .halfEven))),
      ("basis_bps", .money(carry.basisBps.rounded(to: 12, .halfEven))),
      ("funding_income", .money(carry.fundingIncome)), ("round_trip_cost", .money(carry.roundTripCost)),
      ("net_flat_basis", .money(carry.netFlatBasis)), ("net_basis_converged", .money(carry.netConverged)),
      ("break_even_intervals", carry.breakEvenIntervals.map { .integer($0) } ?? .null),
    ])
  }
}
