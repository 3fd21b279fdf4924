import CCore
import Glibc
import Synchronization
import Testing

@testable import OMSLib

@Suite struct SharedMemoryTests {
  @Test func twoMappingsShowTheSameBytes() throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let first = try SharedMemory.create(name: name, byteCount: 10_000)
    let second = try SharedMemory.open(name: name)
    first.base.storeBytes(of: 0x1234, toByteOffset: 9_000, as: UInt32.self)
    let seen = second.base.load(fromByteOffset: 9_000, as: UInt32.self)
    let byteCount = second.byteCount
    #expect(seen == 0x1234 && byteCount == 10_000)
  }

  @Test func theNameOutlivesTheValueAndItsRemovalIsNoticed() throws {
    let name = freshName()
    do {
      let region = try SharedMemory.create(name: name, byteCount: 4_096)
      region.base.storeBytes(of: 7, as: UInt8.self)
    }
    let again = try SharedMemory.open(name: name)
    let value = again.base.load(as: UInt8.self)
    #expect(value == 7)
    let before = again.isNamed()
    SharedMemory.unlink(name: name)
    let after = again.isNamed()
    #expect(before && !after)
  }

  /// SHM-09, SHM-11: the name is taken, by whomever.
  @Test func createsANameOnce() throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let first = try SharedMemory.create(name: name, byteCount: 64)
    #expect(errno(of: { _ = try SharedMemory.create(name: name, byteCount: 64) }) == EEXIST)
    _ = first.byteCount
  }

  @Test func isForItsOwnerAloneWhateverTheUmask() throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let region = try SharedMemory.create(name: name, byteCount: 64)
    var stat = cc_stat()
    #expect(cc_sys_stat_descriptor(region.descriptor, &stat) == 0)
    #expect(stat.mode & 0o777 == 0o600)
    #expect(stat.owner == geteuid())
  }

  /// SHM-09: a region that others may touch could have been prepared by them.
  @Test(arguments: [0o640, 0o604, 0o620, 0o666] as [mode_t])
  func refusesARegionOthersMayTouch(mode: mode_t) throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let region = try SharedMemory.create(name: name, byteCount: 64)
    #expect(fchmod(region.descriptor, mode) == 0)
    #expect(errno(of: { _ = try SharedMemory.open(name: name) }) == EPERM)
  }

  @Test(.enabled(if: geteuid() == 0))
  func refusesARegionOfAnotherUser() throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let region = try SharedMemory.create(name: name, byteCount: 64)
    #expect(fchown(region.descriptor, 65_534, 65_534) == 0)
    #expect(errno(of: { _ = try SharedMemory.open(name: name) }) == EPERM)
  }

  /// SHM-10.
  @Test func refusesALinkInPlaceOfTheRegion() throws {
    let name = freshName()
    let link = freshName()
    defer {
      SharedMemory.unlink(name: name)
      SharedMemory.unlink(name: link)
    }
    let region = try SharedMemory.create(name: name, byteCount: 64)
    #expect(symlink("/dev/shm" + name, "/dev/shm" + link) == 0)
    #expect(errno(of: { _ = try SharedMemory.open(name: link) }) == ELOOP)
    #expect(errno(of: { _ = try SharedMemory.create(name: link, byteCount: 64) }) == EEXIST)
    _ = region.byteCount
  }

  /// SHM-08: pages that are not there are missed at start, not in the middle of an order; and nothing stays behind.
  @Test func saysAtOnceWhenTheFileSystemIsTooSmall() throws {
    let name = freshName()
    let free = cc_sys_disk_free("/dev/shm")
    #expect(errno(of: { _ = try SharedMemory.create(name: name, byteCount: Int(free) + (1 << 30)) }) == ENOSPC)
    #expect(errno(of: { _ = try SharedMemory.open(name: name) }) == ENOENT)
  }
}

@Suite struct SealedMemoryTests {
  /// SHM-03.
  @Test func nobodyCanCutOrGrowIt() throws {
    let memory = try SealedMemory(label: "test", byteCount: 8_192, access: .clientsWrite)
    #expect(ftruncate(memory.clientDescriptor, 0) == -1 && Glibc.errno == EPERM)
    #expect(ftruncate(memory.clientDescriptor, 100_000) == -1 && Glibc.errno == EPERM)
    #expect(fcntl(memory.clientDescriptor, addSeals, sealWrite) == -1 && Glibc.errno == EPERM)
  }

  @Test func clientsSeeWhatTheOwnerWritesAndCannotWrite() throws {
    let memory = try SealedMemory(label: "test", byteCount: 8_192, access: .clientsRead)
    let client = try AttachedMemory(takingDescriptor: dup(memory.clientDescriptor), writable: false)
    memory.base.storeBytes(of: 42, toByteOffset: 8_184, as: UInt64.self)
    let seen = client.base.load(fromByteOffset: 8_184, as: UInt64.self)
    #expect(seen == 42)
    #expect(throws: SystemError.self) {
      _ = try AttachedMemory(takingDescriptor: dup(memory.clientDescriptor), writable: true)
    }
    #expect(pwrite(memory.clientDescriptor, "x", 1, 0) == -1)
    // Opening it anew by its number does not help either: the seal holds for every writer to come.
    let reopened = open("/proc/self/fd/\(memory.clientDescriptor)", O_RDWR | O_CLOEXEC)
    if reopened >= 0 {
      #expect(pwrite(reopened, "x", 1, 0) == -1)
      #expect(mmap(nil, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened, 0) == MAP_FAILED)
      close(reopened)
    }
  }

  @Test func clientsMayWriteWhereTheyAreMeantTo() throws {
    let memory = try SealedMemory(label: "test", byteCount: 4_096, access: .clientsWrite)
    let client = try AttachedMemory(takingDescriptor: dup(memory.clientDescriptor), writable: true)
    client.base.storeBytes(of: 9, as: UInt64.self)
    let seen = memory.base.load(as: UInt64.self)
    #expect(seen == 9)
  }

  @Test func refusesMemoryThatItsOwnerCouldCut() throws {
    let name = freshName()
    defer { SharedMemory.unlink(name: name) }
    let loose = try SharedMemory.create(name: name, byteCount: 4_096)
    let descriptor = dup(loose.descriptor)
    #expect(errno(of: { _ = try AttachedMemory(takingDescriptor: descriptor, writable: false) }) == EPERM)
  }
}

/// F_ADD_SEALS and F_SEAL_WRITE, which Swift does not import.
private let addSeals: Int32 = 1_033
private let sealWrite: Int32 = 8

private let nameCounter = Atomic<Int>(0)

/// A name no other test, and no earlier run, has used.
private func freshName() -> String {
  "/oms-test-\(getpid())-\(nameCounter.wrappingAdd(1, ordering: .relaxed).newValue)"
}

private func errno(of body: () throws -> Void) -> Int32? {
  do {
    try body()
    return nil
  } catch {
    return (error as? SystemError)?.errno
  }
}
