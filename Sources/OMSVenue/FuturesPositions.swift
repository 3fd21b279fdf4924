import OMSLib

/// One position as the surface shows it.
struct PositionView {
  let symbol: VenueSymbol
  let facts: ExchangePositionFacts
  /// What closing costs of its value: the break-even price pays it.
  let takerRate: Rate
  let updated: UTCTime

  var isHeld: Bool { facts.quantity != 0 }
  var isShown: Bool { isHeld || facts.openOrders > 0 }
  var quantity: String { symbol.quantity(facts.quantity) }
  var side: String { OrderNames.positionSide(facts.side) }

  /// What was paid per unit.
  var entryPrice: String {
    isHeld ? symbol.average(facts.cost.magnitude, over: Int64(facts.quantity.magnitude)) : "0.0"
  }

  /// Where a taker who closes the position has lost and won nothing by it, the closing fee paid.
  var breakEvenPrice: String {
    guard isHeld, let fee = facts.cost.magnitude.times(takerRate) else { return "0.0" }
    let paid = facts.quantity > 0 ? facts.cost.magnitude + fee : facts.cost.magnitude - fee
    return symbol.average(paid, over: Int64(facts.quantity.magnitude))
  }

  /// The margin behind an isolated position, its profit included.
  var isolatedMargin: Money { facts.isIsolated && isHeld ? facts.isolatedWallet + facts.unrealised : .zero }

  /// The largest notional that the leverage is given for.
  var notionalMax: Int64 {
    Exchange.bracketTable.last { $0.leverageMax >= facts.leverage }?.cap ?? 0
  }
}

/// The futures wallet of an account in one asset, and what its positions need of it.
struct WalletView {
  var wallet = Money.zero
  var isolated = Money.zero
  var unrealised = Money.zero
  var crossUnrealised = Money.zero
  var maintenance = Money.zero
  var positionMargin = Money.zero
  var orderMargin = Money.zero
  var available = Money.zero

  var cross: Money { wallet - isolated }
  var margin: Money { wallet + unrealised }
  var initial: Money { positionMargin + orderMargin }
  var withdrawable: Money { max(min(available, cross), .zero) }
}

extension VenueServer where Recorder: ~Copyable {
  /// All positions that an account may have, held or not.
  func positions(of account: UInt16, _ symbol: VenueSymbol?) -> [PositionView] {
    var views: [PositionView] = []
    for symbol in symbol.map({ [$0] }) ?? symbols.symbols(of: .usdm) {
      let rate = venue.exchange.rates(of: account, symbol.number).taker
      for lane in 0..<venue.exchange.laneCount(of: account) {
        let facts = venue.exchange.position(of: account, symbol.number, lane: lane)
        views.append(PositionView(symbol: symbol, facts: facts, takerRate: rate, updated: venue.exchange.time))
      }
    }
    return views
  }

  func wallet(of account: UInt16, _ asset: UInt16, _ positions: [PositionView]) -> WalletView {
    var view = WalletView()
    view.wallet = venue.exchange.balance(of: account, .futures, asset).total
    view.available = max(venue.exchange.free(of: account, asset), .zero)
    for position in positions where position.symbol.rules.settle.number == asset {
      let facts = position.facts
      view.unrealised += facts.unrealised
      view.isolated += facts.isolatedWallet
      if !facts.isIsolated { view.crossUnrealised += facts.unrealised }
      view.maintenance += facts.maintenance
      view.positionMargin += facts.initialMargin
      view.orderMargin += facts.orderMargin
    }
    return view
  }

  /// Assets that perpetuals are settled in.
  var settleAssets: [UInt16] { Set(symbols.symbols(of: .usdm).map { $0.rules.settle.number }).sorted() }

  // MARK: - Pages

  func balancePage(of account: UInt16, _ face: TimeFace) -> [UInt8] {
    let positions = positions(of: account, nil)
    return array(
      settleAssets.map { asset in
        let view = wallet(of: account, asset, positions)
        return object { writer in
          writer.member("accountAlias", "venue\(account)")
          writer.member("asset", venue.exchange.assetName(asset).description)
          writer.member("balance", money: view.wallet)
          writer.member("crossWalletBalance", money: view.cross)
          writer.member("crossUnPnl", money: view.crossUnrealised)
          writer.member("availableBalance", money: view.available)
          writer.member("maxWithdrawAmount", money: view.withdrawable)
          writer.member("marginAvailable", true)
          writer.member("updateTime", venue.exchange.time, face)
        }
      })
  }

  func positionPage(of account: UInt16, _ symbol: VenueSymbol?, _ face: TimeFace, isOld: Bool) -> [UInt8] {
    array(
      positions(of: account, symbol).filter { isOld || $0.isShown }.map { view in
        isOld ? Self.oldPosition(view, face) : Self.position(view, face)
      })
  }

  private static func position(_ view: PositionView, _ face: TimeFace) -> [UInt8] {
    object { writer in
      writer.member("symbol", view.symbol.name)
      writer.member("positionSide", view.side)
      writer.member("positionAmt", view.quantity)
      writer.member("entryPrice", view.entryPrice)
      writer.member("breakEvenPrice", view.breakEvenPrice)
      writer.member("markPrice", view.symbol.price(view.facts.mark))
      writer.member("unRealizedProfit", money: view.facts.unrealised)
      writer.member("liquidationPrice", view.symbol.price(view.facts.liquidationPrice))
      writer.member("isolatedMargin", money: view.isolatedMargin)
      writer.member("notional", money: view.facts.notional)
      writer.member("marginAsset", view.symbol.settle)
      writer.member("isolatedWallet", money: view.facts.isolatedWallet)
      writer.member("initialMargin", money: view.facts.initialMargin + view.facts.orderMargin)
      writer.member("maintMargin", money: view.facts.maintenance)
      writer.member("positionInitialMargin", money: view.facts.initialMargin)
      writer.member("openOrderInitialMargin", money: view.facts.orderMargin)
      writer.member("adl", 0)
      writer.member("bidNotional", money: view.facts.buyNotional)
      writer.member("askNotional", money: view.facts.sellNotional)
      writer.member("updateTime", view.updated, face)
    }
  }

  private static func oldPosition(_ view: PositionView, _ face: TimeFace) -> [UInt8] {
    object { writer in
      writer.member("symbol", view.symbol.name)
      writer.member("positionAmt", view.quantity)
      writer.member("entryPrice", view.entryPrice)
      writer.member("breakEvenPrice", view.breakEvenPrice)
      writer.member("markPrice", view.symbol.price(view.facts.mark))
      writer.member("unRealizedProfit", money: view.facts.unrealised)
      writer.member("liquidationPrice", view.symbol.price(view.facts.liquidationPrice))
      writer.member("leverage", "\(view.facts.leverage)")
      writer.member("maxNotionalValue", "\(view.notionalMax)")
      writer.member("marginType", view.facts.isIsolated ? "isolated" : "cross")
      writer.member("isolatedMargin", money: view.isolatedMargin)
      writer.member("isAutoAddMargin", "false")
      writer.member("positionSide", view.side)
      writer.member("notional", money: view.facts.notional)
      writer.member("isolatedWallet", money: view.facts.isolatedWallet)
      writer.member("updateTime", view.isHeld ? view.updated : .zero, face)
    }
  }

  func accountPage(of account: UInt16, _ face: TimeFace, isOld: Bool) -> [UInt8] {
    let positions = positions(of: account, nil)
    let wallets = settleAssets.map { ($0, wallet(of: account, $0, positions)) }
    // All perpetuals here are settled in one asset: its wallet is the total.
    let total = wallets.first?.1 ?? WalletView()
    return object { writer in
      if isOld {
        writer.member("feeTier", 0)
        writer.member("feeBurn", false)
        writer.member("canTrade", true)
        writer.member("canDeposit", true)
        writer.member("canWithdraw", true)
        writer.member("updateTime", 0)
        writer.member("multiAssetsMargin", false)
        writer.member("tradeGroupId", -1)
      }
      writer.member("totalInitialMargin", money: total.initial)
      writer.member("totalMaintMargin", money: total.maintenance)
      writer.member("totalWalletBalance", money: total.wallet)
      writer.member("totalUnrealizedProfit", money: total.unrealised)
      writer.member("totalMarginBalance", money: total.margin)
      writer.member("totalPositionInitialMargin", money: total.positionMargin)
      writer.member("totalOpenOrderInitialMargin", money: total.orderMargin)
      writer.member("totalCrossWalletBalance", money: total.cross)
      writer.member("totalCrossUnPnl", money: total.crossUnrealised)
      writer.member("availableBalance", money: total.available)
      writer.member("maxWithdrawAmount", money: total.withdrawable)
      writer.name("assets")
      writer.beginArray()
      for (asset, view) in wallets {
        writeAsset(venue.exchange.assetName(asset).description, view, face, isOld, into: &writer)
      }
      writer.endArray()
      writer.name("positions")
      writer.beginArray()
      for view in positions where isOld || view.isShown { Self.writePosition(view, face, isOld, into: &writer) }
      writer.endArray()
    }
  }

  private func writeAsset(
    _ name: String, _ view: WalletView, _ face: TimeFace, _ isOld: Bool, into writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.member("asset", name)
    writer.member("walletBalance", money: view.wallet)
    writer.member("unrealizedProfit", money: view.unrealised)
    writer.member("marginBalance", money: view.margin)
    writer.member("maintMargin", money: view.maintenance)
    writer.member("initialMargin", money: view.initial)
    writer.member("positionInitialMargin", money: view.positionMargin)
    writer.member("openOrderInitialMargin", money: view.orderMargin)
    writer.member("crossWalletBalance", money: view.cross)
    writer.member("crossUnPnl", money: view.crossUnrealised)
    writer.member("availableBalance", money: view.available)
    writer.member("maxWithdrawAmount", money: view.withdrawable)
    if isOld { writer.member("marginAvailable", true) }
    writer.member("updateTime", venue.exchange.time, face)
    writer.endObject()
  }

  private static func writePosition(
    _ view: PositionView, _ face: TimeFace, _ isOld: Bool, into writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.member("symbol", view.symbol.name)
    writer.member("positionSide", view.side)
    writer.member("positionAmt", view.quantity)
    writer.member("unrealizedProfit", money: view.facts.unrealised)
    writer.member("initialMargin", money: view.facts.initialMargin + view.facts.orderMargin)
    writer.member("maintMargin", money: view.facts.maintenance)
    if isOld {
      writer.member("positionInitialMargin", money: view.facts.initialMargin)
      writer.member("openOrderInitialMargin", money: view.facts.orderMargin)
      writer.member("leverage", "\(view.facts.leverage)")
      writer.member("isolated", view.facts.isIsolated)
      writer.member("entryPrice", view.entryPrice)
      writer.member("breakEvenPrice", view.breakEvenPrice)
      writer.member("maxNotional", "\(view.notionalMax)")
      writer.member("bidNotional", money: view.facts.buyNotional)
      writer.member("askNotional", money: view.facts.sellNotional)
    } else {
      writer.member("isolatedMargin", money: view.isolatedMargin)
    }
    writer.member("notional", money: view.facts.notional)
    writer.member("isolatedWallet", money: view.facts.isolatedWallet)
    writer.member("updateTime", view.isHeld ? view.updated : .zero, face)
    writer.endObject()
  }
}
