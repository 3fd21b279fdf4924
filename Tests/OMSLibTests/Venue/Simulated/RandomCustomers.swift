@testable import OMSLib

/// Customers of an exchange who do whatever comes to their mind, possible or not; and a market that jumps now and then.
struct RandomCustomers {
  private static let symbols = ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP"]
  private static let accounts = ["sim.main", "sim.sub01", "sim.sub02", "sim.sub03"]

  private var random: SplitMix64
  private var ids: [(owner: String, id: String)] = []
  private var count = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  @discardableResult
  mutating func act(on driver: inout ExchangeDriver) -> [VenueEvent] {
    count += 1
    var events = step(&driver)
    if count % 100 == 0 {
      let price = 5_000_000 + Int64(random.below(2_000_000))
      events += driver.control(.setPrice) {
        $0.instrument = 1
        $0.price = price
      }
    }
    return events
  }

  private mutating func step(_ driver: inout ExchangeDriver) -> [VenueEvent] {
    let account = Self.accounts[Int(random.below(4))]
    switch random.below(10) {
    case 0: return driver.pass(Int64(random.below(2_000_000_000)))
    case 1 where !ids.isEmpty:
      let (owner, id) = ids[Int(random.below(UInt64(ids.count)))]
      let cancel = driver.request(.cancelOrder, owner, id)
      return driver.send(cancel)
    case 2 where !ids.isEmpty:
      let (owner, id) = ids[Int(random.below(UInt64(ids.count)))]
      var amend = driver.request(.amendOrder, owner, id)
      amend.quantity = random.chance(1, in: 2) ? Int64(random.below(2_000)) : 0
      return driver.send(amend)
    default: return order(&driver, account)
    }
  }

  private mutating func order(_ driver: inout ExchangeDriver, _ account: String) -> [VenueEvent] {
    let symbol = Self.symbols[Int(random.below(4))]
    guard let rules = driver.setup.instrument(symbol) else { return [] }
    let mark = driver.exchange.markets[rules.id.index].mark
    let id = "o\(driver.exchange.orderNumber)"
    ids.append((account, id))
    let draws = (random.next(), random.next(), random.next(), random.next())
    return driver.order(
      account, id, draws.0 & 1 == 0 ? .buy : .sell, Int64(draws.1 % 3_000) + 1,
      mark + Int64(draws.2 % UInt64(mark / 500)) - mark / 1_000, symbol: symbol
    ) {
      $0.orderKindRaw = UInt8(draws.3 % 7) + 1
      $0.timeInForceRaw = UInt8((draws.3 >> 8) % 3) + 1
      $0.stopPrice = mark + Int64((draws.3 >> 16) % UInt64(mark / 500)) - mark / 1_000
      $0.trailPpm = Int64((draws.3 >> 32) % 3_000)
      $0.preventionRaw = UInt8((draws.3 >> 40) % 4)
      if (draws.3 >> 44) % 4 == 0 { $0.flagsRaw = OrderFlags.reduceOnly.rawValue }
      if (draws.3 >> 46) % 8 == 0 { $0.displayQuantity = $0.quantity / 3 + 1 }
    }
  }
}
