/// What is read of Binance before an engine trades there.
enum BinanceMarkets {
  /// Of the configured markets those of one product.
  static func of(_ markets: [String], _ product: BinanceProduct) -> [String] {
    markets.filter { name in Symbol(name).map { ($0.contract == .spot) == (product == .spot) } ?? false }
  }

  /// What Binance calls a market, as far as a name can tell.
  static func native(_ market: String) -> String { Symbol(market).map { $0.base + $0.quote } ?? "" }

  /// Rules of `wanted`. Spot lists thousands of symbols and is asked for these alone; where one of them does not exist it
  /// refuses all, and is asked for the whole list.
  static func info(
    _ product: BinanceProduct, _ face: BinanceProductSettings, _ wanted: [String], _ fetch: inout WireFetch
  ) throws(WireFetchFailure) -> BinanceExchangeInfo {
    let endpoint = product == .spot ? SpotEndpoint.exchangeInfo : FuturesEndpoint.exchangeInfo
    let path = face.rest.path + endpoint.path
    if product == .spot, !wanted.isEmpty {
      let list = wanted.map { "%22\(native($0))%22" }.joined(separator: "%2C")
      if let info = try? read(path + "?symbols=%5B\(list)%5D", product, face, &fetch) { return info }
    }
    return try read(path, product, face, &fetch)
  }

  private static func read(
    _ target: String, _ product: BinanceProduct, _ face: BinanceProductSettings, _ fetch: inout WireFetch
  ) throws(WireFetchFailure) -> BinanceExchangeInfo {
    let response = try fetch.get(target, of: face.rest.host).get()
    guard response.status == 200 else {
      let answer = BinanceAnswer(status: response.status, body: response.body)
      let text = answer.error?["msg"]?.string ?? "no reason"
      throw WireFetchFailure(reason: "\(face.rest.host.authority) answers \(response.status): \(text)")
    }
    do throws(BinanceProblem) {
      return try BinanceExchangeInfo(response.body, product)
    } catch {
      throw WireFetchFailure(reason: "\(face.rest.host.authority): \(error)")
    }
  }
}

extension BinanceExchangeInfo {
  /// Its limits as budgets count them.
  var rateLimits: [RateLimit] {
    limits.compactMap { usage in
      guard usage.limit > 0 else { return nil }
      let kind: RateLimit.Kind =
        switch usage.kind {
        case .requestWeight: .weight
        case .orders: .orders
        case .rawRequests: .requests
        }
      return RateLimit(kind, usage.limit, everyNanoseconds: usage.intervalSeconds * 1_000_000_000)
    }
  }
}

extension BinanceHosts {
  /// Where settings lead to; `nil`: they name addresses, and none of this product.
  init?(_ venue: VenueSetting, _ product: BinanceProduct) {
    guard !venue.endpoints.isEmpty else {
      self = (BinanceWorld(rawValue: venue.environment.rawValue) ?? .production).hosts(of: product)
      return
    }
    guard let endpoint = venue.endpoints.first(where: { $0.product == product.rawValue }), !endpoint.rest.isEmpty else {
      return nil
    }
    self = Self.of(product, rest: endpoint.rest, orders: endpoint.orderSocket, streams: endpoint.streams)
  }
}
