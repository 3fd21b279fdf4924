/// CPU time of a paper session in which nothing happens.
enum IdleBench {
  static let benchmark = Benchmark("idle", "CPU time of an idle paper session") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    guard let executable = setup.executable else { return [] }
    let home = setup.directory + "/idle"
    let variables = ["HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map {
      ($0, home)
    }
    do throws(SystemError) {
      try ScratchFile.makeDirectories(home)
      let child = try ChildProcess.start([executable, "run", "--quiet"], with: variables)
      defer { end(child) }
      // Starting is not idling.
      ThreadPlace.rest(nanoseconds: 3_000_000_000)
      let (before, begin) = (ProcessFigures.cpuNanoseconds(of: child.number), setup.now())
      ThreadPlace.rest(nanoseconds: max(3_000_000_000, setup.duration))
      let (after, end) = (ProcessFigures.cpuNanoseconds(of: child.number), setup.now())
      guard try child.end(wait: false) == nil, after > 0 else {
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

  /// Asks it to stop, then insists.
  private static func end(_ child: ChildProcess) {
    child.signal(15)
    for _ in 0..<50 {
      if (try? child.end(wait: false)) != nil { return }
      ThreadPlace.rest(nanoseconds: 100_000_000)
    }
    child.signal(9)
    _ = try? child.end(wait: true)
  }
}
