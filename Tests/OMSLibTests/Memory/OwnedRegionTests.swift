import CCore
import Glibc
import Testing

@testable import OMSLib

@Suite struct OwnedRegionTests {
  @Test func theNextOwnerFindsWhatTheLastOneLeft() throws {
    let name: String
    do {
      let region = try make()
      name = region.name
      region.body.storeBytes(of: 99, toByteOffset: 8_184, as: UInt64.self)
    }
    let next = try OwnedRegion.join(name: name, instance: "t", version: 3)
    let body = next.body
    let value = body.load(fromByteOffset: 8_184, as: UInt64.self)
    #expect(value == 99 && body.count == 8_192)
    next.unlink()
    let isNamed = next.isNamed()
    #expect(!isNamed)
    #expect(failure { try OwnedRegion.join(name: name, instance: "t", version: 3) } == .gone)
  }

  @Test func theNameTellsUserInstanceAndPurpose() throws {
    let region = try make()
    region.unlink()
    let name = region.name
    #expect(name.hasPrefix("/oms-\(geteuid())-t-journal-"))
    #expect(name.utf8.count == "/oms-\(geteuid())-t-journal-".utf8.count + 16)
  }

  /// SHM-11.
  @Test func aLivingOwnerKeepsEverybodyOut() throws {
    let region = try make()
    let name = region.name
    defer { SharedMemory.unlink(name: name) }
    #expect(failure { try OwnedRegion.join(name: name, instance: "t", version: 3) } == .ownerAlive(pid: getpid()))
    _ = region.body.count
  }

  /// Without its lock, but alive: start time and number say so.
  @Test func aLivingOwnerWithoutItsLockKeepsEverybodyOut() throws {
    let name = try abandoned { header in #expect(cc_owner_self(&header.pointee.owner) == 0) }
    defer { SharedMemory.unlink(name: name) }
    #expect(failure { try OwnedRegion.join(name: name, instance: "t", version: 3) } == .ownerAlive(pid: getpid()))
  }

  /// SHM-12, SHM-01: the number runs, but it started at another time, or before the machine did.
  @Test func aReusedProcessNumberIsNotTheOwner() throws {
    let reused = try abandoned { header in
      #expect(cc_owner_self(&header.pointee.owner) == 0)
      header.pointee.owner.start_ticks -= 1
    }
    defer { SharedMemory.unlink(name: reused) }
    #expect(failure { try OwnedRegion.join(name: reused, instance: "t", version: 3) } == nil)
    let otherBoot = try abandoned { header in
      #expect(cc_owner_self(&header.pointee.owner) == 0)
      header.pointee.owner.boot_id.0 ^= 1
    }
    defer { SharedMemory.unlink(name: otherBoot) }
    #expect(failure { try OwnedRegion.join(name: otherBoot, instance: "t", version: 3) } == nil)
  }

  @Test func anotherVersionIsRefusedAndNamed() throws {
    let name = try abandoned { _ in }
    defer { SharedMemory.unlink(name: name) }
    #expect(
      failure { try OwnedRegion.join(name: name, instance: "t", version: 4) } == .otherVersion(found: 3, ours: 4))
  }

  @Test func whatIsNotOursIsLeftAlone() throws {
    let otherInstance = try abandoned { _ in }
    let noMagic = try abandoned { $0.pointee.magic = 0 }
    let otherSize = try abandoned { $0.pointee.body_bytes += 64 }
    let open = try abandoned { _ in }
    for name in [otherInstance, noMagic, otherSize, open] {
      defer { SharedMemory.unlink(name: name) }
      if name == open { #expect(chmod("/dev/shm" + name, 0o644) == 0) }
      let instance = name == otherInstance ? "u" : "t"
      #expect(failure { try OwnedRegion.join(name: name, instance: instance, version: 3) } == .notOurs)
    }
  }
}

@Suite struct SecretArenaTests {
  @Test func slotsAreZeroWhenTakenAndAfterTheirReturn() throws {
    var arena = try SecretArena(slotCount: 2, slotBytes: 64)
    let taken = arena.take()
    let first = try #require(taken)
    arena.withBytes(first) { $0.copyBytes(from: [1, 2, 3]) }
    let isEqual = [UInt8(1), 2, 3].withUnsafeBytes { arena.isEqual(first, $0) }
    #expect(isEqual)
    let isOther = [UInt8(1), 2, 4].withUnsafeBytes { arena.isEqual(first, $0) }
    #expect(!isOther)
    arena.giveBack(first)
    let takenAgain = arena.take()
    let again = try #require(takenAgain)
    let isZero = arena.withBytes(again) { $0.allSatisfy { $0 == 0 } }
    #expect(isZero)
    let second = arena.take()
    let third = arena.take()
    #expect(second != nil && third == nil)
    let isLocked = arena.isLocked
    #expect(isLocked)
  }

  @Test func itsNeighboursCannotBeTouched() async {
    await #expect(processExitsWith: .failure) {
      var arena = cc_secret_arena()
      guard cc_secret_open(&arena, 4_096, 0) == 0, let base = arena.base else { return }
      base.storeBytes(of: 1, toByteOffset: arena.length, as: UInt8.self)
    }
    await #expect(processExitsWith: .failure) {
      var arena = cc_secret_arena()
      guard cc_secret_open(&arena, 4_096, 0) == 0, let base = arena.base else { return }
      base.storeBytes(of: 1, toByteOffset: -1, as: UInt8.self)
    }
  }

  @Test func trapsWhenAReturnedSlotIsUsed() async {
    await #expect(processExitsWith: .failure) {
      guard var arena = try? SecretArena(slotCount: 1, slotBytes: 16), let slot = arena.take() else { return }
      arena.giveBack(slot)
      arena.withBytes(slot) { _ in }
    }
  }
}

private func make() throws -> OwnedRegion {
  try OwnedRegion.create(instance: "t", purpose: "journal", bodyBytes: 8_192, version: 3)
}

/// The name of a region whose owner is gone, after `edit` has changed its header.
private func abandoned(_ edit: (UnsafeMutablePointer<cc_region_header>) -> Void) throws -> String {
  let name: String
  do { name = try make().name }
  let memory = try SharedMemory.open(name: name)
  edit(memory.base.assumingMemoryBound(to: cc_region_header.self))
  return name
}

private func failure(_ body: () throws -> OwnedRegion) -> OwnedRegion.JoinError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? OwnedRegion.JoinError
  }
}
