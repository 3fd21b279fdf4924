internal import CCore

/// Where this process stands, to make paths absolute.
package enum WorkingDirectory {
  package static var path: String {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = unsafe bytes.withUnsafeMutableBufferPointer {
      unsafe cc_process_directory($0.baseAddress, $0.count)
    }
    guard count > 0 else { return "/" }
    return String(decoding: bytes[0..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// What a process inherits, for commands run beside an engine.
enum ProcessEnvironment {
  static var all: [String: String] {
    var values: [String: String] = [:]
    var entry = unsafe cc_process_environment()
    while let text = unsafe entry?.pointee {
      let line = unsafe String(cString: text)
      if let equals = line.firstIndex(of: "=") {
        values[String(line[..<equals])] = String(line[line.index(after: equals)...])
      }
      unsafe entry = entry?.advanced(by: 1)
    }
    return values
  }

  /// Where this executable lies.
  static var ownDirectory: String? {
    var bytes = [CChar](repeating: 0, count: 4_096)
    let count = unsafe bytes.withUnsafeMutableBufferPointer { unsafe cc_process_path($0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    let path = String(decoding: bytes[0..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) }
  }

  /// A process number, or a negative errno.
  static func spawn(_ command: [String], _ environment: [String: String]) -> Int32 {
    let lines = environment.map { "\($0)=\($1)" }.sorted()
    return unsafe withStrings(command) { arguments in
      unsafe withStrings(lines) { environment in
        guard let name = unsafe arguments[0] else { return -22 }
        return unsafe cc_process_spawn(name, arguments, environment)
      }
    }
  }

  /// Lends the strings as C wants them: a list that ends with NULL.
  private static func withStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() {
      let bytes = Array(string.utf8)
      let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (at, byte) in bytes.enumerated() { unsafe text[at] = CChar(bitPattern: byte) }
      unsafe text[bytes.count] = 0
      unsafe list[index] = text
    }
    unsafe list[strings.count] = nil
    defer {
      for index in strings.indices { unsafe list[index]?.deallocate() }
      unsafe list.deallocate()
    }
    return unsafe body(list)
  }
}
