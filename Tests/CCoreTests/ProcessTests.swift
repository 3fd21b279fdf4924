import CCore
import Foundation
import Testing

/// Two processes, one of them in C: what is promised across processes is tested across processes.
@Suite(.serialized) struct ProcessTests {
  /// SHM-06, SHM-07: the producer is killed somewhere, a second one goes on; nothing is torn, lost or doubled.
  @Test(arguments: 0..<4)
  func theRingSurvivesKilledProducers(round: Int) throws {
    let peer = try Peer.build()
    let name = "/oms-test-ring-\(getpid())-\(round)"
    var base: UnsafeMutableRawPointer?
    var descriptor: Int32 = -1
    let bytes = cc_ring_bytes(1_024, 40)
    try #require(cc_shm_create(name, bytes, &base, &descriptor) == 0)
    defer { cc_shm_unlink(name) }
    let memory = try #require(base)
    defer { cc_shm_unmap(memory, bytes, descriptor) }
    let header = memory.assumingMemoryBound(to: cc_ring_header.self)
    cc_ring_init(header, 1_024, 40)
    var head: UInt64 = 0
    var flaws = 0
    for goal in [1_000, 2_500, 5_000] as [UInt64] {
      let process = try peer.start("produce", name)
      while head < goal { pop(header, &head, &flaws) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // What it had published before it died is still there.
      while head < cc_ring_tail_acquire(header) { pop(header, &head, &flaws) }
    }
    #expect(flaws == 0)
  }

  /// The consumer is killed somewhere; the next one starts at the message the dead one had not finished.
  @Test func theRingSurvivesKilledConsumers() throws {
    let peer = try Peer.build()
    let name = "/oms-test-ring-\(getpid())-consumer"
    var base: UnsafeMutableRawPointer?
    var descriptor: Int32 = -1
    let bytes = cc_ring_bytes(1_024, 40)
    try #require(cc_shm_create(name, bytes, &base, &descriptor) == 0)
    defer { cc_shm_unlink(name) }
    let memory = try #require(base)
    defer { cc_shm_unmap(memory, bytes, descriptor) }
    let header = memory.assumingMemoryBound(to: cc_ring_header.self)
    cc_ring_init(header, 1_024, 40)
    var tail: UInt64 = 0
    for goal in [1_000, 2_000] as [UInt64] {
      let process = try peer.start("consume", name)
      while tail < goal { if !push(header, &tail) { cc_thread_yield() } }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // Status 1 would be a torn or repeated message.
      #expect(process.terminationReason == .uncaughtSignal)
    }
    var head = cc_ring_head_acquire(header)
    var flaws = 0
    while head < tail { pop(header, &head, &flaws) }
    #expect(flaws == 0)
  }

  private func pop(_ header: UnsafeMutablePointer<cc_ring_header>, _ head: inout UInt64, _ flaws: inout Int) {
    var words: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
    let expected = head
    guard cc_ring_try_pop(header, &head, &words) != 0 else {
      cc_thread_yield()
      return
    }
    let isWhole = words.0 == expected && words.1 == expected &* 3 && words.4 == ~expected
    if !isWhole { flaws += 1 }
  }

  private func push(_ header: UnsafeMutablePointer<cc_ring_header>, _ tail: inout UInt64) -> Bool {
    var words = (tail, tail &* 3, UInt64(0), UInt64(0), ~tail)
    return cc_ring_try_push(header, &tail, &words) != 0
  }

  @Test func thePositionsProgramReadsAnEnginesTables() throws {
    let peer = try Peer.build()
    let directory = try peer.scratch("attach")
    defer { try? FileManager.default.removeItem(at: directory) }
    let socketPath = directory.appending(path: "engine.sock").path
    let engine = try peer.start("serve", socketPath)
    defer {
      kill(engine.processIdentifier, SIGKILL)
      engine.waitUntilExit()
    }
    while !FileManager.default.fileExists(atPath: socketPath), engine.isRunning { cc_thread_yield() }
    let ran = try peer.runAttach(socketPath, "--rows", "2")
    #expect(ran.status == 0, "\(ran.errors)")
    #expect(ran.output == "binance-main\tBTC-USDT-PERP\t-1.5\t60000.25\t41\nokx-main\tETH-USDT\t0\t0\t42\n")
  }

  @Test func anEngineOfAnotherLayoutIsRefusedWithBothVersions() throws {
    let peer = try Peer.build()
    let directory = try peer.scratch("layout")
    defer { try? FileManager.default.removeItem(at: directory) }
    let socketPath = directory.appending(path: "engine.sock").path
    let engine = try peer.start("serve-other", socketPath)
    defer {
      kill(engine.processIdentifier, SIGKILL)
      engine.waitUntilExit()
    }
    while !FileManager.default.fileExists(atPath: socketPath), engine.isRunning { cc_thread_yield() }
    let ran = try peer.runAttach(socketPath)
    #expect(ran.status == 1)
    #expect(ran.errors.contains("layout 2") && ran.errors.contains("layout 1"))
  }

  /// The seam fails on command, and says that it did.
  @Test func plannedFaultsFireAndAreReported() throws {
    let peer = try Peer.build()
    let directory = try peer.scratch("fault")
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = directory.appending(path: "plan")
    let report = directory.appending(path: "report")
    try "pwrite journal 2 errno 28\npwrite other * short 3\nfdatasync journal 1+ errno 5\n"
      .write(to: plan, atomically: true, encoding: .utf8)
    let process = try peer.start(
      "faults", directory.path, environment: ["OMS_FAULT_PLAN": plan.path, "OMS_FAULT_REPORT": report.path])
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let lines = try String(contentsOf: report, encoding: .utf8).split(separator: "\n")
    #expect(
      lines.map { $0.replacing(directory.path, with: "") } == [
        "1 pwrite /journal 2 errno", "2 pwrite /other 1 short", "3 fdatasync /journal 1 errno",
        "3 fdatasync /journal 2 errno",
      ])
  }

  @Test func aPlannedKillKills() throws {
    let peer = try Peer.build()
    let directory = try peer.scratch("kill")
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = directory.appending(path: "plan")
    try "pwrite * 1 kill\n".write(to: plan, atomically: true, encoding: .utf8)
    let process = try peer.start("faults", directory.path, environment: ["OMS_FAULT_PLAN": plan.path])
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
  }

  @Test func aPlanThatCannotBeReadStopsTheProgram() throws {
    let peer = try Peer.build()
    let directory = try peer.scratch("plan")
    defer { try? FileManager.default.removeItem(at: directory) }
    let plan = directory.appending(path: "plan")
    try "pwrite * 1 explode\n".write(to: plan, atomically: true, encoding: .utf8)
    let process = try peer.start("faults", directory.path, environment: ["OMS_FAULT_PLAN": plan.path])
    process.waitUntilExit()
    #expect(process.terminationStatus == 99)
  }
}
