/// One thing that is asked for a request of the core. Symbols are named by their place in the job's list.
enum BinanceQuestion: Equatable, Sendable {
  /// Of all symbols without one.
  case openOrders(BinanceProduct, Int?)
  case openAlgos(Int?)
  case trades(Int, BinancePages.Page)
  /// Payments of funding, of all symbols.
  case funding(BinancePages.Page)
  case orders(Int, BinancePages.Page)
  case algos(Int, BinancePages.Page)
  /// One order by the engine's number.
  case order(Int, VenueReference)
  case account(BinanceProduct)
  case positions
  /// Leverage and margin mode of all symbols.
  case symbolSettings
  /// Whether there are two positions a symbol.
  case accountSettings
  case setLeverage(Int)
  case setMarginMode(Int)
  case countdown(Int)
}

/// Questions that have no answer yet: a few are under way at once, the others wait their turn.
struct BinanceQuestions: Sendable {
  private struct Asked: Sendable {
    var question: BinanceQuestion
    var token: UInt32 = 0
    /// How often it has failed.
    var failures = 0
  }

  /// More at once would leave no budget to others, and gain nothing: the budget is what is waited for.
  static let underWayMax = 3
  /// Then the whole request is given up: whoever asked has a patience of its own.
  static let failureMax = 3

  private var waiting = WaitingLine<Asked>()
  /// Those that go before all that wait.
  private var urgent: [Asked] = []
  private var underWay: [Asked] = []
  private var tokens: UInt32 = 0

  var isEmpty: Bool { waiting.isEmpty && urgent.isEmpty && underWay.isEmpty }

  mutating func add(_ question: BinanceQuestion) { waiting.push(Asked(question: question)) }

  mutating func addUrgent(_ question: BinanceQuestion) { urgent.append(Asked(question: question)) }

  /// The next one to send, under a number of its own.
  mutating func next() -> (token: UInt32, question: BinanceQuestion)? {
    guard underWay.count < Self.underWayMax else { return nil }
    guard var asked = urgent.isEmpty ? waiting.pop() : urgent.removeFirst() else { return nil }
    tokens += 1
    asked.token = tokens
    underWay.append(asked)
    return (asked.token, asked.question)
  }

  func find(_ token: UInt32) -> BinanceQuestion? { underWay.first { $0.token == token }?.question }

  mutating func remove(_ token: UInt32) { underWay.removeAll { $0.token == token } }

  /// It is asked again. `false`: it has failed too often.
  mutating func fail(_ token: UInt32) -> Bool {
    guard let place = underWay.firstIndex(where: { $0.token == token }) else { return true }
    var asked = underWay.remove(at: place)
    asked.failures += 1
    urgent.append(asked)
    return asked.failures < Self.failureMax
  }

  /// No answer came, which says nothing about the question.
  mutating func lose(_ token: UInt32) {
    guard let place = underWay.firstIndex(where: { $0.token == token }) else { return }
    urgent.append(underWay.remove(at: place))
  }

  mutating func removeAll() {
    waiting.removeAll()
    urgent.removeAll()
    underWay.removeAll()
  }
}
