/// Order slots, lists of open orders, the end of an order.
extension Exchange {
  /// A free slot; the oldest finished order makes room when there is none. 0: every slot is an open order.
  mutating func takeSlot() -> UInt32 {
    if freeSlot != 0 {
      let slot = freeSlot
      freeSlot = orders[Int(slot)].next
      return slot
    }
    if Int(usedSlots) < orders.count - 1 {
      usedSlots += 1
      return usedSlots
    }
    let slot = doneFirst
    guard slot != 0 else { return 0 }
    doneFirst = orders[Int(slot)].next
    if doneFirst == 0 { doneLast = 0 }
    index.remove(slot, orders)
    return slot
  }

  /// Enters a new order and lists it with its account.
  mutating func open(_ order: ExchangeOrder, at slot: UInt32) {
    precondition(slot != 0 && memory.orders[Int(slot)].isResting == 0, "a slot serves one order")
    orderNumber += 1
    orders[Int(slot)] = order
    orders[Int(slot)].number = orderNumber
    orders[Int(slot)].created = time.nanoseconds
    orders[Int(slot)].updated = time.nanoseconds
    let account = Int(order.account)
    guard accounts[account].isCustomer else { return }
    let last = accounts[account].lastOrder
    orders[Int(slot)].previous = last
    if last == 0 { accounts[account].firstOrder = slot } else { orders[Int(last)].next = slot }
    accounts[account].lastOrder = slot
    accounts[account].openOrders += 1
    holdings[holdingIndex(of: order)].openOrders += 1
    if order.flags.contains(.reduceOnly) {
      holdings[holdingIndex(of: order)].reduceOnlyOrders += 1
    }
    if order.expires != 0 { nextExpiry = min(nextExpiry, order.expires) }
    index.insert(slot, orders)
  }

  /// Ends an open order that is in no book any more: money back, out of the lists, kept for questions.
  mutating func close(_ slot: UInt32, _ state: ExchangeOrder.State) {
    let order = orders[Int(slot)]
    precondition(order.isOpen && memory.orders[Int(slot)].isResting == 0, "an order ends once, outside the book")
    if order.state == .waiting { unlistWaiting(slot) }
    unlock(slot)
    orders[Int(slot)].stateRaw = state.rawValue
    orders[Int(slot)].updated = time.nanoseconds
    guard accounts[Int(order.account)].isCustomer else {
      orders[Int(slot)] = ExchangeOrder()
      orders[Int(slot)].next = freeSlot
      freeSlot = slot
      return
    }
    unlistOpen(slot)
    orders[Int(slot)].next = 0
    orders[Int(slot)].previous = 0
    if doneLast == 0 { doneFirst = slot } else { orders[Int(doneLast)].next = slot }
    doneLast = slot
  }

  private mutating func unlistOpen(_ slot: UInt32) {
    let order = orders[Int(slot)]
    let account = Int(order.account)
    if order.previous == 0 {
      accounts[account].firstOrder = order.next
    } else {
      orders[Int(order.previous)].next = order.next
    }
    if order.next == 0 {
      accounts[account].lastOrder = order.previous
    } else {
      orders[Int(order.next)].previous = order.previous
    }
    accounts[account].openOrders -= 1
    holdings[holdingIndex(of: order)].openOrders -= 1
    if order.flags.contains(.reduceOnly) {
      holdings[holdingIndex(of: order)].reduceOnlyOrders -= 1
    }
  }

  /// Takes an order out wherever it is and tells its owner.
  mutating func end(_ slot: UInt32, _ state: ExchangeOrder.State, why: VenueEvent.EndReason, requestID: UInt64 = 0) {
    let order = orders[Int(slot)]
    if memory.orders[Int(slot)].isResting == 1 { takeOut(slot) }
    var event = event(state == .cancelled ? .cancelled : .expired, slot)
    event.requestID = requestID
    event.statusRaw = why.rawValue
    let isCustomer = accounts[Int(order.account)].isCustomer
    orders[Int(slot)].endReasonRaw = why.rawValue
    close(slot, state)
    if isCustomer { emit(event) }
  }

  /// Removes a resting order from its book.
  mutating func takeOut(_ slot: UInt32) {
    let instrument = Int(orders[Int(slot)].instrument)
    let open = books[instrument].remove(slot, memory: &memory, output: &facts)
    precondition(open == orders[Int(slot)].remaining, "book and ledger know the same open quantity")
    markets[instrument].bookSequence += 1
    while facts.pop() != nil {}
  }

  /// Calls `body` with every open order of an account, oldest first. `body` may end the order it is given.
  mutating func forEachOpenOrder(of account: UInt16, _ body: (inout Exchange, UInt32) -> Void) {
    var slot = accounts[Int(account)].firstOrder
    while slot != 0 {
      let next = orders[Int(slot)].next
      body(&self, slot)
      slot = next
    }
  }

  mutating func cancel(_ request: VenueRequest) {
    let slot = findOrder(request)
    guard slot != 0, orders[Int(slot)].isOpen else { return refuse(request, .unknownOrder) }
    end(slot, .cancelled, why: .asked, requestID: request.requestID)
  }

  /// By our wire id if there is one, else by the exchange's number. 0: not known.
  func findOrder(_ request: VenueRequest) -> UInt32 {
    if !request.wireID.isEmpty { return index.find(request.account.number, request.wireID, orders) }
    var slot = accounts[Int(request.account.number)].firstOrder
    while slot != 0 && orders[Int(slot)].number != request.venueOrder.low { slot = orders[Int(slot)].next }
    return slot
  }

  mutating func armDeadman(_ request: VenueRequest) {
    let account = Int(request.account.number)
    let armed = request.signBy != .never
    accounts[account].deadman = armed ? request.signBy.nanoseconds : 0
    if armed { nextDeadman = min(nextDeadman, request.signBy.nanoseconds) }
    var event = VenueEvent(.accepted)
    event.requestID = request.requestID
    event.account = request.account
    emit(event)
  }
}
