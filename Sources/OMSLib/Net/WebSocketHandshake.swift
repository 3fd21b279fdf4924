internal import CCore

/// How a connection of HTTP becomes one of WebSocket. No extension and no subprotocol is offered or agreed to.
package enum WebSocketHandshake {
  /// Why a client does not open, with what the server said where it said no.
  package enum ClientError: Error, Equatable, Sendable {
    /// Another status than 101: look at the answer, it may say when to come again.
    case refused(status: Int)
    case badVersion
    case noUpgrade
    case badAccept
    case unaskedExtension
    case unaskedProtocol
  }

  /// Why a server does not open.
  package enum ServerError: Error, Equatable, Sendable {
    case badMethod
    case badRequest
    case badKey
    case unsupportedVersion

    /// What the client is told.
    package var answer: HTTPResponse {
      switch self {
      case .badMethod: HTTPResponse(status: 405, fields: [HTTPField(name: "allow", value: "GET")], keepsAlive: false)
      case .badRequest, .badKey: HTTPResponse(status: 400, keepsAlive: false)
      case .unsupportedVersion:
        HTTPResponse(status: 426, fields: [HTTPField(name: "sec-websocket-version", value: "13")], keepsAlive: false)
      }
    }
  }

  /// The key of a client: sixteen random bytes, given as two words.
  package static func key(_ random: (UInt64, UInt64)) -> String {
    var bytes: [UInt8] = []
    for word in [random.0, random.1] {
      for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(index * 8))) }
    }
    return base64(bytes)
  }

  /// What a client asks.
  package static func request(host: String, target: String, key: String, fields: [HTTPField] = []) -> HTTPRequest {
    HTTPRequest(
      method: "GET", target: target,
      fields: [
        HTTPField(name: "host", value: host), HTTPField(name: "upgrade", value: "websocket"),
        HTTPField(name: "connection", value: "Upgrade"),
        HTTPField(name: "sec-websocket-key", value: key), HTTPField(name: "sec-websocket-version", value: "13"),
      ] + fields)
  }

  /// Whether `response` opens the connection that was asked for with `key`.
  package static func check(_ response: HTTPResponse, key: String) throws(ClientError) {
    guard response.status == 101 else { throw .refused(status: response.status) }
    guard response.version == .v11 else { throw .badVersion }
    guard has(response.fields, "upgrade", "websocket"), has(response.fields, "connection", "upgrade") else {
      throw .noUpgrade
    }
    let accepts = response.fields.filter { $0.name == "sec-websocket-accept" }
    guard accepts.count == 1, accepts[0].value == accept(key) else { throw .badAccept }
    guard response.field("sec-websocket-extensions") == nil else { throw .unaskedExtension }
    guard response.field("sec-websocket-protocol") == nil else { throw .unaskedProtocol }
  }

  /// Whether a client asks for WebSocket, in whatever form.
  package static func isAsked(by request: HTTPRequest) -> Bool { has(request.fields, "upgrade", "websocket") }

  /// What a server answers to a request that opens.
  package static func answer(to request: HTTPRequest) throws(ServerError) -> HTTPResponse {
    guard request.method == "GET" else { throw .badMethod }
    guard request.version == .v11, request.body.isEmpty, has(request.fields, "upgrade", "websocket"),
      has(request.fields, "connection", "upgrade")
    else { throw .badRequest }
    guard request.field("sec-websocket-version") == "13" else { throw .unsupportedVersion }
    let keys = request.fields.filter { $0.name == "sec-websocket-key" }
    guard keys.count == 1, isKey(keys[0].value) else { throw .badKey }
    return HTTPResponse(
      status: 101,
      fields: [
        HTTPField(name: "upgrade", value: "websocket"), HTTPField(name: "connection", value: "Upgrade"),
        HTTPField(name: "sec-websocket-accept", value: accept(keys[0].value)),
      ])
  }

  /// What proves that the server understood the key.
  package static func accept(_ key: String) -> String {
    let bytes = Array(key.utf8) + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    unsafe digest.withUnsafeMutableBufferPointer { out in unsafe cc_sha1(bytes, bytes.count, out.baseAddress) }
    return base64(digest)
  }

  private static func has(_ fields: [HTTPField], _ name: String, _ word: String) -> Bool {
    fields.contains { $0.name == name && HTTPBytes.list($0.value, has: word) }
  }

  /// Sixteen bytes in base 64: the last of 22 characters has four bits that say nothing.
  private static func isKey(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 24 && bytes[22] == UInt8(ascii: "=") && bytes[23] == UInt8(ascii: "=")
      && bytes[..<22].allSatisfy { alphabet.contains($0) }
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
      for index in 0..<4 {
        let digit = alphabet[Int(group >> UInt32(18 - 6 * index) & 63)]
        text.append(index <= count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension WebSocketHandshake.ClientError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let status): "the server answered \(status) instead of 101"
    case .badVersion: "the server answered with HTTP/1.0"
    case .noUpgrade: "the server's answer does not say that it upgrades to websocket"
    case .badAccept: "the server's answer does not belong to the key that was sent"
    case .unaskedExtension: "the server uses an extension that was not offered"
    case .unaskedProtocol: "the server chose a subprotocol that was not offered"
    }
  }
}
