import OMSLib

/// What is wrong with an event of an order.
enum FalseEvent: String, Sendable, CaseIterable {
  /// More is filled than was ordered.
  case overfill
  /// Less is filled than before.
  case falling
  case zeroPrice = "zero-price"
  case notNumber = "nan"
  case unknownStatus = "unknown-status"
}

/// What a served exchange does wrong in what it knows and says, beside what its door and its wires do: in force until it
/// has happened so often, or until all faults end.
struct ExchangeTroubles: Sendable {
  // Requests and their answers.
  /// Pairs of answers of the WebSocket API that change their ids.
  var swappedAnswers = 0
  /// Orders that go to another account than the one whose key signed them.
  var strayOrders = 0
  /// Orders that get a price one tick away from theirs.
  var shiftedOrders = 0
  /// Before a cancel is carried out, so much of what is left of its order fills, in percent.
  var race: (percent: Int64, left: Int)?
  /// Cancels of everything that leave one order.
  var survivors = 0
  /// The cancel whose answer comes next left one.
  var hasSpared = false
  var shortBatches = 0
  var turnedBatches = 0
  var queryLag: Int64 = 0
  var emptyBalances = 0
  var hiddenPositions: Set<String> = []

  /// Whose keys nobody knows any more.
  var lockedAccounts: Set<UInt16> = []

  // Everybody.
  var banEnd = UTCTime.zero
  var upkeepEnd = EngineTime.zero
  var isUnderUpkeep = false

  // Events of accounts.
  var falseEvent: (kind: FalseEvent, left: Int)?
  var repeatsFills = false

  // The market.
  var staleSymbols: Set<String> = []
  /// Of each symbol the update that nobody gets; 0: the next one.
  var lostUpdates: [String: UInt64] = [:]

  // Connections.
  var closesAtOnce = false
  var goodbye = EngineTime.never

  /// By connection: an answer that waits for another one to change ids with.
  var waitingAnswers: [VenueLink: WaitingAnswer] = [:]
  /// Fills that accounts were told of, for whoever subscribes.
  var toldFills: [UInt16: [[UInt8]]] = [:]

  struct WaitingAnswer: Sendable {
    var caller: Caller
    var result: Result<[UInt8], VenueError>
    var data: [UInt8]?
    var until: EngineTime
  }

  /// Whether there is one about what answers to questions say.
  var changesAnswers: Bool {
    queryLag > 0 || hasSpared || emptyBalances > 0 || shortBatches > 0 || turnedBatches > 0 || !hiddenPositions.isEmpty
  }

  /// Counts one down. `false`: it was at its end.
  static func take(_ count: inout Int) -> Bool {
    guard count > 0 else { return false }
    count -= 1
    return true
  }

  static func take<Kind>(_ trouble: inout (kind: Kind, left: Int)?) -> Kind? {
    guard let (kind, left) = trouble else { return nil }
    trouble = left > 1 ? (kind, left - 1) : nil
    return kind
  }
}
