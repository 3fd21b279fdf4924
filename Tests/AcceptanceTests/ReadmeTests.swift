import Foundation
import Testing

/// The terminal sessions of README.md, typed as they stand there: every command, and every line of its output.
///
/// What differs from run to run (prices, times, engine ids, paths) is compared by its form: digits are one digit, signs and
/// the width of columns do not count, a path is a path. A line of nothing but digits is an exit code and stands for itself.
@Suite struct ReadmeTests {
  private struct Step {
    let line: String
    var output: [String] = []
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// All fenced blocks with a prompt, one after the other: the sections of the README are one session.
  private static func steps() throws -> [Step] {
    let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    var steps: [Step] = []
    for (index, block) in text.components(separatedBy: "\n```").enumerated() where index % 2 == 1 {
      for line in block.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
        if line.hasPrefix("$ ") {
          steps.append(Step(line: String(line.dropFirst(2))))
        } else if !steps.isEmpty {
          steps[steps.count - 1].output.append(line)
        }
      }
    }
    return steps
  }

  private static func form(_ line: String) -> String {
    if !line.isEmpty, line.allSatisfy(\.isNumber) { return line }
    let words = line.split(separator: " ").map { word in
      if word.contains("/") && word.contains("oms.sock") { return "/PATH" }
      var form = ""
      for character in word where character != "+" && character != "-" || !form.isEmpty || word.count == 1 {
        if character.isNumber {
          if form.last != "0" { form.append("0") }
        } else {
          form.append(character)
        }
      }
      // A round amount has no decimals.
      return form == "0.0" ? "0" : form
    }
    return words.joined(separator: " ")
  }

  @Test func everySessionIsAsItIsPrinted() throws {
    let steps = try Self.steps()
    #expect(steps.count >= 12, "the README has no sessions any more")
    try Shell.with { shell in
      defer { _ = try? shell.bash("oms stop --force -q 2> said") }
      for step in steps {
        let typist = try Typist(shell, step.line, rows: 50, columns: 140, variables: ["NO_COLOR": "1"])
        _ = typist.status()
        let got = typist.lines.map(Self.form)
        #expect(got == step.output.map(Self.form), "$ \(step.line)\n\(typist.lines.joined(separator: "\n"))")
      }
    }
  }

  /// A filled order takes five commands from nothing, and the session goes through a kill drill to a table of P&L.
  @Test func theSessionsShowWhatSomebodyNewWantsToSee() throws {
    let steps = try Self.steps()
    let filled = try #require(steps.firstIndex { step in step.output.contains { $0.contains(" filled ") } })
    #expect(filled < 5)
    #expect(steps.contains { $0.line.hasPrefix("oms kill") } && steps.contains { $0.line.hasPrefix("oms pnl") })
  }
}
