import Testing

@testable import OMSLib

@Suite struct BatchLineTests {
  private func line(_ text: String, _ change: (inout BatchLine.Defaults) -> Void = { _ in }) -> BatchLine {
    var defaults = BatchLine.Defaults()
    change(&defaults)
    return BatchLine(Array(text.utf8), defaults)
  }

  private func outcome(_ text: String, _ change: (inout BatchLine.Defaults) -> Void = { _ in }) -> String {
    switch line(text, change).work {
    case .request(let draft):
      // What is sent must be what the engine understands.
      do throws(RequestError) {
        _ = try Request(line: Array(draft.line(number: 1).dropLast()))
        return draft.operation
      } catch {
        return "engine: \(error.code)"
      }
    case .barrier: return "barrier"
    case .pause(let milliseconds): return "sleep \(milliseconds)"
    case .nothing: return "nothing"
    case .refused(let error): return error.code
    }
  }

  /// Escaped it is six times as long: the engine would not read it, and could answer to nobody.
  @Test func aLineThatGrowsBeyondWhatTheEngineReadsIsRefused() {
    let tag = { (count: Int) in
      #"{"symbol":"BTC-USDT","side":"buy","qty":"1","market":true,"tags":{"k":""#
        + String(repeating: "\u{7F}", count: count)
        + #""}}"#
    }
    guard case .request(let draft) = line(tag(9_000)).work else {
      Issue.record("it fits")
      return
    }
    let sent = Array(draft.line(number: 7).dropLast())
    #expect(sent.count > 54_000 && Request.number(ofBroken: sent) == 7)
    #expect(outcome(tag(60_000)) == "usage.line")
  }

  static let lines: [(String, String)] = [
    (
      #"{"account":"sim.main","symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000.00","tif":"gtc","flags":["post_only"],"id":"l-0","tags":{"k":"v"}}"#,
      "order"
    ),
    (#"{"op":"order","symbol":"BTC-USDT","side":"sell","qty":0.5,"market":true,"wait":"filled"}"#, "order"),
    (
      #"{"symbol":"BTC-USDT","side":"sell","qty":"50%","stop":"1","reduce_only":true,"market":false,"id":null}"#,
      "order"
    ),
    (#"{"op":"amend","id":"l-0","limit":"50001.00"}"#, "amend"),
    (#"{"op":"cancel","id":"l-0"}"#, "cancel"), (#"{"op":"barrier"}"#, "barrier"),
    (#"{"op":"sleep","ms":100}"#, "sleep 100"),
    (#"{"op":"stop"}"#, "usage.op"), (#"{"op":5}"#, "usage.json"), ("[]", "usage.json"), ("x", "usage.json"),
    (#"{"op":"cancel"}"#, "usage.member"), (#"{"op":"cancel","id":"a b"}"#, "usage.id"),
    (#"{"op":"cancel","id":"a","x":1}"#, "usage.member"), (#"{"op":"sleep","ms":-1}"#, "usage.member"),
    (#"{"op":"sleep","ms":1.5}"#, "usage.member"), (#"{"op":"amend","limit":"1"}"#, "usage.member"),
    (#"{"symbol":"B","side":"buy","qty":1e3,"limit":"1"}"#, "usage.decimal"),
    (#"{"symbol":"B","side":"buy","qty":-1,"limit":"1"}"#, "usage.decimal"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","live":true}"#, "usage.member"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","yes":true}"#, "usage.member"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","req":9}"#, "usage.member"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","market":"yes"}"#, "usage.type"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","flags":"x"}"#, "usage.type"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","tags":{"a":1}}"#, "usage.type"),
    (#"{"symbol":"B","side":"buy","qty":"1","limit":"1","limit":"2"}"#, "usage.json"),
  ]

  @Test(arguments: lines) func judgesLines(text: String, expected: String) {
    #expect(outcome(text) == expected)
  }

  @Test func defaultsFillWhatTheLineLeavesOut() throws {
    let plain = line(#"{"symbol":"B","side":"buy","qty":"1","limit":"1"}"#) {
      $0.account = "sim.sub01"
      $0.isLive = true
      $0.isConfirmed = true
      $0.session = "g-1"
    }
    guard case .request(let draft) = plain.work else {
      Issue.record("refused")
      return
    }
    let request = try Request(line: Array(draft.line(number: 5).dropLast()))
    guard case .order(let order) = request.operation else {
      Issue.record("not an order")
      return
    }
    #expect(order.selection.account == "sim.sub01")
    #expect(order.session == "g-1")
    #expect(order.consent.live && order.consent.yes)
    #expect(order.timeout == 5_000_000_000)
  }

  @Test func cancellingTakesIdsAndObjects() {
    let cancelling: (inout BatchLine.Defaults) -> Void = { $0.isCancelling = true }
    #expect(outcome("l-0", cancelling) == "cancel")
    #expect(outcome(#"{"id":"l-0"}"#, cancelling) == "cancel")
    #expect(outcome("a b", cancelling) == "usage.id")
    #expect(outcome(#"{"op":"order","id":"x"}"#, cancelling) == "usage.op")
  }

  @Test func aDryRunCancelsNothing() {
    let dry: (inout BatchLine.Defaults) -> Void = { $0.isDryRun = true }
    #expect(outcome(#"{"op":"cancel","id":"l-0"}"#, dry) == "nothing")
    #expect(outcome(#"{"op":"amend","id":"l-0","limit":"1"}"#, dry) == "nothing")
    #expect(outcome(#"{"op":"sleep","ms":100}"#, dry) == "nothing")
  }

  @Test func refusesLinesThatAreTooLong() {
    #expect(outcome("\"" + String(repeating: "x", count: BatchLine.bytesMax) + "\"") == "usage.line")
  }
}
