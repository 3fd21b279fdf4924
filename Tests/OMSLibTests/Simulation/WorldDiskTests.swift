import Testing

@testable import OMSLib

@Suite struct WorldDiskTests {
  private func make(_ text: String, syncs: Bool) throws -> WorldDisk {
    let disk = WorldDisk()
    try disk.makeDirectory("/a")
    try disk.synchronizeDirectory("/")
    let file = try disk.open("/a/f", [.write, .create])
    try disk.synchronizeDirectory("/a")
    try Array(text.utf8).withUnsafeBytes { try disk.write(file, $0, at: 0) }
    if syncs { try disk.synchronize(file) }
    return disk
  }

  private func read(_ disk: WorldDisk, _ path: String, _ count: Int) throws -> [UInt8] {
    let file = try disk.open(path, [.read])
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try bytes.withUnsafeMutableBytes { try disk.read(file, into: $0, at: 0) }
    return Array(bytes[0..<read])
  }

  @Test(arguments: 0..<32 as Range<UInt64>) func whatWasSyncedOutlivesThePower(_ seed: UInt64) throws {
    let disk = try make("durable", syncs: true)
    var random = SplitMix64(seed: seed)
    disk.cutPower(&random)
    #expect(try read(disk, "/a/f", 16) == Array("durable".utf8))
  }

  @Test func whatWasNotSyncedMayGo() throws {
    var outcomes: Set<Int> = []
    for seed in 0..<64 as Range<UInt64> {
      let disk = try make("fleeting", syncs: false)
      var random = SplitMix64(seed: seed)
      disk.cutPower(&random)
      outcomes.insert(try read(disk, "/a/f", 16).filter { $0 != 0 }.count)
    }
    #expect(outcomes.contains(0))
    #expect(outcomes.contains(8))
  }

  @Test func aFailureStrikesTheCallItWasMeantFor() throws {
    let disk = try make("x", syncs: true)
    disk.inject(WorldDisk.Failure(call: .synchronize, errno: 5, skip: 1, count: 1))
    let file = try disk.open("/a/f", [.write])
    try disk.synchronize(file)
    #expect(throws: SystemError(errno: 5, call: "synchronize(/a/f)")) { try disk.synchronize(file) }
    try disk.synchronize(file)
    #expect(disk.failureCount == 1)
  }
}
