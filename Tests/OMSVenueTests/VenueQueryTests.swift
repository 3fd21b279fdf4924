import OMSVenue
import Testing

@Suite struct VenueQueryTests {
  @Test func namesAndValuesAreDecoded() throws {
    let query = try VenueQuery(query: "symbol=%EF%BC%91%EF%BC%92&side=BUY&empty=&flag&text=a+b%2Bc")
    #expect(query["symbol"] == "１２")
    #expect(query["side"] == "BUY")
    #expect(query["empty"] == "")
    #expect(query["flag"] == "")
    #expect(query["text"] == "a b+c")
    #expect(query["price"] == nil)
  }

  @Test func theQueryStringCountsBeforeTheBody() throws {
    let query = try VenueQuery(query: "price=1", body: Array("price=2&quantity=3".utf8))
    #expect(query["price"] == "1")
    #expect(query["quantity"] == "3")
    #expect(query.all("price") == ["1", "2"])
  }

  @Test(arguments: ["a=%", "a=%1", "a=%zz", "a=%ff"])
  func whatIsNotEncodedRightIsRefused(_ text: String) {
    #expect(throws: VenueQuery.Fault.self) { try VenueQuery(query: text) }
  }

  @Test func thereAreNotEndlesslyManyParameters() {
    let text = String(repeating: "a=1&", count: 200)
    #expect(throws: VenueQuery.Fault.tooMany) { try VenueQuery(query: text) }
  }
}
