import Foundation
import Testing

@testable import OMSLib
@testable import OMSVenue

@Suite struct ReplayTests {
  private static func depth(_ numbers: String, _ bids: String, _ asks: String) -> String {
    let (first, last) = (numbers.split(separator: "-")[0], numbers.split(separator: "-")[1])
    return #"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":\#(first),"u":\#(last),"b":[\#(bids)],"a":[\#(asks)]}"#
  }

  private static func line(_ milliseconds: Int, _ stream: String, _ data: String) -> String {
    #"{"recv_ns":\#(milliseconds)000000,"stream":"btcusdt@\#(stream)","data":\#(data)}"#
  }

  private static let lines = [
    line(1_000, "depth@100ms", depth("5-9", #"["9.00","1.0"]"#, "")),
    line(1_100, "depth@100ms", depth("10-12", #"["10.00","0.0"]"#, #"["11.50","3.0"]"#)),
    #"{"recv_ns":1150000000,"rest":"depth","data":{"lastUpdateId":10,"#
      + #""bids":[["10.00","2.0"],["9.00","1.0"]],"asks":[["11.00","5.0"]]}}"#,
    line(1_200, "trade", #"{"e":"trade","E":3,"s":"BTCUSDT","t":77,"p":"11.00","q":"1.0","T":3,"m":false,"M":true}"#),
    line(1_300, "depth@100ms", depth("13-13", "", #"["11.00","4.0"]"#)),
  ]

  private static func source(_ speed: Int64 = 1, _ lines: [String] = lines) throws -> ReplaySource {
    var source = ReplaySource(.spot, speed: speed)
    // In pieces, as a file is read.
    let bytes = Array(lines.joined(separator: "\n").utf8)
    for start in stride(from: 0, to: bytes.count, by: 100) {
      try source.append(bytes[start..<min(start + 100, bytes.count)])
    }
    try source.finish()
    return source
  }

  private static func depth(_ source: ReplaySource, _ driver: borrowing MarketDriver) throws -> JSONValue {
    let answer = try #require(source.answer("/api/v3/depth", try VenueQuery(query: "symbol=BTCUSDT"), at: driver.time))
    return try JSONReader.read(try answer.get()).root
  }

  @Test func messagesComeAtTheirPaceAndAsTheyWere() throws {
    var driver = MarketDriver()
    driver.streams.replayed = [.spot]
    let link = try driver.open(1, "/stream?streams=btcusdt@depth/btcusdt@trade/btcusdt@bookTicker")
    var source = try Self.source()
    var counts: [Int] = []
    for _ in 0..<4 {
      source.turn(&driver.streams, at: driver.time)
      driver.turn()
      counts.append(driver.outputs().count)
      driver.now += 100 * MarketDriver.millisecond
    }
    #expect(counts == [1, 1, 1, 1])
    #expect(source.isOver)
    var quick = try Self.source(10)
    quick.turn(&driver.streams, at: driver.time)
    driver.now += 20 * MarketDriver.millisecond
    quick.turn(&driver.streams, at: driver.time)
    let texts = driver.texts(of: link)
    #expect(texts.count == 3)
    #expect(texts[0].hasPrefix(#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":5,"#))
    #expect(quick.nextDue(at: driver.time).nanoseconds - driver.time.now.nanoseconds == 10 * MarketDriver.millisecond)
  }

  @Test func theBookIsTheSnapshotAndWhatFollowed() throws {
    var driver = MarketDriver()
    var source = try Self.source()
    source.turn(&driver.streams, at: driver.time)
    // Before its time the first snapshot stands; what comes with lower numbers is in it.
    var book = try Self.depth(source, driver)
    #expect(book.whole("lastUpdateId") == 10)
    #expect(book.levels("bids").map(\.price) == ["10.00", "9.00"])
    driver.now += 300 * MarketDriver.millisecond
    source.turn(&driver.streams, at: driver.time)
    book = try Self.depth(source, driver)
    #expect(book.whole("lastUpdateId") == 13)
    #expect(book.levels("bids").map(\.price) == ["9.00"])
    #expect(book.levels("asks").map { "\($0.price) \($0.quantity)" } == ["11.00 4.0", "11.50 3.0"])
    let trades = try #require(source.answer("/api/v3/trades", try VenueQuery(query: "symbol=BTCUSDT"), at: driver.time))
    #expect(
      String(decoding: try trades.get(), as: UTF8.self)
        == #"[{"id":77,"price":"11.00","qty":"1.0","time":3,"isBuyerMaker":false}]"#)
    #expect(source.answer("/api/v3/klines", VenueQuery(), at: driver.time) == nil)
  }

  @Test func aGapEndsTheBookUntilTheNextSnapshot() throws {
    var driver = MarketDriver()
    var lines = Self.lines
    lines[4] = Self.line(1_300, "depth@100ms", Self.depth("15-16", "", ""))
    var source = try Self.source(1, lines)
    source.turn(&driver.streams, at: driver.time)
    driver.now += 400 * MarketDriver.millisecond
    source.turn(&driver.streams, at: driver.time)
    #expect(throws: VenueError.self) { try Self.depth(source, driver) }
  }

  @Test(arguments: [
    "{", "[]", #"{"recv_ns":1}"#, #"{"recv_ns":1,"data":{}}"#, #"{"recv_ns":"1","stream":"a@trade","data":{}}"#,
  ])
  func whatIsNoRecordingIsRefusedWithItsLine(_ line: String) {
    #expect {
      try Self.source(1, [Self.lines[0], line])
    } throws: { error in
      "\(error)".hasPrefix("line 2 of the recording")
    }
  }

  /// Recordings of a real exchange: every difference applies, and best bid and ask of the book are those of the
  /// recorded best prices whenever their numbers agree.
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["OMS_SHARED"] != nil),
    arguments: [("spot", VenueProduct.spot, "/api/v3/depth"), ("usdm", .usdm, "/fapi/v1/depth")])
  func aRecordedMarketIsWhole(_ name: String, _ product: VenueProduct, _ path: String) throws {
    let shared = ProcessInfo.processInfo.environment["OMS_SHARED"] ?? ""
    let file = "\(shared)/data/recorded_ws/binance_\(name)_btcusdt_20240808.jsonl.gz"
    try #require(FileManager.default.fileExists(atPath: file))
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "gzip -dc '\(file)' | head -n 1500"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = Array(pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    var driver = MarketDriver()
    driver.streams.replayed = [product]
    let link = try driver.open(
      1, "\(product == .spot ? "" : "/public")/ws/btcusdt@bookTicker/btcusdt@depth@100ms", product)
    var source = ReplaySource(product, speed: 1)
    var place = bytes.startIndex
    var (agreed, messages) = (0, 0)
    while !source.isOver {
      while source.wantsMore {
        let next = min(place + 1 << 16, bytes.endIndex)
        try source.append(bytes[place..<next])
        place = next
        if place == bytes.endIndex { try source.finish() }
      }
      driver.now += 10 * MarketDriver.millisecond
      source.turn(&driver.streams, at: driver.time)
      for text in driver.texts(of: link) {
        messages += 1
        let message = try JSONReader.read(text).root
        guard message["b"]?.isString == true, messages % 8 == 0 else { continue }
        let query = try VenueQuery(query: "symbol=BTCUSDT&limit=5")
        let book = try JSONReader.read(try #require(source.answer(path, query, at: driver.time)).get()).root
        guard book.whole("lastUpdateId") == message.whole("u") else { continue }
        agreed += 1
        #expect(book.levels("bids").first?.price == message.text("b"))
        #expect(book.levels("asks").first?.price == message.text("a"))
      }
    }
    #expect(messages > 1_000)
    let query = try VenueQuery(query: "symbol=BTCUSDT&limit=5")
    let last = try JSONReader.read(try #require(source.answer(path, query, at: driver.time)).get()).root
    let (bid, ask) = (last.levels("bids").first?.price, last.levels("asks").first?.price)
    #expect(e8(bid) < e8(ask), "\(agreed) agreed")
  }
}

/// A served exchange that tells a recording: what is asked is answered from it, and orders meet its book.
@Suite struct MarketReplayTests {
  private static func depth(_ numbers: String, _ bids: String, _ asks: String) -> String {
    let (first, last) = (numbers.split(separator: "-")[0], numbers.split(separator: "-")[1])
    return #"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":\#(first),"u":\#(last),"b":[\#(bids)],"a":[\#(asks)]}"#
  }

  private static let lines = [
    #"{"recv_ns":1000000000,"rest":"depth","data":{"lastUpdateId":10,"#
      + #""bids":[["57000.00","2.0"],["56999.00","1.0"]],"asks":[["57001.00","5.0"]]}}"#,
    #"{"recv_ns":2000000000,"stream":"btcusdt@depth@100ms","data":"#
      + depth("11-11", #"["57000.00","0.0"],["56999.00","0.0"],["56990.00","3.0"]"#, #"["56991.00","0.4"]"#) + "}",
  ]

  private static func driver(_ lines: [String] = lines) throws -> VenueDriver {
    var driver = VenueDriver()
    driver.server.replay(ReplaySource(.spot, speed: 2))
    try driver.server.take(recording: Array(lines.joined(separator: "\n").utf8), of: .spot)
    try driver.server.take(recording: [], of: .spot)
    driver.pass(milliseconds: 1)
    return driver
  }

  @Test func ordersMeetTheRecordedBook() throws {
    var driver = try Self.driver()
    let bought = driver.spot("BUY", "MARKET", "quantity=0.5")
    #expect(bought.body["fills"]?.elements.map { $0.words("price", "qty") } == ["57001.00000000 0.50000000"])
    let maker = driver.limit("BUY", "0.3", at: "56995")
    #expect(maker["status"] == "NEW")
    driver.pass(milliseconds: 499)
    #expect(driver.call("GET", "/api/v3/openOrders").body.count == 1)
    // Half a second later at twice the speed the market has come down to it.
    driver.pass(milliseconds: 2)
    let found = driver.call("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=\(maker["orderId"])")
    #expect(found.body.words("status", "executedQty") == "FILLED 0.30000000")
    let depth = driver.send("GET", "/api/v3/depth?symbol=BTCUSDT").body
    #expect(depth.words("lastUpdateId") == "11")
    // The other product has its own market.
    #expect(driver.send("GET", "/fapi/v1/depth?symbol=BTCUSDT", .usdm).status == 200)
    let isSound = driver.isSound
    #expect(isSound)
  }

  @Test func itsStreamsTellWhatWasRecorded() throws {
    var driver = try Self.driver()
    let link = driver.open("/stream?streams=btcusdt@depth@100ms")
    driver.pass(milliseconds: 600)
    let told = driver.take(link).compactMap { $0["data"]?.words("u") }
    #expect(told == ["11"])
  }

  @Test func productsAreToldApart() {
    func product(_ data: String, _ rest: String = #""stream":"btcusdt@x""#) -> VenueProduct {
      ReplaySource.product(ofBeginning: Array("{\"recv_ns\":1,\(rest),\"data\":\(data)}\n{\"recv".utf8))
    }
    #expect(product(#"{"e":"depthUpdate","U":1,"u":2,"pu":0}"#) == .usdm)
    #expect(product(#"{"e":"depthUpdate","U":1,"u":2}"#) == .spot)
    #expect(product(#"{"e":"bookTicker","u":2}"#) == .usdm)
    #expect(product(#"{"u":2,"s":"BTCUSDT","b":"1","B":"2"}"#) == .spot)
    #expect(product(#"{"lastUpdateId":1,"E":5,"T":5}"#, #""rest":"depth""#) == .usdm)
    #expect(product(#"{"lastUpdateId":1}"#, #""rest":"depth""#) == .spot)
  }
}
