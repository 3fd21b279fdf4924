/// One header field. Names are compared without regard to case, so they are kept in lower case.
package struct HTTPField: Equatable, Sendable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// What a server reads and a client writes.
package struct HTTPRequest: Sendable {
  package var method: String
  /// Path and query exactly as on the wire, not decoded.
  package var target: String
  package var fields: [HTTPField]
  package var body: [UInt8]
  package var keepsAlive: Bool

  package init(
    method: String, target: String, fields: [HTTPField] = [], body: [UInt8] = [], keepsAlive: Bool = true
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
    self.keepsAlive = keepsAlive
  }

  package func field(_ lowerCaseName: String) -> String? { fields.first { $0.name == lowerCaseName }?.value }
}

/// What a server writes and a client reads.
package struct HTTPResponse: Sendable {
  package var status: Int
  package var fields: [HTTPField]
  package var body: [UInt8]
  package var keepsAlive: Bool

  package init(status: Int, fields: [HTTPField] = [], body: [UInt8] = [], keepsAlive: Bool = true) {
    self.status = status
    self.fields = fields
    self.body = body
    self.keepsAlive = keepsAlive
  }

  package func field(_ lowerCaseName: String) -> String? { fields.first { $0.name == lowerCaseName }?.value }
}
