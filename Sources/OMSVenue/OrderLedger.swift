import OMSLib

/// One entry of an account's income.
struct IncomeRow: Sendable {
  var kind: String
  var symbol: String
  var asset: UInt16
  var amount: Money
  var time: UTCTime
  var trade: UInt64
  var number: UInt64
}

/// Orders by every name they go by, and the trades of each account, read from the exchange's own rows: what a link lost
/// is here all the same.
struct OrderLedger: Sendable {
  /// More records than the exchange has rows for orders; beyond, ended ones are forgotten, the oldest first.
  private static let recordMax = 1 << 18
  private static let fillMax = 1 << 16
  private static let incomeMax = 10_000
  /// Order ids of legs that the exchange numbers later, if ever: far above its own numbers.
  private static let heldIDs: UInt64 = 1 << 40

  struct Owner: Hashable, Sendable {
    var account: UInt16
    var product: VenueProduct
  }

  private struct ClientKey: Hashable {
    var owner: Owner
    var clientID: String
  }

  private struct Lane: Hashable {
    var account: UInt16
    var instrument: UInt16
    var side: PositionSide
  }

  private(set) var records: [OrderKey: OrderRecord] = [:]
  private var byOrderID: [UInt64: OrderKey] = [:]
  private var byNumber: [UInt64: OrderKey] = [:]
  private var byClientID: [ClientKey: OrderKey] = [:]
  /// In the order of creation.
  private var keys: [Owner: [OrderKey]] = [:]
  /// Those whose number nobody has heard of.
  private(set) var unresolved: Set<OrderKey> = []
  private(set) var fills: [Owner: [VenueFill]] = [:]
  private(set) var income: [UInt16: [IncomeRow]] = [:]
  private var lanes: [Lane: (quantity: Int64, cost: Money)] = [:]
  private var nextFill: UInt64 = 0
  private var nextHeldID: UInt64 = heldIDs
  private var nextWireID: UInt64 = 1
  private var nextIncome: UInt64 = 1

  /// Takes over what an exchange has already that was opened before.
  init(_ exchange: borrowing Exchange, _ symbols: SymbolTable) {
    var found: [ExchangeOrderFacts] = []
    exchange.forEachOrder { found.append($0) }
    for facts in found.sorted(by: { $0.number < $1.number }) { adopt(facts, symbols) }
    feed(exchange, symbols)
  }

  // MARK: - Records

  /// An id for the exchange: the client's own where it fits and was never used.
  mutating func wireID(for clientID: String, of account: UInt16) -> Text32 {
    if let text = Text32(clientID), records[OrderKey(account: account, wireID: text)] == nil { return text }
    while true {
      let text = Text32("x-\(nextWireID)") ?? Text32()
      nextWireID += 1
      if records[OrderKey(account: account, wireID: text)] == nil { return text }
    }
  }

  mutating func add(_ record: OrderRecord) {
    records[record.key] = record
    byClientID[ClientKey(owner: owner(of: record), clientID: record.clientID)] = record.key
    keys[owner(of: record), default: []].append(record.key)
    if record.number == 0 { unresolved.insert(record.key) }
  }

  /// A leg of a list gets its number before the exchange has it.
  mutating func numberHeld(_ key: OrderKey) {
    guard records[key]?.orderID == 0 else { return }
    records[key]?.orderID = nextHeldID
    byOrderID[nextHeldID] = key
    nextHeldID += 1
  }

  mutating func remove(_ key: OrderKey) {
    guard let record = records.removeValue(forKey: key) else { return }
    unresolved.remove(key)
    byOrderID[record.orderID] = nil
    byNumber[record.number] = nil
    let client = ClientKey(owner: owner(of: record), clientID: record.clientID)
    if byClientID[client] == key { byClientID[client] = nil }
    if let place = keys[owner(of: record)]?.lastIndex(of: key) { keys[owner(of: record)]?.remove(at: place) }
  }

  mutating func update(_ key: OrderKey, _ change: (inout OrderRecord) -> Void) {
    guard var record = records[key] else { return }
    let oldID = record.clientID
    change(&record)
    records[key] = record
    guard record.clientID != oldID else { return }
    let owner = owner(of: record)
    if byClientID[ClientKey(owner: owner, clientID: oldID)] == key {
      byClientID[ClientKey(owner: owner, clientID: oldID)] = nil
    }
    byClientID[ClientKey(owner: owner, clientID: record.clientID)] = key
  }

  /// Learns the exchange's number of an order.
  mutating func resolve(_ account: UInt16, _ wireID: Text32, _ exchange: borrowing Exchange) {
    let key = OrderKey(account: account, wireID: wireID)
    guard let record = records[key], record.number == 0, let facts = exchange.order(of: account, wireID) else { return }
    records[key]?.number = facts.number
    byNumber[facts.number] = key
    unresolved.remove(key)
    guard record.orderID == 0 else { return }
    records[key]?.orderID = facts.number
    records[key]?.created = facts.created
    byOrderID[facts.number] = key
  }

  private mutating func adopt(_ facts: ExchangeOrderFacts, _ symbols: SymbolTable) {
    guard let symbol = symbols.symbol(facts.instrument) else { return }
    var record = OrderRecord(
      account: facts.account, symbol: symbol, wireID: facts.wireID, clientID: facts.wireID.description)
    guard records[record.key] == nil else { return }
    (record.orderID, record.number, record.created) = (facts.number, facts.number, facts.created)
    (record.side, record.price, record.stopPrice) = (facts.side, facts.price, facts.stopPrice)
    (record.quantity, record.display) = (facts.quantity, facts.display)
    (record.trailPpm, record.trailingDelta) = (facts.trailPpm, facts.trailPpm / 100)
    record.type = OrderNames.type(of: facts.kind, symbol.product, isPostOnly: facts.flags.contains(.postOnly))
    record.timeInForce = OrderNames.timeInForce(facts, symbol.product)
    record.prevention = OrderNames.prevention(facts.prevention)
    record.positionSide = facts.positionSide
    record.isReduceOnly = facts.flags.contains(.reduceOnly)
    record.closesPosition = facts.flags.contains(.closePosition)
    record.goodTillDate = facts.timeInForce == .gtd ? facts.expires.nanoseconds / 1_000_000 : 0
    record.isForced = facts.isForced
    add(record)
    byOrderID[facts.number] = record.key
    byNumber[facts.number] = record.key
  }

  /// Forgets the older half of what has ended, once there is more than fits.
  mutating func forgetOld(_ exchange: borrowing Exchange) {
    guard records.count > Self.recordMax else { return }
    for owner in Array(keys.keys) {
      let old = keys[owner] ?? []
      var gone: Set<OrderKey> = []
      for key in old.prefix(old.count / 2) where !unresolved.contains(key) {
        if exchange.order(of: key.account, key.wireID)?.isOpen != true { gone.insert(key) }
      }
      keys[owner] = old.filter { !gone.contains($0) }
      for key in gone {
        guard let record = records.removeValue(forKey: key) else { continue }
        byOrderID[record.orderID] = nil
        byNumber[record.number] = nil
        let client = ClientKey(owner: owner, clientID: record.clientID)
        if byClientID[client] == key { byClientID[client] = nil }
      }
    }
  }

  private func owner(of record: OrderRecord) -> Owner { Owner(account: record.account, product: record.product) }

  // MARK: - Finding

  func record(_ key: OrderKey) -> OrderRecord? { records[key] }
  func record(numbered number: UInt64) -> OrderRecord? { byNumber[number].flatMap { records[$0] } }

  func record(_ orderID: UInt64, of account: UInt16, _ symbol: VenueSymbol) -> OrderRecord? {
    guard let key = byOrderID[orderID], let record = records[key], record.account == account,
      record.symbol.number == symbol.number, !record.isHidden
    else { return nil }
    return record
  }

  func record(_ clientID: String, of account: UInt16, _ symbol: VenueSymbol) -> OrderRecord? {
    let owner = Owner(account: account, product: symbol.product)
    guard let key = byClientID[ClientKey(owner: owner, clientID: clientID)], let record = records[key],
      record.symbol.number == symbol.number, !record.isHidden
    else { return nil }
    return record
  }

  /// The newest order of that id, of whatever symbol.
  func newest(_ clientID: String, of account: UInt16, _ product: VenueProduct) -> OrderRecord? {
    let owner = Owner(account: account, product: product)
    return byClientID[ClientKey(owner: owner, clientID: clientID)].flatMap { records[$0] }
  }

  /// All of an account's records, the oldest first.
  func records(of account: UInt16, _ product: VenueProduct) -> [OrderRecord] {
    (keys[Owner(account: account, product: product)] ?? []).compactMap { records[$0] }.filter { !$0.isHidden }
  }

  // MARK: - Trades

  /// Takes the trades that the exchange has made since.
  mutating func feed(_ exchange: borrowing Exchange, _ symbols: SymbolTable) {
    guard nextFill < exchange.fillTotal else { return }
    var new: [ExchangeFillFacts] = []
    nextFill = exchange.forEachFill(from: nextFill) { new.append($0) }
    for facts in new { book(facts, exchange, symbols) }
    // Whatever moved a position without a trade of its own, such as a trade that was undone, is followed too.
    for lane in Set(new.map { Lane(account: $0.account, instrument: $0.instrument, side: $0.positionSide) }) {
      lanes[lane] = exchange.holding(of: lane.account, lane.instrument, lane.side)
    }
  }

  private mutating func book(_ facts: ExchangeFillFacts, _ exchange: borrowing Exchange, _ symbols: SymbolTable) {
    guard let symbol = symbols.symbol(facts.instrument) else { return }
    let key = OrderKey(account: facts.account, wireID: facts.wireID)
    if records[key] == nil, let order = exchange.order(of: facts.account, facts.wireID) { adopt(order, symbols) }
    resolve(facts.account, facts.wireID, exchange)
    var fill = VenueFill(facts: facts)
    if symbol.product == .usdm { fill.realised = realise(facts, symbol) }
    records[key]?.fills.append(fill)
    let owner = Owner(account: facts.account, product: symbol.product)
    fills[owner, default: []].append(fill)
    if fills[owner, default: []].count > Self.fillMax { fills[owner]?.removeFirst(Self.fillMax / 4) }
    guard symbol.product == .usdm else { return }
    if fill.realised != .zero { enter("REALIZED_PNL", facts, symbol.rules.settle.number, fill.realised, symbol) }
    if facts.fee != .zero { enter("COMMISSION", facts, facts.feeAsset, -facts.fee, symbol) }
  }

  /// What closing a part of a position brought: the exchange's own rule, followed on a copy of its position.
  private mutating func realise(_ facts: ExchangeFillFacts, _ symbol: VenueSymbol) -> Money {
    let lane = Lane(account: facts.account, instrument: facts.instrument, side: facts.positionSide)
    var (quantity, cost) = lanes[lane] ?? (0, .zero)
    let sign: Int64 = facts.side == .buy ? 1 : -1
    let isClosing = quantity != 0 && (quantity > 0) != (facts.side == .buy)
    let closes = isClosing ? min(facts.quantity, Int64(quantity.magnitude)) : 0
    var realised = Money.zero
    if closes > 0 {
      let part = Exchange.costShare(cost, closes, of: Int64(quantity.magnitude))
      let value = symbol.notional(facts.price, closes)
      realised = (sign > 0 ? -value : value) - part
      cost -= part
      quantity += sign * closes
    }
    let opens = facts.quantity - closes
    if opens > 0 {
      let value = symbol.notional(facts.price, opens)
      cost += sign > 0 ? value : -value
      quantity += sign * opens
    }
    lanes[lane] = (quantity, cost)
    return realised
  }

  mutating func enterFunding(_ event: VenueEvent, _ symbol: VenueSymbol) {
    enter(
      IncomeRow(
        kind: "FUNDING_FEE", symbol: symbol.name, asset: event.asset.number, amount: -event.fee, time: event.venueTime,
        trade: 0, number: 0), event.account.number)
  }

  mutating func enterTransfer(_ event: VenueEvent) {
    enter(
      IncomeRow(
        kind: "TRANSFER", symbol: "", asset: event.asset.number, amount: event.fee, time: event.venueTime, trade: 0,
        number: 0), event.account.number)
  }

  private mutating func enter(
    _ kind: String, _ facts: ExchangeFillFacts, _ asset: UInt16, _ amount: Money, _ symbol: VenueSymbol
  ) {
    enter(
      IncomeRow(
        kind: kind, symbol: symbol.name, asset: asset, amount: amount, time: facts.time, trade: facts.trade, number: 0),
      facts.account)
  }

  private mutating func enter(_ row: IncomeRow, _ account: UInt16) {
    var row = row
    row.number = nextIncome
    nextIncome += 1
    income[account, default: []].append(row)
    if income[account, default: []].count > Self.incomeMax { income[account]?.removeFirst(Self.incomeMax / 4) }
  }
}
