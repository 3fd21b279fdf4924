import Testing

@testable import OMSLib

/// Balances, positions and settings of an account.
@Suite struct BinanceAccountJobTests {
  private static let symbolConfig =
    #"[{"symbol":"BTCUSDT","marginType":"ISOLATED","isAutoAddMargin":false,"leverage":25,"maxNotionalValue":"1"}]"#

  private func spot(_ free: String) -> String {
    #"{"balances":[{"asset":"USDT","free":"\#(free)","locked":"1.5"},{"asset":"XYZ","free":"1","locked":"0"}]}"#
  }

  private func wallet(_ amount: String) -> String {
    #"{"assets":[{"asset":"USDT","walletBalance":"\#(amount)","openOrderInitialMargin":"0.25"}],"positions":[]}"#
  }

  private func position(_ amount: String, side: String = "BOTH") -> String {
    """
    [{"symbol":"BTCUSDT","positionSide":"\(side)","positionAmt":"\(amount)","entryPrice":"60000.0",\
    "liquidationPrice":"0","isolatedWallet":"7.5"}]
    """
  }

  /// Answers; those that are asked for twice take the first and then the second of two bodies.
  private func run(
    _ driver: inout JobDriver, _ bodies: [String: [String]]
  ) -> BinanceAccountJob.Step {
    var left = bodies
    return driver.run { path, _ in
      let rows = left[path] ?? []
      if rows.count > 1 { left[path]?.removeFirst() }
      return rows.first ?? "[]"
    }
  }

  private func futures(_ positions: [String], isHedged: Bool = false, wallets: [String] = ["10"]) -> [String: [String]]
  {
    [
      "/fapi/v1/accountConfig": [#"{"dualSidePosition":\#(isHedged)}"#], "/fapi/v1/symbolConfig": [Self.symbolConfig],
      "/fapi/v3/account": wallets.map(wallet), "/fapi/v3/positionRisk": positions,
    ]
  }

  @Test func balancesOfSpotAlsoWhereNothingIsLeft() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryAccount)))
    #expect(run(&driver, ["/api/v3/account": [spot("8.5")]]) == .done)
    let balances = driver.told(.balance)
    #expect(balances.count == JobDriver.assets.count && balances.allSatisfy { $0.isReplay == 1 && $0.walletRaw == 1 })
    let dollars = try #require(balances.first { $0.asset == AssetID(number: 2) })
    #expect(dollars.amount == Money(10) && dollars.locked == Money(units: 1_500_000_000_000_000_000))
    #expect(balances.filter { $0.amount.isZero }.count == JobDriver.assets.count - 1)
    #expect(balances.allSatisfy { $0.requestID == 0x42 && $0.venue.number == 3 && $0.account.number == 7 })
    #expect(driver.events.last?.kind == .reportEnd && driver.weight == 40)
    #expect(driver.memory[.spot]?.balance(AssetID(number: 2)).total == Money(10))
  }

  /// A trade between both readings: its fill may be on its way, so nothing may be made of a difference yet.
  @Test func whatMovesBetweenTwoReadingsIsNotCompared() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryAccount), [.spot, .usdm]))
    var bodies = futures([position("0.002"), position("0.001")], wallets: ["10", "10"])
    bodies["/api/v3/account"] = [spot("8.5"), spot("7.5")]
    #expect(run(&driver, bodies) == .done)
    let dollars = driver.told(.balance).filter { $0.asset == AssetID(number: 2) }
    #expect(dollars.map(\.walletRaw).sorted() == [1, 2])
    #expect(
      dollars.first { $0.walletRaw == 1 }?.isReplay == 0 && dollars.first { $0.walletRaw == 1 }?.amount == Money(9))
    #expect(dollars.first { $0.walletRaw == 2 }?.isReplay == 1)
    #expect(driver.told(.position).map(\.quantity) == [1] && driver.told(.position)[0].isReplay == 0)
  }

  @Test func zerosOfAMomentAreNotCompared() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryAccount)))
    _ = run(&driver, ["/api/v3/account": [spot("8.5"), #"{"balances":[]}"#]])
    let dollars = try #require(driver.told(.balance).first { $0.asset == AssetID(number: 2) })
    #expect(dollars.amount.isZero && dollars.isReplay == 0)
  }

  @Test func positionsWithTheirSettings() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryAccount), [.usdm]))
    #expect(run(&driver, futures([position("-0.002")])) == .done)
    let held = try #require(driver.told(.position).first)
    #expect(driver.told(.position).count == 1 && held.quantity == -2 && held.isReplay == 1)
    #expect(held.leverage == 25 && held.marginModeRaw == MarginMode.isolated.rawValue && held.price == 6_000_000)
    #expect(held.asset == AssetID(number: 2) && held.requestID == 0x42)
    #expect(driver.memory[.usdm]?[leverage: InstrumentID(number: 3)] == 25)
  }

  @Test func positionsThatAreNotHeldAreToldAsFlat() throws {
    for isHedged in [false, true] {
      var driver = try #require(JobDriver(JobDriver.request(.queryAccount), [.usdm]))
      #expect(run(&driver, futures([isHedged ? position("0.002", side: "LONG") : "[]"], isHedged: isHedged)) == .done)
      let all = driver.told(.position)
      #expect(all.map(\.positionSideRaw) == (isHedged ? [1, 2] : [0]) && all.allSatisfy { $0.isReplay == 1 })
      #expect(all.last?.quantity == 0 && all.last?.leverage == 25 && all.last?.venue.number == 3)
    }
  }

  @Test func nothingIsToldOfAReadingThatBroke() throws {
    var driver = try #require(JobDriver(JobDriver.request(.queryAccount), [.usdm]))
    var bodies = futures(["[]"])
    bodies["/fapi/v3/account"] = [#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#]
    #expect(run(&driver, bodies) == .failed(BinanceVerdict(.key, code: -2015)))
    #expect(driver.events.map(\.kind) == [.rejected])
  }

  // MARK: Settings

  private func setting(_ kind: VenueRequest.Kind, instrument: UInt16 = 3) -> VenueRequest {
    var request = JobDriver.request(kind)
    request.instrument = InstrumentID(number: instrument)
    request.leverage = 20
    request.marginModeRaw = MarginMode.isolated.rawValue
    return request
  }

  @Test func leverageAndMarginModeOfASymbol() throws {
    var driver = try #require(JobDriver(setting(.setLeverage), [.spot, .usdm]))
    #expect(driver.run { _, _ in #"{"symbol":"BTCUSDT","leverage":20,"maxNotionalValue":"1"}"# } == .done)
    #expect(driver.asked == ["/fapi/v1/leverage?leverage=20&symbol=BTCUSDT"])
    let end = try #require(driver.events.first)
    #expect(driver.events.count == 1 && end.kind == .accepted && end.leverage == 20 && end.requestID == 0x42)
    #expect(driver.memory[.usdm]?[leverage: InstrumentID(number: 3)] == 20)
    for body in [#"{"code":200,"msg":"success"}"#, #"{"code":-4046,"msg":"No need to change margin type."}"#] {
      var driver = try #require(JobDriver(setting(.setMarginMode), [.usdm]))
      #expect(driver.run { _, _ in body } == .done)
      #expect(driver.asked == ["/fapi/v1/marginType?marginType=ISOLATED&symbol=BTCUSDT"])
      #expect(driver.events.map(\.kind) == [.accepted] && driver.events[0].marginModeRaw == 1)
    }
  }

  @Test func aSettingMayBeRefused() throws {
    var driver = try #require(JobDriver(setting(.setLeverage), [.usdm]))
    let step = driver.run { _, _ in #"{"code":-4028,"msg":"Leverage 20 is not valid"}"# }
    #expect(driver.events.map(\.kind) == [.rejected], "\(step)")
    var spot = try #require(JobDriver(setting(.setLeverage, instrument: 1), [.spot, .usdm]))
    #expect(spot.run { _, _ in "{}" } == .failed(BinanceVerdict(.refused, code: 0)) && spot.asked.isEmpty)
    #expect(spot.events.map(\.kind) == [.rejected] && spot.events[0].remedy == .refused)
  }

  // MARK: The venue's countdown

  private static let two = [
    BinanceFixture.perpetual,
    BinanceFixture.instrument(
      "ETHUSDT", number: 9, prices: 2, quantities: 3, isSpot: false),
  ]

  private func countdown(endingAt milliseconds: Int64?) throws -> JobDriver {
    var request = JobDriver.request(.deadman)
    request.signBy = milliseconds.map { EngineTime(nanoseconds: $0 * 1_000_000) } ?? .never
    return try #require(JobDriver(request, [.usdm], symbols: [.usdm: Self.two]))
  }

  @Test func theCountdownIsSetForEachSymbol() throws {
    var driver = try countdown(endingAt: 61_000)
    let body = #"{"symbol":"BTCUSDT","countdownTime":"60000"}"#
    #expect(driver.run(now: EngineTime(nanoseconds: 1_000_000_000)) { _, _ in body } == .done)
    #expect(
      driver.asked == [
        "/fapi/v1/countdownCancelAll?countdownTime=60000&symbol=BTCUSDT",
        "/fapi/v1/countdownCancelAll?countdownTime=60000&symbol=ETHUSDT",
      ])
    #expect(driver.events.map(\.kind) == [.accepted] && driver.weight == 20)
    var disarmed = try countdown(endingAt: nil)
    disarmed.run(now: EngineTime(nanoseconds: 1_000_000_000)) { _, _ in body }
    #expect(disarmed.asked.allSatisfy { $0.contains("countdownTime=0&") })
  }

  /// Zero would take it back: what is over by now is never said.
  @Test func aCountdownThatIsOverIsNotSet() throws {
    var driver = try countdown(endingAt: 500)
    let step = driver.run(now: EngineTime(nanoseconds: 500_000_000)) { _, _ in "{}" }
    #expect(step == .failed(BinanceVerdict(.refused, code: 0)) && driver.asked.isEmpty)
    #expect(driver.events.map(\.kind) == [.rejected])
  }

  @Test func anAccountOfSpotHasNoCountdown() throws {
    var request = JobDriver.request(.deadman)
    request.signBy = EngineTime(nanoseconds: 60_000_000_000)
    var driver = try #require(JobDriver(request, [.spot]))
    #expect(driver.run { _, _ in "{}" } == .failed(BinanceVerdict(.refused, code: 0)))
    #expect(driver.events.map(\.kind) == [.rejected] && driver.asked.isEmpty)
  }

  // MARK: Requests

  @Test func onlyWhatTakesSeveralQuestionsIsAJob() {
    for kind in VenueRequest.Kind.allCases {
      let isSingle = [.newOrder, .cancelOrder, .amendOrder, .queryOrder].contains(kind)
      #expect((JobDriver(JobDriver.request(kind)) == nil) == isSingle)
    }
  }

  @Test func aRepetitionAsksTheSame() {
    let first = JobDriver.request(.queryFills)
    var later = first
    later.requestID += 8
    #expect(BinanceAccountJob.asksTheSame(first, later))
    later.venueOrder = VenueReference(5)
    #expect(BinanceAccountJob.asksTheSame(first, later), "it has what lies before")
    #expect(!BinanceAccountJob.asksTheSame(later, first), "an earlier place")
    later = first
    later.requestID += 1
    #expect(!BinanceAccountJob.asksTheSame(first, later), "its end completes something else")
    later = first
    later.requestID |= 1 << 63
    #expect(!BinanceAccountJob.asksTheSame(first, later), "a person's question")
  }
}
