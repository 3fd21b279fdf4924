import OMSLib

/// What a client may ask of its account, on whatever way it asks.
enum Operation: Sendable {
  // Spot.
  case placeOrder, testOrder, cancelOrder, cancelOpenOrders, cancelReplace, amendOrder
  case queryOrder, openOrders, allOrders, trades, account, commission, orderRates, amendments
  case placeOCO, placeOTO, placeOTOCO, cancelList, queryList, openLists, allLists
  // The spot WebSocket API alone.
  case sessionLogon, sessionStatus, sessionLogout, subscriptions, subscribe, subscribeBySignature, unsubscribe
  // Futures.
  case modifyOrder, placeBatch, modifyBatch, cancelBatch, countdown, openOrder, modifications, forcedOrders
  case placeAlgo, cancelAlgo, cancelAllAlgos, queryAlgo, openAlgos, allAlgos
  case accountOld, accountInformation, balanceOld, balances, positionsOld, positions, accountConfig, symbolConfig
  case leverage, marginType, setPositionMode, positionMode, positionMargin, setMultiAssets, multiAssets
  case income, commissionRate, brackets, setFeeBurn, feeBurn
  case startListenKey, extendListenKey, closeListenKey
}

enum Security: Sendable {
  /// The key, but no signature.
  case key
  case signed
  /// The connection's own: no key.
  case open
}

struct Route: Sendable {
  let operation: Operation
  let weight: Int
  var security = Security.signed
  /// Parameters that it reads; `nil`: more are passed over.
  var names: [String]?
  /// Placing and cancelling cost no weight when they succeed.
  var isFree = false
}

enum Routes {
  private static let symbol = ["symbol"]
  private static let one = ["symbol", "orderId", "origClientOrderId"]
  private static let history = ["symbol", "orderId", "startTime", "endTime", "limit"]
  static let order = [
    "symbol", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId", "strategyId",
    "strategyType", "stopPrice", "trailingDelta", "icebergQty", "newOrderRespType", "selfTradePreventionMode",
    "pegPriceType", "pegOffsetType", "pegOffsetValue",
  ]
  private static let replace =
    order + [
      "cancelReplaceMode", "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId", "cancelRestrictions",
      "orderRateLimitExceededMode",
    ]
  private static let list = ["symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode"]

  private static func leg(_ prefix: String) -> [String] {
    [
      "Type", "Price", "StopPrice", "TrailingDelta", "TimeInForce", "ClientOrderId", "IcebergQty", "StrategyId",
      "StrategyType", "PegPriceType", "PegOffsetType", "PegOffsetValue", "Side", "Quantity",
    ].map { prefix + $0 }
  }

  private static let placeRoute = Route(operation: .placeOrder, weight: 1, names: order, isFree: true)
  private static let testRoute = Route(operation: .testOrder, weight: 1, names: order)
  private static let cancelRoute = Route(
    operation: .cancelOrder, weight: 1, names: one + ["newClientOrderId", "cancelRestrictions"], isFree: true)
  private static let cancelAllRoute = Route(operation: .cancelOpenOrders, weight: 1, names: symbol, isFree: true)
  private static let replaceRoute = Route(operation: .cancelReplace, weight: 1, names: replace, isFree: true)
  private static let amendRoute = Route(operation: .amendOrder, weight: 4, names: one + ["newQty", "newClientOrderId"])
  private static let queryRoute = Route(operation: .queryOrder, weight: 4, names: one)
  private static let openRoute = Route(operation: .openOrders, weight: 6, names: symbol)
  private static let allRoute = Route(operation: .allOrders, weight: 20, names: history)
  private static let tradesRoute = Route(operation: .trades, weight: 20, names: history + ["fromId"])
  private static let accountRoute = Route(operation: .account, weight: 20, names: [])
  private static let commissionRoute = Route(operation: .commission, weight: 20, names: symbol)
  private static let ratesRoute = Route(operation: .orderRates, weight: 40, names: [])
  private static let amendmentsRoute = Route(
    operation: .amendments, weight: 4, names: ["symbol", "orderId", "fromExecutionId", "limit"])
  private static let ocoRoute = Route(
    operation: .placeOCO, weight: 1, names: list + ["side", "quantity"] + leg("above") + leg("below"), isFree: true)
  private static let otoRoute = Route(
    operation: .placeOTO, weight: 1, names: list + leg("working") + leg("pending"), isFree: true)
  private static let otocoRoute = Route(
    operation: .placeOTOCO, weight: 1,
    names: list + leg("working") + leg("pending") + leg("pendingAbove") + leg("pendingBelow"), isFree: true)
  private static let cancelListRoute = Route(
    operation: .cancelList, weight: 1, names: ["symbol", "orderListId", "listClientOrderId", "newClientOrderId"],
    isFree: true)
  private static let queryListRoute = Route(
    operation: .queryList, weight: 4, names: ["orderListId", "origClientOrderId", "listClientOrderId"])
  private static let openListsRoute = Route(operation: .openLists, weight: 6, names: [])
  private static let allListsRoute = Route(
    operation: .allLists, weight: 20, names: ["fromId", "startTime", "endTime", "limit"])

  static let spot: [String: Route] = [
    "POST /api/v3/order": placeRoute,
    "POST /api/v3/order/test": testRoute,
    "DELETE /api/v3/order": cancelRoute,
    "GET /api/v3/order": queryRoute,
    "DELETE /api/v3/openOrders": cancelAllRoute,
    "GET /api/v3/openOrders": openRoute,
    "POST /api/v3/order/cancelReplace": replaceRoute,
    "PUT /api/v3/order/amend/keepPriority": amendRoute,
    "GET /api/v3/order/amendments": amendmentsRoute,
    "GET /api/v3/allOrders": allRoute,
    "GET /api/v3/myTrades": tradesRoute,
    "GET /api/v3/account": accountRoute,
    "GET /api/v3/account/commission": commissionRoute,
    "GET /api/v3/rateLimit/order": ratesRoute,
    "POST /api/v3/orderList/oco": ocoRoute,
    "POST /api/v3/orderList/oto": otoRoute,
    "POST /api/v3/orderList/otoco": otocoRoute,
    "DELETE /api/v3/orderList": cancelListRoute,
    "GET /api/v3/orderList": queryListRoute,
    "GET /api/v3/openOrderList": openListsRoute,
    "GET /api/v3/allOrderList": allListsRoute,
  ]

  static let spotMethods: [String: Route] = [
    "order.place": placeRoute, "order.test": testRoute, "order.cancel": cancelRoute,
    "order.cancelReplace": replaceRoute, "order.amend.keepPriority": amendRoute, "order.amendments": amendmentsRoute,
    "openOrders.cancelAll": cancelAllRoute, "order.status": queryRoute, "openOrders.status": openRoute,
    "allOrders": allRoute, "myTrades": tradesRoute, "account.status": accountRoute,
    "account.commission": commissionRoute, "account.rateLimits.orders": ratesRoute, "orderList.place.oco": ocoRoute,
    "orderList.place.oto": otoRoute, "orderList.place.otoco": otocoRoute, "orderList.cancel": cancelListRoute,
    "orderList.status": queryListRoute, "openOrderLists.status": openListsRoute, "allOrderLists": allListsRoute,
    "session.logon": Route(operation: .sessionLogon, weight: 2),
    "session.status": Route(operation: .sessionStatus, weight: 2, security: .open),
    "session.logout": Route(operation: .sessionLogout, weight: 2, security: .open),
    "session.subscriptions": Route(operation: .subscriptions, weight: 2, security: .open),
    "userDataStream.subscribe": Route(operation: .subscribe, weight: 2, security: .open),
    "userDataStream.subscribe.signature": Route(operation: .subscribeBySignature, weight: 2, names: []),
    "userDataStream.unsubscribe": Route(operation: .unsubscribe, weight: 2, security: .open),
  ]

  static let futures: [String: Route] = [
    "POST /fapi/v1/order": Route(operation: .placeOrder, weight: 0),
    "POST /fapi/v1/order/test": Route(operation: .testOrder, weight: 1),
    "PUT /fapi/v1/order": Route(operation: .modifyOrder, weight: 1),
    "DELETE /fapi/v1/order": Route(operation: .cancelOrder, weight: 1),
    "GET /fapi/v1/order": Route(operation: .queryOrder, weight: 1),
    "GET /fapi/v1/openOrder": Route(operation: .openOrder, weight: 1),
    "GET /fapi/v1/openOrders": Route(operation: .openOrders, weight: 1),
    "GET /fapi/v1/allOrders": Route(operation: .allOrders, weight: 5),
    "GET /fapi/v1/userTrades": Route(operation: .trades, weight: 5),
    "GET /fapi/v1/orderAmendment": Route(operation: .modifications, weight: 1),
    "GET /fapi/v1/forceOrders": Route(operation: .forcedOrders, weight: 20),
    "POST /fapi/v1/batchOrders": Route(operation: .placeBatch, weight: 5),
    "PUT /fapi/v1/batchOrders": Route(operation: .modifyBatch, weight: 5),
    "DELETE /fapi/v1/batchOrders": Route(operation: .cancelBatch, weight: 1),
    "DELETE /fapi/v1/allOpenOrders": Route(operation: .cancelOpenOrders, weight: 1),
    "POST /fapi/v1/countdownCancelAll": Route(operation: .countdown, weight: 10),
    "GET /fapi/v1/rateLimit/order": Route(operation: .orderRates, weight: 1),
    "POST /fapi/v1/algoOrder": Route(operation: .placeAlgo, weight: 0),
    "DELETE /fapi/v1/algoOrder": Route(operation: .cancelAlgo, weight: 1),
    "GET /fapi/v1/algoOrder": Route(operation: .queryAlgo, weight: 1),
    "DELETE /fapi/v1/algoOpenOrders": Route(operation: .cancelAllAlgos, weight: 1),
    "GET /fapi/v1/openAlgoOrders": Route(operation: .openAlgos, weight: 1),
    "GET /fapi/v1/allAlgoOrders": Route(operation: .allAlgos, weight: 5),
    "GET /fapi/v2/account": Route(operation: .accountOld, weight: 5),
    "GET /fapi/v3/account": Route(operation: .accountInformation, weight: 5),
    "GET /fapi/v2/balance": Route(operation: .balanceOld, weight: 5),
    "GET /fapi/v3/balance": Route(operation: .balances, weight: 5),
    "GET /fapi/v2/positionRisk": Route(operation: .positionsOld, weight: 5),
    "GET /fapi/v3/positionRisk": Route(operation: .positions, weight: 5),
    "GET /fapi/v1/accountConfig": Route(operation: .accountConfig, weight: 5),
    "GET /fapi/v1/symbolConfig": Route(operation: .symbolConfig, weight: 5),
    "POST /fapi/v1/leverage": Route(operation: .leverage, weight: 1),
    "POST /fapi/v1/marginType": Route(operation: .marginType, weight: 1),
    "POST /fapi/v1/positionSide/dual": Route(operation: .setPositionMode, weight: 1),
    "GET /fapi/v1/positionSide/dual": Route(operation: .positionMode, weight: 30),
    "POST /fapi/v1/positionMargin": Route(operation: .positionMargin, weight: 1),
    "POST /fapi/v1/multiAssetsMargin": Route(operation: .setMultiAssets, weight: 1),
    "GET /fapi/v1/multiAssetsMargin": Route(operation: .multiAssets, weight: 30),
    "GET /fapi/v1/income": Route(operation: .income, weight: 30),
    "GET /fapi/v1/commissionRate": Route(operation: .commissionRate, weight: 20),
    "GET /fapi/v1/leverageBracket": Route(operation: .brackets, weight: 1),
    "POST /fapi/v1/feeBurn": Route(operation: .setFeeBurn, weight: 1),
    "GET /fapi/v1/feeBurn": Route(operation: .feeBurn, weight: 30),
    "POST /fapi/v1/listenKey": Route(operation: .startListenKey, weight: 1, security: .key),
    "PUT /fapi/v1/listenKey": Route(operation: .extendListenKey, weight: 1, security: .key),
    "DELETE /fapi/v1/listenKey": Route(operation: .closeListenKey, weight: 1, security: .key),
  ]

  static let futuresMethods: [String: Route] = [
    "order.place": Route(operation: .placeOrder, weight: 0),
    "order.modify": Route(operation: .modifyOrder, weight: 1),
    "order.cancel": Route(operation: .cancelOrder, weight: 1),
    "order.status": Route(operation: .queryOrder, weight: 1),
    "algoOrder.place": Route(operation: .placeAlgo, weight: 0),
    "algoOrder.cancel": Route(operation: .cancelAlgo, weight: 1),
    "account.position": Route(operation: .positionsOld, weight: 5),
    "v2/account.position": Route(operation: .positions, weight: 5),
    "account.balance": Route(operation: .balanceOld, weight: 5),
    "v2/account.balance": Route(operation: .balances, weight: 5),
    "account.status": Route(operation: .accountOld, weight: 5),
    "v2/account.status": Route(operation: .accountInformation, weight: 5),
    "userDataStream.start": Route(operation: .startListenKey, weight: 5, security: .key),
    "userDataStream.ping": Route(operation: .extendListenKey, weight: 1, security: .key),
    "userDataStream.stop": Route(operation: .closeListenKey, weight: 1, security: .key),
    "session.logon": Route(operation: .sessionLogon, weight: 2),
    "session.status": Route(operation: .sessionStatus, weight: 2, security: .open),
    "session.logout": Route(operation: .sessionLogout, weight: 2, security: .open),
  ]

  static func rest(_ method: String, _ path: String, _ product: VenueProduct) -> Route? {
    (product == .spot ? spot : futures)["\(method) \(path)"]
  }

  /// A method of the WebSocket API, with or without the version before it.
  static func method(_ name: String, _ product: VenueProduct) -> Route? {
    switch product {
    case .spot: spotMethods[name.hasPrefix("v3/") ? String(name.dropFirst(3)) : name]
    case .usdm: futuresMethods[name] ?? futuresMethods[name.hasPrefix("v1/") ? String(name.dropFirst(3)) : name]
    }
  }

  /// What a question costs beyond its route: all symbols cost more than one.
  static func weight(of route: Route, _ query: VenueQuery, _ product: VenueProduct) -> Int {
    let hasSymbol = !(query["symbol"] ?? "").isEmpty
    switch (route.operation, product) {
    case (.openOrders, .spot): return hasSymbol ? 6 : 80
    case (.openOrders, .usdm), (.openAlgos, .usdm): return hasSymbol ? 1 : 40
    case (.trades, .spot): return query["orderId"] == nil ? 20 : 5
    case (.forcedOrders, .usdm): return hasSymbol ? 20 : 50
    case (.testOrder, .spot): return query["computeCommissionRates"] == "true" ? 20 : 1
    default: return route.weight
    }
  }
}
