package enum OutputFormat: String, CaseIterable, Sendable {
  case table
  case jsonl
  case csv
  case tsv
  case id
}

/// How results are shown: the output flags of one command, resolved.
package struct OutputOptions: Sendable {
  package var format = OutputFormat.jsonl
  package var fields: [String] = []
  package var filter: RowFilter?
  /// The object for which this holds is the last.
  package var until: RowFilter?
  package var sortField: String?
  package var sortsDescending = false
  package var rowCountMax: Int?
  package var groupBy: [String] = []
  package var sum: [String] = []
  package var isQuiet = false
  package var hasColor = false
  /// Columns of the terminal; `nil` when there is no limit.
  package var width: Int?
  package var offsetMinutes = 0
  /// One thing to look at closely: its fields line by line, without those that are empty.
  package var isUpright = false
  /// Each object leaves at once: something is followed.
  package var isStream = false

  package init() {}

  /// Every field that a flag names must be one of `types`: a typing mistake would otherwise be an empty column.
  package init(
    _ arguments: Arguments, _ environment: Environment, spec: CommandSpec, isTerminal: Bool, terminalWidth: Int?
  ) throws(ErrorObject) {
    let chosen = arguments.string("output") ?? environment["OMS_OUTPUT"]
    if let chosen {
      guard let format = OutputFormat(rawValue: chosen == "json" ? "jsonl" : chosen) else {
        throw .usage("value", "OMS_OUTPUT: '\(chosen)' is not one of table, jsonl, csv, tsv, id")
      }
      self.format = format
    } else {
      format = isTerminal ? .table : .jsonl
    }
    fields = arguments.list("fields")
    if let text = arguments.string("where") { filter = try RowFilter(text) }
    if spec.flag(named: "until")?.shape == .expression, let text = arguments.string("until") {
      until = try RowFilter(text)
    }
    if let key = arguments.string("sort") {
      let parts = key.split(separator: ":")
      sortField = String(parts[0])
      sortsDescending = parts.count == 2 && parts[1] == "desc"
    }
    rowCountMax = arguments.integer("limit-rows")
    // A command with a `--by` of its own groups in the engine.
    if !spec.flags.contains(where: { $0.name == "by" }) { groupBy = arguments.list("by") }
    sum = arguments.list("sum")
    isQuiet = arguments.toggle("quiet")
    offsetMinutes = Shapes.offsetMinutes(arguments.string("tz") ?? environment["OMS_TZ"] ?? "UTC") ?? 0
    if isTerminal { width = environment["COLUMNS"].flatMap { Int($0) } ?? terminalWidth }
    hasColor = Self.hasColor(arguments.string("color"), environment, isTerminal: isTerminal)
    try checkFields(of: spec)
  }

  package var isGrouped: Bool { !groupBy.isEmpty || !sum.isEmpty }
  /// Whether objects can go out as the engine sent them.
  package var isPlain: Bool { isFilteredOnly && filter == nil }
  /// Whether those that are shown can.
  package var isFilteredOnly: Bool {
    format == .jsonl && fields.isEmpty && until == nil && sortField == nil && rowCountMax == nil
      && !isGrouped
  }

  private static func hasColor(_ flag: String?, _ environment: Environment, isTerminal: Bool) -> Bool {
    switch flag {
    case "always": return true
    case "never": return false
    default: break
    }
    if environment["NO_COLOR"] != nil || environment["TERM"] == "dumb" { return false }
    if let forced = environment["CLICOLOR_FORCE"], forced != "0" { return true }
    return isTerminal
  }

  private func checkFields(of spec: CommandSpec) throws(ErrorObject) {
    let namesAny =
      sortField != nil || filter != nil || until != nil || !groupBy.isEmpty || !sum.isEmpty || !fields.isEmpty
    guard !spec.objects.isEmpty, namesAny else { return }
    let source = Self.fields(of: spec)
    try check(groupBy, "--by", known: source)
    try check(sum, "--sum", known: source)
    try check(filter?.fields ?? [], "--where", known: source)
    try check(until?.fields ?? [], "--until", known: source)
    let shown = isGrouped ? ["type", "v", "ts"] + groupBy + ["count"] + sum : source
    try check(fields, "--fields", known: shown)
    try check(sortField.map { [$0] } ?? [], "--sort", known: shown)
  }

  /// Those of the objects that the command prints.
  package static func fields(of spec: CommandSpec) -> [String] {
    var names = ["type", "v"]
    for type in spec.objects.compactMap({ ObjectCatalog.type(named: $0) }) {
      for field in type.fields where !names.contains(field.name) { names.append(field.name) }
    }
    return names
  }

  private func check(_ fields: [String], _ flag: String, known: [String]) throws(ErrorObject) {
    for field in fields where !known.contains(String(field.prefix { $0 != "." })) {
      let guess = Spelling.nearest(to: field, among: known).map { "; did you mean \($0)?" } ?? ""
      throw .usage(
        "field", "\(flag): unknown field '\(field)'\(guess)", hint: "known: \(known.joined(separator: " "))")
    }
  }
}
