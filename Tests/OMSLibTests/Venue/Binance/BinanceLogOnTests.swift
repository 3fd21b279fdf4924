import OMSLib
import Testing

/// One account with a key that a connection can be logged on with.
private final class OneKey: BinanceKeys {
  func apiKey(of account: AccountID, _ product: BinanceProduct) -> Text64? {
    account.number <= 2 ? Text64("key\(account.number)") : nil
  }

  func sign(
    _ payload: UnsafeRawBufferPointer, of account: AccountID, _ product: BinanceProduct,
    into signature: inout ByteBuffer
  ) -> Bool {
    signature.append(utf8: "signed")
    return true
  }

  func canLogOn(_ account: AccountID, _ product: BinanceProduct) -> Bool { account.number == 1 }
}

/// A venue of Binance whose other end a test plays by hand.
private final class LogOnStage {
  let venue: BinanceVenue<PipeNetwork, OneKey>
  var end = VenueEnd(0)
  private let now = EngineTime(nanoseconds: 1_000_000_000)
  private let utc = UTCTime(nanoseconds: 1_790_000_000_000_000_000)

  init() {
    let hosts = BinanceHosts(
      rest: "https://rest.example", orders: "wss://orders.example/ws-api/v3", books: "wss://books.example",
      market: "wss://books.example", user: "wss://user.example/ws-api/v3")
    var settings = BinanceVenueSettings(venue: VenueID(number: 3), products: [:])
    settings.products[.spot] = BinanceProductSettings(hosts, limits: [])
    venue = BinanceVenue(
      settings, network: PipeNetwork(), descriptor: -1, keys: OneKey(), seed: SplitMix64(seed: 1), now: now)
    venue.register(BinanceFixture.bitcoin)
    venue.register(account: AccountID(number: 1), name: Text64())
    // Questions for the time open a connection with the second one.
    for _ in 1...2 { turn() }
    let wires = venue.network.pipes
    func wire(to name: String) -> UInt32 { wires.first { $0.value.host.name == name }?.key ?? 0 }
    end = VenueEnd(wire(to: "orders.example"))
    let rest = wire(to: "rest.example")
    venue.network.connect(end.wire)
    venue.network.connect(rest)
    turn()
    do { try end.upgrade(&venue.network) } catch { Issue.record("the venue says no WebSocket: \(error)") }
    let body = "{\"serverTime\":1790000000000}"
    venue.network.deliver(rest, Array("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
    for _ in 1...2 { turn() }
  }

  func turn() {
    while venue.poll(now: now, utc: utc) != nil {}
  }

  /// What was said to the venue since the last time.
  func heard() -> [String] {
    let before = end.messages.count
    end.listen(&venue.network)
    return Array(end.messages[before...])
  }

  func place(as account: UInt16) {
    var order = BinanceFixture.order()
    order.account = AccountID(number: account)
    order.signBy = .never
    let isTaken = venue.submit(order, now: now, utc: utc)
    #expect(isTaken)
  }

  func answer(_ text: String) {
    end.say(text, &venue.network)
    turn()
  }
}

@Suite struct BinanceLogOnTests {
  @Test func onceLoggedOnRequestsCarryNoKey() {
    let stage = LogOnStage()
    let first = stage.heard()
    #expect(
      first.count == 1 && first[0].hasPrefix("{\"id\":0,\"method\":\"session.logon\",\"params\":{\"apiKey\":\"key1\""))
    stage.answer("{\"id\":0,\"status\":200,\"result\":{\"apiKey\":\"key1\"}}")
    stage.place(as: 1)
    let order = stage.heard()
    #expect(order.count == 1 && order[0].contains("\"order.place\"") && order[0].contains("\"timestamp\""))
    #expect(!order[0].contains("apiKey") && !order[0].contains("signature"))
  }

  /// Who comes later is somebody else: a request without a key would be the first one's.
  @Test func anotherAccountSignsForItself() {
    let stage = LogOnStage()
    _ = stage.heard()
    stage.answer("{\"id\":0,\"status\":200,\"result\":{\"apiKey\":\"key1\"}}")
    stage.venue.register(account: AccountID(number: 2), name: Text64())
    stage.place(as: 2)
    let order = stage.heard()
    #expect(
      order.count == 1 && order[0].contains("\"apiKey\":\"key2\"") && order[0].contains("\"signature\":\"signed\""))
  }

  @Test func aLogOnThatEndsIsNotReliedOn() {
    let stage = LogOnStage()
    _ = stage.heard()
    stage.answer("{\"id\":0,\"status\":200,\"result\":{\"apiKey\":\"key1\"}}")
    stage.answer("{\"id\":null,\"status\":401,\"error\":{\"code\":-2015,\"msg\":\"Invalid API-key.\"}}")
    stage.place(as: 1)
    let order = stage.heard()
    #expect(order.count == 1 && order[0].contains("\"apiKey\":\"key1\""))
  }

  @Test(arguments: [
    ("wss://ws-api.binance.com:443/ws-api/v3", "ws-api.binance.com 443 true /ws-api/v3"),
    ("https://api.binance.com", "api.binance.com 443 true "), ("http://127.0.0.1:8080/", "127.0.0.1 8080 false "),
    ("ws://[::1]:9443/public", "::1 9443 false /public"), ("wss://[::1]", "::1 443 true "),
  ])
  func addressesAreTakenApart(_ url: String, _ parts: String) {
    let address = WireAddress(url)
    let found = address.map { "\($0.host.name) \($0.host.port) \($0.host.isEncrypted) \($0.path)" }
    #expect(found == parts)
  }

  @Test(arguments: ["", "api.binance.com", "ftp://host", "https://", "https://host:0", "https://host:x", "wss://:443"])
  func whatIsNoAddressIsNone(_ url: String) { #expect(WireAddress(url) == nil) }
}
