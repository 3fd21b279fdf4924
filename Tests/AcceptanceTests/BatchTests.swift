import Foundation
import OMSLib
import Testing

/// `oms batch` with pipes, files and readers that leave.
@Suite struct BatchTests {
  private static func lines(_ count: Int) -> String {
    (0..<count).map { #"{"symbol":"BTC-USDT","side":"buy","qty":"1","limit":"5","id":"b-\#($0)"}"# + "\n" }.joined()
  }

  @Sendable private static func accept(_ request: Request) -> [FakeEngine.Line] {
    guard case .order(let order) = request.operation else { return [.end(0)] }
    return [.data(#"{"type":"order","v":1,"id":"\#(order.id ?? "")","sent":"yes"}"#), .end(0)]
  }

  private static func results(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func answersEveryLineInOrder() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { engine in
        let ran = try shell.oms("batch", "-", "-a", "sim.main", "-o", "jsonl", input: Self.lines(500) + "\n  \n")
        #expect(ran.status == 0, "\(ran.errors)")
        let results = try Self.results(ran.output)
        #expect(results.compactMap { $0["line"] as? Int } == Array(1...500))
        #expect(results.allSatisfy { $0["ok"] as? Bool == true })
        #expect(ran.errors.contains(#""type":"summary""#) && ran.errors.contains(#""total":500,"ok":500"#))
        #expect(engine.requests.count == 500)
      }
    }
  }

  @Test func aPipeIsAnsweredWhileItIsOpen() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { _ in
        let line = #"{"symbol":"B","side":"buy","qty":"1","limit":"5","id":"c-1"}"#
        let ran = try shell.bash(
          "coproc B { oms batch - -o jsonl 2>/dev/null; }; pid=$B_PID; echo '\(line)' >&${B[1]}; read -r -t 10 a <&${B[0]}; "
            + "echo \"$a\"; exec {B[1]}>&-; wait $pid; echo $?")
        #expect(ran.lines.first?.contains(#""line":1,"op":"order","ok":true"#) == true, "\(ran.output) \(ran.errors)")
        #expect(ran.lines.last == "0")
      }
    }
  }

  @Test func failuresKeepTheirPlaceAndTheirInput() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { request in
        guard case .order(let order) = request.operation, order.id == "b-1" else { return Self.accept(request) }
        return [.error(RequestError("notfound.symbol", exit: 18, "no such symbol")), .end(18)]
      } _: { engine in
        let input = Self.lines(2) + "broken\n" + Self.lines(1)
        let ran = try shell.oms("batch", "-", "--on-error", "continue", "--echo", "-o", "jsonl", input: input)
        #expect(ran.status == 32)
        let results = try Self.results(ran.output)
        #expect(results.compactMap { $0["exit"] as? Int } == [0, 18, 2, 0])
        #expect((results[1]["input"] as? [String: Any])?["id"] as? String == "b-1")
        #expect(results[2]["input"] as? String == "broken")
        let stopped = try shell.oms("batch", "-", "--window", "1", "-o", "jsonl", input: input)
        #expect(stopped.status == 32)
        let answer1 = try Self.results(stopped.output).compactMap { $0["exit"] as? Int }
        #expect(answer1 == [0, 18, 2, 16])
        #expect(engine.requests.count == 5)
      }
    }
  }

  /// Results that nobody reads any more are kept, and nothing is sent behind the reader's back.
  @Test func aReaderThatLeavesLosesNoResult() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { engine in
        try Self.lines(20_000).write(to: shell.directory.appending(path: "in"), atomically: true, encoding: .utf8)
        let ran = try shell.bash(
          "oms batch in -o jsonl 2> errors | head -1 > first; echo ${PIPESTATUS[0]}; cat errors >&2")
        #expect(ran.output == "0\n", "\(ran.errors)")
        #expect(ran.errors.contains("the reader of the results left"))
        let state = shell.directory.appending(path: "s/oms/default")
        let files = try FileManager.default.contentsOfDirectory(atPath: state.path).filter { $0.hasPrefix("batch-") }
        #expect(files.count == 1)
        let kept = try String(contentsOf: state.appending(path: try #require(files.first)), encoding: .utf8)
        let lines = try Self.results(kept).compactMap { $0["line"] as? Int }
        #expect(lines == Array((lines.first ?? 0)..<(lines.first ?? 0) + lines.count))
        #expect(engine.requests.count < 20_000)
        // Every order that was sent has its result, either with the reader or in the file.
        #expect((lines.last ?? 0) >= engine.requests.count)
      }
    }
  }

  /// A full disk is no reader that chose to leave: the batch stops, fails, and every order that was sent has its result.
  @Test func aFullDiskLosesNoResult() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { engine in
        try Self.lines(20_000).write(to: shell.directory.appending(path: "in"), atomically: true, encoding: .utf8)
        let ran = try shell.bash("oms batch in -o jsonl > /dev/full; echo $?; cat s/oms/default/batch-*")
        #expect(ran.lines.first == "1", "\(ran.errors)")
        #expect(ran.errors.contains("the results could not be written") && ran.errors.contains(#""code":"io.write""#))
        #expect(ran.errors.contains(#""exit":1,"#) && ran.errors.contains(#""sent":"yes""#), "\(ran.errors)")
        let results = try Self.results(ran.lines.dropFirst().joined(separator: "\n"))
        #expect(results.compactMap { $0["line"] as? Int } == Array(1...results.count))
        let taken = results.count { $0["ok"] as? Bool == true }
        #expect(engine.requests.count < 20_000 && taken == engine.requests.count)
      }
    }
  }

  @Test func cancelTakesIdsFromAPipe() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { engine in
        let ran = try shell.oms("cancel", "-", "-o", "jsonl", input: "a\n{\"id\":\"b\"}\nno id\n")
        #expect(ran.status == 32)
        let answer2 = try Self.results(ran.output).compactMap { $0["ok"] as? Bool }
        #expect(answer2 == [true, true, false])
        #expect(engine.requests.count == 2)
      }
    }
  }

  @Test func precheckSendsNothingWhenOneLineFails() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { request in
        guard case .order(let order) = request.operation, order.id == "b-2" else { return Self.accept(request) }
        return [.error(RequestError("risk.x", exit: 14, "no")), .end(14)]
      } _: { engine in
        let failing = try shell.oms("batch", "-", "--precheck", "-o", "jsonl", input: Self.lines(4))
        #expect(failing.status == 14)
        let answer3 = try Self.results(failing.output).compactMap { $0["exit"] as? Int }
        #expect(answer3 == [16, 16, 14, 16])
        let isDry = engine.requests.allSatisfy {
          if case .order(let order) = $0.operation { order.consent.dryRun } else { false }
        }
        #expect(isDry)
        let passing = try shell.oms("batch", "-", "--precheck", "-o", "jsonl", input: Self.lines(2))
        #expect(passing.status == 0, "\(passing.errors)")
        let answer4 = try Self.results(passing.output).count
        #expect(answer4 == 2)
      }
    }
  }

  @Test func aSignalSettlesWhatIsOut() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell, answer: Self.accept) { _ in
        let line = #"{"symbol":"B","side":"buy","qty":"1","limit":"5","id":"c-1"}"#
        let ran = try shell.bash(
          "mkfifo i o; oms batch - -o jsonl < i > o 2>/dev/null & pid=$!; exec 3>i; exec 4<o; echo '\(line)' >&3; "
            + "read -r -t 10 a <&4; kill -TERM $pid; wait $pid; echo $?")
        #expect(ran.output == "143\n")
      }
    }
  }

  @Test func anEngineThatDiesLeavesUnknownLines() throws {
    try Shell.with { shell in
      try FakeEngine.with(shell) { request in
        guard case .order(let order) = request.operation, order.id == "b-1" else { return Self.accept(request) }
        return [.close]
      } _: { _ in
        let ran = try shell.oms("batch", "-", "--window", "1", "-o", "jsonl", input: Self.lines(3))
        #expect(ran.status == 30)
        let answer5 = try Self.results(ran.output).compactMap { $0["exit"] as? Int }
        #expect(answer5 == [0, 30, 16])
      }
    }
  }
}
