internal import CReference

/// A message to another CPU and its answer back, through two rings, against one bare cache line.
enum RingHopBench {
  /// As long as a slot's share of one cache line allows.
  private struct Message: BitwiseCopyable {
    var number: UInt64 = 0
    var payload = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
  }

  static let benchmark = Benchmark("ring.hop", "round trip between two CPUs through rings") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard WorkerThread.cpuCount > 1 else { throw .unavailable("a round trip between CPUs needs two of them") }
    let batches = setup.count(small: 2, real: 400)
    let rounds = setup.count(small: 20, real: 100)
    let turns = setup.alternations
    var there = LocalRing<Message>(capacity: 64)
    var back = LocalRing<Message>(capacity: 64)
    let line = BareLine()
    let total = UInt64(batches * rounds)
    let other = (setup.cpu + 1) % WorkerThread.cpuCount
    var samples = (subject: Samples(), reference: Samples())
    var sum: UInt64 = 0
    do throws(SystemError) {
      // The two threads do the same turns in the same order, so nobody has to be told when to stop.
      let requests = RingEnd(there.takeConsumer())
      let answers = RingEnd(back.takeProducer())
      let thread = try WorkerThread(named: "bench-echo", cpu: other) {
        var requests = requests.take()
        var answers = answers.take()
        for turn in 0..<turns {
          var left = total
          while left > 0 {
            guard let message = requests.tryPop() else { continue }
            while !answers.tryPush(message) {}
            left -= 1
          }
          line.answer(from: UInt64(turn) * total + 1, total)
        }
      }
      var producer = there.takeProducer()
      var consumer = back.takeConsumer()
      let place = ThreadPlace(cpu: setup.cpu)
      for turn in 0..<turns {
        for _ in 0..<batches {
          let begin = setup.now()
          for _ in 0..<rounds {
            sum &+= 1
            while !producer.tryPush(Message(number: sum)) {}
            while true {
              guard let answer = consumer.tryPop() else { continue }
              precondition(answer.number == sum, "an answer is the one to the last message")
              break
            }
          }
          samples.subject.add(nanoseconds: setup.now() - begin, operations: rounds)
        }
        samples.subject.close()
        for batch in 0..<batches {
          let begin = setup.now()
          line.ask(from: UInt64(turn) * total + UInt64(batch * rounds) + 1, UInt64(rounds))
          samples.reference.add(nanoseconds: setup.now() - begin, operations: rounds)
        }
        samples.reference.close()
      }
      place.leave()
      thread.join()
    } catch { throw .system(error) }
    var row = BenchRow("ring.hop", bar: .ratioMax(1_300), moonshot: .ratioMax(1_150))
    row.take(samples, "bare cache line", setup)
    row.plan = "two spinning threads"
    row.checksum = sum
    return [row]
  }
}

/// Carries one end of a ring into a thread's closure, which takes it once.
private final class RingEnd<End: ~Copyable>: @unchecked Sendable {
  // Set by the thread that starts the other, taken by that other: the start orders the two.
  private var end: End?
  init(_ end: consuming End) { self.end = consume end }
  func take() -> End {
    guard let end = end.take() else { preconditionFailure("an end is taken once") }
    return end
  }
}

/// The reference's line of memory.
@safe private final class BareLine: @unchecked Sendable {
  // Shared on purpose: both words are atomic.
  private let line: UnsafeMutablePointer<cr_line>

  init() {
    unsafe line = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<cr_line>.size, alignment: 128)
      .initializeMemory(as: cr_line.self, repeating: cr_line(), count: 1)
  }

  deinit { unsafe UnsafeMutableRawPointer(line).deallocate() }

  func ask(from first: UInt64, _ rounds: UInt64) { unsafe cr_line_ask(line, first, rounds) }
  func answer(from first: UInt64, _ rounds: UInt64) { unsafe cr_line_answer(line, first, rounds) }
}
