/// A line of a head. The name is in lower case, the value without white space around it.
package struct HTTPField: Equatable, Sendable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

package enum HTTPVersion: Equatable, Sendable {
  case v10
  case v11
}

/// What a server reads and a client writes.
package struct HTTPRequest: Equatable, Sendable {
  package var method: String
  /// Path and query exactly as on the wire: signatures are over these bytes.
  package var target: String
  package var fields: [HTTPField]
  package var body: [UInt8]
  /// Whether the connection may serve another request after this one.
  package var keepsAlive: Bool
  package var version: HTTPVersion

  package init(
    method: String, target: String, fields: [HTTPField] = [], body: [UInt8] = [], keepsAlive: Bool = true,
    version: HTTPVersion = .v11
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
    self.keepsAlive = keepsAlive
    self.version = version
  }

  /// The value of the first field of that name.
  package func field(_ lowerCaseName: String) -> String? { fields.first { $0.name == lowerCaseName }?.value }
}

/// What a client reads and a server writes.
package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  package var fields: [HTTPField]
  package var body: [UInt8]
  package var keepsAlive: Bool
  package var version: HTTPVersion

  package init(
    status: Int, fields: [HTTPField] = [], body: [UInt8] = [], keepsAlive: Bool = true, version: HTTPVersion = .v11
  ) {
    self.status = status
    self.fields = fields
    self.body = body
    self.keepsAlive = keepsAlive
    self.version = version
  }

  /// The value of the first field of that name.
  package func field(_ lowerCaseName: String) -> String? { fields.first { $0.name == lowerCaseName }?.value }
}

/// Bounds of what one message may take.
package struct HTTPLimits: Sendable {
  /// First line, fields, and the empty line behind them.
  package var headBytes: Int
  package var fieldCount: Int
  package var bodyBytes: Int
  /// A line that gives the size of a chunk: sixteen digits, and room for an extension that nobody uses.
  package var chunkLineBytes = 256
  /// Extensions of all chunks of one body: they are dropped, so they may not be the larger part of it.
  package var chunkExtensionBytes = 4_096

  package init(headBytes: Int, fieldCount: Int, bodyBytes: Int) {
    self.headBytes = headBytes
    self.fieldCount = fieldCount
    self.bodyBytes = bodyBytes
  }

  /// A query of signed parameters is a few hundred bytes; batches of orders are some thousands, percent-encoded more.
  package static let request = HTTPLimits(headBytes: 16_384, fieldCount: 100, bodyBytes: 1 << 20)
  /// The largest page is the list of all instruments, above ten megabytes at the largest exchange.
  package static let response = HTTPLimits(headBytes: 32_768, fieldCount: 200, bodyBytes: 64 << 20)
}

/// Why a message was not understood. The connection is of no use after any of them: where the next message begins is
/// unknown.
package enum HTTPError: Error, Equatable, Sendable {
  case badStartLine
  case badTarget
  case unsupportedVersion
  case headTooLong
  case tooManyFields
  case badFieldName
  case badFieldValue
  /// A line that ends without a carriage return: others may see other lines.
  case bareLineFeed
  /// A line that continues the one before: no longer allowed, and read differently by different programs.
  case foldedField
  case spaceBeforeColon
  case missingHost
  case severalHosts
  case badContentLength
  case differentContentLengths
  /// Both a length and a transfer coding: the shape of a smuggled request.
  case ambiguousLength
  case unsupportedTransferCoding
  case badChunk
  case chunkLineTooLong
  case bodyTooLong
  case unknownExpectation
  /// Bytes of an answer that nobody asked for.
  case unaskedResponse
  /// The stream ended inside a message. For an order it means that its outcome is unknown.
  case cutShort

  /// What a server answers before it closes.
  package var status: Int {
    switch self {
    case .headTooLong, .tooManyFields: 431
    case .bodyTooLong: 413
    case .unsupportedVersion: 505
    case .unsupportedTransferCoding: 501
    case .unknownExpectation: 417
    default: 400
    }
  }
}

extension HTTPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badStartLine: "the first line is none of HTTP"
    case .badTarget: "the target of the request has spaces or control characters"
    case .unsupportedVersion: "the version is neither HTTP/1.1 nor HTTP/1.0"
    case .headTooLong: "the head is longer than allowed"
    case .tooManyFields: "the head has more fields than allowed"
    case .badFieldName: "a field has no name, or one with characters that are not allowed"
    case .badFieldValue: "the value of a field has control characters"
    case .bareLineFeed: "a line of the head ends without a carriage return"
    case .foldedField: "a field continues on a second line"
    case .spaceBeforeColon: "a field has a space between name and colon"
    case .missingHost: "the request names no host"
    case .severalHosts: "the request names several hosts"
    case .badContentLength: "content-length is no number"
    case .differentContentLengths: "content-length is given twice, differently"
    case .ambiguousLength: "both content-length and transfer-encoding are given"
    case .unsupportedTransferCoding: "the transfer coding is not chunked"
    case .badChunk: "a chunk of the body does not follow the grammar"
    case .chunkLineTooLong: "the lines between the chunks are longer than allowed"
    case .bodyTooLong: "the body is longer than allowed"
    case .unknownExpectation: "the request expects what this server does not know"
    case .unaskedResponse: "an answer came that no request asked for"
    case .cutShort: "the stream ended inside a message"
    }
  }
}
