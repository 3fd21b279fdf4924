// Questions in the words of the product, and what they cost.

extension BinanceQuestion {
  /// The symbol that is asked about.
  var place: Int? {
    switch self {
    case .openOrders(_, let place), .openAlgos(let place): place
    case .trades(let place, _), .orders(let place, _), .algos(let place, _), .order(let place, _),
      .setLeverage(let place), .setMarginMode(let place), .countdown(let place):
      place
    case .account, .positions, .symbolSettings, .accountSettings, .funding: nil
    }
  }

  func product(_ scope: BinanceJobScope) -> BinanceProduct {
    switch self {
    case .openOrders(let product, _), .account(let product): product
    default: place.map { scope.symbols[$0].product } ?? .usdm
    }
  }

  /// Fills the call; returns its weight, or `nil` where it is too late for it.
  func write(_ scope: BinanceJobScope, now: EngineTime, into call: inout BinanceCall) -> Int64? {
    let name = place.map { scope.symbols[$0].instrument.native } ?? Text32()
    let isSpot = product(scope) == .spot
    switch self {
    case .openOrders(_, let place):
      if isSpot {
        SpotEncoder.openOrders(place == nil ? nil : name, into: &call)
        return Self.openOrders(.spot, ofAll: place == nil)
      }
      FuturesEncoder.openOrders(place == nil ? nil : name, into: &call)
      return Self.openOrders(.usdm, ofAll: place == nil)
    case .openAlgos(let place):
      FuturesEncoder.openOrders(place == nil ? nil : name, isAlgo: true, into: &call)
      return Self.openOrders(.usdm, ofAll: place == nil)
    case .trades(_, let page): return Self.writeTrades(page, name, isSpot, into: &call)
    case .funding(let page):
      let (_, from, to) = page.bounds
      FuturesEncoder.income("FUNDING_FEE", symbol: nil, since: from, until: to, into: &call)
      return 30
    case .orders(_, let page): return Self.writeOrders(page, name, isSpot, into: &call)
    case .algos(_, let page):
      let (number, from, to) = page.bounds
      FuturesEncoder.allOrders(name, isAlgo: true, from: number, since: from, until: to, into: &call)
      return 5
    case .order(_, let number):
      call.begin(isSpot ? SpotEndpoint.order : FuturesEndpoint.order)
      call.parameters.add("orderId", Int64(clamping: number.low))
      call.parameters.add("symbol", name)
      return isSpot ? 4 : 1
    case .account(let product):
      if product == .spot {
        SpotEncoder.account(into: &call, omitsEmpty: true)
        return 20
      }
      return ask(FuturesEndpoint.account, into: &call)
    case .positions: return ask(FuturesEndpoint.positions, into: &call)
    case .symbolSettings: return ask(FuturesEndpoint.symbolConfig, into: &call)
    case .accountSettings: return ask(FuturesEndpoint.accountConfig, into: &call)
    case .setLeverage:
      FuturesEncoder.setLeverage(scope.request.leverage, name, into: &call)
      return 1
    case .setMarginMode:
      FuturesEncoder.setMarginMode(MarginMode(rawValue: scope.request.marginModeRaw) ?? .cross, name, into: &call)
      return 1
    case .countdown:
      guard let length = Self.countdown(scope.request, now) else { return nil }
      FuturesEncoder.countdown(milliseconds: length, name, into: &call)
      return 10
    }
  }

  /// Of one symbol, or of all of them at once.
  static func openOrders(_ product: BinanceProduct, ofAll: Bool) -> Int64 {
    switch product {
    case .spot: ofAll ? 80 : 6
    case .usdm: ofAll ? 40 : 1
    }
  }

  private func ask(_ endpoint: BinanceEndpoint, into call: inout BinanceCall) -> Int64 {
    FuturesEncoder.ask(endpoint, nil, into: &call)
    return 5
  }

  private static func writeTrades(
    _ page: BinancePages.Page, _ name: Text32, _ isSpot: Bool, into call: inout BinanceCall
  ) -> Int64 {
    let (number, from, to) = page.bounds
    if isSpot {
      SpotEncoder.myTrades(name, from: number, since: from, until: to, into: &call)
      return 20
    }
    FuturesEncoder.myTrades(name, from: number, since: from, until: to, into: &call)
    return 5
  }

  private static func writeOrders(
    _ page: BinancePages.Page, _ name: Text32, _ isSpot: Bool, into call: inout BinanceCall
  ) -> Int64 {
    let (number, from, to) = page.bounds
    if isSpot {
      SpotEncoder.allOrders(name, from: number, since: from, until: to, into: &call)
      return 20
    }
    FuturesEncoder.allOrders(name, from: number, since: from, until: to, into: &call)
    return 5
  }

  /// How long the countdown is from now on: 0 takes it back, so what is over is never said.
  private static func countdown(_ request: VenueRequest, _ now: EngineTime) -> Int64? {
    guard request.signBy != .never else { return 0 }
    let left = (request.signBy.nanoseconds - now.nanoseconds) / 1_000_000
    return left > 0 ? left : nil
  }
}

extension BinancePages.Page {
  /// As the encoders take them; what is not said is zero.
  fileprivate var bounds: (number: VenueReference, from: UTCTime, to: UTCTime) {
    switch self {
    case .newest: (.none, .zero, .zero)
    case .window(let from, let to):
      (.none, UTCTime(nanoseconds: from * 1_000_000), UTCTime(nanoseconds: to * 1_000_000))
    case .behind(let number): (VenueReference(number), .zero, .zero)
    }
  }
}
