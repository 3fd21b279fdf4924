/// One instrument at the exchange: its rules, its prices and the state of the walk that moves them.
struct ExchangeMarket: BitwiseCopyable {
  var rules = Instrument()
  /// 10^(18 - price scale - quantity scale): makes money of price x quantity.
  var unit = Int128(0)
  /// 10^(18 - quantity scale): makes money of a quantity.
  var quantityUnit = Int128(0)
  var last: Int64 = 0
  var mark: Int64 = 0
  var index: Int64 = 0
  var bookSequence: UInt64 = 0
  var tradeCount: UInt64 = 0
  /// Reference price x 2^16, moved by the walk.
  var walk: Int64 = 0
  /// Where the walk is drawn back to, x 2^16.
  var anchor: Int64 = 0
  /// Distance of a perpetual's price from its index, x 2^16.
  var basis: Int64 = 0
  /// Full spread of the flow in 10^-8 of the price.
  var spreadE8: Int64 = 0
  /// Quantity of the flow's best quote; those behind grow from it.
  var quoteQuantity: Int64 = 0
  var random = SplitMix64(seed: 0)
  /// Sums of the premium samples since the last funding, in 10^-8, and their number.
  var premiumSum: Int64 = 0
  var premiumCount: Int64 = 0
  /// Level of the mid the quotes stand around.
  var quotedMid: Int64 = 0
  /// Waiting orders, and the prices between which none of them can fire.
  var waitingFirst: UInt32 = 0
  var waitingLast: UInt32 = 0
  var fireAbove: Int64 = .max
  var fireBelow: Int64 = .min
  var isDefined: UInt8 = 0
  var hasFlow: UInt8 = 0
  /// Instrument whose walk this one follows (a perpetual its spot); 0: walks by itself.
  var follows: UInt16 = 0
  var padding: UInt32 = 0

  var isPerpetual: Bool { rules.classRaw == InstrumentClass.perp.rawValue }
  var wallet: Wallet { isPerpetual ? .futures : .spot }
  var features: VenueFeatures { rules.features }
}

/// The flow's quote at one place of one side: the order's slot, and its number to see whether it is still that order.
struct FlowQuote: BitwiseCopyable {
  var number: UInt64 = 0
  var slot: UInt32 = 0
  var padding: UInt32 = 0
}

/// The books of an exchange by instrument number.
@safe struct Books: ~Copyable {
  private let base: UnsafeMutablePointer<MatchingBook>
  private let made: UnsafeMutablePointer<Bool>
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    unsafe base = .allocate(capacity: capacity)
    unsafe made = .allocate(capacity: capacity)
    unsafe made.initialize(repeating: false, count: capacity)
  }

  deinit {
    for index in 0..<capacity where unsafe made[index] { unsafe (base + index).deinitialize(count: 1) }
    unsafe base.deallocate()
    unsafe made.deallocate()
  }

  mutating func make(_ index: Int, around level: Int64) {
    precondition(unsafe index < capacity && !made[index], "an instrument has one book")
    unsafe (base + index).initialize(to: MatchingBook(around: level))
    unsafe made[index] = true
  }

  subscript(index: Int) -> MatchingBook {
    @inline(__always) unsafeAddress {
      precondition(unsafe index < capacity && made[index], "the instrument is defined")
      return unsafe UnsafePointer(base + index)
    }
    @inline(__always) unsafeMutableAddress {
      precondition(unsafe index < capacity && made[index], "the instrument is defined")
      return unsafe base + index
    }
  }
}
