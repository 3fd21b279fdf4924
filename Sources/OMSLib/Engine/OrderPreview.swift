/// What a person wants to see of an order before it leaves, and what a dry run shows: its size in money, how far it is from
/// the market, what it would cost, and what the limits leave behind it.
final class OrderPreview {
  struct Step {
    var account: AccountID
    var rules: Instrument
    var side: Side
    var action = "order"
    var quantity: Int64 = 0
    /// `nil`: at the market.
    var price: Int64?
    var reason = "order"
    /// It opens nothing: the limits on exposure do not count it.
    var isReducing = false
    /// The part that is within the limits already.
    var reserved: Money?
    var number = 1
    var count = 1

    init(account: AccountID, rules: Instrument, side: Side) {
      self.account = account
      self.rules = rules
      self.side = side
    }
  }

  /// What the market makes of it.
  struct Estimate {
    var price: Int64?
    var notional: Money?
    var fee: Money?
    /// Against the middle of the book; what the order pays is positive.
    var costBps: Money?
    /// Of its price to the last one.
    var distancePercent: Money?
    var last: Int64?
  }

  private let order: Step
  private let tops: RowCopy<TopOfBook>
  private let limits: RowCopy<LimitCell>
  private var limitsAreRead = false
  private var topsAreRead = false

  init(_ step: Step, _ agent: ControlAgent) {
    order = step
    tops = RowCopy(.tops, first: step.rules.id.index, limit: 1)
    let mode = agent.view.names.account(step.account)?.mode ?? .live
    limits = RowCopy(
      .limits, first: 0, limit: LimitKind.allCases.count,
      argument: UInt64(LimitScope.account.rawValue) << 40 | UInt64(mode.rawValue) << 32
        | UInt64(step.account.number))
  }

  func wants(_ token: UInt64) -> Bool { tops.wants(token) || limits.wants(token) }

  /// `true`: all is there that is asked for.
  func step(_ agent: ControlAgent) -> Bool {
    if !topsAreRead { topsAreRead = tops.step(agent) }
    if !limitsAreRead { limitsAreRead = limits.step(agent) }
    return topsAreRead && limitsAreRead
  }

  func plan(_ agent: ControlAgent) -> [UInt8] {
    let estimate = Self.estimate(order, tops.rows.first)
    return StateObjects(names: agent.view.names, utc: agent.utc).plan(
      order, estimate, headroom: headroom(estimate, agent))
  }

  static func notional(_ quantity: Int64, _ price: Int64, _ rules: Instrument) -> Money? {
    Money(Quantity(mantissa: quantity), scale: Int(rules.quantityScale))
      .times(Price(mantissa: price), scale: Int(rules.priceScale))
  }

  static func estimate(_ step: Step, _ top: TopOfBook?) -> Estimate {
    var estimate = Estimate()
    guard let top, top.isValid != 0, top.bid > 0, top.ask > 0 else {
      estimate.notional = step.price.flatMap { notional(step.quantity, $0, step.rules) }
      return estimate
    }
    let touch = step.side == .buy ? top.ask : top.bid
    let takes = step.price.map { step.side == .buy ? $0 >= touch : $0 <= touch } ?? true
    let price = takes ? touch : step.price ?? touch
    estimate.price = price
    estimate.notional = notional(step.quantity, price, step.rules)
    estimate.fee = estimate.notional?.times(takes ? step.rules.taker : step.rules.maker)?.rounded(to: 8, .halfEven)
    let scale = Int(step.rules.priceScale)
    let middle = Money(
      units: (Money(Price(mantissa: top.bid), scale: scale).units
        + Money(Price(mantissa: top.ask), scale: scale).units) / 2)
    estimate.costBps = relative(price, to: middle, scale, times: step.side == .buy ? 10_000 : -10_000)
    if top.last > 0 {
      estimate.last = top.last
      let last = Money(Price(mantissa: top.last), scale: scale)
      estimate.distancePercent = relative(step.price ?? price, to: last, scale, times: 100)
    }
    return estimate
  }

  private static func relative(_ price: Int64, to base: Money, _ scale: Int, times factor: Int64) -> Money? {
    let distance = Money(Price(mantissa: price), scale: scale) - base
    return distance.over(base)?.times(Money(factor))?.rounded(to: 4, .halfEven)
  }

  /// What the tightest of the account's limits in money leaves when the order is in; `nil` without any, or where the order
  /// is in another currency.
  private func headroom(_ estimate: Estimate, _ agent: ControlAgent) -> Money? {
    guard let notional = estimate.notional,
      agent.view.names.asset(order.rules.quote)?.name == agent.settings.reportCurrency
    else { return nil }
    var least: Money?
    for cell in limits.rows where cell.value < Money(units: .max / 4) {
      let left: Money
      switch LimitKind(rawValue: cell.kindRaw) {
      case .maxOrderNotional: left = cell.value - notional
      case .maxGrossNotional, .maxNetNotional:
        left = cell.value - (cell.use ?? .zero) - (order.isReducing ? .zero : notional - (order.reserved ?? .zero))
      default: continue
      }
      least = least.map { min($0, left) } ?? left
    }
    return least
  }
}
