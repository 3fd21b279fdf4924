/// What stands around a message: the stream's name, or the number of a subscription.
enum BinanceEnvelope {
  /// No message of an account is as long.
  static let limits = JSONLimits(byteCount: 1 << 20, depth: 16, nodeCount: 1 << 16)

  static func event(
    in bytes: [UInt8], limits: JSONLimits = BinanceEnvelope.limits
  ) throws(BinanceProblem) -> (event: JSONValue, subscription: Int64, stream: String?) {
    let document: JSONDocument
    do throws(JSONError) {
      document = try JSONReader.read(bytes, limits: limits)
    } catch {
      throw .notJSON(error)
    }
    let root = document.root
    guard root.isObject else { throw .unknownEvent("") }
    if let event = root["event"], event.isObject {
      guard let number = root["subscriptionId"] else { return (event, -1, nil) }
      guard let subscription = number.integer(as: Int64.self), subscription >= 0 else {
        throw .member("subscriptionId")
      }
      return (event, subscription, nil)
    }
    if let data = root["data"], data.isObject, let stream = root["stream"]?.string { return (data, -1, stream) }
    return (root, -1, nil)
  }
}
