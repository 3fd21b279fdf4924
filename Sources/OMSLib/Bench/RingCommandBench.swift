// From a command in a client's ring to the request that its frame is made of: read, checked, reserved, recorded with its
// chain, handed over and answered. Beside it the same orders through the core alone.

enum RingCommandBench {
  static let benchmark = Benchmark("ring.command", "commands from a granted ring to their requests") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    let capacity = setup.size == .small ? CoreCapacity.small : .bench
    let ringBytes = setup.size == .small ? 1 << 22 : JournalRing.defaultCapacity
    var desk = try BenchDesk(
      accounts: setup.count(small: 2, real: 200), instruments: setup.count(small: 2, real: 500), capacity: capacity,
      ringBytes: ringBytes)
    var drill = RingDrill(desk)
    var lives = OrderLives(accounts: 1, instruments: 1)
    let size = setup.count(small: 16, real: 256)
    var samples = (subject: Samples(), reference: Samples())
    let share = setup.size == .small ? 0 : setup.duration / Int64(setup.alternations) / 2
    var pushed: UInt64 = 0
    for turn in 0..<setup.alternations {
      var end = setup.now() + share
      repeat {
        let took = setup.time {
          for _ in 0..<size {
            drill.push(drill.order(0), ring: 0)
            drill.take()
          }
        }
        pushed += UInt64(size)
        // What was touched for the first time is not what is measured.
        if turn > 0 { samples.subject.add(nanoseconds: took, operations: size) }
        drill.takeAnswers(0)
        drill.rejectAll()
      } while setup.now() < end
      end = setup.now() + share
      repeat {
        let took = setup.time { for _ in 0..<size { lives.accept(&desk) } }
        if turn > 0 { samples.reference.add(nanoseconds: took, operations: size) }
        lives.rejectAll(&desk)
      } while setup.now() < end
      if turn > 0 {
        samples.subject.close()
        samples.reference.close()
      }
    }
    guard drill.frames == pushed, lives.refused == 0 else {
      throw .unequal("\(drill.frames) of \(pushed) commands became requests")
    }
    var row = BenchRow("ring.command", bar: .nanosecondsMax(1_000), moonshot: .nanosecondsMax(500))
    row.take(samples, "the same orders through the core", setup)
    row.durability = "group"
    row.checksum = setup.size == .small ? drill.digest : 0
    return [row]
  }
}
