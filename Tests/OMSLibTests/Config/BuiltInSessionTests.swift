import OMSLib
import Testing

@Suite struct BuiltInSessionTests {
  private let settings = EngineSettings.builtIn

  @Test func isPaperOnTheBuiltInExchange() {
    #expect(settings.mode == .paper)
    #expect(settings.instance == "default")
    #expect(settings.defaultAccount == "sim.main")
    #expect(settings.venues.map(\.name) == ["sim"])
    #expect(settings.venues.map(\.adapter) == [.simulated])
    #expect(settings.venues.map(\.seed) == [1])
    #expect(settings.limits.isEmpty)
    #expect(settings.nats.url.isEmpty && settings.gateway.listen.isEmpty)
  }

  @Test func hasFourAccountsWithTheirFunds() {
    let funds = settings.accounts.map { account in
      account.name + account.balances.map { " \($0.amount.units / Money.one.units) \($0.asset)" }.joined()
    }
    #expect(
      funds == [
        "sim.main 100000 USDT 1 BTC 10 ETH", "sim.sub01 1250 USDT", "sim.sub02 1500 USDT", "sim.sub03 1750 USDT",
      ])
    #expect(settings.accounts.allSatisfy { $0.mode == .paper })
    #expect(settings.accounts.map(\.parent) == [nil, "sim.main", "sim.main", "sim.main"])
  }

  @Test func listsFourInstrumentsWhoseRulesFitTogether() {
    let instruments = settings.venues[0].instruments
    #expect(instruments.map(\.name) == ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP"])
    for instrument in instruments {
      #expect(instrument.tick > .zero && instrument.lot > .zero)
      let smallestOrder = instrument.lot.times(instrument.startPrice)
      #expect(smallestOrder != nil)
      // The start price must be a price an order can have.
      #expect(instrument.startPrice.exactMantissa(scale: Int(instrument.tick.scale)) != nil)
    }
  }
}
