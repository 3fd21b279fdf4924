internal import Glibc
import OMSLib

/// What the campaign does with files and processes by number.
enum CrashFiles {
  /// All bytes of a file, also of one whose size the kernel does not tell; `nil` when it is not there.
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while let part = try? DescriptorReader.read(descriptor, atMost: 1 << 16), !part.isEmpty { bytes += part }
    return bytes
  }

  static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

  static func write(_ text: String, to path: String) throws(CrashError) {
    do throws(SystemError) {
      try ScratchFile.write(Array(text.utf8), to: path, under: directory(of: path))
    } catch {
      throw CrashError("\(path): \(error.call) failed with errno \(error.errno)")
    }
  }

  static func makeDirectory(_ path: String) throws(CrashError) {
    do throws(SystemError) {
      try ScratchFile.makeDirectories(path)
    } catch {
      throw CrashError("\(path): \(error.call) failed with errno \(error.errno)")
    }
  }

  private static func directory(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  static func list(_ path: String) -> [String] { (try? KernelFileSystem().list(path)) ?? [] }

  static func remove(_ path: String) { _ = unsafe unlink(path) }

  /// With everything in it.
  static func removeTree(_ path: String) {
    _ = try? ChildProcess.start(["rm", "-rf", path], with: []).end(wait: true)
  }

  /// Names in `/dev/shm` of one instance: its rings, its door.
  static func sharedNames(of instance: String, purpose: String? = nil) -> [String] {
    let prefix = "oms-\(ProcessIdentity.user)-\(instance)-" + (purpose.map { $0 + "-" } ?? "")
    return list("/dev/shm").filter { $0.hasPrefix(prefix) }
  }

  static func removeShared(of instance: String, purpose: String? = nil) {
    for name in sharedNames(of: instance, purpose: purpose) { SharedMemory.unlink(name: "/" + name) }
  }

  /// The directory of this program: `oms` lies beside it.
  static func ownDirectory() -> String {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe bytes.withUnsafeMutableBytes { room in
      guard let start = unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
      return unsafe readlink("/proc/self/exe", start, room.count)
    }
    let path = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// The children of a process that has one thread.
  static func children(of process: Int32) -> [Int32] {
    let text = text("/proc/\(process)/task/\(process)/children") ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  /// Whether a process has ended, be it that nobody has fetched its status yet.
  static func isGone(_ process: Int32) -> Bool {
    guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return true }
    let state = text[text.index(after: end)...].split(separator: " ").first ?? "X"
    return state == "Z" || state == "X"
  }

  static func say(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// Why a life of the campaign cannot go on, or what the judge found.
struct CrashError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
