internal import Glibc

/// All state of the core: tables of rows, and the indexes that follow from them.
///
/// Owner: one core. No references leave it; a copy of the rows is a snapshot.
@safe package struct CoreState: ~Copyable {
  package let capacity: CoreCapacity
  private let log: UnsafeMutablePointer<UndoLog>
  package internal(set) var digest = StateDigest()

  var globals: Table<GlobalRow>
  package internal(set) var assets: Table<AssetRow>
  package internal(set) var venues: Table<VenueRow>
  package internal(set) var instruments: Table<InstrumentRow>
  package internal(set) var accounts: Table<AccountRow>
  package internal(set) var strategies: Table<StrategyRow>
  package internal(set) var orders: Table<OrderRow>
  package internal(set) var positions: Table<PositionRow>
  package internal(set) var balances: Table<BalanceRow>
  package internal(set) var virtuals: Table<VirtualRow>
  var fillIDs: Table<FillIDRow>
  var limits: Table<Money>
  /// Bit `kind` of row `scope`: this limit was set for this very target.
  var limitMasks: Table<UInt64>
  package internal(set) var texts: Table<TextRow>
  var bulks: Table<BulkRow>
  var assetLimits: Table<AssetLimitRow>

  var orderIndex: OrderIndex
  var fillIndex: FillIndex
  var positionIndex: PairIndex
  var balanceIndex: PairIndex
  var due: DueHeap

  static let bulkCount = 16
  static let assetLimitCount = 1_024
  static let limitStride = 32

  package init(capacity: CoreCapacity) {
    let log = UnsafeMutablePointer<UndoLog>.allocate(capacity: 1)
    unsafe log.initialize(to: UndoLog())
    unsafe self.log = log
    self.capacity = capacity
    unsafe globals = Table(.global, capacity: 1, unsafeLog: log)
    unsafe assets = Table(.asset, capacity: capacity.assets, unsafeLog: log)
    unsafe venues = Table(.venue, capacity: capacity.venues, unsafeLog: log)
    unsafe instruments = Table(.instrument, capacity: capacity.instruments, unsafeLog: log)
    unsafe accounts = Table(.account, capacity: capacity.accounts, unsafeLog: log)
    unsafe strategies = Table(.strategy, capacity: capacity.strategies, unsafeLog: log)
    unsafe orders = Table(.order, capacity: capacity.orders, unsafeLog: log)
    unsafe positions = Table(.position, capacity: capacity.positions, unsafeLog: log)
    unsafe balances = Table(.balance, capacity: capacity.balances, unsafeLog: log)
    unsafe virtuals = Table(.virtualPosition, capacity: capacity.positions * 2, unsafeLog: log)
    unsafe fillIDs = Table(.fillID, capacity: capacity.fillIDs, unsafeLog: log)
    unsafe limits = Table(.limit, capacity: Self.limitRows(capacity) * Self.limitStride, unsafeLog: log)
    unsafe limitMasks = Table(.limitMask, capacity: Self.limitRows(capacity), unsafeLog: log)
    unsafe texts = Table(.text, capacity: capacity.texts, unsafeLog: log)
    unsafe bulks = Table(.bulk, capacity: Self.bulkCount, unsafeLog: log)
    unsafe assetLimits = Table(.assetLimit, capacity: Self.assetLimitCount, unsafeLog: log)
    orderIndex = OrderIndex(capacity: capacity.orders * 2)
    fillIndex = FillIndex(capacity: capacity.fillIDs)
    positionIndex = PairIndex(capacity.accounts, capacity.instruments)
    balanceIndex = PairIndex(capacity.accounts * 2, capacity.assets)
    due = DueHeap(capacity: capacity.orders * 4)
    globals[0] = GlobalRow()
    setLimitDefaults()
    commit()
  }

  deinit {
    unsafe log.deinitialize(count: 1)
    unsafe log.deallocate()
  }

  package var global: GlobalRow { globals[0] }

  /// Number of rows written since the last commit.
  package var changeCount: Int { unsafe log.pointee.count }

  package func change(_ i: Int) -> (table: UInt8, row: Int) { unsafe log.pointee.change(i) }

  /// Ends a step.
  mutating func commit() {
    unsafe log.pointee.commit(into: &digest)
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

  /// The position row of (account, instrument, side), if there is one.
  package func findPosition(_ account: AccountID, _ instrument: InstrumentID, _ side: PositionSide) -> Int? {
    var row = positionIndex[account.index, instrument.index]
    while row != 0 {
      if positions[row].positionSideRaw == side.rawValue { return row }
      row = Int(positions[row].next)
    }
    return nil
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

// MARK: Limits

extension CoreState {
  static func limitRows(_ capacity: CoreCapacity) -> Int {
    capacity.accounts * 2 + (capacity.instruments + capacity.strategies + capacity.venues + 1) * 2
  }

  /// The row of limits of a target in a mode. Target 0 is "each that has no value of its own".
  func limitRow(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> Int {
    let half = Self.limitRows(capacity) / 2
    let base = mode == .live ? half : 0
    switch scope {
    case .account:
      precondition(target < capacity.accounts)
      return base + target
    case .instrument:
      precondition(target < capacity.instruments)
      return base + capacity.accounts + target
    case .strategy:
      precondition(target < capacity.strategies)
      return base + capacity.accounts + capacity.instruments + target
    case .venue:
      precondition(target < capacity.venues)
      return base + capacity.accounts + capacity.instruments + capacity.strategies + target
    case .total: return base + capacity.accounts + capacity.instruments + capacity.strategies + capacity.venues
    }
  }

  /// The value in force: the target's own, else that of "each", else the built-in default.
  package func limit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Money {
    limits[limitRow(scope, target, mode) * Self.limitStride + Int(kind.rawValue)]
  }

  /// Whether the limit was set for this very target (or, for target 0, for "each").
  package func isLimitSet(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Bool {
    limitMasks[limitRow(scope, target, mode)] & (1 << UInt64(kind.rawValue)) != 0
  }

  mutating func setLimit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode, _ value: Money) {
    let row = limitRow(scope, target, mode)
    limits[row * Self.limitStride + Int(kind.rawValue)] = value
    limitMasks[row] |= 1 << UInt64(kind.rawValue)
    if target == 0 { spread(kind, scope, mode) }
  }

  /// Back to what "each" has; for "each" itself, to the built-in default.
  mutating func resetLimit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) {
    let row = limitRow(scope, target, mode)
    limitMasks[row] &= ~(1 << UInt64(kind.rawValue))
    guard target == 0 else {
      limits[row * Self.limitStride + Int(kind.rawValue)] = limit(kind, scope, 0, mode)
      return
    }
    limits[row * Self.limitStride + Int(kind.rawValue)] = LimitDefaults.value(kind, scope, mode)
    spread(kind, scope, mode)
  }

  /// Gives a newly defined target the values of "each".
  mutating func inheritLimits(_ scope: LimitScope, _ target: Int) {
    for mode in Mode.allCases {
      for kind in LimitKind.allCases { resetLimit(kind, scope, target, mode) }
    }
  }

  /// Passes the value of "each" on to all defined targets without one of their own.
  private mutating func spread(_ kind: LimitKind, _ scope: LimitScope, _ mode: Mode) {
    let defined =
      switch scope {
      case .total: 0
      case .venue: Int(globals[0].venueCount)
      case .account: Int(globals[0].accountCount)
      case .instrument: Int(globals[0].instrumentCount)
      case .strategy: Int(globals[0].strategyCount)
      }
    let value = limit(kind, scope, 0, mode)
    for target in 0..<defined where !isLimitSet(kind, scope, target + 1, mode) {
      limits[limitRow(scope, target + 1, mode) * Self.limitStride + Int(kind.rawValue)] = value
    }
  }

  private mutating func setLimitDefaults() {
    for mode in Mode.allCases {
      for scope in LimitScope.allCases {
        for kind in LimitKind.allCases { resetLimit(kind, scope, 0, mode) }
      }
    }
  }
}
