/// The people and programs that trade in a world: what they asked for, what they were told.
struct Client {
  enum Purpose {
    case order(index: Int)
    case compare
    case attach(program: Int)
    case trading(Scope, TradingState)
    case other
  }

  struct Order {
    var input: NewOrderInput
    var token: UInt64
    /// Of the engine, once it said so.
    var number: UInt64 = 0
    /// Of the price that it was sent with.
    var marketAge: Int64 = 0
    /// The answer came; it may not be taken back.
    var isAcknowledged = false
    var isRefused = false
    /// Said to be taken by a run that then died with its memory: may be gone, except in `strict`.
    var isAtRisk = false
  }

  var random: SplitMix64
  private(set) var orders: [Order] = []
  private(set) var pending: [UInt64: Purpose] = [:]
  private(set) var retries: [Int] = []
  private var tokenCount: UInt64 = 0
  private var idCount = 0
  var powerLost = false
  /// Comparisons that have ended, of those asked for since the last `compareAll`.
  var compared = 0

  init(random: SplitMix64) { self.random = random }

  mutating func nextToken(_ purpose: Purpose) -> UInt64 {
    tokenCount += 1
    pending[tokenCount] = purpose
    return tokenCount
  }

  func words(_ token: UInt64) -> String {
    guard let purpose = pending[token] else { return "none" }
    guard case .order(let index) = purpose else { return "\(purpose) \(token)" }
    return "order \(orders[index].input.id) (\(token))"
  }

  mutating func forget(_ token: UInt64) { pending[token] = nil }

  mutating func nextID() -> Text64 {
    idCount += 1
    return Text64("u\(idCount)") ?? Text64()
  }

  mutating func remember(_ input: NewOrderInput, marketAge: Int64) -> UInt64 {
    orders.append(Order(input: input, token: 0, marketAge: marketAge))
    let token = nextToken(.order(index: orders.count - 1))
    orders[orders.count - 1].token = token
    return token
  }

  /// An order of some time ago whose caller asks for it again under the same id.
  func oldOrder(_ random: inout SplitMix64) -> Int? {
    guard orders.count > 8 else { return nil }
    let index = Int(random.below(UInt64(orders.count)))
    let order = orders[index]
    return order.isAcknowledged && !order.input.id.isEmpty ? index : nil
  }

  mutating func settle(_ token: UInt64) -> Purpose? {
    guard let purpose = pending.removeValue(forKey: token) else { return nil }
    return purpose
  }

  mutating func acknowledge(_ index: Int, number: UInt64) {
    orders[index].isAcknowledged = true
    orders[index].number = number
  }

  mutating func refuse(_ index: Int) { orders[index].isRefused = true }
  mutating func drop(_ index: Int) { orders[index].isAcknowledged = false }
  mutating func clearRetries() { retries = [] }

  /// Commands without an answer: their callers do not know, and some ask again under the same id.
  mutating func engineDied() {
    for (token, purpose) in pending.sorted(by: { $0.key < $1.key }) {
      guard case .order(let index) = purpose else { continue }
      if !orders[index].input.id.isEmpty, random.chance(1, in: 2) { retries.append(index) }
      _ = token
    }
    pending = [:]
  }

  mutating func restarted() { powerLost = false }
}
