/// What a connection of the WebSocket API brought: news of one of its accounts, or an answer.
package enum SpotUserNews: Sendable {
  case order(BinanceOrderNews)
  /// In the core's words: balances.
  case balances([VenueEvent])
  case list
  /// No more news of this subscription.
  case ended
  /// The server goes away: connect anew at once.
  case shutdown
  case answer(BinanceAnswer)
  /// Well-formed and of no interest.
  case other(String)
}

/// Reads messages of spot's WebSocket API. Reports of orders of usual shape are read straight from their bytes.
package struct SpotUserReader: ~Copyable {
  package private(set) var counts = BinanceReadCounts()

  package init() {}

  /// `subscription` of the result: whose news it is; -1 where none is named.
  package mutating func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ names: borrowing BinanceNames,
    _ memoryOf: (Int64) -> (account: AccountID, memory: BinanceAccountMemory)?
  ) throws(BinanceProblem) -> (subscription: Int64, news: SpotUserNews) {
    if let found = unsafe SpotOrderScan.read(bytes, names) {
      counts.fast += 1
      return (found.subscription, .order(found.news))
    }
    counts.full += 1
    do throws(BinanceProblem) {
      return try Self.readFully(unsafe Array(bytes), names, memoryOf)
    } catch {
      counts.refused += 1
      throw error
    }
  }

  /// The full reader alone.
  package static func readFully(
    _ bytes: [UInt8], _ names: borrowing BinanceNames,
    _ memoryOf: (Int64) -> (account: AccountID, memory: BinanceAccountMemory)?
  ) throws(BinanceProblem) -> (subscription: Int64, news: SpotUserNews) {
    let (event, subscription, _) = try BinanceEnvelope.event(in: bytes)
    guard let kind = event["e"]?.string else {
      guard let answer = BinanceAnswer(event) else { throw .unknownEvent("") }
      return (-1, .answer(answer))
    }
    switch kind {
    case "executionReport": return (subscription, .order(try SpotOrderReader.read(event, names)))
    case "outboundAccountPosition", "balanceUpdate":
      guard let (account, memory) = memoryOf(subscription) else { throw .member("subscriptionId") }
      let events =
        kind == "balanceUpdate"
        ? try SpotAccountReader.change(event, account, memory, names)
        : try SpotAccountReader.balances(event, account, names)
      return (subscription, .balances(events))
    case "listStatus": return (subscription, .list)
    case "eventStreamTerminated": return (subscription, .ended)
    case "serverShutdown": return (subscription, .shutdown)
    default: return (subscription, .other(kind))
    }
  }
}

/// Balances of spot.
package enum SpotAccountReader {
  /// `outboundAccountPosition`: the assets that may have changed. Those that are not configured are left out.
  static func balances(
    _ event: JSONValue, _ account: AccountID, _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> [VenueEvent] {
    guard let rows = event["B"], rows.isArray else { throw .member("B") }
    let time = try event.time("E")
    var events: [VenueEvent] = []
    for row in rows.elements {
      guard let asset = names.asset(try row.word("a")) else { continue }
      var balance = try balance(row, "f", "l", asset, account)
      balance.venueTime = time
      events.append(balance)
    }
    return events
  }

  /// `balanceUpdate`: money that came or went without a trade. The balance itself comes in another message.
  static func change(
    _ event: JSONValue, _ account: AccountID, _ memory: borrowing BinanceAccountMemory,
    _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> [VenueEvent] {
    guard let asset = names.asset(try event.word("a")) else { return [] }
    var balance = VenueEvent(.balance)
    balance.account = account
    balance.asset = asset
    balance.walletRaw = Wallet.spot.rawValue
    (balance.amount, balance.locked) = memory.balance(asset)
    balance.fee = try event.money("d")
    balance.isForced = 1
    balance.venueTime = try event.time("T")
    return [balance]
  }

  /// The answer to a question about the account: all its balances.
  package static func account(
    _ body: JSONValue, to request: VenueRequest, _ reading: borrowing BinanceReading, _ emit: (VenueEvent) -> Void
  ) throws(BinanceProblem) {
    guard let rows = body["balances"], rows.isArray else { throw .member("balances") }
    for row in rows.elements {
      guard let asset = reading.names.asset(try row.word("asset")) else { continue }
      var balance = try balance(row, "free", "locked", asset, reading.account)
      balance.requestID = request.requestID
      balance.isReplay = 1
      emit(balance)
    }
  }

  private static func balance(
    _ row: JSONValue, _ free: String, _ locked: String, _ asset: AssetID, _ account: AccountID
  ) throws(BinanceProblem) -> VenueEvent {
    var balance = VenueEvent(.balance)
    balance.account = account
    balance.asset = asset
    balance.walletRaw = Wallet.spot.rawValue
    balance.locked = try row.money(locked)
    guard let total = try row.money(free).adding(balance.locked) else { throw .number(free) }
    balance.amount = total
    return balance
  }
}
