import OMSLib
import Testing

@testable import OMSVenue

/// Keys, signatures and times.
@Suite struct VenueSignatureTests {
  private static let check = SharedSecretCheck(
    secret: "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j")

  @Test func restPayloadsAreTheBytesAsTheyWereSent() {
    let whole =
      "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    let signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    #expect(Self.check.isValid(signature, of: Authentication.payload(query: whole, body: [])))
    #expect(Self.check.isValid(signature.uppercased(), of: Authentication.payload(query: whole, body: [])))
    #expect(Self.check.isValid(signature, of: Authentication.payload(query: "", body: Array(whole.utf8))))
    // The signature is taken out wherever it stands.
    #expect(
      Self.check.isValid(signature, of: Authentication.payload(query: "\(whole)&signature=\(signature)", body: [])))
    #expect(
      Self.check.isValid(signature, of: Authentication.payload(query: "signature=\(signature)&\(whole)", body: [])))
    let middle = whole.replacing("&price", with: "&signature=x&price")
    #expect(Self.check.isValid(signature, of: Authentication.payload(query: middle, body: [])))
    #expect(!Self.check.isValid(signature, of: Authentication.payload(query: whole + "0", body: [])))
    #expect(!Self.check.isValid("", of: Authentication.payload(query: whole, body: [])))
  }

  @Test func encodedSymbolsAreSignedEncoded() {
    let payload =
      "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1"
      + "&price=0.1&recvWindow=5000&timestamp=1499827319559"
    #expect(
      Self.check.isValid(
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        of: Authentication.payload(query: payload, body: [])))
  }

  @Test func queryAndBodyAreJoinedWithNothingBetween() {
    #expect(
      Self.check.isValid(
        "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        of: Authentication.payload(
          query: "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
          body: Array("quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559".utf8))))
  }

  @Test func socketPayloadsAreSortedAndNotEncoded() {
    let parameters = [
      ("timestamp", "1645423376532"), ("symbol", "１２３４５６"), ("side", "BUY"), ("type", "LIMIT"),
      ("timeInForce", "GTC"),
      ("quantity", "1.00000000"), ("price", "0.10000000"), ("recvWindow", "5000"), ("signature", "none"),
      ("apiKey", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
    ].map { (name: $0.0, value: $0.1) }
    #expect(
      Self.check.isValid(
        "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd", of: Authentication.payload(of: parameters)))
  }

  @Test func batchesInBracketsAreSignedEncoded() {
    var driver = VenueDriver()
    let list = "%5B1%2C2%5D"
    let answer = driver.call("DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT&orderIdList=\(list)")
    #expect(answer.status == 200)
    #expect(answer.body.elements.map { $0.words("code") } == ["-2011", "-2011"])
  }

  @Test func keysAreMadeFromTheSeed() {
    let first = VenueDriver(seed: 7)
    let second = VenueDriver(seed: 7)
    let other = VenueDriver(seed: 8)
    #expect(first.server.credentials == second.server.credentials)
    #expect(first.credential(1).key != other.credential(1).key)
    let keys = first.server.credentials.flatMap { [$0.key, $0.secret] }
    #expect(Set(keys).count == 6)
    #expect(keys.allSatisfy { VenueKeys.isWellFormed($0) })
  }

  // MARK: - Errors

  @Test func wrongKeysAndSignaturesAreRefused() {
    var driver = VenueDriver()
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let payload = "timestamp=\(driver.milliseconds)"
    let good = driver.signature(payload)
    let path = "/api/v3/account?\(payload)&signature=\(good)"
    #expect(driver.send("GET", path).code == -2014)
    #expect(driver.send("GET", path, fields: [HTTPField(name: "x-mbx-apikey", value: "nope")]).code == -2014)
    let strange = HTTPField(name: "x-mbx-apikey", value: String(repeating: "a", count: 64))
    let unknown = driver.send("GET", path, fields: [strange])
    #expect(unknown.code == -2015 && unknown.status == 401)
    #expect(unknown.message == "Invalid API-key, IP, or permissions for action.")
    let wrong = driver.send(
      "GET", "/api/v3/account?\(payload)&signature=\(driver.signature(payload, 2))", fields: [key])
    #expect(wrong.code == -1022 && wrong.status == 400)
    #expect(wrong.message == "Signature for this request is not valid.")
    let unsigned = driver.send("GET", "/api/v3/account?\(payload)", fields: [key])
    #expect(unsigned.code == -1102)
    #expect(unsigned.message == "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    #expect(
      driver.send("GET", "/api/v3/account?signature=\(good)", fields: [key]).message.contains("'timestamp'") == true)
    #expect(driver.send("GET", path, fields: [key]).status == 200)
  }

  private mutating func answer(_ driver: inout VenueDriver, _ timestamp: Int64, _ window: String?) -> Int {
    let payload = "timestamp=\(timestamp)" + (window.map { "&recvWindow=\($0)" } ?? "")
    let key = HTTPField(name: "x-mbx-apikey", value: driver.credential(1).key)
    let answer = driver.send(
      "GET", "/api/v3/account?\(payload)&signature=\(driver.signature(payload))", fields: [key])
    return answer.code ?? answer.status
  }

  @Test func requestsComeInTheirWindow() {
    var driver = VenueDriver()
    var suite = self
    let now = driver.milliseconds
    #expect(suite.answer(&driver, now + 999, nil) == 200)
    #expect(suite.answer(&driver, now + 1_000, nil) == -1021)
    #expect(suite.answer(&driver, now - 5_000, nil) == 200)
    #expect(suite.answer(&driver, now - 5_001, nil) == -1021)
    #expect(suite.answer(&driver, now - 60_000, "60000") == 200)
    #expect(suite.answer(&driver, now - 10, "60000.001") == -1131)
    // Microseconds, and windows with a fraction.
    #expect(suite.answer(&driver, now * 1_000 - 1_500, "1.5") == 200)
    #expect(suite.answer(&driver, now * 1_000 - 1_501, "1.5") == -1021)
    #expect(suite.answer(&driver, now, "1.0005") == -1111)
    #expect(suite.answer(&driver, now, "abc") == -1100)
  }

  @Test func noWindowReachesBeyondTheFence() {
    var driver = VenueDriver(fence: 20_000_000)
    var suite = self
    let now = driver.milliseconds
    #expect(suite.answer(&driver, now - 20, nil) == 200)
    #expect(suite.answer(&driver, now - 21, nil) == -1021)
    #expect(suite.answer(&driver, now - 21, "60000") == -1021)
    #expect(suite.answer(&driver, now - 6, "5") == -1021)
  }

  @Test func parametersAreReadOrRefused() {
    var driver = VenueDriver()
    func error(_ more: String) -> String {
      var driver = VenueDriver()
      let answer = driver.call("POST", "/api/v3/order", more)
      return "\(answer.code ?? 0) \(answer.message)"
    }
    let order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1"
    #expect(error(order) == "-1102 Mandatory parameter 'price' was not sent, was empty/null, or malformed.")
    #expect(error(order + "&price=1&colour=red").hasPrefix("-1104 Not all sent parameters were read; read '"))
    #expect(error(order + "&price=1&newClientOrderId=").hasPrefix("-1105 Parameter 'newClientOrderId' was empty."))
    #expect(error(order + "&price=1&newClientOrderId=a%20b").hasPrefix("-1100 Illegal characters found in parameter"))
    #expect(error(order + "&price=1&stopPrice=2") == "-1106 Parameter 'stopPrice' sent when not required.")
    #expect(error(order + "&price=0.000000001") == "-1111 Parameter 'price' has too much precision.")
    #expect(error(order + "&price=0.001") == "-1013 Filter failure: PRICE_FILTER")
    #expect(error(order + "&price=-1").hasPrefix("-1100"))
    #expect(error("symbol=NOPE&side=BUY&type=MARKET&quantity=1") == "-1121 Invalid symbol.")
    #expect(error("symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1") == "-1117 Invalid side.")
    #expect(error("symbol=BTCUSDT&side=BUY&type=MAGIC&quantity=1") == "-1116 Invalid orderType.")
    #expect(error(order.replacing("GTC", with: "GTX") + "&price=1") == "-1115 Invalid timeInForce.")
    #expect(error(order.replacing("=1", with: "=0.000001") + "&price=60000") == "-1013 Filter failure: LOT_SIZE")
    let many = (0..<200).map { "a\($0)=1" }.joined(separator: "&")
    #expect(driver.call("GET", "/api/v3/account", many).code == -1101)
    #expect(driver.send("GET", "/api/v3/account?a=%zz").code == -1100)
    let absent = driver.send("GET", "/api/v3/nothing")
    #expect(absent.status == 404 && absent.code == -5000)
  }
}
