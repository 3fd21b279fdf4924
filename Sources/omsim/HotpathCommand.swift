internal import CWatch
internal import Glibc
import OMSLib

/// `omsim hotpath`: runs the order path's benchmarks in small, and fails when one of them asks for memory or calls the
/// kernel while it is measured.
struct HotpathCommand {
  /// Rows whose work is done by the hot thread, whole.
  private static let names = [
    "core.accept", "core.life", "risk.overlapped", "risk.cold", "account.switch", "match.move", "match.churn",
    "match.cross", "journal.append",
  ]

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    guard arguments.isEmpty else { throw UsageError(message: "hotpath takes no arguments") }
  }

  /// The last line is `N passed, N failed`.
  func run() throws(UsageError) -> Int32 {
    guard cw_watch_start() == 0 else {
      throw UsageError(message: "hotpath: this kernel cannot report system calls (Linux 5.11 on x86-64 can)")
    }
    var failed = 0
    // A watch that sees nothing would pass everything.
    for (name, act) in [("an allocation", cw_watch_allocate), ("a system call", cw_watch_call)] {
      let before = Counts()
      cw_watch_begin()
      act()
      cw_watch_end()
      if before.sinceThen.isNothing {
        print("hotpath: the watch does not see \(name)")
        failed += 1
      }
    }
    for name in Self.names {
      let found = try measure(name)
      print("hotpath: \(name): \(found.allocations) allocations, \(found.calls) batches with system calls")
      if !found.isNothing { failed += 1 }
    }
    print("\(Self.names.count + 2 - failed) passed, \(failed) failed")
    return failed == 0 ? 0 : 1
  }

  private func measure(_ name: String) throws(UsageError) -> Counts {
    let directory = "/tmp/omsim-hotpath-\(ProcessIdentity.number)"
    var setup = BenchSetup(size: .small, directory: directory)
    setup.watch = BatchWatch(begin: { cw_watch_begin() }, end: { cw_watch_end() })
    guard let benchmark = BenchCatalog.named([name]).first else {
      throw UsageError(message: "hotpath: no benchmark is called '\(name)'")
    }
    do throws(SystemError) {
      try ScratchFile.makeDirectories(directory)
    } catch { throw UsageError(message: "hotpath: \(directory): errno \(error.errno)") }
    defer { BenchFiles.removeAll(directory) }
    let before = Counts()
    do throws(BenchError) {
      _ = try benchmark.measure(setup)
    } catch { throw UsageError(message: "hotpath: \(name): \(error.message)") }
    return before.sinceThen
  }

  private struct Counts {
    var allocations = cw_watch_allocations()
    var calls = cw_watch_system_calls()

    var isNothing: Bool { allocations == 0 && calls == 0 }
    var sinceThen: Counts {
      var now = Counts()
      now.allocations -= allocations
      now.calls -= calls
      return now
    }
  }
}
