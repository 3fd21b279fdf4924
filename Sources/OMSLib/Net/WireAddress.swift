/// An address as files have it, taken apart: `https://HOST`, `wss://HOST:PORT/PATH`.
package struct WireAddress: Hashable, Sendable {
  package let host: WireHost
  /// What stands before every path there: without a slash at its end, empty where there is nothing.
  package let path: String

  /// `nil`: it is none of `http`, `https`, `ws` and `wss`, has no host, no port from 1 to 65535, or asks for something.
  package init?(_ text: String) {
    let schemes = [("https://", true), ("wss://", true), ("http://", false), ("ws://", false)]
    guard let (scheme, isEncrypted) = schemes.first(where: { text.hasPrefix($0.0) }),
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
    else { return nil }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    var path = String(rest.dropFirst(authority.count))
    guard !path.contains("?"), !path.contains("#"), !authority.contains("@"), !authority.contains("?") else {
      return nil
    }
    while path.hasSuffix("/") { path.removeLast() }
    var host = String(authority)
    var port: UInt16 = isEncrypted ? 443 : 80
    // The colons of a numeric address of version 6 stand in brackets.
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[end...].lastIndex(of: ":") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
      port = number
      host = String(authority[..<colon])
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, !host.contains("["), !host.contains("]") else { return nil }
    self.host = WireHost(name: host, port: port, isEncrypted: isEncrypted)
    self.path = path
  }
}

/// Somebody's end of a network connection.
package struct WireHost: Hashable, Sendable {
  /// A name or a numeric address.
  package var name: String
  package var port: UInt16
  package var isEncrypted: Bool

  package init(name: String, port: UInt16, isEncrypted: Bool) {
    self.name = name
    self.port = port
    self.isEncrypted = isEncrypted
  }

  /// As the field `Host` of a request has it: with the port where it is not the usual one.
  package var authority: String {
    let shown = name.contains(":") ? "[\(name)]" : name
    return port == (isEncrypted ? 443 : 80) ? shown : "\(shown):\(port)"
  }
}
