/// Any bytes as a line of the control socket: decoded or refused by name, never a trap, and the same way twice.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let line = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let number = Request.number(ofBroken: line)
  do throws(RequestError) {
    let request = try Request(line: line)
    precondition(request.number == number, "the number of a good line is found either way")
    check(request)
  } catch {
    precondition(error.exit == 2 && error.code.hasPrefix("usage."), "a bad line is a usage error")
    precondition(error.sent == "no", "nothing was sent")
  }
  return 0
}

private func check(_ request: Request) {
  guard case .order(let order) = request.operation else { return }
  precondition(!request.isRead, "an order is no read")
  precondition((order.quantity == nil) != (order.quote == nil), "an order has one amount")
  precondition(order.isMarket || order.limit != nil || order.stop != nil || order.trail != nil, "and a kind")
  if let id = order.id { precondition(id.utf8.count <= 64 && !id.isEmpty, "an id has 1 to 64 bytes") }
}
