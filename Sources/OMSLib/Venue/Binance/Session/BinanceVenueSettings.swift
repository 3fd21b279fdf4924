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

/// An address as settings spell it: whom to connect to, and what stands before every path there.
package struct BinanceAddress: Equatable, Sendable {
  package var host: WireHost
  /// Begins with a slash, or is empty.
  package var path: String

  /// `nil`: it is no address that can be connected to.
  package init?(_ url: String) {
    guard let address = WireAddress(url) else { return nil }
    host = WireHost(name: address.host, port: address.port, isEncrypted: address.isEncrypted)
    path = address.path
  }
}

/// One product of the exchange as it is configured.
package struct BinanceProductSettings: Equatable, Sendable {
  package var rest: BinanceAddress
  package var orders: BinanceAddress
  package var books: BinanceAddress
  package var market: BinanceAddress
  package var user: BinanceAddress
  /// Of `exchangeInfo`: weight per address, orders per account.
  package var limits: [RateLimit]

  /// `nil`: one of the addresses is none.
  package init?(_ hosts: BinanceHosts, limits: [RateLimit]) {
    guard let rest = BinanceAddress(hosts.rest), let orders = BinanceAddress(hosts.orders),
      let books = BinanceAddress(hosts.books), let market = BinanceAddress(hosts.market),
      let user = BinanceAddress(hosts.user)
    else { return nil }
    (self.rest, self.orders, self.books, self.market, self.user) = (rest, orders, books, market, user)
    self.limits = limits
  }

  /// Whose addresses must be known before anything is connected.
  package var hosts: Set<WireHost> { [rest.host, orders.host, books.host, market.host, user.host] }
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
