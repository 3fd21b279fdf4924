/// A limit that a command changed until a time, by names: numbers are another run's business.
struct TimedLimit: Equatable, Sendable {
  var kind: LimitKind
  var scope: LimitScope
  var mode: Mode
  /// Empty for the total.
  var target: String
  var value: Money
  var until: UTCTime

  func isAbout(_ other: TimedLimit) -> Bool {
    kind == other.kind && scope == other.scope && mode == other.mode && target == other.target
  }
}

/// The limits that go back to their configured values by themselves, in a file of the state directory: it is written
/// before such a limit is asked for, so that a limit which was raised for an hour does not stay because the engine ended.
///
/// Owner: who starts the engine, then the control thread.
struct TimedLimits {
  private static let name = "/timed-limits"

  private let path: String
  private(set) var all: [TimedLimit] = []

  /// Those of the state directory; none if there is no file.
  init(_ stateDirectory: String) throws(EngineFailure) {
    path = stateDirectory + Self.name
    guard KernelFileSystem().exists(path) else { return }
    guard let bytes = Files.read(path), let found = Self.parse(bytes) else {
      throw EngineFailure(
        10, "config.timed_limits",
        "\(path) cannot be read: which limits go back at which time is not known; restore the file, or remove it and look "
          + "at `oms risk show`")
    }
    all = found
  }

  /// Puts `limits` in the place of whatever the file has about `places`. Nothing is changed when it cannot be written.
  mutating func replace(_ places: [TimedLimit], with limits: [TimedLimit]) throws(SystemError) {
    let next = all.filter { old in !places.contains { $0.isAbout(old) } } + limits
    guard next != all else { return }
    try Files.write(Self.text(next), to: path)
    all = next
  }

  // MARK: The file

  /// A line of JSON for each, and one with the checksum of those before it.
  static func text(_ limits: [TimedLimit]) -> [UInt8] {
    var json = JSONWriter()
    for limit in limits {
      json.beginObject()
      json.member("limit", limit.kind.word)
      json.member("scope", limit.scope.word)
      json.member("mode", limit.mode.word)
      json.member("target", limit.target)
      json.member("value", trimmedDecimal: limit.value.units, scale: Money.decimals)
      json.member("until", limit.until)
      json.endObject()
      json.endLine()
    }
    let lines = json.bytes
    json.beginObject()
    json.member("crc32c", CRC32C.of(lines))
    json.endObject()
    json.endLine()
    return json.bytes
  }

  /// `nil`: this is not what `text` writes.
  static func parse(_ bytes: [UInt8]) -> [TimedLimit]? {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true, let last = lines.popLast(),
      let sum = (try? JSONReader.read(Array(last)))?.root["crc32c"]?.numberText,
      UInt32(sum) == CRC32C.of(Array(bytes[..<last.startIndex]))
    else { return nil }
    var limits: [TimedLimit] = []
    for line in lines {
      guard let limit = parse(line: Array(line)) else { return nil }
      limits.append(limit)
    }
    return limits
  }

  private static func parse(line: [UInt8]) -> TimedLimit? {
    guard let root = (try? JSONReader.read(line))?.root else { return nil }
    func word(_ name: String) -> String? { root[name]?.string }
    guard let kind = LimitKind.allCases.first(where: { $0.word == word("limit") }),
      let scope = LimitScope.allCases.first(where: { $0.word == word("scope") }),
      let mode = Mode.allCases.first(where: { $0.word == word("mode") }), let target = word("target"),
      let value = word("value").flatMap({ Decimal(plain: $0) })?.money(.halfEven),
      let until = word("until").flatMap({ try? TimeText.parse($0, now: .zero) })
    else { return nil }
    return TimedLimit(kind: kind, scope: scope, mode: mode, target: target, value: value, until: until)
  }
}

/// Where one limit is.
struct LimitPlace {
  let kind: LimitKind
  let scope: LimitScope
  let target: UInt16
  let mode: Mode

  init(kind: LimitKind, scope: LimitScope, target: UInt16, mode: Mode) {
    self.kind = kind
    self.scope = scope
    self.target = target
    self.mode = mode
  }

  /// `nil`: its numbers are none.
  init?(_ input: SetLimitInput) {
    guard let kind = LimitKind(rawValue: input.kindRaw), let scope = LimitScope(rawValue: input.scopeRaw),
      let mode = Mode(rawValue: input.modeRaw)
    else { return nil }
    self.init(kind: kind, scope: scope, target: input.target, mode: mode)
  }

  /// `nil`: the name has no number now, since the configuration does not have it any more.
  init?(_ limit: TimedLimit, _ names: NameDirectory) {
    let target: UInt16?
    switch limit.scope {
    case .total: target = 0
    case .venue: target = names.venueID(named: limit.target)?.number
    case .account:
      let index = names.accounts.lastIndex { $0.name == limit.target && $0.mode == limit.mode }
      target = index.map { UInt16($0) }
    case .instrument:
      target = names.instruments.first { Self.name(of: $0, names) == limit.target }?.id.number
    case .strategy: target = names.strategyID(named: limit.target)?.number
    }
    guard let target, target != 0 || limit.scope == .total else { return nil }
    self.init(kind: limit.kind, scope: limit.scope, target: target, mode: limit.mode)
  }

  private static func name(of rules: Instrument, _ names: NameDirectory) -> String {
    "\(names.venue(rules.venue) ?? ""):\(rules.name)"
  }

  private func name(_ names: NameDirectory) -> String? {
    switch scope {
    case .total: ""
    case .venue: names.venue(VenueID(number: target))
    case .account: names.account(AccountID(number: target))?.name
    case .instrument: names.instrument(InstrumentID(number: target)).map { Self.name(of: $0, names) }
    case .strategy: names.strategy(StrategyID(number: target))
    }
  }

  func timed(_ value: Money, until: UTCTime, _ names: NameDirectory) -> TimedLimit? {
    name(names).map { TimedLimit(kind: kind, scope: scope, mode: mode, target: $0, value: value, until: until) }
  }

  var input: SetLimitInput {
    var input = SetLimitInput()
    input.kindRaw = kind.rawValue
    input.scopeRaw = scope.rawValue
    input.target = target
    input.modeRaw = mode.rawValue
    return input
  }

  /// What the files say about this very place.
  func file(_ settings: EngineSettings, _ names: NameDirectory) -> SetLimitInput? {
    let own = input
    return Definitions.limits(settings, names).last {
      $0.kindRaw == own.kindRaw && $0.scopeRaw == own.scopeRaw && $0.target == own.target
        && $0.modeRaw == own.modeRaw && $0.asset == 0
    }
  }

  /// Puts it back to what the files say about it; where they say nothing, to what holds without a value.
  func configured(_ settings: EngineSettings, _ names: NameDirectory) -> SetLimitInput {
    if let file = file(settings, names) { return file }
    var reset = input
    reset.isReset = 1
    return reset
  }
}

extension EngineBoot {
  /// After the limits of the files: what a command set until a time that has not come holds again, and what is past goes
  /// back before anybody can ask for anything.
  func timedInputs(_ settings: EngineSettings, _ names: NameDirectory) -> [SetLimitInput] {
    timedLimits.all.compactMap { limit in
      guard let place = LimitPlace(limit, names) else { return nil }
      guard clock.utc < limit.until else { return place.configured(settings, names) }
      var input = place.input
      input.value = limit.value
      input.until = limit.until
      return input
    }
  }
}

/// Puts limits back when the time that `--until` named has come, as long as the engine runs.
final class TimedLimitJob: Job {
  private static let restNanoseconds: Int64 = 1_000_000_000

  private var asked: [(limit: TimedLimit, token: UInt64)] = []
  private var done: [TimedLimit] = []
  /// Behind this record the change is on the disk, and the file need not know of it any more.
  private var lsn: UInt64?
  private var nextLook = EngineTime.zero

  init(_ agent: ControlAgent) { super.init(agent, nil, 0, timeout: 0) }

  override var diesWithClient: Bool { false }
  override func wants(_ token: UInt64) -> Bool { asked.contains { $0.token == token } }
  override func patience(_ agent: ControlAgent) -> Int32 { done.isEmpty ? super.patience(agent) : 10 }

  override func step(_ agent: ControlAgent) -> Bool {
    if asked.isEmpty, done.isEmpty, agent.now >= nextLook { ask(agent) }
    for (limit, token) in asked {
      guard let reply = agent.takeAnswer(token) else { continue }
      asked.removeAll { $0.token == token }
      if reply.outcomeRaw != Reply.Outcome.refused.rawValue { done.append(limit) }
    }
    if asked.isEmpty, !done.isEmpty { forget(agent) }
    return false
  }

  private func ask(_ agent: ControlAgent) {
    nextLook = agent.now.advanced(byNanoseconds: Self.restNanoseconds)
    for limit in agent.timedLimits.all where !(agent.utc < limit.until) {
      guard let place = LimitPlace(limit, agent.view.names) else { continue }
      var input = place.configured(agent.settings, agent.view.names)
      input.token = agent.makeToken()
      asked.append((limit, input.token))
      agent.ask(HotMessage(.setLimit, input))
    }
  }

  private func forget(_ agent: ControlAgent) {
    let lsn = lsn ?? agent.ring.appendedLsn
    self.lsn = lsn
    guard agent.ring.durableLsn >= lsn else { return }
    // Those that a person has set anew meanwhile stay.
    let past = done.filter { agent.timedLimits.all.contains($0) }
    do throws(SystemError) { try agent.timedLimits.replace(past, with: []) } catch {
      Diagnostics.warn(.limits, "limits that went back are still noted (errno \(error.errno))")
    }
    done = []
    self.lsn = nil
  }
}
