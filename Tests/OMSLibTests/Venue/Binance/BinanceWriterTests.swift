import Testing

@testable import OMSLib

/// The published examples: what is signed, byte by byte, and what comes of it.
@Suite struct BinanceWriterTests {
  private let signer = ExampleSigner(secret: BinanceFixture.secret)
  private let fullWidth = "１２３４５６"

  private func limitOrder(_ symbol: String) -> BinanceCall {
    var call = BinanceCall(SpotEndpoint.place)
    for (name, value) in [
      ("symbol", symbol), ("side", "BUY"), ("type", "LIMIT"), ("timeInForce", "GTC"), ("quantity", "1"),
      ("price", "0.1"),
    ] { call.parameters.add(name, value) }
    return call
  }

  private func rest(_ call: BinanceCall) -> (target: String, body: String) {
    var writer = BinanceWriter()
    var call = call
    var access = BinanceAccess(apiKey: BinanceFixture.key, product: .spot)
    access.windowMicroseconds = 5_000_000
    var target = ByteBuffer()
    var body = ByteBuffer()
    let written = writer.writeREST(
      &call, access: access, at: UTCTime(nanoseconds: 1_499_827_319_559_000_000), signer: signer, target: &target,
      body: &body)
    #expect(written)
    return (target.text, body.text)
  }

  @Test func restSignsTheQueryAsItIsSent() {
    let (target, body) = rest(limitOrder("LTCBTC"))
    #expect(target == "/api/v3/order")
    #expect(
      body
        == "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
        + "&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71")
  }

  @Test func symbolsOfOtherLettersAreEncodedBeforeTheyAreSigned() {
    let (_, body) = rest(limitOrder(fullWidth))
    #expect(body.hasPrefix("symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY"))
    #expect(body.hasSuffix("&signature=e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"))
  }

  private func frame(_ parameters: [(String, BinanceParameters.Value)], window: Int64) -> String {
    var writer = BinanceWriter()
    var call = BinanceCall(SpotEndpoint.place)
    for (name, value) in parameters { call.parameters.add(name, value) }
    var access = BinanceAccess(apiKey: BinanceFixture.key, product: .spot)
    access.windowMicroseconds = window
    var frame = ByteBuffer()
    let written = writer.writeFrame(
      &call, id: 5, access: access, at: UTCTime(nanoseconds: 1_645_423_376_532_000_000), signer: signer, into: &frame)
    #expect(written)
    return frame.text
  }

  @Test func framesSignSortedParametersThatAreNotEncoded() throws {
    let text = frame(
      [
        ("type", .word("LIMIT")), ("symbol", .word("BTCUSDT")), ("side", .word("SELL")),
        ("timeInForce", .word("GTC")), ("quantity", .word("0.01000000")), ("price", .word("52000.00")),
      ], window: 100_000)
    let root = try JSONReader.read(text).root
    #expect(root["id"]?.integer(as: Int.self) == 5 && root["method"]?.string == "order.place")
    let params = try #require(root["params"])
    #expect(params["signature"]?.string == "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24")
    #expect(params["timestamp"]?.integer(as: Int64.self) == 1_645_423_376_532)
    #expect(params["recvWindow"]?.integer(as: Int64.self) == 100)
    #expect(params["apiKey"]?.string == BinanceFixture.key.description)
  }

  @Test func framesKeepSymbolsOfOtherLettersAsTheyAre() throws {
    let text = frame(
      [
        ("symbol", .word(fullWidth)), ("side", .word("BUY")), ("type", .word("LIMIT")), ("timeInForce", .word("GTC")),
        ("quantity", .word("1.00000000")), ("price", .word("0.10000000")),
      ], window: 5_000_000)
    let params = try #require(try JSONReader.read(text).root["params"])
    #expect(params["signature"]?.string == "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd")
    #expect(params["symbol"]?.string == fullWidth)
  }

  @Test func aConnectionThatIsLoggedOnSendsNeitherKeyNorSignature() throws {
    var writer = BinanceWriter()
    var access = BinanceAccess(apiKey: BinanceFixture.key, product: .spot)
    access.isLoggedOn = true
    access.windowMicroseconds = 1_500_250
    var call = BinanceCall(SpotEndpoint.order)
    var frame = ByteBuffer()
    let written = writer.writeFrame(
      &call, id: 6, access: access, at: UTCTime(nanoseconds: 1_000_000_000), signer: signer, into: &frame)
    #expect(written)
    #expect(frame.text == #"{"id":6,"method":"order.status","params":{"recvWindow":1500.25,"timestamp":1000}}"#)
    // To log on it is what matters.
    call.begin(SpotEndpoint.logOn)
    frame.removeAll()
    _ = writer.writeFrame(
      &call, id: 7, access: access, at: UTCTime(nanoseconds: 1_000_000_000), signer: signer, into: &frame)
    let params = try #require(try JSONReader.read(frame.text).root["params"])
    #expect(params["apiKey"] != nil && params["signature"]?.string?.count == 64)
  }

  @Test func futuresTakeWholeMillisecondsAsWindow() {
    var writer = BinanceWriter()
    var access = BinanceAccess(apiKey: BinanceFixture.key, product: .usdm)
    access.windowMicroseconds = 1_500_999
    var call = BinanceCall(FuturesEndpoint.positions)
    var target = ByteBuffer()
    var body = ByteBuffer()
    _ = writer.writeREST(
      &call, access: access, at: UTCTime(nanoseconds: 1_000_000_000), signer: signer, target: &target, body: &body)
    #expect(target.text.hasPrefix("/fapi/v3/positionRisk?recvWindow=1500&timestamp=1000&signature="))
    #expect(body.text == "")
  }

  @Test func whatHasNoFaceOverATransportIsNotWritten() {
    var writer = BinanceWriter()
    let access = BinanceAccess(apiKey: BinanceFixture.key, product: .usdm)
    var bytes = ByteBuffer()
    var call = BinanceCall(FuturesEndpoint.countdown)
    var written = writer.writeFrame(&call, id: 1, access: access, at: .zero, signer: signer, into: &bytes)
    #expect(!written)
    call.begin(SpotEndpoint.subscribeSigned)
    var body = ByteBuffer()
    written = writer.writeREST(&call, access: access, at: .zero, signer: signer, target: &bytes, body: &body)
    #expect(!written && bytes.text == "")
  }

  @Test func everyEndpointHasOnePath() {
    for all in [SpotEndpoint.all, FuturesEndpoint.all] {
      let paths = all.filter { !$0.path.isEmpty }.map { "\($0.method.rawValue) \($0.path)" }
      #expect(Set(paths).count == paths.count)
      #expect(all.allSatisfy { !$0.path.isEmpty || $0.frame != nil })
    }
    for product in BinanceProduct.allCases {
      for world in BinanceWorld.allCases { #expect(world.hosts(of: product).rest.hasPrefix("https://")) }
    }
    #expect(BinanceWorld.production.hosts(of: .usdm).user == "wss://fstream.binance.com/private")
  }
}
