import OMSLib

/// Futures answers about orders and trades.
enum FuturesJSON {
  /// An order; `isAnswer`: to the request that placed or changed it, which has no prices of its trades.
  static func order(_ view: OrderView, _ face: TimeFace, isAnswer: Bool) -> [UInt8] {
    let record = view.record
    let isTriggered = record.algoID != 0
    return object { writer in
      writer.member("orderId", record.orderID)
      writer.member("symbol", view.symbol.name)
      writer.member("status", view.status)
      writer.member("clientOrderId", record.clientID)
      writer.member("price", view.symbol.price(view.price))
      if !isAnswer { writer.member("avgPrice", view.symbol.average(view.quote, over: view.filled)) }
      writer.member("origQty", view.symbol.quantity(view.quantity))
      writer.member("executedQty", view.symbol.quantity(view.filled))
      if isAnswer {
        writer.member("cumQty", view.symbol.quantity(view.filled))
      } else {
        writer.member("cumQuote", money: view.quote, least: 0)
      }
      writer.member("timeInForce", record.timeInForce)
      writer.member("type", isTriggered ? OrderNames.workingType(record.type) : record.type)
      writer.member("reduceOnly", record.isReduceOnly || record.closesPosition)
      writer.member("closePosition", record.closesPosition)
      writer.member("side", OrderNames.side(record.side))
      writer.member("positionSide", OrderNames.positionSide(record.positionSide))
      writer.member("stopPrice", isTriggered ? view.symbol.price(record.stopPrice) : view.symbol.price(0))
      writer.member("workingType", record.workingType)
      writer.member("priceProtect", record.protectsPrice)
      writer.member("origType", record.type)
      writer.member("priceMatch", record.priceMatch)
      writer.member("selfTradePreventionMode", record.prevention)
      writer.member("goodTillDate", record.goodTillDate)
      if let modifyID = record.modifyID { writer.member("modifyId", modifyID) }
      if !isAnswer { writer.member("time", view.working ?? view.created, face) }
      writer.member("updateTime", view.updated, face)
    }
  }

  static func trade(_ fill: VenueFill, _ record: OrderRecord?, _ symbol: VenueSymbol, _ face: TimeFace) -> [UInt8] {
    object { writer in
      writer.member("symbol", symbol.name)
      writer.member("id", fill.facts.trade)
      writer.member("orderId", record?.orderID ?? fill.facts.order)
      writer.member("side", OrderNames.side(fill.facts.side))
      writer.member("price", symbol.price(fill.facts.price))
      writer.member("qty", symbol.quantity(fill.facts.quantity))
      writer.member("realizedPnl", money: fill.realised)
      writer.member("quoteQty", money: symbol.notional(fill.facts.price, fill.facts.quantity), least: 2)
      writer.member("commission", money: fill.facts.fee)
      writer.member("commissionAsset", symbol.asset(fill.facts.feeAsset))
      writer.member("time", fill.facts.time, face)
      writer.member("positionSide", OrderNames.positionSide(fill.facts.positionSide))
      writer.member("buyer", fill.facts.side == .buy)
      writer.member("maker", fill.facts.isMaker)
    }
  }
}
