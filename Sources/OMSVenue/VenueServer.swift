package import OMSLib

/// The built-in exchange with the surfaces of Binance Spot and USD-M futures: requests and messages in, answers and
/// events out. No sockets, no clock, no threads: whoever owns it hands in what came and takes what is to be sent.
///
/// What a client asks of an account goes through the exchange's own door, so latency and faults of the door are those
/// of the wire too; what it asks about orders is then read from the exchange's rows.
package struct VenueServer<Recorder: ExchangeRecorder & ~Copyable>: ~Copyable {
  package internal(set) var venue: SimulatedVenue<Recorder>
  package let options: VenueOptions
  let symbols: SymbolTable
  let keys: VenueKeys
  var ledger: OrderLedger
  var rates: RateDesk
  var links: [VenueLink: LinkState] = [:]
  private var output = WaitingLine<VenueOutput>()

  // Requests under way.
  var jobs: [UInt64: Job] = [:]
  var places: [UInt64: (job: UInt64, index: Int)] = [:]
  var nextJob: UInt64 = 1
  var nextRequest: UInt64 = 1
  /// What the door had no room for.
  var backlog: [VenueRequest] = []
  /// Jobs of callers in the order in which their time ends: behind it the caller hears that nothing was heard.
  var deadlines: [(due: EngineTime, job: UInt64)] = []

  var pages: MarketPages
  var streams = MarketStreams()
  var replays: [VenueProduct: MarketReplay] = [:]
  var lists = OrderLists()
  var algos = AlgoDesk()
  var listenKeys = ListenKeys()
  var deadmen: [Deadman] = []
  var troubles = ExchangeTroubles()
  package let wireTroubles: WireTroubles? = WireTroubles()
  /// How long a WebSocket lasts.
  var lifeNanoseconds = VenueServer.standardLife
  /// Accounts whose balances have changed since they were last told, with the assets.
  var touched: [UInt16: Set<UInt16>] = [:]
  /// Of what is drawn: client ids that were not given.
  var random: SplitMix64
  var executionNumber: UInt64 = 0
  /// Of the last turn: what is due is reckoned from there.
  private(set) var turned: ServerTime?

  /// `venue`: opened, with all its accounts, instruments and assets.
  package init(_ venue: consuming SimulatedVenue<Recorder>, options: VenueOptions = VenueOptions()) {
    self.options = options
    rates = RateDesk(factor: options.limitFactor)
    symbols = SymbolTable(venue.exchange)
    let accounts = venue.exchange.customers.map {
      (number: $0, name: venue.exchange.accountName($0).description)
    }
    keys = VenueKeys(accounts: accounts, seed: options.seed)
    ledger = OrderLedger(venue.exchange, symbols)
    random = SplitMix64(seed: options.seed).stream(0x6964_73)
    pages = MarketPages(claims: Self.claims(venue.exchange.options, limitFactor: options.limitFactor))
    pages.look(in: venue.exchange)
    self.venue = venue
    // A request brings its own window with it.
    self.venue.windowNanoseconds = 0
    for number in self.venue.exchange.customers {
      _ = self.venue.register(account: AccountID(number: number), name: self.venue.exchange.accountName(number))
    }
    for symbol in symbols.all {
      _ = self.venue.register(instrument: InstrumentID(number: symbol.number), name: symbol.rules.name)
    }
    for number in self.venue.exchange.assetNumbers {
      _ = self.venue.register(asset: AssetID(number: number), name: self.venue.exchange.assetName(number))
    }
  }

  /// A new exchange of `options`, opened, and the server in front of it.
  package static func open(
    _ options: VenueOptions, recorder: consuming Recorder, at time: ServerTime
  ) -> VenueServer {
    var venue = SimulatedVenue(
      Exchange(options.exchange, startingAt: time.utc), venue: VenueID(number: 1), recorder: recorder, now: time.now,
      utc: time.utc)
    venue.open(options.setup, now: time.now)
    venue.opening = options.setup
    return VenueServer(venue, options: options)
  }

  package var credentials: [VenueCredential] { keys.credentials }

  // MARK: - Output

  package mutating func nextOutput() -> VenueOutput? { output.pop() }

  mutating func put(_ item: VenueOutput) { output.push(item) }
}

extension VenueServer where Recorder: ~Copyable {
  package mutating func accept(_ link: VenueLink, product: VenueProduct, peer: String, at time: ServerTime) {
    links[link] = LinkState(product: product, peer: peer, opened: time.utc)
    if !venue.isUp(at: time.now) || troubles.closesAtOnce { abort(link) }
  }

  package mutating func close(_ link: VenueLink, at time: ServerTime) {
    forget(link)
  }

  private mutating func forget(_ link: VenueLink) {
    links[link] = nil
    streams.close(link, &pages)
  }

  /// A pong of a client, with its payload.
  package mutating func take(pong payload: [UInt8], on link: VenueLink, at time: ServerTime) {
    links[link]?.pinged = nil
    if case .streams = links[link]?.role {
      streams.countFrame(on: link, at: time)
      drainStreams()
    }
  }

  mutating func abort(_ link: VenueLink) {
    guard links[link] != nil else { return }
    forget(link)
    put(.abort(link))
  }

  mutating func closeSocket(_ link: VenueLink, _ code: UInt16) {
    guard links[link] != nil else { return }
    forget(link)
    put(.closeSocket(link, code))
  }

  /// Says to every stream and every WebSocket API connection that the server goes away.
  package mutating func announceShutdown(at time: ServerTime) {
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) where state.isSocket {
      let event = object { writer in
        writer.member("e", "serverShutdown")
        writer.member("E", time.utc, state.face)
      }
      switch state.role {
      case .api: put(.message(link, object { $0.member("event", raw: event) }))
      case .streams where streams.isCombined(link):
        put(.message(link, MarketStreams.wrapped(event, "!serverShutdown")))
      default: put(.message(link, event))
      }
    }
  }

  // MARK: - Time

  /// Lets the exchange run, answers what it has answered, tells what has happened.
  package mutating func turn(at time: ServerTime) {
    turned = time
    submitBacklog(at: time)
    var isBusy = true
    while isBusy {
      isBusy = false
      while let event = venue.poll(now: time.now, utc: time.utc) {
        isBusy = true
        ledger.feed(venue.exchange, symbols)
        take(event, at: time)
      }
      ledger.feed(venue.exchange, symbols)
      // What lists and timers ask for is answered in the same turn where the door has no latency.
      if watchLists(at: time) || fireDeadmen(at: time) { isBusy = true }
      if submitBacklog(at: time) { isBusy = true }
    }
    tellBalances(at: time)
    answerUnanswered(at: time)
    ledger.forgetOld(venue.exchange)
    expireListenKeys(at: time)
    turnStreams(at: time)
    turnReplays(at: time)
    turnTroubles(at: time)
    keepLinks(at: time)
  }

  package var nextDue: EngineTime {
    var due = min(venue.nextDue, deadlines.first?.due ?? .never, deadmen.map(\.due).min() ?? .never)
    due = min(due, troublesDue)
    for state in links.values { due = min(due, state.nextPing, state.ends) }
    if let turned { due = min(due, streams.nextDue(at: turned), replaysDue(at: turned)) }
    return min(due, listenKeys.nextDue)
  }

  private mutating func keepLinks(at time: ServerTime) {
    for (link, state) in links where state.isSocket {
      if time.now >= state.ends {
        closeSocket(link, 1_001)
        continue
      }
      let patience: Int64 = state.product == .spot ? 60_000_000_000 : 600_000_000_000
      if options.hearsPongs, let pinged = state.pinged, time.now >= pinged.advanced(byNanoseconds: patience) {
        closeSocket(link, 1_008)
        continue
      }
      guard time.now >= state.nextPing else { continue }
      links[link]?.nextPing = time.now.advanced(byNanoseconds: Self.pingNanoseconds(state.product))
      if state.pinged == nil { links[link]?.pinged = time.now }
      put(.ping(link, Array("\(time.milliseconds)".utf8)))
    }
  }

  static func pingNanoseconds(_ product: VenueProduct) -> Int64 {
    product == .spot ? 20_000_000_000 : 180_000_000_000
  }

  static var standardLife: Int64 { 86_400_000_000_000 }
}
