import OMSLib
import Testing

@testable import OMSVenue

/// Keys of the served exchange's accounts, as an engine would hold them.
final class MadeUpKeys: BinanceKeys {
  private let keys: [(name: Text64, check: SharedSecretCheck)]
  /// Accounts that have a key for one product only.
  let only: [UInt16: BinanceProduct]
  /// Accounts whose signatures are wrong.
  var forged: Set<UInt16> = []
  private(set) var signatures = 0

  /// The first credential is account 1.
  init(_ credentials: [VenueCredential], only: [UInt16: BinanceProduct] = [:]) {
    self.only = only
    keys = credentials.map { (Text64($0.key) ?? Text64(), SharedSecretCheck(secret: $0.secret)) }
  }

  private func place(_ account: AccountID) -> Int? {
    account.number > 0 && account.index <= keys.count ? account.index - 1 : nil
  }

  func apiKey(of account: AccountID, _ product: BinanceProduct) -> Text64? {
    only[account.number, default: product] == product ? place(account).map { keys[$0].name } : nil
  }

  func sign(
    _ payload: UnsafeRawBufferPointer, of account: AccountID, _ product: BinanceProduct,
    into signature: inout ByteBuffer
  ) -> Bool {
    guard let place = place(account) else { return false }
    signatures += 1
    let bytes = forged.contains(account.number) ? Array("other".utf8) : Array(payload)
    signature.append(utf8: keys[place].check.signature(of: bytes))
    return true
  }

  /// The served exchange has no keys that a connection can be logged on with, and says so.
  var triesToLogOn = false

  func canLogOn(_ account: AccountID, _ product: BinanceProduct) -> Bool { triesToLogOn }
}

/// What a venue has told, in order.
final class Heard {
  var events: [VenueEvent] = []
}

/// The served exchange behind a network in memory, and a venue of Binance before it that speaks for its accounts.
struct BinanceStage: ~Copyable {
  static let spot = InstrumentID(number: 1)
  static let perpetual = InstrumentID(number: 2)

  var world: VenueWorld<TroubledSurface<VenueServer<NoExchangeRecorder>>>
  let venue: BinanceVenue<MemoryNetwork, MadeUpKeys>
  let keys: MadeUpKeys
  let hub: MemoryHub
  let heard = Heard()
  private var numbers: UInt64 = 0
  /// Our calendar is so far ahead of the venue's.
  private var skew: Int64

  init(
    accounts: Int = 2, products: [BinanceProduct] = [.spot, .usdm],
    _ faults: WireFaults = WireFaults(delayNanoseconds: 5_000_000), seed: UInt64 = 1, skew: Int64 = 0,
    only: [UInt16: BinanceProduct] = [:],
    _ change: (inout BinanceVenueSettings) -> Void = { _ in }
  ) {
    self.skew = skew
    let driver = VenueDriver(accounts: accounts)
    let time = driver.time
    keys = MadeUpKeys((1...accounts).map { driver.credential($0) }, only: only)
    world = VenueWorld(TroubledSurface(driver.server), seed: seed, at: time, faults)
    hub = world.hub
    var settings = BinanceVenueSettings(venue: VenueID(number: 3), products: [:])
    for product in products {
      settings.products[product] = BinanceProductSettings(
        VenueHost.hosts(product), limits: Self.limits(product))
    }
    change(&settings)
    venue = BinanceVenue(
      settings, network: hub.network(), descriptor: -1, keys: keys, seed: SplitMix64(seed: seed), now: time.now)
    for (index, name) in ["USDT", "BTC"].enumerated() {
      venue.register(asset: AssetID(number: UInt16(index + 1)), name: Text32(name) ?? Text32())
    }
    venue.register(Self.instrument("BTCUSDT", Self.spot, prices: 2, quantities: 5, .spot))
    venue.register(Self.instrument("BTCUSDT", Self.perpetual, prices: 1, quantities: 3, .perp))
    for number in 1...accounts {
      venue.register(
        account: AccountID(number: UInt16(number)), name: Text64(VenueOptions.name(of: number)) ?? Text64())
    }
  }

  static func limits(_ product: BinanceProduct) -> [RateLimit] {
    let second: Int64 = 1_000_000_000
    return product == .spot
      ? [
        RateLimit(.weight, 6_000, everyNanoseconds: 60 * second),
        RateLimit(.orders, 100, everyNanoseconds: 10 * second),
      ]
      : [
        RateLimit(.weight, 2_400, everyNanoseconds: 60 * second),
        RateLimit(.orders, 300, everyNanoseconds: 10 * second),
      ]
  }

  private static func instrument(
    _ native: String, _ id: InstrumentID, prices: UInt8, quantities: UInt8, _ kind: InstrumentClass
  ) -> Instrument {
    var instrument = Instrument()
    instrument.native = Text32(native) ?? Text32()
    instrument.id = id
    instrument.venue = VenueID(number: 3)
    instrument.base = AssetID(number: 2)
    instrument.quote = AssetID(number: 1)
    instrument.settle = AssetID(number: 1)
    instrument.priceScale = prices
    instrument.quantityScale = quantities
    instrument.tick = 1
    instrument.lot = 1
    instrument.classRaw = kind.rawValue
    return instrument
  }

  // MARK: Time

  mutating func run(milliseconds: Int64, until isDone: () -> Bool = { false }) {
    let (venue, heard, skew) = (venue, heard, skew)
    world.run(
      nanoseconds: milliseconds * 1_000_000,
      { time in
        let utc = UTCTime(nanoseconds: time.utc.nanoseconds + skew)
        while let event = venue.poll(now: time.now, utc: utc) { heard.events.append(event) }
        return venue.nextDue
      }, until: isDone)
  }

  mutating func jumpClock(nanoseconds: Int64) { skew += nanoseconds }

  /// Until all accounts can trade. How long it takes, in milliseconds.
  @discardableResult
  mutating func open(accounts: Int = 2) -> Int64 {
    let venue = venue
    let before = world.time.now.nanoseconds
    run(milliseconds: 20_000) { (1...accounts).allSatisfy { venue.isUp(AccountID(number: UInt16($0))) } }
    return (world.time.now.nanoseconds - before) / 1_000_000
  }

  mutating func trouble(_ target: VenueTrouble.Target, _ act: VenueTrouble.Act, count: Int = 1) {
    world.withSurface { surface, _ in surface.add(VenueTrouble(target, act, count: count)) }
  }

  // MARK: Requests

  /// A limit order; `kind` and the rest as wished.
  mutating func place(
    _ id: String, _ side: Side, _ quantity: Int64, at price: Int64, on instrument: InstrumentID = BinanceStage.spot,
    as account: UInt16 = 1, _ change: (inout VenueRequest) -> Void = { _ in }
  ) {
    var request = request(.newOrder, id, on: instrument, as: account)
    request.sideRaw = side.rawValue
    request.orderKindRaw = OrderKind.limit.rawValue
    request.timeInForceRaw = TimeInForce.gtc.rawValue
    request.quantity = quantity
    request.price = price
    request.signBy = world.time.now.advanced(byNanoseconds: 2_000_000_000)
    change(&request)
    submit(request)
  }

  mutating func request(
    _ kind: VenueRequest.Kind, _ id: String, on instrument: InstrumentID = BinanceStage.spot, as account: UInt16 = 1
  ) -> VenueRequest {
    numbers += 1
    var request = VenueRequest(kind)
    request.requestID = numbers
    request.wireID = Text32(id) ?? Text32()
    request.account = AccountID(number: account)
    request.instrument = instrument
    request.venue = VenueID(number: 3)
    return request
  }

  func submit(_ request: VenueRequest) {
    let utc = UTCTime(nanoseconds: world.time.utc.nanoseconds + skew)
    let isTaken = venue.submit(request, now: world.time.now, utc: utc)
    #expect(isTaken, "there is room")
  }

  // MARK: What was told

  /// Takes the events of one kind, or all that are about orders.
  func take(_ kinds: VenueEvent.Kind...) -> [VenueEvent] {
    let chosen = heard.events.filter { event in event.kind.map { kinds.isEmpty || kinds.contains($0) } ?? false }
    heard.events.removeAll { event in event.kind.map { kinds.isEmpty || kinds.contains($0) } ?? false }
    return chosen
  }

  /// `accepted b1`, `fill b1 1000@6000000`: answers before news where both are there.
  func story(of id: String) -> [String] {
    let wire = Text32(id) ?? Text32()
    return heard.events.filter { $0.wireID == wire }.map { event in
      guard let kind = event.kind else { return "?" }
      return kind == .fill ? "fill \(event.quantity)@\(event.price)" : "\(kind)"
    }
  }

}
