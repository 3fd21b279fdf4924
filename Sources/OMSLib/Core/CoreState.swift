/// All state of the core: tables of rows, and the indexes that follow from them.
///
/// Owner: one core. No references leave it; a copy of the rows is a snapshot. The value itself is one word: a value as
/// large as all its tables would be copied at every call.
@safe package struct CoreState: ~Copyable {
  private let tables: UnsafeMutablePointer<CoreTables>

  package init(capacity: CoreCapacity) {
    unsafe tables = .allocate(capacity: 1)
    unsafe tables.initialize(to: CoreTables(capacity: capacity))
    globals[0] = GlobalRow()
    setLimitDefaults()
    commit()
  }

  deinit {
    unsafe tables.deinitialize(count: 1)
    unsafe tables.deallocate()
  }

  package var capacity: CoreCapacity {
    @inline(__always) _read { yield unsafe tables.pointee.capacity }
  }
  package internal(set) var digest: StateDigest {
    @inline(__always) _read { yield unsafe tables.pointee.digest }
    @inline(__always) _modify { yield unsafe &tables.pointee.digest }
  }
  /// What follows from the limits of a row: see ``LimitNumbers``.
  var limitNumbers: LimitNumberTable {
    @inline(__always) _read { yield unsafe tables.pointee.limitNumbers }
  }
  var places: LimitPlaces {
    @inline(__always) _read { yield unsafe tables.pointee.places }
  }
  var globals: Table<GlobalRow> {
    @inline(__always) _read { yield unsafe tables.pointee.globals }
    @inline(__always) _modify { yield unsafe &tables.pointee.globals }
  }
  package internal(set) var assets: Table<AssetRow> {
    @inline(__always) _read { yield unsafe tables.pointee.assets }
    @inline(__always) _modify { yield unsafe &tables.pointee.assets }
  }
  package internal(set) var venues: Table<VenueRow> {
    @inline(__always) _read { yield unsafe tables.pointee.venues }
    @inline(__always) _modify { yield unsafe &tables.pointee.venues }
  }
  package internal(set) var instruments: Table<InstrumentRow> {
    @inline(__always) _read { yield unsafe tables.pointee.instruments }
    @inline(__always) _modify { yield unsafe &tables.pointee.instruments }
  }
  package internal(set) var accounts: Table<AccountRow> {
    @inline(__always) _read { yield unsafe tables.pointee.accounts }
    @inline(__always) _modify { yield unsafe &tables.pointee.accounts }
  }
  package internal(set) var strategies: Table<StrategyRow> {
    @inline(__always) _read { yield unsafe tables.pointee.strategies }
    @inline(__always) _modify { yield unsafe &tables.pointee.strategies }
  }
  package internal(set) var roles: Table<RoleRow> {
    @inline(__always) _read { yield unsafe tables.pointee.roles }
    @inline(__always) _modify { yield unsafe &tables.pointee.roles }
  }
  package internal(set) var orders: Table<OrderRow> {
    @inline(__always) _read { yield unsafe tables.pointee.orders }
    @inline(__always) _modify { yield unsafe &tables.pointee.orders }
  }
  var orderLinks: Table<OrderLinkRow> {
    @inline(__always) _read { yield unsafe tables.pointee.orderLinks }
    @inline(__always) _modify { yield unsafe &tables.pointee.orderLinks }
  }
  package internal(set) var positions: Table<PositionRow> {
    @inline(__always) _read { yield unsafe tables.pointee.positions }
    @inline(__always) _modify { yield unsafe &tables.pointee.positions }
  }
  package internal(set) var balances: Table<BalanceRow> {
    @inline(__always) _read { yield unsafe tables.pointee.balances }
    @inline(__always) _modify { yield unsafe &tables.pointee.balances }
  }
  package internal(set) var virtuals: Table<VirtualRow> {
    @inline(__always) _read { yield unsafe tables.pointee.virtuals }
    @inline(__always) _modify { yield unsafe &tables.pointee.virtuals }
  }
  var fillIDs: Table<FillIDRow> {
    @inline(__always) _read { yield unsafe tables.pointee.fillIDs }
    @inline(__always) _modify { yield unsafe &tables.pointee.fillIDs }
  }
  var limits: Table<Money> {
    @inline(__always) _read { yield unsafe tables.pointee.limits }
    @inline(__always) _modify { yield unsafe &tables.pointee.limits }
  }
  var limitMasks: Table<UInt64> {
    @inline(__always) _read { yield unsafe tables.pointee.limitMasks }
    @inline(__always) _modify { yield unsafe &tables.pointee.limitMasks }
  }
  package internal(set) var texts: Table<TextRow> {
    @inline(__always) _read { yield unsafe tables.pointee.texts }
    @inline(__always) _modify { yield unsafe &tables.pointee.texts }
  }
  var bulks: Table<BulkRow> {
    @inline(__always) _read { yield unsafe tables.pointee.bulks }
    @inline(__always) _modify { yield unsafe &tables.pointee.bulks }
  }
  var assetLimits: Table<AssetLimitRow> {
    @inline(__always) _read { yield unsafe tables.pointee.assetLimits }
    @inline(__always) _modify { yield unsafe &tables.pointee.assetLimits }
  }
  var orderIndex: OrderIndex {
    @inline(__always) _read { yield unsafe tables.pointee.orderIndex }
    @inline(__always) _modify { yield unsafe &tables.pointee.orderIndex }
  }
  var fillIndex: FillIndex {
    @inline(__always) _read { yield unsafe tables.pointee.fillIndex }
    @inline(__always) _modify { yield unsafe &tables.pointee.fillIndex }
  }
  var positionIndex: PairIndex {
    @inline(__always) _read { yield unsafe tables.pointee.positionIndex }
    @inline(__always) _modify { yield unsafe &tables.pointee.positionIndex }
  }
  var balanceIndex: PairIndex {
    @inline(__always) _read { yield unsafe tables.pointee.balanceIndex }
    @inline(__always) _modify { yield unsafe &tables.pointee.balanceIndex }
  }
  var due: DueHeap {
    @inline(__always) _read { yield unsafe tables.pointee.due }
    @inline(__always) _modify { yield unsafe &tables.pointee.due }
  }

  static let bulkCount = 16
  static let assetLimitCount = 1_024
  static let limitStride = 32

  package var global: GlobalRow { globals[0] }

  var log: UnsafeMutablePointer<StepLog> { unsafe tables.pointee.log }

  /// Ends a step.
  mutating func commit() {
    // In two steps: in one, the thread sanitizer's pass makes code that LLVM refuses (Swift 6.3).
    let log = unsafe tables.pointee.log
    unsafe log.pointee.commit(into: &tables.pointee.digest)
  }
}

// MARK: Rows by what they belong to

extension CoreState {
  /// The slot of an order number: its low bits. `nil` when that row has another order now.
  package func slot(of orderNumber: UInt64) -> Int? {
    let slot = Int(orderNumber & 0xF_FFFF)
    guard orderNumber != 0, slot < capacity.orders, orders[slot].image.orderNumber == orderNumber else { return nil }
    return slot
  }

  /// The slot of the order whose user id, or one of whose wire ids, has this digest.
  func slot(keyed high: UInt64, _ low: UInt64) -> Int? {
    orderIndex.find(low) { row in
      let isNewest = orders[row].keyLow == low && orders[row].keyHigh == high
      if isNewest || (orders[row].wireLow == low && orders[row].wireHigh == high) { return true }
      return orders[row].image.replacements > 1 && wasReplaced(row, high, low)
    }
  }

  /// Whether a replacement before the newest one had this digest.
  @inline(never)
  private func wasReplaced(_ row: Int, _ high: UInt64, _ low: UInt64) -> Bool {
    for attempt in 1..<orders[row].image.replacements {
      if WireID.key(orders[row].image.id, replacement: attempt) == WireID.Key(high: high, low: low) { return true }
    }
    return false
  }

  /// Enters the order in `slot` under one more digest.
  mutating func index(_ slot: Int, by high: UInt64, _ low: UInt64) {
    let other = self.slot(keyed: high, low)
    precondition(other == nil, "a client order id is burnt at first use (INV-07)")
    orderIndex.insert(low, row: slot)
  }

  /// The position row of (account, instrument, side), if there is one.
  package func findPosition(_ account: AccountID, _ instrument: InstrumentID, _ side: PositionSide) -> Int? {
    var row = positionIndex[account.index, instrument.index]
    while row != 0 {
      if positions[row].positionSideRaw == side.rawValue { return row }
      row = Int(positions[row].next)
    }
    return nil
  }

  /// Starts to fetch what an order of (account, instrument) is checked against, so that these lines come side by side: a
  /// check is longer than what a CPU looks ahead, and would wait for them one group after the other.
  @inline(__always)
  package func prepare(_ account: AccountID, _ instrument: InstrumentID) {
    guard account.index < capacity.accounts, instrument.index < capacity.instruments else { return }
    // Behind the names, which no check reads.
    instruments.prepare(instrument.index, from: 64)
    accounts.prepare(account.index, from: 64)
    // What is waited for comes last: where these lie, only other rows know.
    let position = positionIndex[account.index, instrument.index]
    let mode = accounts[account.index].mode
    limitNumbers.prepare(limitRow(.account, account.index, mode))
    limitNumbers.prepare(limitRow(.instrument, instrument.index, mode), bytes: MemoryLayout<ScopeBounds>.size)
    positions.prepare(position, bytes: 192)
    balances.prepare(balanceIndex[account.index * 2 + 1, instruments[instrument.index].rules.settle.index])
  }

  /// The same, made when missing. Row 0 is never used: it stands for "none".
  mutating func position(_ account: AccountID, _ instrument: InstrumentID, _ side: PositionSide) -> Int? {
    if let row = findPosition(account, instrument, side) { return row }
    let row = Int(globals[0].positionCount) + 1
    guard row < capacity.positions else { return nil }
    globals[0].positionCount = UInt32(row)
    positions[row].account = account
    positions[row].instrument = instrument
    positions[row].positionSideRaw = side.rawValue
    positions[row].next = UInt32(positionIndex[account.index, instrument.index])
    positionIndex[account.index, instrument.index] = row
    return row
  }

  @inline(__always)
  package func findBalance(_ account: AccountID, _ asset: AssetID, _ wallet: Wallet) -> Int? {
    let row = balanceIndex[account.index * 2 + (wallet == .futures ? 1 : 0), asset.index]
    return row == 0 ? nil : row
  }

  mutating func balance(_ account: AccountID, _ asset: AssetID, _ wallet: Wallet) -> Int? {
    if let row = findBalance(account, asset, wallet) { return row }
    let row = Int(globals[0].balanceCount) + 1
    guard row < capacity.balances else { return nil }
    globals[0].balanceCount = UInt32(row)
    balances[row].account = account
    balances[row].asset = asset
    balances[row].walletRaw = wallet.rawValue
    balances[row].next = accounts[account.index].balanceHead
    accounts[account.index].balanceHead = UInt32(row)
    balanceIndex[account.index * 2 + (wallet == .futures ? 1 : 0), asset.index] = row
    return row
  }

  /// The part of position `row` that `strategy` holds, made when missing.
  mutating func virtual(_ row: Int, _ strategy: UInt16) -> Int? {
    var at = Int(positions[row].virtualHead)
    while at != 0 {
      if virtuals[at].strategy == strategy { return at }
      at = Int(virtuals[at].next)
    }
    let made = Int(globals[0].virtualCount) + 1
    guard made < capacity.positions * 2 else { return nil }
    globals[0].virtualCount = UInt32(made)
    virtuals[made].strategy = strategy
    virtuals[made].position = UInt32(row)
    virtuals[made].next = positions[row].virtualHead
    positions[row].virtualHead = UInt32(made)
    return made
  }
}

/// What the state points to.
@safe struct CoreTables: ~Copyable {
  let capacity: CoreCapacity
  fileprivate let log: UnsafeMutablePointer<StepLog>
  var digest = StateDigest()

  var globals: Table<GlobalRow>
  var assets: Table<AssetRow>
  var venues: Table<VenueRow>
  var instruments: Table<InstrumentRow>
  var accounts: Table<AccountRow>
  var strategies: Table<StrategyRow>
  var roles: Table<RoleRow>
  var orders: Table<OrderRow>
  var orderLinks: Table<OrderLinkRow>
  var positions: Table<PositionRow>
  var balances: Table<BalanceRow>
  var virtuals: Table<VirtualRow>
  var fillIDs: Table<FillIDRow>
  var limits: Table<Money>
  /// Bit `kind` of row `scope`: this limit was set for this very target.
  var limitMasks: Table<UInt64>
  var texts: Table<TextRow>
  var bulks: Table<BulkRow>
  var assetLimits: Table<AssetLimitRow>

  var orderIndex: OrderIndex
  var fillIndex: FillIndex
  var positionIndex: PairIndex
  var balanceIndex: PairIndex
  var due: DueHeap
  let limitNumbers: LimitNumberTable
  let places: LimitPlaces

  init(capacity: CoreCapacity) {
    let log = UnsafeMutablePointer<StepLog>.allocate(capacity: 1)
    unsafe log.initialize(to: StepLog())
    unsafe self.log = log
    self.capacity = capacity
    let places = LimitPlaces(capacity)
    unsafe globals = Table(.global, capacity: 1, unsafeLog: log)
    unsafe assets = Table(.asset, capacity: capacity.assets, unsafeLog: log)
    unsafe venues = Table(.venue, capacity: capacity.venues, unsafeLog: log)
    unsafe instruments = Table(.instrument, capacity: capacity.instruments, unsafeLog: log)
    unsafe accounts = Table(.account, capacity: capacity.accounts, unsafeLog: log)
    unsafe strategies = Table(.strategy, capacity: capacity.strategies, unsafeLog: log)
    unsafe roles = Table(.role, capacity: capacity.roles, unsafeLog: log)
    unsafe orders = Table(.order, capacity: capacity.orders, unsafeLog: log)
    unsafe orderLinks = Table(.orderLink, capacity: capacity.orders, unsafeLog: log)
    unsafe positions = Table(.position, capacity: capacity.positions, unsafeLog: log)
    unsafe balances = Table(.balance, capacity: capacity.balances, unsafeLog: log)
    unsafe virtuals = Table(.virtualPosition, capacity: capacity.positions * 2, unsafeLog: log)
    unsafe fillIDs = Table(.fillID, capacity: capacity.fillIDs, unsafeLog: log)
    unsafe limits = Table(.limit, capacity: places.count * CoreState.limitStride, unsafeLog: log)
    unsafe limitMasks = Table(.limitMask, capacity: places.count, unsafeLog: log)
    unsafe texts = Table(.text, capacity: capacity.texts, unsafeLog: log)
    unsafe bulks = Table(.bulk, capacity: CoreState.bulkCount, unsafeLog: log)
    unsafe assetLimits = Table(.assetLimit, capacity: CoreState.assetLimitCount, unsafeLog: log)
    orderIndex = OrderIndex(capacity: capacity.orders * 2)
    fillIndex = FillIndex(capacity: capacity.fillIDs)
    positionIndex = PairIndex(capacity.accounts, capacity.instruments)
    balanceIndex = PairIndex(capacity.accounts * 2, capacity.assets)
    // Entries stay until their time, also of orders that have ended: many within a second even in a small table.
    due = DueHeap(capacity: max(capacity.orders * 4, 1 << 14))
    limitNumbers = LimitNumberTable(places.count)
    self.places = places
  }

  deinit {
    unsafe log.deinitialize(count: 1)
    unsafe log.deallocate()
  }
}
