package import OMSLib

/// What the streams want done.
package enum MarketOutput: Equatable, Sendable {
  case message(VenueLink, [UInt8])
  /// With a code of the WebSocket.
  case close(VenueLink, code: UInt16, reason: String)
}

/// The market streams of all connections.
///
/// Nothing is computed for one connection: each stream makes its message once, and its readers get the same bytes. Who
/// reads slower than the market writes is cut off; it can take a snapshot when it comes back.
package struct MarketStreams {
  package static let streamsPerLink = 1_024
  /// Messages, pings and pongs of one connection in one second.
  package static func messagesPerSecond(_ product: VenueProduct) -> Int { product == .spot ? 5 : 10 }
  /// Bytes that may wait for one connection: some seconds of a thousand busy streams.
  package static let waitingMax = 8 << 20

  private struct Link {
    let product: VenueProduct
    let scope: StreamScope
    let unit: TimeUnit
    var isCombined: Bool
    var names: [String] = []
    var second: Int64 = 0
    var messages = 0
    /// Bytes in `outputs`, and those that the connection has not taken.
    var queued = 0
    var backlog = 0
    var isClosing = false
  }

  /// What one message is made for.
  struct FeedKey: Hashable {
    var product: VenueProduct
    var stream: StreamName
    var unit: TimeUnit
  }

  struct Reader: Equatable {
    var link: VenueLink
    /// How that connection calls the stream.
    var name: String
  }

  struct Feed {
    let key: FeedKey
    /// 0: of all instruments, or of one that does not exist.
    let number: UInt16
    var readers: [Reader] = []
    /// Start of the candle that was told last.
    var candle: Int64?
    /// Update of the best prices that was told last, by instrument.
    var tops: [UInt16: UInt64] = [:]
  }

  private var links: [VenueLink: Link] = [:]
  private var outputs = WaitingLine<MarketOutput>()
  /// In the order in which they came to be.
  var feeds: [Feed] = []
  /// The last slot of each period (in milliseconds) that was worked off.
  var slots: [Int64: Int64] = [:]
  var liquidations: [UInt16: Liquidation] = [:]
  /// Products whose streams tell a recording instead of the exchange.
  package var replayed: Set<VenueProduct> = []

  package init() {}

  package var linkCount: Int { links.count }

  // MARK: - Connections

  /// A connection that asked for streams, with those that its address names.
  package mutating func open(
    _ link: VenueLink, _ target: StreamTarget, _ product: VenueProduct, _ pages: inout MarketPages,
    in exchange: borrowing Exchange, at now: ServerTime
  ) throws(VenueError) {
    guard target.names.count <= Self.streamsPerLink else {
      throw VenueError(-1130, "A connection carries at most \(Self.streamsPerLink) streams.")
    }
    links[link] = Link(
      product: product, scope: target.scope, unit: target.unit, isCombined: target.isCombined)
    // Names that are none are passed over: clients open `/ws/0` and subscribe then.
    let names = target.names.filter { target.scope == .accounts || StreamName($0, product) != nil }
    subscribe(link, names, &pages, in: exchange, at: now)
  }

  package mutating func close(_ link: VenueLink, _ pages: inout MarketPages) {
    guard let gone = links.removeValue(forKey: link) else { return }
    for name in gone.names { leave(link, gone, name, &pages) }
  }

  /// Streams that a connection is subscribed to, in the order of its asking; keys of accounts on a connection of
  /// theirs.
  package func subscriptions(of link: VenueLink) -> [String] { links[link]?.names ?? [] }

  package func isCombined(_ link: VenueLink) -> Bool { links[link]?.isCombined ?? false }

  /// How much the connection has not taken of what was handed out for it.
  package mutating func noteBacklog(of link: VenueLink, bytes: Int) {
    guard links[link] != nil else { return }
    links[link]?.backlog = max(bytes, 0)
    checkWaiting(link)
  }

  /// Counts something that came from a client: messages count themselves, pings and pongs are told. `false`: it was one
  /// too many, and the connection is told to be closed.
  @discardableResult
  package mutating func countFrame(on link: VenueLink, at now: ServerTime) -> Bool {
    guard let state = links[link], !state.isClosing else { return false }
    let second = now.now.nanoseconds / 1_000_000_000
    let count = state.second == second ? state.messages + 1 : 1
    links[link]?.second = second
    links[link]?.messages = count
    guard count > Self.messagesPerSecond(state.product) else { return true }
    cut(link, reason: "Too many requests")
    return false
  }

  /// A message of a client.
  package mutating func take(
    _ message: [UInt8], on link: VenueLink, _ pages: inout MarketPages, in exchange: borrowing Exchange,
    at now: ServerTime
  ) {
    guard countFrame(on: link, at: now) else { return }
    do throws(StreamCommand.Fault) {
      let command = try StreamCommand(message)
      send(try obey(command, link, &pages, in: exchange, at: now), to: link)
    } catch {
      send(StreamCommand.answer(error), to: link)
    }
  }

  private mutating func obey(
    _ command: StreamCommand, _ link: VenueLink, _ pages: inout MarketPages, in exchange: borrowing Exchange,
    at now: ServerTime
  ) throws(StreamCommand.Fault) -> [UInt8] {
    guard let state = links[link] else { return [] }
    switch command.method {
    case .subscribe:
      let names = try command.names()
      for name in names where state.scope != .accounts && StreamName(name, state.product) == nil {
        throw .request("invalid stream", command.id)
      }
      guard Set(state.names).union(names).count <= Self.streamsPerLink else {
        throw .request("a connection carries at most \(Self.streamsPerLink) streams", command.id)
      }
      subscribe(link, names, &pages, in: exchange, at: now)
      return StreamCommand.answer(command.id) { $0.null() }
    case .unsubscribe:
      for name in try command.names() {
        guard let place = links[link]?.names.firstIndex(of: name) else { continue }
        links[link]?.names.remove(at: place)
        leave(link, state, name, &pages)
      }
      return StreamCommand.answer(command.id) { $0.null() }
    case .list:
      guard command.parameters.isEmpty else { throw .request("too many parameters", command.id) }
      return StreamCommand.answer(command.id) { json in
        json.beginArray()
        for name in state.names { json.string(name) }
        json.endArray()
      }
    case .setProperty:
      try checkProperty(command, count: 2)
      guard let isCombined = command.parameters[1].bool else {
        throw StreamCommand.Fault(code: 1, message: "Invalid value type: expected Boolean", id: command.id)
      }
      links[link]?.isCombined = isCombined
      return StreamCommand.answer(command.id) { $0.null() }
    case .getProperty:
      try checkProperty(command, count: 1)
      return StreamCommand.answer(command.id) { $0.bool(state.isCombined) }
    }
  }

  private func checkProperty(_ command: StreamCommand, count: Int) throws(StreamCommand.Fault) {
    guard command.parameters.count <= count else { throw .request("too many parameters", command.id) }
    guard let name = command.parameters.first?.string else {
      throw .request("property name must be a string", command.id)
    }
    guard name == "combined" else { throw StreamCommand.Fault(code: 0, message: "Unknown property", id: command.id) }
    guard command.parameters.count == count else {
      throw StreamCommand.Fault(code: 1, message: "Invalid value type: expected Boolean", id: command.id)
    }
  }

  // MARK: - Subscriptions

  private mutating func subscribe(
    _ link: VenueLink, _ names: [String], _ pages: inout MarketPages, in exchange: borrowing Exchange,
    at now: ServerTime
  ) {
    guard let state = links[link] else { return }
    pages.look(in: exchange)
    var known = Set(state.names)
    for name in names where known.insert(name).inserted {
      links[link]?.names.append(name)
      guard let stream = StreamName(name, state.product), state.scope.carries(stream.kind) else { continue }
      let symbol = pages.symbols.first { $0.product == state.product && $0.lowerName == stream.symbol }
      // What nobody trades here costs nothing but its name; a recording may be of anything.
      let isTold = symbol != nil || stream.symbol == nil || replayed.contains(state.product)
      guard isTold && stream.kind != .silent else { continue }
      let key = FeedKey(product: state.product, stream: stream, unit: state.unit)
      let reader = Reader(link: link, name: name)
      if let place = feeds.firstIndex(where: { $0.key == key }) {
        feeds[place].readers.append(reader)
        continue
      }
      var feed = Feed(key: key, number: symbol?.number ?? 0)
      feed.readers.append(reader)
      if let symbol, case .depth(let speed) = stream.kind {
        pages.books[Int(symbol.number) - 1].look(in: exchange)
        pages.books[Int(symbol.number) - 1].follow(speed: speed)
      }
      let period = Self.period(of: key)
      if period > 0 && slots[period] == nil { slots[period] = now.milliseconds / period }
      feeds.append(feed)
    }
  }

  private mutating func leave(_ link: VenueLink, _ state: Link, _ name: String, _ pages: inout MarketPages) {
    guard let stream = StreamName(name, state.product) else { return }
    let key = FeedKey(product: state.product, stream: stream, unit: state.unit)
    guard let place = feeds.firstIndex(where: { $0.key == key }) else { return }
    feeds[place].readers.removeAll { $0 == Reader(link: link, name: name) }
    guard feeds[place].readers.isEmpty else { return }
    let gone = feeds.remove(at: place)
    if case .depth(let speed) = stream.kind, gone.number != 0,
      !feeds.contains(where: { $0.number == gone.number && $0.key.stream.kind == stream.kind })
    {
      pages.books[Int(gone.number) - 1].unfollow(speed: speed)
    }
    let period = Self.period(of: key)
    if !feeds.contains(where: { Self.period(of: $0.key) == period }) { slots[period] = nil }
  }

  // MARK: - Output

  package mutating func nextOutput() -> MarketOutput? {
    while let output = outputs.pop() {
      guard case .message(let link, let bytes) = output else { return output }
      // What waits for a connection that is gone or given up goes nowhere.
      guard let state = links[link], !state.isClosing else { continue }
      links[link]?.queued -= bytes.count
      return output
    }
    return nil
  }

  /// Sends a message of a stream to those who read it.
  mutating func tell(_ payload: [UInt8], _ readers: [Reader]) {
    for reader in readers {
      guard let state = links[reader.link], !state.isClosing else { continue }
      send(state.isCombined ? Self.wrapped(payload, reader.name) : payload, to: reader.link)
    }
  }

  /// Sends a recorded message to those who read its stream. Differences of a book are told at every speed as they were
  /// recorded.
  package mutating func tellRecorded(_ name: String, _ payload: [UInt8], _ product: VenueProduct) {
    guard let at = name.firstIndex(of: "@") else { return }
    let (symbol, rest) = (String(name[..<at]), name[name.index(after: at)...])
    let isDepth = rest == "depth" || rest.hasPrefix("depth@")
    let stream = StreamName(name, product)
    for feed in feeds where feed.key.product == product {
      if isDepth {
        guard case .depth = feed.key.stream.kind, feed.key.stream.symbol == symbol else { continue }
      } else {
        guard feed.key.stream == stream else { continue }
      }
      tell(payload, feed.readers)
    }
  }

  /// `{"stream":...,"data":...}`: also for what accounts are told on a connection of theirs.
  package static func wrapped(_ payload: [UInt8], _ name: String) -> [UInt8] {
    var json = JSONWriter(capacity: payload.count + 64)
    json.beginObject()
    json.member("stream", name)
    json.member("data", raw: payload)
    json.endObject()
    return json.bytes
  }

  private mutating func send(_ bytes: [UInt8], to link: VenueLink) {
    guard let state = links[link], !state.isClosing else { return }
    outputs.push(.message(link, bytes))
    links[link]?.queued += bytes.count
    checkWaiting(link)
  }

  private mutating func checkWaiting(_ link: VenueLink) {
    guard let state = links[link], !state.isClosing, state.queued + state.backlog > Self.waitingMax else { return }
    cut(link, reason: "The connection does not take what it asked for")
  }

  private mutating func cut(_ link: VenueLink, reason: String) {
    links[link]?.isClosing = true
    outputs.push(.close(link, code: 1_008, reason: reason))
  }
}
