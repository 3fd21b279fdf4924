package import OMSLib

/// What the server has for its connections, in order.
package enum VenueOutput: Sendable {
  case response(VenueLink, HTTPResponse)
  /// The request asks for a WebSocket and gets one: the connection speaks frames behind the answer to it.
  case upgrade(VenueLink, HTTPRequest)
  /// A text message.
  case message(VenueLink, [UInt8])
  case ping(VenueLink, [UInt8])
  /// A close frame with this code, then the end.
  case closeSocket(VenueLink, UInt16)
  /// The end without a word, as when a link breaks.
  case abort(VenueLink)
}

/// One account at the exchange and the key that speaks for it.
package struct VenueCredential: Equatable, Sendable {
  package let name: String
  /// The exchange's own number of the account.
  package let account: UInt16
  package let key: String
  package let secret: String
}

/// How a server is set up.
package struct VenueOptions: Sendable {
  /// Main account and 200 sub-accounts.
  package static let accountsMax = 201

  package var seed: UInt64 = 1
  package var accounts = 2
  /// Whether the runner reports pongs; only then are connections closed for want of them.
  package var hearsPongs = false
  /// How long after its timestamp a request can be carried out at most, whatever window it asks for; `nil`: as it asks.
  package var fenceNanoseconds: Int64?
  package static let limitFactors = 1...1_000
  /// How many times the weights and orders that the real one allows.
  package var limitFactor = 1

  package init() {}

  /// The market of `oms run`, and `accounts` customers who are strangers to each other, with funds in both wallets.
  package var setup: ExchangeSetup {
    var setup = ExchangeSetup()
    setup.addStandardMarket()
    for number in 1...max(accounts, 1) {
      let account = setup.addAccount(Self.name(of: number), isStranger: true)
      setup.deposit("1000000", "USDT", into: account)
      setup.deposit("20", "BTC", into: account)
      setup.deposit("200", "ETH", into: account)
      setup.deposit("1000000", "USDT", into: account, .futures)
    }
    return setup
  }

  /// Rules of the house: commissions are taken from what is received, and orders are counted by the surface.
  package var exchange: ExchangeOptions {
    var options = ExchangeOptions()
    options.seed = seed
    options.chargesBase = 1
    options.ordersPerTenSeconds = 100_000
    options.ordersPerDay = 100_000_000
    return options
  }

  package static func name(of number: Int) -> String { number == 1 ? "main" : "sub\(number - 1)" }
}
