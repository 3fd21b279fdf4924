/// Files, at the level of bytes. The engine is handed the kernel's; the simulator hands in a disk that tears, loses and
/// lies. Everything that stores goes through this.
///
/// Paths are absolute. Calls are complete: a short read or write is continued inside, `EINTR` never shows.
package protocol FileSystem {
  associatedtype File: BitwiseCopyable & Sendable

  func open(_ path: String, _ options: FileOptions) throws(SystemError) -> File
  func close(_ file: File) throws(SystemError)
  /// Waits until nobody else has the file locked; it is this caller's until it is closed.
  func lock(_ file: File) throws(SystemError)
  /// Fills `bytes` from `offset` on; returns fewer only at the end of the file.
  func read(_ file: File, into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int
  func write(_ file: File, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError)
  /// Data and the size needed to read it back. After a failure the file is dead: never synced again.
  func synchronize(_ file: File) throws(SystemError)
  /// Makes creations, removals and renames in a directory durable.
  func synchronizeDirectory(_ path: String) throws(SystemError)
  func truncate(_ file: File, to length: Int64) throws(SystemError)
  /// Reserves and zero-fills, so that later writes below `length` cannot meet a full disk.
  func allocate(_ file: File, to length: Int64) throws(SystemError)
  func size(_ file: File) throws(SystemError) -> Int64
  /// What an open file is, whatever has become of its name.
  func identity(_ file: File) throws(SystemError) -> FileIdentity
  /// What stands under a name now.
  func identity(path: String) throws(SystemError) -> FileIdentity
  func exists(_ path: String) -> Bool
  func rename(_ from: String, to: String) throws(SystemError)
  func remove(_ path: String) throws(SystemError)
  func makeDirectory(_ path: String) throws(SystemError)
  /// Names in a directory, sorted by bytes.
  func list(_ path: String) throws(SystemError) -> [String]
}

/// The directory that holds `path`.
func parentPath(_ path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
  return String(path[..<slash])
}

/// Tells one file from another, and whether it was cut or unlinked.
package struct FileIdentity: Equatable, Sendable, BitwiseCopyable {
  package var device: UInt64
  package var inode: UInt64
  package var size: Int64
  package var links: UInt64

  package init(device: UInt64, inode: UInt64, size: Int64, links: UInt64) {
    self.device = device
    self.inode = inode
    self.size = size
    self.links = links
  }
}

package struct FileOptions: OptionSet, Sendable, BitwiseCopyable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package static let read = FileOptions(rawValue: 1)
  package static let write = FileOptions(rawValue: 2)
  package static let create = FileOptions(rawValue: 4)
  /// With `create`: fails with EEXIST when the file is there.
  package static let exclusive = FileOptions(rawValue: 8)
  package static let truncate = FileOptions(rawValue: 16)
  /// Writes go to the end, wherever they are meant for: for files that several processes add to.
  package static let append = FileOptions(rawValue: 32)
}
