import OMSLib

/// The books of a served exchange as lines of JSON, for whoever holds his own against them.
extension VenueServer where Recorder: ~Copyable {
  /// What came with orders to place, assets, balances and positions, then each customer's orders and trades, the oldest
  /// first. `placements`: how often each client's id came.
  mutating func dump(_ placements: [String: Int], at time: ServerTime) -> [UInt8] {
    var lines = VenueLines(time: time.utc)
    lines.add("venue_traffic") { json in
      json.member("placements", placements.values.reduce(0, +))
      json.member("ids", placements.count)
      json.name("repeated")
      json.beginArray()
      for id in placements.filter({ $0.value > 1 }).keys.sorted() { json.string(id) }
      json.endArray()
    }
    for asset in venue.exchange.assetNumbers {
      lines.add("venue_asset") { json in
        json.member("asset", venue.exchange.assetName(asset).description)
        json.member("deposits", amount: venue.exchange.deposits(of: asset))
      }
    }
    for account in venue.exchange.accountNumbers {
      dumpBalances(account, &lines)
      dumpPositions(account, &lines)
    }
    for credential in keys.credentials {
      for product in VenueProduct.allCases {
        resolveOpen(of: credential.account, product)
        for record in ledger.records(of: credential.account, product) { dump(record, credential.name, &lines) }
        dumpFills(credential, product, &lines)
      }
    }
    return lines.bytes
  }

  private func dumpBalances(_ account: UInt16, _ lines: inout VenueLines) {
    for wallet in Wallet.allCases {
      for asset in venue.exchange.assetNumbers {
        let balance = venue.exchange.balance(of: account, wallet, asset)
        guard balance.total != .zero || balance.locked != .zero else { continue }
        lines.add("venue_balance") { json in
          json.member("account", venue.exchange.accountName(account).description)
          json.member("wallet", "\(wallet)")
          json.member("asset", venue.exchange.assetName(asset).description)
          json.member("total", amount: balance.total)
          json.member("locked", amount: balance.locked)
        }
      }
    }
  }

  private func dumpPositions(_ account: UInt16, _ lines: inout VenueLines) {
    for symbol in symbols.symbols(of: .usdm) {
      for lane in 0..<venue.exchange.laneCount(of: account) {
        let facts = venue.exchange.position(of: account, symbol.number, lane: lane)
        guard facts.quantity != 0 else { continue }
        lines.add("venue_position") { json in
          json.member("account", venue.exchange.accountName(account).description)
          json.member("symbol", symbol.rules.name.description)
          json.member("side", facts.quantity > 0 ? "long" : "short")
          json.member("qty", decimal: facts.quantity.magnitude, scale: Int(symbol.rules.quantityScale))
          json.member("cost", amount: facts.cost)
          json.member("isolated", amount: facts.isolatedWallet)
          json.member("margin_mode", facts.isIsolated ? "isolated" : "cross")
          json.member("leverage", facts.leverage)
        }
      }
    }
  }

  private mutating func dump(_ record: OrderRecord, _ account: String, _ lines: inout VenueLines) {
    let view = view(of: record)
    let rules = record.symbol.rules
    lines.add("venue_order") { json in
      json.member("account", account)
      json.member("symbol", rules.name.description)
      json.member("order_id", "\(record.orderID)")
      json.member("client_id", record.clientID)
      json.member("side", record.side == .buy ? "buy" : "sell")
      json.member("kind", record.type)
      json.member("tif", record.timeInForce)
      json.member("qty", decimal: view.quantity, scale: Int(rules.quantityScale))
      json.member("price", decimal: view.price, scale: Int(rules.priceScale))
      json.member("stop", decimal: record.stopPrice, scale: Int(rules.priceScale))
      json.member("filled", decimal: view.filled, scale: Int(rules.quantityScale))
      json.member("quote", amount: view.quote)
      json.member("status", view.status)
      json.member("open", view.isOpen)
      json.member("reduce_only", record.isReduceOnly)
      json.member("algo_id", record.algoID == 0 ? nil : "\(record.algoID)")
      json.member("signed", record.signed == .zero ? nil : record.signed)
      json.member("created", view.created)
      json.member("updated", view.updated)
    }
  }

  private func dumpFills(_ credential: VenueCredential, _ product: VenueProduct, _ lines: inout VenueLines) {
    for fill in ledger.fills[OrderLedger.Owner(account: credential.account, product: product)] ?? [] {
      guard let symbol = symbols.symbol(fill.facts.instrument) else { continue }
      let record = ledger.record(numbered: fill.facts.order)
      lines.add("venue_fill") { json in
        json.member("account", credential.name)
        json.member("symbol", symbol.rules.name.description)
        json.member("trade_id", "\(fill.facts.trade)")
        json.member("order_id", "\(record?.orderID ?? fill.facts.order)")
        json.member("client_id", record?.clientID)
        json.member("side", fill.facts.side == .buy ? "buy" : "sell")
        json.member("qty", decimal: fill.facts.quantity, scale: Int(symbol.rules.quantityScale))
        json.member("price", decimal: fill.facts.price, scale: Int(symbol.rules.priceScale))
        json.member("fee", amount: fill.facts.fee)
        json.member("fee_asset", symbol.asset(fill.facts.feeAsset))
        json.member("role", fill.facts.isMaker ? "maker" : "taker")
        json.member("forced", fill.facts.isForced)
        json.member("realised", amount: fill.realised)
        json.member("venue_ts", fill.facts.time)
      }
    }
  }
}

/// Objects of one moment, one a line.
private struct VenueLines {
  private(set) var bytes: [UInt8] = []
  private let time: UTCTime

  init(time: UTCTime) { self.time = time }

  mutating func add(_ type: String, _ body: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", type)
    json.member("v", 1)
    json.member("ts", time)
    body(&json)
    json.endObject()
    json.endLine()
    bytes += json.bytes
  }
}

extension JSONWriter {
  /// Exact, without zeros at the end.
  fileprivate mutating func member(_ name: StaticString, amount: Money) { member(name, money: amount, least: 0) }
}
