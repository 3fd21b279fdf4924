/// The answer to one request, over either transport.
package struct BinanceAnswer: Sendable {
  /// The request's number over the WebSocket API; `nil`: it belongs to none that was asked.
  package var id: UInt64?
  /// Of HTTP; the WebSocket API repeats it.
  package var status: Int
  package var result: JSONValue?
  /// What went wrong: the body of an error.
  package var error: JSONValue?
  package var usages: [BinanceUsage] = []

  /// A body of REST; one that is no JSON is an error without a code.
  package init(status: Int, body: [UInt8]) {
    self.status = status
    guard let root = try? JSONReader.read(body, limits: BinanceAnswer.limits).root else { return }
    if (200..<300).contains(status) { result = root } else { error = root }
  }

  /// A message of the WebSocket API that answers; `nil` for news.
  init?(_ root: JSONValue) {
    guard let number = root["id"], let status = root["status"]?.integer(as: Int.self) else { return nil }
    id = number.integer(as: UInt64.self)
    self.status = status
    result = root["result"]
    error = root["error"]
    usages = root["rateLimits"]?.elements.compactMap { BinanceUsage($0) } ?? []
  }

  /// `exchangeInfo` is the longest by far.
  package static let limits = JSONLimits(byteCount: 32 << 20, depth: 16, nodeCount: 1 << 22)

  package var isGood: Bool { (200..<300).contains(status) && result != nil && error == nil }

  /// Its verdict when it is not good.
  package func verdict(_ product: BinanceProduct, retryAfterSeconds: Int64 = 0, now: UTCTime) -> BinanceVerdict {
    var context = BinanceErrorContext(product, status: status, now: now)
    context.retryAfterSeconds = retryAfterSeconds
    let data = error?["data"]
    context.retryAt = data?["retryAfter"]?.integer(as: Int64.self) ?? 0
    if let time = data?["serverTime"]?.integer(as: Int64.self).flatMap({ UTCTime(milliseconds: $0) }) {
      context.now = time
    }
    let code = error?["code"]?.integer(as: Int32.self) ?? 0
    return BinanceVerdict(code: code, text: error?["msg"]?.string ?? "", context)
  }
}

/// Whom an answer or a message is about, and how its names are read.
package struct BinanceReading: Sendable {
  package var product: BinanceProduct
  package var account: AccountID
  package var names: BinanceNames

  package init(_ product: BinanceProduct, _ account: AccountID, _ names: BinanceNames) {
    self.product = product
    self.account = account
    self.names = names
  }
}
