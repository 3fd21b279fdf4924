import Testing

@testable import OMSLib

@Suite struct SymbolTests {
  @Test(arguments: ["BTC-USDT", "1000SATS-USDT-PERP", "BTC-USDT-261225"])
  func canonicalNamesReadBackAsThemselves(text: String) throws {
    let symbol = try #require(Symbol(text))
    #expect(symbol.description == text)
  }

  @Test(arguments: [
    "BTC", "btc-usdt", "BTC-", "-USDT", "BTC-USDT-", "BTC-USDT-SWAP", "BTC-USDT-261325", "BTC-USDT-260229",
    "BTC-USDT-PERP-X", "BTCUSDT", "BTC/USDT", "BTC-USDT-26122",
  ])
  func otherNamesAreNotCanonical(text: String) {
    #expect(Symbol(text) == nil)
  }

  @Test func keepsTheVenueAndTheReading() throws {
    let pinned = try SymbolText("binance:BTC/USDT")
    #expect(pinned.venue == "binance" && pinned.symbol == Symbol(base: "BTC", quote: "USDT"))
    let native = try SymbolText("BTCUSDT_261225")
    #expect(native.venue == nil && native.symbol == nil && native.name == "BTCUSDT_261225")
    let future = try SymbolText("BTC-USDT-261225")
    #expect(future.symbol?.contract == .future(year: 2026, month: 12, day: 25))
    #expect(future.symbol?.instrumentClass == .future)
  }

  @Test(arguments: [
    "", ":BTC-USDT", "Binance:BTC-USDT", "binance:", "BTC USDT", "BTC/USDT/X", "BTC-USDT/PERP", "a:b:c", "/BTC", "*",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567",
  ])
  func refusesWhatIsNoSymbol(text: String) {
    #expect(throws: MalformedText.self) { try SymbolText(text) }
  }

  @Test(arguments: ["sim.main", "binance.sub017", "okx_2.desk-A"])
  func accountsAreVenueAndName(text: String) throws {
    #expect(try AccountName(text).description == text)
  }

  @Test(arguments: ["", "sim", "sim.", ".main", "sim.main.x", "Sim.main", "sim.ma in", "sim.*", "@mm", "all"])
  func refusesWhatIsNoAccount(text: String) {
    #expect(throws: MalformedText.self) { try AccountName(text) }
  }
}
