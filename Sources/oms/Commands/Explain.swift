import OMSLib

/// `oms explain`: what an error code, an exit code or a venue's code means.
struct ExplainCommand: Command {
  static let spec = CommandSpec(
    "explain", group: .administration, summary: "Say what a code means, whether anything was sent, and what to do",
    examples: [
      .init("oms explain 30", "an exit code, with the error codes that end so"),
      .init("oms explain risk.max_order_notional", "the code in the brackets of an error"),
      .init("oms explain sim:-2010", "the code of a venue, in `venue_code`"),
    ],
    arguments: [ArgumentSpec("WHAT", .thing(.code), help: "CODE, EXIT or VENUE:CODE")],
    objects: ["explanation"], exits: [.notFound], seeAlso: ["help", "schema"])

  private let word: String

  init(_ line: ParsedLine) throws(ErrorObject) { word = line.arguments.words[0] }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let explanation = try explain()
    if context.output.options.format == .table, !context.isQuiet {
      try context.output.text(explanation.text)
    } else {
      try context.output.take(explanation.json(at: context.now))
    }
    return .ok
  }

  private func explain() throws(ErrorObject) -> Explanation {
    if let found = Explanation(word) { return found }
    let parts = word.split(separator: ":", maxSplits: 1)
    if parts.count == 2, let number = Int32(parts[1]) { return try venue(String(parts[0]), number) }
    let guess = Explanation.nearest(to: word).map { "; did you mean \($0)?" } ?? ""
    throw ErrorObject(
      "notfound.code", .notFound, "nothing here is called '\(word)'\(guess)",
      hint: "oms help exit-codes lists the exits")
  }

  private func venue(_ name: String, _ number: Int32) throws(ErrorObject) -> Explanation {
    guard name == "sim" else {
      throw ErrorObject("notfound.code", .notFound, "no codes of venue '\(name)' are known here; there is sim:CODE")
    }
    guard let refusal = ExchangeRefusal(rawValue: number) else {
      let known = ExchangeRefusal.allCases.map { "\($0.rawValue)" }.sorted().joined(separator: " ")
      throw ErrorObject(
        "notfound.code", .notFound, "the built-in exchange has no code \(number)", hint: "it has \(known)")
    }
    let outcome = VenueOutcome(refusal.remedy)
    return Explanation(
      subject: word, code: outcome.code, exit: outcome.exit, cause: refusal.meaning,
      action: ErrorCatalog.meaning(of: outcome.code)?.action ?? "")
  }
}
