import Foundation
import Testing

/// The published tables of a real engine, read by a C program that knows nothing but the header.
@Suite struct AttachTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  /// Builds the C program and lends a running engine with its socket and process.
  private func withEngine(_ body: (Shell, _ socket: String, _ engine: Int32) throws -> Void) throws {
    try Shell.with { shell in
      let built = try shell.run([Self.tests.appending(path: "attach/build.sh").path, shell.directory.path])
      try #require(built.status == 0, "\(built.errors)")
      let run = shell.directory.appending(path: "r/oms/default")
      // In the foreground: a detached engine would keep what it inherits from here.
      let session = Process()
      session.executableURL = Shell.products.appending(path: "oms")
      session.arguments = ["run", "-q", "--state", shell.directory.appending(path: "state").path]
      session.environment = shell.environment
      session.standardInput = FileHandle.nullDevice
      session.standardOutput = FileHandle.nullDevice
      session.standardError = FileHandle.nullDevice
      try session.run()
      defer { session.waitUntilExit() }
      let ready = try shell.bash("until [ -e r/oms/default/ready ]; do sleep 0.01; done")
      try #require(ready.status == 0, "the engine never answered")
      let pid = try String(contentsOf: run.appending(path: "pid"), encoding: .utf8)
      let engine = try #require(Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines)))
      defer { kill(engine, SIGKILL) }
      try body(shell, run.appending(path: "oms.sock").path, engine)
    }
  }

  @Test func aCProgramReadsThePositionOfARunningEngineAndItsDeath() throws {
    try withEngine { shell, socket, engine in
      let bought = try shell.oms("order", "buy", "BTC-USDT-PERP", "0.1", "--market", "--wait", "filled")
      try #require(bought.status == 0, "\(bought.errors)")
      let program = shell.directory.appending(path: "attach").path
      // The answer to the order does not wait for the tables; they follow in the same turn.
      let follows = try shell.bash(
        "until ./attach \(socket) | grep -qP '^sim.main\\tBTC-USDT-PERP\\t0\\.1\\t'; do sleep 0.01; done")
      try #require(follows.status == 0, "the position never appeared: \(follows.errors)")
      let shown = try shell.oms(
        "positions", "-o", "tsv", "--fields", "entry", "--where", "account==sim.main and symbol==BTC-USDT-PERP")
      let entry = try #require(Double(shown.output.trimmingCharacters(in: .newlines)), "\(shown.output)")
      let read = try shell.run([program, socket])
      #expect(read.status == 0, "\(read.errors)")
      let line = try #require(read.lines.first { $0.hasPrefix("sim.main\tBTC-USDT-PERP\t") }, "\(read.output)")
      let fields = line.split(separator: "\t")
      try #require(fields.count == 5, "\(line)")
      #expect(fields[2] == "0.1")
      #expect(Double(fields[3]).map { abs($0 - entry) < 0.1 } == true, "\(fields[3]) is not \(entry)")
      #expect(UInt64(fields[4]).map { $0 > 0 } == true, "the row names its record")
      // It is attached before the engine dies: its first line says so.
      let watched = try shell.bash(
        """
        ./attach \(socket) --watch > seen & reader=$!
        until [ -s seen ]; do read -rt 0.01 <> <(:); done
        kill -9 \(engine); wait $reader; status=$?; cat seen; exit $status
        """)
      #expect(watched.status == 4, "\(watched.errors)")
      #expect(watched.lines.contains { $0.hasPrefix("sim.main\tBTC-USDT-PERP\t0.1\t") }, "\(watched.output)")
      #expect(watched.lines.last == "DEAD")
      // Its first thread may be gone while another still holds the socket.
      let gone = try shell.bash("while [ -e /proc/\(engine) ]; do sleep 0.01; done")
      try #require(gone.status == 0, "the engine was never collected")
      let late = try shell.run([program, socket])
      #expect(late.status == 1 && late.errors.contains("no engine answers"))
    }
  }

  @Test func latenciesOfTheStagesAreCounted() throws {
    try withEngine { shell, _, _ in
      let bought = try shell.oms("order", "buy", "BTC-USDT", "0.01", "--market", "--wait", "filled", "-q")
      try #require(bought.status == 0, "\(bought.errors)")
      // Counted in the turn that answers, maybe behind the answer.
      let shown = try shell.bash(
        """
        until oms status --latency -o tsv --fields stage,n --where type==latency > shown && grep -qP '^ack\\t[1-9]' shown
        do sleep 0.01; done
        cat shown
        """
      ).lines
      for stage in ["gate", "risk", "ack"] { #expect(shown.contains("\(stage)\t1"), "\(shown)") }
    }
  }
}
