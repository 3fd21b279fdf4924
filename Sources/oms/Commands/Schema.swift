import OMSLib

/// `oms schema`: what result objects look like.
struct SchemaCommand: Command {
  static let spec = CommandSpec(
    "schema", group: .administration, summary: "Print the JSON Schema of result objects",
    details: """
      One schema per line. Members are added without notice and never renamed, removed or retyped under the same `v`: \
      whoever reads objects ignores members that he does not know.
      """,
    examples: [
      .init("oms schema order", "one type"),
      .init("oms schema --all > schemas.jsonl", "all of them, one per line"),
    ],
    arguments: [ArgumentSpec("TYPE", .choice(ObjectCatalog.all.map(\.name)), .optional, help: "Type of the objects")],
    flags: [.toggle("all", "Every type that the program prints")],
    seeAlso: ["help", "explain"])

  private let types: [ObjectType]

  init(_ line: ParsedLine) throws(ErrorObject) {
    let words = line.arguments.words
    guard words.isEmpty == line.arguments.has("all") else {
      throw .usage("argument", "give either TYPE or --all", hint: "oms schema --help")
    }
    types = words.isEmpty ? ObjectCatalog.all : words.compactMap { ObjectCatalog.type(named: $0) }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    guard !context.isQuiet else { return .ok }
    for type in types { try context.output.text(String(decoding: ObjectSchema.line(type), as: UTF8.self)) }
    return .ok
  }
}
