/// Writes heads and bodies.
///
/// The length of the body and whether the connection goes on follow from the message; such fields in it are left out.
package enum HTTPWriter {
  /// Throws when method or target would make another request of it, or a field has no proper name.
  package static func append(_ request: HTTPRequest, to out: inout ByteBuffer) throws(HTTPError) {
    guard !request.method.isEmpty, request.method.utf8.allSatisfy(HTTPBytes.isToken) else { throw .badStartLine }
    guard !request.target.isEmpty, request.target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw .badTarget
    }
    for field in request.fields { try check(field) }
    guard request.version == .v10 || request.field("host") != nil else { throw .missingHost }
    out.append(utf8: request.method)
    out.append(0x20)
    out.append(utf8: request.target)
    out.append(literal: request.version == .v11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
    for field in request.fields { append(field, to: &out) }
    let mayHaveBody = request.method == "POST" || request.method == "PUT" || request.method == "PATCH"
    if !request.body.isEmpty || mayHaveBody { append(length: request.body.count, to: &out) }
    appendConnection(request.keepsAlive, request.version, request.fields, to: &out)
    out.append(literal: "\r\n")
    out.append(bytes: request.body)
  }

  /// `toHead`: the request was HEAD, which is told the length of a body that is not sent.
  package static func append(
    _ response: HTTPResponse, toHead: Bool = false, to out: inout ByteBuffer
  ) throws(HTTPError) {
    precondition(response.status >= 100 && response.status < 600, "a status has three digits")
    for field in response.fields { try check(field) }
    out.append(literal: response.version == .v11 ? "HTTP/1.1 " : "HTTP/1.0 ")
    out.append(decimal: UInt64(response.status), width: 3)
    out.append(0x20)
    out.append(utf8: reason(response.status))
    out.append(literal: "\r\n")
    for field in response.fields { append(field, to: &out) }
    let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
    precondition(hasBody || response.body.isEmpty, "an answer of this status has no body")
    if hasBody { append(length: response.body.count, to: &out) }
    appendConnection(response.keepsAlive, response.version, response.fields, to: &out)
    out.append(literal: "\r\n")
    if !toHead { out.append(bytes: response.body) }
  }

  /// What a client that expects it waits for.
  package static func appendContinue(to out: inout ByteBuffer) { out.append(literal: "HTTP/1.1 100 Continue\r\n\r\n") }

  private static func check(_ field: HTTPField) throws(HTTPError) {
    guard !field.name.isEmpty, field.name.utf8.allSatisfy(HTTPBytes.isToken) else { throw .badFieldName }
    guard field.value.utf8.allSatisfy(HTTPBytes.isText) else { throw .badFieldValue }
  }

  private static func append(_ field: HTTPField, to out: inout ByteBuffer) {
    guard field.name != "content-length", field.name != "transfer-encoding" else { return }
    out.append(utf8: field.name)
    out.append(literal: ": ")
    out.append(utf8: field.value)
    out.append(literal: "\r\n")
  }

  private static func append(length: Int, to out: inout ByteBuffer) {
    out.append(literal: "content-length: ")
    out.append(decimal: UInt64(length))
    out.append(literal: "\r\n")
  }

  private static func appendConnection(
    _ keepsAlive: Bool, _ version: HTTPVersion, _ fields: [HTTPField], to out: inout ByteBuffer
  ) {
    // An upgrade says in that field what it is about.
    guard !fields.contains(where: { $0.name == "connection" }) else { return }
    if !keepsAlive { out.append(literal: "connection: close\r\n") }
    if keepsAlive, version == .v10 { out.append(literal: "connection: keep-alive\r\n") }
  }

  /// The words of RFC 9110, and those that exchanges use.
  package static func reason(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 417: "Expectation Failed"
    case 418: "I'm a teapot"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }
}
