/// What a stream of user data brought.
package enum FuturesUserNews: Sendable {
  case order(BinanceOrderNews)
  case algo(FuturesAlgoNews)
  /// A fill as it is told first, without its fee: the whole one follows, so this one moves no money.
  case early(BinanceOrderNews)
  /// In the core's words: balances, positions, funding, margin calls.
  case account([VenueEvent])
  case leverage(InstrumentID, UInt16)
  case multiAssets(Bool)
  /// The listen key has run out: the stream is dead.
  case keyExpired
  case shutdown
  case answer(BinanceAnswer)
  /// Well-formed and of no interest.
  case other(String)
}

/// Reads messages of USD-M's user data and WebSocket API. Updates of orders of usual shape are read straight from their
/// bytes.
package struct FuturesUserReader: ~Copyable {
  package private(set) var counts = BinanceReadCounts()

  package init() {}

  /// `stream` of the result: the listen key where messages name theirs.
  package mutating func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ names: borrowing BinanceNames, _ account: AccountID,
    _ memory: borrowing BinanceAccountMemory
  ) throws(BinanceProblem) -> (stream: String?, news: FuturesUserNews) {
    if let news = unsafe FuturesOrderScan.read(bytes, names) {
      counts.fast += 1
      return (nil, .order(news))
    }
    counts.full += 1
    do throws(BinanceProblem) {
      return try Self.readFully(unsafe Array(bytes), names, account, memory)
    } catch {
      counts.refused += 1
      throw error
    }
  }

  /// The full reader alone.
  package static func readFully(
    _ bytes: [UInt8], _ names: borrowing BinanceNames, _ account: AccountID, _ memory: borrowing BinanceAccountMemory
  ) throws(BinanceProblem) -> (stream: String?, news: FuturesUserNews) {
    let (event, _, stream) = try BinanceEnvelope.event(in: bytes)
    guard let kind = event["e"]?.string else {
      guard let answer = BinanceAnswer(event) else { throw .unknownEvent("") }
      return (stream, .answer(answer))
    }
    // Contracts of the other kind share the stream, and are none of ours.
    if event["st"]?.integer(as: Int64.self) ?? 1 != 1 { return (stream, .other(kind)) }
    switch kind {
    case "ORDER_TRADE_UPDATE": return (stream, .order(try FuturesOrderReader.read(event, names)))
    case "TRADE_LITE": return (stream, .early(try FuturesTradeLite.read(event, names)))
    case "ALGO_UPDATE": return (stream, .algo(try FuturesAlgoNews(event, names)))
    case "ACCOUNT_UPDATE":
      return (stream, .account(try FuturesAccountReader.update(event, account, memory, names)))
    case "MARGIN_CALL": return (stream, .account(try FuturesAccountReader.marginCall(event, account, names)))
    case "ACCOUNT_CONFIG_UPDATE": return (stream, try configuration(event, names))
    case "listenKeyExpired": return (stream, .keyExpired)
    case "serverShutdown": return (stream, .shutdown)
    default: return (stream, .other(kind))
    }
  }

  private static func configuration(
    _ event: JSONValue, _ names: borrowing BinanceNames
  ) throws(BinanceProblem) -> FuturesUserNews {
    if let change = event["ac"] {
      let symbol = try change.symbol("s", names)
      guard let leverage = change["l"]?.integer(as: UInt16.self), leverage > 0 else { throw .member("l") }
      return .leverage(symbol.instrument, leverage)
    }
    guard let change = event["ai"] else { throw .member("ac") }
    return .multiAssets(try change.flag("j"))
  }
}

enum FuturesTradeLite {
  static func read(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) -> BinanceOrderNews {
    var news = BinanceOrderNews(.usdm)
    let symbol = try event.symbol("s", names)
    news.take(symbol)
    news.execution = .trade
    news.client = try event.clientID("c")
    news.side = try event.side("S")
    news.quantity = try event.mantissa("q", scale: symbol.quantityScale)
    news.price = try event.mantissa("p", scale: symbol.priceScale)
    news.lastQuantity = try event.mantissa("l", scale: symbol.quantityScale)
    news.lastPrice = try event.mantissa("L", scale: symbol.priceScale)
    news.isMaker = try event.flag("m")
    news.trade = try event.reference("t")
    news.order = try event.reference("i")
    news.time = try event.time("T")
    news.isForced = FuturesEnd.isForced(news.client)
    return news
  }
}

/// `ALGO_UPDATE`: what the algo service did with a conditional order.
package struct FuturesAlgoNews: Equatable, Sendable {
  package var status: BinanceAlgoStatus
  package var type: BinanceOrderType
  package var client: Text64
  package var algo: VenueReference
  /// The engine's order, once there is one: the link between both.
  package var engine = VenueReference.none
  package var instrument: InstrumentID
  package var venue: VenueID
  package var side: Side
  package var positionSide: PositionSide
  package var quantity: Int64
  package var price: Int64
  package var filled: Int64
  package var time: UTCTime
  /// Why it was refused when it triggered.
  package var reason: String

  init(_ event: JSONValue, _ names: borrowing BinanceNames) throws(BinanceProblem) {
    guard let order = event["o"], order.isObject else { throw .member("o") }
    let symbol = try order.symbol("s", names)
    instrument = symbol.instrument
    venue = symbol.venue
    client = try order.clientID("caid")
    algo = try order.reference("aid")
    status = BinanceAlgoStatus(word: try order.word("X"))
    type = BinanceOrderType(word: try order.word("o"))
    side = try order.side("S")
    positionSide = try order.positionSide("ps")
    // Of an order that closes a whole position there is none.
    quantity = try order.mantissa("q", scale: symbol.quantityScale, or: 0)
    price = try order.mantissa("p", scale: symbol.priceScale, or: 0)
    filled = try order.mantissa("aq", scale: symbol.quantityScale, or: 0)
    time = try event.time("T")
    reason = order["rm"]?.string ?? ""
    if let text = order["ai"]?.string, !text.isEmpty {
      guard let number = UInt64(text) else { throw .member("ai") }
      engine = VenueReference(number)
    }
  }

  /// In the core's words. What the engine did is told by the engine's own updates.
  package func event(of account: AccountID) -> VenueEvent? {
    switch status {
    case .new: return event(.accepted, account)
    case .triggering: return nil
    case .triggered: return event(.triggered, account)
    case .cancelled: return event(.cancelled, account)
    case .expired:
      var event = event(.expired, account)
      event.statusRaw = VenueEvent.EndReason.asked.rawValue
      return event
    case .rejected:
      var event = event(.rejected, account)
      event.remedyRaw = VenueEvent.Remedy.refused.rawValue
      event.code = -2010
      return event
    case .finished:
      var event = event(.orderReport, account)
      guard let reported = status.reported(filled: filled, of: quantity) else { return nil }
      event.statusRaw = reported.rawValue
      return event
    case .unknown: return event(.outcomeUnknown, account)
    }
  }

  private func event(_ kind: VenueEvent.Kind, _ account: AccountID) -> VenueEvent {
    var event = VenueEvent(kind)
    event.wireID = client.wireID(algo)
    event.venueOrder = engine.isNone ? algo : engine
    event.account = account
    event.instrument = instrument
    event.venue = venue
    event.sideRaw = side.rawValue
    event.positionSideRaw = positionSide.rawValue
    event.price = price
    event.quantity = quantity
    event.cumulative = filled
    event.orderKindRaw = (type.kind(.usdm) ?? .stopMarket).rawValue
    event.venueTime = time
    return event
  }
}
