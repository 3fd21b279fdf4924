import Testing

@testable import OMSLib

/// Facts with an age: read in time, read again when they are doubted, and called stale when they are not read.
@Suite struct BinanceSettingsWatchTests {
  private static let second: Int64 = 1_000_000_000

  private struct Watch {
    var watch: BinanceSettingsWatch
    var memory = BinanceAccountMemory()
    var now = EngineTime.zero
    let product: BinanceProduct
    var asked: [String] = []

    init(_ product: BinanceProduct) {
      self.product = product
      watch = BinanceSettingsWatch(product, now: .zero)
      for instrument in product == .spot ? JobDriver.spot : JobDriver.usdm { watch.add(instrument, now: .zero) }
    }

    mutating func pass(seconds: Int64) { now = now.advanced(byNanoseconds: seconds * second) }

    /// Answers what is due; an empty body: no answer came. Returns the problems.
    @discardableResult
    mutating func run(_ answer: (String) -> (Int, String)) -> [BinanceProblem] {
      var call = BinanceCall(SpotEndpoint.ping)
      var problems: [BinanceProblem] = []
      while let (token, _) = watch.next(now: now, into: &call) {
        asked.append(call.text)
        let (status, body) = answer(call.endpoint.path)
        guard !body.isEmpty, let reading = JobDriver.readings[product] else {
          watch.lost(token: token)
          return problems
        }
        let problem = watch.take(
          BinanceAnswer(status: status, body: Array(body.utf8)), token: token, reading, memory: &memory, now: now,
          utc: .zero)
        if let problem { problems.append(problem) }
      }
      return problems
    }

    var changes: [BinanceSettingsWatch.Change] {
      mutating get {
        var all: [BinanceSettingsWatch.Change] = []
        while let change = watch.nextChange() { all.append(change) }
        return all
      }
    }

    var stale: Set<BinanceSettingsWatch.Subject> {
      var all: Set<BinanceSettingsWatch.Subject> = []
      watch.forEachStale(at: now) { subject, age in
        #expect(age > 0)
        all.insert(subject)
      }
      return all
    }
  }

  private static let perpetual = InstrumentID(number: 3)
  private static let rates = BinanceFeeRates(maker: Rate(e8: 20_000), taker: Rate(e8: 50_000))

  private func futures(_ taker: String = "0.0005", isHedged: Bool = false, leverage: Int = 20) -> (String) -> (
    Int, String
  ) {
    return { path in
      switch path {
      case "/fapi/v1/accountConfig": (200, #"{"canTrade":true,"dualSidePosition":\#(isHedged),"feeTier":0}"#)
      case "/fapi/v1/symbolConfig":
        (200, #"[{"symbol":"BTCUSDT","marginType":"CROSSED","leverage":\#(leverage),"maxNotionalValue":"1"}]"#)
      default: (200, #"{"symbol":"BTCUSDT","makerCommissionRate":"0.0002","takerCommissionRate":"\#(taker)"}"#)
      }
    }
  }

  @Test func everythingIsReadOnceAndThenByItsAge() {
    var watch = Watch(.usdm)
    watch.run(futures())
    #expect(watch.asked.count == 3 && watch.asked.contains("/fapi/v1/commissionRate?symbol=BTCUSDT"))
    #expect(watch.watch.canTrade == true && watch.watch.isHedged == false)
    #expect(watch.watch.rates(of: Self.perpetual) == Self.rates)
    #expect(watch.memory[leverage: Self.perpetual] == 20)
    let first = watch.changes
    #expect(first.contains(.fees(Self.perpetual, Self.rates)) && first.contains(.leverage(Self.perpetual, 20)))
    watch.pass(seconds: 599)
    watch.run(futures())
    #expect(watch.asked.count == 3 && watch.watch.nextDue == EngineTime(nanoseconds: 600 * Self.second))
    watch.pass(seconds: 1)
    watch.run(futures())
    #expect(watch.asked.count == 5 && watch.changes.isEmpty, "what is as it was is no news")
    watch.pass(seconds: 86_400)
    watch.run(futures())
    #expect(watch.asked.count == 8)
  }

  @Test func whatSomebodyElseChangesIsTold() {
    var watch = Watch(.usdm)
    watch.run(futures())
    _ = watch.changes
    watch.pass(seconds: 86_400)
    watch.run(futures("0.0004", isHedged: true, leverage: 5))
    let cheaper = BinanceFeeRates(maker: Rate(e8: 20_000), taker: Rate(e8: 40_000))
    let changes = watch.changes
    #expect(changes.count == 3 && changes.contains(.isHedged(true)) && changes.contains(.leverage(Self.perpetual, 5)))
    #expect(changes.contains(.fees(Self.perpetual, cheaper)))
  }

  @Test func whatIsNotReadInTimeIsStale() {
    var watch = Watch(.usdm)
    watch.pass(seconds: 800)
    #expect(watch.stale.isEmpty)
    watch.pass(seconds: 101)
    #expect(watch.stale == [.account, .symbols], "never read, and that for too long")
    watch.run(futures())
    #expect(watch.stale.isEmpty)
    watch.pass(seconds: 901)
    watch.run { _ in (200, "") }
    #expect(watch.stale == [.account, .symbols])
    watch.run { _ in (503, #"{"code":0,"msg":"Service Unavailable."}"#) }
    let asked = watch.asked.count
    watch.pass(seconds: 29)
    watch.run(futures())
    #expect(watch.asked.count == asked && watch.stale.count == 2, "it is not asked again at once")
    watch.pass(seconds: 1)
    watch.run(futures())
    #expect(watch.stale.isEmpty)
  }

  @Test func anUnreadableAnswerLeavesWhatIsKnown() {
    var watch = Watch(.usdm)
    watch.run(futures())
    watch.pass(seconds: 600)
    let problems = watch.run { path in
      path.hasSuffix("symbolConfig") ? (200, #"[{"symbol":"BTCUSDT"}]"#) : futures()(path)
    }
    #expect(problems == [.member("leverage")] && watch.memory[leverage: Self.perpetual] == 20)
  }

  @Test func aFeeThatDeviatesAsksForTheRatesAgain() {
    var watch = Watch(.usdm)
    watch.run(futures())
    var fill = VenueEvent(.fill)
    fill.instrument = Self.perpetual
    (fill.sideRaw, fill.price, fill.quantity) = (Side.buy.rawValue, 6_000_000, 1_000)
    fill.asset = AssetID(number: 2)
    fill.fee = Money(30)
    var verdict = watch.watch.judge(fill, now: watch.now)
    #expect(verdict == .asExpected)
    fill.fee = Money(24)
    verdict = watch.watch.judge(fill, now: watch.now)
    #expect(verdict == .deviates(expected: Money(30)))
    watch.run(futures("0.0004"))
    #expect(watch.asked.count == 3, "not with every fill")
    watch.pass(seconds: 600)
    watch.run(futures("0.0004"))
    #expect(watch.asked.filter { $0.contains("commissionRate") }.count == 2)
    verdict = watch.watch.judge(fill, now: watch.now)
    #expect(verdict == .asExpected)
    fill.instrument = InstrumentID(number: 99)
    verdict = watch.watch.judge(fill, now: watch.now)
    #expect(verdict == .notJudged)
  }

  private static let permissions = """
    {"ipRestrict":true,"createTime":1698645219000,"enableReading":true,"enableFutures":false,\
    "enableSpotAndMarginTrading":true,"enableWithdrawals":false}
    """

  private func spot(key: (Int, String)) -> (String) -> (Int, String) {
    let part = #"{"maker":"0.001","taker":"0.001","buyer":"0","seller":"0"}"#
    return { path in
      switch path {
      case "/api/v3/account": (200, #"{"canTrade":false,"balances":[]}"#)
      case "/api/v3/account/commission": (200, #"{"standardCommission":\#(part)}"#)
      default: key
      }
    }
  }

  @Test func whatTheKeyMayDo() {
    var watch = Watch(.spot)
    watch.run(spot(key: (200, Self.permissions)))
    #expect(watch.watch.key?.canTradeSpot == true && watch.watch.key?.canTradeFutures == false)
    #expect(watch.watch.key?.isBoundToAddresses == true && watch.watch.key?.canWithdraw == false)
    #expect(watch.watch.canTrade == false && watch.changes.contains(.canTrade(false)))
    #expect(watch.asked.count == 4)
  }

  /// The test networks have no such page: that is not a fact that has grown old.
  @Test func whereTheVenueDoesNotTellItIsNotAskedAgain() {
    var watch = Watch(.spot)
    watch.run(spot(key: (404, "<html>")))
    watch.pass(seconds: 40 * 86_400)
    #expect(watch.stale.count == 3 && !watch.stale.contains(.key))
    watch.run(spot(key: (404, "<html>")))
    #expect(watch.asked.filter { $0.hasPrefix("/sapi") }.count == 1 && watch.watch.key == nil)
  }
}
