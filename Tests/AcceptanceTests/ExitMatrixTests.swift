import Foundation
import Testing

/// Every exit code that a command claims, from a command line that was really run.
///
/// A line that begins with a number is a claim: `oms` with these words ends so (`130 INT ...`: after that signal). Every
/// other line is typed into the shell.
@Suite struct ExitMatrixTests {
  struct Session: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: String

    var testDescription: String { name }
  }

  /// What was run: command, code it had to end with.
  private struct Claim: Hashable {
    let command: String
    let code: Int
  }

  private struct Table: Decodable {
    struct Command: Decodable {
      let name: String
      let effect: String
      let exits: [Int]
    }

    let commands: [Command]
  }

  /// How the shell reads a session. A fault ends the one before it.
  private static let reader = """
    rest() { oms order buy BTC-USDT 0.001 --limit 30000 --id "$@" -q; }
    hold() { oms order buy BTC-USDT-PERP 0.1 --market --wait filled -q; }
    well() { oms sim fault --clear -q; }
    fault() { well; oms sim fault "$@" -q; }
    # A link that was cut is there again, and prices with it.
    linked() { well; until oms ticker BTC-USDT --max-age 400ms -q 2> said; do sleep 0.02; done; sleep 1; }
    claim() {
      local want=$1 signal=
      shift
      case $1 in INT | TERM) signal=$1; shift ;; esac
      if [ -n "$signal" ]; then
        timeout --preserve-status -s $signal 0.4 oms -q "$@" > out 2> err < /dev/null
      else
        timeout 20 oms -q "$@" > out 2> err < /dev/null
      fi
      local rc=$?
      echo "$want $rc $*"
      [ $rc -eq $want ] || head -2 err >&2
    }
    trap 'oms stop --force -q 2> said' EXIT
    while IFS= read -r line <&3; do
      case $line in
        [0-9]*' '*) eval "claim $line" ;;
        *) eval "$line" ;;
      esac
    done 3< session

    """

  /// Codes of the common errors; help lists them for everything.
  private static let common: Set = [0, 1, 2, 10, 16, 130, 143]

  /// What is claimed and cannot be brought about here, with the reason.
  private static let exempt: [String: [Int: String]] = {
    let hangs = "needs an engine that hangs"
    var exempt: [String: [Int: String]] = [
      "run": [11: "the engine of this build holds no keys yet"],
      "vault init": [12: "needs a person who types nothing"],
      "vault unlock": [12: "needs a person who types nothing"],
      "snapshot take": [17: "needs one that is being taken", 30: hangs],
      "deadman arm": [31: "needs a venue that is silent"],
      "deadman disarm": [20: "needs a venue that is silent", 31: "needs a venue that is silent"],
      "risk set": [30: hangs], "risk reset": [30: hangs], "pause": [30: hangs], "halt": [30: hangs],
      "resume": [30: hangs], "config reload": [17: "needs two at the same instant", 31: hangs],
      "journal finish": [10: "needs a journal of another version"],
    ]
    for verb in ["price", "fault", "latency", "fill", "book", "clock", "account", "reset"] {
      exempt["sim \(verb)"] = [13: "every exchange of this build is simulated"]
    }
    return exempt
  }()

  static let sessions = ExitSessions.all

  /// Sessions run one after the other inside, next to each other outside; what they saw is one matrix.
  @Test func everyClaimedCodeIsProducedByACommandLine() async throws {
    let table = try Self.table()
    let names = table.commands.map(\.name)
    let claims = try await withThrowingTaskGroup(of: Set<Claim>.self) { group in
      for session in Self.sessions { group.addTask { try Self.run(session, names) } }
      return try await group.reduce(into: Set<Claim>()) { $0.formUnion($1) }
    }
    Self.show(table, claims)
    for command in table.commands {
      let seen = claims.filter { $0.command == command.name }.map(\.code)
      #expect(!seen.isEmpty, "the row of `oms \(command.name)` is empty")
      // 17 is what `--job` says, whatever the command.
      for code in seen where code != 143 && code != 17 {
        #expect(command.exits.contains(code), "the help of `oms \(command.name)` does not know \(code)")
      }
      guard command.effect == "acts" else { continue }
      let exempt = Self.exempt[command.name]?.keys.map { $0 } ?? []
      let missing = Set(command.exits).subtracting(Self.common).subtracting(seen).subtracting(exempt)
      #expect(missing.isEmpty, "no line makes `oms \(command.name)` end with \(missing.sorted())")
      let stale = Set(exempt).intersection(seen)
      #expect(stale.isEmpty, "`oms \(command.name)` does end with \(stale.sorted()): it is no exemption")
    }
    for code in [1, 2, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 30, 31, 32, 40, 41, 130, 143] {
      #expect(claims.contains { $0.code == code }, "nothing ends with \(code)")
    }
  }

  private static func run(_ session: Session, _ names: [String]) throws -> Set<Claim> {
    try Shell.with { shell in
      try Data((session.lines + "\n").utf8).write(to: shell.directory.appending(path: "session"))
      let ran = try shell.bash(reader)
      var claims: Set<Claim> = []
      for line in ran.lines {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count > 2, let wanted = Int(words[0]), let got = Int(words[1]) else {
          Issue.record("\(session.name) said: \(line)")
          continue
        }
        #expect(wanted == got, "\(session.name): `oms \(words[2...].joined(separator: " "))` \(ran.errors)")
        let pair = words.count > 3 ? "\(words[2]) \(words[3])" : ""
        claims.insert(Claim(command: names.contains(pair) ? pair : words[2], code: got))
      }
      let written = session.lines.split(separator: "\n").count { $0.first?.isNumber == true }
      #expect(ran.lines.count == written, "\(session.name) ended early: \(ran.errors)")
      return claims
    }
  }

  private static func table() throws -> Table {
    try Shell.with { shell in
      try JSONDecoder().decode(Table.self, from: Data(try shell.oms("help", "--json").output.utf8))
    }
  }

  private static func show(_ table: Table, _ claims: Set<Claim>) {
    let codes = Set(claims.map(\.code)).sorted()
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    print(padded("", 18) + codes.map { padded(String($0), 4) }.joined())
    for command in table.commands {
      let row = codes.map { padded(claims.contains(Claim(command: command.name, code: $0)) ? "x" : ".", 4) }
      print(padded(command.name, 18) + row.joined())
    }
  }
}
