/// The one renderer of recorded events: an order, fill or notice as the object that replies, the event stream and the
/// JSONL log print, with members in the documented order.
///
/// Stateless; names come from the directory of the same journal. `seq` 0 prints as `null`: not durable yet.
package struct EventJSON: Sendable {
  private let names: NameDirectory

  package init(names: NameDirectory) { self.names = names }

  /// Writes the object of one event record, without a newline. `false` for a record that is no exported event.
  package func write(
    type: RecordType, body: UnsafeRawBufferPointer, seq: UInt64, utc: UTCTime, to json: inout JSONWriter
  ) -> Bool {
    switch type {
    case .order:
      guard let image = unsafe NameDirectory.load(OrderImage.self, body) else { return false }
      order(image, seq: seq, utc: utc, to: &json)
    case .fill:
      guard let image = unsafe NameDirectory.load(FillImage.self, body) else { return false }
      fill(image, seq: seq, utc: utc, to: &json)
    case .notice:
      guard let image = unsafe NameDirectory.load(NoticeImage.self, body) else { return false }
      notice(image, seq: seq, utc: utc, to: &json)
    default: return false
    }
    return true
  }

  package func order(
    _ order: OrderImage, seq: UInt64, utc: UTCTime, replayed: Bool = false, to json: inout JSONWriter
  ) {
    let rules = names.instrument(order.instrument) ?? Instrument()
    let priceScale = Int(rules.priceScale)
    let quantityScale = Int(rules.quantityScale)
    let status = OrderStatus(rawValue: order.statusRaw) ?? .unknown
    json.beginObject()
    head("order", seq: seq, utc: utc, to: &json)
    json.member("id", text: order.id)
    json.name("wire_id")
    writeWireID(order, to: &json)
    json.member("venue_id", order.venueOrder.word)
    place(order.account, order.venue, order.modeRaw, to: &json)
    json.member("symbol", text: rules.name)
    json.member("side", Side(rawValue: order.sideRaw)?.word)
    json.member("kind", OrderKind(rawValue: order.kindRaw)?.word)
    json.member("tif", TimeInForce(rawValue: order.timeInForceRaw)?.word)
    json.member("qty", decimal: order.quantity, scale: quantityScale)
    json.member("price", decimal: order.price == 0 ? nil : order.price, scale: priceScale)
    json.member("stop", decimal: order.stopPrice == 0 ? nil : order.stopPrice, scale: priceScale)
    json.member("filled", decimal: order.filled, scale: quantityScale)
    json.member("remaining", decimal: order.quantity - order.filled, scale: quantityScale)
    json.member("avg_price", decimal: averagePrice(order, rules), scale: priceScale)
    amount("fee", order.fee, order.feeAsset, to: &json)
    json.member("fee_asset", names.asset(order.feeAsset)?.name)
    json.member("status", status.word)
    json.member("done", status.isDone)
    json.member("sent", (SentState(rawValue: order.sentRaw) ?? .unknown).word)
    json.member("reason", Reason(rawValue: order.reasonRaw)?.word)
    json.member("venue_code", order.venueCode == 0 ? nil : String(order.venueCode))
    tail(order, replayed: replayed, to: &json)
    json.endObject()
  }

  package func fill(_ fill: FillImage, seq: UInt64, utc: UTCTime, to json: inout JSONWriter) {
    let rules = names.instrument(fill.instrument) ?? Instrument()
    let priceScale = Int(rules.priceScale)
    let quantityScale = Int(rules.quantityScale)
    json.beginObject()
    head("fill", seq: seq, utc: utc, to: &json)
    json.member("venue_ts", fill.venueTime == .zero ? nil : fill.venueTime)
    json.member("trade_id", fill.trade.word)
    json.member("id", text: fill.id)
    json.member("venue_id", fill.venueOrder.word)
    place(fill.account, fill.venue, fill.modeRaw, to: &json)
    json.member("symbol", text: rules.name)
    json.member("side", Side(rawValue: fill.sideRaw)?.word)
    json.member("qty", decimal: fill.quantity, scale: quantityScale)
    json.member("price", decimal: fill.price, scale: priceScale)
    json.member(
      "notional", trimmedDecimal: fill.notional.units, scale: Money.decimals, minimumScale: scale(of: rules.quote))
    amount("fee", fill.fee, fill.feeAsset, to: &json)
    json.member("fee_asset", names.asset(fill.feeAsset)?.name)
    json.member("role", fill.isMaker != 0 ? "maker" : "taker")
    json.member("slippage_bps", slippage(fill))
    json.member("arrival", decimal: fill.arrival == 0 ? nil : fill.arrival, scale: priceScale)
    json.member("strategy", names.strategy(fill.strategy))
    json.memberNull("parent")
    json.member(
      "position_after", trimmedDecimal: fill.positionAfter.units, scale: Money.decimals, minimumScale: quantityScale)
    json.member("rpnl", trimmedDecimal: fill.realised.units, scale: Money.decimals)
    json.endObject()
  }

  package func notice(_ notice: NoticeImage, seq: UInt64, utc: UTCTime, to json: inout JSONWriter) {
    let kind = NoticeKind(rawValue: notice.kindRaw)
    json.beginObject()
    head("event", seq: seq, utc: utc, to: &json)
    json.member("kind", kind?.word)
    json.member("level", (NoticeLevel(rawValue: notice.levelRaw) ?? .alarm).word)
    json.member("account", names.account(notice.account)?.name)
    json.member("venue", names.venue(notice.venue))
    json.member("strategy", names.strategy(notice.strategy))
    json.member("message", NoticeText(names: names).message(notice))
    json.name("data")
    NoticeText(names: names).writeData(notice, to: &json)
    json.endObject()
  }

  // MARK: Parts

  private func head(_ type: String, seq: UInt64, utc: UTCTime, to json: inout JSONWriter) {
    json.member("type", type)
    json.member("v", 1)
    json.member("seq", seq == 0 ? nil : seq)
    json.member("ts", utc)
  }

  private func place(_ account: AccountID, _ venue: VenueID, _ modeRaw: UInt8, to json: inout JSONWriter) {
    let row = names.account(account)
    json.member("account", row?.name)
    json.member("venue", names.venue(venue.isNone ? row?.venue ?? .none : venue))
    json.member("mode", (Mode(rawValue: modeRaw) ?? row?.mode ?? .live).word)
  }

  /// Behind `venue_code`.
  private func tail(_ order: OrderImage, replayed: Bool, to json: inout JSONWriter) {
    let flags = OrderFlags(rawValue: order.flagsRaw)
    json.name("flags")
    json.beginArray()
    for (flag, word) in OrderFlags.words where flags.contains(flag) { json.string(word.description) }
    json.endArray()
    json.member("reduce_only", flags.contains(.reduceOnly))
    json.member("position_side", PositionSide(rawValue: order.positionSideRaw)?.word)
    json.member("strategy", names.strategy(order.strategy))
    json.memberNull("parent")
    json.member("session", order.session == 0 ? nil : String(order.session))
    json.member("owner", order.ownerRaw == OrderOwner.foreign.rawValue ? "foreign" : "oms")
    json.name("tags")
    if let tags = names.tags(order.textID) {
      json.raw(tags)
    } else {
      json.beginObject()
      json.endObject()
    }
    json.member("created", order.created)
    json.member("updated", order.updated)
    json.member("expires", order.expires == .zero ? nil : order.expires)
    json.name("lat")
    json.beginObject()
    json.member("gate_ns", order.gateNanoseconds)
    json.member("risk_ns", order.riskNanoseconds)
    json.member("send_ns", order.sendNanoseconds == 0 ? nil : order.sendNanoseconds)
    json.member("ack_ns", order.ackNanoseconds == 0 ? nil : order.ackNanoseconds)
    json.endObject()
    json.member("replayed", replayed)
  }

  private func writeWireID(_ order: OrderImage, to json: inout JSONWriter) {
    if let wire = wireID(of: order) { json.text(wire) } else { json.null() }
  }

  /// Under which the venue has the order; `nil` for one that is not ours.
  package func wireID(of order: OrderImage) -> Text32? {
    guard order.ownerRaw != OrderOwner.foreign.rawValue, let tag = Text32(names.tag), tag.count == 5 else { return nil }
    // An order that was found at the venue has its wire id for an id; only of such a one the parameters are not known.
    if order.fingerprint == 1, order.id.high.isEmpty, let wire = WireID(order.id.low), wire.tag.text == tag {
      return order.id.low
    }
    return WireID.make(tag: tag, id: order.id, replacement: order.replacements)
  }

  private func amount(_ name: StaticString, _ money: Money, _ asset: AssetID, to json: inout JSONWriter) {
    json.member(name, trimmedDecimal: money.units, scale: Money.decimals, minimumScale: scale(of: asset))
  }

  private func scale(of asset: AssetID) -> Int { names.asset(asset)?.scale ?? 0 }

  /// Half-even at the price scale: for people; exact sums come from the fills.
  private func averagePrice(_ order: OrderImage, _ rules: Instrument) -> Int64? {
    guard order.filled > 0, !order.filledNotional.isZero else { return nil }
    let quantity = Money(Quantity(mantissa: order.filled), scale: Int(rules.quantityScale))
    return order.filledNotional.over(quantity, .halfEven)?.mantissa(scale: Int(rules.priceScale), .halfEven)
  }

  /// Against the touch when the command was taken; positive is worse for us. Two decimals of a basis point.
  private func slippage(_ fill: FillImage) -> String? {
    guard fill.arrival > 0, let side = Side(rawValue: fill.sideRaw) else { return nil }
    let worse = (Int128(fill.price) - Int128(fill.arrival)) * Int128(side.sign)
    let scaled = Wide(worse, times: 1_000_000).divided(by: Int128(fill.arrival), .halfEven) ?? 0
    return Decimal(mantissa: scaled, scale: 2)?.description
  }
}
