package enum BinanceMethod: String, Sendable {
  case get = "GET"
  case post = "POST"
  case put = "PUT"
  case delete = "DELETE"

  /// Parameters of those that change something stand in the body, out of the way of logs that keep request lines.
  package var hasBody: Bool { self == .post || self == .put }
}

/// What a request must carry.
package enum BinanceSecurity: Sendable {
  case open
  /// The key's name, without a signature.
  case key
  case signed
}

/// One thing Binance can be asked for: its REST path, and its name over the WebSocket API where it has one.
package struct BinanceEndpoint: Equatable, Sendable {
  package let method: BinanceMethod
  package let path: String
  package let frame: String?
  package let security: BinanceSecurity

  init(_ method: BinanceMethod, _ path: String, _ frame: String? = nil, _ security: BinanceSecurity = .signed) {
    self.method = method
    self.path = path
    self.frame = frame
    self.security = security
  }
}

/// Endpoints of spot.
package enum SpotEndpoint {
  package static let ping = BinanceEndpoint(.get, "/api/v3/ping", "ping", .open)
  package static let time = BinanceEndpoint(.get, "/api/v3/time", "time", .open)
  package static let exchangeInfo = BinanceEndpoint(.get, "/api/v3/exchangeInfo", "exchangeInfo", .open)
  package static let depth = BinanceEndpoint(.get, "/api/v3/depth", "depth", .open)
  package static let trades = BinanceEndpoint(.get, "/api/v3/trades", "trades.recent", .open)
  package static let aggregateTrades = BinanceEndpoint(.get, "/api/v3/aggTrades", "trades.aggregate", .open)
  package static let klines = BinanceEndpoint(.get, "/api/v3/klines", "klines", .open)
  package static let averagePrice = BinanceEndpoint(.get, "/api/v3/avgPrice", "avgPrice", .open)
  package static let dayTicker = BinanceEndpoint(.get, "/api/v3/ticker/24hr", "ticker.24hr", .open)
  package static let priceTicker = BinanceEndpoint(.get, "/api/v3/ticker/price", "ticker.price", .open)
  package static let bookTicker = BinanceEndpoint(.get, "/api/v3/ticker/bookTicker", "ticker.book", .open)
  package static let executionRules = BinanceEndpoint(.get, "/api/v3/executionRules", nil, .open)
  package static let referencePrice = BinanceEndpoint(.get, "/api/v3/referencePrice", nil, .open)

  package static let place = BinanceEndpoint(.post, "/api/v3/order", "order.place")
  package static let tryPlace = BinanceEndpoint(.post, "/api/v3/order/test", "order.test")
  package static let cancel = BinanceEndpoint(.delete, "/api/v3/order", "order.cancel")
  package static let replace = BinanceEndpoint(.post, "/api/v3/order/cancelReplace", "order.cancelReplace")
  package static let reduce = BinanceEndpoint(.put, "/api/v3/order/amend/keepPriority", "order.amend.keepPriority")
  package static let cancelAll = BinanceEndpoint(.delete, "/api/v3/openOrders", "openOrders.cancelAll")
  package static let order = BinanceEndpoint(.get, "/api/v3/order", "order.status")
  package static let openOrders = BinanceEndpoint(.get, "/api/v3/openOrders", "openOrders.status")
  package static let allOrders = BinanceEndpoint(.get, "/api/v3/allOrders", "allOrders")
  package static let amendments = BinanceEndpoint(.get, "/api/v3/order/amendments", "order.amendments")
  package static let placeOco = BinanceEndpoint(.post, "/api/v3/orderList/oco", "orderList.place.oco")
  package static let placeOto = BinanceEndpoint(.post, "/api/v3/orderList/oto", "orderList.place.oto")
  package static let placeOtoco = BinanceEndpoint(.post, "/api/v3/orderList/otoco", "orderList.place.otoco")
  package static let cancelList = BinanceEndpoint(.delete, "/api/v3/orderList", "orderList.cancel")
  package static let orderList = BinanceEndpoint(.get, "/api/v3/orderList", "orderList.status")
  package static let openLists = BinanceEndpoint(.get, "/api/v3/openOrderList", "openOrderLists.status")
  package static let allLists = BinanceEndpoint(.get, "/api/v3/allOrderList", "allOrderLists")

  package static let account = BinanceEndpoint(.get, "/api/v3/account", "account.status")
  package static let commission = BinanceEndpoint(.get, "/api/v3/account/commission", "account.commission")
  package static let myTrades = BinanceEndpoint(.get, "/api/v3/myTrades", "myTrades")
  package static let orderCounts = BinanceEndpoint(.get, "/api/v3/rateLimit/order", "account.rateLimits.orders")
  package static let preventedMatches = BinanceEndpoint(.get, "/api/v3/myPreventedMatches", "myPreventedMatches")
  package static let allocations = BinanceEndpoint(.get, "/api/v3/myAllocations", "myAllocations")
  package static let myFilters = BinanceEndpoint(.get, "/api/v3/myFilters", "myFilters")

  /// What the calling key may do; of the wallet's API, which the test networks do not have.
  package static let keyPermissions = BinanceEndpoint(.get, "/sapi/v1/account/apiRestrictions")

  /// These exist over the WebSocket API only.
  package static let logOn = BinanceEndpoint(.post, "", "session.logon")
  package static let logOut = BinanceEndpoint(.post, "", "session.logout", .open)
  package static let sessionStatus = BinanceEndpoint(.post, "", "session.status", .open)
  package static let subscribe = BinanceEndpoint(.post, "", "userDataStream.subscribe", .open)
  package static let subscribeSigned = BinanceEndpoint(.post, "", "userDataStream.subscribe.signature")
  package static let unsubscribe = BinanceEndpoint(.post, "", "userDataStream.unsubscribe", .open)
  package static let subscriptions = BinanceEndpoint(.post, "", "session.subscriptions", .open)

  package static let all: [BinanceEndpoint] = [
    ping, time, exchangeInfo, depth, trades, aggregateTrades, klines, averagePrice, dayTicker, priceTicker, bookTicker,
    executionRules, referencePrice, place, tryPlace, cancel, replace, reduce, cancelAll, order, openOrders, allOrders,
    amendments, placeOco, placeOto, placeOtoco, cancelList, orderList, openLists, allLists, account, commission,
    myTrades, orderCounts, preventedMatches, allocations, myFilters, keyPermissions, logOn, logOut, sessionStatus,
    subscribe, subscribeSigned, unsubscribe, subscriptions,
  ]
}

/// Endpoints of USD-M futures. No batch, no cancel-all and no countdown over the WebSocket API.
package enum FuturesEndpoint {
  package static let ping = BinanceEndpoint(.get, "/fapi/v1/ping", nil, .open)
  package static let time = BinanceEndpoint(.get, "/fapi/v1/time", nil, .open)
  package static let exchangeInfo = BinanceEndpoint(.get, "/fapi/v1/exchangeInfo", nil, .open)
  package static let depth = BinanceEndpoint(.get, "/fapi/v1/depth", "depth", .open)
  package static let klines = BinanceEndpoint(.get, "/fapi/v1/klines", nil, .open)
  package static let indexKlines = BinanceEndpoint(.get, "/fapi/v1/indexPriceKlines", nil, .open)
  package static let markKlines = BinanceEndpoint(.get, "/fapi/v1/markPriceKlines", nil, .open)
  package static let premiumIndex = BinanceEndpoint(.get, "/fapi/v1/premiumIndex", nil, .open)
  package static let fundingRate = BinanceEndpoint(.get, "/fapi/v1/fundingRate", nil, .open)
  package static let fundingInfo = BinanceEndpoint(.get, "/fapi/v1/fundingInfo", nil, .open)
  package static let dayTicker = BinanceEndpoint(.get, "/fapi/v1/ticker/24hr", nil, .open)
  package static let priceTicker = BinanceEndpoint(.get, "/fapi/v2/ticker/price", "ticker.price", .open)
  package static let bookTicker = BinanceEndpoint(.get, "/fapi/v1/ticker/bookTicker", "ticker.book", .open)
  package static let openInterest = BinanceEndpoint(.get, "/fapi/v1/openInterest", nil, .open)
  package static let trades = BinanceEndpoint(.get, "/fapi/v1/trades", nil, .open)
  package static let aggregateTrades = BinanceEndpoint(.get, "/fapi/v1/aggTrades", nil, .open)

  package static let place = BinanceEndpoint(.post, "/fapi/v1/order", "order.place")
  package static let tryPlace = BinanceEndpoint(.post, "/fapi/v1/order/test")
  package static let modify = BinanceEndpoint(.put, "/fapi/v1/order", "order.modify")
  package static let cancel = BinanceEndpoint(.delete, "/fapi/v1/order", "order.cancel")
  package static let placeBatch = BinanceEndpoint(.post, "/fapi/v1/batchOrders")
  package static let modifyBatch = BinanceEndpoint(.put, "/fapi/v1/batchOrders")
  package static let cancelBatch = BinanceEndpoint(.delete, "/fapi/v1/batchOrders")
  package static let cancelAll = BinanceEndpoint(.delete, "/fapi/v1/allOpenOrders")
  package static let countdown = BinanceEndpoint(.post, "/fapi/v1/countdownCancelAll")
  package static let order = BinanceEndpoint(.get, "/fapi/v1/order", "order.status")
  package static let openOrder = BinanceEndpoint(.get, "/fapi/v1/openOrder")
  package static let openOrders = BinanceEndpoint(.get, "/fapi/v1/openOrders")
  package static let allOrders = BinanceEndpoint(.get, "/fapi/v1/allOrders")
  package static let myTrades = BinanceEndpoint(.get, "/fapi/v1/userTrades")
  package static let amendments = BinanceEndpoint(.get, "/fapi/v1/orderAmendment")
  package static let forcedOrders = BinanceEndpoint(.get, "/fapi/v1/forceOrders")
  package static let orderCounts = BinanceEndpoint(.get, "/fapi/v1/rateLimit/order")

  package static let placeAlgo = BinanceEndpoint(.post, "/fapi/v1/algoOrder", "algoOrder.place")
  package static let cancelAlgo = BinanceEndpoint(.delete, "/fapi/v1/algoOrder", "algoOrder.cancel")
  package static let cancelAllAlgo = BinanceEndpoint(.delete, "/fapi/v1/algoOpenOrders")
  package static let algoOrder = BinanceEndpoint(.get, "/fapi/v1/algoOrder")
  package static let openAlgoOrders = BinanceEndpoint(.get, "/fapi/v1/openAlgoOrders")
  package static let allAlgoOrders = BinanceEndpoint(.get, "/fapi/v1/allAlgoOrders")

  package static let account = BinanceEndpoint(.get, "/fapi/v3/account", "v2/account.status")
  package static let balance = BinanceEndpoint(.get, "/fapi/v3/balance", "v2/account.balance")
  package static let positions = BinanceEndpoint(.get, "/fapi/v3/positionRisk", "v2/account.position")
  package static let accountConfig = BinanceEndpoint(.get, "/fapi/v1/accountConfig")
  package static let symbolConfig = BinanceEndpoint(.get, "/fapi/v1/symbolConfig")
  package static let setLeverage = BinanceEndpoint(.post, "/fapi/v1/leverage")
  package static let setMarginType = BinanceEndpoint(.post, "/fapi/v1/marginType")
  package static let setPositionMode = BinanceEndpoint(.post, "/fapi/v1/positionSide/dual")
  package static let positionMode = BinanceEndpoint(.get, "/fapi/v1/positionSide/dual")
  package static let setMultiAssets = BinanceEndpoint(.post, "/fapi/v1/multiAssetsMargin")
  package static let multiAssets = BinanceEndpoint(.get, "/fapi/v1/multiAssetsMargin")
  package static let moveMargin = BinanceEndpoint(.post, "/fapi/v1/positionMargin")
  package static let marginMoves = BinanceEndpoint(.get, "/fapi/v1/positionMargin/history")
  package static let income = BinanceEndpoint(.get, "/fapi/v1/income")
  package static let commission = BinanceEndpoint(.get, "/fapi/v1/commissionRate")
  package static let brackets = BinanceEndpoint(.get, "/fapi/v1/leverageBracket")
  package static let setFeeBurn = BinanceEndpoint(.post, "/fapi/v1/feeBurn")
  package static let feeBurn = BinanceEndpoint(.get, "/fapi/v1/feeBurn")
  package static let adlQuantile = BinanceEndpoint(.get, "/fapi/v1/adlQuantile")

  package static let listen = BinanceEndpoint(.post, "/fapi/v1/listenKey", "userDataStream.start", .key)
  package static let keepListening = BinanceEndpoint(.put, "/fapi/v1/listenKey", "userDataStream.ping", .key)
  package static let stopListening = BinanceEndpoint(.delete, "/fapi/v1/listenKey", "userDataStream.stop", .key)
  package static let logOn = BinanceEndpoint(.post, "", "session.logon")
  package static let logOut = BinanceEndpoint(.post, "", "session.logout", .open)
  package static let sessionStatus = BinanceEndpoint(.post, "", "session.status", .open)

  package static let all: [BinanceEndpoint] = [
    ping, time, exchangeInfo, depth, klines, indexKlines, markKlines, premiumIndex, fundingRate, fundingInfo,
    dayTicker, priceTicker, bookTicker, openInterest, trades, aggregateTrades, place, tryPlace, modify, cancel,
    placeBatch, modifyBatch, cancelBatch, cancelAll, countdown, order, openOrder, openOrders, allOrders, myTrades,
    amendments, forcedOrders, orderCounts, placeAlgo, cancelAlgo, cancelAllAlgo, algoOrder, openAlgoOrders,
    allAlgoOrders, account, balance, positions, accountConfig, symbolConfig, setLeverage, setMarginType,
    setPositionMode, positionMode, setMultiAssets, multiAssets, moveMargin, marginMoves, income, commission, brackets,
    setFeeBurn, feeBurn, adlQuantile, listen, keepListening, stopListening, logOn, logOut, sessionStatus,
  ]
}
