import OMSLib

/// Ending and changing futures orders.
extension VenueServer where Recorder: ~Copyable {
  private static var cancelBatchMax: Int { 10 }
  private static var nothingToModify: VenueError { VenueError(-5027, "No need to modify the order.") }

  mutating func cancelFuturesOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let record = try plainRecord(parameters, caller, try symbol(parameters), Self.unknownOrder)
    cancel(record, record.clientID, for: caller, at: time) { server, error, time in
      if let error { return server.answer(caller, .failure(error), at: time) }
      let body = FuturesJSON.order(server.view(of: record), caller.face, isAnswer: true)
      server.answer(caller, .success(body), at: time)
    }
  }

  /// An order that the matching engine has; one that waits for its trigger belongs to another address.
  mutating func plainRecord(
    _ parameters: Parameters, _ caller: Caller, _ symbol: VenueSymbol, _ absent: VenueError
  ) throws(VenueError) -> OrderRecord {
    let record = try record(parameters, caller, symbol, absent: absent)
    guard record.algoID == 0 || record.working != nil else { throw absent }
    return record
  }

  mutating func cancelFuturesBatch(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    // Some clients write these two names in small letters.
    let names = ["orderIdList", "orderidlist", "origClientOrderIdList", "origclientorderidlist"]
    let name = names.first { parameters.has($0) } ?? "orderIdList"
    let text = try parameters.required(name)
    guard let document = try? JSONReader.read(text), document.root.isArray else { throw Parameters.invalid(name) }
    let ids = document.root.elements.map { $0.string ?? String(decoding: $0.source, as: UTF8.self) }
    guard !ids.isEmpty, ids.count <= Self.cancelBatchMax else { throw Parameters.invalid(name) }
    var rows: [[UInt8]?] = []
    var records: [OrderRecord] = []
    for id in ids {
      let found =
        names.prefix(2).contains(name)
        ? UInt64(id).flatMap { ledger.record($0, of: caller.account, symbol) }
        : ledger.record(id, of: caller.account, symbol)
      guard let found, found.algoID == 0 || found.working != nil else {
        rows.append(Self.unknownOrder.body)
        continue
      }
      records.append(found)
      rows.append(nil)
    }
    let (answers, asked) = (rows, records)
    run(asked.map { $0.request(.cancelOrder) }, for: caller, at: time) { server, outcomes, time in
      var results: [[UInt8]] = []
      for (record, outcome) in zip(asked, outcomes) {
        if let refusal = outcome.refusal {
          results.append(server.error(of: refusal, .usdm, .cancel).body)
        } else {
          results.append(FuturesJSON.order(server.view(of: record), caller.face, isAnswer: true))
        }
      }
      server.answer(caller, .success(Self.merged(answers, results)), at: time)
    }
  }

  /// Orders that work, without those that wait for a trigger.
  mutating func openOrders(of account: UInt16, _ symbol: VenueSymbol?) -> [OrderRecord] {
    openRecords(of: account, .usdm, symbol).filter { $0.algoID == 0 || $0.working != nil }
  }

  mutating func cancelAllFutures(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let open = openOrders(of: caller.account, try symbol(parameters))
    let body = Self.done("The operation of cancel all open order is done.")
    guard !open.isEmpty else { return ask(for: caller, at: time) { $0.answer(caller, .success(body), at: $1) } }
    run(open.map { $0.request(.cancelOrder) }, for: caller, at: time) { server, outcomes, time in
      if open.count == outcomes.filter({ $0.refusal?.remedy == .key }).count {
        return server.answer(caller, .failure(Self.badKey), at: time)
      }
      server.answer(caller, .success(body), at: time)
    }
  }

  static func done(_ text: String) -> [UInt8] {
    object { writer in
      writer.member("code", 200)
      writer.member("msg", text)
    }
  }

  // MARK: - Modifying

  private struct Change {
    var record: OrderRecord
    var quantity: Int64
    var price: Int64
    var modifyID: String?
  }

  mutating func modifyFuturesOrder(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let change = try readChange(parameters, caller)
    try countOrders(1, &caller, at: time)
    let last = caller
    modify(change, last, at: time) { server, result, time in server.answer(last, result, at: time) }
  }

  mutating func modifyBatch(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    var caller = caller
    let batch = try readBatch(parameters, "batchOrders")
    try countOrders(batch.count, &caller, at: time)
    caller.counted = []
    modifyNext(batch[...], [], caller, at: time)
  }

  private mutating func modifyNext(
    _ rest: ArraySlice<Parameters>, _ answers: [[UInt8]], _ caller: Caller, at time: ServerTime
  ) {
    guard let parameters = rest.first else { return answer(caller, .success(array(answers)), at: time) }
    do throws(VenueError) {
      modify(try readChange(parameters, caller), caller, at: time) { server, result, time in
        let body =
          switch result {
          case .success(let body): body
          case .failure(let error): error.body
          }
        server.modifyNext(rest.dropFirst(), answers + [body], caller, at: time)
      }
    } catch {
      modifyNext(rest.dropFirst(), answers + [error.body], caller, at: time)
    }
  }

  private mutating func readChange(_ parameters: Parameters, _ caller: Caller) throws(VenueError) -> Change {
    let symbol = try symbol(parameters)
    let record = try plainRecord(parameters, caller, symbol, Self.absentOrder)
    guard try readSide(parameters, "side") == record.side else { throw Parameters.invalid("side") }
    guard record.type == "LIMIT" else { throw VenueError(-5025, "Only limit order is supported.") }
    if try parameters.flag("reduceOnly") == true, !record.isReduceOnly {
      throw VenueError(-5047, "ReduceOnly is not valid for this order.")
    }
    let view = view(of: record)
    guard view.isOpen else { throw Self.absentOrder }
    let quantity = try futuresQuantity(parameters, "quantity", symbol, isMarket: false)
    var asked = record
    asked.priceMatch = try parameters.text("priceMatch") ?? "NONE"
    let price =
      asked.priceMatch == "NONE" ? try futuresPrice(parameters, "price", symbol) : try matchedPrice(asked)
    guard quantity != view.quantity || price != view.price else { throw Self.nothingToModify }
    return Change(record: record, quantity: quantity, price: price, modifyID: try parameters.text("modifyId"))
  }

  private mutating func modify(
    _ change: Change, _ caller: Caller, at time: ServerTime,
    then: @escaping (inout VenueServer, Result<[UInt8], VenueError>, ServerTime) -> Void
  ) {
    let (record, face) = (change.record, caller.face)
    let filled = view(of: record).filled
    // What is asked for has been filled already: the rest goes.
    if filled > 0 && change.quantity <= filled { return cancelInstead(record, caller, at: time, then: then) }
    var request = record.request(.amendOrder)
    (request.quantity, request.price) = (change.quantity, change.price)
    ledger.update(record.key) { $0.modifyID = change.modifyID }
    run([request], for: caller, at: time) { server, outcomes, time in
      if let refusal = outcomes[0].refusal {
        if ExchangeRefusal(rawValue: refusal.code) == .wouldTake {
          return server.cancelInstead(record, caller, at: time, then: then)
        }
        let error = server.error(of: refusal, .usdm, .amend)
        return then(&server, .failure(error.code == -2011 ? Self.absentOrder : error), time)
      }
      server.ledger.update(record.key) { order in
        (order.price, order.quantity) = (change.price, change.quantity)
        order.amendments.append(
          OrderRecord.Amendment(
            time: time.utc, execution: 0, from: record.quantity, to: change.quantity, oldID: order.clientID,
            newID: order.clientID))
      }
      then(&server, .success(FuturesJSON.order(server.view(of: record), face, isAnswer: true)), time)
    }
  }

  private mutating func cancelInstead(
    _ record: OrderRecord, _ caller: Caller, at time: ServerTime,
    then: @escaping (inout VenueServer, Result<[UInt8], VenueError>, ServerTime) -> Void
  ) {
    cancel(record, record.clientID, for: caller, at: time) { server, error, time in
      if let error { return then(&server, .failure(error), time) }
      then(&server, .success(FuturesJSON.order(server.view(of: record), caller.face, isAnswer: true)), time)
    }
  }

  mutating func queryModifications(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    let symbol = try symbol(parameters)
    let limit = try parameters.limit(50, most: 100)
    let record = try record(parameters, caller, symbol, absent: Self.absentOrder)
    ask(for: caller, at: time) { server, time in
      let changes = server.ledger.record(record.key)?.amendments ?? []
      let rows = changes.suffix(limit).enumerated().map { index, change in
        object { writer in
          writer.member("amendmentId", index + 1)
          writer.member("symbol", symbol.name)
          writer.member("pair", symbol.name)
          writer.member("orderId", record.orderID)
          writer.member("clientOrderId", record.clientID)
          writer.member("time", change.time, caller.face)
          writer.name("amendment")
          writer.beginObject()
          writer.name("origQty")
          writer.beginObject()
          writer.member("before", symbol.quantity(change.from))
          writer.member("after", symbol.quantity(change.to))
          writer.endObject()
          writer.member("count", index + 1)
          writer.endObject()
        }
      }
      server.answer(caller, .success(array(rows)), at: time)
    }
  }
}
