import Testing

/// Rules about what may stand in a source file. Each report names file and line and says what to do instead.
@Suite struct SourceRulesTests {
  private static func report(_ file: SwiftFile, _ index: Int, _ instead: String) {
    Issue.record("\(file.path):\(index + 1): \(instead)")
  }

  /// Calls `visit` with the tokens of each line of code.
  private static func eachLine(
    where isWanted: (SwiftFile) -> Bool = { _ in true },
    _ visit: (SwiftFile, Int, [String]) -> Void
  ) throws {
    try #require(SourceTree.sources.count > 10, "the sources were not found")
    for file in SourceTree.sources where isWanted(file) {
      for (index, tokens) in file.code.enumerated() where !tokens.isEmpty {
        visit(file, index, tokens.map(\.text))
      }
    }
  }

  /// A size that a file had when the rule came, or grew to with a reason. The list may only shrink.
  private static let longFiles: [String: Int] = [:]

  @Test func filesAreShort() throws {
    for (path, lines) in try SourceTree.texts("Sources") + SourceTree.texts("Tests") where path.hasSuffix(".swift") {
      let count = lines.count
      let allowed = Self.longFiles[path] ?? 500
      if count > allowed {
        Issue.record("\(path): \(count) lines, \(allowed) are allowed: split it by subject")
      }
      if let listed = Self.longFiles[path], count < listed - 40 {
        Issue.record("\(path): \(count) lines now; lower its entry in longFiles")
      }
      #expect(count <= 800, "\(path): no file is longer than 800 lines")
    }
  }

  @Test func onlyBaseReadsClocksAndMakesChance() throws {
    let words: Set<String> = [
      "clock_gettime", "gettimeofday", "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator",
      "arc4random", "getrandom", "usleep", "nanosleep", "DispatchQueue", "cc_clock_boottime", "cc_clock_realtime",
      "cc_clock_monotonic",
    ]
    let drawn: Set<String> = ["random", "randomElement", "shuffled", "shuffle"]
    try Self.eachLine(where: { !$0.folder.isEmpty && $0.folder != "Base" }) { file, index, tokens in
      for (position, token) in tokens.enumerated() {
        let rest = tokens[(position + 1)...].prefix(2)
        let isOwn = position > 0 && [".", "func", "case"].contains(tokens[position - 1])
        let isCall = ["Date", "sleep"].contains(token) && rest.first == "(" && !isOwn
        if words.contains(token) || isCall {
          Self.report(file, index, "'\(token)': take the time or the generator as an argument")
        }
        if drawn.contains(token), position > 0, tokens[position - 1] == ".", rest.first == "(",
          !tokens[position...].contains("using")
        {
          Self.report(file, index, "'.\(token)' without 'using:': hand in a seeded generator")
        }
      }
    }
  }

  /// Order of keys differs from run to run; where it could reach a decision there are no such collections at all.
  @Test func theOrderPathHasNoHashedCollections() throws {
    try Self.eachLine(
      where: { ["Core", "Risk", "Order"].contains($0.folder) || $0.path.contains("/Venue/Simulated/") }
    ) { file, index, tokens in
      for (position, token) in tokens.enumerated() {
        let isNamed = token == "Dictionary" || token == "Set"
        let isDictionary =
          token == "[" && position + 2 < tokens.count && tokens[position + 2] == ":"
          && tokens[position + 1].first?.isUppercase == true
        if isNamed || isDictionary {
          Self.report(file, index, "a dictionary or set: use a table indexed by number, or sort by id")
        }
      }
    }
  }

  /// Files of those folders that give a statistic and never an amount. The list may only shrink.
  private static let statistics: Set<String> = ["Sources/OMSLib/Account/Funding.swift"]

  @Test func moneyNeverTouchesBinaryFloatingPoint() throws {
    let exact: Set<String> = ["Model", "Account", "Core", "Risk", "Order", "Venue", "Journal", "Control"]
    let words: Set<String> = ["Double", "Float", "Float16", "Float32", "Float64", "Float80"]
    try Self.eachLine(where: { exact.contains($0.folder) && !Self.statistics.contains($0.path) }) {
      file, index, tokens in
      guard let word = tokens.first(where: words.contains) else { return }
      Self.report(file, index, "'\(word)': use Price, Quantity, Money, Rate or Decimal")
    }
  }

  @Test func nothingImportsFoundation() throws {
    try Self.eachLine { file, index, tokens in
      guard let position = tokens.firstIndex(of: "import"),
        tokens[(position + 1)...].first?.hasPrefix("Foundation") == true
      else { return }
      Self.report(file, index, "Foundation costs milliseconds at every start; use Base, or Glibc where it must be")
    }
  }

  @Test func onlyProgramsPrint() throws {
    try Self.eachLine(
      where: {
        $0.folder != "Bench" && !$0.path.hasPrefix("Sources/oms/") && !$0.path.hasPrefix("Sources/omsim/")
          && !$0.path.hasPrefix("Sources/omsfuzz/")
      }
    ) { file, index, tokens in
      for (position, token) in tokens.enumerated() where token == "print" || token == "debugPrint" {
        let isCall = position + 1 < tokens.count && tokens[position + 1] == "("
        let isMember = position > 0 && (tokens[position - 1] == "." || tokens[position - 1] == "func")
        if isCall, !isMember { Self.report(file, index, "'\(token)(': return the text, or write to a log") }
      }
    }
  }

  @Test func nothingIsForced() throws {
    try Self.eachLine { file, index, tokens in
      for position in tokens.indices.dropLast() where tokens[position] == "try" && tokens[position + 1] == "!" {
        Self.report(file, index, "a forced try: handle the error, or say in a precondition why it cannot happen")
      }
    }
  }

  @Test func everyExceptionFromConcurrencyCheckingSaysWhatProtectsTheValue() throws {
    for file in SourceTree.sources {
      for (index, tokens) in file.code.enumerated() {
        let words = tokens.map(\.text)
        let isUnchecked = words.contains("unchecked") && words.contains("@")
        let isNonisolated = words.contains("nonisolated") && words.contains("unsafe")
        guard isUnchecked || isNonisolated else { continue }
        var above = index - 1
        // Attributes may stand between the comment and the declaration.
        while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
        guard above < 0 || !file.lines[above].drop(while: { $0 == " " }).hasPrefix("//") else { continue }
        Self.report(file, index, "say in a comment on the line above what protects this value")
      }
    }
  }
}
