import Testing

@testable import OMSLib
@testable import OMSVenue

/// A market that follows the served exchange over links that come and go.
private struct Follower: ~Copyable {
  private struct Link {
    var number: UInt32
    var venue: OMSVenue.VenueLink
    var line: BinanceMarket.Line
  }

  private struct Answer {
    var question: MarketQuestion
    var body: [UInt8]
    var dueAt: Int64
  }

  var driver: MarketDriver
  let market: BinanceMarket
  let product: VenueProduct
  let instrument: Instrument
  var random: SplitMix64
  private var links: [Link] = []
  private var answers: [Answer] = []
  private var numbers: UInt32 = 0
  private var call = BinanceCall(SpotEndpoint.ping)
  private var frame = ByteBuffer()
  /// What became of messages that were dropped on the way.
  var (dropped, lost) = (0, 0)
  var (tops, books, trades) = (0, 0, 0)

  init(_ product: VenueProduct, _ setup: ExchangeSetup = .standard(), seed: UInt64) throws {
    driver = MarketDriver(setup, seed: seed)
    self.product = product
    instrument = try #require(driver.setup.instrument(product == .spot ? "BTC-USDT" : "BTC-USDT-PERP"))
    random = SplitMix64(seed: seed + 100)
    market = BinanceMarket(product == .spot ? .spot : .usdm, seed: random.stream(1), now: .zero)
    market.add(instrument)
  }

  var now: EngineTime { driver.time.now.advanced(byNanoseconds: 1_000_000_000) }

  mutating func open(_ line: BinanceMarket.Line) throws {
    numbers += 1
    let prefix = product == .spot ? "" : line == .book ? "/public" : "/market"
    let venue = try driver.open(UInt64(numbers), prefix + BinanceMarket.target, product)
    links.append(Link(number: numbers, venue: venue, line: line))
    market.linkOpened(numbers, line, now: now)
  }

  mutating func lose(_ place: Int) {
    let link = links.remove(at: place)
    driver.streams.close(link.venue, &driver.pages)
    market.linkLost(link.number, now: now)
    lost += 1
  }

  /// Lets time pass, carries what is said, and answers what is asked.
  mutating func turn(milliseconds: Int64, drops: Bool) throws {
    driver.pass(milliseconds: milliseconds)
    for case .message(let venue, let bytes) in driver.outputs() {
      guard let link = links.first(where: { $0.venue == venue }) else { continue }
      if drops, random.chance(1, in: 15) {
        dropped += 1
        continue
      }
      _ = bytes.withUnsafeBufferPointer { market.take(link.number, $0, now: now) }
    }
    for place in answers.indices.reversed() where answers[place].dueAt <= driver.now {
      let answer = answers.remove(at: place)
      market.take(BinanceAnswer(status: 200, body: answer.body), to: answer.question, now: now)
    }
    market.turn(now: now)
    while let failure = market.nextFailure() {
      if let place = links.firstIndex(where: { $0.number == failure.link }) { lose(place) }
    }
    for link in links {
      while market.nextFrame(link.number, now: now, into: &frame) { driver.say(frame.text, on: link.venue) }
    }
    // The older one goes when the other is good.
    for line in BinanceMarket.lines(of: market.product) {
      let own = links.indices.filter { links[$0].line == line }
      if own.count == 0 { try open(line) }
      if own.count == 2, market.isReady(links[own[1]].number) { lose(own[0]) }
    }
    try ask()
  }

  private mutating func ask() throws {
    while let question = market.nextQuestion(now: now, into: &call) {
      var query = ByteBuffer()
      call.parameters.write(encodedTo: &query)
      let answer = driver.pages.answer(
        call.endpoint.path, try VenueQuery(query: query.text), product, in: driver.exchange, at: driver.time)
      let delay = Int64(random.below(120)) * MarketDriver.millisecond
      answers.append(Answer(question: question, body: try answer.get(), dueAt: driver.now + delay))
    }
  }

  mutating func succeed(_ line: BinanceMarket.Line) throws {
    if links.count(where: { $0.line == line }) == 1 { try open(line) }
  }

  mutating func loseAny() {
    if !links.isEmpty { lose(Int(random.below(UInt64(links.count)))) }
  }

  var isAdvancing: Bool { !market.books.isEmpty && market.books[0].book.state == .live }

  // MARK: What must be so

  /// Whatever has the number of the exchange's last update is the exchange's.
  mutating func compare() throws {
    var feed = driver.pages.books[instrument.id.index - 1]
    feed.look(in: driver.exchange)
    let (mine, theirs) = (market.top(of: instrument.id), driver.exchange.top(of: instrument.id.number, at: now))
    if mine.isValid != 0, mine.bookSequence == feed.topID {
      tops += 1
      #expect(mine.bid == theirs.bid && mine.bidQuantity == theirs.bidQuantity)
      #expect(mine.ask == theirs.ask && mine.askQuantity == theirs.askQuantity)
    }
    var levels: [Side: [Int64]] = [:]
    let isThere = market.forEachLevel(of: instrument.id, depth: 400, now: now) { side, price, quantity in
      levels[side, default: []] += [price, quantity]
    }
    guard isThere, market.books[0].book.update == Int64(feed.id) else { return }
    books += 1
    for side in Side.allCases {
      var real: [Int64] = []
      driver.exchange.forEachLevel(of: instrument.id.number, side, count: 400) { real += [$0, $1] }
      let shown = levels[side] ?? []
      #expect(shown == Array(real.prefix(shown.count)), "levels of \(side)")
      #expect(shown.count == real.count || market.books[0].book.isCut(side))
    }
  }

  /// Each trade on the tape is one that the exchange tells of.
  mutating func compareTape() throws {
    let real = driver.pages.history(driver.pages.symbols[instrument.id.index - 1]).aggregates
    var previous: (place: UInt64, number: UInt64)?
    var found: [(UInt64, PublicTrade)] = []
    market.forEachTrade(of: instrument.id, behind: 0, count: .max) { found.append(($0, $1)) }
    for (place, trade) in found {
      if let previous { #expect(place - previous.place == trade.number - previous.number) }
      previous = (place, trade.number)
      guard let other = real.first(where: { $0.number == trade.number }) else { continue }
      trades += 1
      #expect(other.price == trade.price && other.quantity == trade.quantity)
    }
  }
}

@Suite struct MarketFollowingTests {
  @Test(arguments: [VenueProduct.spot, .usdm], [1, 2])
  func whatIsKnownIsTheExchangesOwn(_ product: VenueProduct, _ seed: UInt64) throws {
    var follower = try Follower(product, seed: seed)
    for step in 0..<600 {
      for _ in 0..<follower.random.below(4) { follower.driver.act() }
      // The last steps are quiet: then everything must be there.
      let isRough = step < 440
      if isRough, follower.random.chance(1, in: 40) { follower.loseAny() }
      if isRough, follower.random.chance(1, in: 25) {
        let lines = BinanceMarket.lines(of: follower.market.product)
        try follower.succeed(lines[Int(follower.random.below(UInt64(lines.count)))])
      }
      let pause = Int64(follower.random.below(80))
      try follower.turn(milliseconds: pause, drops: isRough && step > 100)
      try follower.compare()
    }
    try follower.compareTape()
    let counts = follower.market.counts
    #expect(follower.dropped > 10 && follower.lost > 5 && counts.gaps > 0)
    #expect(counts.refused == 0 && counts.falls == 0, "\(counts)")
    #expect(follower.tops > 100 && follower.books > 40 && follower.trades > 20)
    let (isLive, top) = (follower.isAdvancing, follower.market.top(of: follower.instrument.id))
    #expect(isLive && top.isValid == 1)
    guard product == .usdm else { return }
    let funding = follower.market.funding(of: follower.instrument.id)
    let mark = follower.driver.exchange.top(of: follower.instrument.id.number, at: follower.now).mark
    #expect(funding?.next == follower.driver.exchange.nextFundingTime && top.mark > 0 && mark > 0)
  }

  /// A market on which nothing happens says nothing, and its prices are known all the same.
  @Test(arguments: [VenueProduct.spot, .usdm]) func aQuietMarketIsKnown(_ product: VenueProduct) throws {
    var setup = ExchangeSetup()
    for name in ["USDT", "BTC"] { setup.addAsset(name) }
    setup.addSpot(
      "BTC", "USDT", priceScale: 2, tick: 1, quantityScale: 5, lot: 1, start: 6_000_000, hasFlow: false)
    setup.addPerpetual(
      "BTC", "USDT", priceScale: 2, tick: 10, quantityScale: 3, lot: 1, start: 6_000_000, hasFlow: false)
    let account = setup.addAccount("a")
    for wallet in [Wallet.spot, .futures] { setup.deposit("1000000", "USDT", into: account, wallet) }
    var follower = try Follower(product, setup, seed: 7)
    follower.driver.order("a", follower.instrument.name.description, .buy, 1_000, 5_999_900)
    for _ in 0..<40 { try follower.turn(milliseconds: 100, drops: false) }
    let top = follower.market.top(of: follower.instrument.id)
    let age = follower.now.nanoseconds - top.updatedAt.nanoseconds
    #expect(top.isValid == 1 && age < 2_000_000_000)
    #expect(top.bid == 5_999_900 && top.bidQuantity == 1_000 && top.ask == 0)
  }
}
