/// Turns result objects into the chosen format. The one place that writes standard output.
///
/// Objects come in as the bytes of one JSON object each; `jsonl` without further wishes passes them on untouched.
package struct Renderer: ~Copyable {
  package let options: OutputOptions
  package private(set) var file: OutputFile
  /// Objects that were taken, whether shown or not.
  package private(set) var takenCount = 0
  /// Something to say on stderr when the output is complete.
  package private(set) var note: String?
  private var shownCount = 0
  private var hasReachedLast = false
  /// Rows waiting for the end: sorting and tables need all of them.
  private var rows: [Row] = []
  private var groups: RowGroups
  private var headerType: String?
  private var table = TableLayout()
  private var lastType: ObjectType?

  package init(_ options: OutputOptions, to file: consuming OutputFile) {
    self.options = options
    self.file = file
    groups = RowGroups(by: options.groupBy, sum: options.sum)
  }

  /// No reader any more: whoever produces results for reading may stop.
  package var isClosed: Bool { file.isClosed }

  /// Nothing more can come out: `--limit-rows` rows are shown, or what `--until` waits for.
  package var isFull: Bool {
    if hasReachedLast { return true }
    guard let limit = options.rowCountMax, options.sortField == nil, !options.isGrouped else { return false }
    return shownCount >= limit
  }

  // One for each kind of bytes that callers have: a generic one would look up, in another module and at run time, what
  // a collection of them is, which takes longer than everything else that a short command does.
  package mutating func take(_ object: [UInt8]) throws(ErrorObject) { try add(object) }
  package mutating func take(_ object: ArraySlice<UInt8>) throws(ErrorObject) { try add(object) }
  package mutating func take(_ object: UnsafeBufferPointer<UInt8>) throws(ErrorObject) { unsafe try add(object) }

  private mutating func add(_ object: some Collection<UInt8>) throws(ErrorObject) {
    takenCount += 1
    if let until = options.until, !hasReachedLast, until.matches(try Self.row(object)) { hasReachedLast = true }
    guard !options.isQuiet, !file.isClosed else { return }
    let verdict = options.isPlain ? true : Self.verdict(options, object)
    if verdict == false { return }
    if options.isPlain || (verdict == true && options.isFilteredOnly) {
      try file.write(object)
      file.newline()
    } else {
      let row = try Self.row(object)
      guard verdict ?? options.filter?.matches(row) ?? true else { return }
      if options.isGrouped {
        try groups.add(row)
      } else if options.sortField != nil || (options.format == .table && !options.isStream) {
        rows.append(row)
      } else {
        try show(row)
      }
    }
    if options.isStream { try file.flush() }
  }

  /// Shows what had to wait, and empties the buffer. Called once, and per period while watching.
  package mutating func finish(at time: UTCTime) throws(ErrorObject) {
    guard !options.isQuiet else { return }
    if options.isGrouped {
      for object in groups.objects(at: time) { rows.append(try Self.row(object)) }
      groups = RowGroups(by: options.groupBy, sum: options.sum)
    }
    sortRows()
    if options.format == .table {
      try showTable()
    } else {
      for row in rows { try show(row) }
    }
    rows = []
    shownCount = 0
    try file.flush()
  }

  /// Passes text through untouched: help, completion scripts.
  package mutating func text(_ text: String) throws(ErrorObject) {
    try file.write(text)
  }

  package mutating func flush() throws(ErrorObject) { try file.flush() }

  /// The last of it.
  package mutating func close() throws(ErrorObject) { try file.close() }

  /// What the filter says of it unread; `nil` where it has to be read.
  private static func verdict(_ options: OutputOptions, _ object: some Collection<UInt8>) -> Bool? {
    guard let filter = options.filter else { return true }
    return object.withContiguousStorageIfAvailable { unsafe filter.matches(line: $0) } ?? nil
  }

  private static func row(_ object: some Collection<UInt8>) throws(ErrorObject) -> Row {
    do {
      return Row(try JSONReader.read(Array(object)))
    } catch {
      throw ErrorObject("internal.result", .failure, "a result is not JSON: \(error)")
    }
  }

  private mutating func sortRows() {
    guard let field = options.sortField else { return }
    let sign = options.sortsDescending ? -1 : 1
    let keyed = rows.enumerated().map { (index: $0.offset, key: $0.element.text(field), row: $0.element) }
    rows = keyed.sorted { a, b in
      // Rows without a value stand last in both directions; equal ones keep their order.
      switch (a.key, b.key) {
      case (nil, nil): return a.index < b.index
      case (nil, _): return false
      case (_, nil): return true
      case (let x?, let y?):
        let order = Row.rank(x, y) * sign
        return order == 0 ? a.index < b.index : order < 0
      }
    }.map(\.row)
  }

  private mutating func show(_ row: Row) throws(ErrorObject) {
    if let limit = options.rowCountMax, shownCount >= limit { return }
    shownCount += 1
    switch options.format {
    case .jsonl: try showJSON(row)
    case .csv: try showSeparated(row, separator: ",", quote: Self.quotedCSV, hasHeader: true)
    case .tsv: try showSeparated(row, separator: "\t", quote: Self.escapedTSV, hasHeader: false)
    case .id: try file.write(identifier(of: row) + "\n")
    case .table:
      try file.write(table.streamLines(row, columns: columns(of: row), options))
      if let dropped = table.dropped { note = "columns left out for want of width: \(dropped)" }
    }
  }

  private mutating func showTable() throws(ErrorObject) {
    if let limit = options.rowCountMax, rows.count > limit { rows.removeLast(rows.count - limit) }
    var first = 0
    // One table per run of objects of the same type.
    while first < rows.count {
      let type = rows[first].type
      var end = first
      while end < rows.count, rows[end].type == type { end += 1 }
      if first > 0 { file.newline() }
      let columns = columns(of: rows[first])
      let lines =
        options.isUpright
        ? TableLayout.uprightLines(rows[first], columns: columns, options)
        : table.lines(Array(rows[first..<end]), columns: columns, options)
      if let dropped = table.dropped { note = "columns left out for want of width: \(dropped)" }
      try file.write(lines)
      first = end
    }
  }

  private mutating func columns(of row: Row) -> [String] {
    if !options.fields.isEmpty { return options.fields }
    if row.type == "group", options.isGrouped { return options.groupBy + ["count"] + options.sum }
    if row.type == "group" { return Self.memberNames(of: row).filter { $0 != "ts" } }
    if let type = type(of: row) { return type.columns }
    return Self.memberNames(of: row)
  }

  /// Rows of one type follow each other: it is looked up once.
  private mutating func type(of row: Row) -> ObjectType? {
    if lastType?.name != row.type { lastType = ObjectCatalog.type(named: row.type) }
    return lastType
  }

  private static func memberNames(of row: Row) -> [String] {
    row.root.members.map(\.name).filter { $0 != "type" && $0 != "v" }
  }

  private mutating func showJSON(_ row: Row) throws(ErrorObject) {
    if options.fields.isEmpty {
      try file.write(row.root.source)
    } else {
      var writer = JSONWriter()
      writer.beginObject()
      for field in options.fields {
        writer.name(data: field)
        if let value = row.value(field) { writer.raw(value.source) } else { writer.null() }
      }
      writer.endObject()
      try file.write(writer.bytes)
    }
    file.newline()
  }

  private mutating func showSeparated(
    _ row: Row, separator: String, quote: (String) -> String, hasHeader: Bool
  ) throws(ErrorObject) {
    var fields = options.fields
    if fields.isEmpty { fields = row.root.members.map(\.name).filter { $0 != "v" } }
    if row.type == "group", options.fields.isEmpty { fields = columns(of: row) }
    if hasHeader, headerType != row.type {
      headerType = row.type
      try file.write(fields.map(quote).joined(separator: separator) + "\n")
    }
    try file.write(fields.map { quote(row.text($0) ?? "") }.joined(separator: separator) + "\n")
  }

  /// RFC 4180; the line end is a plain newline.
  static func quotedCSV(_ cell: String) -> String {
    guard cell.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return cell }
    var result = "\""
    for character in cell.unicodeScalars {
      if character == "\"" { result += "\"" }
      result.unicodeScalars.append(character)
    }
    return result + "\""
  }

  static func escapedTSV(_ cell: String) -> String {
    var result = ""
    for character in cell.unicodeScalars {
      switch character {
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\\": result += "\\\\"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private mutating func identifier(of row: Row) -> String {
    guard let type = type(of: row) else {
      return row.text("id") ?? row.text("name") ?? row.type
    }
    if row.type == "group" { return row.root.members.dropFirst(3).first.flatMap { $0.value.string } ?? "all" }
    return type.identifier.map { row.text($0) ?? "" }.joined(separator: ":")
  }
}
