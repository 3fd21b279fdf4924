import OMSLib

/// Any bytes from a peer as HTTP: read or refused by name, and alike however they are cut. The first byte says how.
enum HTTPTarget {
  /// Small bounds, so that inputs reach them.
  private static let limits: HTTPLimits = {
    var limits = HTTPLimits(headBytes: 1_024, fieldCount: 8, bodyBytes: 256)
    limits.chunkLineBytes = 32
    limits.chunkExtensionBytes = 64
    return limits
  }()

  static func readRequests(_ input: [UInt8]) {
    guard let cut = input.first else { return }
    let bytes = input.dropFirst()
    let whole = requests([bytes])
    let pieces = requests(Cuts.pieces(bytes, cut))
    precondition(whole.read == pieces.read && whole.error == pieces.error, "the cut does not matter")
    for request in whole.read { check(request) }
  }

  /// Bits of the first byte: how long the pieces are, and whether the first request was HEAD.
  static func readResponses(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = input.dropFirst()
    let method = first & 0x80 != 0 ? "HEAD" : "GET"
    let whole = responses([bytes], method)
    let pieces = responses(Cuts.pieces(bytes, first & 0x7F), method)
    precondition(whole.read == pieces.read && whole.error == pieces.error, "the cut does not matter")
    for response in whole.read {
      precondition((100..<600).contains(response.status), "a status has three digits")
      precondition(response.body.count <= limits.bodyBytes, "a body has its bound")
      precondition(
        method == "GET" || response.body.isEmpty || response != whole.read.first, "an answer to HEAD is a head")
    }
  }

  private static func requests(_ pieces: [ArraySlice<UInt8>]) -> (read: [HTTPRequest], error: HTTPError?) {
    var reader = HTTPRequestReader(limits: limits)
    var read: [HTTPRequest] = []
    do throws(HTTPError) {
      for piece in pieces {
        reader.append(piece)
        while let request = try reader.next() { read.append(request) }
      }
      try reader.end()
    } catch {
      precondition((400..<600).contains(error.status) && !"\(error)".isEmpty, "a refusal has a status and words")
      return (read, error)
    }
    return (read, nil)
  }

  private static func responses(
    _ pieces: [ArraySlice<UInt8>], _ method: String
  ) -> (read: [HTTPResponse], error: HTTPError?) {
    var reader = HTTPResponseReader(limits: limits)
    for each in [method, "GET", "GET"] { reader.expect(each) }
    var read: [HTTPResponse] = []
    do throws(HTTPError) {
      for piece in pieces {
        reader.append(piece)
        while let response = try reader.next() { read.append(response) }
      }
      if let last = try reader.end() { read.append(last) }
    } catch {
      return (read, error)
    }
    return (read, nil)
  }

  /// Written again it is read as the same.
  private static func check(_ request: HTTPRequest) {
    precondition(!request.method.isEmpty && !request.target.isEmpty, "a request asks for something")
    precondition(request.fields.count <= limits.fieldCount && request.body.count <= limits.bodyBytes, "bounds hold")
    var out = ByteBuffer()
    guard (try? HTTPWriter.append(request, to: &out)) != nil else {
      preconditionFailure("what was read can be written")
    }
    var reader = HTTPRequestReader()
    reader.append(out.bytes)
    guard let again = try? reader.next() else { preconditionFailure("what is written can be read") }
    precondition(again.method == request.method && again.target == request.target, "it asks for the same")
    precondition(again.body == request.body && again.keepsAlive == request.keepsAlive, "and says the same")
    let isIdle = reader.isIdle
    precondition(isIdle, "nothing follows")
  }
}

/// Bytes in pieces of one length; of 0 all at once.
enum Cuts {
  static func pieces(_ bytes: ArraySlice<UInt8>, _ length: UInt8) -> [ArraySlice<UInt8>] {
    guard length > 0 else { return [bytes] }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: Int(length)).map {
      bytes[$0..<min(bytes.endIndex, $0 + Int(length))]
    }
  }
}
