/// Changing an order in place.
extension Exchange {
  /// New values of price, stop price and total quantity; 0 keeps the old one. Only a smaller quantity keeps the place in
  /// the queue.
  mutating func amend(_ request: VenueRequest) {
    if let refusal = countRequest(request) { return refuse(request, refusal.0, retryAfter: refusal.1) }
    let slot = findOrder(request)
    guard slot != 0, orders[Int(slot)].isOpen else { return refuse(request, .unknownOrder) }
    let old = orders[Int(slot)]
    var new = old
    if request.quantity != 0 { new.quantity = request.quantity }
    if request.price != 0 && old.kind.hasLimitPrice { new.price = request.price }
    if request.stopPrice != 0 && old.kind.isConditional { new.stopPrice = request.stopPrice }
    if let refusal = amendRefusal(slot, old, new) { return refuse(request, refusal) }
    let isResting = memory.orders[Int(slot)].isResting == 1
    if isResting && new.price == old.price && new.quantity < old.quantity {
      return shrink(slot, by: old.quantity - new.quantity, requestID: request.requestID)
    }
    guard isResting else { return changeWaiting(slot, new, request.requestID) }
    if new.price == old.price && new.quantity == old.quantity { return tellAmended(slot, request.requestID) }
    takeOut(slot)
    unlock(slot)
    orders[Int(slot)].price = new.price
    orders[Int(slot)].quantity = new.quantity
    orders[Int(slot)].updated = time.nanoseconds
    if new.display > new.quantity { orders[Int(slot)].display = new.quantity }
    tellAmended(slot, request.requestID)
    execute(slot, fillMax: Self.fillMax)
  }

  private mutating func amendRefusal(
    _ slot: UInt32, _ old: ExchangeOrder, _ new: ExchangeOrder
  ) -> ExchangeRefusal? {
    let rules = markets[Int(old.instrument)].rules
    guard rules.isTrading == 1 else { return .closed }
    guard new.quantity > old.filled else { return .filterQuantity }
    if let refusal = quantityRefusal(of: new, rules) { return refusal }
    if let refusal = priceRefusal(of: new, rules) { return refusal }
    if old.state == .waiting && markets[Int(old.instrument)].last != 0 && new.stopPrice != old.stopPrice
      && old.kind != .trailingStop && hasFired(new, at: markets[Int(old.instrument)].last)
    {
      return .wouldTrigger
    }
    if old.flags.contains(.postOnly) && new.price != old.price && wouldTake(new) { return .wouldTake }
    // Judged as if the old order were gone; its lock comes back whatever the verdict.
    unlock(slot)
    defer { relock(slot) }
    return fundsRefusal(of: new)
  }

  private mutating func changeWaiting(_ slot: UInt32, _ new: ExchangeOrder, _ requestID: UInt64) {
    unlistWaiting(slot)
    unlock(slot)
    orders[Int(slot)].price = new.price
    orders[Int(slot)].stopPrice = new.stopPrice
    orders[Int(slot)].quantity = new.quantity
    orders[Int(slot)].updated = time.nanoseconds
    listWaiting(slot)
    lock(slot)
    tellAmended(slot, requestID)
  }

  private mutating func tellAmended(_ slot: UInt32, _ requestID: UInt64) {
    var event = event(.amended, slot)
    event.requestID = requestID
    emit(event)
  }
}
