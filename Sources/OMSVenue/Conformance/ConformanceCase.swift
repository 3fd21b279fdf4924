package import OMSLib

/// By which way orders are entered.
package enum ConformanceWay: String, Sendable, CaseIterable {
  case socket
  case rest
}

/// One thing that any venue has to live through, as data: what happens between an account and an exchange, and what has to
/// be told of it.
///
/// Prices are in whole units of the quote, quantities in thousandths of the base, so that a case reads the same on every
/// product. Orders go by short names.
package struct ConformanceCase: Sendable {
  package let number: Int
  package let title: String
  package var products = VenueProduct.allCases
  package var ways = ConformanceWay.allCases
  /// It needs a network that fails on command, or more time than a person has.
  package var needsMemory = false
  /// The account's part in the end, when everything is healed again: whether it is up.
  package var endsUp = true
  package var steps: [ConformanceStep]

  package init(
    _ number: Int, _ title: String, _ products: [VenueProduct] = VenueProduct.allCases,
    ways: [ConformanceWay] = ConformanceWay.allCases, needsMemory: Bool = false, endsUp: Bool = true,
    steps: [ConformanceStep]...
  ) {
    self.number = number
    self.title = title
    self.products = products
    self.ways = ways
    self.needsMemory = needsMemory
    self.endsUp = endsUp
    self.steps = steps.flatMap { $0 }
  }
}

/// An order as a case asks for it.
package struct ConformanceOrder: Sendable {
  package var name: String
  package var side: Side
  package var quantity: Int64
  /// 0: a market order.
  package var price: Int64
  package var kind: OrderKind
  package var timeInForce = TimeInForce.gtc
  package var stopPrice: Int64 = 0
  package var flags: OrderFlags = []
  package var prevention = SelfTradePrevention.none
  /// Which of the accounts under test.
  package var account: UInt16 = 1
  /// How long it may wait before it is signed.
  package var patienceMilliseconds: Int64 = 1_000
}

/// One step of a case.
package enum ConformanceStep: Sendable {
  case place(ConformanceOrder)
  case cancel(String)
  case amend(String, quantity: Int64, price: Int64)
  /// Asks for an order until there is an answer.
  case query(String)
  /// Asks about the account until there is an answer.
  case ask(VenueRequest.Kind)
  case setLeverage(UInt16)
  /// All orders fall when this passes without another of these.
  case deadman(milliseconds: Int64)
  /// The exchange itself trades with a resting order: so much of it, at its price.
  case fill(String, quantity: Int64)
  /// The same, if the order is there.
  case fillIfThere(String, quantity: Int64)
  /// Somebody's order rests there.
  case level(Side, quantity: Int64, price: Int64)
  case trouble(VenueTrouble)
  case network(ConformanceNetworkStep)
  case exchange(ConformanceExchangeStep)
  case pass(milliseconds: Int64)
  /// All of these are told by then, in whatever order, each as often as it stands here, beyond what was asked for before.
  case hear([String], within: Int64)
  /// None of these has been told since the case began.
  case never([String])
  /// Whether the account can trade, now or at the latest then.
  case isUp(Bool, within: Int64)
  /// Best prices and levels are the exchange's by then, and stay so.
  case sees(within: Int64)
  /// Nothing is to be read of the market by then.
  case isBlind(within: Int64)
  /// How many of the names of orders are at the exchange.
  case holds([String: Int])
  /// So many requests have reached the exchange since this was asked last; `nil`: whatever it is.
  case asked(Int?)
}

/// What the network does.
package enum ConformanceNetworkStep: Sendable {
  case freeze(VenueHost.Use, WireDirection)
  case thaw(VenueHost.Use, WireDirection)
  case reset(VenueHost.Use)
  case cut(VenueHost.Use, WireDirection, bytes: Int)
  case mood(VenueHost.Use, HostMood)
  case faults(WireFaults)
}

/// What the exchange does.
package enum ConformanceExchangeStep: Sendable {
  case skew(milliseconds: Int64)
  case endUserData
  /// The sockets whose path begins like that.
  case closeSockets(String, code: UInt16)
  case resetAll
  case announceShutdown
  case halt(Bool)
  /// So much of the quote.
  case deposit(Int64)
  case moveTo(price: Int64)
}

// MARK: - As cases say it

extension ConformanceStep {
  package static func limit(
    _ name: String, _ side: Side, _ quantity: Int64, at price: Int64,
    _ change: (inout ConformanceOrder) -> Void = { _ in }
  ) -> ConformanceStep {
    var order = ConformanceOrder(name: name, side: side, quantity: quantity, price: price, kind: .limit)
    change(&order)
    return .place(order)
  }

  package static func market(
    _ name: String, _ side: Side, _ quantity: Int64, _ change: (inout ConformanceOrder) -> Void = { _ in }
  ) -> ConformanceStep {
    var order = ConformanceOrder(name: name, side: side, quantity: quantity, price: 0, kind: .market)
    order.timeInForce = .ioc
    change(&order)
    return .place(order)
  }

  /// Within a second.
  package static func hear(_ told: String...) -> ConformanceStep { .hear(told, within: 1_000) }
  package static func never(_ told: String...) -> ConformanceStep { .never(told) }
}
