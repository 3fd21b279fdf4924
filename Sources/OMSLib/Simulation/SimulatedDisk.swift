internal import Synchronization

/// A disk in memory. It remembers what was written and what was synced, so that the disk after a power cut at any
/// instant can be made from the trace, and fails on command.
///
/// Any thread may call it; the order of calls is then the caller's business.
package final class MemoryFileSystem: FileSystem, Sendable {
  package struct File: Hashable, Sendable, BitwiseCopyable {
    let handle: Int
  }

  /// One change of the disk, in the order in which it was asked for.
  package enum Change: Equatable, Sendable {
    case write(inode: Int, offset: Int, bytes: [UInt8])
    case resize(inode: Int, length: Int)
    case synchronize(inode: Int)
    case create(path: String, inode: Int)
    case rename(from: String, to: String)
    case remove(path: String)
    case makeDirectory(path: String)
    case synchronizeDirectory(path: String)
  }

  package enum Call: UInt8, Sendable, CaseIterable {
    case open, read, write, synchronize, synchronizeDirectory, truncate, allocate, rename, remove, list
  }

  /// A failure to come: of `call` on a path that contains `path`, after `skip` such calls went well, `count` times.
  package struct Fault: Sendable {
    package var call: Call
    package var path: String
    package var errno: Int32
    package var skip: Int
    package var count: Int

    package init(_ call: Call, path: String = "", errno: Int32, skip: Int = 0, count: Int = .max) {
      self.call = call
      self.path = path
      self.errno = errno
      self.skip = skip
      self.count = count
    }
  }

  struct Inode: Sendable {
    var bytes: [UInt8] = []
    var links = 1
  }

  struct Handle: Sendable {
    var inode: Int
    var path: String
    var options: FileOptions
    var isOpen = true
  }

  struct State: Sendable {
    var inodes: [Inode] = []
    var handles: [Handle] = []
    var names: [String: Int] = [:]
    var directories: Set<String> = ["/"]
    var trace: [Change] = []
    /// The disk in front of the trace.
    var base: [Inode] = []
    var baseNames: [String: Int] = [:]
    var baseDirectories: Set<String> = ["/"]
    var faults: [Fault] = []
    var faultCount = 0
    var isTracing = false
    var used = 0
    var capacity = Int.max
  }

  let state: Mutex<State>

  package init(tracing: Bool = false, capacity: Int = .max) {
    var state = State()
    state.isTracing = tracing
    state.capacity = capacity
    self.state = Mutex(state)
  }

  init(_ state: State) { self.state = Mutex(state) }

  // MARK: Control

  package func inject(_ fault: Fault) { state.withLock { $0.faults.append(fault) } }
  package func clearFaults() { state.withLock { $0.faults = [] } }
  /// Calls that failed because they were told to.
  package var faultCount: Int { state.withLock { $0.faultCount } }
  package var trace: [Change] { state.withLock { $0.trace } }
  /// Starts the trace again, from what is on the disk now.
  package func startTrace() {
    state.withLock { state in
      state.isTracing = true
      state.trace = []
      state.base = state.inodes
      state.baseNames = state.names
      state.baseDirectories = state.directories
    }
  }

  /// The whole content of a file, `nil` when there is none.
  package func contents(_ path: String) -> [UInt8]? {
    state.withLock { state in state.names[path].map { state.inodes[$0].bytes } }
  }

  /// Replaces the content of a file behind everybody's back, in place.
  package func overwrite(_ path: String, with bytes: [UInt8]) {
    state.withLock { state in
      if let inode = state.names[path] {
        state.inodes[inode].bytes = bytes
      } else {
        state.names[path] = state.inodes.count
        state.inodes.append(Inode(bytes: bytes))
      }
    }
  }

  /// Flips one bit of a file behind everybody's back.
  package func flip(_ path: String, bit: Int) {
    state.withLock { state in
      guard let inode = state.names[path] else { preconditionFailure("no file \(path)") }
      state.inodes[inode].bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  /// An independent disk with the same content, without trace and faults.
  package func copy() -> MemoryFileSystem {
    state.withLock { state in
      var copy = State()
      copy.inodes = state.inodes
      copy.names = state.names
      copy.directories = state.directories
      return MemoryFileSystem(copy)
    }
  }

  // MARK: FileSystem

  package func open(_ path: String, _ options: FileOptions) throws(SystemError) -> File {
    try with(.open, path) { state throws(SystemError) in
      if let inode = state.names[path] {
        if options.contains(.exclusive) { throw SystemError(errno: 17, call: "open(\(path))") }
        if options.contains(.truncate) { state.resize(inode, to: 0) }
        state.handles.append(Handle(inode: inode, path: path, options: options))
      } else {
        guard options.contains(.create) else { throw SystemError(errno: 2, call: "open(\(path))") }
        guard state.directories.contains(parentPath(path)) else { throw SystemError(errno: 2, call: "open(\(path))") }
        let inode = state.inodes.count
        state.inodes.append(Inode())
        state.names[path] = inode
        state.record(.create(path: path, inode: inode))
        state.handles.append(Handle(inode: inode, path: path, options: options))
      }
      return File(handle: state.handles.count - 1)
    }
  }

  package func close(_ file: File) throws(SystemError) {
    state.withLock { $0.handles[file.handle].isOpen = false }
  }

  /// One process has this disk.
  package func lock(_ file: File) throws(SystemError) {}

  package func read(
    _ file: File, into bytes: UnsafeMutableRawBufferPointer, at offset: Int64
  ) throws(SystemError) -> Int {
    let handle = openHandle(file)
    let content = try with(.read, handle.path) { state throws(SystemError) in state.inodes[handle.inode].bytes }
    let start = min(Int(offset), content.count)
    let count = min(bytes.count, content.count - start)
    unsafe content.withUnsafeBytes { source in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + count]))
    }
    return count
  }

  package func write(_ file: File, _ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
    let handle = openHandle(file)
    let copy = unsafe [UInt8](bytes)
    try with(.write, handle.path) { state throws(SystemError) in
      let start = Int(offset)
      let end = start + copy.count
      let length = state.inodes[handle.inode].bytes.count
      if end > length {
        guard state.used + (end - length) <= state.capacity else { throw SystemError(errno: 28, call: "pwrite") }
        state.grow(handle.inode, to: end)
      }
      state.inodes[handle.inode].bytes.replaceSubrange(start..<end, with: copy)
      state.record(.write(inode: handle.inode, offset: start, bytes: copy))
    }
  }

  package func synchronize(_ file: File) throws(SystemError) {
    let handle = openHandle(file)
    try with(.synchronize, handle.path) { state throws(SystemError) in
      state.record(.synchronize(inode: handle.inode))
    }
  }

  package func synchronizeDirectory(_ path: String) throws(SystemError) {
    try with(.synchronizeDirectory, path) { state throws(SystemError) in
      state.record(.synchronizeDirectory(path: path))
    }
  }

  package func truncate(_ file: File, to length: Int64) throws(SystemError) {
    let handle = openHandle(file)
    try with(.truncate, handle.path) { state throws(SystemError) in state.resize(handle.inode, to: Int(length)) }
  }

  package func allocate(_ file: File, to length: Int64) throws(SystemError) {
    let handle = openHandle(file)
    try with(.allocate, handle.path) { state throws(SystemError) in
      let now = state.inodes[handle.inode].bytes.count
      guard Int(length) > now else { return }
      guard state.used + (Int(length) - now) <= state.capacity else { throw SystemError(errno: 28, call: "fallocate") }
      state.resize(handle.inode, to: Int(length))
    }
  }

  package func size(_ file: File) throws(SystemError) -> Int64 {
    let handle = openHandle(file)
    return state.withLock { Int64($0.inodes[handle.inode].bytes.count) }
  }

  package func identity(_ file: File) throws(SystemError) -> FileIdentity {
    let handle = openHandle(file)
    return state.withLock { $0.identity(handle.inode) }
  }

  package func identity(path: String) throws(SystemError) -> FileIdentity {
    let found = state.withLock { state in state.names[path].map { state.identity($0) } }
    guard let found else { throw SystemError(errno: 2, call: "stat(\(path))") }
    return found
  }

  package func exists(_ path: String) -> Bool {
    state.withLock { $0.names[path] != nil || $0.directories.contains(path) }
  }

  package func rename(_ from: String, to: String) throws(SystemError) {
    try with(.rename, to) { state throws(SystemError) in
      guard let inode = state.names[from] else { throw SystemError(errno: 2, call: "rename(\(from))") }
      state.unlink(to)
      state.names[from] = nil
      state.names[to] = inode
      for handle in state.handles.indices where state.handles[handle].inode == inode {
        state.handles[handle].path = to
      }
      state.record(.rename(from: from, to: to))
    }
  }

  package func remove(_ path: String) throws(SystemError) {
    try with(.remove, path) { state throws(SystemError) in
      guard state.names[path] != nil else { throw SystemError(errno: 2, call: "unlink(\(path))") }
      state.unlink(path)
      state.record(.remove(path: path))
    }
  }

  package func makeDirectory(_ path: String) throws(SystemError) {
    let isNew = state.withLock { state in
      guard state.directories.insert(path).inserted else { return false }
      state.record(.makeDirectory(path: path))
      return true
    }
    guard isNew else { throw SystemError(errno: 17, call: "mkdir(\(path))") }
  }

  package func list(_ path: String) throws(SystemError) -> [String] {
    try with(.list, path) { state throws(SystemError) in
      guard state.directories.contains(path) else { throw SystemError(errno: 2, call: "list(\(path))") }
      let prefix = path == "/" ? "/" : path + "/"
      let names = state.names.keys.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }
      return names.map { String($0.dropFirst(prefix.count)) }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  // MARK: Inside

  private func openHandle(_ file: File) -> Handle {
    let handle = state.withLock { $0.handles[file.handle] }
    precondition(handle.isOpen, "\(handle.path) is used after close")
    return handle
  }

  private func with<R: Sendable>(
    _ call: Call, _ path: String, _ body: (inout State) throws(SystemError) -> R
  ) throws(SystemError) -> R {
    // Rethrown by hand: `withLock` forgets the type of the error.
    let result: Result<R, SystemError> = state.withLock { state in
      if let errno = state.takeFault(call, path) {
        return .failure(SystemError(errno: errno, call: "\(call)(\(path))"))
      }
      do throws(SystemError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

extension MemoryFileSystem.State {
  mutating func record(_ change: MemoryFileSystem.Change) {
    if isTracing { trace.append(change) }
  }

  mutating func takeFault(_ call: MemoryFileSystem.Call, _ path: String) -> Int32? {
    for index in faults.indices where faults[index].call == call && faults[index].count > 0 {
      guard faults[index].path.isEmpty || path.contains(faults[index].path) else { continue }
      if faults[index].skip > 0 {
        faults[index].skip -= 1
        continue
      }
      faults[index].count -= 1
      faultCount += 1
      return faults[index].errno
    }
    return nil
  }

  mutating func grow(_ inode: Int, to length: Int) {
    used += length - inodes[inode].bytes.count
    inodes[inode].bytes.append(contentsOf: repeatElement(0, count: length - inodes[inode].bytes.count))
  }

  mutating func resize(_ inode: Int, to length: Int) {
    let now = inodes[inode].bytes.count
    if length > now {
      grow(inode, to: length)
    } else {
      used -= now - length
      inodes[inode].bytes.removeLast(now - length)
    }
    record(.resize(inode: inode, length: length))
  }

  mutating func unlink(_ path: String) {
    guard let inode = names.removeValue(forKey: path) else { return }
    inodes[inode].links -= 1
    if inodes[inode].links == 0 { used -= inodes[inode].bytes.count }
  }

  func identity(_ inode: Int) -> FileIdentity {
    FileIdentity(
      device: 1, inode: UInt64(inode) + 1, size: Int64(inodes[inode].bytes.count), links: UInt64(inodes[inode].links))
  }
}
