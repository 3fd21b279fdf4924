/// One configured exchange of Binance behind a network: orders over the WebSocket API, news of accounts, prices, and what
/// the core asks, for as many accounts as have a key.
///
/// Set up: `init`, then accounts, instruments and assets by `register`, then `submit` and `poll`. It opens its links with
/// the first `poll`. Reads no clock, starts no thread, waits for nothing.
///
/// Owner: the hot thread.
package final class BinanceVenue<Network: WireNetwork & ~Copyable, Keys: BinanceKeys> {
  let settings: BinanceVenueSettings
  package var network: Network
  let keys: Keys
  /// Readable when `poll` may have something; -1 where only time tells.
  package let descriptor: Int32
  let faces: [BinanceFace]
  var events = WaitingLine<VenueEvent>()
  /// By account: it was told that it is up.
  private var areUp: [Bool]

  // Reused from request to request.
  var call = BinanceCall(SpotEndpoint.ping)
  var writer = BinanceWriter()
  var frame = ByteBuffer(capacity: 2_048)
  var body = ByteBuffer(capacity: 1_024)
  var spotUsers = SpotUserReader()
  var usdmUsers = FuturesUserReader()
  /// What is remembered of an account that is none.
  let nobody = BinanceAccountMemory()
  /// Conditional orders of USD-M that another service keeps until they are triggered, by our ids.
  var waiting: Set<Text32> = []
  var jobs = BinanceJobs()
  var facts = BinanceFacts()
  private(set) var assets: [AssetID] = []
  /// Messages that could not be understood; what they are about is asked for.
  package internal(set) var unreadable: UInt64 = 0

  /// `network` is this venue's own. `descriptor`: what becomes readable with it.
  package init(
    _ settings: BinanceVenueSettings, network: consuming Network, descriptor: Int32, keys: Keys, seed: SplitMix64,
    now: EngineTime
  ) {
    self.settings = settings
    self.network = network
    self.descriptor = descriptor
    self.keys = keys
    var faces: [BinanceFace] = []
    for (index, product) in BinanceProduct.allCases.enumerated() {
      guard let own = settings.products[product] else { continue }
      faces.append(BinanceFace(product, own, settings, seed: seed.stream(UInt64(index) + 1), now: now))
    }
    self.faces = faces
    areUp = Array(repeating: false, count: Limits.accountCount + 1)
  }
}

extension BinanceVenue: WireVenue where Network: ~Copyable {
  // MARK: Names

  /// An account without a key for any product is never up.
  package func register(account: AccountID, name: Text64) {
    for face in faces where keys.apiKey(of: account, face.product) != nil { face.register(account: account) }
    facts.asksAt = .zero
  }

  package func register(_ rules: Instrument) {
    face(of: rules)?.register(rules)
    facts.asksAt = .zero
  }

  package func register(asset: AssetID, name: Text32) {
    if !assets.contains(asset) { assets.append(asset) }
    for face in faces { face.names.add(asset: name, asset) }
  }

  private func face(of rules: Instrument) -> BinanceFace? {
    face(rules.instrumentClass == .spot ? .spot : .usdm)
  }

  func face(_ product: BinanceProduct) -> BinanceFace? { faces.first { $0.product == product } }

  /// The face that an instrument is traded at.
  func face(of instrument: InstrumentID) -> BinanceFace? { faces.first { $0.has(instrument) } }

  // MARK: Requests

  package func submit(_ request: VenueRequest, now: EngineTime, utc: UTCTime) -> Bool {
    switch request.kind {
    case .newOrder, .cancelOrder, .amendOrder: return enter(request, now: now, utc: utc)
    case .queryOrder: return ask(request, now: now, utc: utc)
    case nil: return true
    default: return begin(request)
    }
  }

  // MARK: Turns

  package func poll(now: EngineTime, utc: UTCTime) -> VenueEvent? {
    if let event = events.pop() { return event }
    turn(now: now, utc: utc)
    return events.pop()
  }

  private func turn(now: EngineTime, utc: UTCTime) {
    while let news = network.next(now: now) { route(news, now) }
    for face in faces {
      turnOrders(face, now: now, utc: utc)
      turnUser(face, now: now, utc: utc)
      turnMarket(face, now: now, utc: utc)
      turnCalls(face, now: now, utc: utc)
      askTime(face, now: now, utc: utc)
      judgeAll(face)
    }
    turnJobs(now: now, utc: utc)
    turnFacts(now: now, utc: utc)
  }

  private func route(_ news: WireNews, _ now: EngineTime) {
    let wire =
      switch news {
      case .opened(let wire), .readable(let wire), .ended(let wire, _): wire
      }
    for face in faces {
      switch face.line(of: wire) {
      case .orders: face.orders?.take(news, &network, now: now)
      case .user: face.user.take(news, &network, now: now)
      case .rest: face.rest.take(news, &network, now: now)
      case .books, .market:
        for stream in face.streams where stream.socket.owns(wire) { stream.socket.take(news, &network, now: now) }
      case nil: continue
      }
      return
    }
  }

  package var nextDue: EngineTime {
    if !events.isEmpty { return .zero }
    return faces.reduce(min(nextJobDue, facts.asksAt)) { min($0, $1.nextDue) }
  }

  package func serves(_ account: AccountID) -> Bool { faces.contains { $0.seat(of: account) != nil } }

  package func isUp(_ account: AccountID) -> Bool { account.index < areUp.count && areUp[account.index] }

  /// Tells when an account has come up or gone: its orders can be entered and its news heard, on all products that it has
  /// a key for.
  func judge(_ account: AccountID) {
    guard account.index < areUp.count else { return }
    var isUp = false
    for face in faces {
      guard let seat = face.seat(of: account) else { continue }
      isUp = face.isOpen && face.seats[seat].isHeard
      if !isUp { break }
    }
    guard isUp != areUp[account.index] else { return }
    areUp[account.index] = isUp
    var event = VenueEvent(isUp ? .connected : .disconnected)
    event.venue = settings.venue
    event.account = account
    events.push(event)
  }

  /// The face may have opened or closed, which is about all of its accounts.
  private func judgeAll(_ face: BinanceFace) {
    guard face.isOpen != face.wasOpen else { return }
    face.wasOpen = face.isOpen
    for seat in face.seats { judge(seat.account) }
  }

  // MARK: Markets

  package func top(of instrument: InstrumentID) -> TopOfBook {
    face(of: instrument)?.market.top(of: instrument) ?? TopOfBook()
  }

  package func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool { face(of: instrument)?.market.forEachLevel(of: instrument, depth: depth, now: now, body) ?? true }

  package func forEachTrade(
    of instrument: InstrumentID, behind: UInt64, count: Int, _ body: (UInt64, PublicTrade) -> Void
  ) { face(of: instrument)?.market.forEachTrade(of: instrument, behind: behind, count: count, body) }

  package func funding(of instrument: InstrumentID) -> (next: UTCTime, rate: Rate, intervalNanoseconds: Int64)? {
    face(of: instrument)?.market.funding(of: instrument)
  }
}

/// Signs for one account on one product.
struct BinanceSeatSigner<Keys: BinanceKeys>: BinanceSigner {
  let keys: Keys
  let account: AccountID
  let product: BinanceProduct

  func sign(_ payload: UnsafeRawBufferPointer, into signature: inout ByteBuffer) -> Bool {
    unsafe keys.sign(payload, of: account, product, into: &signature)
  }
}
