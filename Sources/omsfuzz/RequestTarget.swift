import OMSLib

/// Any bytes as a line of the control socket, or of a batch: decoded or refused by name, never a trap.
enum RequestTarget {
  static func readLine(_ line: [UInt8]) {
    let number = Request.number(ofBroken: line)
    do throws(RequestError) {
      let request = try Request(line: line)
      precondition(request.number == number, "the number of a good line is found either way")
      check(request)
    } catch {
      precondition(error.exit == 2 && error.code.hasPrefix("usage."), "a bad line is a usage error")
      precondition(error.sent == "no", "nothing was sent")
    }
  }

  /// The first byte chooses the kind of batch. What a line of a batch becomes, the engine can read.
  static func readBatch(_ input: [UInt8]) {
    guard let first = input.first else { return }
    var defaults = BatchLine.Defaults()
    defaults.isCancelling = first & 1 != 0
    defaults.isDryRun = first & 2 != 0
    let line = BatchLine(Array(input.dropFirst()), defaults)
    switch line.work {
    case .request(let draft):
      precondition(draft.operation == line.operation, "it asks for what it says")
      let sent = draft.line(number: 7)
      precondition(sent.last == UInt8(ascii: "\n") && !sent.dropLast().contains(UInt8(ascii: "\n")), "one line")
      precondition(Request.number(ofBroken: sent.dropLast()) == 7, "the engine can read what is sent")
      readLine(sent.dropLast())
    case .refused(let error): precondition(!error.message.isEmpty, "a refusal says what is wrong")
    case .pause(let milliseconds): precondition(milliseconds >= 0, "no pause runs backwards")
    case .barrier, .nothing: break
    }
  }

  private static func check(_ request: Request) {
    guard case .order(let order) = request.operation else { return }
    precondition(!request.isRead, "an order is no read")
    precondition((order.quantity == nil) != (order.quote == nil), "an order has one amount")
    precondition(order.isMarket || order.limit != nil || order.stop != nil || order.trail != nil, "and a kind")
    if let id = order.id { precondition(id.utf8.count <= 64 && !id.isEmpty, "an id has 1 to 64 bytes") }
  }
}
