/// What a request is about.
package enum RequestClass: String, Sendable, CaseIterable {
  /// New orders and changes of old ones.
  case orders
  case cancels
  /// Whatever changes nothing, also what everybody may see.
  case reads
  case all

  private init(_ operation: Operation?) {
    switch operation {
    case .placeOrder, .cancelReplace, .amendOrder, .placeOCO, .placeOTO, .placeOTOCO, .modifyOrder, .placeBatch,
      .modifyBatch, .placeAlgo:
      self = .orders
    case .cancelOrder, .cancelOpenOrders, .cancelList, .cancelBatch, .cancelAlgo, .cancelAllAlgos: self = .cancels
    default: self = .reads
    }
  }

  /// Whether a request is one of these: `POST /api/v3/order?...`, or the method of a call of the WebSocket API.
  func has(_ call: String, _ product: VenueProduct) -> Bool {
    guard self != .all else { return true }
    let words = call.split(separator: " ", maxSplits: 1)
    let route =
      words.count == 2
      ? Routes.rest(String(words[0]), String(words[1].prefix { $0 != "?" }), product) : Routes.method(call, product)
    return self == RequestClass(route?.operation)
  }
}
