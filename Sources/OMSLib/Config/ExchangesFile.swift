/// `exchanges.yaml`: what speaks for each exchange, and how.
enum ExchangesFile {
  static let name = "exchanges.yaml"

  /// The exchanges of the file with the place of each, in its order.
  static func read(
    _ node: YAMLNode, problems: inout ProblemList
  ) -> [(venue: VenueSetting, place: SourcePlace)] {
    var found: [(venue: VenueSetting, place: SourcePlace)] = []
    var fields = SettingFields(node, problems: &problems)
    fields.takeVersion(&problems)
    if let node = fields.take("exchanges") {
      for entry in SettingFields(node, problems: &problems).all() {
        guard entry.checkExchangeName(&problems) else { continue }
        guard found.count < Limits.venueCount else {
          problems.error("config.size", at: entry.keyPlace, "more than \(Limits.venueCount) exchanges")
          break
        }
        guard let venue = readVenue(entry, &problems) else { continue }
        found.append((venue, entry.keyPlace))
      }
    }
    fields.finish(&problems)
    return found
  }

  private static func readVenue(_ entry: YAMLEntry, _ problems: inout ProblemList) -> VenueSetting? {
    var fields = SettingFields(entry.value, problems: &problems)
    guard let node = fields.take("adapter") else {
      problems.error("config.missing", at: entry.keyPlace, "exchange '\(entry.key)' has no adapter; add 'adapter: sim'")
      return nil
    }
    guard let adapter: VenueSetting.Adapter = node.word(&problems) else { return nil }
    var venue = VenueSetting(name: entry.key, adapter: adapter)
    readSession(&fields, &venue, &problems)
    if let node = fields.section("fees", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&venue.maker, "maker_bps", &problems) { $0.rate(decimals: 4, &$1) }
      inner.set(&venue.taker, "taker_bps", &problems) { $0.rate(decimals: 4, &$1) }
      inner.finish(&problems)
    }
    let seed = fields.take("seed")
    let symbols = fields.take("symbols")
    let markets = fields.take("markets")
    if adapter == .simulated {
      venue.instruments = InstrumentSetting.builtIn
      if let seed = seed?.integer(0...Int.max, &problems) { venue.seed = UInt64(seed) }
      if let symbols { venue.instruments = readInstruments(symbols, &problems) }
      if let markets {
        problems.error("config.key", at: markets.place, "the adapter 'sim' lists its own 'symbols'; it has no markets")
      }
    } else {
      venue.markets = markets.map { readMarkets($0, &problems) } ?? VenueSetting.usualMarkets
      for node in [seed, symbols].compactMap(\.self) {
        problems.error(
          "config.key", at: node.place,
          "only the adapter 'sim' has a seed and symbols of its own; what is traded elsewhere is named under 'markets'")
      }
    }
    fields.finish(&problems)
    return venue
  }

  private static func readMarkets(_ node: YAMLNode, _ problems: inout ProblemList) -> [String] {
    var found: [String] = []
    for item in node.list(&problems) ?? [] {
      guard let text = item.text(&problems) else { continue }
      guard let symbol = Symbol(text), symbol.description == text else {
        problems.error("config.name", at: item.place, "market '\(text)': write BASE-QUOTE or BASE-QUOTE-PERP")
        continue
      }
      guard !found.contains(text) else {
        problems.error("config.duplicate", at: item.place, "duplicate market '\(text)'")
        continue
      }
      found.append(text)
    }
    return found
  }

  private static func readSession(
    _ fields: inout SettingFields, _ venue: inout VenueSetting, _ problems: inout ProblemList
  ) {
    enum OrderEntry: String, CaseIterable { case websocket, rest }
    fields.set(&venue.environment, "environment", &problems) { $0.word(&$1) }
    fields.set(&venue.endpoints, "endpoints", &problems) { endpoints($0, &$1) }
    var orderEntry = OrderEntry.websocket
    let orderEntryNode = fields.take("order_entry")
    if let word: OrderEntry = orderEntryNode?.word(&problems) { orderEntry = word }
    venue.entersOrdersByWebSocket = orderEntry == .websocket
    if let node = orderEntryNode, orderEntry == .websocket, !venue.endpoints.isEmpty,
      venue.endpoints.contains(where: \.rest.isEmpty)
    {
      problems.warning(
        "config.fallback", at: node.place, "order_entry websocket without a rest endpoint has no fallback")
    }
    fields.set(&venue.authorityFile, "ca", &problems) { $0.absolutePath(&$1) }
    fields.set(&venue.receiveWindowNanoseconds, "receive_window", &problems) { $0.duration(&$1) }
    fields.set(&venue.visibilityWindowNanoseconds, "visibility_window", &problems) { $0.duration(&$1) }
    if let node = fields.section("rate", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&venue.cancelReserve, "reserve_for_cancels", &problems) { $0.share(&$1) }
      inner.finish(&problems)
    }
    if let node = fields.take("deadman") {
      for entry in SettingFields(node, problems: &problems).all() {
        guard let time = entry.value.duration(&problems) else { continue }
        venue.deadman.append(DeadmanSetting(product: entry.key, nanoseconds: time))
      }
    }
  }

  /// Products that an exchange may have addresses for.
  private static let products = ["spot", "usdm"]

  private static func endpoints(_ node: YAMLNode, _ problems: inout ProblemList) -> [EndpointSetting]? {
    var found: [EndpointSetting] = []
    for entry in SettingFields(node, problems: &problems).all() {
      if !products.contains(entry.key), entry.key != "*" {
        problems.error(
          "config.key", at: entry.keyPlace,
          "unknown product '\(entry.key)'; known here: \(products.joined(separator: ", "))")
        continue
      }
      var fields = SettingFields(entry.value, problems: &problems)
      var endpoint = EndpointSetting(product: entry.key)
      fields.set(&endpoint.rest, "rest", &problems) { $0.address(["https", "http"], &$1) }
      fields.set(&endpoint.orderSocket, "ws_api", &problems) { $0.address(["wss", "ws"], &$1) }
      fields.set(&endpoint.streams, "streams", &problems) { $0.address(["wss", "ws"], &$1) }
      fields.finish(&problems)
      found.append(endpoint)
    }
    return found
  }

  // MARK: What the built-in exchange lists

  private static func readInstruments(_ node: YAMLNode, _ problems: inout ProblemList) -> [InstrumentSetting] {
    var found: [InstrumentSetting] = []
    for item in node.list(&problems) ?? [] {
      guard let instrument = readInstrument(item, &problems) else { continue }
      if found.contains(where: { $0.name == instrument.name }) {
        problems.error("config.duplicate", at: item.place, "duplicate symbol '\(instrument.name)'")
        continue
      }
      found.append(instrument)
    }
    return found
  }

  private static func readInstrument(_ node: YAMLNode, _ problems: inout ProblemList) -> InstrumentSetting? {
    var fields = SettingFields(node, problems: &problems)
    let symbol = fields.take("symbol")?.text(&problems)
    let tick = fields.take("tick")?.decimal(&problems)
    let lot = fields.take("lot")?.decimal(&problems)
    let startPrice = fields.take("start_price")?.decimal(&problems)
    var maxQuantity: Decimal?
    var minNotional = Decimal(5)
    var maxLeverage: Int?
    fields.set(&maxQuantity, "max_quantity", &problems) { $0.decimal(&$1) }
    fields.set(&minNotional, "min_notional", &problems) { $0.decimal(&$1) }
    fields.set(&maxLeverage, "max_leverage", &problems) { $0.integer(1...125, &$1) }
    fields.finish(&problems)
    guard let symbol, let tick, let lot, let startPrice, tick > .zero, lot > .zero, startPrice > .zero else {
      problems.error("config.missing", at: node.place, "a symbol needs symbol, tick, lot and start_price, above zero")
      return nil
    }
    guard let parsed = Symbol(symbol), parsed.base != parsed.quote, parsed.instrumentClass != .future else {
      problems.error("config.name", at: node.place, "symbol '\(symbol)': write BASE-QUOTE or BASE-QUOTE-PERP")
      return nil
    }
    guard let scales = scales(tick, lot, startPrice) else {
      problems.error(
        "config.decimal", at: node.place,
        "symbol '\(symbol)': tick and lot have 12 decimals together at most, start_price is a multiple of the tick")
      return nil
    }
    let isPerp = parsed.contract == .perp
    return InstrumentSetting(
      name: symbol, native: "\(parsed.base)\(parsed.quote)", base: parsed.base, quote: parsed.quote,
      instrumentClass: parsed.instrumentClass, tick: scales.tick, lot: scales.lot,
      maxQuantity: maxQuantity ?? Decimal(isPerp ? 10_000 : 9_000),
      minNotional: minNotional, maxLeverage: isPerp ? maxLeverage ?? 125 : 1, startPrice: startPrice)
  }
}

extension ExchangesFile {
  /// Both in their shortest form, when amounts of such a market are exact and its prices fit.
  private static func scales(_ tick: Decimal, _ lot: Decimal, _ start: Decimal) -> (tick: Decimal, lot: Decimal)? {
    let (tick, lot) = (tick.normalized, lot.normalized)
    guard tick.scale + lot.scale <= 12, let price = start.exactMantissa(scale: Int(tick.scale)),
      price % tick.mantissa == 0, price < 1_000_000_000_000_000, lot.mantissa < 1_000_000_000_000
    else { return nil }
    return (tick, lot)
  }
}

extension YAMLNode {
  /// A plain number of `decimals` places (4: basis points) as a rate.
  fileprivate func rate(decimals: Int, _ problems: inout ProblemList) -> Rate? {
    guard let value = decimal(&problems) else { return nil }
    return rate(Decimal(mantissa: value.mantissa, scale: Int(value.scale) + decimals), &problems)
  }

  /// `20%`, at most all of it.
  fileprivate func share(_ problems: inout ProblemList) -> Rate? {
    guard let fraction = fraction(&problems) else { return nil }
    guard fraction <= .one else {
      problems.error("config.range", at: place, "more than 100%")
      return nil
    }
    return rate(Decimal(fraction), &problems)
  }

  private func rate(_ value: Decimal?, _ problems: inout ProblemList) -> Rate? {
    guard let e8 = value?.exactMantissa(scale: 8).flatMap({ Int64(exactly: $0) }) else {
      problems.error("config.decimal", at: place, "finer than a millionth of a percent, or too large")
      return nil
    }
    return Rate(e8: e8)
  }

  fileprivate func address(_ schemes: [String], _ problems: inout ProblemList) -> String? {
    guard let text = text(&problems) else { return nil }
    let isAddress = text.isEmpty || schemes.contains { text.hasPrefix("\($0)://") && text.count > $0.count + 3 }
    guard isAddress, text.isEmpty || WireAddress(text) != nil else {
      problems.error("config.value", at: place, "'\(text)' is not an address; write \(schemes[0])://HOST")
      return nil
    }
    return text
  }
}
