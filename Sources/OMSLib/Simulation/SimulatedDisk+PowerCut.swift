internal import Synchronization

/// What a power cut does to one sector of a write that was not synced.
package enum SectorFate: Equatable, Sendable {
  case kept
  case lost
  /// Only the first bytes arrived.
  case torn(Int)
}

extension MemoryFileSystem {
  package static var sectorBytes: Int { 512 }

  /// Number of pieces whose fate is open when the power is cut behind the first `count` changes of the trace.
  package func openPieces(after count: Int) -> Int {
    var pieces = 0
    _ = powerCut(after: count) { index in
      pieces = index + 1
      return .kept
    }
    return pieces
  }

  /// The disk after a power cut behind the first `count` changes of the trace.
  ///
  /// What was synced is there. Each sector of every other write, each change of a size and each change of a name has
  /// the fate that `fate` gives to its index; names keep their order, as on a file system with a journal of its own.
  package func powerCut(after count: Int, fate: (Int) -> SectorFate) -> MemoryFileSystem {
    let (trace, base) = state.withLock { state in
      var base = State()
      base.inodes = state.base
      base.names = state.baseNames
      base.directories = state.baseDirectories
      return (state.trace, base)
    }
    precondition(count <= trace.count, "the trace is shorter")
    var disk = base
    let syncedData = Self.lastSyncs(trace[..<count])
    let syncedNames = Self.lastDirectorySyncs(trace[..<count])
    var piece = 0
    var namesAreLost = false
    for (index, change) in trace[..<count].enumerated() {
      switch change {
      case .write(let inode, let offset, let bytes):
        if index < syncedData[inode] ?? 0 {
          disk.put(inode, offset, bytes[...])
          continue
        }
        var start = 0
        while start < bytes.count {
          let room = Self.sectorBytes - (offset + start) % Self.sectorBytes
          let end = min(bytes.count, start + room)
          switch fate(piece) {
          case .kept: disk.put(inode, offset + start, bytes[start..<end])
          case .lost: break
          case .torn(let count): disk.put(inode, offset + start, bytes[start..<min(end, start + count)])
          }
          piece += 1
          start = end
        }
      case .resize(let inode, let length):
        var isKept = index < syncedData[inode] ?? 0
        if !isKept {
          isKept = fate(piece) == .kept
          piece += 1
        }
        disk.addInodes(upTo: inode)
        if isKept { disk.resize(inode, to: length) }
      case .create, .rename, .remove, .makeDirectory:
        var isKept = index < syncedNames[Self.directory(of: change)] ?? 0
        if !isKept {
          if fate(piece) != .kept { namesAreLost = true }
          isKept = !namesAreLost
          piece += 1
        }
        if isKept { disk.applyName(change) }
      case .synchronize, .synchronizeDirectory: continue
      }
    }
    return MemoryFileSystem(disk)
  }

  /// For each file, one past the index of its last sync.
  private static func lastSyncs(_ trace: ArraySlice<Change>) -> [Int: Int] {
    var last: [Int: Int] = [:]
    for (index, change) in trace.enumerated() {
      if case .synchronize(let inode) = change { last[inode] = index + 1 }
    }
    return last
  }

  private static func lastDirectorySyncs(_ trace: ArraySlice<Change>) -> [String: Int] {
    var last: [String: Int] = [:]
    for (index, change) in trace.enumerated() {
      if case .synchronizeDirectory(let path) = change { last[path] = index + 1 }
    }
    return last
  }

  private static func directory(of change: Change) -> String {
    switch change {
    case .create(let path, _), .remove(let path), .makeDirectory(let path), .rename(_, let path): parentPath(path)
    case .write, .resize, .synchronize, .synchronizeDirectory: ""
    }
  }
}

extension MemoryFileSystem.State {
  mutating func addInodes(upTo inode: Int) {
    while inodes.count <= inode { inodes.append(MemoryFileSystem.Inode()) }
  }

  mutating func put(_ inode: Int, _ offset: Int, _ bytes: ArraySlice<UInt8>) {
    addInodes(upTo: inode)
    if inodes[inode].bytes.count < offset + bytes.count { grow(inode, to: offset + bytes.count) }
    inodes[inode].bytes.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  mutating func applyName(_ change: MemoryFileSystem.Change) {
    switch change {
    case .create(let path, let inode):
      addInodes(upTo: inode)
      names[path] = inode
    case .rename(let from, let to):
      guard let inode = names.removeValue(forKey: from) else { return }
      names[to] = inode
    case .remove(let path): names[path] = nil
    case .makeDirectory(let path): directories.insert(path)
    case .write, .resize, .synchronize, .synchronizeDirectory: preconditionFailure("this changes no name")
    }
  }
}
