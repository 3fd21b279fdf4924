import Testing

@testable import OMSLib
@testable import OMSVenue

@Suite struct MarketStreamsTests {
  // MARK: - Who gets what

  @Test func eachConnectionGetsItsStreamsAndNoOthers() throws {
    var driver = MarketDriver()
    let trades = try driver.open(1, "/ws/btcusdt@trade")
    let mixed = try driver.open(2, "/stream?streams=ethusdt@bookTicker/ethusdt@miniTicker")
    driver.pass(milliseconds: 3_000)
    var streams: Set<String> = []
    for case .message(let link, let bytes) in driver.outputs() {
      let message = try JSONReader.read(bytes).root
      if link == trades {
        #expect(message.text("e") == "trade" && message.text("s") == "BTCUSDT")
      } else {
        #expect(link == mixed)
        streams.insert(message.text("stream"))
        #expect(message["data"]?.text("s") == "ETHUSDT")
      }
    }
    #expect(streams == ["ethusdt@bookTicker", "ethusdt@miniTicker"])
    driver.streams.close(mixed, &driver.pages)
    driver.pass(milliseconds: 1_000)
    #expect(driver.outputs().allSatisfy { if case .message(trades, _) = $0 { true } else { false } })
  }

  /// Every stream of both products tells something, and says what it is.
  @Test(arguments: [
    ("btcusdt@depth", "depthUpdate"), ("btcusdt@depth@100ms", "depthUpdate"), ("btcusdt@trade", "trade"),
    ("btcusdt@aggTrade", "aggTrade"), ("btcusdt@kline_1m", "kline"), ("btcusdt@kline_1s", "kline"),
    ("btcusdt@kline_1d@+08:00", "kline"), ("btcusdt@miniTicker", "24hrMiniTicker"), ("btcusdt@ticker", "24hrTicker"),
    ("btcusdt@ticker_1h", "1hTicker"), ("btcusdt@ticker_4h", "4hTicker"), ("btcusdt@ticker_1d", "1dTicker"),
    ("btcusdt@avgPrice", "avgPrice"), ("btcusdt@referencePrice", "referencePrice"),
  ])
  func spotStreamsTellTheirEvent(_ stream: String, _ event: String) throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/ws/\(stream)")
    driver.pass(milliseconds: 2_500)
    let texts = driver.texts(of: link)
    #expect(!texts.isEmpty)
    for text in texts { #expect(try JSONReader.read(text).root.text("e") == event) }
  }

  @Test(arguments: [
    ("public", "btcusdt@depth", "depthUpdate"), ("public", "btcusdt@depth@500ms", "depthUpdate"),
    ("public", "btcusdt@depth5@100ms", "depthUpdate"), ("public", "btcusdt@bookTicker", "bookTicker"),
    ("public", "!bookTicker", "bookTicker"), ("public", "btcusdt@trade", "trade"),
    ("public", "btcusdt@rpiDepth@500ms", "depthUpdate"),
    ("market", "btcusdt@aggTrade", "aggTrade"),
    ("market", "btcusdt@markPrice", "markPriceUpdate"), ("market", "btcusdt@markPrice@1s", "markPriceUpdate"),
    ("market", "btcusdt@kline_1m", "kline"), ("market", "btcusdt_perpetual@continuousKline_1m", "continuous_kline"),
    ("market", "btcusdt@miniTicker", "24hrMiniTicker"), ("market", "btcusdt@ticker", "24hrTicker"),
  ])
  func futuresStreamsTellTheirEvent(_ prefix: String, _ stream: String, _ event: String) throws {
    var driver = MarketDriver()
    let right = try driver.open(1, "/\(prefix)/ws/\(stream)", .usdm)
    let other = try driver.open(2, "/\(prefix == "public" ? "market" : "public")/ws/\(stream)", .usdm)
    driver.pass(milliseconds: 3_500)
    var count = 0
    for case .message(let link, let bytes) in driver.outputs() {
      #expect(link == right && link != other, "a stream behind the wrong address tells nothing")
      #expect(try JSONReader.read(bytes).root.text("e") == event)
      count += 1
    }
    #expect(count > 0)
  }

  @Test func arraysTellOfAllSymbols() throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/market/stream?streams=!miniTicker@arr/!ticker@arr/!markPrice@arr@1s", .usdm)
    driver.pass(milliseconds: 1_200)
    let messages = try driver.texts(of: link).map { try JSONReader.read($0).root }
    #expect(messages.map { $0.text("stream") } == ["!miniTicker@arr", "!ticker@arr", "!markPrice@arr@1s"])
    for message in messages { #expect(message["data"]?.elements.map { $0.text("s") } == ["BTCUSDT", "ETHUSDT"]) }
  }

  @Test func aCandleIsToldOnceAsClosed() throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/ws/btcusdt@kline_1s")
    driver.pass(milliseconds: 5_500)
    let klines = try driver.texts(of: link).compactMap { try JSONReader.read($0).root["k"] }
    let closed = klines.filter { $0["x"]?.bool == true }.map { $0.whole("t") }
    #expect(closed == [1, 2, 3, 4].map { 1_789_948_800_000 + $0 * 1_000 })
    let pages = try driver.answer("/api/v3/klines", "symbol=BTCUSDT&interval=1s").elements
    for kline in klines where kline["x"]?.bool == true {
      let page = pages.first { $0.elements[0].integer(as: Int64.self) == kline.whole("t") }
      #expect(page?.elements[4].string == kline.text("c"))
      #expect(page?.elements[5].string == kline.text("v"))
    }
  }

  @Test func aLiquidationIsTold() throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/market/stream?streams=btcusdt@forceOrder/!forceOrder@arr", .usdm)
    // All that is there on a position of twenty times the margin, then a fall of a tenth.
    driver.order("sim.sub01", "BTC-USDT-PERP", .buy, 250)
    driver.control(.setPrice) {
      $0.instrument = 3
      $0.price = 540_000
    }
    driver.pass(milliseconds: 2_500)
    let messages = try driver.texts(of: link).map { try JSONReader.read($0).root }
    #expect(messages.map { $0.text("stream") } == ["btcusdt@forceOrder", "!forceOrder@arr"])
    let order = try #require(messages.first?["data"]?["o"])
    #expect(order.text("S") == "SELL" && order.text("X") == "FILLED" && order.text("z") == "0.250")
  }

  @Test func bestPricesAreToldWhenTheyChange() throws {
    var driver = MarketDriver()
    driver.control(.clearBook) { $0.instrument = 1 }
    let link = try driver.open(1, "/ws/btcusdt@bookTicker")
    driver.turn()
    _ = driver.outputs()
    driver.turn()
    #expect(driver.texts(of: link).isEmpty)
    driver.order("sim.main", "BTC-USDT", .buy, 100, 5_000_000)
    driver.turn()
    let text = try #require(driver.texts(of: link).first)
    #expect(text.contains(#""b":"50000.00000000","B":"0.00100000""#))
    driver.order("sim.main", "BTC-USDT", .buy, 100, 4_000_000)
    driver.turn()
    #expect(driver.texts(of: link).isEmpty, "what is behind the best price is not told here")
  }

  // MARK: - Commands

  @Test func commandsAreAnswered() throws {
    var driver = MarketDriver()
    // Some clients open a path that names no stream.
    let link = try driver.open(1, "/ws/0")
    driver.say(#"{"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@depth"],"id":1}"#, on: link)
    driver.say(#"{"method":"LIST_SUBSCRIPTIONS","id":"two"}"#, on: link)
    driver.say(#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":null}"#, on: link)
    driver.say(#"{"method":"GET_PROPERTY","params":["combined"],"id":-9223372036854775808}"#, on: link)
    #expect(
      driver.texts(of: link) == [
        #"{"result":null,"id":1}"#, #"{"result":["btcusdt@trade","btcusdt@depth"],"id":"two"}"#,
        #"{"result":null,"id":null}"#, #"{"result":false,"id":-9223372036854775808}"#,
      ])
    #expect(driver.streams.subscriptions(of: link) == ["btcusdt@trade"])
    driver.pass(milliseconds: 1_000)
    _ = driver.outputs()
    driver.say(#"{"method":"SET_PROPERTY","params":["combined",true],"id":5}"#, on: link)
    driver.pass(milliseconds: 2_000)
    let texts = driver.texts(of: link)
    #expect(texts.first == #"{"result":null,"id":5}"#)
    #expect(texts.count > 1 && texts.dropFirst().allSatisfy { $0.hasPrefix(#"{"stream":"btcusdt@trade","data":{"#) })
  }

  @Test(arguments: [
    ("{", 3), ("hello", 3), ("[]", 2), (#"{"id":1}"#, 2), (#"{"method":"FETCH","id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","id":1}"#, 2), (#"{"method":"SUBSCRIBE","params":[],"id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","params":[1],"id":1}"#, 2), (#"{"method":"SUBSCRIBE","params":"a@trade","id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@nothing"],"id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@kline_1d@+09:00"],"id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@trade","!ticker@arr"],"id":1}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1.5}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":"0123456789012345678901234567890123456"}"#, 2),
    (#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":9223372036854775808}"#, 2),
    (#"{"method":"LIST_SUBSCRIPTIONS","params":["x"],"id":1}"#, 2),
    (#"{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}"#, 1),
    (#"{"method":"SET_PROPERTY","params":["fast",true],"id":1}"#, 0),
    (#"{"method":"GET_PROPERTY","params":[7],"id":1}"#, 2),
    (#"{"method":"GET_PROPERTY","params":["combined",1],"id":1}"#, 2),
  ])
  func whatIsNoCommandIsAnsweredWithAnError(_ text: String, _ code: Int) throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/ws")
    driver.say(text, on: link)
    let answers = driver.texts(of: link)
    #expect(answers.count == 1)
    let answer = try JSONReader.read(answers[0]).root
    #expect(answer["error"]?.whole("code") == Int64(code), "\(answers)")
    #expect(driver.streams.subscriptions(of: link).isEmpty)
  }

  @Test func whoTalksTooMuchIsCutOff() throws {
    var driver = MarketDriver()
    let spot = try driver.open(1, "/ws")
    let usdm = try driver.open(2, "/public/ws", .usdm)
    for _ in 0..<5 { driver.say(#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#, on: spot) }
    for _ in 0..<9 { driver.say(#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#, on: usdm) }
    let isTaken = driver.streams.countFrame(on: usdm, at: driver.time)
    #expect(isTaken)
    #expect(driver.outputs().count == 14)
    driver.say(#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#, on: spot)
    let isCounted = driver.streams.countFrame(on: usdm, at: driver.time)
    #expect(!isCounted)
    let closed = driver.outputs().compactMap { output in
      if case .close(let link, 1_008, _) = output { link } else { nil }
    }
    #expect(closed == [spot, usdm])
    let patient = try driver.open(3, "/ws")
    for _ in 0..<12 {
      driver.say(#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#, on: patient)
      driver.pass(milliseconds: 250)
    }
    #expect(driver.outputs().count == 12)
  }

  // MARK: - Bounds

  @Test func aConnectionCarriesAThousandStreams() throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/stream")
    // Most of them about symbols that are not traded here: they are taken, and tell nothing.
    let names = (0..<1_020).map { "s\($0)usdt@trade" }
    let before = driver.streams.feeds.count
    let list = (names + ["btcusdt@trade", "ethusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"])
    driver.say(
      #"{"method":"SUBSCRIBE","params":[\#(list.map { "\"\($0)\"" }.joined(separator: ","))],"id":1}"#, on: link)
    #expect(driver.texts(of: link) == [#"{"result":null,"id":1}"#])
    #expect(driver.streams.subscriptions(of: link).count == 1_024)
    #expect(driver.streams.feeds.count == before + 4, "a name that is not traded here is no work")
    driver.say(#"{"method":"SUBSCRIBE","params":["ethusdt@bookTicker"],"id":2}"#, on: link)
    driver.say(#"{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":3}"#, on: link)
    let answers = driver.texts(of: link)
    #expect(answers.count == 2 && answers[0].contains("1024") && answers[1] == #"{"result":null,"id":3}"#)
    driver.pass(milliseconds: 2_000)
    let streams = Set(try driver.texts(of: link).map { try JSONReader.read($0).root.text("stream") })
    #expect(streams == ["btcusdt@trade", "ethusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"])
    #expect(throws: VenueError.self) {
      try driver.open(2, "/stream?streams=" + (list + ["a@trade"]).joined(separator: "/"))
    }
  }

  @Test func aSlowReaderIsCutOffAlone() throws {
    var driver = MarketDriver()
    let slow = try driver.open(1, "/ws/btcusdt@trade")
    let quick = try driver.open(2, "/ws/btcusdt@trade")
    driver.streams.noteBacklog(of: slow, bytes: MarketStreams.waitingMax - 100)
    driver.pass(milliseconds: 2_000)
    var closed: [OMSVenue.VenueLink] = []
    var told: Set<OMSVenue.VenueLink> = []
    for output in driver.outputs() {
      switch output {
      case .close(let link, _, _): closed.append(link)
      case .message(let link, _): told.insert(link)
      }
    }
    #expect(closed == [slow])
    #expect(told == [quick])
  }

  @Test(arguments: [
    (VenueProduct.spot, "/api/v3/ping"), (.spot, "/"), (.usdm, "/ws/btcusdt@depth"), (.usdm, "/stream?streams=a@trade"),
    (.spot, "/public/ws/a@trade"), (.usdm, "/public"), (.spot, "/ws/a@trade?timeUnit=DAY"),
  ])
  func otherAddressesCarryNoStreams(_ product: VenueProduct, _ target: String) {
    #expect(throws: VenueError.self) { try StreamTarget(target, product) }
  }

  @Test func keysOfAccountsAreNoMarketStreams() throws {
    var driver = MarketDriver()
    let link = try driver.open(1, "/private/stream", .usdm)
    driver.say(#"{"method":"SUBSCRIBE","params":["aListenKey","btcusdt@trade"],"id":1}"#, on: link)
    driver.pass(milliseconds: 2_000)
    #expect(driver.texts(of: link) == [#"{"result":null,"id":1}"#])
    #expect(driver.streams.subscriptions(of: link) == ["aListenKey", "btcusdt@trade"])
  }

  @Test func nothingIsDueWithoutASubscription() throws {
    var driver = MarketDriver()
    #expect(driver.streams.nextDue(at: driver.time) == .never)
    let link = try driver.open(1, "/ws/btcusdt@depth")
    driver.now += 300 * MarketDriver.millisecond
    #expect(driver.streams.nextDue(at: driver.time).nanoseconds == 1_000 * MarketDriver.millisecond)
    driver.say(#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":1}"#, on: link)
    #expect(driver.streams.nextDue(at: driver.time) == .never)
  }
}
