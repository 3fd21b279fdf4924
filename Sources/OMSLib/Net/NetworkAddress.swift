internal import CCore

/// An address with its port, of either version of the protocol.
package struct NetworkAddress: Sendable, CustomStringConvertible, Equatable {
  var raw: cc_address

  init(raw: cc_address) { self.raw = raw }

  /// `host` is numeric, as in 127.0.0.1 and ::1; `nil` for anything else.
  package init?(_ host: String, port: UInt16) {
    raw = cc_address()
    guard unsafe cc_address_parse(host, port, &raw) == 0 else { return nil }
  }

  package static func loopback(port: UInt16) -> NetworkAddress {
    guard let address = NetworkAddress("127.0.0.1", port: port) else { preconditionFailure("the address is numeric") }
    return address
  }

  package var port: UInt16 {
    var raw = raw
    return unsafe cc_address_port(&raw)
  }

  /// `127.0.0.1:80` or `[::1]:80`.
  package var description: String {
    var raw = raw
    var text = [CChar](repeating: 0, count: Int(cc_address_text_bytes))
    let length = unsafe text.withUnsafeMutableBufferPointer { unsafe cc_address_text(&raw, $0.baseAddress, $0.count) }
    return String(decoding: text[..<max(0, Int(length))].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package static func == (a: Self, b: Self) -> Bool { a.description == b.description }

  /// What the machine's files and name servers know of `host`, best first. Waits for them, many seconds if they are
  /// silent: for a thread that has the time. ENOENT: there is no such name.
  package static func resolve(_ host: String, port: UInt16) throws(SystemError) -> [NetworkAddress] {
    var found = [cc_address](repeating: cc_address(), count: Self.resolvedMax)
    let count = unsafe found.withUnsafeMutableBufferPointer {
      unsafe cc_address_resolve(host, port, $0.baseAddress, Int32($0.count))
    }
    guard count >= 0 else { throw SystemError(errno: -count, call: "getaddrinfo(\(host))") }
    return found[..<Int(count)].map { NetworkAddress(raw: $0) }
  }

  /// The largest exchanges answer with some ten.
  private static let resolvedMax = 32
}
