/// What the control thread asks of the hot one: an input for the core, or a look at its rows.
///
/// Fixed size, no references but the address of a buffer that the asker keeps until the answer is there.
package struct HotMessage: Sendable, BitwiseCopyable {
  /// Above the numbers of record types.
  package enum Query: UInt16, Sendable, CaseIterable {
    case accounts = 0xF001
    case positions = 0xF002
    case balances = 0xF003
    case tops = 0xF004
    case globals = 0xF005
    case limits = 0xF006
    /// `refused`: another process was asked for it; to be repeated.
    case book = 0xF007
    /// What the door knows of accounts (`AccountFacts`) and instruments (`MarketFacts`), by engine number.
    case accountFacts = 0xF008
    case marketFacts = 0xF009
    /// What the venue said to the question whose token is the argument.
    case venueAnswers = 0xF00A
    /// A control of the built-in exchange.
    case simulator = 0xF010
    /// The gate file that is there now counts again.
    case acceptGate = 0xF011
    case stop = 0xF012
    /// The gate's names have other meanings now.
    case namesChanged = 0xF016
    /// Trades of one market (`TapeTrade`), the oldest first: the argument is the instrument, shifted by 48 bits, and the
    /// place on the tape behind which they begin.
    case trades = 0xF017
    /// A ring was granted (`OpenRing`), or its grant ends (`CloseRing`): the latter is answered when the ring is let go.
    case openRing = 0xF018
    case closeRing = 0xF019
    /// A question to the venue (`VenueQuestion`); repeated until its answer is complete: then `finished`, with a count.
    case venueQuestion = 0xF013
    /// An order that closes a position while nothing can be recorded (`UnrecordedOrder`).
    case unrecordedOrder = 0xF014
    /// Whether orders can be recorded: `accepted`, else `refused`.
    case recordability = 0xF015
  }

  package static let bodyBytes = 512

  package var typeRaw: UInt16
  /// For commands whose body does not name it: where the touch is read.
  package var instrument = InstrumentID.none
  package var length: UInt32 = 0
  package var body = PaddedBody()

  package init<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body, instrument: InstrumentID = .none) {
    self.init(typeRaw: type.rawValue, body)
    self.instrument = instrument
  }

  package init<Body: BitwiseCopyable>(_ query: Query, _ body: Body) { self.init(typeRaw: query.rawValue, body) }

  private init<Body: BitwiseCopyable>(typeRaw: UInt16, _ body: Body) {
    precondition(MemoryLayout<Body>.size <= Self.bodyBytes, "a message holds any input")
    self.typeRaw = typeRaw
    length = UInt32((MemoryLayout<Body>.size + 63) & ~63)
    unsafe withUnsafeMutableBytes(of: &self.body) { unsafe $0.storeBytes(of: body, as: Body.self) }
  }

  package var query: Query? { Query(rawValue: typeRaw) }
  package var type: RecordType? { RecordType(rawValue: typeRaw) }

  package func load<Body: BitwiseCopyable>(_: Body.Type) -> Body {
    unsafe withUnsafeBytes(of: body) { unsafe $0.loadUnaligned(as: Body.self) }
  }
}

/// The body of a query: rows from `first` on are copied to `address`, `capacity` at most. The reply's `count` says how
/// many there were; fewer than `capacity` means the end.
package struct RowQuery: Sendable, BitwiseCopyable {
  package var token: UInt64 = 0
  package var address: UInt64 = 0
  package var first: UInt32 = 0
  package var capacity: UInt32 = 0
  package var argument: UInt64 = 0
  package init() {}
}

/// What stands beside an account's row: how much of the venue's rate is used, when the venue last said something, and
/// whether it may trade.
struct AccountFacts: BitwiseCopyable {
  var lastEventAt = EngineTime.zero
  var budgetUsed: UInt32 = 0
  /// 0: the venue has no such limit.
  var budgetMax: UInt32 = 0
  var isConnected: UInt8 = 0
  /// The strictest state of everything, its venue and itself.
  var tradingRaw = TradingState.halted.rawValue
  var reserved: (UInt16, UInt32) = (0, 0)
}

/// A trade of a market, with its place on the tape: one more than that of the trade before it.
struct TapeTrade: BitwiseCopyable {
  var place: UInt64 = 0
  var trade = PublicTrade()
}

/// What stands beside an instrument's best prices.
struct MarketFacts: BitwiseCopyable {
  /// By the venue's calendar; zero: it has none, or it is not known.
  var nextFunding = UTCTime.zero
  var fundingRate = Rate(e8: 0)
  /// Nanoseconds between payments.
  var fundingInterval: Int64 = 0
}
