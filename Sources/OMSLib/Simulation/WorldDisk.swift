/// The disk of a simulated world: it knows what was synced and what was not, fails when it is told to, and can be cut
/// off the power at any call.
///
/// Owner: one world, one thread.
final class WorldDisk: FileSystem {
  struct File: Hashable, Sendable, BitwiseCopyable { let handle: Int }

  enum Call: Int, CaseIterable {
    case open, write, synchronize, synchronizeDirectory, truncate, allocate, rename, remove
  }

  /// Calls to come that fail: the next `count` of this kind behind `skip` that go well.
  struct Failure {
    var call: Call
    var errno: Int32
    var skip: Int
    var count: Int
  }

  private struct Inode {
    var bytes: [UInt8] = []
    /// Writes since the last sync, each with what it covered.
    var unsynced: [Overwrite] = []
  }

  private struct Overwrite {
    var offset: Int
    var old: [UInt8]
  }

  /// A change of names or sizes that no sync has made permanent yet.
  private enum Change {
    case create(path: String)
    case rename(from: String, to: String, replaced: Int?)
    case remove(path: String, inode: Int)
    case makeDirectory(path: String)
    case resize(inode: Int, length: Int, tail: [UInt8])
  }

  private struct Contents {
    var inodes: [Inode] = []
    var names: [String: Int] = [:]
    var directories: [String] = ["/"]
    var changes: [Change] = []
  }

  private var contents = Contents()
  private var handles: [(inode: Int, path: String)] = []
  private var failures: [Failure] = []
  private(set) var callCount: UInt64 = 0
  private(set) var failureCount = 0
  /// Called in the middle of the call with this number: a world dies here.
  var trap: (call: UInt64, action: () -> Void)?

  init() {}

  /// An independent disk with the same contents, synced or not, that does not fail.
  func copy() -> WorldDisk {
    let other = WorldDisk()
    other.contents = contents
    return other
  }

  func inject(_ failure: Failure) { failures.append(failure) }
  func heal() { failures = [] }

  // MARK: Other people

  /// The whole of a file, `nil` when there is none.
  func contents(_ path: String) -> [UInt8]? { contents.names[path].map { contents.inodes[$0].bytes } }

  /// Somebody else writes the file, in place, and that is on the disk.
  func overwrite(_ path: String, with bytes: [UInt8]) {
    guard let inode = contents.names[path] else { return }
    contents.inodes[inode] = Inode(bytes: bytes)
  }

  /// Somebody else puts another file in the place of this one, or none.
  func replace(_ path: String, with bytes: [UInt8]?) {
    contents.names[path] = nil
    guard let bytes else { return }
    contents.inodes.append(Inode(bytes: bytes))
    contents.names[path] = contents.inodes.count - 1
  }

  // MARK: Power

  /// What an abrupt loss of power leaves: some prefix of the unsynced changes of names and sizes, and of the unsynced
  /// writes any sectors, in any order, the last one torn in the middle.
  func cutPower(_ random: inout SplitMix64) {
    for inode in contents.inodes.indices { loseWrites(inode, &random) }
    let kept = Int(random.below(UInt64(contents.changes.count + 1)))
    while contents.changes.count > kept { undoLast() }
    contents.changes = []
    handles = []
  }

  private static let sector = 512

  private func loseWrites(_ inode: Int, _ random: inout SplitMix64) {
    // One lottery per file: everything there, everything gone, or any mixture.
    let luck = random.below(4)
    while let write = contents.inodes[inode].unsynced.popLast() {
      var at = 0
      while at < write.old.count {
        let sectorEnd = ((write.offset + at) / Self.sector + 1) * Self.sector - write.offset
        let end = min(sectorEnd, write.old.count)
        let isLost = luck == 0 || (luck > 1 && random.chance(1, in: 2))
        if isLost {
          // A sector is lost whole, or from some byte on.
          let from = luck == 3 && random.chance(1, in: 8) ? at + Int(random.below(UInt64(end - at))) : at
          restore(inode, write, from..<end)
        }
        at = end
      }
    }
  }

  private func restore(_ inode: Int, _ write: Overwrite, _ range: Range<Int>) {
    let size = contents.inodes[inode].bytes.count
    for at in range where write.offset + at < size { contents.inodes[inode].bytes[write.offset + at] = write.old[at] }
  }

  private func undoLast() {
    guard let change = contents.changes.popLast() else { return }
    switch change {
    case .create(let path): contents.names[path] = nil
    case .rename(let from, let to, let replaced):
      contents.names[from] = contents.names[to]
      contents.names[to] = replaced
    case .remove(let path, let inode): contents.names[path] = inode
    case .makeDirectory(let path): contents.directories.removeAll { $0 == path }
    case .resize(let inode, let length, let tail):
      if contents.inodes[inode].bytes.count > length {
        contents.inodes[inode].bytes.removeLast(contents.inodes[inode].bytes.count - length)
      }
      contents.inodes[inode].bytes.append(contentsOf: tail)
    }
  }

  // MARK: FileSystem

  func open(_ path: String, _ options: FileOptions) throws(SystemError) -> File {
    try enter(.open, path)
    if let inode = contents.names[path] {
      if options.contains(.exclusive) { throw SystemError(errno: 17, call: "open(\(path))") }
      if options.contains(.truncate) { resize(inode, to: 0) }
      handles.append((inode, path))
    } else {
      guard options.contains(.create), contents.directories.contains(parentPath(path)) else {
        throw SystemError(errno: 2, call: "open(\(path))")
      }
      contents.inodes.append(Inode())
      contents.names[path] = contents.inodes.count - 1
      contents.changes.append(.create(path: path))
      handles.append((contents.inodes.count - 1, path))
    }
    return File(handle: handles.count - 1)
  }

  func close(_ file: File) throws(SystemError) {}
  /// One thread has this disk.
  func lock(_ file: File) throws(SystemError) {}

  func read(_ file: File, into bytes: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
    let inode = handles[file.handle].inode
    let size = contents.inodes[inode].bytes.count
    let start = min(Int(offset), size)
    let count = min(bytes.count, size - start)
    unsafe contents.inodes[inode].bytes.withUnsafeBytes { source in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + count]))
    }
    return count
  }

  func write(_ file: File, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
    let (inode, path) = handles[file.handle]
    try enter(.write, path)
    let start = Int(offset)
    let end = start + bytes.count
    if end > contents.inodes[inode].bytes.count { resize(inode, to: end) }
    guard start < end else { return }
    contents.inodes[inode].unsynced.append(
      Overwrite(offset: start, old: Array(contents.inodes[inode].bytes[start..<end])))
    unsafe contents.inodes[inode].bytes.withUnsafeMutableBytes { target in
      unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<end]).copyMemory(from: bytes)
    }
  }

  func synchronize(_ file: File) throws(SystemError) {
    let (inode, path) = handles[file.handle]
    try enter(.synchronize, path)
    contents.inodes[inode].unsynced = []
    contents.changes.removeAll { if case .resize(inode, _, _) = $0 { true } else { false } }
  }

  func synchronizeDirectory(_ path: String) throws(SystemError) {
    try enter(.synchronizeDirectory, path)
    contents.changes.removeAll { change in
      switch change {
      case .create(let name), .remove(let name, _), .makeDirectory(let name): parentPath(name) == path
      case .rename(_, let to, _): parentPath(to) == path
      case .resize: false
      }
    }
  }

  func truncate(_ file: File, to length: Int64) throws(SystemError) {
    try enter(.truncate, handles[file.handle].path)
    resize(handles[file.handle].inode, to: Int(length))
  }

  func allocate(_ file: File, to length: Int64) throws(SystemError) {
    try enter(.allocate, handles[file.handle].path)
    let inode = handles[file.handle].inode
    if contents.inodes[inode].bytes.count < Int(length) { resize(inode, to: Int(length)) }
  }

  func size(_ file: File) throws(SystemError) -> Int64 {
    Int64(contents.inodes[handles[file.handle].inode].bytes.count)
  }

  func identity(_ file: File) throws(SystemError) -> FileIdentity { identity(handles[file.handle].inode) }

  func identity(path: String) throws(SystemError) -> FileIdentity {
    guard let inode = contents.names[path] else { throw SystemError(errno: 2, call: "stat(\(path))") }
    return identity(inode)
  }

  private func identity(_ inode: Int) -> FileIdentity {
    FileIdentity(
      device: 1, inode: UInt64(inode) + 1, size: Int64(contents.inodes[inode].bytes.count), links: 1)
  }

  func exists(_ path: String) -> Bool { contents.names[path] != nil || contents.directories.contains(path) }

  func rename(_ from: String, to: String) throws(SystemError) {
    try enter(.rename, to)
    guard let inode = contents.names[from] else { throw SystemError(errno: 2, call: "rename(\(from))") }
    contents.changes.append(.rename(from: from, to: to, replaced: contents.names[to]))
    contents.names[from] = nil
    contents.names[to] = inode
  }

  func remove(_ path: String) throws(SystemError) {
    try enter(.remove, path)
    guard let inode = contents.names.removeValue(forKey: path) else {
      throw SystemError(errno: 2, call: "unlink(\(path))")
    }
    contents.changes.append(.remove(path: path, inode: inode))
  }

  func makeDirectory(_ path: String) throws(SystemError) {
    guard !contents.directories.contains(path) else { throw SystemError(errno: 17, call: "mkdir(\(path))") }
    contents.directories.append(path)
    contents.changes.append(.makeDirectory(path: path))
  }

  func list(_ path: String) throws(SystemError) -> [String] {
    guard contents.directories.contains(path) else { throw SystemError(errno: 2, call: "list(\(path))") }
    return contents.names.keys.filter { parentPath($0) == path }.map { String($0.dropFirst(path.utf8.count + 1)) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  // MARK: Inside

  private func enter(_ call: Call, _ path: String) throws(SystemError) {
    callCount += 1
    if let trap, trap.call == callCount {
      self.trap = nil
      trap.action()
    }
    for index in failures.indices where failures[index].call == call && failures[index].count > 0 {
      if failures[index].skip > 0 {
        failures[index].skip -= 1
        continue
      }
      failures[index].count -= 1
      failureCount += 1
      throw SystemError(errno: failures[index].errno, call: "\(call)(\(path))")
    }
  }

  private func resize(_ inode: Int, to length: Int) {
    let now = contents.inodes[inode].bytes.count
    guard now != length else { return }
    let tail = length < now ? Array(contents.inodes[inode].bytes[length...]) : []
    contents.changes.append(.resize(inode: inode, length: min(now, length), tail: tail))
    if length > now {
      contents.inodes[inode].bytes.append(contentsOf: repeatElement(0, count: length - now))
    } else {
      contents.inodes[inode].bytes.removeLast(now - length)
    }
  }
}
