/// `oms help --json`: the whole table for tools and agents, one object on one line.
package enum HelpJSON {
  package static func table(_ specs: [CommandSpec], topics: [HelpTopic], version: String) -> [UInt8] {
    var writer = JSONWriter(capacity: 1 << 16)
    writer.beginObject()
    writer.member("type", "help")
    writer.member("v", 1)
    writer.member("version", version)
    writer.name("commands")
    writer.beginArray()
    for spec in specs { command(spec, &writer) }
    writer.endArray()
    writer.name("global_flags")
    flags(FlagSpec.global, &writer)
    writer.name("exit_codes")
    writer.beginArray()
    for code in ExitCode.allCases { exitCode(code, &writer) }
    writer.endArray()
    writer.name("objects")
    writer.beginArray()
    for type in ObjectCatalog.all { object(type, &writer) }
    writer.endArray()
    strings("topics", topics.map(\.name), &writer)
    writer.endObject()
    writer.endLine()
    return writer.bytes
  }

  private static func command(_ spec: CommandSpec, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", spec.name)
    writer.member("group", spec.group.rawValue)
    writer.member("summary", spec.summary)
    writer.member("synopsis", spec.synopsis)
    writer.member("effect", spec.effect == .acts ? "acts" : "reads")
    writer.member("takes_command", spec.takesCommand)
    writer.name("arguments")
    writer.beginArray()
    for argument in spec.arguments {
      writer.beginObject()
      writer.member("name", argument.name)
      writer.member("shape", argument.shape.label)
      writer.member("required", argument.isRequired)
      writer.member("repeats", argument.repeats)
      strings("choices", argument.shape.choices, &writer)
      writer.member("help", argument.help)
      writer.endObject()
    }
    writer.endArray()
    writer.name("flags")
    flags(spec.flags, &writer)
    strings("objects", spec.objects, &writer)
    writer.name("exits")
    writer.beginArray()
    for code in HelpText.exits(of: spec) { writer.integer(code.rawValue) }
    writer.endArray()
    writer.name("examples")
    writer.beginArray()
    for line in spec.examples { example(line, &writer) }
    writer.endArray()
    strings("see_also", spec.seeAlso, &writer)
    writer.endObject()
  }

  private static func example(_ example: CommandSpec.Example, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("line", example.line)
    writer.member("meaning", example.meaning)
    writer.member("needs", example.needs)
    writer.member("ends", example.ends)
    writer.endObject()
  }

  private static func flags(_ flags: [FlagSpec], _ writer: inout JSONWriter) {
    writer.beginArray()
    for flag in flags {
      writer.beginObject()
      writer.member("name", flag.name)
      writer.member("short", flag.short.map(String.init))
      writer.member("kind", kind(flag))
      writer.member("shape", flag.shape?.label)
      writer.member("value", flag.valueName.isEmpty ? nil : flag.valueName)
      strings("choices", flag.shape?.choices ?? [], &writer)
      writer.member("section", flag.section.isEmpty ? nil : flag.section)
      writer.member("default", flag.defaultValue)
      writer.member("help", flag.help)
      writer.endObject()
    }
    writer.endArray()
  }

  private static func kind(_ flag: FlagSpec) -> String {
    switch flag.kind {
    case .toggle(let isOn): isOn ? "switch_on" : "switch"
    case .value: "value"
    case .optional: "optional_value"
    case .list: "list"
    case .count: "count"
    }
  }

  private static func exitCode(_ code: ExitCode, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("code", code.rawValue)
    writer.member("meaning", code.meaning)
    writer.member("sent", code.sent)
    writer.member("reaction", code.reaction)
    writer.endObject()
  }

  private static func object(_ type: ObjectType, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", type.name)
    strings("identifier", type.identifier, &writer)
    writer.name("fields")
    writer.beginArray()
    for field in type.fields {
      writer.beginObject()
      writer.member("name", field.name)
      writer.member("kind", field.kind.label)
      strings("choices", field.kind.choices, &writer)
      writer.member("nullable", field.isNullable)
      writer.member("optional", field.isOptional)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }

  private static func strings(_ name: StaticString, _ values: [String], _ writer: inout JSONWriter) {
    writer.name(name)
    writer.beginArray()
    for value in values { writer.string(value) }
    writer.endArray()
  }
}
