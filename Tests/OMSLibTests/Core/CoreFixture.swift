@testable import OMSLib

/// A small core with one venue, a spot pair, a perpetual and two funded accounts, driven by hand.
final class CoreFixture {
  var core: Core
  var output = StepOutput()
  var now: Int64 = 1_000_000_000
  var lsn: UInt64 = 0
  var token: UInt64 = 0
  private(set) var trade: UInt64 = 100
  /// Number of the newest question about an order.
  private(set) var question: UInt64 = 0

  static let usdt = AssetID(number: 1)
  static let btc = AssetID(number: 2)
  static let venue = VenueID(number: 1)
  static let spot = InstrumentID(number: 1)
  static let perp = InstrumentID(number: 2)
  static let main = AccountID(number: 1)
  static let sub = AccountID(number: 2)
  static let strategy = StrategyID(number: 1)
  static let fence: Int64 = 20_000_000
  static let visibility: Int64 = 50_000_000

  init(
    features: VenueFeatures = [.stop, .takeProfit, .trailing, .iceberg, .goodTillDate, .postOnly, .reduceOnly, .amend],
    capacity: CoreCapacity = .small
  ) {
    core = Core(capacity: capacity)
    var asset = DefineAssetInput()
    asset.name = fixed("USDT")
    asset.id = Self.usdt
    asset.isReport = 1
    step(.defineAsset, asset)
    asset.name = fixed("BTC")
    asset.id = Self.btc
    asset.isReport = 0
    step(.defineAsset, asset)
    var venue = DefineVenueInput()
    venue.name = fixed("sim")
    venue.id = Self.venue
    venue.fenceNanoseconds = Self.fence
    venue.visibilityNanoseconds = Self.visibility
    step(.defineVenue, venue)
    step(.defineInstrument, instrument(Self.spot, .spot, features))
    step(.defineInstrument, instrument(Self.perp, .perp, features))
    var strategy = DefineStrategyInput()
    strategy.id = Self.strategy
    strategy.name = fixed("trend")
    step(.defineStrategy, strategy)
    defineAccount(Self.main, "sim.main", .main)
    defineAccount(Self.sub, "sim.sub01", .sub)
    restart(epoch: 1)
    for account in [Self.main, Self.sub] { open(account) }
    quote(Self.spot, bid: 6_000_000, ask: 6_000_100)
    quote(Self.perp, bid: 6_000_000, ask: 6_000_100)
  }

  /// Another core with the same rows, at the same time.
  init(copyOf other: CoreFixture) {
    core = Core(capacity: other.core.state.capacity)
    for section in other.core.state.sections { precondition(core.load(section), "rows of the same build load") }
    core.finishLoading(digest: other.core.state.digest)
    now = other.now
    lsn = other.lsn
    token = other.token
    trade = other.trade
  }

  func defineAccount(_ id: AccountID, _ name: String, _ type: AccountType, mode: Mode = .paper) {
    var account = DefineAccountInput()
    account.id = id
    account.name = fixed(name)
    account.venue = Self.venue
    account.typeRaw = type.rawValue
    account.modeRaw = mode.rawValue
    step(.defineAccount, account)
  }

  private func instrument(_ id: InstrumentID, _ kind: InstrumentClass, _ features: VenueFeatures) -> Instrument {
    var rules = Instrument()
    rules.name = fixed(kind == .spot ? "BTC-USDT" : "BTC-USDT-PERP")
    rules.native = fixed("BTCUSDT")
    rules.id = id
    rules.venue = Self.venue
    rules.base = Self.btc
    rules.quote = Self.usdt
    rules.settle = Self.usdt
    rules.classRaw = kind.rawValue
    rules.priceScale = 2
    rules.quantityScale = 5
    rules.tick = 1
    rules.lot = 1
    rules.minQuantity = 1
    rules.maxQuantity = 900_000_000
    rules.minNotional = Money(5)
    rules.taker = Rate(e8: 100_000)
    rules.maker = Rate(e8: 100_000)
    rules.maxLeverage = 20
    rules.isTrading = 1
    rules.featuresRaw = features.rawValue
    return rules
  }

  func restart(epoch: UInt32, losing: Bool = false) {
    var start = StartInput()
    start.epoch = epoch
    start.mayHaveLost = losing ? 1 : 0
    start.tag = fixed("a1b2c")
    step(.start, start)
    while core.hasUnfinishedWork { step(.proceed, EmptyInput()) }
  }

  /// Answers a reconcile with what an account of the fixture has.
  func open(_ account: AccountID) {
    var input = ReconcileInput()
    input.account = account
    step(.reconcile, input)
    let queries = requests
    for (asset, wallet, amount) in [
      (Self.usdt, Wallet.spot, 100_000), (Self.btc, .spot, 1), (Self.usdt, .futures, 100_000),
    ] {
      balance(account, asset, wallet, Money(Int64(amount)))
    }
    end(queries)
  }

  /// All that was asked for has come, up to `trade`.
  func end(_ queries: [VenueRequest], trade: UInt64 = 0) {
    for query in queries {
      var end = VenueEvent(.reportEnd)
      end.account = query.account
      end.requestID = query.requestID
      end.trade = VenueReference(trade)
      step(.venueEvent, end)
    }
  }

  /// From now on the venue takes that many orders of an account in ten seconds.
  func limitOrders(_ count: UInt32) {
    var venue = DefineVenueInput()
    venue.name = fixed("sim")
    venue.id = Self.venue
    venue.ordersPerTenSeconds = count
    step(.defineVenue, venue)
  }

  /// The venue shows a limit order of the main account.
  func report(
    _ wire: Text32, _ status: VenueEvent.ReportedStatus, _ side: Side = .buy, _ shape: (inout VenueEvent) -> Void
  ) {
    var event = VenueEvent(.orderReport)
    event.wireID = wire
    event.account = Self.main
    event.instrument = Self.spot
    event.venue = Self.venue
    event.sideRaw = side.rawValue
    event.orderKindRaw = OrderKind.limit.rawValue
    event.statusRaw = status.rawValue
    event.requestID = question
    shape(&event)
    step(.venueEvent, event)
  }

  func balance(_ account: AccountID, _ asset: AssetID, _ wallet: Wallet, _ amount: Money, replay: Bool = true) {
    var event = VenueEvent(.balance)
    event.account = account
    event.asset = asset
    event.walletRaw = wallet.rawValue
    event.amount = amount
    event.isReplay = replay ? 1 : 0
    step(.venueEvent, event)
  }

  // MARK: Steps

  func step<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body, after nanoseconds: Int64 = 1_000) {
    now += nanoseconds
    lsn += 1
    output.clear()
    withUnsafeBytes(of: body) { bytes in
      let room = UnsafeMutableRawPointer.allocate(byteCount: 4_096, alignment: 64)
      defer { room.deallocate() }
      room.initializeMemory(as: UInt8.self, repeating: 0, count: 4_096)
      room.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(room), byteCount: bytes.count)
      core.step(type, room, at: stamp, into: &output)
    }
    if let asked = requests.last(where: { $0.kind == .queryOrder }) { question = asked.requestID }
  }

  var stamp: StepStamp {
    StepStamp(
      time: EngineTime(nanoseconds: now), utc: UTCTime(nanoseconds: 1_790_000_000_000_000_000 + now), lsn: lsn)
  }

  func wait(_ nanoseconds: Int64) {
    now += nanoseconds
    while core.nextDue.nanoseconds <= now { step(.timer, EmptyInput()) }
  }

  func quote(_ instrument: InstrumentID, bid: Int64, ask: Int64) {
    var mark = MarkInput()
    mark.instrument = instrument
    mark.market = market(bid: bid, ask: ask)
    step(.mark, mark)
  }

  func market(bid: Int64 = 6_000_000, ask: Int64 = 6_000_100) -> TopOfBook {
    var top = TopOfBook()
    top.bid = bid
    top.ask = ask
    top.bidQuantity = 1_000_000
    top.askQuantity = 1_000_000
    top.mark = (bid + ask) / 2
    top.last = top.mark
    top.updatedAt = EngineTime(nanoseconds: now)
    top.isValid = 1
    return top
  }

  /// Sends an order; returns the core's answer.
  @discardableResult
  func order(
    _ id: String, _ side: Side = .buy, quantity: Int64 = 100_000, price: Int64 = 5_900_000,
    kind: OrderKind = .limit, on instrument: InstrumentID = CoreFixture.spot, account: AccountID = CoreFixture.main,
    shape: (inout NewOrderInput) -> Void = { _ in }
  ) -> Reply {
    token += 1
    var input = NewOrderInput()
    input.id = fixed(id)
    input.account = account
    input.instrument = instrument
    input.sideRaw = side.rawValue
    input.kindRaw = kind.rawValue
    input.quantity = quantity
    input.price = kind.hasLimitPrice ? price : 0
    input.market = market()
    input.token = token
    shape(&input)
    step(.newOrder, input)
    return output.reply(at: 0)
  }

  @discardableResult
  func cancel(_ id: String) -> Reply {
    token += 1
    var input = CancelOrderInput()
    input.id = fixed(id)
    input.token = token
    step(.cancelOrder, input)
    return output.reply(at: 0)
  }

  @discardableResult
  func amend(_ id: String, quantity: Int64 = 0, price: Int64 = 0, mayReplace: Bool = false) -> Reply {
    token += 1
    var input = AmendOrderInput()
    input.id = fixed(id)
    input.quantity = quantity
    input.price = price
    input.mayReplace = mayReplace ? 1 : 0
    input.token = token
    input.market = market()
    step(.amendOrder, input)
    return output.reply(at: 0)
  }

  // MARK: The venue's side

  func venue(
    _ kind: VenueEvent.Kind, _ id: String, replacement: UInt16 = 0, _ shape: (inout VenueEvent) -> Void = { _ in }
  ) {
    var event = VenueEvent(kind)
    event.wireID = wire(id, replacement)
    event.account = Self.main
    event.instrument = Self.spot
    event.venue = Self.venue
    if let row = row(id) {
      event.account = row.image.account
      event.instrument = row.image.instrument
      event.sideRaw = row.image.sideRaw
    }
    shape(&event)
    step(.venueEvent, event)
  }

  func fill(_ id: String, _ quantity: Int64, price: Int64, fee: Money = .zero, trade: UInt64? = nil) {
    if trade == nil { self.trade += 1 }
    venue(.fill, id) { event in
      event.quantity = quantity
      event.price = price
      event.fee = fee
      event.asset = Self.usdt
      event.trade = VenueReference(trade ?? self.trade)
    }
  }

  // MARK: Looking

  func wire(_ id: String, _ replacement: UInt16 = 0) -> Text32 {
    WireID(fixed(id), replacement: replacement, tag: .fixture).text
  }

  func row(_ id: String) -> OrderRow? {
    core.findOrder(fixed(id)).map { core.state.orders[$0] }
  }

  func status(_ id: String) -> OrderStatus? { row(id)?.status }

  var requests: [VenueRequest] { (0..<output.requestCount).map { output.request(at: $0) } }

  var requestKinds: [VenueRequest.Kind] { requests.compactMap(\.kind) }

  var notices: [NoticeKind] {
    (0..<output.eventCount).compactMap { i in
      guard output.event(i).typeRaw == RecordType.notice.rawValue else { return nil }
      return NoticeKind(rawValue: output.body(i).loadUnaligned(as: NoticeImage.self).kindRaw)
    }
  }

  func total(_ asset: AssetID, _ wallet: Wallet = .spot, account: AccountID = CoreFixture.main) -> Money {
    core.state.findBalance(account, asset, wallet).map { core.state.balances[$0].total } ?? .zero
  }

  func locked(_ asset: AssetID, account: AccountID = CoreFixture.main) -> Money {
    core.state.findBalance(account, asset, .spot).map { core.state.balances[$0].locked } ?? .zero
  }

  func position(_ instrument: InstrumentID, account: AccountID = CoreFixture.main) -> PositionRow {
    core.state.findPosition(account, instrument, .net).map { core.state.positions[$0] } ?? PositionRow()
  }

  var exposure: ExposureRow { core.state.accounts[Self.main.index].exposure }
}

/// A short text that a test knows to fit.
func fixed<T: InlineText>(_ text: String) -> T {
  guard let inline = T(text) else { preconditionFailure("'\(text)' is longer than \(T.capacity) bytes") }
  return inline
}

extension InstanceTag {
  static var fixture: InstanceTag {
    guard let tag = InstanceTag("a1b2c") else { preconditionFailure("the fixture's tag is a tag") }
    return tag
  }
}

extension Reply {
  var outcome: Outcome? { Outcome(rawValue: outcomeRaw) }
  var reason: Reason? { Reason(rawValue: reasonRaw) }
}
