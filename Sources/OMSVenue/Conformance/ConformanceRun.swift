import OMSLib

/// Plays one case on a bench, and says what was not as it must be.
package struct ConformanceRun: ~Copyable {
  struct Placed {
    var order: ConformanceOrder
    var wireID: Text32
    /// The number of the request that placed it.
    var requestID: UInt64
    var venueOrder = VenueReference.none
  }

  let item: ConformanceCase
  let product: VenueProduct
  let bench: any ConformanceBench
  let words: ConformanceWords
  var orders: [String: Placed] = [:]
  private var requests: UInt64 = 0
  /// Where the case began in what was told, and which of it was asked for already.
  private let begin: Int
  private var claimed: Set<Int> = []
  private var askedBefore = 0
  package private(set) var failures: [String] = []

  private init(_ item: ConformanceCase, _ product: VenueProduct, _ bench: any ConformanceBench) {
    self.item = item
    self.product = product
    self.bench = bench
    words = ConformanceWords(item, product)
    begin = bench.events.count
  }

  /// What went wrong; empty: nothing.
  package static func play(
    _ item: ConformanceCase, on product: VenueProduct, _ bench: any ConformanceBench
  ) -> [String] {
    var run = ConformanceRun(item, product, bench)
    guard run.wait(20_000, { $0.venue.isUp(AccountID(number: 1)) }) else { return ["the account never came up"] }
    bench.run(nanoseconds: 20_000_000) { false }
    run.askedBefore = run.requestCount
    bench.withExchange { exchange, _ in exchange.countsPlacements = true }
    for (index, step) in item.steps.enumerated() {
      if let problem = run.perform(step) { run.failures.append("step \(index + 1): \(problem)") }
      if !run.failures.isEmpty { break }
    }
    if run.failures.isEmpty { run.failures = run.settle() }
    guard !run.failures.isEmpty else { return [] }
    return run.failures + ["told: " + run.story.joined(separator: ", ")]
  }

  private var story: [String] {
    bench.events[begin...].map { words.text(of: $0) }.filter { !$0.isEmpty }
  }

  func wait(_ milliseconds: Int64, _ isDone: (any ConformanceBench) -> Bool) -> Bool {
    let bench = bench
    bench.run(nanoseconds: milliseconds * 1_000_000) { isDone(bench) }
    return isDone(bench)
  }

  // MARK: - Steps

  /// What is wrong; `nil`: nothing.
  private mutating func perform(_ step: ConformanceStep) -> String? {
    switch step {
    case .place(let order): place(order)
    case .cancel(let name): return submit(.cancelOrder, name) { _ in }
    case .amend(let name, let quantity, let price):
      let (raw, limit) = (words.quantity(quantity), words.price(price))
      return submit(.amendOrder, name) { request in
        request.quantity = raw
        request.price = limit
      }
    case .query(let name):
      learn()
      return ask(name) == nil ? "nobody answers the question for \(name)" : nil
    case .ask(let kind): return ask(kind) == nil ? "nobody answers \(kind)" : nil
    case .setLeverage(let leverage):
      var request = request(.setLeverage)
      (request.instrument, request.leverage) = (instrument(), leverage)
      submit(request)
    case .deadman(let milliseconds):
      var request = request(.deadman)
      request.signBy = bench.time.now.advanced(byNanoseconds: milliseconds * 1_000_000)
      submit(request)
    case .sees(let milliseconds): return sees(within: milliseconds)
    case .isBlind(let milliseconds): return isBlind(within: milliseconds)
    case .fill(let name, let quantity): return fill(name, quantity)
    case .fillIfThere(let name, let quantity): _ = fill(name, quantity)
    case .level(let side, let quantity, let price):
      var control = control(.addLevel)
      (control.sideRaw, control.quantity, control.price) =
        (side.rawValue, words.quantity(quantity), words.price(price))
      steer(control)
    case .trouble(var trouble):
      trouble.product = product
      bench.withExchange { exchange, _ in exchange.add(trouble) }
    case .network(let change): return network(change)
    case .exchange(let change): exchange(change)
    case .pass(let milliseconds): bench.run(nanoseconds: milliseconds * 1_000_000) { false }
    case .hear(let texts, let milliseconds): return hear(texts, milliseconds)
    case .never(let texts):
      let told = Set(story)
      return texts.first { told.contains($0) }.map { "\"\($0)\" was told" }
    case .isUp(let isUp, let milliseconds):
      let found = wait(milliseconds) { $0.venue.isUp(AccountID(number: 1)) == isUp }
      return found ? nil : "the account is \(isUp ? "down" : "up")"
    case .holds(let counts): return holds(counts)
    case .asked(let count):
      let asked = requestCount
      defer { askedBefore = asked }
      guard let count, asked - askedBefore != count else { return nil }
      let last = bench.withExchange { [product] exchange, _ in exchange.lastRequest[product] ?? "" }
      return "\(asked - askedBefore) requests have come, not \(count): \(last)"
    }
    return nil
  }

  private mutating func hear(_ texts: [String], _ milliseconds: Int64) -> String? {
    var missing: [String] = []
    for text in texts {
      var place: Int?
      let (words, first, known) = (words, begin, claimed)
      _ = wait(milliseconds) { bench in
        place = bench.events.indices.dropFirst(first).first {
          !known.contains($0) && words.text(of: bench.events[$0]) == text
        }
        return place != nil
      }
      if let place { claimed.insert(place) } else { missing.append(text) }
      // The time is that of all together.
      if !missing.isEmpty { break }
    }
    learn()
    return missing.isEmpty ? nil : "\"\(missing[0])\" was not told"
  }

  /// What the exchange calls the orders.
  private mutating func learn() {
    for event in bench.events[begin...] where event.kind == .accepted || event.kind == .orderReport {
      guard let name = words.name(of: event.wireID), !event.venueOrder.isNone else { continue }
      orders[name]?.venueOrder = event.venueOrder
    }
  }

  private var requestCount: Int {
    let product = product
    return bench.withExchange { exchange, _ in exchange.requests[product] ?? 0 }
  }

  // MARK: - Requests

  /// Asks for an order until there is an answer, as whoever wants to know does; tells its number. `nil`: there is none.
  mutating func ask(_ name: String) -> UInt64? {
    for _ in 0..<Self.questionsMax {
      guard let question = request(.queryOrder, about: name) else { return nil }
      submit(question)
      let id = question.requestID
      let isAnswer = { (event: VenueEvent) in
        event.requestID == id && (event.kind == .orderReport || event.kind == .orderAbsent)
      }
      if wait(Self.answerMilliseconds, { bench in bench.events.contains { isAnswer($0) } }) { return id }
    }
    return nil
  }

  /// The same about the account.
  mutating func ask(_ kind: VenueRequest.Kind) -> UInt64? {
    for _ in 0..<Self.questionsMax {
      let question = request(kind)
      submit(question)
      let id = question.requestID
      let isEnd = { (event: VenueEvent) in event.requestID == id && event.kind == .reportEnd }
      if wait(Self.answerMilliseconds, { bench in bench.events.contains { isEnd($0) } }) { return id }
    }
    return nil
  }

  private static let questionsMax = 8
  private static let answerMilliseconds: Int64 = 2_500

  func instrument() -> InstrumentID { product == .spot ? ConformanceHouse.spot : ConformanceHouse.perpetual }

  mutating func request(_ kind: VenueRequest.Kind, of account: UInt16 = 1) -> VenueRequest {
    requests += 1
    var request = VenueRequest(kind)
    request.requestID = (UInt64(item.number) << 1 | (product == .spot ? 0 : 1)) << 20 | requests
    request.account = AccountID(number: account)
    request.venue = ConformanceHouse.venue
    request.signBy = bench.time.now.advanced(byNanoseconds: 1_000_000_000)
    return request
  }

  /// Handed over until it is taken.
  func submit(_ request: VenueRequest) {
    for _ in 0..<1_000 {
      if bench.venue.submit(request, now: bench.time.now, utc: bench.time.utc) { return }
      bench.run(nanoseconds: 1_000_000) { false }
    }
  }

  private mutating func place(_ order: ConformanceOrder) {
    var request = request(.newOrder, of: order.account)
    request.wireID = words.wireID(order.name)
    request.instrument = instrument()
    request.sideRaw = order.side.rawValue
    request.quantity = words.quantity(order.quantity)
    request.price = words.price(order.price)
    request.stopPrice = words.price(order.stopPrice)
    request.orderKindRaw = order.kind.rawValue
    request.timeInForceRaw = order.timeInForce.rawValue
    request.flagsRaw = order.flags.rawValue
    request.preventionRaw = order.prevention.rawValue
    request.opensRisk = 1
    request.signBy = bench.time.now.advanced(byNanoseconds: order.patienceMilliseconds * 1_000_000)
    orders[order.name] = Placed(order: order, wireID: request.wireID, requestID: request.requestID)
    submit(request)
  }

  private mutating func submit(
    _ kind: VenueRequest.Kind, _ name: String, _ change: (inout VenueRequest) -> Void
  ) -> String? {
    learn()
    guard let request = request(kind, about: name, change) else { return "there is no order \(name)" }
    submit(request)
    return nil
  }

  mutating func request(
    _ kind: VenueRequest.Kind, about name: String, _ change: (inout VenueRequest) -> Void = { _ in }
  ) -> VenueRequest? {
    guard let placed = orders[name] else { return nil }
    var request = request(kind, of: placed.order.account)
    request.wireID = placed.wireID
    request.venueOrder = placed.venueOrder
    request.instrument = instrument()
    request.sideRaw = placed.order.side.rawValue
    request.orderKindRaw = placed.order.kind.rawValue
    change(&request)
    return request
  }

  // MARK: - The exchange

  /// How the exchange has an order of ours.
  func facts(_ placed: Placed) -> ExchangeOrderFacts? {
    let id = placed.wireID.description
    let account = Int(placed.order.account)
    return bench.withExchange { exchange, _ in
      exchange.inner.order(named: id, of: exchange.inner.credentials[account - 1].account)
    }
  }

  private func control(_ kind: ExchangeControl.Kind) -> ExchangeControl {
    var control = ExchangeControl(kind)
    control.instrument = instrument().number
    return control
  }

  private func steer(_ control: ExchangeControl) {
    bench.withExchange { exchange, time in _ = exchange.inner.venue.control(control, now: time.now) }
  }

  private func fill(_ name: String, _ quantity: Int64) -> String? {
    guard let placed = orders[name], let facts = facts(placed) else { return "the exchange has no order \(name)" }
    var control = control(.fillOrder)
    control.account = facts.account
    (control.order, control.quantity) = (facts.number, words.quantity(quantity))
    steer(control)
    return nil
  }

  private func holds(_ counts: [String: Int]) -> String? {
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      guard let placed = orders[name] else { return "there is no order \(name)" }
      let id = placed.wireID.description
      let found = bench.withExchange { exchange, _ in exchange.inner.orderCount(named: id) }
      if found != count { return "the exchange has \(found) orders \(name), not \(count)" }
    }
    return nil
  }

  private func exchange(_ change: ConformanceExchangeStep) {
    let product = product
    switch change {
    case .skew(let milliseconds):
      bench.withExchange { exchange, _ in exchange.skewNanoseconds = milliseconds * 1_000_000 }
    case .endUserData: bench.withExchange { exchange, time in exchange.inner.endUserData(product, at: time) }
    case .closeSockets(let path, let code):
      bench.withExchange { exchange, time in exchange.closeSockets(product, target: path, code: code, at: time) }
    case .resetAll: bench.withExchange { exchange, time in exchange.resetAll(product, at: time) }
    case .announceShutdown: bench.withExchange { exchange, time in exchange.announceShutdown(at: time) }
    case .halt(let isHalted):
      var control = control(.setTrading)
      control.detail = isHalted ? 0 : 1
      steer(control)
    case .deposit(let amount):
      var control = ExchangeControl(.deposit)
      control.account = bench.withExchange { exchange, _ in exchange.inner.credentials[0].account }
      control.asset = 1
      control.amount = Money(amount)
      control.walletRaw = (product == .spot ? Wallet.spot : .futures).rawValue
      steer(control)
    case .moveTo(let price):
      var control = control(.setPrice)
      control.price = words.price(price)
      steer(control)
    }
  }

  private func network(_ change: ConformanceNetworkStep) -> String? {
    guard let hub = bench.hub else { return "this network does not fail on command" }
    func each(_ use: VenueHost.Use, _ body: (MemoryWireID) -> Void) {
      for wire in hub.wires(to: VenueHost.host(product, use)) { body(wire) }
    }
    switch change {
    case .freeze(let use, let direction): each(use) { hub.freeze($0, direction) }
    case .thaw(let use, let direction): each(use) { hub.thaw($0, direction) }
    case .reset(let use): each(use) { hub.reset($0) }
    case .cut(let use, let direction, let bytes): each(use) { hub.cut($0, direction, behindBytes: bytes) }
    case .mood(let use, let mood): hub.setMood(mood, of: VenueHost.host(product, use))
    case .faults(let faults):
      for use in VenueHost.Use.allCases { hub.setFaults(faults, of: VenueHost.host(product, use)) }
    }
    return nil
  }
}
