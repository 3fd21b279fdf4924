import Foundation
import OMSLib
import Testing

@Suite("Gate file")
struct GateFileTests {
  private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("gate-\(UUID().uuidString)")
  private var path: String { directory.appendingPathComponent("gate").path }

  init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

  private func clean() { try? FileManager.default.removeItem(at: directory) }

  private static let numbers: [GateScope: GateTarget] = [
    GateScope(.account, "sim.main"): target { $0.account = AccountID(number: 1) },
    GateScope(.venue, "sim"): target { $0.venue = VenueID(number: 1) },
    GateScope(.symbol, "BTC-USDT"): target { $0.instrument = InstrumentID(number: 1) },
  ]

  private static func target(_ change: (inout GateTarget) -> Void) -> GateTarget {
    var target = GateTarget()
    change(&target)
    return target
  }

  private func makeReader(at now: Int64 = 0) -> GateReader<KernelFileSystem> {
    GateReader(path: path, now: EngineTime(nanoseconds: now)) { Self.numbers[$0] }
  }

  private func state(_ reader: borrowing GateReader<KernelFileSystem>, account: UInt16 = 1, at now: Int64)
    -> TradingState
  {
    reader.state(
      account: AccountID(number: account), instrument: InstrumentID(number: 1), venue: VenueID(number: 1),
      now: EngineTime(nanoseconds: now))
  }

  @Test("What is set is read back, the strictest scope counts, and `on` opens again")
  func setAndRead() throws {
    defer { clean() }
    let file = GateFile(path: path)
    try file.createIfMissing()
    var reader = makeReader()
    #expect(state(reader, at: 0) == .on)

    try file.set(GateScope(.account, "sim.main"), .paused, reason: "drill", user: 7, seconds: 9)
    reader.refresh(now: EngineTime(nanoseconds: 1_000_000))
    #expect(state(reader, at: 1_000_000) == .paused)
    #expect(state(reader, account: 2, at: 1_000_000) == .on)

    try file.set(.everything, .killed, reason: "", user: 0, seconds: 9)
    reader.refresh(now: EngineTime(nanoseconds: 2_000_000))
    #expect(state(reader, at: 2_000_000) == .killed)
    #expect(state(reader, account: 2, at: 2_000_000) == .killed)

    try file.set(.everything, .on, reason: "", user: 0, seconds: 9)
    reader.refresh(now: EngineTime(nanoseconds: 3_000_000))
    #expect(state(reader, at: 3_000_000) == .paused)
    let entries = try file.entries()
    #expect(
      entries == [
        GateEntry(scope: GateScope(.account, "sim.main"), state: .paused, reason: "drill", user: 7, seconds: 9)
      ])
  }

  @Test("A reading that is 5 s old counts as halted")
  func stale() throws {
    defer { clean() }
    try GateFile(path: path).createIfMissing()
    let reader = makeReader()
    #expect(state(reader, at: 5_000_000_000) == .on)
    #expect(state(reader, at: 5_000_000_001) == .halted)
  }

  @Test(
    "A file that is damaged in any way counts as halted", arguments: ["missing", "short", "zeroed", "slot", "replaced"])
  func damage(kind: String) throws {
    defer { clean() }
    let file = GateFile(path: path)
    try file.createIfMissing()
    try file.set(GateScope(.account, "sim.main"), .paused, reason: "", user: 0, seconds: 0)
    var reader = makeReader()
    #expect(state(reader, account: 2, at: 0) == .on)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    switch kind {
    case "missing": try FileManager.default.removeItem(atPath: path)
    case "short": try #require(truncate(path, 100) == 0)
    case "zeroed": try rewrite(Data(count: bytes.count))
    case "slot":
      bytes[2 * 64 + 20] ^= 1
      try rewrite(bytes)
    default:
      try FileManager.default.removeItem(atPath: path)
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    reader.refresh(now: EngineTime(nanoseconds: 200_000_000))
    #expect(state(reader, account: 2, at: 200_000_000) == .halted)
    reader.refresh(now: EngineTime(nanoseconds: 400_000_000))
    #expect(state(reader, account: 2, at: 400_000_000) == .halted, "it does not open again by itself")
  }

  @Test("Killing works on a missing and on a damaged file")
  func killWithoutFile() throws {
    defer { clean() }
    let file = GateFile(path: path)
    try file.set(.everything, .killed, reason: "drill", user: 0, seconds: 0)
    #expect(try file.entries().map(\.state) == [.killed])
    try rewrite(Data(count: 100))
    try file.set(GateScope(.account, "sim.main"), .killed, reason: "", user: 0, seconds: 0)
    let states = try file.entries().map(\.state)
    #expect(states == [.halted, .killed], "what the damage hid stays shut")
  }

  @Test("A kill that was said to be written outlives the power, also in a file that it had to make")
  func powerCut() throws {
    let disk = MemoryFileSystem(tracing: true)
    try disk.makeDirectory("/s")
    try disk.synchronizeDirectory("/")
    try GateFile(fileSystem: disk, path: "/s/gate").set(.everything, .killed, reason: "", user: 0, seconds: 0)
    let left = disk.powerCut(after: disk.trace.count) { _ in .lost }
    let states = try GateFile(fileSystem: left, path: "/s/gate").entries().map(\.state)
    #expect(states == [.killed])
  }

  @Test("So does one in a file that was made and not synced by somebody else")
  func powerCutBehindAFailure() throws {
    let disk = MemoryFileSystem(tracing: true)
    try disk.makeDirectory("/s")
    try disk.synchronizeDirectory("/")
    let file = GateFile(fileSystem: disk, path: "/s/gate")
    disk.inject(.init(.synchronizeDirectory, errno: 5, count: 1))
    #expect(throws: GateError.self) { try file.createIfMissing() }
    try file.set(.everything, .killed, reason: "", user: 0, seconds: 0)
    let left = disk.powerCut(after: disk.trace.count) { _ in .lost }
    let states = try GateFile(fileSystem: left, path: "/s/gate").entries().map(\.state)
    #expect(states == [.killed])
  }

  @Test("A file that got lost behind a journal is made anew, shut; the first one of an instance is open")
  func lost() throws {
    let disk = MemoryFileSystem(tracing: false)
    for directory in ["/s", "/s/journal"] { try disk.makeDirectory(directory) }
    let file = GateFile(fileSystem: disk, path: "/s/gate")
    #expect(try !GateFile.prepare(disk, in: "/s", seconds: 0))
    #expect(try file.entries().isEmpty)
    try disk.remove("/s/gate")
    _ = try disk.open("/s/journal/segment", [.write, .create])
    #expect(try GateFile.prepare(disk, in: "/s", seconds: 0))
    #expect(try file.entries().map(\.state) == [.halted])
  }

  @Test("A damaged file that is set anew reads as damaged, or as what was set, wherever the power fails")
  func neverOpenOnTheWay() throws {
    for kept in [0, 100, 65_536] {
      let disk = MemoryFileSystem(tracing: true)
      try disk.makeDirectory("/s")
      try disk.synchronizeDirectory("/")
      let file = GateFile(fileSystem: disk, path: "/s/gate")
      try file.set(GateScope(.account, "sim.main"), .halted, reason: "", user: 0, seconds: 0)
      let opened = try disk.open("/s/gate", [.read, .write])
      try disk.truncate(opened, to: Int64(kept))
      if kept == 65_536 {
        let bytes: [UInt8] = [1]
        try unsafe bytes.withUnsafeBytes { (bytes) throws in try unsafe disk.write(opened, bytes, at: 3) }
      }
      try disk.synchronize(opened)
      let before = disk.trace.count
      try file.set(GateScope(.account, "sim.sub"), .killed, reason: "", user: 0, seconds: 0)
      for count in before...disk.trace.count {
        // Every piece that the power could take, none, and every other one.
        for lost in [1, 2, .max] {
          let left = GateFile(
            fileSystem: disk.powerCut(after: count) { $0 % lost == 0 ? .lost : .kept }, path: "/s/gate")
          // Damaged counts as halted.
          guard let entries = try? left.entries() else { continue }
          #expect(entries.map(\.state) == [.halted, .killed], "\(kept) bytes, \(count) calls, \(lost)")
        }
      }
    }
  }

  @Test("A name that is too long, or a full file, shuts the next wider scope")
  func wider() throws {
    defer { clean() }
    let file = GateFile(path: path)
    let long = "sim." + String(repeating: "a", count: 40)
    #expect(
      try file.set(GateScope(.account, long), .halted, reason: "", user: 0, seconds: 0) == GateScope(.venue, "sim"))
    #expect(
      try file.set(GateScope(.symbol, String(repeating: "S", count: 40)), .halted, reason: "", user: 0, seconds: 0)
        == .everything)
  }

  private func rewrite(_ data: Data) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: data)
    try handle.close()
  }
}
