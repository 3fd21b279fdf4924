internal import CCore

/// Limits as the order path wants them: side by side, and counts and rates as plain numbers, since dividing 128-bit
/// amounts for each order cost more than all comparisons together. Follows from the row's amounts, so it is in no digest
/// and no snapshot.
struct LimitNumbers: BitwiseCopyable {
  /// One cache line: what an order is checked against in each of its scopes.
  var scope = ScopeBounds()
  /// Thousandths.
  var leverageMaxMilli: Int64 = 0
  var repeatedRejectsMax: Int64 = 0
  // Of accounts: what single orders and positions are held to.
  var marketAgeNanoseconds: Int64 = 0
  /// Parts of 10^9; the collar rounded down, the distance rounded up: never in favour of an order.
  var collarPpb: Int64 = 0
  var liquidationDistanceMinPpb: Int64 = 0
  var padding: Int64 = 0
  var orderQuantityMax = Money.zero
  var orderNotionalMax = Money.zero
  var positionQuantityMax = Money.zero
  var positionNotionalMax = Money.zero
  var dailyLossMax = Money.zero
  var balanceMax = Money.zero
  var tail: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
}

/// One row of numbers for each row of limits.
@safe struct LimitNumberTable: ~Copyable {
  private let count: Int
  private let rows: UnsafeMutablePointer<LimitNumbers>

  init(_ count: Int) {
    self.count = count
    unsafe rows = zeroPages(LimitNumbers.self, count)
  }

  deinit { unsafe releasePages(rows, count) }

  subscript(_ row: Int) -> LimitNumbers {
    @inline(__always) unsafeAddress {
      precondition(row >= 0 && row < count, "row outside its table")
      return unsafe UnsafePointer(rows + row)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      precondition(row >= 0 && row < count, "row outside its table")
      return unsafe rows + row
    }
  }

  /// For several looks at one row.
  @inline(__always)
  func row(_ row: Int) -> UnsafePointer<LimitNumbers> {
    precondition(row >= 0 && row < count, "row outside its table")
    return unsafe UnsafePointer(rows + row)
  }

  /// Starts to fetch a row that is wanted soon: its first `bytes`, or all of it.
  @inline(__always)
  func prepare(_ row: Int, bytes: Int = MemoryLayout<LimitNumbers>.stride) {
    precondition(row >= 0 && row < count, "row outside its table")
    let place = unsafe UnsafeRawPointer(rows + row)
    var offset = 0
    while offset < bytes {
      unsafe cc_prefetch(place + offset)
      offset &+= 64
    }
  }
}

/// Where the limits of a scope begin: paper and live have halves of their own.
struct LimitPlaces: BitwiseCopyable {
  let instruments: Int
  let strategies: Int
  let venues: Int
  let total: Int
  let half: Int

  init(_ capacity: CoreCapacity) {
    instruments = capacity.accounts
    strategies = instruments + capacity.instruments
    venues = strategies + capacity.strategies
    total = venues + capacity.venues
    half = total + 1
  }

  var count: Int { half * 2 }
}

extension CoreState {
  /// The row of limits of a target in a mode. Target 0 is "each that has no value of its own".
  @inline(__always)
  func limitRow(_ scope: LimitScope, _ target: Int, _ mode: Mode) -> Int {
    let base = mode == .live ? places.half : 0
    let (start, end) =
      switch scope {
      case .account: (0, places.instruments)
      case .instrument: (places.instruments, places.strategies)
      case .strategy: (places.strategies, places.venues)
      case .venue: (places.venues, places.total)
      case .total: (places.total, places.half)
      }
    precondition(target >= 0 && target < end &- start, "no such target of a limit")
    return base &+ start &+ target
  }

  /// The value in force: the target's own, else that of "each", else the built-in default.
  @inline(__always)
  package func limit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Money {
    limit(kind, at: limitRow(scope, target, mode))
  }

  @inline(__always)
  func limit(_ kind: LimitKind, at row: Int) -> Money { limits[row &* Self.limitStride &+ Int(kind.rawValue)] }

  private mutating func set(_ kind: LimitKind, at row: Int, _ value: Money) {
    limits[row * Self.limitStride + Int(kind.rawValue)] = value
    derive(kind, at: row)
  }

  private static let billionth = Money(units: 1_000_000_000)

  private func derive(_ kind: LimitKind, at row: Int) {
    let value = limit(kind, at: row)
    switch kind {
    case .maxGrossNotional: limitNumbers[row].scope.grossMax = value
    case .maxNetNotional: limitNumbers[row].scope.netMax = value
    case .maxVaR: limitNumbers[row].scope.valueAtRiskMax = value
    case .maxOpenOrders: limitNumbers[row].scope.openOrdersMax = value.clamped(over: Money.one)
    case .maxOrdersPerSecond:
      let rate = value.clamped(over: Money.one)
      limitNumbers[row].scope.rateInterval = rate > 0 ? max(1, 1_000_000_000 / rate) : 0
    case .maxLeverage: limitNumbers[row].leverageMaxMilli = value.clamped(over: Money(units: Money.one.units / 1_000))
    case .maxRepeatedRejects: limitNumbers[row].repeatedRejectsMax = value.clamped(over: Money.one)
    case .maxOrderQuantity: limitNumbers[row].orderQuantityMax = value
    case .maxOrderNotional: limitNumbers[row].orderNotionalMax = value
    case .maxPositionQuantity: limitNumbers[row].positionQuantityMax = value
    case .maxPositionNotional: limitNumbers[row].positionNotionalMax = value
    case .dailyLoss: limitNumbers[row].dailyLossMax = value
    case .maxBalance: limitNumbers[row].balanceMax = value
    case .maxMarketAge: limitNumbers[row].marketAgeNanoseconds = max(-1, value.floor(over: Self.billionth))
    case .collar: limitNumbers[row].collarPpb = max(0, value.floor(over: Self.billionth))
    case .minLiquidationDistance:
      let floor = value.floor(over: Self.billionth)
      limitNumbers[row].liquidationDistanceMinPpb = floor == .max ? .max : floor + 1
    default: break
    }
  }

  /// Once rows were loaded.
  mutating func deriveLimits() {
    for row in 0..<places.count {
      for kind in LimitKind.allCases { derive(kind, at: row) }
    }
  }

  /// Whether the limit was set for this very target (or, for target 0, for "each").
  package func isLimitSet(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) -> Bool {
    limitMasks[limitRow(scope, target, mode)] & (1 << UInt64(kind.rawValue)) != 0
  }

  mutating func setLimit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode, _ value: Money) {
    let row = limitRow(scope, target, mode)
    set(kind, at: row, value)
    limitMasks[row] |= 1 << UInt64(kind.rawValue)
    if target == 0 { spread(kind, scope, mode) }
  }

  /// Back to what "each" has; for "each" itself, to the built-in default.
  mutating func resetLimit(_ kind: LimitKind, _ scope: LimitScope, _ target: Int, _ mode: Mode) {
    let row = limitRow(scope, target, mode)
    limitMasks[row] &= ~(1 << UInt64(kind.rawValue))
    guard target == 0 else {
      set(kind, at: row, limit(kind, scope, 0, mode))
      return
    }
    set(kind, at: row, LimitDefaults.value(kind, scope, mode))
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
      set(kind, at: limitRow(scope, target + 1, mode), value)
    }
  }

  mutating func setLimitDefaults() {
    for mode in Mode.allCases {
      for scope in LimitScope.allCases {
        for kind in LimitKind.allCases { resetLimit(kind, scope, 0, mode) }
      }
    }
  }
}

extension Money {
  /// How often `unit` is in it, as far as 64 bits go.
  fileprivate func clamped(over unit: Money) -> Int64 { Int64(clamping: units / unit.units) }

  /// The same, rounded down below zero too.
  fileprivate func floor(over unit: Money) -> Int64 {
    let (quotient, remainder) = units.quotientAndRemainder(dividingBy: unit.units)
    return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
  }
}
