/// One job that is measured together with its reference: a file of its own, a line in ``BenchCatalog``.
package struct Benchmark: Sendable {
  package let name: String
  package let summary: String
  let run: @Sendable (borrowing BenchSetup) throws(BenchError) -> [BenchRow]

  init(
    _ name: String, _ summary: String, run: @escaping @Sendable (borrowing BenchSetup) throws(BenchError) -> [BenchRow]
  ) {
    self.name = name
    self.summary = summary
    self.run = run
  }

  package func measure(_ setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] { try run(setup) }
}

/// Why a row could not be measured.
package enum BenchError: Error, Equatable, Sendable {
  /// The world failed: a file, a thread, a child.
  case system(SystemError)
  case journal(JournalError)
  /// Work and reference did not come to the same result: their times say nothing.
  case unequal(String)
  /// This machine lacks what the row needs.
  case unavailable(String)

  package var message: String {
    switch self {
    case .system(let error): "\(error.call) failed with errno \(error.errno)"
    case .journal(let error): "journal: \(error)"
    case .unequal(let what): "results differ: \(what)"
    case .unavailable(let what): what
    }
  }
}

/// Called before and after what is measured, by who counts allocations and system calls in between.
package struct BatchWatch: Sendable {
  package let begin: @Sendable () -> Void
  package let end: @Sendable () -> Void

  package init(begin: @escaping @Sendable () -> Void, end: @escaping @Sendable () -> Void) {
    self.begin = begin
    self.end = end
  }
}

/// How much is measured, where, and on what.
package struct BenchSetup: Sendable {
  /// Small: every line of the benchmark runs, in milliseconds, and nothing is said about time.
  package enum Size: Sendable { case small, real }

  package var size: Size
  /// The CPU for the thread that is measured; a second thread takes the next one.
  package var cpu: Int
  /// About how long one row may measure, set-up apart.
  package var duration: Int64
  /// An existing directory for files; they are gone afterwards.
  package var directory: String
  /// This program, for rows that need a process of their own.
  package var executable: String?
  /// A directory with programs that rows are held against, where they were built.
  package var references: String?
  package var clock: SystemClock
  /// Stands around each batch of the order path.
  package var watch: BatchWatch?

  package init(size: Size, cpu: Int = 0, duration: Int64 = 1_000_000_000, directory: String, executable: String? = nil)
  {
    self.size = size
    self.cpu = cpu
    self.duration = duration
    self.directory = directory
    self.executable = executable
    clock = SystemClock()
  }

  func now() -> Int64 { clock.monotonic() }

  /// How long `batch` took, on the watch where there is one.
  @inline(__always)
  func time<Failure: Error>(_ batch: () throws(Failure) -> Void) throws(Failure) -> Int64 {
    let begin = now()
    watch?.begin()
    do throws(Failure) {
      try batch()
    } catch {
      watch?.end()
      throw error
    }
    watch?.end()
    return now() - begin
  }

  /// The same without the watch: for references.
  var unwatched: BenchSetup {
    var setup = self
    setup.watch = nil
    return setup
  }

  /// `real` on purpose, `small` in a test.
  func count(small: Int, real: Int) -> Int { size == .small ? small : real }

  /// Times subject and reference alternate: at least five, and only medians of them are compared.
  var alternations: Int { size == .small ? 2 : 7 }
}
