/// One line of `oms batch`, checked: what to ask the engine, or what the line does to the batch itself.
package struct BatchLine: Sendable {
  package enum Work: Sendable {
    case request(RequestDraft)
    /// Wait for everything before it.
    case barrier
    case pause(milliseconds: Int64)
    /// Checked, and done with: what a dry run leaves alone.
    case nothing
    case refused(ErrorObject)
  }

  package let operation: String
  package let id: String?
  package let work: Work

  /// What every request of the batch gets: the account where a line names none, and the consent.
  package struct Defaults: Sendable {
    package var account: String?
    package var session: String?
    package var timeout = "5s"
    package var isLive = false
    package var isConfirmed = false
    package var isDryRun = false
    /// Lines are ids or `{"id":...}`: `oms cancel -`.
    package var isCancelling = false

    package init() {}
  }

  package static let bytesMax = 65_536

  package init(_ bytes: [UInt8], _ defaults: Defaults) {
    var fallback = defaults.isCancelling ? "cancel" : "order"
    var id: String?
    do throws(ErrorObject) {
      guard bytes.count <= Self.bytesMax else {
        throw .usage("line", "the line has \(bytes.count) bytes; \(Self.bytesMax) is the most")
      }
      if defaults.isCancelling, bytes.first != UInt8(ascii: "{") {
        let word = String(decoding: bytes, as: UTF8.self)
        if let complaint = ValueShape.id.complaint(about: word) { throw .usage("id", complaint) }
        id = word
        work = defaults.isDryRun ? .nothing : .request(Self.cancel(word, defaults))
      } else {
        let root = try Self.object(bytes)
        fallback = root["op"]?.string ?? fallback
        id = root["id"]?.string
        let work = try Self.work(root, fallback, defaults)
        if case .request(let draft) = work { try Self.checkLength(of: draft, from: bytes.count) }
        self.work = work
      }
    } catch {
      work = .refused(error)
    }
    operation = fallback
    self.id = id
  }

  /// What the engine would not read to its end would be answered to nobody.
  private static func checkLength(of draft: RequestDraft, from byteCount: Int) throws(ErrorObject) {
    // An escaped character takes six bytes at most, what is added a few hundred.
    guard byteCount > Limits.requestLineBytes / 8 else { return }
    let length = draft.line(number: .max).count
    guard length <= Limits.requestLineBytes else {
      throw .usage("line", "the request has \(length) bytes; \(Limits.requestLineBytes) is the most")
    }
  }

  private static func object(_ bytes: [UInt8]) throws(ErrorObject) -> JSONValue {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.read(bytes, limits: JSONLimits(byteCount: bytesMax, depth: 4, nodeCount: 1024)).root
    } catch {
      throw .usage("json", "\(error)")
    }
    guard root.isObject else { throw .usage("json", "the line is not a JSON object") }
    return root
  }

  private static func work(
    _ root: JSONValue, _ operation: String, _ defaults: Defaults
  ) throws(ErrorObject) -> Work {
    if let op = root["op"], op.string == nil { throw .usage("json", "member 'op' must be a string") }
    guard !defaults.isCancelling || operation == "cancel" else {
      throw .usage("op", "op '\(operation)' has no place here: these lines cancel")
    }
    switch operation {
    case "order": return .request(try request(root, "order", members: orderMembers, defaults))
    case "amend":
      let draft = try request(root, "amend", members: amendMembers, defaults)
      guard draft.has("id") else { throw .usage("member", "member 'id' is missing") }
      // The order may be one that this batch would have placed: only its form can be judged.
      return defaults.isDryRun ? .nothing : .request(draft)
    case "cancel":
      try check(root, allowed: ["op", "id"])
      guard let id = root["id"]?.string else { throw .usage("member", "member 'id' is missing") }
      if let complaint = ValueShape.id.complaint(about: id) { throw .usage("id", complaint) }
      return defaults.isDryRun ? .nothing : .request(cancel(id, defaults))
    case "barrier":
      try check(root, allowed: ["op"])
      return .barrier
    case "sleep":
      try check(root, allowed: ["op", "ms"])
      guard let milliseconds = root["ms"]?.integer(as: Int64.self), (0...86_400_000).contains(milliseconds) else {
        throw .usage("member", "member 'ms' must be a whole number from 0 to 86400000")
      }
      return defaults.isDryRun ? .nothing : .pause(milliseconds: milliseconds)
    default:
      let known = ["order", "amend", "cancel", "barrier", "sleep"]
      let guess = Spelling.nearest(to: operation, among: known).map { "; did you mean \($0)?" } ?? ""
      throw .usage("op", "unknown op '\(operation)'\(guess)", hint: "known: \(known.joined(separator: " "))")
    }
  }

  private static func cancel(_ id: String, _ defaults: Defaults) -> RequestDraft {
    var draft = RequestDraft("cancel")
    draft.set("ids", .list([id]))
    draft.set("timeout", defaults.timeout)
    return draft
  }

  private static func check(_ root: JSONValue, allowed: [String]) throws(ErrorObject) {
    for member in root.members where !allowed.contains(member.name) { throw unknown(member.name, allowed) }
  }

  private static func unknown(_ name: String, _ known: [String]) -> ErrorObject {
    let guess = Spelling.nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
    return .usage("member", "unknown member '\(name)'\(guess)")
  }

  // MARK: Members

  private enum Kind { case text, decimal, id, flag, list, pairs, duration }

  private static let orderMembers: [(String, Kind)] = [
    ("account", .text), ("symbol", .text), ("side", .text), ("qty", .decimal), ("quote", .decimal),
    ("limit", .decimal), ("market", .flag), ("stop", .decimal), ("trail", .text), ("tif", .text),
    ("expire", .duration), ("flags", .list), ("post_only", .flag), ("reduce_only", .flag), ("hidden", .flag),
    ("no_collar", .flag), ("position", .text), ("iceberg", .decimal), ("tp", .decimal), ("sl", .decimal),
    ("oco", .id), ("max_slippage", .text), ("collar", .text), ("round", .text), ("id", .id), ("tags", .pairs),
    ("strategy", .text), ("wait", .text), ("timeout", .duration), ("on_timeout", .text),
  ]

  private static let amendMembers: [(String, Kind)] = [
    ("id", .id), ("qty", .decimal), ("limit", .decimal), ("stop", .decimal), ("cancel_replace", .flag),
    ("round", .text), ("timeout", .duration),
  ]

  private static func request(
    _ root: JSONValue, _ operation: String, members: [(String, Kind)], _ defaults: Defaults
  ) throws(ErrorObject) -> RequestDraft {
    var draft = RequestDraft(operation)
    for (name, value) in root.members where name != "op" {
      guard let kind = members.first(where: { $0.0 == name })?.1 else {
        throw unknown(name, members.map(\.0) + ["op"])
      }
      if value.isNull { continue }
      guard let member = try member(name, value, kind) else { continue }
      draft.set(name, member)
    }
    if operation == "order" {
      if !draft.has("account") { draft.set("account", defaults.account) }
      draft.set("session", defaults.session)
    }
    if !draft.has("timeout") { draft.set("timeout", defaults.timeout) }
    draft.set("live", if: defaults.isLive)
    draft.set("yes", if: defaults.isConfirmed)
    draft.set("dry_run", if: defaults.isDryRun)
    return draft
  }

  /// `nil` for a switch that is off.
  private static func member(
    _ name: String, _ value: JSONValue, _ kind: Kind
  ) throws(ErrorObject) -> RequestDraft.Member? {
    switch kind {
    case .flag:
      guard let isOn = value.bool else { throw .usage("type", "member '\(name)' must be true or false") }
      return isOn ? .flag : nil
    case .decimal:
      // The source text counts; it never becomes a binary fraction.
      guard let text = value.string ?? value.numberText else { throw notText(name) }
      let shape: ValueShape = name == "qty" ? .quantity : .decimal
      if let complaint = shape.complaint(about: text) { throw .usage("decimal", "\(name): \(complaint)") }
      return .text(text)
    case .id, .duration, .text:
      guard let text = value.string else { throw notText(name) }
      let shape: ValueShape = kind == .id ? .id : kind == .duration ? .duration : .text
      if let complaint = shape.complaint(about: text) {
        throw ErrorObject(shape.errorCode, .usage, "\(name): \(complaint)")
      }
      return .text(text)
    case .list:
      let items = value.elements.map(\.string)
      guard value.isArray, items.allSatisfy({ $0 != nil }) else {
        throw .usage("type", "member '\(name)' must be a list of strings")
      }
      return .list(items.compactMap { $0 })
    case .pairs:
      let members = value.members.map { (name: $0.name, value: $0.value.string) }
      guard value.isObject, members.allSatisfy({ $0.value != nil }) else {
        throw .usage("type", "member '\(name)' must be an object of strings")
      }
      return .pairs(members.map { (name: $0.name, value: $0.value ?? "") })
    }
  }

  private static func notText(_ name: String) -> ErrorObject {
    .usage("type", "member '\(name)' must be a string")
  }
}
