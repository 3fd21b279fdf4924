import Glibc
import OMSLib

/// `oms logs`: what the engine says of itself, past and live.
struct LogsCommand: Command {
  static let spec = CommandSpec(
    "logs", group: .audit, summary: "Show what the engine says of itself, and go on with what it says",
    details: """
      Starts and ends, warnings and errors of the engine: what a detached one, or one under systemd, says on no terminal. \
      What happens to orders and accounts is in `oms events`. Needs no engine.
      """,
    examples: [
      .init("oms logs -n 20", "the last twenty lines"),
      .init("oms logs --level warn --since -24h", "what went wrong since yesterday"),
      .init("oms logs --follow --component journal", "what is said of the journal from now on"),
    ],
    flags: [
      .toggle("follow", short: "f", "Go on with what is said"),
      .value("last", short: "n", .count, nil, "The last N"),
      .value("since", .time, nil, "From this instant on"),
      .value("level", .choice(DiagnosticLevel.allCases.map(\.rawValue)), nil, "Only lines of this level or above"),
      .value(
        "component", .choice(DiagnosticComponent.allCases.map(\.rawValue)), nil, "Only of this part of the engine"),
    ],
    objects: ["log"], exits: [.notFound], seeAlso: ["events", "path", "doctor"])

  private let follows: Bool
  private let last: Int?
  private let since: UTCTime?
  private let level: DiagnosticLevel?
  private let component: String?
  private static let restMilliseconds: UInt32 = 100

  init(_ line: ParsedLine) throws(ErrorObject) {
    guard !(line.arguments.has("last") && line.arguments.has("since")) else {
      throw .usage("value", "--last and --since exclude each other: one start is enough")
    }
    follows = line.arguments.has("follow")
    last = line.arguments.integer("last")
    since = line.arguments.time("since", now: line.now)
    level = line.arguments.string("level").flatMap(DiagnosticLevel.init(rawValue:))
    component = line.arguments.string("component")
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let directory = Self.resolved(context.paths.currentLogDirectory)
    var place = Place(directory: directory)
    guard follows || place.path != nil else {
      throw ErrorObject(
        "notfound.log", .notFound, "there is no diagnostic log in \(directory)", hint: "oms path logs; oms run --help")
    }
    let isPastWanted = !follows || last != nil || since != nil
    var kept: [[UInt8]] = []
    _ = try read(&place) { (line) throws(ErrorObject) in
      guard isPastWanted else { return true }
      guard let last else {
        try context.output.take(line)
        return !context.output.isClosed && !context.output.isFull
      }
      kept.append(line)
      if kept.count > 2 * last { kept.removeFirst(kept.count - last) }
      return true
    }
    for line in kept.suffix(last ?? 0) { try context.output.take(line) }
    guard follows else { return .ok }
    let signals = try context.signalSource()
    while !context.output.isClosed, !context.output.isFull {
      if let signal = SignalSource.ending(signals) { return ExitStatus(rawValue: UInt8(128 + signal)) }
      let isNew = try read(&place) { (line) throws(ErrorObject) in
        try context.output.take(line)
        return !context.output.isClosed && !context.output.isFull
      }
      if !isNew { context.clock.pause(milliseconds: Self.restMilliseconds) }
    }
    return .ok
  }

  /// The directory itself: the link to that of a running engine goes when it ends, which is when a follower wants to know.
  private static func resolved(_ directory: String) -> String {
    guard let path = unsafe realpath(directory, nil) else { return directory }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  /// Hands on every line behind `place` that is wanted; whether there was any line at all.
  private func read(
    _ place: inout Place, _ body: ([UInt8]) throws(ErrorObject) -> Bool
  ) throws(ErrorObject) -> Bool {
    var isNew = false
    for path in place.paths(since: since) {
      var offset = place.start(in: path)
      let goesOn = try unsafe LineReader.read(path, from: offset) { (line) throws(ErrorObject) in
        isNew = true
        offset += Int64(line.count) + 1
        let object = unsafe Array(line)
        return matches(object) ? try body(object) : true
      }
      place.reach(path, offset)
      guard goesOn else { break }
    }
    return isNew
  }

  /// A line that is no object was torn when its writer died.
  private func matches(_ object: [UInt8]) -> Bool {
    guard let root = (try? JSONReader.read(object))?.root, root["type"]?.string == "log",
      let found = (root["level"]?.string).flatMap(DiagnosticLevel.init(rawValue:))
    else { return false }
    let time = (root["ts"]?.string).flatMap { UTCTime(rfc3339: $0.utf8) }
    return level.map(found.reaches) ?? true && component.map { $0 == root["component"]?.string } ?? true
      && since.map { since in time.map { $0 >= since } ?? false } ?? true
  }

  /// How far the log was read: whole files, and a part of the newest.
  private struct Place {
    let directory: String
    private(set) var path: String?
    private var identity: FileIdentity?
    private var offset: Int64 = 0

    init(directory: String) {
      self.directory = directory
      path = paths(since: nil).first
    }

    /// The file that was read last, and those behind it.
    func paths(since: UTCTime?) -> [String] {
      let files = KernelFileSystem()
      let names = try? LogFiles.names(DiagnosticLog<KernelFileSystem>.stem, files, directory, since: since)
      return (names ?? []).map { directory + "/" + $0 }.filter { $0 >= path ?? "" }
    }

    /// From its beginning where it is another file than the one that was read last.
    func start(in path: String) -> Int64 {
      guard path == self.path, let identity, let now = try? KernelFileSystem().identity(path: path),
        now.device == identity.device, now.inode == identity.inode, now.size >= offset
      else { return 0 }
      return offset
    }

    mutating func reach(_ path: String, _ offset: Int64) {
      self.path = path
      self.offset = offset
      identity = try? KernelFileSystem().identity(path: path)
    }
  }
}
