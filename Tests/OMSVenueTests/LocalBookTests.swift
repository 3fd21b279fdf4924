import Testing

@testable import OMSLib
@testable import OMSVenue

/// A client that keeps a book of its own, by the published rules and by nothing else.
private struct LocalBook {
  let product: VenueProduct
  private(set) var id: UInt64?
  private(set) var bids: [String: String] = [:]
  private(set) var asks: [String: String] = [:]
  private var waiting: [JSONValue] = []
  private var hasApplied = false
  private(set) var applied = 0
  /// How often it had to begin again.
  private(set) var gaps = 0

  init(_ product: VenueProduct) { self.product = product }

  var isWaiting: Bool { id == nil }

  /// `true`: the snapshot is older than what was kept; another is needed.
  mutating func take(snapshot: JSONValue) -> Bool {
    let last = UInt64(snapshot.whole("lastUpdateId"))
    if product == .spot, let first = waiting.first, last < UInt64(first.whole("U")) { return true }
    id = last
    hasApplied = false
    bids = Dictionary(uniqueKeysWithValues: snapshot.levels("bids").map { ($0.price, $0.quantity) })
    asks = Dictionary(uniqueKeysWithValues: snapshot.levels("asks").map { ($0.price, $0.quantity) })
    let kept = waiting
    waiting = []
    for update in kept { take(update) }
    return false
  }

  mutating func take(_ update: JSONValue) {
    guard let id else {
      waiting.append(update)
      return
    }
    let (first, last) = (UInt64(update.whole("U")), UInt64(update.whole("u")))
    if product == .spot {
      if last <= id && !hasApplied { return }
      if hasApplied && last < id { return }
      guard first <= id + 1, last >= id + 1 else { return lose(update) }
    } else if !hasApplied {
      if last < id { return }
      guard first <= id, last >= id else { return lose(update) }
    } else {
      guard UInt64(update.whole("pu")) == id else { return lose(update) }
    }
    for level in update.levels("b") { Self.set(level, &bids) }
    for level in update.levels("a") { Self.set(level, &asks) }
    self.id = last
    hasApplied = true
    applied += 1
  }

  private mutating func lose(_ update: JSONValue) {
    gaps += 1
    id = nil
    waiting = [update]
  }

  private static func set(_ level: (price: String, quantity: String), _ side: inout [String: String]) {
    if e8(level.quantity) == 0 { side[level.price] = nil } else { side[level.price] = level.quantity }
  }
}

@Suite struct LocalBookTests {
  private struct Client {
    var book: LocalBook
    var link: OMSVenue.VenueLink
    var path: String
  }

  private static let cases: [(product: VenueProduct, stream: String)] = [
    (.spot, "/ws/btcusdt@depth@100ms"), (.spot, "/ws/btcusdt@depth"), (.usdm, "/public/ws/btcusdt@depth@100ms"),
    (.usdm, "/public/ws/btcusdt@depth"), (.usdm, "/public/ws/btcusdt@depth@500ms"),
  ]

  private static func path(_ product: VenueProduct) -> (path: String, query: String) {
    product == .spot
      ? ("/api/v3/depth", "symbol=BTCUSDT&limit=5000") : ("/fapi/v1/depth", "symbol=BTCUSDT&limit=1000")
  }

  /// Clients of every stream come at any moment, take their snapshots at any other, and each holds exactly the
  /// exchange's book after every message from then on, whatever is traded.
  @Test(arguments: 1...4) func aCopyFromAnyMomentIsTheBook(_ seed: Int) throws {
    var driver = MarketDriver(seed: UInt64(seed))
    var random = SplitMix64(seed: UInt64(seed) + 100)
    var clients: [Client] = []
    var number: UInt64 = 0
    var compared = 0
    for _ in 0..<300 {
      for _ in 0..<random.below(5) { driver.act() }
      if random.chance(1, in: 15) {
        let (product, stream) = Self.cases[Int(random.below(UInt64(Self.cases.count)))]
        number += 1
        let link = try driver.open(number, stream, product)
        clients.append(Client(book: LocalBook(product), link: link, path: stream))
      }
      for place in clients.indices where clients[place].book.isWaiting && random.chance(1, in: 4) {
        let (path, query) = Self.path(clients[place].book.product)
        _ = clients[place].book.take(snapshot: try driver.answer(path, query, clients[place].book.product))
      }
      driver.pass(milliseconds: Int64(random.below(60)))
      let outputs = driver.outputs()
      for place in clients.indices {
        var isNew = false
        for case .message(clients[place].link, let bytes) in outputs {
          clients[place].book.take(try JSONReader.read(bytes).root)
          isNew = true
        }
        guard isNew, !clients[place].book.isWaiting else { continue }
        let symbol = clients[place].book.product == .spot ? 1 : 3
        // Only where nothing happened since the message.
        var feed = driver.pages.books[symbol - 1]
        feed.look(in: driver.exchange)
        guard feed.id == clients[place].book.id else { continue }
        compared += 1
        try expectEqual(clients[place].book, driver, symbol, clients[place].path)
      }
    }
    #expect(clients.count > 10 && compared > 300, "\(clients.count) clients, \(compared) comparisons")
    for client in clients.prefix(clients.count / 2) {
      #expect(client.book.applied > 2, "\(client.path): \(client.book.applied)")
      #expect(client.book.gaps <= 1, "\(client.path): \(client.book.gaps)")
    }
  }

  private func expectEqual(
    _ book: LocalBook, _ driver: borrowing MarketDriver, _ instrument: Int, _ path: String
  ) throws {
    let symbol = driver.pages.symbols[instrument - 1]
    for (side, mine) in [(Side.buy, book.bids), (Side.sell, book.asks)] {
      var theirs: [String: String] = [:]
      driver.exchange.forEachLevel(of: UInt16(instrument), side, count: .max) { price, quantity in
        var json = JSONWriter()
        json.beginArray()
        json.price(price, of: symbol)
        json.quantity(quantity, of: symbol)
        json.endArray()
        guard let level = try? JSONReader.read(json.bytes).root.elements else { return }
        theirs[level[0].string ?? ""] = level[1].string
      }
      #expect(mine == theirs, "\(path): \(side) at \(driver.now)")
    }
  }

  /// An order that leaves because it met one of its owner, without a trade, is a change like any other.
  @Test func aBookChangesWithoutATrade() throws {
    var setup = ExchangeSetup()
    setup.addStandardMarket()
    let account = setup.addAccount("a")
    setup.deposit("1000000", "USDT", into: account)
    setup.deposit("10", "BTC", into: account)
    var driver = MarketDriver(setup)
    driver.control(.clearBook) { $0.instrument = 1 }
    driver.order("a", "BTC-USDT", .sell, 100, 6_000_000)
    driver.order("a", "BTC-USDT", .sell, 100, 6_000_100)
    let link = try driver.open(1, "/ws/btcusdt@depth@100ms/btcusdt@bookTicker")
    let before = try driver.answer("/api/v3/depth", "symbol=BTCUSDT").whole("lastUpdateId")
    driver.order("a", "BTC-USDT", .buy, 50, 6_000_000) {
      $0.preventionRaw = SelfTradePrevention.expireMaker.rawValue
      $0.timeInForceRaw = TimeInForce.ioc.rawValue
    }
    let after = try driver.answer("/api/v3/depth", "symbol=BTCUSDT")
    #expect(after.whole("lastUpdateId") > before)
    #expect(after.levels("asks").map(\.price) == ["60001.00000000"])
    driver.pass(milliseconds: 150)
    let texts = driver.texts(of: link)
    #expect(texts.contains { $0.contains("\"a\":[[\"60000.00000000\",\"0.00000000\"]]") }, "\(texts)")
    #expect(
      texts.contains { $0.contains("\"a\":\"60001.00000000\"") && $0.contains("\"B\":\"0.00000000\"") }, "\(texts)")
  }

  @Test func numbersOfUpdatesFollowEachOther() throws {
    var driver = MarketDriver()
    let spot = try driver.open(1, "/ws/btcusdt@depth@100ms")
    let usdm = try driver.open(2, "/public/ws/btcusdt@depth@100ms", .usdm)
    var last: [OMSVenue.VenueLink: Int64] = [:]
    var count = 0
    for _ in 0..<30 {
      driver.act()
      driver.pass(milliseconds: 100)
      for case .message(let link, let bytes) in driver.outputs() {
        let update = try JSONReader.read(bytes).root
        if let previous = last[link] {
          if link == spot { #expect(update.whole("U") == previous + 1) }
          if link == usdm { #expect(update.whole("pu") == previous) }
        }
        #expect(update.whole("u") >= update.whole("U"))
        last[link] = update.whole("u")
        count += 1
      }
    }
    #expect(count > 50)
  }
}
