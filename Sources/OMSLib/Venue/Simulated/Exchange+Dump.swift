/// The ledger as text, for whoever checks it: one fact per line, in a fixed order, every number exact.
extension Exchange {
  /// Hands the lines to `line`, without line ends. Two exchanges are equal when their lines are.
  ///
  ///     asset USDT deposits 100204500000000000000000000
  ///     account sim.main
  ///     balance sim.main spot USDT total 100000000000000000000000 locked 0
  ///     position sim.main BTC-USDT-PERP quantity 500 cost 30000000000000000000000 isolated 0 leverage 20 cross
  ///     order sim.main 1ABC number 17 BTC-USDT buy limit 5500000 0 1000 filled 0 working
  ///     fill sim.main 1ABC trade 9 order 17 BTC-USDT buy 100@5500000 fee 5500000000000000 USDT taker
  ///     market BTC-USDT last 6000012 mark 6000000 trades 1234
  ///     clock 1790000000000000000 orders 42 trades 9
  package func dump(into line: (String) -> Void) {
    for asset in 1...max(assetCount, 1) where asset <= assetCount {
      line("asset \(assets[asset].name) deposits \(assets[asset].deposits)")
    }
    for account in 1...max(accountCount, 1) where account <= accountCount {
      dumpAccount(UInt16(account), line)
    }
    dumpFills(line)
    for instrument in 1...max(instrumentCount, 1) where instrument <= instrumentCount {
      let market = markets[instrument]
      line("market \(market.rules.name) last \(market.last) mark \(market.mark) trades \(market.tradeCount)")
    }
    line("clock \(time.nanoseconds) orders \(orderNumber) trades \(tradeNumber)")
  }

  private func dumpAccount(_ account: UInt16, _ line: (String) -> Void) {
    let name = accounts[Int(account)].name
    line("account \(name)")
    for wallet in Wallet.allCases {
      for asset in 1...max(assetCount, 1) {
        let balance = balances[balanceIndex(account, wallet, UInt16(asset))]
        let locked = locked(account, wallet, UInt16(asset))
        guard balance.total != 0 || locked != 0 else { continue }
        line("balance \(name) \(wallet) \(assets[asset].name) total \(balance.total) locked \(locked)")
      }
    }
    for instrument in 1...max(instrumentCount, 1) where instrument <= instrumentCount {
      for lane in 0..<laneCount(account) {
        let holding = holdings[holdingIndex(account, UInt16(instrument), lane: lane)]
        guard holding.quantity != 0 else { continue }
        let mode = holding.marginModeRaw == MarginMode.isolated.rawValue ? "isolated" : "cross"
        line(
          "position \(name) \(markets[instrument].rules.name) quantity \(holding.quantity) cost \(holding.cost) "
            + "isolated \(holding.isolatedWallet) leverage \(holding.leverage) \(mode)")
      }
    }
    var slot = accounts[Int(account)].firstOrder
    while slot != 0 {
      let order = orders[Int(slot)]
      line(
        "order \(name) \(order.wireID) number \(order.number) \(markets[Int(order.instrument)].rules.name) "
          + "\(order.side) \(order.kind) \(order.price) \(order.stopPrice) \(order.quantity) "
          + "filled \(order.filled) \(order.state)")
      slot = order.next
    }
  }

  private func dumpFills(_ line: (String) -> Void) {
    let kept = min(fillCount, UInt64(fills.count))
    for position in (fillCount - kept)..<fillCount {
      let fill = fills[Int(position % UInt64(fills.count))]
      let side: Side = fill.sideRaw == Side.buy.rawValue ? .buy : .sell
      line(
        "fill \(accounts[Int(fill.account)].name) \(fill.wireID) trade \(fill.trade) order \(fill.order) "
          + "\(markets[Int(fill.instrument)].rules.name) \(side) \(fill.quantity)@\(fill.price) fee \(fill.fee) "
          + "\(assets[Int(fill.feeAsset)].name) \(fill.isMaker == 1 ? "maker" : "taker")"
          + (fill.isForced == 1 ? " forced" : "") + (fill.isBust == 1 ? " bust" : ""))
    }
  }
}
