/// The `message` and `data` members of `event` objects.
struct NoticeText {
  let names: NameDirectory

  func message(_ notice: NoticeImage) -> String {
    let place = names.account(notice.account)?.name ?? names.venue(notice.venue) ?? "everything"
    let reason = Reason(rawValue: notice.reasonRaw)?.word
    var text: String
    switch NoticeKind(rawValue: notice.kindRaw) {
    case .engineStart: text = "engine started"
    case .engineStop: text = "engine stopped"
    case .tradingState: text = "trading of \(scope(notice)) is \(state(notice))"
    case .venueConnected: text = "\(place) is connected"
    case .venueDisconnected: text = "\(place) is disconnected"
    case .funding: text = "funding on \(place)"
    case .accountOpened: text = "\(place) is open to new risk"
    case .accountClosed: text = "\(place) is closed to new risk"
    case .reconciled: text = "\(place) was compared with its venue"
    case .balanceChanged: text = "balance of \(place) changed"
    case .drift: text = "\(place) differs from its venue"
    case let kind?: text = kind.word
    case nil: text = "notice \(notice.kindRaw)"
    }
    if let reason { text += ": \(reason)" }
    if !notice.text.isEmpty { text += ": \(notice.text)" }
    return text
  }

  func writeData(_ notice: NoticeImage, to json: inout JSONWriter) {
    json.beginObject()
    if let instrument = names.instrument(notice.instrument) { json.member("symbol", text: instrument.name) }
    if let asset = names.asset(notice.asset) { json.member("asset", asset.name) }
    if let reason = Reason(rawValue: notice.reasonRaw)?.word { json.member("reason", reason) }
    if !notice.text.isEmpty { json.member("text", text: notice.text) }
    if NoticeKind(rawValue: notice.kindRaw) == .tradingState { json.member("state", state(notice)) }
    if notice.amount != .zero {
      json.member("amount", trimmedDecimal: notice.amount.units, scale: Money.decimals)
    }
    if notice.other != .zero { json.member("other", trimmedDecimal: notice.other.units, scale: Money.decimals) }
    if notice.orderNumber != 0 { json.member("order", String(notice.orderNumber)) }
    if notice.user != 0 { json.member("user", notice.user) }
    json.endObject()
  }

  private func state(_ notice: NoticeImage) -> String {
    (UInt8(exactly: notice.a).flatMap(TradingState.init(rawValue:)) ?? .halted).word
  }

  private func scope(_ notice: NoticeImage) -> String {
    names.account(notice.account)?.name ?? names.strategy(notice.strategy) ?? names.venue(notice.venue)
      ?? names.instrument(notice.instrument)?.name.description ?? "everything"
  }
}
