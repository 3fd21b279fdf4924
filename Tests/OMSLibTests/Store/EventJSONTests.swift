import Testing

@testable import OMSLib

@Suite("Objects of recorded events")
struct EventJSONTests {
  private func makeNames() -> NameDirectory {
    var names = NameDirectory()
    func apply<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body) {
      withUnsafeBytes(of: body) { names.apply(type, $0) }
    }
    var start = StartInput()
    start.tag = Text32("k7q2m") ?? Text32()
    apply(.start, start)
    for (number, name, scale) in [(1, "USDT", 2), (2, "BTC", 5)] as [(UInt16, String, UInt8)] {
      var asset = DefineAssetInput()
      asset.id = AssetID(number: number)
      asset.name = Text32(name) ?? Text32()
      asset.scale = scale
      apply(.defineAsset, asset)
    }
    var venue = DefineVenueInput()
    venue.id = VenueID(number: 1)
    venue.name = Text32("sim") ?? Text32()
    apply(.defineVenue, venue)
    var rules = Instrument()
    rules.id = InstrumentID(number: 1)
    rules.venue = VenueID(number: 1)
    rules.name = Text32("BTC-USDT") ?? Text32()
    rules.base = AssetID(number: 2)
    rules.quote = AssetID(number: 1)
    rules.priceScale = 2
    rules.quantityScale = 5
    apply(.defineInstrument, rules)
    var account = DefineAccountInput()
    account.id = AccountID(number: 1)
    account.venue = VenueID(number: 1)
    account.name = Text64("sim.main") ?? Text64()
    apply(.defineAccount, account)
    var text = SetTextInput()
    let tags = Array(#"{"desk":"a"}"#.utf8)
    text.id = 3
    text.length = UInt32(tags.count)
    withUnsafeMutableBytes(of: &text.a) { $0.copyBytes(from: tags) }
    apply(.setText, text)
    return names
  }

  private func makeOrder() -> OrderImage {
    var order = OrderImage()
    order.id = Text64("rebal-1") ?? Text64()
    order.venueOrder = VenueReference(28_457)
    order.account = AccountID(number: 1)
    order.instrument = InstrumentID(number: 1)
    order.venue = VenueID(number: 1)
    order.price = 6_400_000
    order.quantity = 1_000
    order.filled = 400
    order.filledNotional = Money(units: 255_998_000_000_000_000_000)
    order.fee = Money(units: 255_998_000_000_000_000)
    order.feeAsset = AssetID(number: 1)
    order.sideRaw = Side.buy.rawValue
    order.kindRaw = OrderKind.limit.rawValue
    order.timeInForceRaw = TimeInForce.gtc.rawValue
    order.statusRaw = OrderStatus.partial.rawValue
    order.sentRaw = SentState.yes.rawValue
    order.modeRaw = Mode.paper.rawValue
    order.flagsRaw = OrderFlags.postOnly.rawValue
    order.textID = 3
    order.gateNanoseconds = 120
    order.riskNanoseconds = 310
    order.ackNanoseconds = 180_000
    order.created = UTCTime(nanoseconds: 1_795_174_589_123_456_789)
    order.updated = order.created
    return order
  }

  @Test("An order has the documented members in the documented order")
  func order() {
    var json = JSONWriter()
    let order = makeOrder()
    EventJSON(names: makeNames()).order(order, seq: 1_201, utc: order.created, to: &json)
    let text = json.text
    let wire = WireID.make(tag: Text32("k7q2m") ?? Text32(), id: order.id).description
    #expect(
      text
        == #"{"type":"order","v":1,"seq":1201,"ts":"2026-11-20T11:36:29.123456789Z","id":"rebal-1","wire_id":"\#(wire)","#
        + #""venue_id":"28457","account":"sim.main","venue":"sim","mode":"paper","symbol":"BTC-USDT","side":"buy","#
        + #""kind":"limit","tif":"gtc","qty":"0.01000","price":"64000.00","stop":null,"filled":"0.00400","#
        + #""remaining":"0.00600","avg_price":"63999.50","fee":"0.255998","fee_asset":"USDT","status":"partial","#
        + #""done":false,"sent":"yes","reason":null,"venue_code":null,"flags":["post_only"],"reduce_only":false,"#
        + #""position_side":null,"strategy":null,"parent":null,"session":null,"owner":"oms","tags":{"desk":"a"},"#
        + #""created":"2026-11-20T11:36:29.123456789Z","updated":"2026-11-20T11:36:29.123456789Z","expires":null,"#
        + #""lat":{"gate_ns":120,"risk_ns":310,"send_ns":null,"ack_ns":180000},"replayed":false}"#)
  }

  @Test("An order that was found at the venue shows the wire id it was found under")
  func adopted() {
    let tag = Text32("k7q2m") ?? Text32()
    let wire = WireID.make(tag: tag, id: Text64("lost-1") ?? Text64())
    var order = makeOrder()
    order.id = Text64()
    order.id.low = wire
    order.fingerprint = 1
    for (fingerprint, expected) in [(UInt64(1), wire), (7, WireID.make(tag: tag, id: order.id))] {
      order.fingerprint = fingerprint
      var json = JSONWriter()
      EventJSON(names: makeNames()).order(order, seq: 1, utc: order.created, to: &json)
      #expect(json.text.contains(#""wire_id":"\#(expected)""#))
    }
  }

  @Test("A fill has the documented members in the documented order; seq is null until it is durable")
  func fill() {
    var fill = FillImage()
    fill.id = Text64("rebal-1") ?? Text64()
    fill.trade = VenueReference(991)
    fill.venueOrder = VenueReference(28_457)
    fill.account = AccountID(number: 1)
    fill.instrument = InstrumentID(number: 1)
    fill.venue = VenueID(number: 1)
    fill.price = 6_399_950
    fill.quantity = 400
    fill.arrival = 6_400_000
    fill.notional = Money(units: 255_998_000_000_000_000_000)
    fill.fee = Money(units: 255_998_000_000_000_000)
    fill.feeAsset = AssetID(number: 1)
    fill.sideRaw = Side.buy.rawValue
    fill.isMaker = 1
    fill.modeRaw = Mode.paper.rawValue
    fill.positionAfter = Money(units: 4_000_000_000_000_000)
    var json = JSONWriter()
    EventJSON(names: makeNames()).fill(fill, seq: 0, utc: UTCTime(nanoseconds: 0), to: &json)
    let text = json.text
    #expect(
      text
        == #"{"type":"fill","v":1,"seq":null,"ts":"1970-01-01T00:00:00.000000000Z","venue_ts":null,"trade_id":"991","#
        + #""id":"rebal-1","venue_id":"28457","account":"sim.main","venue":"sim","mode":"paper","symbol":"BTC-USDT","#
        + #""side":"buy","qty":"0.00400","price":"63999.50","notional":"255.998","fee":"0.255998","fee_asset":"USDT","#
        + #""role":"maker","slippage_bps":"-0.08","arrival":"64000.00","strategy":null,"parent":null,"#
        + #""position_after":"0.00400","rpnl":"0"}"#)
  }

  @Test("Every status, reason, notice and limit has a word of its own")
  func words() {
    #expect(Set(OrderStatus.allCases.map(\.word)).count == OrderStatus.allCases.count)
    #expect(Set(NoticeKind.allCases.map(\.word)).count == NoticeKind.allCases.count)
    #expect(Set(LimitKind.allCases.map(\.word)).count == LimitKind.allCases.count)
    let reasons = Reason.allCases.filter { $0 != .none }.map(\.word)
    #expect(!reasons.contains(nil))
    #expect(Set(reasons).count == reasons.count)
  }

  @Test("A venue's number prints as digits, its UUID as five groups")
  func references() {
    #expect(VenueReference.none.word == nil)
    #expect(VenueReference(28_457).word == "28457")
    #expect(
      VenueReference(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210).word
        == "01234567-89ab-cdef-fedc-ba9876543210")
  }
}
