import OMSLib

/// Requests: the same endpoint and the same parameters, and a signature over our own bytes.
struct VectorRequests {
  private let product: BinanceProduct
  private let root: JSONValue
  private let signer: VectorSigner
  private let key: Text64
  private let time: UTCTime
  private let btc: Instrument
  private let eth: Instrument

  /// Neither is said to agree: they follow from the clock, or are a choice of the client.
  private static let ignored = ["signature", "timestamp", "recvWindow", "newOrderRespType"]

  init(_ root: JSONValue, _ product: BinanceProduct) throws {
    self.product = product
    self.root = root
    guard let secret = root["credentials"]?["secret"]?.string, let key = root["credentials"]?["apiKey"]?.string,
      let text = Text64(key), let clock = root["clockMs"]?.integer(as: Int64.self)
    else { throw VectorError(message: "requests without credentials or clock") }
    signer = VectorSigner(secret: secret)
    self.key = text
    time = UTCTime(nanoseconds: clock * 1_000_000)
    // As the tables these vectors were made with have them.
    let isSpot = product == .spot
    btc = VectorMarket.instrument("BTCUSDT", prices: isSpot ? 2 : 1, quantities: isSpot ? 5 : 3)
    eth = VectorMarket.instrument("ETHUSDT", prices: 2, quantities: isSpot ? 4 : 3)
  }

  func run() throws -> VectorCount {
    var count = VectorCount()
    for entry in vectorCases(root) {
      let name = "\(entry["id"]?.string ?? "?") \(entry["method"]?.string ?? "?")"
      count.add(try outcome(of: entry), name)
    }
    return count
  }

  private func outcome(of entry: JSONValue) throws -> VectorOutcome {
    guard let url = entry["url"]?.string, let method = entry["httpMethod"]?.string, let input = entry["input"] else {
      return .failed("no url, httpMethod or input")
    }
    let wanted = VectorURL(url, body: entry["body"]?.string ?? "")
    guard !wanted.path.hasPrefix("/sapi/") else { return .skipped("wallet endpoints belong to another codec") }
    var call = BinanceCall(SpotEndpoint.ping)
    let mapper = VectorMapper(product: product, btc: btc, eth: eth)
    switch mapper.map(entry["method"]?.string ?? "", input.elements, method, wanted.path, into: &call) {
    case .skip(let reason): return .skipped(reason)
    case .refused(let error): return .failed("cannot be said: \(error)")
    case .made: break
    }
    return try compare(&call, method, wanted, input)
  }

  private func compare(
    _ call: inout BinanceCall, _ method: String, _ wanted: VectorURL, _ input: JSONValue
  ) throws -> VectorOutcome {
    guard call.endpoint.method.rawValue == method, call.endpoint.path == wanted.path else {
      return .failed("\(call.endpoint.method.rawValue) \(call.endpoint.path) instead of \(method) \(wanted.path)")
    }
    var writer = BinanceWriter()
    var access = BinanceAccess(apiKey: key, product: product)
    access.windowMicroseconds = 10_000_000
    var target = ByteBuffer()
    var body = ByteBuffer()
    _ = writer.writeREST(&call, access: access, at: time, signer: signer, target: &target, body: &body)
    let ours = VectorURL("https://host" + target.text, body: body.text)
    if let difference = difference(ours.parameters, wanted.parameters, input, call.endpoint) {
      return .failed(difference)
    }
    guard wanted.parameters["signature"] != nil else {
      return ours.parameters["signature"] == nil ? .passed : .failed("signed, which it need not be")
    }
    for text in [wanted.payload, ours.payload] where !signer.verifies(text) {
      return .failed("the signature is not that of \(text)")
    }
    return .passed
  }

  private func difference(
    _ ours: [String: String], _ wanted: [String: String], _ input: JSONValue, _ endpoint: BinanceEndpoint
  ) -> String? {
    let said = input.elements.flatMap { $0.members.map(\.name) }
    for (name, value) in wanted.sorted(by: { $0.key < $1.key }) where !Self.ignored.contains(name) {
      // The algo service finds an order by its number alone.
      if name == "symbol", endpoint == FuturesEndpoint.cancelAlgo || endpoint == FuturesEndpoint.algoOrder { continue }
      guard let mine = ours[name] else { return "\(name)=\(value) is missing" }
      guard !isSame(mine, value) else { continue }
      if name.lowercased().contains("client"), !said.contains(name) { continue }
      return "\(name)=\(mine) instead of \(value)"
    }
    for (name, value) in ours.sorted(by: { $0.key < $1.key }) where wanted[name] == nil && !Self.ignored.contains(name)
    {
      // Always said, since defaults differ between endpoints.
      if name == "selfTradePreventionMode", value == "NONE" { continue }
      if name == "timeInForce", value == "GTC", endpoint == FuturesEndpoint.placeAlgo { continue }
      if name.lowercased().contains("client"), !said.contains(name) { continue }
      return "\(name)=\(value) is too much"
    }
    return nil
  }

  private func isSame(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    guard let a = Decimal(wire: a), let b = Decimal(wire: b) else { return false }
    return a == b
  }
}

/// HMAC-SHA256 with a key that was made up for vectors.
struct VectorSigner: BinanceSigner {
  let secret: String

  func sign(_ payload: UnsafeRawBufferPointer, into signature: inout ByteBuffer) -> Bool {
    let block = Array(secret.utf8) + [UInt8](repeating: 0, count: max(0, 64 - secret.utf8.count))
    precondition(block.count == 64, "a key of vectors is at most one block long")
    var inner = SHA256()
    inner.add(block.map { $0 ^ 0x36 })
    unsafe inner.add(payload)
    var outer = SHA256()
    outer.add(block.map { $0 ^ 0x5C })
    unsafe inner.digest().withBytes { unsafe outer.add($0) }
    signature.append(utf8: outer.digest().hex)
    return true
  }

  /// Whether the last parameter is the signature of all before it.
  func verifies(_ payload: String) -> Bool {
    let parts = payload.split(separator: "&").map(String.init)
    guard let last = parts.last, last.hasPrefix("signature=") else { return false }
    let signed = Array(parts.dropLast().joined(separator: "&").utf8)
    var signature = ByteBuffer()
    unsafe signed.withUnsafeBytes { _ = unsafe sign($0, into: &signature) }
    return last.dropFirst("signature=".utf8.count) == signature.text
  }
}

/// A request as it stands on the wire, taken apart.
struct VectorURL {
  let path: String
  /// Query or body, as it was sent.
  let payload: String
  private(set) var parameters: [String: String] = [:]

  init(_ url: String, body: String) {
    let rest = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
    let place = rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
    let halves = place.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = halves.first.map(String.init) ?? ""
    payload = (halves.count > 1 ? String(halves[1]) : "") + body
    for pair in payload.split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      parameters[String(sides[0])] = sides.count > 1 ? Self.decoded(sides[1]) : ""
    }
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Instruments and names as vectors need them.
enum VectorMarket {
  static func instrument(_ native: String, prices: UInt8, quantities: UInt8, number: UInt16 = 1) -> Instrument {
    var instrument = Instrument()
    instrument.native = Text32(native) ?? Text32()
    instrument.id = InstrumentID(number: number)
    instrument.venue = VenueID(number: 1)
    instrument.priceScale = prices
    instrument.quantityScale = quantities
    instrument.tick = 1
    instrument.lot = 1
    return instrument
  }
}
