import OMSLib

/// Spot answers about orders.
enum SpotJSON {
  static func placed(_ view: OrderView, _ form: ResponseForm, _ face: TimeFace, _ time: UTCTime) -> [UInt8] {
    object { writer in
      writePlaced(view, form, face, time, into: &writer)
    }
  }

  private static func writePlaced(
    _ view: OrderView, _ form: ResponseForm, _ face: TimeFace, _ time: UTCTime, into writer: inout JSONWriter
  ) {
    writer.member("symbol", view.symbol.name)
    writer.member("orderId", view.record.orderID)
    writer.member("orderListId", view.record.listID)
    writer.member("clientOrderId", view.record.clientID)
    writer.member("transactTime", time, face)
    guard form != .acknowledgement else { return }
    writeNumbers(view, into: &writer)
    writeSpecials(view, face, into: &writer)
    if let working = view.working {
      writer.member("workingTime", working, face)
    } else {
      writer.member("workingTime", -1)
    }
    writer.member("selfTradePreventionMode", view.record.prevention)
    if form == .full { writeFills(view, into: &writer) }
  }

  private static func writeNumbers(_ view: OrderView, into writer: inout JSONWriter) {
    writer.member("price", view.symbol.price(view.price))
    writer.member("origQty", view.symbol.quantity(view.quantity))
    writer.member("executedQty", view.symbol.quantity(view.filled))
    writer.member("origQuoteOrderQty", money: view.record.quoteQuantity)
    writer.member("cummulativeQuoteQty", money: view.quote)
    writer.member("status", view.status)
    writer.member("timeInForce", view.record.timeInForce)
    writer.member("type", view.record.type)
    writer.member("side", OrderNames.side(view.record.side))
  }

  /// Members that only some orders have.
  private static func writeSpecials(
    _ view: OrderView, _ face: TimeFace, isQuery: Bool = false, into writer: inout JSONWriter
  ) {
    let record = view.record
    if record.stopPrice != 0 || isQuery { writer.member("stopPrice", view.symbol.price(record.stopPrice)) }
    if record.display != 0 || isQuery { writer.member("icebergQty", view.symbol.quantity(record.display)) }
    if record.trailingDelta != 0 {
      writer.member("trailingDelta", record.trailingDelta)
      if let since = view.trailingSince { writer.member("trailingTime", since, face) }
    }
    if let strategy = record.strategyID { writer.member("strategyId", strategy) }
    if let type = record.strategyType { writer.member("strategyType", type) }
    if let reason = view.expiryReason { writer.member("expiryReason", reason) }
  }

  private static func writeFills(_ view: OrderView, into writer: inout JSONWriter) {
    writer.name("fills")
    writer.beginArray()
    for fill in view.record.fills {
      writer.beginObject()
      writer.member("price", view.symbol.price(fill.facts.price))
      writer.member("qty", view.symbol.quantity(fill.facts.quantity))
      writer.member("commission", money: fill.facts.fee)
      writer.member("commissionAsset", view.symbol.asset(fill.facts.feeAsset))
      writer.member("tradeId", fill.facts.trade)
      writer.endObject()
    }
    writer.endArray()
  }

  static func testRates(_ rates: (maker: Rate, taker: Rate)) -> [UInt8] {
    object { writer in
      for name in ["standardCommissionForOrder", "specialCommissionForOrder", "taxCommissionForOrder"] {
        let isStandard = name == "standardCommissionForOrder"
        writer.name(data: name)
        writer.beginObject()
        writer.member("maker", rate: isStandard ? rates.maker : .zero)
        writer.member("taker", rate: isStandard ? rates.taker : .zero)
        writer.endObject()
      }
      writeDiscount(into: &writer)
    }
  }

  static func writeDiscount(into writer: inout JSONWriter) {
    writer.name("discount")
    writer.beginObject()
    writer.member("enabledForAccount", false)
    writer.member("enabledForSymbol", false)
    writer.member("discountAsset", "BNB")
    writer.member("discount", "0.00000000")
    writer.endObject()
  }

  /// An order that was asked for.
  static func order(_ view: OrderView, _ face: TimeFace) -> [UInt8] {
    object { writer in
      writer.member("symbol", view.symbol.name)
      writer.member("orderId", view.record.orderID)
      writer.member("orderListId", view.record.listID)
      writer.member("clientOrderId", view.record.clientID)
      writer.member("price", view.symbol.price(view.price))
      writer.member("origQty", view.symbol.quantity(view.quantity))
      writer.member("executedQty", view.symbol.quantity(view.filled))
      writer.member("cummulativeQuoteQty", money: view.quote)
      writer.member("status", view.status)
      writer.member("timeInForce", view.record.timeInForce)
      writer.member("type", view.record.type)
      writer.member("side", OrderNames.side(view.record.side))
      writeSpecials(view, face, isQuery: true, into: &writer)
      writer.member("time", view.created, face)
      writer.member("updateTime", view.updated, face)
      writer.member("isWorking", view.isWorking)
      if let working = view.working {
        writer.member("workingTime", working, face)
      } else {
        writer.member("workingTime", -1)
      }
      writer.member("origQuoteOrderQty", money: view.record.quoteQuantity)
      writer.member("selfTradePreventionMode", view.record.prevention)
    }
  }

  /// An order that was cancelled, with the id of its cancel.
  static func cancelled(_ view: OrderView, cancelID: String, _ face: TimeFace, _ time: UTCTime) -> [UInt8] {
    object { writer in
      writer.member("symbol", view.symbol.name)
      writer.member("origClientOrderId", view.record.clientID)
      writer.member("orderId", view.record.orderID)
      writer.member("orderListId", view.record.listID)
      writer.member("clientOrderId", cancelID)
      writer.member("transactTime", time, face)
      writeNumbers(view, into: &writer)
      writeSpecials(view, face, into: &writer)
      writer.member("selfTradePreventionMode", view.record.prevention)
    }
  }

  static func trade(_ fill: VenueFill, _ record: OrderRecord?, _ symbol: VenueSymbol, _ face: TimeFace) -> [UInt8] {
    object { writer in
      writer.member("symbol", symbol.name)
      writer.member("id", fill.facts.trade)
      writer.member("orderId", record?.orderID ?? fill.facts.order)
      writer.member("orderListId", record?.listID ?? -1)
      writer.member("price", symbol.price(fill.facts.price))
      writer.member("qty", symbol.quantity(fill.facts.quantity))
      writer.member("quoteQty", money: symbol.notional(fill.facts.price, fill.facts.quantity))
      writer.member("commission", money: fill.facts.fee)
      writer.member("commissionAsset", symbol.asset(fill.facts.feeAsset))
      writer.member("time", fill.facts.time, face)
      writer.member("isBuyer", fill.facts.side == .buy)
      writer.member("isMaker", fill.facts.isMaker)
      writer.member("isBestMatch", true)
    }
  }
}

extension VenueSymbol {
  /// The name of an asset that fees of it are paid in.
  func asset(_ number: UInt16) -> String {
    number == rules.base.number ? base : number == rules.quote.number ? quote : settle
  }
}
