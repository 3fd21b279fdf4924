import OMSLib

/// `oms batch`: orders, amends and cancels from lines of JSON.
struct BatchCommand: Command {
  static let spec = CommandSpec(
    "batch", group: .trading, summary: "Work off lines of JSON, answering in order",
    details: """
      One object per line: {"op":"order","account":...,"symbol":...,"side":...,"qty":...,"limit":...,"id":...}, \
      {"op":"amend","id":...,"limit":...}, {"op":"cancel","id":...}, {"op":"barrier"}, {"op":"sleep","ms":100}. \
      `op` is order when left out. One result per line, in input order. Lines with ids can be fed again after any \
      accident: what was done is not done twice.
      """,
    examples: [
      .init("oms batch ladder.jsonl", "from a file"),
      .init("make-orders | oms batch - --on-error continue --echo", "from a pipe, every line tried"),
      .init("oms batch --precheck plan.jsonl", "send only if all lines pass the checks"),
    ],
    arguments: [ArgumentSpec("FILE", .file, .optional, help: "Lines of JSON; - or nothing is standard input")],
    flags: [
      .value("window", .count, nil, "Lines that may be under way at once", default: "64"),
      .value(
        "on-error", .choice(["stop", "continue"]), nil, "After a failure: send nothing more, or try every line",
        default: "stop"),
      .toggle("precheck", "Read and check everything first; send only if all lines pass"),
      .toggle("unordered", "Results as they come instead of in input order"),
      .toggle("echo", "Put the input line into its result"),
      .value("rate", .rate, nil, "At most this many sends per second"),
    ],
    objects: ["result"],
    exits: [
      .confirmation, .modeGuard, .risk, .halted, .notFound, .conflict, .venueRejected,
      .venueRefusedKey, .venueLimited, .marketClosed, .otherEnd, .unknown, .partial,
    ],
    seeAlso: ["order", "cancel"], effect: .acts)

  private let settings: BatchSettings
  private let file: String?

  init(_ line: ParsedLine) throws(ErrorObject) {
    let arguments = line.arguments
    var settings = BatchSettings()
    settings.window = arguments.integer("window") ?? 64
    guard (1...4096).contains(settings.window) else { throw .usage("count", "--window: 1 to 4096") }
    settings.stopsOnError = arguments.string("on-error") != "continue"
    settings.isUnordered = arguments.has("unordered")
    settings.echoes = arguments.has("echo")
    settings.prechecks = arguments.has("precheck")
    if let rate = arguments.string("rate").flatMap({ Int64($0.dropLast(2)) }) {
      settings.sendInterval = 1_000_000_000 / rate
    }
    self.settings = settings
    let word = arguments.words.first
    file = word == "-" ? nil : word
    if word == nil, Terminal.isTerminal(0) {
      throw .usage(
        "argument", "standard input is a terminal: give FILE, or feed lines with a pipe", hint: "oms batch --help")
    }
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    try context.runBatch(settings, source: file)
  }
}

/// What a batch was told on its command line.
struct BatchSettings {
  var window = 64
  var stopsOnError = true
  var isUnordered = false
  var echoes = false
  var prechecks = false
  var sendInterval: Int64 = 0
  /// `oms cancel -`: the lines are ids, and every one is tried.
  var isCancelling = false
}
