import Testing

@testable import OMSLib

@Suite struct BatchLedgerTests {
  private static func order(_ id: String) -> String {
    #"{"symbol":"B","side":"buy","qty":"1","limit":"1","id":"\#(id)"}"#
  }

  /// A ledger with a hand on its clock and an engine that answers when told.
  private struct Bench {
    var ledger: BatchLedger
    var now: Int64 = 0
    var sent: [UInt64] = []
    var results: [String] = []

    init(_ change: (inout BatchLedger.Settings) -> Void = { _ in }) {
      var settings = BatchLedger.Settings()
      change(&settings)
      ledger = BatchLedger(settings)
    }

    mutating func accept(_ lines: [String]) {
      for line in lines { ledger.accept(Array(line.utf8), line: ledger.totalCount + 1, at: .zero) }
      run()
    }

    mutating func run() {
      while case .send(let number, _) = ledger.next(now: now, at: .zero) { sent.append(number) }
      results += ledger.takeResults().map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func answer(_ number: UInt64, exit: UInt8 = 0) {
      if exit == 0 {
        take(ReplyLine.data(Array(#"{"type":"order","id":"o\#(number)","sent":"yes"}"#.utf8), request: number))
      } else {
        take(ReplyLine.error(RequestError("some.reason", exit: exit, "no"), request: number))
      }
      take(ReplyLine.end(exit: exit, request: number))
      run()
    }

    private mutating func take(_ line: [UInt8]) {
      guard let reply = ControlReply(line: line.dropLast()) else { return }
      ledger.take(reply, at: .zero)
    }

    var shown: [String] {
      results.map { text in
        guard let root = try? JSONReader.read(text).root, let line = root["line"]?.numberText else { return "?" }
        return "\(line):\(root["exit"]?.numberText ?? "?")"
      }
    }
  }

  @Test func resultsComeInInputOrder() {
    var bench = Bench()
    bench.accept((0..<4).map { Self.order("a\($0)") })
    #expect(bench.sent == [1, 2, 3, 4])
    bench.answer(3)
    bench.answer(2)
    #expect(bench.shown.isEmpty)
    bench.answer(1)
    #expect(bench.shown == ["1:0", "2:0", "3:0"])
    bench.answer(4)
    #expect(bench.shown.last == "4:0")
    #expect(bench.ledger.status == .ok)
    #expect(bench.ledger.openCount == 0)
  }

  @Test func unorderedResultsComeAtOnce() {
    var bench = Bench { $0.isUnordered = true }
    bench.accept((0..<3).map { Self.order("a\($0)") })
    bench.answer(3)
    bench.answer(1)
    #expect(bench.shown == ["3:0", "1:0"])
  }

  @Test func theWindowBoundsWhatIsUnderWay() {
    var bench = Bench { $0.window = 2 }
    bench.accept((0..<5).map { Self.order("a\($0)") })
    #expect(bench.sent == [1, 2])
    bench.answer(2)
    #expect(bench.sent == [1, 2, 3])
    #expect(bench.ledger.inFlightCount == 2)
  }

  @Test func afterAFailureNothingMoreIsSent() {
    var bench = Bench { $0.window = 2 }
    bench.accept((0..<5).map { Self.order("a\($0)") })
    bench.answer(1, exit: 14)
    #expect(bench.sent == [1, 2])
    #expect(bench.shown == ["1:14"])
    bench.answer(2)
    #expect(bench.shown == ["1:14", "2:0", "3:16", "4:16", "5:16"])
    #expect(bench.results[2].contains("\"code\":\"busy.not_attempted\""))
    #expect(bench.results[2].contains("\"retry\":\"same_id\""))
    #expect(bench.ledger.status == ExitStatus(.partial))
    #expect(bench.ledger.skippedCount == 3)
  }

  @Test func theFailureIsTheStatusWhenNothingSucceeded() {
    var bench = Bench { $0.window = 1 }
    bench.accept([Self.order("a"), Self.order("b")])
    bench.answer(1, exit: 14)
    #expect(bench.shown == ["1:14", "2:16"])
    #expect(bench.ledger.status == ExitStatus(.risk))
  }

  @Test func continueTriesEveryLine() {
    var bench = Bench { $0.stopsOnError = false }
    bench.accept([Self.order("a"), "{broken", Self.order("c")])
    #expect(bench.sent == [1, 3])
    bench.answer(1)
    bench.answer(3, exit: 18)
    #expect(bench.shown == ["1:0", "2:2", "3:18"])
    #expect(bench.ledger.status == ExitStatus(.partial))
  }

  @Test func whatIsDoneToAnOrderWaitsForTheOrder() {
    var bench = Bench()
    bench.accept([Self.order("a"), #"{"op":"cancel","id":"a"}"#, Self.order("b")])
    #expect(bench.sent == [1])
    bench.answer(1)
    #expect(bench.sent == [1, 2, 3])
  }

  @Test func aBarrierWaitsForAllBeforeIt() {
    var bench = Bench()
    bench.accept([Self.order("a"), Self.order("b"), #"{"op":"barrier"}"#, Self.order("c")])
    #expect(bench.sent == [1, 2])
    bench.answer(2)
    #expect(bench.sent == [1, 2])
    bench.answer(1)
    #expect(bench.sent == [1, 2, 4])
    #expect(bench.shown == ["1:0", "2:0", "3:0"])
  }

  @Test func aSleepDelaysWhatFollows() {
    var bench = Bench()
    bench.accept([#"{"op":"sleep","ms":100}"#, Self.order("a")])
    #expect(bench.sent.isEmpty)
    #expect(bench.ledger.next(now: 99_999_999, at: .zero) == .wait(until: 100_000_000))
    bench.now = 100_000_000
    bench.run()
    #expect(bench.sent == [2])
  }

  @Test func theRateSpreadsSends() {
    var bench = Bench { $0.sendInterval = 10 }
    bench.now = 1000
    bench.accept((0..<3).map { Self.order("a\($0)") })
    #expect(bench.sent == [1])
    bench.now = 1009
    bench.run()
    #expect(bench.sent == [1])
    bench.now = 1010
    bench.run()
    #expect(bench.sent == [1, 2])
    bench.now = 1020
    bench.run()
    #expect(bench.sent == [1, 2, 3])
  }

  @Test func silenceIsUnknownAndNeverAFailure() {
    var bench = Bench { $0.patience = 50 }
    bench.accept([Self.order("a"), Self.order("b")])
    bench.answer(1)
    bench.now = 50
    bench.run()
    #expect(bench.shown == ["1:0", "2:30"])
    #expect(bench.results[1].contains("\"sent\":\"unknown\""))
    #expect(bench.ledger.status == ExitStatus(.unknown))
    #expect(bench.ledger.unknownCount == 1)
  }

  @Test func anEngineThatLeavesMakesWhatWasOutUnknown() {
    var bench = Bench { $0.window = 2 }
    bench.accept((0..<3).map { Self.order("a\($0)") })
    bench.ledger.lose(at: .zero)
    bench.run()
    #expect(bench.shown == ["1:30", "2:30", "3:16"])
    #expect(bench.ledger.status == ExitStatus(.unknown))
  }

  @Test func blankLinesAreNoLines() {
    var bench = Bench()
    bench.ledger.accept(Array("  \t\r".utf8), line: 1, at: .zero)
    bench.ledger.accept(Array((Self.order("a") + "\r").utf8), line: 2, at: .zero)
    bench.run()
    bench.answer(1)
    #expect(bench.shown == ["2:0"])
    #expect(bench.ledger.totalCount == 1)
  }

  @Test func echoGivesTheLineBack() {
    var bench = Bench {
      $0.echoes = true
      $0.stopsOnError = false
    }
    bench.accept([#"{ "op":"cancel", "id":"a" }"#, "nonsense"])
    bench.answer(1)
    #expect(bench.results[0].contains(#""input":{ "op":"cancel", "id":"a" }"#))
    #expect(bench.results[1].contains(#""input":"nonsense""#))
  }

  /// Whatever the lines and answers: every line has exactly one result, in order, and the window holds.
  @Test(arguments: 0..<200) func everyLineHasOneResultInOrder(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let window = Int(random.below(5)) + 1
    let stops = random.chance(1, in: 2)
    var bench = Bench {
      $0.window = window
      $0.stopsOnError = stops
      $0.patience = 1000
    }
    var count = 0
    var answered: Set<UInt64> = []
    for _ in 0..<60 {
      bench.now += Int64(random.below(40))
      switch random.below(3) {
      case 0:
        let lines = [Self.order("i\(random.below(6))"), #"{"op":"barrier"}"#, "x", #"{"op":"cancel","id":"i1"}"#]
        bench.accept([lines[Int(random.below(4))]])
        count += 1
      default:
        let open = bench.sent.filter { !answered.contains($0) }
        guard let number = open.isEmpty ? nil : open[Int(random.below(UInt64(open.count)))] else { continue }
        answered.insert(number)
        bench.answer(number, exit: random.chance(1, in: 6) ? 14 : 0)
      }
      #expect(bench.ledger.inFlightCount <= window)
    }
    bench.ledger.stop()
    bench.now += 10_000
    bench.run()
    bench.run()
    #expect(
      bench.shown.map { $0.prefix { $0 != ":" } } == (1...max(1, count)).prefix(count).map { Substring(String($0)) })
    #expect(bench.ledger.openCount == 0)
    #expect(bench.sent.count == Set(bench.sent).count)
  }
}
