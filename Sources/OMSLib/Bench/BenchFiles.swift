internal import CCore

/// Whole small files, and the clearing away of scratch directories.
package enum BenchFiles {
  package static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let files = KernelFileSystem()
    let file = try files.open(path, [.read])
    defer { try? files.close(file) }
    let size = Int(try files.size(file))
    // Files of /proc have no size until they are read.
    var bytes = [UInt8](repeating: 0, count: size > 0 ? size : 1 << 16)
    let count = unsafe bytes.withUnsafeMutableBytes { raw in
      Result { () throws(SystemError) in try unsafe files.read(file, into: raw, at: 0) }
    }
    return Array(bytes[..<(try count.get())])
  }

  /// Removes a directory and everything below it; what cannot be removed stays.
  package static func removeAll(_ directory: String) {
    let files = KernelFileSystem()
    for name in (try? files.list(directory)) ?? [] {
      let path = directory + "/" + name
      if (try? files.list(path)) != nil { removeAll(path) } else { try? files.remove(path) }
    }
    _ = unsafe cc_sys_rmdir(directory)
  }
}
