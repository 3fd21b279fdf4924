import Testing

@testable import OMSLib

@Suite struct WireAddressTests {
  @Test(
    arguments: [
      ("https://api.example", "api.example", 443, true, ""),
      ("wss://ws.example:9443/ws-api/v3", "ws.example", 9_443, true, "/ws-api/v3"),
      ("http://127.0.0.1:8080/", "127.0.0.1", 8_080, false, ""),
      ("ws://[::1]:81/a/b//", "::1", 81, false, "/a/b"),
      ("https://[::1]", "::1", 443, true, ""),
    ] as [(String, String, Int, Bool, String)]) func itIsTakenApart(
      text: String, host: String, port: Int, isEncrypted: Bool, path: String
    ) throws
  {
    let address = try #require(WireAddress(text))
    #expect(address.host.name == host && Int(address.host.port) == port)
    #expect(address.host.isEncrypted == isEncrypted && address.path == path)
  }

  @Test(arguments: [
    "", "api.example", "ftp://api.example", "https://", "https://:443", "https://a:0", "https://a:65536", "https://a:x",
    "https://user@a", "https://a/?x=1", "https://a?x=1", "https://a/#b", "https://a b", "https://a\r\nhost: b",
    "https://a/\"", "https://[::1", "https://ä",
  ]) func whatIsNoneIsRefused(text: String) {
    #expect(WireAddress(text) == nil)
  }
}
