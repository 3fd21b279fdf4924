import OMSLib

/// `oms version`: what this binary is.
struct VersionCommand: Command {
  static let spec = CommandSpec(
    "version", group: .administration, summary: "Print the version",
    examples: [.init("oms version -o jsonl", "as an object")], objects: ["version"], seeAlso: ["status"])

  init(_ line: ParsedLine) throws(ErrorObject) {}

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    guard context.arguments.string("output") == "jsonl" || context.arguments.string("output") == "json" else {
      try context.output.text("oms \(Build.version)\n")
      return .ok
    }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "version")
    writer.member("v", 1)
    writer.member("version", Build.version)
    writer.member("core", Int64(CoreVersion.current.number))
    writer.member("protocol", Request.protocolVersion)
    writer.member("debug", Build.isDebug)
    writer.endObject()
    try context.output.take(writer.bytes)
    return .ok
  }
}

/// Which build this is.
enum Build {
  static let version = "0.1.0"

  static var isDebug: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
