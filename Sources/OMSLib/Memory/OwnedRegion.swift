internal import CCore

/// A named region that outlives the process that owns it, so that the next one finds what it had not yet stored.
///
/// Its first page says who owns it; the body behind it belongs to the caller. While an owner lives nobody else gets in:
/// a lock on the file, and the owner's process number with its start time, both have to say that it is gone.
@safe package struct OwnedRegion: ~Copyable {
  package enum JoinError: Error, Equatable, Sendable {
    case ownerAlive(pid: Int32)
    case otherVersion(found: UInt32, ours: UInt32)
    /// Another user's, another instance's, a link, or no such region at all by its first bytes.
    case notOurs
    /// The name is not there any more.
    case gone
    case system(SystemError)
  }

  package let name: String
  private let memory: SharedMemory

  private init(name: String, memory: consuming SharedMemory) {
    self.name = name
    self.memory = memory
  }

  /// `/oms-UID-INSTANCE-PURPOSE-` and sixteen random digits: nobody can guess it in advance and sit on it.
  package static func makeName(instance: String, purpose: String) throws(SystemError) -> String {
    try makeName(prefix: "/oms-\(cc_sys_user_id())-\(instance)-\(purpose)-")
  }

  fileprivate static func makeName(prefix: String) throws(SystemError) -> String {
    var random: UInt64 = 0
    let status = unsafe cc_sys_random(&random, MemoryLayout<UInt64>.size)
    guard status == 0 else { throw SystemError(errno: -status, call: "getrandom") }
    let digits = String(random, radix: 16)
    let padding = String(repeating: "0", count: 16 - digits.count)
    return prefix + padding + digits
  }

  /// A new region of zero bytes, owned by this process.
  package static func create(
    instance: String, purpose: String, bodyBytes: Int, version: UInt32
  ) throws(SystemError) -> OwnedRegion {
    precondition(bodyBytes > 0, "a region has a body")
    precondition(instance.utf8.count <= 32 && !instance.contains("/"), "an instance has a name of at most 32 bytes")
    let name = try makeName(instance: instance, purpose: purpose)
    let memory = try SharedMemory.create(name: name, byteCount: Int(CC_REGION_HEADER_BYTES) + bodyBytes)
    do {
      try lock(memory.descriptor)
      let header = unsafe memory.base.assumingMemoryBound(to: cc_region_header.self)
      try unsafe takeOwnership(header)
      unsafe header.pointee.version = version
      unsafe header.pointee.body_bytes = UInt64(bodyBytes)
      unsafe withUnsafeMutableBytes(of: &header.pointee.instance) { unsafe $0.copyBytes(from: instance.utf8) }
      // Last: a page without it is no region.
      unsafe header.pointee.magic = CC_REGION_MAGIC
    } catch {
      SharedMemory.unlink(name: name)
      throw error
    }
    return OwnedRegion(name: name, memory: memory)
  }

  /// The region a dead owner left behind. This process owns it then.
  package static func join(name: String, instance: String, version: UInt32) throws(JoinError) -> OwnedRegion {
    let memory = try open(name)
    guard memory.byteCount > Int(CC_REGION_HEADER_BYTES) else { throw .notOurs }
    let header = unsafe memory.base.assumingMemoryBound(to: cc_region_header.self)
    guard unsafe header.pointee.magic == CC_REGION_MAGIC else { throw .notOurs }
    let owner = unsafe header.pointee.owner
    do {
      try lock(memory.descriptor)
    } catch {
      guard error.errno == wouldBlock else { throw .system(error) }
      throw .ownerAlive(pid: Int32(bitPattern: owner.pid))
    }
    // A number below zero means that it cannot be told: then it lives.
    if owner.pid != 0, unsafe cc_owner_alive([owner]) != 0 { throw .ownerAlive(pid: Int32(bitPattern: owner.pid)) }
    let found = unsafe header.pointee.version
    guard found == version else { throw .otherVersion(found: found, ours: version) }
    let isSameInstance = unsafe withUnsafeBytes(of: header.pointee.instance) {
      unsafe $0.prefix { $0 != 0 }.elementsEqual(instance.utf8)
    }
    let body = unsafe header.pointee.body_bytes
    guard isSameInstance, body == UInt64(memory.byteCount - Int(CC_REGION_HEADER_BYTES)) else { throw .notOurs }
    do {
      try unsafe takeOwnership(header)
    } catch {
      throw .system(error)
    }
    return OwnedRegion(name: name, memory: memory)
  }

  deinit {
    // Let go in good order: the next process need not wonder about this one. The lock goes with the descriptor.
    let header = unsafe memory.base.assumingMemoryBound(to: cc_region_header.self)
    unsafe header.pointee.owner = cc_owner()
  }

  package var body: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: memory.base + Int(CC_REGION_HEADER_BYTES), count: memory.byteCount - Int(CC_REGION_HEADER_BYTES))
  }

  /// Whether the name is still there; somebody who tidies `/dev/shm` may have removed it.
  package func isNamed() -> Bool { memory.isNamed() }

  /// What gives it a new name, for the thread that has stopped all its writers.
  package var renewal: RegionRenewal {
    unsafe RegionRenewal(
      prefix: String(name.dropLast(16)), base: UInt(bitPattern: memory.base), byteCount: memory.byteCount,
      descriptor: memory.descriptor)
  }

  /// Removes the name: nobody shall find the region again.
  package func unlink() { SharedMemory.unlink(name: name) }

  private static func open(_ name: String) throws(JoinError) -> SharedMemory {
    do {
      return try SharedMemory.open(name: name)
    } catch {
      switch error.errno {
      case noEntry: throw .gone
      case notPermitted, accessDenied, linkLoop, noData: throw .notOurs
      default: throw .system(error)
      }
    }
  }

  private static func lock(_ descriptor: Int32) throws(SystemError) {
    let status = cc_sys_lock(descriptor, 0)
    guard status == 0 else { throw SystemError(errno: -status, call: "flock") }
  }

  private static func takeOwnership(_ header: UnsafeMutablePointer<cc_region_header>) throws(SystemError) {
    let status = unsafe cc_owner_self(&header.pointee.owner)
    guard status == 0 else { throw SystemError(errno: -status, call: "/proc/self/stat") }
  }
}

/// Gives a region that has lost its name a new one, without moving it: all views of it stay.
///
/// Must not be used behind the end of the region it was made by.
@safe package struct RegionRenewal: Sendable {
  fileprivate let prefix: String
  fileprivate let base: UInt
  fileprivate let byteCount: Int
  fileprivate let descriptor: Int32

  /// Nobody may write to the region meanwhile. Returns the new name.
  package func renew() throws(SystemError) -> String {
    let name = try OwnedRegion.makeName(prefix: prefix)
    let status = unsafe cc_shm_renew(name, UnsafeMutableRawPointer(bitPattern: base), byteCount, descriptor)
    guard status == 0 else { throw SystemError(errno: -status, call: "shm_renew(\(name))") }
    return name
  }
}

// Numbers of the kernel's interface, which never change.
private let notPermitted: Int32 = 1
private let noEntry: Int32 = 2
private let wouldBlock: Int32 = 11
private let accessDenied: Int32 = 13
private let linkLoop: Int32 = 40
private let noData: Int32 = 61
