internal import CCore

/// Memory of a process that holds a core with 200 accounts and 100,000 open orders, its journal ring, and a second core:
/// the shadow while it works.
enum MemoryBench {
  static let benchmark = Benchmark("memory", "200 accounts, 100,000 open orders, ring and shadow") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    let orders = setup.count(small: 200, real: 100_000)
    // What rows before this one have given back and the allocator keeps is not what is measured.
    cc_pages_trim()
    var desk = try desk(setup)
    var shadow = try Self.desk(setup)
    place(orders, &desk)
    let alone = try ProcessFigures.residentBytes()
    place(orders, &shadow)
    let both = try ProcessFigures.residentBytes()
    guard desk.core.state.digest == shadow.core.state.digest else {
      throw .unequal("two cores of the same orders differ")
    }
    var row = BenchRow("memory", bar: .bytesMax(250_000_000), moonshot: .bytesMax(120_000_000))
    row.count = UInt64(orders)
    row.amount = both
    row.checksum = desk.core.state.digest.low
    row.details = [("without_shadow", alone), ("open_orders", Int64(desk.core.state.global.openOrderCount))]
    return [row]
  }

  private static func desk(_ setup: borrowing BenchSetup) throws(BenchError) -> BenchDesk {
    try BenchDesk(
      accounts: setup.count(small: 8, real: 200), instruments: setup.count(small: 4, real: 100),
      capacity: setup.size == .small ? .small : .standard,
      ringBytes: setup.size == .small ? 1 << 20 : JournalRing.defaultCapacity)
  }

  private static func place(_ count: Int, _ desk: inout BenchDesk) {
    for number in 0..<count {
      let order = desk.order(
        account: 1 + number % desk.accountCount, instrument: 1 + number / 7 % desk.instrumentCount,
        number % 2 == 0 ? .buy : .sell)
      desk.step(.newOrder, order)
      guard desk.output.requestCount == 1 else { continue }
      desk.step(.venueEvent, desk.event(.accepted, about: desk.output.request(at: 0)))
      desk.fireTimers()
    }
  }
}

/// What the kernel says about processes.
enum ProcessFigures {
  /// Proportional set size of this process: shared pages count by their share.
  static func residentBytes() throws(BenchError) -> Int64 {
    let text = try read("/proc/self/smaps_rollup")
    for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
      let words = line.split(separator: " ")
      if words.count > 1, let kilobytes = Int64(words[1]) { return kilobytes * 1_024 }
    }
    throw .unavailable("/proc/self/smaps_rollup does not say Pss")
  }

  /// CPU time that all threads of a process and of its children have used, in nanoseconds; 0 for one that is gone.
  static func cpuNanoseconds(of process: Int32) -> Int64 {
    let directory = "/proc/\(process)/task"
    guard let threads = try? KernelFileSystem().list(directory) else { return 0 }
    var sum: Int64 = 0
    for thread in threads {
      if let times = try? read("\(directory)/\(thread)/schedstat"), let first = times.split(separator: " ").first {
        sum += Int64(first) ?? 0
      }
      for child in ((try? read("\(directory)/\(thread)/children")) ?? "").split(separator: " ") {
        if let number = Int32(child) { sum += cpuNanoseconds(of: number) }
      }
    }
    return sum
  }

  static func read(_ path: String) throws(BenchError) -> String {
    do throws(SystemError) {
      return String(decoding: try BenchFiles.read(path), as: UTF8.self)
    } catch { throw .system(error) }
  }
}
