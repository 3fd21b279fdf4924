import Testing

@testable import OMSLib

@Suite struct ErrorObjectTests {
  @Test func theHumanFormHasAtMostFourLines() {
    var error = ErrorObject("venue.rejected", .venueRejected, "no", hint: "look")
    error.id = "x-3"
    error.venueCode = "-2010"
    error.venueMessage = "insufficient balance"
    error.sent = "yes"
    #expect(
      error.text
        == "oms: error: no [venue.rejected, exit 20]\n  sent: yes    id: x-3\n  venue: -2010 insufficient balance\n  hint: look\n"
    )
    #expect(ErrorObject.usage("flag", "bad").text == "oms: error: bad [usage.flag, exit 2]\n")
  }

  @Test func theJSONFormReadsBack() throws {
    var error = ErrorObject("risk.max_order_notional", .risk, "too \"large\"\n")
    error.retryAfterMilliseconds = 250
    error.account = "sim.main"
    error.line = 3
    let document = try JSONReader.read(error.json(at: .zero))
    #expect(document.root["type"]?.string == "error")
    #expect(document.root["ts"]?.string == "1970-01-01T00:00:00.000000000Z")
    #expect(document.root["id"]?.isNull == true)
    #expect(ErrorObject(document.root) == error)
    let catalog = try #require(ObjectCatalog.type(named: "error"))
    #expect(document.root.members.map(\.name) == ["type", "v"] + catalog.fields.map(\.name))
  }

  /// The parts, then the whole.
  static let outcomes: [[UInt8]] = [
    [0], [0, 0, 0], [14, 14], [14, 20, 20], [20, 14, 2, 20], [0, 14, 32], [0, 30, 30], [30, 14, 30], [31, 20, 31],
    [2, 14, 14], [1, 2, 1],
  ]

  @Test(arguments: outcomes) func severalOutcomesAreOneStatus(row: [UInt8]) {
    let (parts, status) = (row.dropLast(), row.last)
    #expect(ExitStatus.combined(parts).rawValue == status)
  }

  @Test func exitCodesSayWhatWasSent() {
    for code in ExitCode.allCases where (10...19).contains(code.rawValue) { #expect(code.sent == "no") }
    for code in ExitCode.allCases where (20...29).contains(code.rawValue) { #expect(code.sent == "yes") }
    #expect(ExitCode.unknown.sent == "unknown")
    #expect(Set(ExitCode.allCases.map(\.meaning)).count == ExitCode.allCases.count)
  }
}
