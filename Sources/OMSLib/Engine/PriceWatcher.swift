/// Decides when a price enters the record, and when an emulated trigger fires.
///
/// Marks enter on a change of 5 bps, or after a second if changed at all, ten a second for one instrument at most.
///
/// Owner: the core agent.
@safe package struct PriceWatcher: ~Copyable {
  static let markIntervalMin: Int64 = 100_000_000
  static let markIntervalMax: Int64 = 1_000_000_000
  static let triggerCapacity = 1 << 14

  private struct Last: BitwiseCopyable {
    var price: Int64 = 0
    var at = EngineTime.zero
  }

  private let last: UnsafeMutablePointer<Last>
  private let triggers: UnsafeMutablePointer<TriggerWatch>
  private var triggerCount = 0
  /// When a pending change enters.
  package private(set) var nextDue = EngineTime.never

  package init() {
    unsafe last = .allocate(capacity: Limits.instrumentCount + 1)
    unsafe last.initialize(repeating: Last(), count: Limits.instrumentCount + 1)
    unsafe triggers = .allocate(capacity: Self.triggerCapacity)
  }

  deinit {
    unsafe last.deallocate()
    unsafe triggers.deallocate()
  }

  /// A look at all prices begins: each pending change that is still wanted says again when it enters. Of an instrument
  /// that nobody holds any more none is.
  mutating func beginLook() { nextDue = .never }

  /// Every instrument has its price recorded once, so that what is held of it has a value.
  func needsFirst(_ instrument: InstrumentID) -> Bool { unsafe last[instrument.index].price == 0 }

  /// Whether `top` enters the record now; notes it if so.
  mutating func marks(_ instrument: InstrumentID, _ top: TopOfBook, isWatched: Bool, now: EngineTime) -> Bool {
    let price = Self.reference(top)
    guard price > 0 else { return false }
    var row = unsafe last[instrument.index]
    if row.price != 0 {
      guard isWatched, price != row.price else { return false }
      let age = now.nanoseconds - row.at.nanoseconds
      let moved = (price - row.price).magnitude.multipliedFullWidth(by: 2_000)
      let isLarge = moved.high > 0 || moved.low >= row.price.magnitude
      guard age >= (isLarge ? Self.markIntervalMin : Self.markIntervalMax) else {
        nextDue = min(nextDue, row.at.advanced(byNanoseconds: isLarge ? Self.markIntervalMin : Self.markIntervalMax))
        return false
      }
    }
    row.price = price
    row.at = now
    unsafe last[instrument.index] = row
    return true
  }

  /// Follows one order's trigger; `nil` forgets it.
  package mutating func set(_ orderNumber: UInt64, _ watch: TriggerWatch?) {
    for index in 0..<triggerCount {
      guard unsafe triggers[index].orderNumber == orderNumber else { continue }
      if let watch {
        unsafe triggers[index] = watch
      } else {
        triggerCount -= 1
        unsafe triggers[index] = triggers[triggerCount]
      }
      return
    }
    guard let watch else { return }
    precondition(triggerCount < Self.triggerCapacity, "open triggers stay within their bound (INV-16)")
    unsafe triggers[triggerCount] = watch
    triggerCount += 1
  }

  /// The next trigger that `top` meets. It is forgotten here; whoever submits the fire sets it anew from the state.
  mutating func nextFire(_ instrument: InstrumentID, _ top: TopOfBook) -> TriggerFireInput? {
    let price = Self.reference(top)
    guard price > 0 else { return nil }
    for index in 0..<triggerCount {
      let watch = unsafe triggers[index]
      guard watch.instrument == instrument, Self.isMet(watch, price) else { continue }
      triggerCount -= 1
      unsafe triggers[index] = triggers[triggerCount]
      var fire = TriggerFireInput()
      fire.market = top
      fire.orderNumber = watch.orderNumber
      fire.price = price
      fire.version = watch.version
      return fire
    }
    return nil
  }

  private static func isMet(_ watch: TriggerWatch, _ price: Int64) -> Bool {
    if watch.trailPpm > 0 { return meetsTrail(watch, price) }
    return watch.firesAbove != 0 ? price >= watch.price : price <= watch.price
  }

  /// A trailing stop fires at its distance from the best price seen, and asks to be moved when there is a better one.
  private static func meetsTrail(_ watch: TriggerWatch, _ price: Int64) -> Bool {
    let best = watch.highWater
    guard best > 0 else { return true }
    let isBetter = watch.firesAbove != 0 ? price < best : price > best
    if isBetter { return true }
    let distance = (price - best).magnitude.multipliedFullWidth(by: 1_000_000)
    let bound = best.magnitude.multipliedFullWidth(by: UInt64(watch.trailPpm))
    return distance.high > bound.high || (distance.high == bound.high && distance.low >= bound.low)
  }

  /// Last trade, else mark, else the middle of the touch.
  static func reference(_ top: TopOfBook) -> Int64 {
    if top.mark > 0 { return top.mark }
    if top.last > 0 { return top.last }
    guard top.bid > 0, top.ask > 0 else { return 0 }
    return top.bid + (top.ask - top.bid) / 2
  }
}
