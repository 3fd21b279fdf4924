import OMSLib

/// The times and signatures of requests.
enum Authentication {
  private static let windowDefault = Decimal(5_000)
  private static let windowMax = Decimal(60_000)
  /// How far a client's clock may be ahead.
  private static let aheadNanoseconds: Int64 = 1_000_000_000

  /// The bytes that a REST signature is made over: query string and body as they were sent, put together without
  /// anything between, less the signature wherever it stands.
  static func payload(query: String, body: [UInt8]) -> [UInt8] {
    withoutSignature(Array(query.utf8)) + withoutSignature(body)
  }

  private static func withoutSignature(_ text: [UInt8]) -> [UInt8] {
    let name = Array("signature=".utf8)
    let parts = text.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    return Array(parts.filter { !$0.starts(with: name) }.joined(separator: [UInt8(ascii: "&")]))
  }

  /// Of the WebSocket API: all parameters but the signature, sorted by name, as they were written.
  static func payload(of parameters: [(name: String, value: String)]) -> [UInt8] {
    let sorted = parameters.filter { $0.name != "signature" }
      .sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    return Array(sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&").utf8)
  }

  /// Whether a request comes at its time: less than a second early, no later than its window, which ends at `fence`.
  ///
  /// Returns how many nanoseconds of the window are left.
  static func checkTime(
    _ parameters: Parameters, at time: UTCTime, fence: Int64?
  ) throws(VenueError) -> Int64 {
    let timestamp = try parameters.requiredInteger("timestamp")
    guard timestamp >= 0 else { throw Parameters.illegal("timestamp", "^[0-9]{1,20}$") }
    let window = min(try windowNanoseconds(parameters), fence ?? .max)
    let sent = Parameters.time(timestamp)
    guard sent.nanoseconds < time.nanoseconds + aheadNanoseconds else {
      throw VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    }
    guard time.nanoseconds - sent.nanoseconds <= window else {
      throw VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")
    }
    return window - (time.nanoseconds - sent.nanoseconds)
  }

  /// Milliseconds with up to three decimals.
  private static func windowNanoseconds(_ parameters: Parameters) throws(VenueError) -> Int64 {
    let window = try parameters.decimal("recvWindow") ?? windowDefault
    guard let microseconds = window.exactMantissa(scale: 3) else {
      throw VenueError(-1111, "Parameter 'recvWindow' has too much precision.")
    }
    guard microseconds <= windowMax.exactMantissa(scale: 3) ?? 0 else {
      throw VenueError(-1131, "recvWindow must be less than 60000.")
    }
    return Int64(microseconds) * 1_000
  }
}

extension VenueServer where Recorder: ~Copyable {
  /// The account that a key speaks for.
  func account(of key: String?) throws(VenueError) -> UInt16 {
    guard let key, !key.isEmpty, VenueKeys.isWellFormed(key) else {
      throw VenueError(-2014, "API-key format invalid.", status: 401)
    }
    guard let account = keys.account(of: key), !troubles.lockedAccounts.contains(account) else { throw Self.badKey }
    return account
  }

  /// Takes down whose key signed a request, when, and until when the request may reach the exchange.
  func identify(
    _ caller: inout Caller, by key: String?, _ parameters: Parameters, _ payload: [UInt8], at time: ServerTime
  ) throws(VenueError) {
    caller.account = try account(of: key)
    let left = try Authentication.checkTime(parameters, at: time.utc, fence: options.fenceNanoseconds)
    let signature = try parameters.required("signature")
    guard keys.isValid(signature, of: payload, by: key ?? "") else {
      throw VenueError(-1022, "Signature for this request is not valid.")
    }
    caller.signed = Parameters.time(try parameters.requiredInteger("timestamp"))
    caller.latest = time.now.advanced(byNanoseconds: left)
  }
}
