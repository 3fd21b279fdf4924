import OMSLib

/// What a person with a script does: orders with ids of their own, repeated with the same id until there is an answer.
struct CrashClient {
  enum Outcome {
    /// No answer yet.
    case open
    /// The engine said that it has it.
    case acknowledged
    /// The engine said that nothing was sent.
    case refused
    /// Asked often enough without a word that says either.
    case givenUp
  }

  struct Ask {
    var request: RequestDraft
    /// Of an order; others have none.
    var id: String?
    var outcome = Outcome.open
    var number: UInt64 = 0
    var tries = 0
  }

  private(set) var asks: [Ask] = []
  /// Place in `asks` by the number on this connection.
  private var places: [UInt64: Int] = [:]
  /// Orders that may still be cancelled or amended, newest last.
  private var recent: [String] = []
  private var count = 0
  private(set) var answerCount = 0
  /// What the last kill or resume that was answered said; `nil` while one is open.
  private(set) var isKilled: Bool? = false
  private var tradingAsks = 0

  /// Whose orders these are, and whether money is real as far as the engine knows.
  struct Exchange {
    let name: String
    let accounts: [String]
    let isLive: Bool

    /// As commands say them.
    var fullNames: [String] { accounts.map { "\(name).\($0)" } }
  }

  private let exchange: Exchange
  private static let symbols = [
    ("BTC-USDT", "0.001", 60_000), ("ETH-USDT", "0.02", 3_000), ("BTC-USDT-PERP", "0.002", 60_000),
  ]

  init(_ exchange: Exchange) { self.exchange = exchange }

  var openCount: Int { places.count }

  var acknowledged: [String] {
    asks.compactMap { $0.outcome == .acknowledged ? $0.id : nil }
  }

  // MARK: Asking

  mutating func askSomething(_ random: inout SplitMix64, _ line: inout CrashLine) {
    if isKilled == true, random.chance(1, in: 4) { return askTrading(kill: false, &line) }
    switch random.below(100) {
    case ..<66: ask(order(&random), id: "o-\(count)", &line)
    case ..<78:
      guard let id = pick(&random) else { return }
      var request = RequestDraft("cancel")
      request.set("ids", .list([id]))
      ask(request, &line)
    case ..<90:
      guard let id = pick(&random) else { return }
      var request = RequestDraft("amend")
      request.set("id", id)
      request.set(
        random.chance(1, in: 2) ? "qty" : "limit", random.chance(1, in: 2) ? "0.02" : "\(2_990 + random.below(20))")
      ask(request, &line)
    case ..<94:
      var request = RequestDraft("cancel_all")
      request.set("account", pickAccount(&random))
      request.set("yes", if: true)
      ask(request, &line)
    case ..<98:
      // Real ones have nobody who moves them.
      guard !exchange.isLive else { return }
      var request = RequestDraft("sim")
      request.set("verb", "price")
      let (symbol, _, price) = Self.symbols[Int(random.below(3))]
      request.set("symbol", symbol)
      request.set("price", "\(price - price / 200 + Int(random.below(UInt64(price / 100))))")
      ask(request, &line)
    case ..<99: askTrading(kill: true, &line)
    default: askTrading(kill: false, &line)
    }
  }

  /// One at a time: what holds is what the last answer said.
  mutating func askTrading(kill: Bool, _ line: inout CrashLine) {
    guard tradingAsks == 0 else { return }
    var request = RequestDraft("trading")
    request.set("verb", kill ? "kill" : "resume")
    if kill { request.set("reason", "drill") } else { request.set("confirm", "all") }
    request.set("yes", if: kill)
    tradingAsks += 1
    isKilled = nil
    ask(request, &line)
  }

  mutating func askSnapshot(_ line: inout CrashLine) { ask(RequestDraft("snapshot_take"), &line) }

  private mutating func order(_ random: inout SplitMix64) -> RequestDraft {
    count += 1
    let (symbol, quantity, price) = Self.symbols[Int(random.below(3))]
    var request = RequestDraft("order")
    request.set("account", pickAccount(&random))
    request.set("symbol", symbol)
    request.set("side", random.chance(3, in: 5) ? "buy" : "sell")
    request.set("qty", quantity)
    request.set("id", "o-\(count)")
    if random.chance(1, in: 4) {
      request.set("market", if: true)
    } else {
      // Around the market: some fill at once, some later, some never.
      request.set("limit", "\(price - price / 250 + Int(random.below(UInt64(price / 125))))")
      if random.chance(1, in: 6) { request.set("tif", "ioc") }
    }
    if random.chance(1, in: 3) { request.set("wait", random.chance(1, in: 2) ? "none" : "open") }
    request.set("timeout", "2s")
    recent.append("o-\(count)")
    if recent.count > 24 { recent.removeFirst() }
    return request
  }

  private func pickAccount(_ random: inout SplitMix64) -> String {
    "\(exchange.name).\(exchange.accounts[Int(random.below(UInt64(exchange.accounts.count)))])"
  }

  private func pick(_ random: inout SplitMix64) -> String? {
    recent.isEmpty ? nil : recent[Int(random.below(UInt64(recent.count)))]
  }

  private mutating func ask(_ request: RequestDraft, id: String? = nil, _ line: inout CrashLine) {
    var request = request
    // What takes nothing on needs no word that it is meant.
    if exchange.isLive, !["snapshot_take", "cancel"].contains(request.operation) {
      request.set("live", .flag)
      request.set("yes", .flag)
    }
    asks.append(Ask(request: request, id: id))
    send(asks.count - 1, &line)
  }

  private mutating func send(_ place: Int, _ line: inout CrashLine) {
    asks[place].tries += 1
    asks[place].number = line.send(asks[place].request)
    places[asks[place].number] = place
  }

  // MARK: Answers

  /// A new connection: whatever had no answer is asked again, with the same ids.
  mutating func repeatOpen(_ line: inout CrashLine) {
    places.removeAll()
    for place in asks.indices where asks[place].outcome == .open {
      // A snapshot is made at idle priority; nobody waits for one.
      if asks[place].request.operation == "snapshot_take" { asks[place].outcome = .givenUp } else { send(place, &line) }
    }
  }

  mutating func take(_ reply: ControlReply) {
    guard let place = places[reply.request] else { return }
    switch reply.body {
    case .data: if asks[place].id != nil { asks[place].outcome = .acknowledged }
    case .error(let bytes):
      let sent = (try? JSONReader.read(Array(bytes)))?.root["sent"]?.string
      // What may have left is asked again; so is what found the engine busy.
      if sent == "no" || asks[place].id == nil { asks[place].outcome = .refused }
    case .note: break
    case .end(let exit):
      places[reply.request] = nil
      answerCount += 1
      noteTrading(asks[place], exit)
      guard asks[place].outcome == .open else { return }
      if exit == 0 {
        asks[place].outcome = .acknowledged
      } else if asks[place].tries > 8 {
        asks[place].outcome = .givenUp
      }
    }
  }

  private mutating func noteTrading(_ ask: Ask, _ exit: UInt8) {
    guard ask.request.operation == "trading" else { return }
    tradingAsks -= 1
    let isKill = ask.request.has("reason")
    isKilled = tradingAsks == 0 && exit == 0 ? isKill : nil
  }
}
