import OMSLib
import Testing

@testable import OMSVenue

/// What accounts, readers of the market and whole connections go through while somebody makes the exchange fail.
@Suite struct VenueEventFaultTests {
  private func subscribed(_ driver: inout VenueDriver) -> VenueLink {
    let link = driver.open("/ws-api/v3")
    _ = driver.ask("userDataStream.subscribe.signature", on: link)
    return link
  }

  private func trade(_ driver: inout VenueDriver, _ quantity: String = "0.1") {
    driver.limit("SELL", quantity, at: "59000", as: 2)
    driver.limit("BUY", quantity, at: "59000")
  }

  private func orders(_ driver: inout VenueDriver, _ link: VenueLink) -> [String] {
    driver.events(link).filter { $0.words("e") == "executionReport" }.map { $0.words("x", "X", "l", "z", "L") }
  }

  private static let new = "NEW NEW 0.00000000 0.00000000 0.00000000"
  private static let filled = "TRADE FILLED 0.10000000 0.10000000 59000.00000000"

  @Test func whoSubscribesHearsOfOldFills() {
    var driver = VenueDriver()
    let link = subscribed(&driver)
    driver.control("fault", #""repeat_fills":true"#)
    trade(&driver)
    _ = driver.take(link)
    let other = subscribed(&driver)
    let told = orders(&driver, other)
    #expect(told == [Self.filled])
  }

  @Test(arguments: [
    ("overfill", "TRADE FILLED 0.10000000 999999999.00000000 59000.00000000"),
    ("falling", "TRADE FILLED 0.10000000 0.00000000 59000.00000000"),
    ("zero-price", "TRADE FILLED 0.10000000 0.10000000 0.00000000"),
    ("nan", "TRADE FILLED 0.10000000 0.10000000 NaN"),
  ])
  func aFillSaysWhatCannotBe(kind: String, said: String) {
    var driver = VenueDriver()
    let link = subscribed(&driver)
    driver.control("fault", #""event":"\#(kind)""#)
    trade(&driver)
    let seen = orders(&driver, link)
    #expect(seen == [Self.new, said])
  }

  // MARK: - The market

  @Test func aFeedStandsStillAndAnotherLosesAnUpdate() {
    var driver = VenueDriver()
    let link = driver.open("/stream?streams=btcusdt@depth@100ms")
    func updates(_ driver: inout VenueDriver) -> [(first: Int64, last: Int64)] {
      var found: [(first: Int64, last: Int64)] = []
      for place in 0..<5 {
        driver.limit("BUY", "0.1", at: "5800\(place)")
        driver.pass(milliseconds: 100)
      }
      for message in driver.take(link) {
        let data = message["data"]
        guard let first: Int64 = data?["U"]?.integer(), let last: Int64 = data?["u"]?.integer() else { continue }
        found.append((first, last))
      }
      return found
    }
    func gaps(_ updates: some Collection<(first: Int64, last: Int64)>) -> Int {
      zip(updates, updates.dropFirst()).count { $1.first != $0.last + 1 }
    }
    let whole = updates(&driver)
    driver.control("fault", #""seq_gap":"BTC-USDT""#)
    let torn = whole.suffix(1) + updates(&driver)
    driver.control("fault", #""stale_feed":"BTC-USDT""#)
    let none = updates(&driver)
    #expect(gaps(whole) == 0 && gaps(torn) == 1 && none.isEmpty, "\(whole) \(torn) \(none)")
  }

  // MARK: - Connections

  @Test func connectionsLiveShorterAndAreClosedAtOnce() {
    var driver = VenueDriver()
    let old = driver.open("/ws-api/v3")
    driver.control("fault", #""life":"10s""#)
    driver.pass(milliseconds: 5_000)
    let young = driver.open("/ws-api/v3")
    driver.pass(milliseconds: 5_000)
    #expect(driver.ends[old] == "closed 1001" && driver.ends[young] == nil)
    driver.control("fault", #""close_at_once":true"#)
    let refused = driver.connect()
    driver.pass(milliseconds: 1)
    #expect(driver.ends[refused] == "aborted" && driver.ends[young] == nil)
    driver.pass(milliseconds: 5_000)
    #expect(driver.ends[young] == "closed 1001")
  }

  @Test func anEndIsAnnounced() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.control("fault", #""shutdown":"10s""#)
    #expect(driver.take(link).map { $0["event"]?.words("e") } == ["serverShutdown"])
    driver.pass(milliseconds: 9_999)
    #expect(driver.ends[link] == nil)
    driver.pass(milliseconds: 1)
    #expect(driver.ends[link] == "closed 1001")
  }

  @Test func listenKeysExpireEarly() {
    var driver = VenueDriver()
    let link = driver.listen()
    driver.control("fault", #""listen_key_life":"30s""#)
    driver.pass(milliseconds: 30_000)
    let told = driver.take(link).map { $0.words("e") }
    #expect(told == ["listenKeyExpired"])
  }

  @Test func pingsComeInAStorm() {
    var driver = VenueDriver()
    let link = driver.open("/ws-api/v3")
    driver.control("fault", #""pings":50"#)
    #expect(driver.pings.count { $0 == link } == 50)
  }
}
