import OMSLib

// `oms sim ...`: the controls of the simulated venue. Refused with 13 wherever money is real.

/// A control of the engine's own exchange, or with --venue of one that `oms venue serve` has.
protocol SimCommand: RequestCommand {}

extension SimCommand {
  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    guard let place = try VenuePlace(context.line) else { return try context.perform(request, conversation) }
    _ = try context.ask(place, "POST", request.line(number: 1))
    return .ok
  }
}

struct SimPriceCommand: SimCommand {
  static let spec = simSpec(
    "price", "Move the price of a symbol", "oms sim price BTC-USDT 58000",
    [ArgumentSpec("SYMBOL", .symbol, help: "Symbol"), ArgumentSpec("P", .decimal, help: "The new price")])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try simRequest("price", line, of: Self.spec)
    request.set("symbol", line.arguments.words[0])
    request.set("price", line.arguments.words[1])
    self.request = request
  }
}

struct SimFillCommand: SimCommand {
  static let spec = simSpec(
    "fill", "Fill a resting order", "oms sim fill rebal-1 0.004",
    [
      ArgumentSpec("ID", .id, help: "The order"),
      ArgumentSpec("QTY", .decimal, .optional, help: "How much; all of it when left out"),
    ])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try simRequest("fill", line, of: Self.spec)
    request.set("id", line.arguments.words[0])
    request.set("qty", line.arguments.words.count > 1 ? line.arguments.words[1] : nil)
    self.request = request
  }
}

struct SimLatencyCommand: SimCommand {
  static let spec = simSpec(
    "latency", "Set how long the venue takes to answer", "oms sim latency 5ms --jitter 1ms",
    [ArgumentSpec("DUR", .duration, help: "Latency of every answer")],
    [.value("jitter", .duration, nil, "And up to this much more")], names: false)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    var request = try simRequest("latency", line, of: Self.spec)
    request.set("latency", line.arguments.words[0])
    self.request = request
  }
}

struct SimClockCommand: SimCommand {
  static let spec = simSpec(
    "clock", "Move or stop the venue's clock", "oms sim clock +1h",
    [ArgumentSpec("+DUR|freeze|run", .text, help: "Forward by DUR, stand still, go on")], names: false)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    let word = line.arguments.words[0]
    guard
      word == "freeze" || word == "run"
        || (word.hasPrefix("+") && (try? DurationText.parse(String(word.dropFirst()))) != nil)
    else {
      throw .usage("value", "'\(word)' is not +DUR, freeze or run")
    }
    var request = try simRequest("clock", line, of: Self.spec)
    request.set("clock", word)
    self.request = request
  }
}

struct SimAccountCommand: SimCommand {
  static let spec = simSpec(
    "account", "Set balances at the venue", "oms sim account sim.main --set BTC=1.001 --silent",
    [ArgumentSpec("NAME", .account, help: "The account")],
    [
      .list("set", .pair, "ASSET=QTY", "The new balance of an asset"),
      .toggle("silent", "Do not tell the account: what `reconcile` is for"),
    ])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    guard line.arguments.has("set") else { throw .usage("argument", "--set ASSET=QTY is missing") }
    for pair in line.arguments.pairs("set") {
      if let complaint = ValueShape.decimal.complaint(about: pair.value) {
        throw .usage("decimal", "--set \(pair.key): \(complaint)")
      }
    }
    var request = try simRequest("account", line, of: Self.spec)
    request.set("account", line.arguments.words[0])
    self.request = request
  }
}

struct SimBookCommand: SimCommand {
  static let spec = simSpec(
    "book", "Shape the book of a symbol", "oms sim book BTC-USDT --spread 3bps",
    [ArgumentSpec("SYMBOL", .symbol, help: "Symbol")],
    [
      .value("spread", .basisPoints, nil, "Distance of bid and ask"),
      .value("file", .file, nil, "A book as `oms book -o jsonl` prints it takes the place of the market's own quotes"),
    ])
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) {
    guard line.arguments.has("spread") != line.arguments.has("file") else {
      throw .usage("argument", "either --spread BPS or --file FILE is needed")
    }
    var request = try simRequest("book", line, of: Self.spec, except: ["file"])
    request.set("symbol", line.arguments.words[0])
    if let path = line.arguments.string("file") {
      let levels = try BookFile.read(path)
      request.set("bids", .list(levels.bids))
      request.set("asks", .list(levels.asks))
    }
    self.request = request
  }
}

/// A file with one `book` object: `{"bids":[["63999.99","1.2"]],"asks":[["64000.01","0.7"]]}`. Other members are ignored.
enum BookFile {
  private static let limits = JSONLimits(byteCount: 1 << 16, depth: 4, nodeCount: 4_096)

  /// Price and quantity in turns.
  static func read(_ path: String) throws(ErrorObject) -> (bids: [String], asks: [String]) {
    var source = try LineSource(path: path)
    while !source.isAtEnd {
      if let line = source.take() { return try levels(line.bytes, path) }
      try source.fill()
    }
    throw .usage("file", "\(path) holds no book")
  }

  private static func levels(_ bytes: [UInt8], _ path: String) throws(ErrorObject) -> (bids: [String], asks: [String]) {
    let document: JSONDocument
    do { document = try JSONReader.read(bytes, limits: limits) } catch {
      throw .usage("file", "\(path): \(error)", hint: "oms book SYMBOL -o jsonl > FILE")
    }
    var sides: [[String]] = []
    for name in ["bids", "asks"] {
      var side: [String] = []
      for level in document.root[name]?.elements ?? [] {
        for part in level.elements {
          guard let text = part.string ?? part.numberText, ValueShape.decimal.complaint(about: text) == nil else {
            throw .usage("file", "\(path): a level of \(name) is not [PRICE, QUANTITY]")
          }
          side.append(text)
        }
        guard level.elements.count == 2 else {
          throw .usage("file", "\(path): a level of \(name) is not [PRICE, QUANTITY]")
        }
      }
      sides.append(side)
    }
    return (sides[0], sides[1])
  }
}

struct SimResetCommand: SimCommand {
  static let spec = simSpec(
    "reset", "Start the venue's market over", "oms sim reset --seed 7", [],
    [.value("seed", .count, nil, "Of the walk of the prices")], names: false)
  let request: RequestDraft
  init(_ line: ParsedLine) throws(ErrorObject) { request = try simRequest("reset", line, of: Self.spec) }
}

func simSpec(
  _ verb: String, _ summary: String, _ example: String, _ arguments: [ArgumentSpec], _ flags: [FlagSpec] = [],
  names: Bool = true, more: [CommandSpec.Example] = []
) -> CommandSpec {
  CommandSpec(
    "sim \(verb)", group: .administration, summary: summary,
    details: """
      Steers the engine's own simulated venue; refused with 13 for any other. With --venue it steers an exchange that \
      `oms venue serve` has, and needs no engine.
      """,
    examples: [.init(example, "on the simulated venue")] + more, arguments: arguments,
    flags: flags + [.value("venue", .text, "URL", "Steer the `oms venue serve` that printed this as `control`")],
    objects: ["event"], exits: names ? [.modeGuard, .notFound] : [.modeGuard], effect: .acts)
}

func simRequest(
  _ verb: String, _ line: ParsedLine, of spec: CommandSpec, except: [String] = []
) throws(ErrorObject) -> RequestDraft {
  // What is no place is refused before anything is read.
  _ = try VenuePlace(line)
  var request = try RequestDraft("sim", line, of: spec, except: except + ["venue"])
  request.set("verb", verb)
  return request
}
