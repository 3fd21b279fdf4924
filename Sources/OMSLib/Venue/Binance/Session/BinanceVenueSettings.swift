/// Keys by account and product. An object, so that what holds them in locked memory is never copied.
///
/// Owner: the thread that polls the venue.
package protocol BinanceKeys: AnyObject {
  /// `nil`: nothing can be asked for this account on this product.
  func apiKey(of account: AccountID, _ product: BinanceProduct) -> Text64?
  /// Appends the signature as the venue reads it, before any percent-encoding. Only where there is an API key. `false`: it
  /// could not be signed, and nothing may be sent.
  func sign(
    _ payload: UnsafeRawBufferPointer, of account: AccountID, _ product: BinanceProduct,
    into signature: inout ByteBuffer
  ) -> Bool
  /// Whether a connection may be logged on with it, which the venue allows for Ed25519 only.
  func canLogOn(_ account: AccountID, _ product: BinanceProduct) -> Bool
}

/// One product of the exchange as it is configured.
package struct BinanceProductSettings: Equatable, Sendable {
  package var rest: WireAddress
  package var orders: WireAddress
  package var books: WireAddress
  package var market: WireAddress
  package var user: WireAddress
  /// Of `exchangeInfo`: weight per address, orders per account.
  package var limits: [RateLimit]

  /// `nil`: one of the addresses is none.
  package init?(_ hosts: BinanceHosts, limits: [RateLimit]) {
    guard let rest = WireAddress(hosts.rest), let orders = WireAddress(hosts.orders),
      let books = WireAddress(hosts.books), let market = WireAddress(hosts.market),
      let user = WireAddress(hosts.user)
    else { return nil }
    (self.rest, self.orders, self.books, self.market, self.user) = (rest, orders, books, market, user)
    self.limits = limits
  }
}

/// One configured exchange of Binance: which products, where, and with how much patience.
package struct BinanceVenueSettings: Sendable {
  package var venue: VenueID
  package var products: [BinanceProduct: BinanceProductSettings]
  /// `false`: orders go by REST only.
  package var entersOrdersByWebSocket = true
  /// How long the venue may take a request after its time; a part of the fence.
  package var receiveWindowNanoseconds: Int64 = 5_000_000_000
  /// Of each limit, kept for what cancels.
  package var cancelReserve = Rate(e8: 10_000_000)
  /// An order that is not answered for so long has an unknown outcome.
  package var answerPatienceNanoseconds: Int64 = 2_000_000_000
  /// Of questions over HTTP, and of orders that went there.
  package var questionPatienceNanoseconds: Int64 = 10_000_000_000
  package var leastPauseNanoseconds: Int64 = 100_000_000
  package var mostPauseNanoseconds: Int64 = 20_000_000_000

  package init(venue: VenueID, products: [BinanceProduct: BinanceProductSettings]) {
    self.venue = venue
    self.products = products
  }

  /// Between attempts to open one link.
  var backoff: Backoff {
    Backoff(
      leastNanoseconds: leastPauseNanoseconds, mostNanoseconds: mostPauseNanoseconds,
      stableNanoseconds: 60_000_000_000)
  }
}
