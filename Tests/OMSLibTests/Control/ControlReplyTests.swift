import Testing

@testable import OMSLib

@Suite struct ControlReplyTests {
  private func reply(_ line: [UInt8]) -> ControlReply? {
    ControlReply(line: line.last == 0x0A ? line.dropLast() : line[...])
  }

  @Test func cutsWhatTheServerWrites() {
    let object = Array(#"{"type":"x","s":"}\"{"}"#.utf8)
    #expect(reply(ReplyLine.data(object, request: 7)) == reply(ReplyLine.data(object, request: 7)))
    #expect(reply(ReplyLine.data(object, request: 7))?.body == .data(object[...]))
    #expect(reply(ReplyLine.data(object, request: 7))?.request == 7)
    #expect(reply(ReplyLine.note("a \"b\"\n", request: 1))?.body == .note("a \"b\"\n"))
    #expect(reply(ReplyLine.end(exit: 143, request: .max / 2))?.body == .end(143))
    let error = ReplyLine.error(RequestError("risk.collar", exit: 14, "far", hint: "h"), request: 2)
    guard case .error(let bytes)? = reply(error)?.body else {
      Issue.record("not an error line")
      return
    }
    let document = try? JSONReader.read(Array(bytes))
    let read = document.flatMap { ErrorObject($0.root) }
    #expect(read == ErrorObject("risk.collar", .risk, "far", hint: "h"))
  }

  @Test(arguments: [
    "", "{}", "x", #"{"req":}"#, #"{"req":1}"#, #"{"req":1,"data":{}"#, #"{"req":-1,"end":{"exit":0}}"#,
    #"{"req":1,"end":{"exit":256}}"#, #"{"req":1,"end":{"exit":}}"#, #"{"req":1,"note":5}"#, #"{"req":1,"other":{}}"#,
    #"{"req":99999999999999999999,"end":{"exit":0}}"#, #"{"req":1,"end":{}}"#,
  ])
  func refusesEverythingElse(line: String) {
    let isReply = ControlReply(line: Array(line.utf8)[...]) != nil
    // A cut-off object is not noticed by cutting; it is by whoever reads the object.
    #expect(!isReply || line == #"{"req":1,"data":{}"#)
  }
}
