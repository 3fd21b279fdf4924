internal import CCore

/// A ring in `/dev/shm` whose owner has gone.
package struct AbandonedRing: Equatable, Sendable {
  /// Without the directory.
  package let name: String
  package let instance: String
  /// Bytes of records that may be nowhere else; `nil`: it is no ring of this build, so nobody can tell.
  package let unwrittenBytes: UInt64?

  package var path: String { Self.directory + "/" + name }
  /// Every record of it is on the disk.
  package var isSpent: Bool { unwrittenBytes == 0 }

  private static let directory = "/dev/shm"

  /// Those of this user, sorted by name.
  package static func all(user: UInt32 = ProcessIdentity.user) -> [AbandonedRing] {
    let names = (try? KernelFileSystem().list(directory)) ?? []
    return names.filter { name in
      name.hasPrefix("oms-\(user)-") && (name.contains("-journal-") || name.contains("-exchange-"))
    }.compactMap(read)
  }

  /// `nil` while its owner lives, and for what is no ring at all.
  private static func read(_ name: String) -> AbandonedRing? {
    let files = KernelFileSystem()
    guard let file = try? files.open(directory + "/" + name, .read) else { return nil }
    defer { try? files.close(file) }
    let byteCount = Int(CC_REGION_HEADER_BYTES) + JournalRing.headerBytes
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { unsafe bytes.deallocate() }
    guard let count = unsafe try? files.read(file, into: bytes, at: 0), count == byteCount,
      let base = bytes.baseAddress
    else { return nil }
    let header = unsafe base.assumingMemoryBound(to: cc_region_header.self)
    guard unsafe header.pointee.magic == CC_REGION_MAGIC else { return nil }
    // A number below zero means that it cannot be told: then it lives.
    if unsafe header.pointee.owner.pid != 0, unsafe cc_owner_alive(&header.pointee.owner) != 0 { return nil }
    let instance = unsafe withUnsafeBytes(of: header.pointee.instance) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let unwritten = unsafe JournalRing.unwrittenBytes(base + Int(CC_REGION_HEADER_BYTES))
    return AbandonedRing(name: name, instance: instance, unwrittenBytes: unwritten)
  }
}
