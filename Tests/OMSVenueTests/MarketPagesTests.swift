import Testing

@testable import OMSLib
@testable import OMSVenue

@Suite struct MarketPagesTests {
  // MARK: - Shapes

  @Test func aMarketThatJustOpenedHasPricesAndOneCandle() throws {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    setup.addSpot("BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000, hasFlow: false)
    setup.addPerpetual("BTC", "USDT", priceScale: 1, tick: 1, quantityScale: 3, lot: 1, start: 600_000, hasFlow: false)
    var driver = MarketDriver(setup)
    #expect(try driver.answer("/api/v3/trades", "symbol=BTCUSDT").count == 0)
    #expect(try driver.answer("/api/v3/ticker/price", "symbol=BTCUSDT").text("price") == "60000.00000000")
    let kline = try driver.answer("/api/v3/klines", "symbol=BTCUSDT&interval=1m")
    #expect(kline.count == 1)
    let flat = Array(repeating: #""60000.00000000""#, count: 4).joined(separator: ",")
    #expect(
      String(decoding: kline.elements[0].source, as: UTF8.self)
        == "[1789948800000,\(flat),\"0.00000000\",1789948859999,\"0.00000000\",0,\"0.00000000\",\"0.00000000\",\"0\"]")
    let day = try driver.answer("/api/v3/ticker/24hr", "symbol=BTCUSDT")
    #expect(day.text("lastPrice") == "60000.00000000")
    #expect(day.text("priceChangePercent") == "0.000")
    #expect(day.whole("firstId") == -1)
    #expect(day.whole("count") == 0)
    #expect(try driver.answer("/api/v3/avgPrice", "symbol=BTCUSDT").text("price") == "60000.00000000")
    #expect(try driver.answer("/fapi/v1/klines", "symbol=BTCUSDT&interval=1h", .usdm).count == 1)
    #expect(try driver.answer("/fapi/v1/premiumIndex", "symbol=BTCUSDT", .usdm).text("markPrice") == "60000.00000000")
  }

  /// Every page of both products answers; those that several symbols share are an array without one.
  @Test func everyPageAnswers() throws {
    var driver = MarketDriver()
    driver.pass(milliseconds: 3_000)
    let spot = [
      "ping", "time", "exchangeInfo", "depth?symbol=BTCUSDT", "trades?symbol=BTCUSDT",
      "historicalTrades?symbol=BTCUSDT&fromId=1", "aggTrades?symbol=BTCUSDT", "klines?symbol=BTCUSDT&interval=1s",
      "uiKlines?symbol=BTCUSDT&interval=1d&timeZone=8", "avgPrice?symbol=BTCUSDT", "ticker/24hr",
      "ticker/24hr?symbol=BTCUSDT&type=MINI", "ticker/price", "ticker/bookTicker", "ticker/tradingDay?symbol=BTCUSDT",
      "ticker?symbols=[%22BTCUSDT%22,%22ETHUSDT%22]&windowSize=4h", "executionRules", "referencePrice?symbol=ETHUSDT",
    ]
    for page in spot {
      let parts = page.split(separator: "?")
      let answer = try driver.answer("/api/v3/\(parts[0])", parts.count > 1 ? String(parts[1]) : "")
      #expect(answer.isObject || answer.isArray, "\(page)")
    }
    let usdm = [
      "v1/ping", "v1/time", "v1/exchangeInfo", "v1/depth?symbol=BTCUSDT&limit=5", "v1/trades?symbol=BTCUSDT",
      "v1/historicalTrades?symbol=BTCUSDT", "v1/aggTrades?symbol=BTCUSDT", "v1/klines?symbol=BTCUSDT&interval=1m",
      "v1/continuousKlines?pair=BTCUSDT&contractType=PERPETUAL&interval=1m",
      "v1/markPriceKlines?symbol=BTCUSDT&interval=1m", "v1/indexPriceKlines?pair=BTCUSDT&interval=1m",
      "v1/premiumIndexKlines?symbol=BTCUSDT&interval=1m", "v1/premiumIndex", "v1/fundingRate", "v1/fundingInfo",
      "v1/ticker/24hr", "v1/ticker/price", "v2/ticker/price", "v1/ticker/bookTicker?symbol=ETHUSDT",
      "v1/openInterest?symbol=BTCUSDT", "v1/symbolAdlRisk?symbol=BTCUSDT", "v1/tradingSchedule",
      "v1/rpiDepth?symbol=BTCUSDT",
    ]
    for page in usdm {
      let parts = page.split(separator: "?")
      let answer = try driver.answer("/fapi/\(parts[0])", parts.count > 1 ? String(parts[1]) : "", .usdm)
      #expect(answer.isObject || answer.isArray, "\(page)")
      #expect(MarketPages.weight("/fapi/\(parts[0])", VenueQuery(), .usdm) > 0)
    }
    #expect(try driver.answer("/api/v3/ticker/price").count == 2)
    #expect(try driver.answer("/fapi/v1/ticker/bookTicker", "", .usdm).count == 2)
    #expect(!MarketPages.has("/api/v3/order", .spot))
    #expect(!MarketPages.has("/fapi/v1/depth", .spot))
    #expect(MarketPages.path(ofMethod: "trades.recent", .spot) == "/api/v3/trades")
    #expect(MarketPages.path(ofMethod: "order.place", .spot) == nil)
  }

  @Test func timesComeInTheUnitThatWasAskedFor() throws {
    var driver = MarketDriver()
    driver.pass(milliseconds: 1_500)
    #expect(try driver.answer("/api/v3/time").whole("serverTime") == driver.now / 1_000_000)
    #expect(try driver.answer("/api/v3/time", unit: .microsecond).whole("serverTime") == driver.now / 1_000)
    let kline = try driver.answer("/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=1", unit: .microsecond).elements[
      0]
    #expect(kline.elements[6].integer(as: Int64.self) == 1_789_948_859_999_999)
  }

  // MARK: - What is refused

  @Test(arguments: [
    ("/api/v3/depth", "", -1102), ("/api/v3/depth", "symbol=", -1102), ("/api/v3/depth", "symbol=NOPE", -1121),
    ("/api/v3/depth", "symbol=btcusdt", -1100), ("/api/v3/depth", "symbol=BTC/USDT", -1100),
    ("/api/v3/depth", "symbol=BTCUSDT&limit=x", -1100), ("/api/v3/depth", "symbol=BTCUSDT&limit=0", -1130),
    ("/api/v3/depth", "symbol=BTCUSDT&limit=-1", -1100),
    ("/api/v3/depth", "symbol=BTCUSDT&limit=99999999999999999999", -1100),
    ("/api/v3/depth", "symbol=BTCUSDT&depth=5", -1104), ("/api/v3/ping", "a=1", -1101),
    ("/api/v3/depth", "symbol=BTCUSDT&symbolStatus=BREAK", -1220),
    ("/api/v3/depth", "symbol=BTCUSDT&symbolStatus=OPEN", -1130), ("/api/v3/klines", "symbol=BTCUSDT", -1102),
    ("/api/v3/klines", "symbol=BTCUSDT&interval=2m", -1120),
    ("/api/v3/klines", "symbol=BTCUSDT&interval=1m&startTime=2&endTime=1", -1128),
    ("/api/v3/klines", "symbol=BTCUSDT&interval=1m&timeZone=15", -1130),
    ("/api/v3/aggTrades", "symbol=BTCUSDT&fromId=1&startTime=1", -1128),
    ("/api/v3/ticker/price", "symbol=BTCUSDT&symbols=[\"BTCUSDT\"]", -1128),
    ("/api/v3/ticker/price", "symbols=[\"BTCUSDT\",\"BTCUSDT\"]", -1151),
    ("/api/v3/ticker/price", "symbols=[\"BTCUSDT\",\"NOPE\"]", -1121),
    ("/api/v3/ticker/price", "symbols=BTCUSDT", -1100), ("/api/v3/ticker/price", "symbols=[1]", -1100),
    ("/api/v3/ticker", "windowSize=1d", -1102), ("/api/v3/ticker", "symbol=BTCUSDT&windowSize=8d", -1130),
    ("/api/v3/ticker", "symbol=BTCUSDT&windowSize=60m", -1130), ("/api/v3/ticker", "symbol=BTCUSDT&type=BIG", -1130),
    ("/api/v3/exchangeInfo", "symbol=BTCUSDT&permissions=SPOT", -1128),
    ("/api/v3/avgPrice", "symbol=BTCUSDTXX", -1121),
  ])
  func spotChecksItsParameters(_ path: String, _ query: String, _ code: Int32) throws {
    var driver = MarketDriver()
    let error = try driver.failure(path, query, .spot)
    #expect(error?.code == code, "\(path)?\(query): \(error?.message ?? "answered")")
    #expect(error?.status == 400)
  }

  @Test(arguments: [
    ("/fapi/v1/depth", "", -1102), ("/fapi/v1/depth", "symbol=NOPE", -1121),
    ("/fapi/v1/depth", "symbol=BTCUSDT&limit=7", -1130), ("/fapi/v1/klines", "symbol=BTCUSDT&interval=1s", -1120),
    ("/fapi/v1/continuousKlines", "pair=BTCUSDT&interval=1m", -1102),
    ("/fapi/v1/continuousKlines", "pair=BTCUSDT&interval=1m&contractType=CURRENT_QUARTER", -1130),
    ("/fapi/v1/premiumIndex", "symbol=NOPE", -1121), ("/fapi/v1/openInterest", "", -1102),
    ("/fapi/v1/fundingRate", "startTime=5&endTime=4", -1128), ("/fapi/v1/trades", "symbol=BTCUSDT&limit=ten", -1100),
  ])
  func futuresCheckTheirParameters(_ path: String, _ query: String, _ code: Int32) throws {
    var driver = MarketDriver()
    let error = try driver.failure(path, query, .usdm)
    #expect(error?.code == code, "\(path)?\(query): \(error?.message ?? "answered")")
  }

  @Test(arguments: [
    ("/api/v3/depth", "limit=100", VenueProduct.spot, 5), ("/api/v3/depth", "limit=101", .spot, 25),
    ("/api/v3/depth", "limit=1000", .spot, 50), ("/api/v3/depth", "limit=5000", .spot, 250),
    ("/api/v3/exchangeInfo", "", .spot, 20), ("/api/v3/ticker/24hr", "symbol=A", .spot, 2),
    ("/api/v3/ticker/24hr", "", .spot, 80), ("/api/v3/ticker/24hr", "symbols=[\"A\",\"B\"]", .spot, 2),
    ("/api/v3/ticker/price", "symbol=A", .spot, 2), ("/api/v3/ticker/price", "", .spot, 4),
    ("/api/v3/klines", "", .spot, 2), ("/api/v3/trades", "", .spot, 25), ("/fapi/v1/depth", "", .usdm, 10),
    ("/fapi/v1/depth", "limit=50", .usdm, 2), ("/fapi/v1/depth", "limit=1000", .usdm, 20),
    ("/fapi/v1/klines", "limit=99", .usdm, 1), ("/fapi/v1/klines", "limit=1500", .usdm, 10),
    ("/fapi/v1/premiumIndex", "", .usdm, 10), ("/fapi/v1/premiumIndex", "symbol=A", .usdm, 1),
    ("/fapi/v1/ticker/bookTicker", "", .usdm, 5), ("/api/v3/order", "", .spot, 0),
  ])
  func weightsAreThoseOfTheTables(_ path: String, _ query: String, _ product: VenueProduct, _ weight: Int) throws {
    #expect(MarketPages.weight(path, try VenueQuery(query: query), product) == weight)
  }

  // MARK: - Candles, trades and statistics

  private struct Sum: Equatable {
    var open: Int128 = 0
    var high: Int128 = 0
    var low: Int128 = 0
    var close: Int128 = 0
    var quantity: Int128 = 0
    var taker: Int128 = 0
    var count: Int64 = 0
  }

  @Test(arguments: [("1s", Int64(1_000), VenueProduct.spot), ("1m", 60_000, .spot), ("3m", 180_000, .usdm)])
  func candlesAreWhatTheTradesWere(_ interval: String, _ length: Int64, _ product: VenueProduct) throws {
    var driver = MarketDriver(seed: 5)
    let link = try driver.open(1, product == .spot ? "/ws/btcusdt@trade" : "/public/ws/btcusdt@trade", product)
    var sums: [Int64: Sum] = [:]
    var numbers: [Int64] = []
    for _ in 0..<200 {
      driver.act()
      driver.pass(milliseconds: 500)
      for text in driver.texts(of: link) {
        let trade = try JSONReader.read(text).root
        numbers.append(trade.whole("t"))
        let (price, quantity) = (e8(trade.text("p")), e8(trade.text("q")))
        let start = trade.whole("T") / length * length
        var sum = sums[start] ?? Sum(open: price, high: price, low: price)
        sum.high = max(sum.high, price)
        sum.low = min(sum.low, price)
        sum.close = price
        sum.quantity += quantity
        if trade["m"]?.bool == false { sum.taker += quantity }
        sum.count += 1
        sums[start] = sum
      }
    }
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count && numbers.count > 100)
    let path = product == .spot ? "/api/v3/klines" : "/fapi/v1/klines"
    let klines = try driver.answer(path, "symbol=BTCUSDT&interval=\(interval)&limit=1000", product).elements
    var previous: Int64?
    var seen: Int64 = 0
    for kline in klines.map(\.elements) {
      let start: Int64 = kline[0].integer() ?? 0
      if let previous { #expect(start == previous + length) }
      previous = start
      #expect(kline[6].integer(as: Int64.self) == start + length - 1)
      let count: Int64 = kline[8].integer() ?? -1
      seen += count
      guard let sum = sums[start] else {
        #expect(count == 0)
        #expect(Set((1...4).map { kline[$0].string }).count == 1, "without trades a candle is flat")
        continue
      }
      let mine = Sum(
        open: e8(kline[1].string), high: e8(kline[2].string), low: e8(kline[3].string), close: e8(kline[4].string),
        quantity: e8(kline[5].string), taker: e8(kline[9].string), count: count)
      #expect(mine == sum)
    }
    #expect(seen == Int64(numbers.count))
    let day = try driver.answer(
      product == .spot ? "/api/v3/ticker/24hr" : "/fapi/v1/ticker/24hr", "symbol=BTCUSDT", product)
    #expect(day.whole("count") == Int64(numbers.count))
    #expect(day.whole("firstId") == numbers.first)
    #expect(day.whole("lastId") == numbers.last)
    #expect(e8(day.text("volume")) == sums.values.map(\.quantity).reduce(0, +))
  }

  @Test func aggregatesAddUpAndAreNumberedWithoutGaps() throws {
    var driver = MarketDriver(seed: 9)
    let link = try driver.open(1, "/stream?streams=btcusdt@aggTrade/btcusdt@trade")
    var (quantity, total) = (Int128(0), Int128(0))
    var aggregates: [JSONValue] = []
    for step in 0..<150 {
      driver.act()
      // Whoever asks in between changes nothing about what the streams tell.
      if step % 3 == 0 { _ = try driver.answer("/api/v3/aggTrades", "symbol=BTCUSDT") }
      driver.pass(milliseconds: 200)
      for text in driver.texts(of: link) {
        let data = try #require(try JSONReader.read(text).root["data"])
        if data.text("e") == "trade" {
          quantity += e8(data.text("q"))
        } else {
          total += e8(data.text("q"))
          aggregates.append(data)
        }
      }
    }
    #expect(quantity == total)
    #expect(aggregates.count > 50)
    for (earlier, later) in zip(aggregates, aggregates.dropFirst()) {
      #expect(later.whole("a") == earlier.whole("a") + 1)
      #expect(later.whole("f") > earlier.whole("l"))
    }
    let listed = try driver.answer("/api/v3/aggTrades", "symbol=BTCUSDT&limit=1000").elements
    #expect(
      listed.map { $0.whole("a") }.suffix(aggregates.count) == aggregates.map { $0.whole("a") }.suffix(listed.count))
    let from = aggregates[10].whole("a")
    let page = try driver.answer("/api/v3/aggTrades", "symbol=BTCUSDT&fromId=\(from)&limit=3").elements
    #expect(page.map { $0.whole("a") } == [from, from + 1, from + 2])
  }

  @Test func candlesOfAnotherTimeZoneStartThere() throws {
    var driver = MarketDriver()
    driver.pass(milliseconds: 2_000)
    let day = try driver.answer("/api/v3/klines", "symbol=BTCUSDT&interval=1d&timeZone=%2B8").elements[0].elements
    #expect(day[0].integer(as: Int64.self) == Int64(1_789_948_800_000 - 8 * 3_600_000))
    #expect(day[6].integer(as: Int64.self) == Int64(1_789_948_800_000 + 16 * 3_600_000 - 1))
  }

  @Test(
    arguments: [
      (KlineInterval.week1, "2026-09-20T12:00:00Z", 1_789_344_000_000),
      (.month1, "2026-09-20T12:00:00Z", 1_788_220_800_000),
      (.day3, "1970-01-05T00:00:00Z", 259_200_000), (.hour4, "1970-01-01T05:00:00Z", 14_400_000),
    ] as [(KlineInterval, String, Int64)])
  func intervalsStartOnTheCalendar(_ interval: KlineInterval, _ time: String, _ start: Int64) throws {
    let seconds: Int64 = time.hasPrefix("2026") ? 1_789_905_600 : time.contains("05T") ? 345_600 : 18_000
    #expect(interval.start(of: seconds * 1_000_000_000) == start * 1_000_000)
    #expect(interval.start(of: interval.end(of: start * 1_000_000)) == interval.end(of: start * 1_000_000))
  }

  // MARK: - Funding

  @Test func fundingIsListedAsItWasPaid() throws {
    var driver = MarketDriver { $0.capacity.output = 1 << 16 }
    driver.order("sim.main", "BTC-USDT-PERP", .buy, 100)
    // To the next payment, eight hours on.
    driver.control(.makeUp) { $0.detail = 1 }
    var paid: [VenueEvent] = []
    let end = driver.now + 8 * KlineInterval.hour + KlineInterval.minute
    while driver.now < end {
      driver.now = min(end, driver.now + 10 * KlineInterval.minute)
      while !driver.exchange.advance(to: UTCTime(nanoseconds: driver.now)) { paid += driver.drain() }
      paid += driver.drain()
      driver.turn()
    }
    let event = try #require(paid.first { $0.kind == .funding })
    let rows = try driver.answer("/fapi/v1/fundingRate", "symbol=BTCUSDT", .usdm).elements
    #expect(rows.count == 1)
    #expect(rows.first?.whole("fundingTime") == Int64(1_789_948_800_000 + 8 * 3_600_000))
    #expect(e8(rows.first?.text("fundingRate")) == Int128(event.cumulative))
    #expect(try driver.answer("/fapi/v1/openInterest", "symbol=BTCUSDT", .usdm).text("openInterest") != "0.000")
  }
}
