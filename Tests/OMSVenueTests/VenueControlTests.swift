import OMSLib
import Testing

@testable import OMSVenue

/// A served exchange, and somebody who steers it.
private struct SteeredStage: ~Copyable {
  var served: ServedVenue<NoExchangeRecorder>
  let time: ServerTime
  private var links: UInt64 = 0

  struct Answer {
    var status: Int
    var text: String
  }

  init() {
    let driver = VenueDriver()
    time = driver.time
    served = ServedVenue(driver.server, token: "token")
  }

  mutating func steer(_ method: String, _ target: String, _ body: String = "") -> Answer {
    send(method, target, body, nil)
  }

  mutating func send(_ method: String, _ target: String, _ body: String, _ product: VenueProduct?) -> Answer {
    links += 1
    let link = VenueLink(number: links)
    if let product {
      served.accept(link, product: product, peer: "10.0.0.1", at: time)
    } else {
      served.accept(control: link)
    }
    served.take(HTTPRequest(method: method, target: target, body: Array(body.utf8)), on: link, at: time)
    served.turn(at: time)
    var answer = Answer(status: 0, text: "")
    while let item = served.nextOutput() {
      guard case .response(link, let response) = item else { continue }
      answer = Answer(status: response.status, text: String(decoding: response.body, as: UTF8.self))
    }
    served.close(link, at: time)
    return answer
  }

  /// The exchange's own books, without its clock.
  var ledger: [String] {
    var lines: [String] = []
    served.troubled.inner.venue.exchange.dump { lines.append($0) }
    return lines.filter { !$0.hasPrefix("clock") }
  }
}

/// Those who steer a served exchange: who they are, what they can do, what they are shown.
@Suite struct VenueControlTests {
  @Test func onlyWhoHasTheTokenSteers() {
    var stage = SteeredStage()
    let order = #"{"verb":"price","symbol":"BTC-USDT","price":"58000"}"#
    #expect(stage.steer("POST", "/nothing", order).status == 404)
    #expect(stage.steer("POST", "/", order).status == 404)
    // Clients have another address, where there is no such page.
    #expect(stage.send("POST", "/token", order, .spot).text.contains("-5000"))
    #expect(stage.steer("POST", "/token", order).status == 200)
    #expect(stage.steer("DELETE", "/token", order).text.contains("usage.method"))
  }

  @Test(arguments: [
    ("", "usage.json"), ("[]", "usage.member"), ("{", "usage.json"), (#"{"verb":"dance"}"#, "usage.value"),
    (#"{"verb":"price","symbol":"BTC-USDT"}"#, "usage.member"),
    (#"{"verb":"price","symbol":"BTC-USDT","price":"1.001"}"#, "usage.decimal"),
    (#"{"verb":"price","symbol":"DOGE-USDT","price":"1"}"#, "notfound.symbol"),
    (#"{"verb":"price","symbol":"BTCUSDT","price":"1"}"#, "usage.symbol"),
    (#"{"verb":"price","symbol":"BTC-USDT","price":"1","colour":"red"}"#, "usage.member"),
    (#"{"verb":"fill","id":"nobody"}"#, "notfound.order"), (#"{"verb":"clock","clock":"-1h"}"#, "usage.value"),
    (#"{"verb":"account","account":"sub9","set":{"BTC":"1"}}"#, "notfound.account"),
    (#"{"verb":"account","account":"sub1","set":{"DOGE":"1"}}"#, "notfound.asset"),
    (#"{"verb":"book","symbol":"BTC-USDT","bids":["1"]}"#, "usage.value"),
    (#"{"verb":"fault","partial":"200%"}"#, "usage.unit"), (#"{"verb":"fault","late_answer":"5"}"#, "usage.duration"),
    (#"{"verb":"fault","answer":"rubbish"}"#, "usage.value"), (#"{"verb":"fault","event":"nan:0"}"#, "usage.value"),
    (#"{"verb":"fault","of":"sometimes"}"#, "usage.value"), (#"{"verb":"fault","pings":10001}"#, "usage.count"),
    (#"{"verb":"fault","drip":0}"#, "usage.count"),
  ])
  func whatIsNotUnderstoodIsNotDone(order: String, code: String) {
    var stage = SteeredStage()
    let before = stage.ledger
    let answer = stage.steer("POST", "/token", order)
    let after = stage.ledger
    #expect(answer.status == 400 && answer.text.contains("\"code\":\"\(code)"), "\(answer.text)")
    #expect(before == after)
  }

  @Test func clocksGoOnAndGoWrong() {
    var stage = SteeredStage()
    func tell(_ members: String) { _ = stage.steer("POST", "/token", "{\(members)}") }
    func ahead() -> Int64 {
      let text = stage.send("GET", "/api/v3/time", "", .spot).text
      return (Int64(text.filter(\.isNumber)) ?? 0) - stage.time.milliseconds
    }
    tell(#""verb":"fault","skew":"-3s""#)
    #expect(ahead() == -3_000)
    tell(#""verb":"clock","clock":"+1h""#)
    tell(#""verb":"fault","skew":"+2s""#)
    #expect(ahead() == 3_602_000)
    tell(#""verb":"fault","clear":true"#)
    #expect(ahead() == 3_600_000)
    tell(#""verb":"clock","clock":"freeze""#)
    #expect(stage.served.troubled.inner.venue.nextDue == .never)
  }

  /// A fault that is wrong brings none of those beside it into force.
  @Test func allOfAnOrderIsObeyedOrNothing() {
    var stage = SteeredStage()
    let order = #"{"verb":"fault","rate_limit":1,"mute":true,"leave_order":1,"drip":5,"halt":"DOGE-USDT"}"#
    #expect(stage.steer("POST", "/token", order).status == 400)
    let (survivors, count) = (stage.served.troubled.inner.troubles.survivors, stage.served.troubled.troubles.count)
    #expect(survivors == 0 && count == 0 && stage.served.wireTroubles?.areAny == false)
  }

  @Test func controlsAreObeyed() {
    var driver = VenueDriver()
    driver.limit("BUY", "0.5", at: "59000", "&newClientOrderId=mine")
    #expect(driver.control("fill", #""id":"mine","qty":"0.2""#) == nil)
    let part = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine")
    #expect(part.body.words("status", "executedQty") == "PARTIALLY_FILLED 0.20000000")
    #expect(driver.control("account", #""account":"binance.sub1","set":{"BTC":"7"},"silent":true"#) == nil)
    let balances = driver.call("GET", "/api/v3/account", as: 2).body["balances"]?.elements ?? []
    #expect(balances.first { $0.words("asset") == "BTC" }?.words("free") == "7.00000000")
    let book = #""symbol":"binance:BTC-USDT","bids":["57000","1","56000.5","2"],"asks":["61000","0.3"]"#
    #expect(driver.control("book", book) == nil)
    let depth = driver.send("GET", "/api/v3/depth?symbol=BTCUSDT").body
    #expect(
      depth["bids"]?.elements.map { $0.elements.first?.string } == [
        "59000.00000000", "57000.00000000", "56000.50000000",
      ])
    #expect(driver.control("latency", #""latency":"5ms","jitter":"1ms""#) == nil)
    #expect(driver.control("price", #""symbol":"BTC-USDT-PERP","price":"58000""#) == nil)
  }

  @Test func everythingBeginsAnew() {
    var driver = VenueDriver()
    let link = driver.listen()
    let old = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=mine")
    driver.control("fault", #""repeat_fills":true"#)
    #expect(driver.control("reset", #""seed":9"#) == nil)
    driver.pass(milliseconds: 1)
    #expect(driver.ends[link] == "aborted")
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 0)
    #expect(driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine").code == -2013)
    // Keys are what they were, and numbers go on.
    let new = driver.limit("BUY", "0.1", at: "59000", "&newClientOrderId=mine")
    #expect(new.status == 200 && (Int64(new["orderId"]) ?? 0) > (Int64(old["orderId"]) ?? 0))
    #expect(!driver.server.troubles.repeatsFills)
  }

  private func amount(_ row: JSONValue, _ name: String) -> Money {
    row[name]?.string.flatMap { Decimal(plain: $0) }?.money(.halfEven) ?? .zero
  }

  /// Only those on the calls' own address are closed, and nobody's requests are lost.
  @Test func callsAreCutAlone() {
    var stage = SteeredStage()
    let links = ["/ws-api/v3", "/ws/btcusdt@trade"].enumerated().map { number, target in
      let link = VenueLink(number: UInt64(900 + number))
      stage.served.accept(link, product: .spot, peer: "10.0.0.1", at: stage.time)
      let fields = [HTTPField(name: "upgrade", value: "websocket")]
      stage.served.take(HTTPRequest(method: "GET", target: target, fields: fields), on: link, at: stage.time)
      return link
    }
    while stage.served.nextOutput() != nil {}
    let link = VenueLink(number: 999)
    stage.served.accept(control: link)
    let order = HTTPRequest(method: "POST", target: "/token", body: Array(#"{"verb":"fault","cut_calls":true}"#.utf8))
    stage.served.take(order, on: link, at: stage.time)
    var closed: [VenueLink] = []
    while let item = stage.served.nextOutput() {
      if case .closeSocket(let link, 1_001) = item { closed.append(link) }
    }
    #expect(closed == [links[0]])
  }

  /// The key of one account is refused, that of another is not.
  @Test func anAccountIsLockedAlone() {
    var driver = VenueDriver()
    driver.server.troubles.lockedAccounts = [driver.credential(1).account]
    #expect(driver.limit("BUY", "0.1", at: "50000").code == -2015)
    #expect(driver.limit("BUY", "0.1", at: "50000", as: 2).status == 200)
  }

  /// How often each id came to be placed is shown, and when each order was signed.
  @Test func theBooksSayWhatCame() {
    var driver = VenueDriver()
    driver.limit("BUY", "0.1", at: "50000", "&newClientOrderId=mine")
    let lines = String(decoding: driver.server.dump(["mine": 1, "twice": 2], at: driver.time), as: UTF8.self)
    let rows = lines.split(separator: "\n").compactMap { try? JSONReader.read(String($0)).root }
    let traffic = rows.first { $0.words("type") == "venue_traffic" }
    #expect(traffic?.words("placements", "ids") == "3 2")
    #expect(traffic?["repeated"]?.elements.compactMap(\.string) == ["twice"])
    let signed = rows.first { $0.words("type") == "venue_order" }?["signed"]?.string
    #expect(UTCTime(rfc3339: (signed ?? "").utf8)?.nanoseconds == driver.milliseconds * 1_000_000)
  }

  /// What the exchange shows of itself is what it answers its clients.
  @Test func theBooksAreShown() {
    var driver = VenueDriver()
    driver.limit("SELL", "0.2", at: "60000", as: 2, "&newClientOrderId=maker")
    driver.limit("BUY", "0.5", at: "60000", "&newClientOrderId=taker")
    driver.perpLimit("SELL", "0.3", at: "60000", as: 2)
    driver.perp("BUY", "MARKET", "quantity=0.3")
    let lines = String(decoding: driver.server.dump([:], at: driver.time), as: UTF8.self).split(separator: "\n")
    let all = (try? JSONReader.read("[\(lines.joined(separator: ","))]"))?.root.elements ?? []
    func rows(_ type: String) -> [JSONValue] { all.filter { $0.words("type") == "venue_" + type } }
    #expect(
      rows("order").filter { $0.words("account") == "main" }
        .map { $0.words("client_id", "symbol", "side", "kind", "qty", "price", "filled", "status", "open") }.first
        == "taker BTC-USDT buy LIMIT 0.50000 60000.00 0.20000 PARTIALLY_FILLED true")
    let fills = rows("fill").map { $0.words("account", "symbol", "side", "qty", "price", "role", "fee", "fee_asset") }
    #expect(
      fills.contains("main BTC-USDT buy 0.20000 60000.00 taker 0.0002 BTC")
        && fills.contains("sub1 BTC-USDT-PERP sell 0.300 60000.0 maker 3.6 USDT") && fills.count == 4, "\(fills)")
    #expect(
      rows("position").map { $0.words("account", "symbol", "side", "qty", "cost") } == [
        "main BTC-USDT-PERP long 0.300 18000", "sub1 BTC-USDT-PERP short 0.300 -18000",
      ])
    for asset in rows("asset") {
      var sum = Money.zero
      for row in rows("balance") where row.words("asset") == asset.words("asset") { sum = sum + amount(row, "total") }
      let deposits = amount(asset, "deposits")
      #expect(deposits == sum && sum > .zero, "\(asset.words("asset"))")
    }
  }
}
