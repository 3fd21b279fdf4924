/// The two markets of Binance that are traded: each has its own hosts, endpoints, symbols and rules.
package enum BinanceProduct: String, Sendable, CaseIterable {
  case spot
  case usdm
}

/// Where a product is reached. Values, so that a test points them at loopback.
package struct BinanceHosts: Equatable, Sendable {
  /// Base of all paths.
  package var rest: String
  package var orders: String
  /// Books and best prices; on spot everything public.
  package var books: String
  /// The public rest: mark prices, trades, candles.
  package var market: String
  /// User data by listen key; on spot it comes over `orders`.
  package var user: String

  /// From the addresses that files name: one for all streams of a product.
  package static func of(_ product: BinanceProduct, rest: String, orders: String, streams: String) -> BinanceHosts {
    product == .spot ? spot(rest, orders, streams) : usdm(rest, orders, streams)
  }

  package init(rest: String, orders: String, books: String, market: String, user: String) {
    self.rest = rest
    self.orders = orders
    self.books = books
    self.market = market
    self.user = user
  }
}

extension BinanceHosts {
  fileprivate static func spot(_ rest: String, _ orders: String, _ streams: String) -> BinanceHosts {
    BinanceHosts(rest: rest, orders: orders, books: streams, market: streams, user: orders)
  }

  /// Since April 2026 a stream on the wrong one of three prefixes gives no data.
  fileprivate static func usdm(_ rest: String, _ orders: String, _ streams: String) -> BinanceHosts {
    BinanceHosts(
      rest: rest, orders: orders, books: streams + "/public", market: streams + "/market",
      user: streams + "/private")
  }
}

/// Which of the exchange's worlds is meant.
package enum BinanceWorld: String, Sendable, CaseIterable {
  case production
  case testnet
  case demo

  package func hosts(of product: BinanceProduct) -> BinanceHosts {
    switch (product, self) {
    case (.spot, .production):
      BinanceHosts.spot(
        "https://api.binance.com", "wss://ws-api.binance.com:443/ws-api/v3", "wss://stream.binance.com:9443")
    case (.spot, .testnet):
      BinanceHosts.spot(
        "https://testnet.binance.vision", "wss://ws-api.testnet.binance.vision/ws-api/v3",
        "wss://stream.testnet.binance.vision")
    case (.spot, .demo):
      BinanceHosts.spot(
        "https://demo-api.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3", "wss://demo-stream.binance.com")
    case (.usdm, .production):
      BinanceHosts.usdm("https://fapi.binance.com", "wss://ws-fapi.binance.com/ws-fapi/v1", "wss://fstream.binance.com")
    case (.usdm, .testnet):
      BinanceHosts.usdm(
        "https://testnet.binancefuture.com", "wss://testnet.binancefuture.com/ws-fapi/v1",
        "wss://fstream.binancefuture.com")
    case (.usdm, .demo):
      BinanceHosts.usdm(
        "https://demo-fapi.binance.com", "wss://testnet.binancefuture.com/ws-fapi/v1",
        "wss://demo-fstream.binance.com")
    }
  }
}
