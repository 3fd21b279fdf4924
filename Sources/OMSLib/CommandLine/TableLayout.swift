/// Lays rows out for people: a header, numbers to the right, as many columns as fit the terminal.
struct TableLayout {
  private struct Cell {
    var text: String
    /// Characters, without colour codes.
    var width: Int
    var isNumber: Bool
  }

  /// The columns that were left out last time, if any.
  private(set) var dropped: String?
  /// Widths of a streamed table; fixed by its header and first row.
  private var streamWidths: [Int] = []
  private var streamType: String?
  private var streamShown = 0

  init() {}

  mutating func lines(_ rows: [Row], columns: [String], _ options: OutputOptions) -> String {
    let cells = rows.map { row in columns.map { Self.cell(row, $0, options) } }
    let widths = columns.indices.map { column in
      max(Self.title(columns[column]).count, cells.map { $0[column].width }.max() ?? 0)
    }
    let shown = fitting(widths, columns, options.width)
    let rightAligned = columns.indices.map { column in
      cells.allSatisfy { $0[column].isNumber || $0[column].text == "-" }
        && cells.contains { $0[column].isNumber }
    }
    var text = ""
    let header = columns.map { Cell(text: Self.title($0), width: Self.title($0).count, isNumber: false) }
    for row in [header] + cells { text += Self.line(row, widths, rightAligned, shown) }
    return text
  }

  /// The row as a line of an endless table, with the header before the first one.
  mutating func streamLines(_ row: Row, columns: [String], _ options: OutputOptions) -> String {
    let cells = columns.map { Self.cell(row, $0, options) }
    let numbers = cells.map(\.isNumber)
    var text = ""
    if streamType != row.type {
      streamType = row.type
      streamWidths = zip(columns, cells).map { max(Self.title($0).count, $1.width) }
      streamShown = fitting(streamWidths, columns, options.width)
      let header = columns.map { Cell(text: Self.title($0), width: Self.title($0).count, isNumber: false) }
      text += Self.line(header, streamWidths, numbers, streamShown)
    }
    // What is wider than the first one was pushes the last columns out.
    let widths = zip(streamWidths, cells).map { max($0, $1.width) }
    let shown = options.width.map { min(streamShown, Self.count(widths, $0)) } ?? streamShown
    return text + Self.line(cells, streamWidths, numbers, shown)
  }

  /// One row as a list of its fields.
  static func uprightLines(_ row: Row, columns: [String], _ options: OutputOptions) -> String {
    let width = columns.map(\.count).max() ?? 0
    var text = ""
    for column in columns {
      let cell = Self.cell(row, column, options)
      guard cell.text != "-" else { continue }
      text += "  " + column + String(repeating: " ", count: width + 2 - column.count) + cell.text + "\n"
    }
    return text
  }

  /// How many columns fit; the least important stand last.
  private mutating func fitting(_ widths: [Int], _ columns: [String], _ limit: Int?) -> Int {
    dropped = nil
    guard let limit, limit > 0 else { return widths.count }
    let shown = Self.count(widths, limit)
    if shown < widths.count { dropped = columns[shown...].joined(separator: " ") }
    return shown
  }

  private static func count(_ widths: [Int], _ limit: Int) -> Int {
    var used = 0
    for (index, width) in widths.enumerated() {
      used += width + (index == 0 ? 0 : 2)
      if used > limit, index > 0 { return index }
    }
    return widths.count
  }

  private static func line(_ cells: [Cell], _ widths: [Int], _ rightAligned: [Bool], _ shown: Int) -> String {
    var line = ""
    for index in 0..<shown {
      let padding = String(repeating: " ", count: max(0, widths[index] - cells[index].width))
      if index > 0 { line += "  " }
      line += rightAligned[index] ? padding + cells[index].text : cells[index].text + padding
    }
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }

  private static func title(_ field: String) -> String {
    field.uppercased()
  }

  private static func cell(_ row: Row, _ field: String, _ options: OutputOptions) -> Cell {
    guard let value = row.value(field), !value.isNull else { return Cell(text: "-", width: 1, isNumber: false) }
    var text = printable(value, options)
    let number = Decimal(plain: text)
    if number != nil, profitFields.contains(field), let number, number > .zero { text = "+" + text }
    let width = text.unicodeScalars.count
    if options.hasColor, profitFields.contains(field), let number, number != .zero {
      text = (number > .zero ? "\u{1B}[32m" : "\u{1B}[31m") + text + "\u{1B}[0m"
    }
    return Cell(text: text, width: width, isNumber: number != nil)
  }

  /// Gains and losses: they show their sign, and their colour where there is one.
  private static let profitFields = [
    "upnl", "rpnl", "realized", "unrealized", "total", "pnl", "pnl_day", "pnl_total", "diff", "funding",
  ]

  private static func printable(_ value: JSONValue, _ options: OutputOptions) -> String {
    switch value.kind {
    case .array:
      return value.elements.map { printable($0, options) }.joined(separator: " ")
    case .object:
      return value.members.map { "\($0.name)=\(printable($0.value, options))" }.joined(separator: " ")
    default: break
    }
    guard let text = value.string else { return String(decoding: value.source, as: UTF8.self) }
    if text.utf8.count == 30, text.hasSuffix("Z"), let time = UTCTime(rfc3339: text.utf8) {
      return clock(time, options.offsetMinutes)
    }
    // Names come from outside: nothing in them may steer the terminal.
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
  }

  private static func clock(_ time: UTCTime, _ offsetMinutes: Int) -> String {
    let local = UTCTime(nanoseconds: time.nanoseconds + Int64(offsetMinutes) * 60_000_000_000)
    let text = local.rfc3339
    let head = text.prefix(10) + " " + text.dropFirst(11).prefix(12)
    return String(head)
  }
}
