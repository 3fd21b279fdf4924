import OMSLib

/// Faults of requests and of answers.
extension VenueServer where Recorder: ~Copyable {
  /// What a request meets before it is carried out.
  mutating func meet(
    _ operation: Operation, _ parameters: inout Parameters, _ caller: inout Caller, at time: ServerTime
  ) throws(VenueError) {
    caller.operation = operation
    switch operation {
    case .placeOrder, .placeAlgo:
      if ExchangeTroubles.take(&troubles.strayOrders) {
        caller.account = keys.credentials.map(\.account).first { $0 != caller.account } ?? caller.account
      }
      if parameters.has("price"), ExchangeTroubles.take(&troubles.shiftedOrders) { try shift(&parameters) }
    case .cancelOrder: try fillFirst(parameters, caller, at: time)
    default: break
    }
  }

  private func shift(_ parameters: inout Parameters) throws(VenueError) {
    let symbol = try symbol(parameters)
    let scale = Int(symbol.rules.priceScale)
    guard let price = try parameters.requiredDecimal("price").exactMantissa(scale: scale),
      let shifted = Int64(exactly: price + Int128(max(symbol.rules.tick, 1)))
    else { return }
    parameters.query.set("price", symbol.price(shifted))
  }

  /// The order trades while its cancel is on the way.
  private mutating func fillFirst(_ parameters: Parameters, _ caller: Caller, at time: ServerTime) throws(VenueError) {
    guard let race = troubles.race else { return }
    let record = try record(parameters, caller, try symbol(parameters), absent: Self.unknownOrder)
    let view = view(of: record)
    guard view.isOpen, record.number != 0 else { return }
    troubles.race = race.left > 1 ? (race.percent, race.left - 1) : nil
    let lot = max(record.symbol.rules.lot, 1)
    let part = Int64((Int128(view.quantity - view.filled) * Int128(race.percent) / 100) / Int128(lot)) * lot
    _ = fill(record, max(part, lot), at: time)
  }

  /// Whoever asks while the exchange takes no requests, or not from here, hears that.
  func refuseIfAway(at time: ServerTime) throws(VenueError) {
    if time.utc < troubles.banEnd {
      throw VenueError(
        -1003,
        "Way too much request weight used; IP banned until \(troubles.banEnd.nanoseconds / 1_000_000). Please use "
          + "WebSocket Streams for live updates to avoid bans.", status: 418, until: troubles.banEnd)
    }
    if troubles.isUnderUpkeep { throw VenueError(-1016, "This service is no longer available.", status: 503) }
  }

  // MARK: - Answers

  /// What faults make of an answer. `true`: it waits for another one.
  mutating func isKept(
    _ caller: inout Caller, _ operation: Operation, _ result: inout Result<[UInt8], VenueError>, _ data: [UInt8]?,
    at time: ServerTime
  ) -> Bool {
    change(&result, operation, at: time)
    return caller.isSocket && waits(&caller, result, data, at: time)
  }

  /// Two answers of one connection go out under each other's id: the first waits for the second.
  private mutating func waits(
    _ caller: inout Caller, _ result: Result<[UInt8], VenueError>, _ data: [UInt8]?, at time: ServerTime
  ) -> Bool {
    guard var first = troubles.waitingAnswers.removeValue(forKey: caller.link) else {
      guard ExchangeTroubles.take(&troubles.swappedAnswers) else { return false }
      troubles.waitingAnswers[caller.link] = ExchangeTroubles.WaitingAnswer(
        caller: caller, result: result, data: data, until: time.now.advanced(byNanoseconds: Self.waitNanoseconds))
      return true
    }
    (first.caller.form, caller.form) = (caller.form, first.caller.form)
    speak(to: first.caller, first.result, at: time, data: first.data)
    return false
  }

  /// A cancel of everything says that it is done, and leaves an order where it is.
  mutating func spare(_ requests: [VenueRequest], of caller: Caller?) -> ([VenueRequest], spared: [Outcome]) {
    guard let operation = caller?.operation, operation == .cancelOpenOrders || operation == .cancelAllAlgos,
      let last = requests.last, ExchangeTroubles.take(&troubles.survivors)
    else { return (requests, []) }
    troubles.hasSpared = true
    return (requests.dropLast(), [.done(VenueEvent(.cancelled, to: last))])
  }

  /// What waits for a second one of its kind waits so long.
  static var waitNanoseconds: Int64 { 1_000_000_000 }

  private mutating func change(
    _ result: inout Result<[UInt8], VenueError>, _ operation: Operation, at time: ServerTime
  ) {
    guard troubles.changesAnswers, case .success(let body) = result, let document = try? JSONReader.read(body) else {
      return
    }
    let root = document.root
    switch operation {
    case .queryOrder, .openOrder, .queryAlgo:
      if isYoung(root, at: time) { result = .failure(Self.absentOrder) }
    case .cancelOpenOrders:
      // The words of one that was left would tell on it.
      guard troubles.hasSpared else { return }
      troubles.hasSpared = false
      result = .success(JSONChange.replacing(["status": Array(#""CANCELED""#.utf8)], in: root))
    case .openOrders, .allOrders, .openAlgos, .allAlgos, .trades:
      result = .success(JSONChange.filtering(root) { !isYoung($0, at: time) })
    case .placeBatch, .modifyBatch, .cancelBatch: result = .success(changeBatch(root))
    case .account, .accountInformation, .accountOld, .balances, .balanceOld:
      if ExchangeTroubles.take(&troubles.emptyBalances) {
        result = .success(JSONChange.replacing(Self.zeros, in: root))
      } else {
        hidePositions(&result, root)
      }
    case .positions, .positionsOld: hidePositions(&result, root)
    default: break
    }
  }

  private static var zeros: [String: [UInt8]] {
    let names = [
      "free", "locked", "balance", "availableBalance", "walletBalance", "marginBalance", "crossWalletBalance",
      "maxWithdrawAmount", "totalWalletBalance", "totalMarginBalance", "totalCrossWalletBalance",
    ]
    return Dictionary(uniqueKeysWithValues: names.map { ($0, Array(#""0.00000000""#.utf8)) })
  }

  /// Too new to be seen by who asks.
  private func isYoung(_ order: JSONValue, at time: ServerTime) -> Bool {
    guard troubles.queryLag > 0, let text = (order["time"] ?? order["createTime"])?.numberText,
      let number = Int64(text)
    else { return false }
    return time.utc.nanoseconds - Parameters.time(number).nanoseconds < troubles.queryLag
  }

  private mutating func changeBatch(_ rows: JSONValue) -> [UInt8] {
    var answers = rows.elements.map { Array($0.source) }
    if answers.count > 1, ExchangeTroubles.take(&troubles.turnedBatches) { answers.reverse() }
    if ExchangeTroubles.take(&troubles.shortBatches) { answers.removeLast() }
    return array(answers)
  }

  private func hidePositions(_ result: inout Result<[UInt8], VenueError>, _ root: JSONValue) {
    let hidden = troubles.hiddenPositions
    guard !hidden.isEmpty else { return }
    result = .success(
      JSONChange.filtering(member: "positions", of: root) { !hidden.contains($0["symbol"]?.string ?? "") })
  }
}
