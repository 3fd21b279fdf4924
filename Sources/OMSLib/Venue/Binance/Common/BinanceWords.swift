// Words of Binance's messages. One that is not known is a value of its own, which no one takes for another.

/// What happened to an order.
package enum BinanceExecution: String, Sendable, CaseIterable, BitwiseCopyable {
  case new = "NEW"
  case cancelled = "CANCELED"
  case replaced = "REPLACED"
  case amended = "AMENDMENT"
  case rejected = "REJECTED"
  case trade = "TRADE"
  case expired = "EXPIRED"
  case prevented = "TRADE_PREVENTION"
  /// A liquidation, or a reduction of the account on somebody's behalf.
  case calculated = "CALCULATED"
  case unknown = ""
}

/// What an order is.
package enum BinanceStatus: String, Sendable, CaseIterable, BitwiseCopyable {
  case new = "NEW"
  case pendingNew = "PENDING_NEW"
  case partiallyFilled = "PARTIALLY_FILLED"
  case filled = "FILLED"
  case cancelled = "CANCELED"
  case pendingCancel = "PENDING_CANCEL"
  case rejected = "REJECTED"
  case expired = "EXPIRED"
  case expiredInMatch = "EXPIRED_IN_MATCH"
  case insurance = "NEW_INSURANCE"
  case adl = "NEW_ADL"
  case unknown = ""

  /// In the core's words; `nil` for one that is not known.
  package var reported: VenueEvent.ReportedStatus? {
    switch self {
    case .new, .pendingNew, .partiallyFilled, .pendingCancel, .insurance, .adl: .open
    case .filled: .filled
    case .cancelled: .cancelled
    case .expired, .expiredInMatch: .expired
    case .rejected: .rejected
    case .unknown: nil
    }
  }

  package var isDone: Bool {
    switch self {
    case .filled, .cancelled, .rejected, .expired, .expiredInMatch: true
    default: false
    }
  }
}

/// Kinds of orders of both products.
package enum BinanceOrderType: String, Sendable, CaseIterable, BitwiseCopyable {
  case limit = "LIMIT"
  case limitMaker = "LIMIT_MAKER"
  case market = "MARKET"
  case stopLoss = "STOP_LOSS"
  case stopLossLimit = "STOP_LOSS_LIMIT"
  case takeProfit = "TAKE_PROFIT"
  case takeProfitLimit = "TAKE_PROFIT_LIMIT"
  case stop = "STOP"
  case stopMarket = "STOP_MARKET"
  case takeProfitMarket = "TAKE_PROFIT_MARKET"
  case trailingStopMarket = "TRAILING_STOP_MARKET"
  case liquidation = "LIQUIDATION"
  case unknown = ""

  /// `TAKE_PROFIT` is a market order on spot and a limit order on futures.
  package func kind(_ product: BinanceProduct) -> OrderKind? {
    switch self {
    case .limit, .limitMaker, .liquidation: .limit
    case .market: .market
    case .stopLoss, .stopMarket: .stopMarket
    case .stopLossLimit, .stop: .stopLimit
    case .takeProfit: product == .spot ? .takeProfitMarket : .takeProfitLimit
    case .takeProfitMarket: .takeProfitMarket
    case .takeProfitLimit: .takeProfitLimit
    case .trailingStopMarket: .trailingStop
    case .unknown: nil
    }
  }
}

package enum BinanceTimeInForce: String, Sendable, CaseIterable, BitwiseCopyable {
  case gtc = "GTC"
  case ioc = "IOC"
  case fok = "FOK"
  case gtd = "GTD"
  case gtx = "GTX"
  case rpi = "RPI"
  case unknown = ""

  package var timeInForce: TimeInForce? {
    switch self {
    case .gtc, .gtx, .rpi: .gtc
    case .ioc: .ioc
    case .fok: .fok
    case .gtd: .gtd
    case .unknown: nil
    }
  }

  package var isPostOnly: Bool { self == .gtx || self == .rpi }
}

/// Of an order of the algo service.
package enum BinanceAlgoStatus: String, Sendable, CaseIterable, BitwiseCopyable {
  case new = "NEW"
  case triggering = "TRIGGERING"
  case triggered = "TRIGGERED"
  case finished = "FINISHED"
  case cancelled = "CANCELED"
  case expired = "EXPIRED"
  case rejected = "REJECTED"
  case unknown = ""
}

/// Words that messages are full of, found without a `String`.
protocol BinanceWord: RawRepresentable<String>, CaseIterable {
  static var unknown: Self { get }
}

extension BinanceExecution: BinanceWord {}
extension BinanceStatus: BinanceWord {}
extension BinanceOrderType: BinanceWord {}
extension BinanceTimeInForce: BinanceWord {}
extension BinanceAlgoStatus: BinanceWord {}

extension BinanceWord {
  init(word: String) { self = word.isEmpty ? .unknown : Self(rawValue: word) ?? .unknown }
}

/// How an execution or status begins, and how long it is, tells it from all others; the rest is compared.
enum WordScan {
  static func execution(_ scan: borrowing FlatScan, _ range: Range<Int>) -> BinanceExecution? {
    if scan.equals(range, "TRADE") { return .trade }
    if scan.equals(range, "NEW") { return .new }
    if scan.equals(range, "CANCELED") { return .cancelled }
    if scan.equals(range, "EXPIRED") { return .expired }
    if scan.equals(range, "AMENDMENT") { return .amended }
    if scan.equals(range, "REPLACED") { return .replaced }
    if scan.equals(range, "REJECTED") { return .rejected }
    if scan.equals(range, "CALCULATED") { return .calculated }
    return scan.equals(range, "TRADE_PREVENTION") ? .prevented : nil
  }

  static func status(_ scan: borrowing FlatScan, _ range: Range<Int>) -> BinanceStatus? {
    if scan.equals(range, "FILLED") { return .filled }
    if scan.equals(range, "NEW") { return .new }
    if scan.equals(range, "PARTIALLY_FILLED") { return .partiallyFilled }
    if scan.equals(range, "CANCELED") { return .cancelled }
    if scan.equals(range, "EXPIRED") { return .expired }
    if scan.equals(range, "EXPIRED_IN_MATCH") { return .expiredInMatch }
    return scan.equals(range, "REJECTED") ? .rejected : nil
  }

  /// Conditional kinds are rare enough for the full reader, but for those of spot.
  static func type(_ scan: borrowing FlatScan, _ range: Range<Int>) -> BinanceOrderType? {
    if scan.equals(range, "LIMIT") { return .limit }
    if scan.equals(range, "MARKET") { return .market }
    if scan.equals(range, "LIMIT_MAKER") { return .limitMaker }
    if scan.equals(range, "STOP_LOSS") { return .stopLoss }
    if scan.equals(range, "STOP_LOSS_LIMIT") { return .stopLossLimit }
    if scan.equals(range, "TAKE_PROFIT") { return .takeProfit }
    return scan.equals(range, "TAKE_PROFIT_LIMIT") ? .takeProfitLimit : nil
  }

  static func timeInForce(_ scan: borrowing FlatScan, _ range: Range<Int>) -> BinanceTimeInForce? {
    if scan.equals(range, "GTC") { return .gtc }
    if scan.equals(range, "IOC") { return .ioc }
    if scan.equals(range, "GTX") { return .gtx }
    if scan.equals(range, "FOK") { return .fok }
    return scan.equals(range, "GTD") ? .gtd : nil
  }

  static func side(_ scan: borrowing FlatScan, _ range: Range<Int>) -> Side? {
    if scan.equals(range, "BUY") { return .buy }
    return scan.equals(range, "SELL") ? .sell : nil
  }
}
