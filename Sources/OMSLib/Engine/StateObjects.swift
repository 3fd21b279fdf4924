/// Objects of the state as it is now: positions, balances, accounts, prices. Members in the documented order.
struct StateObjects {
  let names: NameDirectory
  let utc: UTCTime

  private func object(_ type: String, at time: UTCTime? = nil, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", type)
    json.member("v", 1)
    json.member("ts", time ?? utc)
    body(&json)
    json.endObject()
    return json.bytes
  }

  private func place(_ account: AccountID, _ json: inout JSONWriter) {
    let row = names.account(account)
    json.member("account", row?.name)
    json.member("venue", row.flatMap { names.venue($0.venue) })
    json.member("mode", (row?.mode ?? .live).word)
  }

  private static func money(_ name: StaticString, _ value: Money?, least: Int = 0, _ json: inout JSONWriter) {
    json.member(name, trimmedDecimal: value?.units, scale: Money.decimals, minimumScale: least)
  }

  // MARK: Books

  /// `funding`: when the next payment is due; zero if there is none, or it is not known.
  func position(_ row: PositionRow, _ top: TopOfBook, funding: UTCTime, now: EngineTime) -> [UInt8] {
    let rules = names.instrument(row.instrument) ?? Instrument()
    let priceScale = Int(rules.priceScale)
    let quantity = row.book.quantity
    let mark = Price(mantissa: top.mark > 0 ? top.mark : PriceWatcher.reference(top))
    return object("position") { json in
      place(row.account, &json)
      json.member("symbol", text: rules.name)
      let side = PositionSide(rawValue: row.positionSideRaw)?.word ?? (quantity.isNegative ? "short" : "long")
      json.member("side", quantity.isZero && row.positionSideRaw == 0 ? "flat" : side)
      Self.money("qty", quantity, least: Int(rules.quantityScale), &json)
      let entry = quantity.isZero ? nil : row.book.average.mantissa(scale: priceScale, .halfEven)
      json.member("entry", decimal: entry, scale: priceScale)
      json.member("mark", decimal: mark.mantissa > 0 ? mark.mantissa : nil, scale: priceScale)
      Self.money("notional", quantity.magnitude.times(mark, scale: priceScale), &json)
      Self.money("upnl", mark.mantissa > 0 ? row.book.unrealised(mark: mark, scale: priceScale) : nil, &json)
      Self.money("rpnl", row.book.realised, &json)
      Self.money("margin", row.margin, &json)
      json.member("margin_mode", row.marginModeRaw == MarginMode.isolated.rawValue ? "isolated" : "cross")
      json.member("leverage", row.leverage == 0 ? nil : String(row.leverage))
      json.member(
        "liq_price", decimal: row.liquidationPrice > 0 ? row.liquidationPrice : nil, scale: priceScale)
      json.member("funding_next", funding == .zero ? nil : funding)
      json.memberNull("strategy")
      json.member("age_ms", age(of: row.updatedAt, now: now))
    }
  }

  /// `nil` for what never happened.
  private func age(of time: EngineTime, now: EngineTime) -> Int64? {
    time == .zero ? nil : max(0, now.nanoseconds - time.nanoseconds) / 1_000_000
  }

  func balance(_ row: BalanceRow, value: Money?, currency: String, now: EngineTime) -> [UInt8] {
    let asset = names.asset(row.asset)
    let scale = asset?.scale ?? 0
    return object("balance") { json in
      place(row.account, &json)
      json.member("wallet", row.walletRaw == Wallet.futures.rawValue ? "futures" : "spot")
      json.member("asset", asset?.name)
      Self.money("free", row.total - row.locked, least: scale, &json)
      Self.money("locked", row.locked, least: scale, &json)
      Self.money("total", row.total, least: scale, &json)
      Self.money("value", value, least: 2, &json)
      json.member("value_ccy", value == nil ? nil : currency)
      json.member("age_ms", age(of: row.updatedAt, now: now))
    }
  }

  func account(
    _ row: AccountRow, groups: [String], currency: String, facts: AccountFacts, now: EngineTime
  ) -> [UInt8] {
    object("account") { json in
      place(row.id, &json)
      json.name("group")
      json.beginArray()
      for group in groups { json.string(group) }
      json.endArray()
      json.member("parent", names.account(row.parent)?.name)
      json.member("state", row.isRemoved != 0 ? "removed" : row.isOpen != 0 ? "ready" : "closed")
      json.member("trading", (TradingState(rawValue: facts.tradingRaw) ?? .halted).word)
      json.name("perms")
      json.beginArray()
      json.string("read")
      json.string("trade")
      json.endArray()
      let share = Wide(Int128(facts.budgetUsed), times: 10_000)
      json.member(
        "rate_used", decimal: facts.budgetMax == 0 ? nil : share.divided(by: Int128(facts.budgetMax), .halfEven),
        scale: 4)
      json.member("ws", facts.isConnected != 0 ? "up" : "down")
      json.member("last_event_ms", age(of: facts.lastEventAt, now: now))
      Self.money("equity", row.hasEquity != 0 ? row.equity : nil, least: 2, &json)
      json.member("equity_ccy", currency)
    }
  }

  /// Unrealised profit as of now: at the price of the moment, where the core's own figure is of its last recorded mark.
  func unrealised(_ row: PositionRow, _ top: TopOfBook, currency: String) -> Money {
    let mark = Price(mantissa: top.mark > 0 ? top.mark : PriceWatcher.reference(top))
    guard let rules = names.instrument(row.instrument), rules.instrumentClass != .spot, mark.mantissa > 0,
      names.asset(rules.settle)?.name == currency
    else { return row.unrealised }
    return row.book.unrealised(mark: mark, scale: Int(rules.priceScale)) ?? row.unrealised
  }

  func pnl(_ row: AccountRow, unrealised: Money, currency: String, since: UTCTime) -> [UInt8] {
    object("pnl") { json in
      json.member("scope", "account")
      json.member("name", names.account(row.id)?.name)
      json.member("mode", (names.account(row.id)?.mode ?? .live).word)
      json.member("ccy", currency)
      Self.money("realized", row.realisedToday, &json)
      Self.money("unrealized", unrealised, &json)
      Self.money("fees", -row.feesToday, &json)
      Self.money("funding", row.fundingToday, &json)
      Self.money("total", row.realisedToday + unrealised - row.feesToday + row.fundingToday, &json)
      Self.money("equity", row.hasEquity != 0 ? row.equity : nil, least: 2, &json)
      Self.money("peak", row.hasEquity != 0 ? row.equityPeak : nil, least: 2, &json)
      let fall = row.equityPeak - row.equity
      let drawdown =
        row.equityPeak.units > 0 ? fall.over(row.equityPeak)?.times(Money(100))?.rounded(to: 4, .halfEven) : nil
      Self.money("drawdown_pct", drawdown, &json)
      json.member("since", since)
    }
  }

  // MARK: Markets

  func symbol(_ rules: Instrument) -> [UInt8] {
    object("symbol") { json in
      let priceScale = Int(rules.priceScale)
      let quantityScale = Int(rules.quantityScale)
      json.member("symbol", text: rules.name)
      json.member("venue", names.venue(rules.venue))
      json.member("native", text: rules.native)
      json.member("base", names.asset(rules.base)?.name)
      json.member("quote", names.asset(rules.quote)?.name)
      json.member("class", rules.instrumentClass.word)
      json.member("tick", decimal: rules.tick, scale: priceScale)
      json.member("lot", decimal: rules.lot, scale: quantityScale)
      json.member("min_qty", decimal: rules.minQuantity, scale: quantityScale)
      json.member(
        "max_qty", trimmedDecimal: rules.maxQuantity == 0 ? nil : rules.maxQuantity, scale: quantityScale)
      Self.money("min_notional", rules.minNotional, &json)
      json.memberNull("contract")
      json.member("maker_bps", rules.maker.bpsText)
      json.member("taker_bps", rules.taker.bpsText)
      json.member("status", rules.isTrading != 0 ? "trading" : "closed")
    }
  }

  /// `funding`: the rate of the next payment as it stands; `nil` where there is none, or it is not known.
  func ticker(_ rules: Instrument, _ top: TopOfBook, funding: Rate? = nil, now: EngineTime) -> [UInt8] {
    object("ticker") { json in
      let priceScale = Int(rules.priceScale)
      let quantityScale = Int(rules.quantityScale)
      func price(_ name: StaticString, _ value: Int64) {
        json.member(name, decimal: value > 0 ? value : nil, scale: priceScale)
      }
      json.member("venue", names.venue(rules.venue))
      json.member("symbol", text: rules.name)
      price("last", top.last)
      price("bid", top.bid)
      json.member("bid_qty", decimal: top.bid > 0 ? top.bidQuantity : nil, scale: quantityScale)
      price("ask", top.ask)
      json.member("ask_qty", decimal: top.ask > 0 ? top.askQuantity : nil, scale: quantityScale)
      let middle = top.bid > 0 && top.ask > 0 ? (Int128(top.bid) + Int128(top.ask)) * 5 : nil
      json.member("mid", decimal: middle, scale: priceScale + 1)
      json.member("spread_bps", Self.spreadBps(top)?.description)
      json.memberNull("vol24")
      json.memberNull("chg24_pct")
      price("mark", rules.instrumentClass == .spot ? 0 : top.mark)
      price("index", top.index)
      json.member("funding", trimmedDecimal: funding?.e8, scale: 8, minimumScale: 5)
      json.member("age_ms", max(0, now.nanoseconds - top.updatedAt.nanoseconds) / 1_000_000)
    }
  }

  /// The touch alone: what the engine publishes of a book.
  func book(_ rules: Instrument, _ levels: [BookLevel], _ top: TopOfBook, depth: Int, now: EngineTime) -> [UInt8] {
    object("book") { json in
      json.member("venue", names.venue(rules.venue))
      json.member("symbol", text: rules.name)
      json.member("book_seq", String(top.bookSequence))
      for (name, side) in [("bids", Side.buy), ("asks", Side.sell)] as [(StaticString, Side)] {
        json.name(name)
        json.beginArray()
        for level in levels.filter({ $0.sideRaw == UInt64(side.rawValue) }).prefix(depth) {
          json.beginArray()
          json.decimal(level.price, scale: Int(rules.priceScale))
          json.decimal(level.quantity, scale: Int(rules.quantityScale))
          json.endArray()
        }
        json.endArray()
      }
      json.member("depth", depth)
      json.member("spread_bps", Self.spreadBps(top)?.description)
      let both = Int128(top.bidQuantity) + Int128(top.askQuantity)
      let imbalance =
        both > 0
        ? Wide(Int128(top.bidQuantity) - Int128(top.askQuantity), times: 1_000).divided(by: both, .halfEven) : nil
      json.member("imbalance", decimal: imbalance, scale: 3)
      json.member("age_ms", max(0, now.nanoseconds - top.updatedAt.nanoseconds) / 1_000_000)
      json.member("checksum_ok", top.isValid != 0)
    }
  }

  func trade(_ rules: Instrument, _ trade: PublicTrade) -> [UInt8] {
    object("trade", at: trade.time) { json in
      json.member("venue", names.venue(rules.venue))
      json.member("symbol", text: rules.name)
      json.member("trade_id", String(trade.number))
      json.member("price", decimal: trade.price, scale: Int(rules.priceScale))
      json.member("qty", decimal: trade.quantity, scale: Int(rules.quantityScale))
      json.member("taker", trade.sideRaw == UInt64(Side.buy.rawValue) ? "buy" : "sell")
    }
  }

  func candle(_ rules: Instrument, _ candle: Candle, interval: Int64, isClosed: Bool) -> [UInt8] {
    object("candle") { json in
      let scale = Int(rules.priceScale)
      json.member("venue", names.venue(rules.venue))
      json.member("symbol", text: rules.name)
      json.member("interval", DurationText.text(nanoseconds: interval))
      json.member("open_ts", candle.start)
      json.member("o", decimal: candle.open, scale: scale)
      json.member("h", decimal: candle.high, scale: scale)
      json.member("l", decimal: candle.low, scale: scale)
      json.member("c", decimal: candle.close, scale: scale)
      json.member("vol", decimal: candle.quantity, scale: Int(rules.quantityScale))
      json.member("quote_vol", trimmedDecimal: candle.turnover, scale: scale + Int(rules.quantityScale))
      json.member("n", candle.count)
      json.member("closed", isClosed)
    }
  }

  func funding(_ rules: Instrument, _ facts: MarketFacts) -> [UInt8] {
    object("funding") { json in
      json.member("venue", names.venue(rules.venue))
      json.member("symbol", text: rules.name)
      json.member("rate", trimmedDecimal: facts.fundingRate.e8, scale: 8, minimumScale: 5)
      json.member("next", facts.nextFunding)
      let hour: Int64 = 3_600_000_000_000
      json.member("interval_h", facts.fundingInterval / hour)
      // Payments of a year, in percent.
      let yearly = facts.fundingInterval > 0 ? 365 * 24 * hour / facts.fundingInterval : 0
      json.member("annual_pct", trimmedDecimal: Int128(facts.fundingRate.e8) * Int128(yearly), scale: 6)
    }
  }

  /// Four decimals of a basis point of the middle.
  static func spreadBps(_ top: TopOfBook) -> Decimal? {
    guard top.bid > 0, top.ask > 0 else { return nil }
    let middle = Int128(top.bid) + Int128(top.ask)
    guard let parts = Wide(Int128(top.ask - top.bid) * 2, times: 100_000_000).divided(by: middle, .halfEven) else {
      return nil
    }
    return Decimal(mantissa: parts, scale: 4)
  }

  /// Quantities add up only within one asset.
  func exposure(_ group: ExposureGroups.Group, by key: ExposureRequest.Key, currency: String) -> [UInt8] {
    object("group") { json in
      json.member("mode", group.mode.word)
      switch key {
      case .asset: json.member("asset", group.key)
      case .symbol: json.member("symbol", group.key)
      case .venue: json.member("venue", group.key)
      }
      json.member("count", group.count)
      if key != .venue { Self.money("qty", group.quantity, &json) }
      Self.money("net", group.net?.rounded(to: 8, .halfEven), least: 2, &json)
      Self.money("gross", group.gross?.rounded(to: 8, .halfEven), least: 2, &json)
      json.member("ccy", currency)
    }
  }

  // MARK: Plans

  func plan(_ step: OrderPreview.Step, _ estimate: OrderPreview.Estimate, headroom: Money?) -> [UInt8] {
    let rules = step.rules
    let priceScale = Int(rules.priceScale)
    return object("plan") { json in
      json.memberNull("plan_id")
      json.memberNull("expires")
      json.member("step", step.number)
      json.member("steps", step.count)
      json.member("action", step.action)
      json.member("account", names.account(step.account)?.name)
      json.memberNull("from")
      json.memberNull("to")
      json.member("symbol", text: rules.name)
      json.memberNull("asset")
      json.member("side", step.side.word)
      json.member("qty", decimal: step.quantity, scale: Int(rules.quantityScale))
      json.member("price", decimal: step.price, scale: priceScale)
      json.member("est_price", decimal: estimate.price, scale: priceScale)
      Self.money("est_cost_bps", estimate.costBps, &json)
      Self.money("est_fee", estimate.fee, &json)
      json.member("reason", step.reason)
      json.member("mode", (names.account(step.account)?.mode ?? .live).word)
      Self.money("notional", estimate.notional, &json)
      json.member("last", decimal: estimate.last, scale: priceScale)
      Self.money("distance_pct", estimate.distancePercent, &json)
      Self.money("headroom", headroom?.rounded(to: 8, .halfEven), &json)
    }
  }

  func check(_ name: String, _ status: String, _ detail: String, fix: String?) -> [UInt8] {
    object("check") { json in
      json.member("name", name)
      json.member("status", status)
      json.member("detail", detail)
      json.member("fix", fix)
      json.memberNull("ms")
    }
  }

  func drift(_ notice: NoticeImage) -> [UInt8] {
    object("drift") { json in
      let instrument = names.instrument(notice.instrument)
      let asset = names.asset(notice.asset)
      let scale = instrument.map { Int($0.quantityScale) } ?? asset?.scale ?? 0
      json.member("account", names.account(notice.account)?.name)
      json.member("kind", instrument == nil ? "balance" : "position")
      json.member("asset", instrument == nil ? asset?.name : nil)
      json.member("symbol", instrument?.name.description)
      json.member("venue", names.account(notice.account).flatMap { names.venue($0.venue) })
      Self.money("ours", notice.amount, least: scale, &json)
      Self.money("theirs", notice.other, least: scale, &json)
      Self.money("diff", notice.other - notice.amount, least: scale, &json)
      json.member("since", utc)
      json.member("fixed", notice.a != 0)
      json.memberNull("id")
    }
  }

  func risk(
    scope: String, name: String?, kind: LimitKind, _ cell: LimitCell, source: String, until: UTCTime?
  ) -> [UInt8] {
    object("risk") { json in
      json.member("scope", scope)
      json.member("name", name)
      json.member("limit", kind.word)
      Self.money("value", cell.value, &json)
      Self.money("used", cell.use?.rounded(to: 8, .halfEven), &json)
      Self.money(
        "used_pct", cell.use.flatMap { $0.over(cell.value)?.times(Money(100))?.rounded(to: 2, .halfEven) }, &json)
      json.member("breached", cell.isBreached)
      json.member("source", source)
      json.member("until", until)
    }
  }
}

extension InstrumentClass {
  package var word: String {
    switch self {
    case .spot: "spot"
    case .perp: "perp"
    case .future: "future"
    }
  }
}

/// One price level of a book, as the hot thread copies it.
struct BookLevel: BitwiseCopyable {
  var price: Int64 = 0
  var quantity: Int64 = 0
  var sideRaw: UInt64 = 0
}
