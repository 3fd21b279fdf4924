import OMSLib

/// What a client asks of a connection that carries streams.
struct StreamCommand {
  enum Method: String, CaseIterable {
    case subscribe = "SUBSCRIBE"
    case unsubscribe = "UNSUBSCRIBE"
    case list = "LIST_SUBSCRIPTIONS"
    case setProperty = "SET_PROPERTY"
    case getProperty = "GET_PROPERTY"
  }

  /// A refusal, as it is written to the client.
  struct Fault: Error, Equatable {
    var code: Int
    var message: String
    /// Source of the id, where the request had one.
    var id: [UInt8]?

    static func json(_ offset: Int) -> Fault {
      Fault(code: 3, message: "Invalid JSON: expected value at line 1 column \(offset + 1)", id: nil)
    }

    static func request(_ text: String, _ id: [UInt8]?) -> Fault {
      Fault(code: 2, message: "Invalid request: \(text)", id: id)
    }
  }

  let method: Method
  /// As it came, to be sent back.
  let id: [UInt8]
  let parameters: [JSONValue]

  private static let idLengthMax = 36
  private static let limits = JSONLimits(byteCount: 1 << 18, depth: 8, nodeCount: 1 << 13)

  init(_ message: [UInt8]) throws(Fault) {
    let document: JSONDocument
    do {
      document = try JSONReader.read(message, limits: Self.limits)
    } catch {
      throw .json(error.offset)
    }
    let root = document.root
    guard root.isObject else { throw .request("expected an object", nil) }
    id = try Self.id(root["id"])
    guard let method = root["method"] else { throw .request("missing field `method`", id) }
    guard let text = method.string else { throw .request("`method` must be a string", id) }
    guard let known = Method(rawValue: text) else {
      let all = Method.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw .request("unknown variant `\(text)`, expected one of \(all)", id)
    }
    self.method = known
    guard let parameters = root["params"], !parameters.isNull else {
      self.parameters = []
      return
    }
    guard parameters.isArray else { throw .request("`params` must be an array", id) }
    self.parameters = parameters.elements
  }

  /// A whole number of 64 bits, a string of at most 36 characters, or nothing.
  private static func id(_ value: JSONValue?) throws(Fault) -> [UInt8] {
    guard let value, !value.isNull else { return Array("null".utf8) }
    if let text = value.string {
      guard text.count <= idLengthMax else {
        throw .request("request ID must be a string of at most \(idLengthMax) characters", nil)
      }
      return Array(value.source)
    }
    let number: Int64? = value.integer()
    guard number != nil else { throw .request("request ID must be an integer, a string or null", nil) }
    return Array(value.source)
  }

  func names() throws(Fault) -> [String] {
    guard !parameters.isEmpty else { throw .request("`params` names no stream", id) }
    var names: [String] = []
    for parameter in parameters {
      guard let name = parameter.string else { throw .request("stream names must be strings", id) }
      names.append(name)
    }
    return names
  }

  // MARK: - Answers

  static func answer(_ id: [UInt8], _ result: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.name("result")
    result(&json)
    json.member("id", raw: id)
    json.endObject()
    return json.bytes
  }

  static func answer(_ fault: Fault) -> [UInt8] {
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.name("error")
    json.beginObject()
    json.member("code", fault.code)
    json.member("msg", fault.message)
    json.endObject()
    if let id = fault.id { json.member("id", raw: id) }
    json.endObject()
    return json.bytes
  }
}
