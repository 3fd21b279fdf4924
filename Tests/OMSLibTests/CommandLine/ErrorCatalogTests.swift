import Foundation
import Testing

@testable import OMSLib

/// Codes in the sources against codes that `oms explain` knows.
@Suite struct ErrorCatalogTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
  private static let areas = [
    "usage", "config", "auth", "confirm", "guard", "risk", "halted", "engine", "busy", "notfound", "conflict", "venue",
    "wait", "outcome", "partial", "stream", "drift", "io", "internal", "grant",
  ]
  /// Names of that form which are no error codes: kinds of events, benchmarks, what `oms doctor` looks at.
  private static let others: Set<String> = [
    "engine.start", "engine.stop", "venue.connect", "venue.disconnect", "risk.cold", "risk.overlapped", "risk.yaml",
    "engine.answers", "engine.drift", "engine.loop_lag", "engine.ring", "engine.snapshot", "engine.state",
    "engine.unknown",
  ]

  /// Path and text of each file that can produce an error; the simulator and its like are for developers.
  private static func sources() throws -> [(path: String, text: String)] {
    let folder = root.appending(path: "Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { path in
      path.hasSuffix(".swift") && (path.hasPrefix("oms/") || path.hasPrefix("OMSLib/"))
        && !path.hasPrefix("OMSLib/Simulation/") && !path.contains("/ErrorCatalog")
    }
    return try paths.map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
  }

  /// What is written out in the sources.
  private static func written() throws -> Set<String> {
    let whole = try Regex("\"(?:\(areas.joined(separator: "|")))\\.[a-z_]+\"")
    let usage = try Regex(#"\busage\(\s*"[a-z_]+"\s*,"#)
    var codes: Set<String> = []
    for (_, text) in try sources() {
      for match in text.matches(of: whole) { codes.insert(text[match.range].trimmingCharacters(in: ["\""])) }
      for match in text.matches(of: usage) {
        codes.insert("usage." + text[match.range].split(separator: "\"")[1])
      }
    }
    return codes.subtracting(others)
  }

  /// What is made of words: reasons of the core, ends of orders, remedies of venues, shapes of words.
  private static func composed() throws -> Set<String> {
    var codes: Set<String> = []
    // From 100 on a reason says what happened to an order that was taken.
    for reason in Reason.allCases where reason != .none && reason.rawValue < 100 {
      var reply = Reply()
      reply.reasonRaw = reason.rawValue
      codes.insert(Refusals.error(reply, account: nil, symbol: nil, id: nil).code)
    }
    for status in [OrderStatus.filled, .cancelled, .expired, .rejected] { codes.insert("outcome.\(status.word)") }
    for reason in [Reason.notSent, .notPlaced, .venueRejected] {
      var image = OrderImage()
      image.reasonRaw = reason.rawValue
      codes.insert(Refusals.rejection(image).code)
    }
    for raw in UInt8.min...UInt8.max {
      if let remedy = VenueEvent.Remedy(rawValue: raw) { codes.insert(VenueOutcome(remedy).code) }
    }
    let shapes = try #require(try sources().first { $0.path.hasSuffix("/ValueShape.swift") }).text
    let labels = try Regex(#"case \.[a-zA-Z, .]+: "[a-z]+""#)
    let body = try #require(
      shapes.components(separatedBy: "var label").last?.components(separatedBy: "var choices").first)
    // Those of a side and of a choice are `usage.value`.
    for match in body.matches(of: labels) {
      let label = body[match.range].split(separator: "\"")[1]
      if !["side", "choice", "choices", "expression"].contains(label) { codes.insert("usage.\(label)") }
    }
    return codes
  }

  @Test func everyCodeIsExplainedAndEveryExplanationHasItsCode() throws {
    let produced = try Self.written().union(try Self.composed())
    let explained = Set(ErrorCatalog.all.map(\.code))
    #expect(produced.count > 200, "the sources were not found")
    for code in produced.subtracting(explained).sorted() { Issue.record("\(code) has no entry in ErrorCatalog") }
    for code in explained.subtracting(produced).sorted() { Issue.record("nothing produces \(code) any more") }
    #expect(explained.count == ErrorCatalog.all.count, "a code has two entries")
  }

  @Test func explanationsAreSentences() {
    for meaning in ErrorCatalog.all + [ErrorCatalog.systemCalls] {
      for text in [meaning.cause, meaning.action] { #expect(text.hasSuffix("."), "\(meaning.code): \(text)") }
    }
    for refusal in ExchangeRefusal.allCases { #expect(refusal.meaning.hasSuffix(".")) }
  }

  /// The number in the catalogue is the one that the command ends with.
  @Test func refusalsEndAsTheCatalogueSays() throws {
    for reason in Reason.allCases where reason != .none && reason.rawValue < 100 {
      var reply = Reply()
      reply.reasonRaw = reason.rawValue
      let error = Refusals.error(reply, account: nil, symbol: nil, id: nil)
      #expect(ErrorCatalog.meaning(of: error.code)?.exit.rawValue == error.exit, "\(error.code)")
    }
  }

  @Test func explainsCodesExitsAndSystemCalls() throws {
    let exit = try #require(Explanation("14"))
    #expect(exit.sent == "no" && exit.codes.contains("risk.collar"))
    #expect(Explanation("risk.collar")?.exit == 14)
    #expect(Explanation("30")?.sent == "unknown")
    #expect(Explanation("io.fsync")?.action == ErrorCatalog.systemCalls.action)
    for word in ["", "99", "io.", "io.a.b", "risk"] { #expect(Explanation(word) == nil, "\(word)") }
    #expect(Explanation.nearest(to: "risk.colar") == "risk.collar")
  }
}
