/// A request before it is signed: where it goes and what it says. Reused from request to request.
package struct BinanceCall: Sendable {
  package var endpoint: BinanceEndpoint
  package var parameters = BinanceParameters()

  package init(_ endpoint: BinanceEndpoint) { self.endpoint = endpoint }

  package mutating func begin(_ endpoint: BinanceEndpoint) {
    self.endpoint = endpoint
    parameters.removeAll()
  }
}

/// What signs: a key in memory that nobody else reads, or a test's.
package protocol BinanceSigner: ~Copyable {
  /// Appends the signature as text: hexadecimal digits of an HMAC, base64 of other keys. `false`: it could not be signed.
  borrowing func sign(_ payload: UnsafeRawBufferPointer, into signature: inout ByteBuffer) -> Bool
}

/// As whom a request is made.
package struct BinanceAccess: Sendable {
  package var apiKey: Text64
  /// The connection was logged on with this key: requests on it carry neither its name nor a signature.
  package var isLoggedOn = false
  /// How long the venue may take a request after its time; 0 leaves the venue's five seconds.
  package var windowMicroseconds: Int64 = 0
  package var product: BinanceProduct

  package init(apiKey: Text64, product: BinanceProduct) {
    self.apiKey = apiKey
    self.product = product
  }
}

/// Turns calls into bytes, signed over exactly those bytes.
///
/// Its buffers are reused: once they have grown, a request allocates nothing.
package struct BinanceWriter: ~Copyable {
  private var payload = ByteBuffer(capacity: 1_024)
  private var signature = ByteBuffer(capacity: 512)

  package init() {}

  /// One text message of the WebSocket API, appended to `frame`. `false`: the endpoint has no such face, or it could not
  /// be signed, and nothing was written.
  package mutating func writeFrame(
    _ call: inout BinanceCall, id: UInt64, access: BinanceAccess, at time: UTCTime,
    signer: borrowing some BinanceSigner & ~Copyable, into frame: inout ByteBuffer
  ) -> Bool {
    guard let method = call.endpoint.frame else { return false }
    let isSigned = call.endpoint.security == .signed
    let bringsKey = call.endpoint.security == .key || isSigned && (!access.isLoggedOn || call.endpoint.isLogOn)
    if bringsKey { call.parameters.add("apiKey", .text(access.apiKey)) }
    if isSigned { addTime(to: &call.parameters, access, time) }
    let signs = isSigned && bringsKey
    if signs {
      call.parameters.sort()
      payload.removeAll()
      call.parameters.write(plainTo: &payload)
      guard sign(signer) else { return false }
    }
    frame.append(literal: "{\"id\":")
    frame.append(decimal: id)
    frame.append(literal: ",\"method\":\"")
    frame.append(utf8: method)
    frame.append(literal: "\",\"params\":{")
    call.parameters.write(membersTo: &frame)
    if signs {
      frame.append(literal: ",\"signature\":\"")
      unsafe signature.withBytes { unsafe frame.append(bytes: $0) }
      frame.append(UInt8(ascii: "\""))
    }
    frame.append(literal: "}}")
    return true
  }

  /// Target and body of a REST request, appended to both. The key's name goes into the header `X-MBX-APIKEY` of all
  /// that are not open.
  package mutating func writeREST(
    _ call: inout BinanceCall, access: BinanceAccess, at time: UTCTime,
    signer: borrowing some BinanceSigner & ~Copyable, target: inout ByteBuffer, body: inout ByteBuffer
  ) -> Bool {
    guard !call.endpoint.path.isEmpty else { return false }
    let isSigned = call.endpoint.security == .signed
    if isSigned { addTime(to: &call.parameters, access, time) }
    payload.removeAll()
    call.parameters.write(encodedTo: &payload)
    if isSigned {
      guard sign(signer) else { return false }
      payload.append(literal: "&signature=")
      unsafe signature.withBytes { unsafe payload.append(percentEncoded: $0) }
    }
    target.append(utf8: call.endpoint.path)
    guard !payload.isEmpty else { return true }
    if call.endpoint.method.hasBody {
      unsafe payload.withBytes { unsafe body.append(bytes: $0) }
    } else {
      target.append(UInt8(ascii: "?"))
      unsafe payload.withBytes { unsafe target.append(bytes: $0) }
    }
    return true
  }

  private func addTime(to parameters: inout BinanceParameters, _ access: BinanceAccess, _ time: UTCTime) {
    if access.windowMicroseconds > 0 {
      // Futures take whole milliseconds only; a window that is longer than asked for would move the fence.
      let isSpot = access.product == .spot
      let whole = max(1, access.windowMicroseconds / 1_000)
      parameters.add("recvWindow", isSpot ? .thousandths(access.windowMicroseconds) : .integer(whole))
    }
    parameters.add("timestamp", time.nanoseconds / 1_000_000)
  }

  private mutating func sign(_ signer: borrowing some BinanceSigner & ~Copyable) -> Bool {
    signature.removeAll()
    return unsafe payload.withBytes { bytes in
      unsafe signer.sign(UnsafeRawBufferPointer(bytes), into: &signature)
    }
  }
}

extension BinanceEndpoint {
  fileprivate var isLogOn: Bool { frame == "session.logon" }
}
