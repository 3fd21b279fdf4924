import Foundation
import TestSupport
import Testing

@testable import OMSLib

@Suite struct ObjectSchemaTests {
  private static func complaints(_ text: String) -> [String] {
    SchemaValidator.current.complaints(about: Array(text.utf8))
  }

  private static let gap =
    #"{"type":"gap","v":1,"ts":"2026-11-20T11:36:29.123456789Z","from_seq":1,"to_seq":2,"reason":"gone"}"#

  @Test func anObjectAsDescribedPasses() { #expect(Self.complaints(Self.gap).isEmpty) }

  @Test(arguments: [
    (#""from_seq":1"#, #""from_seq":"1""#, ".from_seq: \"1\" is not \"integer\""),
    (#""from_seq":1"#, #""from_seq":1.5"#, "is not \"integer\""), (#""to_seq":2,"#, "", ".to_seq is missing"),
    (#""reason":"gone""#, #""reason":null"#, "is not \"string\""), (#""v":1"#, #""v":2"#, ".v is not 1"),
    (#""reason""#, #""why":1,"reason""#, ".why is in no schema"), ("789Z", "Z", "does not match"),
    (#""type":"gap""#, #""type":"gape""#, "no schema of type 'gape'"),
  ])
  func aChangedMemberIsReported(member: String, by other: String, said: String) {
    let complaints = Self.complaints(Self.gap.replacingOccurrences(of: member, with: other))
    #expect(complaints.count == 1 && complaints[0].contains(said), "\(complaints)")
  }

  @Test(arguments: ["0", "-0.5", "10.00", "100000"]) func decimalsPass(_ text: String) {
    #expect(Self.balance(free: text).isEmpty)
  }

  @Test(arguments: ["", "-", "1.", ".5", "1e5", "+1", "01", "1.2.3", "1,000"]) func otherNumbersDoNot(_ text: String) {
    #expect(Self.balance(free: text).count == 1)
  }

  private static func balance(free: String) -> [String] {
    complaints(
      #"{"type":"balance","v":1,"ts":"2026-11-20T11:36:29.123456789Z","account":"a","venue":"sim","mode":"paper","#
        + #""wallet":"spot","asset":"BTC","free":"\#(free)","locked":"0","total":"0","value":null,"value_ccy":null,"#
        + #""age_ms":1}"#)
  }

  /// The words in the schema are those that the records are printed with.
  @Test func enumerationsHaveTheWordsOfTheProgram() {
    func words(_ type: String, _ field: String) -> [String] {
      ObjectCatalog.type(named: type)?.fields.first { $0.name == field }?.kind.choices ?? []
    }
    let statuses = (UInt8.min...UInt8.max).compactMap { OrderStatus(rawValue: $0)?.word }
    #expect(Set(words("order", "status")) == Set(statuses))
    #expect(Set(words("order", "kind")) == Set((UInt8.min...UInt8.max).compactMap { OrderKind(rawValue: $0)?.word }))
    #expect(Set(words("order", "tif")) == Set((UInt8.min...UInt8.max).compactMap { TimeInForce(rawValue: $0)?.word }))
    #expect(Set(words("event", "level")) == Set((UInt8.min...UInt8.max).compactMap { NoticeLevel(rawValue: $0)?.word }))
    #expect(Set(words("risk", "scope")) == Set((UInt8.min...UInt8.max).compactMap { LimitScope(rawValue: $0)?.word }))
    #expect(
      Set(words("status", "trading")) == Set((UInt8.min...UInt8.max).compactMap { TradingState(rawValue: $0)?.word }))
  }

  @Test func everyColumnAndIdentifierIsAField() {
    for type in ObjectCatalog.all {
      for name in type.columns + type.identifier where !type.fields.contains(where: { $0.name == name }) {
        Issue.record("\(type.name) has no field '\(name)'")
      }
    }
    #expect(Set(ObjectCatalog.all.map(\.name)).count == ObjectCatalog.all.count)
  }
}
