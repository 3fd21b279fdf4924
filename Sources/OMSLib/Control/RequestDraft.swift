/// A request being put together: the members of one line to the engine, in the order they were added.
package struct RequestDraft: Sendable {
  package enum Member: Sendable {
    case text(String)
    case flag
    case number(Int64)
    case list([String])
    case pairs([(name: String, value: String)])
    /// JSON that stays as it is.
    case raw([UInt8])
  }

  package let operation: String
  private struct Entry {
    let name: String
    var value: Member
  }

  private var members: [Entry] = []

  package init(_ operation: String) { self.operation = operation }

  package var names: [String] { members.map(\.name) }

  /// Whether a dry run of it changes nothing: it only reads, or the engine knows what a dry run of it is.
  package var hasDryRun: Bool {
    switch operation {
    case "orders", "fills", "positions", "balances", "pnl", "accounts", "status", "risk_show", "risk_check": true
    case "order", "amend", "cancel_all", "flatten", "config_reload": true
    default: false
    }
  }

  package func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  package mutating func set(_ name: String, _ value: Member) {
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index].value = value
    } else {
      members.append(Entry(name: name, value: value))
    }
  }

  /// Nothing happens for `nil`.
  package mutating func set(_ name: String, _ value: String?) {
    if let value { set(name, .text(value)) }
  }

  package mutating func set(_ name: String, if isSet: Bool) {
    if isSet { set(name, .flag) }
  }

  package mutating func remove(_ name: String) { members.removeAll { $0.name == name } }

  /// The line with its newline.
  package func line(number: UInt64) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("req", number)
    writer.member("op", operation)
    for member in members {
      writer.name(data: member.name)
      switch member.value {
      case .text(let text): writer.string(text)
      case .flag: writer.bool(true)
      case .number(let number): writer.integer(number)
      case .list(let items):
        writer.beginArray()
        for item in items { writer.string(item) }
        writer.endArray()
      case .pairs(let pairs):
        writer.beginObject()
        for pair in pairs {
          writer.name(data: pair.name)
          writer.string(pair.value)
        }
        writer.endObject()
      case .raw(let bytes): writer.raw(bytes)
      }
    }
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }
}
