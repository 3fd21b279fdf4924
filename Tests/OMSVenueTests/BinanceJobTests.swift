import Testing

@testable import OMSLib
@testable import OMSVenue

/// Jobs of an account against the served exchange, which answers what it has booked.
@Suite struct BinanceJobTests {
  // MARK: What is registered

  private static let account = AccountID(number: 5)
  private static let spot = instrument(1, prices: 2, quantities: 5, .spot)
  private static let perpetual = instrument(2, prices: 1, quantities: 3, .perp)
  private static let assets = [AssetID(number: 1), AssetID(number: 2)]
  private static let readings = [BinanceProduct.spot: reading(.spot, spot), .usdm: reading(.usdm, perpetual)]

  private static func instrument(
    _ number: UInt16, prices: UInt8, quantities: UInt8, _ kind: InstrumentClass
  ) -> Instrument {
    var instrument = Instrument()
    instrument.native = Text32("BTCUSDT") ?? Text32()
    instrument.id = InstrumentID(number: number)
    instrument.venue = VenueID(number: 1)
    instrument.base = AssetID(number: 2)
    (instrument.quote, instrument.settle) = (AssetID(number: 1), AssetID(number: 1))
    (instrument.priceScale, instrument.quantityScale) = (prices, quantities)
    (instrument.tick, instrument.lot, instrument.classRaw) = (1, 1, kind.rawValue)
    return instrument
  }

  private static func reading(_ product: BinanceProduct, _ instrument: Instrument) -> BinanceReading {
    var names = BinanceNames()
    names.add(instrument)
    for (name, asset) in zip(["USDT", "BTC"], assets) { names.add(asset: Text32(name) ?? Text32(), asset) }
    return BinanceReading(product, account, names)
  }

  // MARK: Driving

  private struct Run {
    var events: [VenueEvent] = []
    var step = BinanceAccountJob.Step.waiting
    var problems: [BinanceProblem] = []
    var asked: [String] = []

    func told(_ kind: VenueEvent.Kind) -> [VenueEvent] { events.filter { $0.kind == kind } }
  }

  private func request(_ kind: VenueRequest.Kind) -> VenueRequest {
    var request = VenueRequest(kind)
    (request.account, request.venue, request.requestID) = (Self.account, VenueID(number: 1), 0x81)
    return request
  }

  /// Runs a job of the first account; time passes between the questions.
  private func run(
    _ driver: inout VenueDriver, _ request: VenueRequest, _ products: [BinanceProduct],
    orders: BinanceOrderIDs = BinanceOrderIDs(capacity: 1_024)
  ) throws -> Run {
    var run = Run()
    var (orders, memory) = (orders, BinanceAccountMemory())
    var job = try #require(
      BinanceAccountJob(
        request, products: products, symbols: [.spot: [Self.spot], .usdm: [Self.perpetual]], assets: Self.assets,
        utc: driver.time.utc))
    var call = BinanceCall(SpotEndpoint.ping)
    for _ in 0..<1_000 {
      var heard: [VenueEvent] = []
      run.step = job.next(now: driver.time.now, into: &call) { heard.append($0) }
      run.events += heard
      guard case .ask(let product, let token, _) = run.step else { return run }
      var query = ByteBuffer()
      call.parameters.write(encodedTo: &query)
      let answer = driver.call(call.endpoint.method.rawValue, call.endpoint.path, query.text)
      run.asked.append("\(call.endpoint.path) \(answer.status)")
      let body = BinanceAnswer(status: answer.status, body: Array(answer.body.source))
      let reading = try #require(Self.readings[product])
      let problem = job.take(body, token: token, reading, memory: &memory, orders: &orders, utc: driver.time.utc)
      if let problem { run.problems.append(problem) }
      driver.pass(milliseconds: 20)
    }
    return run
  }

  /// Both products trade: a part of two orders of the first account.
  private func trade(_ driver: inout VenueDriver) {
    driver.limit("SELL", "0.002", at: "60000", as: 2)
    driver.limit("SELL", "0.001", at: "60010", as: 2)
    driver.limit("BUY", "0.005", at: "60010", "&newClientOrderId=1abcSPOT")
    driver.pass(milliseconds: 5)
    driver.perpLimit("BUY", "0.2", at: "60000", as: 2)
    driver.call(
      "POST", "/fapi/v1/order",
      "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.5&price=60000&newClientOrderId=1abcPERP")
    driver.pass(milliseconds: 5)
  }

  // MARK: Fills

  @Test func fillsOfBothProductsFindTheirOrders() throws {
    var driver = VenueDriver()
    trade(&driver)
    var request = request(.queryFills)
    request.venueOrder = VenueReference(UInt64(driver.milliseconds - 1_000))
    let run = try run(&driver, request, [.spot, .usdm])
    #expect(run.step == .done && run.problems.isEmpty)
    let fills = run.told(.fill)
    #expect(fills.map { "\($0.wireID)" } == ["1abcSPOT", "1abcSPOT", "1abcPERP"])
    #expect(fills.map(\.price) == [6_000_000, 6_001_000, 600_000] && fills.map(\.quantity) == [200, 100, 200])
    #expect(fills.map(\.side) == [.buy, .buy, .sell] && fills.map(\.isMaker) == [0, 0, 0])
    #expect(run.events.last?.kind == .reportEnd && run.events.last?.trade == request.venueOrder)
    // Fees as the exchange has booked them.
    let paid = driver.call("GET", "/fapi/v1/income", "incomeType=COMMISSION").body.elements.first
    #expect(Money(units: -(fills[2].fee.units)) == (try paid?.money("income")))
    // Known orders are not asked for again.
    var orders = BinanceOrderIDs(capacity: 64)
    for fill in fills { orders.note(fill) }
    let again = try self.run(&driver, request, [.spot, .usdm], orders: orders)
    #expect(again.told(.fill).map(\.trade) == fills.map(\.trade) && again.asked.count == 2)
  }

  @Test func whatIsTradedMeanwhileIsReadTheNextTimeAtTheLatest() throws {
    var driver = VenueDriver()
    trade(&driver)
    // An account that is seen for the first time after a long while.
    driver.pass(milliseconds: 3_600_000)
    var request = request(.queryFills)
    request.venueOrder = VenueReference(UInt64(driver.milliseconds - 4_000_000))
    let first = try run(&driver, request, [.spot, .usdm])
    #expect(first.told(.fill).count == 3)
    let place = try #require(first.events.last).trade
    #expect(place.low < UInt64(driver.milliseconds) && place.low > request.venueOrder.low)
    driver.limit("SELL", "0.002", at: "60010", as: 2)
    request.venueOrder = place
    let second = try run(&driver, request, [.spot, .usdm])
    #expect(second.told(.fill).map(\.quantity) == [200] && second.events.last?.trade == place)
  }

  /// The stream tells it, and so does history: the core must see that it is the same.
  @Test func fundingHasOneNameOnTheStreamAndInHistory() throws {
    var driver = VenueDriver()
    trade(&driver)
    let link = driver.listen()
    let eightHours: Int64 = 28_800_000
    driver.pass(milliseconds: eightHours - driver.milliseconds % eightHours + 1_000)
    let reading = try #require(Self.readings[.usdm])
    var told: [VenueEvent] = []
    for message in driver.take(link) {
      let news = try FuturesUserReader.readFully(
        Array(message.source), reading.names, Self.account, BinanceAccountMemory())
      if case .account(let events) = news.news { told += events.filter { $0.kind == .funding } }
    }
    #expect(told.count == 1 && told[0].fee.isZero == false)
    var request = request(.queryFills)
    request.venueOrder = VenueReference(UInt64(driver.milliseconds - 60_000))
    let run = try run(&driver, request, [.usdm])
    let found = try #require(run.told(.funding).first)
    #expect(run.told(.funding).count == 1 && found.trade == told[0].trade && found.fee == told[0].fee)
    #expect(found.instrument == told[0].instrument && found.sideRaw == told[0].sideRaw)
  }

  // MARK: Orders

  @Test func openOrdersAndWhatHasEnded() throws {
    var driver = VenueDriver()
    let since = driver.milliseconds
    trade(&driver)
    driver.limit("BUY", "0.001", at: "50000", "&newClientOrderId=1abcGONE")
    driver.call("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=1abcGONE")
    driver.call("POST", "/fapi/v1/algoOrder", Self.stop.replacing("59500", with: "50000"))
    func words(_ run: Run) -> [String] {
      run.told(.orderReport).map { "\($0.wireID) \($0.status.map { "\($0)" } ?? "-") \($0.cumulative)" }.sorted()
    }
    let open = ["1abcPERP open 200", "1abcSPOT open 300", "1abcSTOP waiting 0"]
    let now = try run(&driver, request(.queryOpenOrders), [.spot, .usdm])
    #expect(now.step == .done && words(now) == open && now.events.last?.quantity == 3)
    var request = request(.queryOpenOrders)
    request.expiresAt = UTCTime(nanoseconds: since * 1_000_000)
    let all = try run(&driver, request, [.spot, .usdm])
    #expect(all.step == .done && words(all) == (open + ["1abcGONE cancelled 0"]).sorted())
    driver.pass(milliseconds: 50_000)
    request.expiresAt = driver.time.utc
    let none = try run(&driver, request, [.spot, .usdm])
    #expect(words(none) == open, "what ended was placed before")
  }

  private static let stop = """
    algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP&quantity=0.1&price=59500&triggerPrice=59500\
    &clientAlgoId=1abcSTOP
    """

  @Test func aTriggeredStopIsOneOrder() throws {
    var driver = VenueDriver()
    let since = driver.milliseconds
    driver.perpLimit("BUY", "0.01", at: "59600", as: 2)
    let placed = driver.call("POST", "/fapi/v1/algoOrder", Self.stop)
    #expect(placed["algoStatus"] == "NEW")
    // The trade that triggers it; it rests behind.
    driver.perpLimit("SELL", "0.01", at: "59600", as: 3)
    driver.perpLimit("BUY", "0.01", at: "59500", as: 2)
    driver.perpLimit("SELL", "0.01", at: "59500", as: 3)
    driver.pass(milliseconds: 50)
    let open = try run(&driver, request(.queryOpenOrders), [.usdm])
    #expect(open.told(.orderReport).map { "\($0.wireID)" } == ["1abcSTOP"])
    let report = try #require(open.told(.orderReport).first)
    let engine = driver.call("GET", "/fapi/v1/algoOrder", "algoId=\(placed["algoId"])")["actualOrderId"]
    #expect(report.status == .open && "\(report.venueOrder.low)" == engine)
    // All of it trades: in the history it is filled, and there once.
    driver.perpLimit("BUY", "0.1", at: "59500", as: 2)
    driver.pass(milliseconds: 50)
    var request = request(.queryOpenOrders)
    request.expiresAt = UTCTime(nanoseconds: since * 1_000_000)
    let all = try run(&driver, request, [.usdm])
    #expect(all.told(.orderReport).map { "\($0.wireID)" } == ["1abcSTOP"])
    #expect(all.told(.orderReport).first?.status == .filled && all.told(.orderReport).first?.cumulative == 100)
    #expect(all.problems.isEmpty)
  }

  // MARK: Account

  @Test func balancesAndPositionsAreTheExchanges() throws {
    for isHedged in [false, true] {
      var driver = VenueDriver(isHedged: isHedged)
      if !isHedged { trade(&driver) }
      let run = try run(&driver, request(.queryAccount), [.spot, .usdm])
      #expect(run.step == .done && run.problems.isEmpty && run.events.last?.kind == .reportEnd)
      let house = driver.credential(1).account
      for balance in run.told(.balance) {
        let wallet = try #require(Wallet(rawValue: balance.walletRaw))
        let booked = driver.server.venue.exchange.balance(of: house, wallet, balance.asset.number)
        #expect(balance.amount == booked.total && balance.isReplay == 1, "\(wallet) \(balance.asset)")
        if wallet == .spot { #expect(balance.locked == booked.locked) }
      }
      #expect(run.told(.balance).count == 4)
      let positions = run.told(.position)
      #expect(positions.map(\.positionSideRaw) == (isHedged ? [1, 2] : [0]))
      #expect(positions.map(\.quantity) == (isHedged ? [0, 0] : [-200]) && positions.allSatisfy { $0.leverage > 0 })
    }
  }

  // MARK: Settings

  @Test func settingsAndTheCountdown() throws {
    var driver = VenueDriver()
    var request = request(.setLeverage)
    request.instrument = Self.perpetual.id
    request.leverage = 7
    #expect(try run(&driver, request, [.spot, .usdm]).events.map(\.kind) == [.accepted])
    request.kindRaw = VenueRequest.Kind.setMarginMode.rawValue
    request.marginModeRaw = MarginMode.isolated.rawValue
    // The second time there is nothing to change.
    for _ in 0..<2 { #expect(try run(&driver, request, [.usdm]).events.map(\.kind) == [.accepted]) }
    let account = try run(&driver, self.request(.queryAccount), [.usdm])
    #expect(account.told(.position).map(\.leverage) == [7] && account.told(.position).map(\.marginModeRaw) == [1])
    request.leverage = 2_000
    request.kindRaw = VenueRequest.Kind.setLeverage.rawValue
    #expect(try run(&driver, request, [.usdm]).events.map(\.code) == [-4028])
    driver.perpLimit("BUY", "0.1", at: "50000")
    var deadman = self.request(.deadman)
    deadman.signBy = driver.time.now.advanced(byNanoseconds: 5_000_000_000)
    #expect(try run(&driver, deadman, [.spot, .usdm]).events.map(\.kind) == [.accepted])
    driver.pass(milliseconds: 4_000)
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 1)
    driver.pass(milliseconds: 2_000)
    #expect(driver.call("GET", "/fapi/v1/openOrders").body.count == 0)
  }

  // MARK: Facts with an age

  @Test func feesAndModesAreTheExchanges() throws {
    var driver = VenueDriver()
    trade(&driver)
    var request = request(.queryFills)
    request.venueOrder = VenueReference(UInt64(driver.milliseconds - 1_000))
    let fills = try run(&driver, request, [.spot, .usdm]).told(.fill)
    #expect(fills.count == 3)
    for (product, instrument) in [(BinanceProduct.spot, Self.spot), (.usdm, Self.perpetual)] {
      var (watch, memory) = (BinanceSettingsWatch(product, now: driver.time.now), BinanceAccountMemory())
      watch.add(instrument, now: driver.time.now)
      var call = BinanceCall(SpotEndpoint.ping)
      while let (token, _) = watch.next(now: driver.time.now, into: &call) {
        var query = ByteBuffer()
        call.parameters.write(encodedTo: &query)
        let answer = driver.call(call.endpoint.method.rawValue, call.endpoint.path, query.text)
        let problem = watch.take(
          BinanceAnswer(status: answer.status, body: Array(answer.body.source)), token: token,
          try #require(Self.readings[product]), memory: &memory, now: driver.time.now, utc: driver.time.utc)
        #expect(problem == nil)
      }
      #expect(watch.canTrade == true && watch.isHedged == (product == .usdm ? false : nil) && watch.key == nil)
      for fill in fills where fill.instrument == instrument.id {
        let verdict = watch.judge(fill, now: driver.time.now)
        #expect(verdict == .asExpected)
      }
    }
  }
}
