/// What one value of a configuration file may be.
enum SettingShape: Equatable, Sendable {
  case text
  case flag
  case word([String])
  case integer(ClosedRange<Int>)
  case decimal
  /// `50000 USDT`
  case amount
  /// `10%`, `50bps`
  case fraction
  case duration
  /// A duration, or `forever`.
  case retention
  /// `64MiB`
  case size
  /// `00:00 UTC`
  case timeOfDay
  case version
  /// An amount, a number or quantities by asset.
  case position
  case list
  case mapping
}

/// What the readers of the files ask for, written down while they read: the shapes of values when they are shown a probe
/// instead of a file, and the defaults in any case. So what a file may hold is said once, by the code that reads it.
struct SettingLog: Sendable {
  struct Setting: Sendable {
    let path: String
    var shape: SettingShape?
    var initial: String?
    /// A mapping that takes no other keys.
    var isClosed = false
  }

  /// In the order in which they were asked for.
  private(set) var settings: [Setting] = []
  private var indexes: [String: Int] = [:]

  mutating func describe(_ path: String, _ shape: SettingShape) { change(path) { $0.shape = shape } }
  mutating func tellDefault(_ path: String, _ value: String?) { change(path) { $0.initial = value } }
  mutating func close(_ path: String) { change(path) { $0.isClosed = true } }

  private mutating func change(_ path: String, _ change: (inout Setting) -> Void) {
    let index = indexes[path] ?? settings.count
    if index == settings.count {
      settings.append(Setting(path: path))
      indexes[path] = index
    }
    change(&settings[index])
  }

  /// What the reader of the file `name` asks for.
  static func describing(_ name: String) -> SettingLog {
    let node = YAMLNode(content: .probe, place: SourcePlace(file: name, line: 1, column: 1), path: "")
    var problems = ProblemList()
    problems.log = SettingLog()
    var settings = EngineSettings()
    let currency = settings.reportCurrency
    switch name {
    case OMSFile.name: _ = OMSFile.read(node, into: &settings, problems: &problems)
    case ExchangesFile.name: _ = ExchangesFile.read(node, problems: &problems)
    case AccountsFile.name: _ = AccountsFile(node, reportCurrency: currency, problems: &problems)
    case RiskFile.name: _ = RiskFile(node, reportCurrency: currency, problems: &problems)
    default: _ = StrategiesFile(node, accounts: [], venues: [], problems: &problems)
    }
    return problems.log ?? SettingLog()
  }
}

extension ProblemList {
  /// Whether `node` is a probe; then what it may be has been written down.
  mutating func describes(_ node: YAMLNode, _ shape: SettingShape) -> Bool {
    guard case .probe = node.content else { return false }
    log?.describe(node.path, shape)
    return true
  }
}

extension YAMLNode {
  static func probe(_ above: String, _ key: String, _ place: SourcePlace) -> YAMLNode {
    YAMLNode(content: .probe, place: place, path: path(above, key))
  }
}

/// Defaults as a file would say them.
enum SettingText {
  /// `nil` for nothing, and for what no single word says.
  static func text(of value: Any, _ key: String) -> String? {
    switch value {
    case let text as String: text
    case let flag as Bool: flag ? "true" : "false"
    case let number as Int: String(number)
    case let nanoseconds as Int64: DurationText.text(nanoseconds: nanoseconds)
    case let retention as Retention: text(retention)
    case let rate as Rate: text(rate, key)
    case let mode as Mode: mode.word
    case let permissions as AccountPermissions: permissions == .all ? "[read, trade, transfer]" : nil
    case let decimal as Decimal: decimal.canonicalText
    case let word as any RawRepresentable: word.rawValue as? String
    default: nil
    }
  }

  private static func text(_ retention: Retention) -> String {
    switch retention {
    case .forever: "forever"
    case .nanoseconds(let time): DurationText.text(nanoseconds: time)
    }
  }

  /// Basis points where the key says so, else per cent.
  private static func text(_ rate: Rate, _ key: String) -> String? {
    if key.hasSuffix("_bps") { return Decimal(mantissa: Int128(rate.e8), scale: 4)?.normalized.canonicalText }
    return Decimal(mantissa: Int128(rate.e8), scale: 6).map { $0.normalized.canonicalText + "%" }
  }
}
