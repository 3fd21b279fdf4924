internal import CCore

/// What the machine says about itself: disks, clock, limits, files of the kernel.
package enum MachineFacts {
  /// Free bytes of the file system of `path`, and all of it.
  package static func disk(_ path: String) -> (free: Int64, size: Int64)? {
    let size = unsafe cc_sys_disk_size(path)
    let free = unsafe cc_sys_disk_free(path)
    return size > 0 && free >= 0 ? (free, size) : nil
  }

  /// `path`, or the nearest directory above it that is there.
  package static func existing(_ path: String) -> String {
    var path = path
    while !KernelFileSystem().exists(path), let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      path = String(path[..<slash])
    }
    return KernelFileSystem().exists(path) ? path : "/"
  }

  /// `nil`: the kernel does not tell, as in some containers.
  package static func clockState() -> (isSynchronised: Bool, errorNanoseconds: Int64)? {
    var error: Int64 = 0
    let state = unsafe cc_sys_clock_state(&error)
    return state < 0 ? nil : (state == 1, error)
  }

  package enum Limit: Int32, Sendable { case files = 0, lockedBytes = 1, realTimePriority = 2 }

  /// `nil`: it cannot be told. `Int64.max`: there is none.
  package static func limit(_ limit: Limit) -> Int64? {
    let value = cc_sys_limit(limit.rawValue)
    return value < 0 ? nil : value
  }

  /// Permission bits and owner of what stands at `path`; `nil` when nothing does.
  package static func mode(of path: String) -> (bits: UInt32, owner: UInt32)? {
    var stat = cc_stat()
    guard unsafe cc_sys_stat_path(path, &stat) == 0 else { return nil }
    return (stat.mode & 0o7777, stat.owner)
  }

  package static func setMode(_ path: String, _ bits: UInt32) throws(SystemError) {
    let status = unsafe cc_sys_set_mode(path, bits)
    guard status == 0 else { throw SystemError(errno: -status, call: "chmod") }
  }

  /// A small file of the kernel (`/proc`, `/sys`), without the space around it.
  package static func text(_ path: String) -> String? {
    let descriptor = unsafe cc_sys_open(path, UInt32(cc_open_read), 0)
    guard descriptor >= 0 else { return nil }
    defer { _ = cc_sys_close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let got = unsafe bytes.withUnsafeMutableBytes { unsafe cc_sys_read(descriptor, $0.baseAddress, $0.count) }
    guard got >= 0 else { return nil }
    return String(decoding: bytes[..<Int(got)], as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
  }
}
