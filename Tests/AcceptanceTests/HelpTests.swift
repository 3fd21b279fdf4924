import Foundation
import OMSLib
import Testing

/// Help that is true: every line in it is typed.
@Suite struct HelpTests {
  /// A command or a topic with the lines in its help.
  struct Page: Sendable, Decodable, CustomTestStringConvertible {
    struct Line: Sendable, Decodable {
      let line: String
      let needs: String?
      let ends: UInt8
    }

    let name: String
    let examples: [Line]

    var testDescription: String { name }
  }

  private struct Table: Decodable { let commands: [Page] }

  /// From the built program, as everybody reads it.
  static let pages: [Page] = {
    guard let shell = try? Shell() else { return [] }
    defer { shell.remove() }
    guard let json = try? shell.oms("help", "--json").output else { return [] }
    return (try? JSONDecoder().decode(Table.self, from: Data(json.utf8)))?.commands ?? []
  }()

  /// What goes on beside the lines of a command, so that what they wait for comes.
  private static let beside = [
    "wait": "sleep 0.3; oms sim fill rebal-1 -q; sleep 0.5; oms sim price BTC-USDT 58900 -q",
    "events": "sleep 0.3; oms sim fill rebal-1 -q",
  ]

  /// Files and programs that the lines name.
  private static let files = [
    "ladder.jsonl": #"{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000","id":"ladder-0"}"# + "\n",
    "plan.jsonl": #"{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000","id":"plan-0"}"# + "\n",
    "bin/make-orders": """
    #!/bin/sh
    echo '{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000"}'

    """,
    "maker.sh": "#!/bin/sh\noms order buy BTC-USDT 0.001 --limit 41000 -q\n",
    "strategy": "#!/bin/sh\noms order buy BTC-USDT-PERP 0.001 --market --wait filled -q\n",
  ]

  /// Whatever the line before has done, the next one finds an engine, and where it can be placed again the order.
  private static let begin = """
    begin() {
      oms status -q; [ $? -ne 16 ] && return
      oms run --detach -q || exit 99
      oms order buy BTC-USDT-PERP 0.01 --market --wait filled -q
      case $1 in *'--id rebal-1'*) return ;; esac
      oms order buy BTC-USDT 0.01 --limit 55000 --id rebal-1 -q
      oms order buy BTC-USDT 0.01 --limit 54000 --id rebal-2 -q
      oms snapshot take -q
    }
    try() {
      begin "$2"
      case $2 in
        *--until-done*) ;;
        *--follow*) set -- 130 "timeout -s INT 2 $2" ;;
      esac
      bash -c "$2" < /dev/null > out 2> err; rc=$?
      # A stream that ends by itself is as good.
      if [ "$1" -eq 130 ] && { [ $rc -eq 124 ] || [ $rc -eq 31 ] || [ $rc -eq 0 ]; }; then rc=130; fi
      [ $rc -eq "$1" ] || { echo "ended with $rc, not $1: $2"; cat err; }
    }
    trap 'oms stop --force -q 2> /dev/null' EXIT
    PATH=$PWD/bin:$PATH

    """

  private static func quoted(_ line: String) -> String {
    "'" + line.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
  }

  /// What the lines of a page complain of when they are typed one after the other.
  private static func complaints(_ lines: [Page.Line], beside: String? = nil, begins: Bool = true) throws -> String {
    try Shell.with { shell in
      for (name, text) in files {
        let file = shell.directory.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
      }
      var script = begin
      if !begins { script += "begin() { :; }\n" }
      if let first = lines.first, let beside { script += "begin \(quoted(first.line)); { \(beside); } &\n" }
      for line in lines { script += "try \(line.ends) \(quoted(line.line))\n" }
      try Data(script.utf8).write(to: shell.directory.appending(path: "script"))
      let ran = try shell.bash("bash script")
      return ran.output + (ran.status == 0 ? "" : "the script ended with \(ran.status): \(ran.errors)")
    }
  }

  @Test(arguments: pages) func everyExampleOfACommandWorks(_ page: Page) throws {
    let lines = page.examples.filter { $0.needs == nil }
    guard !lines.isEmpty else { return }
    // `run` makes its own.
    let said = try Self.complaints(lines, beside: Self.beside[page.name], begins: page.name != "run")
    #expect(said.isEmpty, "\(said)")
  }

  @Test func examplesWereFound() { #expect(Self.pages.count > 50) }

  @Test(arguments: HelpTopic.common.filter { !$0.lines.isEmpty }.map(\.name))
  func everyLineOfATopicWorks(name: String) throws {
    let topic = try #require(HelpTopic.common.first { $0.name == name })
    let said = try Self.complaints(
      topic.lines.filter { $0.needs == nil }.map { Page.Line(line: $0.line, needs: nil, ends: $0.ends) })
    #expect(said.isEmpty, "\(said)")
  }

  @Test(arguments: [
    "exit-codes", "output", "symbols", "accounts", "safety", "batch", "streams", "rings", "environment", "files",
    "recipes",
    "emergency",
  ])
  func everyTopicIsShown(name: String) throws {
    try Shell.with { shell in
      let ran = try shell.oms("help", name)
      #expect(ran.status == 0 && ran.errors.isEmpty && ran.lines.count > 5)
      let overview = try shell.oms("help").output
      #expect(overview.contains(name))
      let long = ran.lines.filter { $0.count > 100 && !$0.hasPrefix("  oms") && !$0.hasPrefix("  {") }
      #expect(long.filter { !$0.contains("oms ") }.isEmpty, "\(long)")
    }
  }

  @Test func aPageBeginsWithItsExamples() throws {
    try Shell.with { shell in
      let text = try shell.oms("order", "--help").output
      var last = text.startIndex
      for part in [
        "Examples:", "Arguments:", "Identity:", "Flags of every command:", "Output:", "Exit codes:", "See also:",
      ] {
        let place = try #require(text.range(of: part), "\(part) is missing")
        #expect(place.lowerBound > last, "\(part) comes too early")
        last = place.lowerBound
      }
    }
  }

  /// One line for each way to use it, three where there are as many.
  @Test(arguments: pages) func everyCommandHasExamples(_ page: Page) {
    #expect(!page.examples.isEmpty)
    #expect(
      page.examples.count >= 3 || page.name.contains(" ") || ["path", "version", "schema", "man"].contains(page.name))
  }

  @Test func theOverviewTellsHowTheEngineIs() throws {
    try Shell.with { shell in
      let none = try shell.run(["oms"])
      #expect(none.output.contains("Engine 'default': not running"))
      let ran = try shell.bash(
        "oms run --detach -q && oms pause --reason drill -q && oms | tail -1; oms --help | tail -1; oms stop -q")
      #expect(
        ran.lines == Array(repeating: "Engine 'default': paper, trading paused (drill), 0 open orders", count: 2),
        "\(ran.output)\(ran.errors)")
    }
  }

  /// An engine that does not answer costs 50 ms and no word.
  @Test func aSilentEngineHoldsNobodyUp() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: { _ in [] }) { _ in
        let begin = Date()
        let ran = try shell.run(["oms"])
        #expect(ran.status == 0 && !ran.output.contains("Engine '"))
        #expect(Date().timeIntervalSince(begin) < 5)
      }
    }
  }

  @Test func whatIsNotThereIsRefusedWithTheNearestName() throws {
    try Shell.with { shell in
      let ran = try shell.oms("help", "emergncy")
      #expect(ran.status == 2 && ran.errors.contains("oms help emergency"), "\(ran.errors)")
    }
  }
}
