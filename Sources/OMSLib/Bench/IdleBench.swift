/// CPU time of a paper session in which nothing happens.
enum IdleBench {
  static let benchmark = Benchmark("idle", "CPU time of an idle paper session") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard let executable = setup.executable else { return [] }
    do throws(SystemError) {
      let session = try BenchSession(executable, home: setup.directory + "/idle")
      // Starting is not idling.
      ThreadPlace.rest(nanoseconds: 3_000_000_000)
      let (before, begin) = (ProcessFigures.cpuNanoseconds(of: session.process), setup.now())
      ThreadPlace.rest(nanoseconds: max(3_000_000_000, setup.duration))
      let (after, end) = (ProcessFigures.cpuNanoseconds(of: session.process), setup.now())
      guard session.isRunning, after > 0 else {
        throw SystemError(errno: 10, call: "run: the session ended by itself")
      }
      var row = BenchRow("idle", bar: .cpuMaxMilli(10), moonshot: .cpuMaxMilli(10))
      row.count = 1
      row.amount = (after - before) * 1_000 / max(1, end - begin)
      row.plan = "paper session, default plan"
      row.durability = "group"
      row.details = [("cpu_ns_per_s", (after - before) * 1_000 / max(1, (end - begin) / 1_000_000))]
      return [row]
    } catch { throw .system(error) }
  }
}
