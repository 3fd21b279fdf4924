import Synchronization
import Testing

@testable import OMSLib

@Suite struct ThreadsTests {
  @Test func joinWaitsForTheClosure() throws {
    let done = Shared()
    let thread = try WorkerThread(named: "a-thread-with-a-long-name") {
      for _ in 0..<1_000 { done.count.wrappingAdd(1, ordering: .relaxed) }
    }
    thread.join()
    #expect(done.count.load(ordering: .relaxed) == 1_000)
  }

  @Test func tellsWhenTheCpuIsNotThere() throws {
    let thread = try WorkerThread(named: "nowhere", cpu: 100_000) {}
    let placement = thread.placement
    thread.join()
    #expect(placement == .cpuNotAvailable)
  }

  @Test func hasAtLeastOneCpu() {
    #expect(WorkerThread.cpuCount >= 1)
  }
}

private final class Shared: Sendable {
  let count = Atomic<Int>(0)
}
