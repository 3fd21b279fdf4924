import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// Does what somebody who steers the exchange wants of it.
  mutating func obey(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    switch order.verb {
    case "price": try setPrice(&order, at: time)
    case "fill": try fill(&order, at: time)
    case "latency":
      guard let latency = try order.duration("latency") else { throw .usage("member", "member 'latency' is missing") }
      let jitter = try order.duration("jitter") ?? 0
      try order.finish()
      venue.setLatency(nanoseconds: latency, jitterNanoseconds: jitter)
    case "account": try setBalances(&order, at: time)
    case "book": try shapeBook(&order, at: time)
    case "reset":
      let seed = try order.count("seed")
      try order.finish()
      try startOver(seed: seed, at: time)
    case "fault": try makeTrouble(&order, at: time)
    default: throw .usage("value", "unknown control 'sim \(order.verb)'")
    }
  }

  /// An exchange that cannot do it, or has no room for it now.
  static var refusedControl: ErrorObject {
    ErrorObject("guard.simulated", .modeGuard, "the exchange refused the control")
  }

  mutating func desk(_ control: ExchangeControl, at time: ServerTime) throws(ErrorObject) {
    guard venue.desk(control, now: time.now) else { throw Self.refusedControl }
  }

  private mutating func setPrice(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let symbol = try controlSymbol(try order.required("symbol"))
    var control = ExchangeControl(.setPrice)
    control.instrument = symbol.number
    control.price = try ControlOrder.decimal(try order.required("price"), "price", scale: symbol.rules.priceScale)
    try order.finish()
    try desk(control, at: time)
  }

  private mutating func fill(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let id = try order.required("id")
    let quantity = try order.text("qty")
    try order.finish()
    for key in ledger.unresolved { ledger.resolve(key.account, key.wireID, venue.exchange) }
    guard let record = controlOrder(id), record.number != 0 else {
      throw ErrorObject("notfound.order", .notFound, "the exchange has no order '\(id)'")
    }
    let scale = record.symbol.rules.quantityScale
    var part: Int64 = 0
    if let quantity { part = try ControlOrder.decimal(quantity, "qty", scale: scale) }
    guard fill(record, part, at: time) else { throw Self.refusedControl }
  }

  /// Fills so much of a resting order at its own price; 0: the rest.
  mutating func fill(_ record: OrderRecord, _ quantity: Int64, at time: ServerTime) -> Bool {
    var control = ExchangeControl(.fillOrder)
    (control.order, control.account) = (record.number, record.account)
    (control.instrument, control.quantity) = (record.symbol.number, quantity)
    return venue.desk(control, now: time.now)
  }

  private mutating func setBalances(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let account = try controlAccount(try order.required("account"))
    let isSilent = try order.flag("silent")
    guard let set = order.take("set"), set.isObject else { throw .usage("member", "member 'set' is missing") }
    try order.finish()
    var controls: [ExchangeControl] = []
    for member in set.members {
      guard let asset = venue.exchange.asset(named: Text32(member.name) ?? Text32()) else {
        throw ErrorObject("notfound.asset", .notFound, "there is no asset '\(member.name)'")
      }
      guard let amount = member.value.string.flatMap({ Decimal(plain: $0) })?.money(.halfEven) else {
        throw .usage("decimal", "'\(member.name)' has no decimal")
      }
      var control = ExchangeControl(.setBalance)
      (control.account, control.asset, control.amount, control.detail) = (account, asset, amount, isSilent ? 1 : 0)
      controls.append(control)
    }
    for control in controls { try desk(control, at: time) }
  }

  private mutating func shapeBook(_ order: inout ControlOrder, at time: ServerTime) throws(ErrorObject) {
    let symbol = try controlSymbol(try order.required("symbol"))
    func control(_ kind: ExchangeControl.Kind) -> ExchangeControl {
      var control = ExchangeControl(kind)
      control.instrument = symbol.number
      return control
    }
    if let spread = try order.text("spread") {
      try order.finish()
      var change = control(.setSpread)
      change.price = try ControlOrder.partsPerMillion(spread, "spread") * 100
      return try desk(change, at: time)
    }
    var controls = [control(.clearBook)]
    for (side, name) in [(Side.buy, "bids"), (.sell, "asks")] {
      let words = order.take(name)?.elements.compactMap(\.string) ?? []
      guard words.count % 2 == 0 else { throw .usage("value", "\(name): a level has a price and a quantity") }
      for place in stride(from: 0, to: words.count, by: 2) {
        var level = control(.addLevel)
        level.sideRaw = side.rawValue
        level.price = try ControlOrder.decimal(words[place], "price", scale: symbol.rules.priceScale)
        level.quantity = try ControlOrder.decimal(words[place + 1], "qty", scale: symbol.rules.quantityScale)
        controls.append(level)
      }
    }
    try order.finish()
    guard controls.count > 1 else { throw .usage("member", "member 'spread' is missing") }
    for control in controls { try desk(control, at: time) }
  }

  // MARK: - Names

  /// An order of anybody by his own id of it, or by the exchange's.
  private func controlOrder(_ id: String) -> OrderRecord? {
    for credential in keys.credentials {
      for product in VenueProduct.allCases {
        if let record = ledger.newest(id, of: credential.account, product) { return record }
      }
    }
    return UInt64(id).flatMap { ledger.record(numbered: $0) }
  }

  /// `BTC-USDT-PERP`, or as the venue calls it where that says which one; an exchange's name before it is passed over.
  func controlSymbol(_ text: String) throws(ErrorObject) -> VenueSymbol {
    let name = text.split(separator: ":").last.map(String.init) ?? text
    let found = symbols.all.filter { $0.rules.name.description == name || $0.name == name }
    guard let symbol = found.first else {
      throw ErrorObject("notfound.symbol", .notFound, "there is no symbol '\(text)'")
    }
    guard found.count == 1 else {
      let names = found.map { $0.rules.name.description }.joined(separator: ", ")
      throw .usage("symbol", "'\(text)' is one of \(names): say which")
    }
    return symbol
  }

  /// `main`, or with an exchange's name before it.
  func controlAccount(_ text: String) throws(ErrorObject) -> UInt16 {
    let name = text.split(separator: ".").last.map(String.init) ?? text
    guard let credential = keys.credentials.first(where: { $0.name == name }) else {
      throw ErrorObject("notfound.account", .notFound, "the exchange has no account '\(text)'")
    }
    return credential.account
  }
}
