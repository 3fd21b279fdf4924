import Glibc

/// The environment variables of the process, or those of a test.
package struct Environment: Sendable {
  private let values: [String: String]?

  /// Those of this process; each is looked up when asked for.
  package static let process = Environment()

  private init() { values = nil }

  package init(_ values: [String: String]) { self.values = values }

  /// `nil` when the variable is not set, and also when it is empty: `OMS_INSTANCE=` means the default.
  package subscript(_ name: String) -> String? {
    let value: String?
    if let values {
      value = values[name]
    } else {
      value = unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    return value?.isEmpty == true ? nil : value
  }

  /// Every variable of this process as `NAME=VALUE`.
  static var all: [String] {
    var lines: [String] = []
    var entry = unsafe environ
    while let line = unsafe entry.pointee {
      lines.append(unsafe String(cString: line))
      unsafe entry += 1
    }
    return lines
  }
}
