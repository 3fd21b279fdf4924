import Testing

@testable import OMSLib

/// Links carry what is wanted of them, at the pace of the venue.
@Suite struct MarketLinkTests {
  private typealias Desk = MarketDesk

  @Test func aLinkIsGoodWhenAllItsStreamsAreAnswered() throws {
    let desk = Desk.spot(2)
    let link = desk.open()
    let first = try #require(desk.send(link))
    #expect(first == #"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","ethusdt@bookTicker"],"id":1}"#)
    #expect(desk.send(link) == nil, "not so soon behind the other")
    desk.pass(350)
    let second = try #require(desk.send(link))
    #expect(second == #"{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","ethusdt@aggTrade"],"id":2}"#)
    desk.acknowledge(second, link)
    #expect(!desk.market.isReady(link))
    desk.acknowledge(first, link)
    #expect(desk.market.isReady(link))
  }

  @Test func futuresHaveTwoLines() throws {
    let desk = Desk.usdm()
    let (book, market) = (desk.openReady(.book), desk.openReady(.market))
    #expect(desk.sent.map(\.text).filter { $0.contains("@") }.count == 3)
    #expect(desk.sent.contains { $0.text.contains(#"["btcusdt@markPrice@1s"]"#) })
    #expect(desk.market.isReady(book) && desk.market.isReady(market))
    #expect(BinanceMarket.lines(of: .usdm) == [.book, .market] && BinanceMarket.lines(of: .spot) == [.book])
  }

  @Test func noSecondHasMoreMessagesThanTheVenueTakes() {
    let desk = Desk.spot(450)
    _ = desk.openReady()
    #expect(desk.sent.reduce(0) { $0 + Desk.names($1.text) } == 900)
    for (place, message) in desk.sent.enumerated() where place >= 3 {
      #expect(message.at.nanoseconds - desk.sent[place - 3].at.nanoseconds >= 1_000_000_000)
    }
  }

  @Test func whatHasNoRoomIsTold() {
    let desk = Desk.spot(600)
    let link = desk.openReady()
    #expect(desk.market.isReady(link) && desk.market.counts.shutOut == 176)
    let names = desk.sent.map(\.text).joined()
    #expect(names.split(separator: "@bookTicker").count - 1 == 600, "trades are left out first")
  }

  @Test func aNameThatIsRefusedIsFoundAndLeftOut() {
    let desk = Desk.spot(40)
    let link = desk.open()
    var readyAt: EngineTime?
    for _ in 0..<60 {
      while let text = desk.send(link) {
        if text.contains("coin7usdt@") { desk.refuse(text, link) } else { desk.acknowledge(text, link) }
      }
      if desk.market.isReady(link), readyAt == nil { readyAt = desk.now }
      desk.pass(350)
    }
    // Finding it takes longer than a link may take to come up.
    #expect(readyAt.map { $0.nanoseconds < 2_000_000_000 } == true)
    let entered = desk.sent.map { $0.text.contains("coin7usdt@") ? 0 : Desk.names($0.text) }.reduce(0, +)
    #expect(entered == 78 && desk.sent.count < 60)
  }

  @Test func aSubscriptionWithoutAnAnswerEndsTheLink() throws {
    let desk = Desk.spot()
    let link = desk.open()
    _ = desk.send(link)
    desk.pass(4_900)
    #expect(desk.market.nextFailure() == nil)
    #expect(desk.market.nextDue <= desk.now.advanced(byNanoseconds: 100_000_000))
    desk.pass(200)
    let failure = try #require(desk.market.nextFailure())
    #expect(failure.link == link)
    desk.pass(10_000)
    #expect(desk.market.nextFailure() == nil, "once is enough")
  }

  @Test func whatIsDueWaitsForNoQuestion() throws {
    let desk = Desk.spot()
    let link = desk.open()
    let text = try #require(desk.send(link))
    desk.acknowledge(text, link)
    let later = desk.now.advanced(byNanoseconds: 60_000_000_000)
    #expect(desk.market.nextDue(asksAt: later) == desk.now.advanced(byNanoseconds: 350_000_000), "the next message")
    desk.settle()
    desk.pass(350)
    desk.settle()
    #expect(desk.market.nextDue == .zero, "best prices are asked for")
    desk.say(Desk.ticker(10), link)
    let silent = desk.now.advanced(byNanoseconds: 15_000_000_000)
    #expect(desk.market.nextDue(asksAt: later) == silent)
  }

  @Test func theVenueTellsThatItGoes() {
    let desk = Desk.spot()
    let link = desk.openReady()
    #expect(desk.say(#"{"e":"serverShutdown","E":1770123456789}"#, link))
    #expect(!desk.say(Desk.ticker(7), link))
  }

  @Test func anInstrumentThatIsAddedLaterIsAskedForToo() throws {
    let desk = Desk.spot()
    let link = desk.openReady()
    try desk.answerTops(Desk.tops())
    desk.market.add(BinanceFixture.ether)
    desk.pass(350)
    let text = try #require(desk.send(link))
    #expect(text.contains(#"["ethusdt@bookTicker"]"#))
    desk.acknowledge(text, link)
    desk.pass(1_500)
    let (question, _) = try #require(desk.ask())
    desk.answer(question, "[\(Desk.tops()),\(Desk.tops("20.00", "20.01", symbol: "ETHUSDT"))]")
    #expect(desk.market.top(of: BinanceFixture.ether.id).bid == 2_000)
  }
}

/// Best prices are there only while they are known for sure.
@Suite struct MarketTopTests {
  private typealias Desk = MarketDesk

  @Test func bestPricesFollowTheirNumbers() {
    let desk = Desk.spot()
    let link = desk.openReady()
    #expect(desk.top.isValid == 0)
    desk.say(Desk.ticker(10), link)
    #expect(desk.top.isValid == 1 && desk.top.bid == 20_000 && desk.top.ask == 20_002)
    #expect(desk.top.bidQuantity == 100_000 && desk.top.bookSequence == 10 && desk.top.updatedAt == desk.now)
    desk.say(Desk.ticker(9, "150.00"), link)
    desk.say(Desk.ticker(10, "150.00"), link)
    #expect(desk.top.bid == 20_000)
    desk.say(Desk.ticker(11, "201.00", "201.01"), link)
    #expect(desk.top.bid == 20_100 && desk.market.counts == BinanceMarket.Counts())
  }

  @Test func aSideThatIsEmptyHasNoPriceAndACrossedOneIsNotBelieved() {
    let desk = Desk.spot()
    let link = desk.openReady()
    desk.say(Desk.ticker(10, bidSize: "0"), link)
    #expect(desk.top.isValid == 1 && desk.top.bid == 0 && desk.top.ask == 20_002)
    desk.say(Desk.ticker(11, "200.02", "200.02"), link)
    #expect(desk.top.isValid == 0)
    desk.say(Desk.ticker(12), link)
    #expect(desk.top.isValid == 1)
  }

  @Test func aLinkThatIsLostTakesItsPricesAlong() {
    let desk = Desk.spot()
    let link = desk.openReady()
    desk.say(Desk.ticker(10), link)
    desk.say(Desk.trade(5), link)
    #expect(desk.top.last == 20_001)
    desk.lose(link)
    #expect(desk.top.isValid == 0 && desk.top.last == 0)
    let next = desk.openReady()
    // The venue counts anew behind a maintenance.
    desk.say(Desk.ticker(2), next)
    #expect(desk.top.isValid == 1 && desk.top.last == 0)
  }

  @Test func aSuccessorTakesOverWithoutAGap() {
    let desk = Desk.spot()
    let old = desk.openReady()
    desk.say(Desk.ticker(10), old)
    let new = desk.openReady()
    desk.say(Desk.ticker(11, "201.00", "201.01"), new)
    desk.say(Desk.ticker(11, "201.00", "201.01"), old)
    desk.lose(old)
    #expect(desk.top.bid == 20_100)
    let third = desk.open()
    desk.lose(new)
    #expect(desk.top.isValid == 0, "one that carries nothing yet vouches for nothing")
    _ = third
  }

  @Test func pricesThatAreQuietFromTheBeginningAreAskedFor() throws {
    let desk = Desk.spot()
    let link = desk.openReady()
    let (question, text) = try #require(desk.ask())
    #expect(text == "/api/v3/ticker/bookTicker?symbol=BTCUSDT 2")
    #expect(desk.ask() == nil, "once at a time")
    let askedAt = desk.now
    desk.pass(80)
    desk.answer(question, Desk.tops())
    #expect(desk.top.bid == 20_000 && desk.top.updatedAt == askedAt)
    desk.say(Desk.ticker(3), link)
    #expect(desk.top.updatedAt == desk.now)
  }

  @Test func newsThatCameMeanwhileAreNewerThanAnAnswer() throws {
    let desk = Desk.spot()
    let link = desk.openReady()
    let (question, _) = try #require(desk.ask())
    desk.pass(20)
    desk.say(Desk.ticker(10, "201.00", "201.01"), link)
    desk.pass(20)
    desk.answer(question, Desk.tops())
    #expect(desk.top.bid == 20_100)
    desk.pass(1_200)
    #expect(desk.market.nextFailure() == nil && desk.top.isValid == 1)
  }

  @Test func quietPricesAreConfirmedOrEnd() throws {
    let desk = Desk.spot()
    let link = desk.openReady()
    try desk.answerTops(Desk.tops())
    desk.say(Desk.ticker(10), link)
    desk.pass(1_400)
    #expect(desk.ask() == nil)
    desk.pass(200)
    let askedAt = desk.now
    let (question, _) = try #require(desk.ask())
    desk.answer(question, Desk.tops())
    #expect(desk.top.updatedAt.nanoseconds > askedAt.nanoseconds - 250_000_000)
    // Nobody answers any more.
    for _ in 0..<140 {
      desk.pass(100)
      if let (question, _) = desk.ask() { desk.market.lost(question, now: desk.now) }
    }
    #expect(desk.top.isValid == 1)
    desk.pass(1_100)
    #expect(desk.top.isValid == 0)
  }

  @Test func aStreamThatIsDeadIsGivenUp() throws {
    let desk = Desk.spot(2)
    let link = desk.openReady()
    try desk.answerTops("[\(Desk.tops())]")
    desk.say(Desk.ticker(10), link)
    desk.pass(1_600)
    try desk.answerTops("[\(Desk.tops("190.00", "190.02"))]")
    #expect(desk.top.bid == 19_000, "the venue's own word")
    // Another one is lively over the same link.
    desk.say(Desk.ticker(4, symbol: "ETHUSDT"), link)
    desk.pass(900)
    #expect(desk.market.nextFailure() == nil)
    desk.pass(200)
    let failure = try #require(desk.market.nextFailure())
    #expect(failure.link == link && desk.top.isValid == 0 && desk.market.counts.doubts == 1)
  }

  @Test func aSymbolThatIsGoneSilencesNoOther() throws {
    let desk = Desk.spot(2)
    _ = desk.openReady()
    let (question, text) = try #require(desk.ask())
    #expect(text == #"/api/v3/ticker/bookTicker?symbols=["BTCUSDT","ETHUSDT"] 4"#)
    let error = BinanceAnswer(status: 400, body: Array(#"{"code":-1121,"msg":"Invalid symbol."}"#.utf8))
    desk.market.take(error, to: question, now: desk.now)
    let (again, all) = try #require(desk.ask())
    #expect(all == "/api/v3/ticker/bookTicker? 4")
    desk.answer(again, "[\(Desk.tops()),\(Desk.tops(symbol: "OTHERUSDT"))]")
    #expect(desk.top.isValid == 1)
  }

  @Test func anAnswerThatIsAheadOfItsMessageIsNoDoubt() throws {
    let desk = Desk.spot()
    let link = desk.openReady()
    try desk.answerTops(Desk.tops())
    desk.pass(1_600)
    try desk.answerTops(Desk.tops("190.00", "190.02"))
    desk.pass(30)
    desk.say(Desk.ticker(10, "190.00", "190.02"), link)
    desk.pass(2_000)
    #expect(desk.market.nextFailure() == nil && desk.top.bid == 19_000)
  }

  @Test func pricesThatTradesPassAreNotBelievedForLong() throws {
    let desk = Desk.spot(2)
    let link = desk.openReady()
    try desk.answerTops("[]")
    desk.say(Desk.ticker(10), link)
    desk.pass(100)
    desk.say(Desk.trade(5, "200.01"), link)
    desk.say(Desk.trade(6, "205.00"), link)
    for _ in 0..<29 {
      desk.pass(100)
      desk.say(Desk.ticker(Int64(desk.now.nanoseconds), symbol: "ETHUSDT"), link)
    }
    #expect(desk.top.isValid == 1)
    let (question, _) = try #require(desk.ask())
    desk.pass(200)
    #expect(desk.top.isValid == 0)
    desk.settle()
    #expect(desk.market.nextDue > desk.now, "nothing is to be done about it until somebody says more")
    desk.answer(question, "[\(Desk.tops())]")
    #expect(desk.top.isValid == 1, "the trade was an old one")
  }

  @Test func aMessageThatNobodyUnderstandsEndsThePricesItIsAbout() {
    let desk = Desk.spot(2)
    let link = desk.openReady()
    desk.say(Desk.ticker(10), link)
    desk.say(Desk.ticker(10, symbol: "ETHUSDT"), link)
    desk.say(Desk.ticker(11, "200.001"), link)
    #expect(desk.top.isValid == 0 && desk.market.counts.refused == 1)
    #expect(desk.market.top(of: BinanceFixture.ether.id).isValid == 1)
  }

  @Test func marksAndFundingComeEverySecondOrNotAtAll() throws {
    let desk = Desk.usdm()
    let (book, market) = (desk.openReady(.book), desk.openReady(.market))
    desk.say(Desk.ticker(10), book)
    desk.say(Desk.mark(1_700_000_000_000, "200.01999999"), market)
    desk.say(Desk.mark(1_699_999_999_000, "100.00000000"), market)
    #expect(desk.top.mark == 20_001 && desk.top.index == 19_999)
    let funding = try #require(desk.market.funding(of: BinanceFixture.perpetual.id))
    #expect(funding.rate == Rate(e8: -12_500) && funding.next.nanoseconds == 1_700_000_000_000_000_000)
    #expect(funding.intervalNanoseconds == 0, "not told yet")
    try desk.answerTops(Desk.tops())
    let (question, text) = try #require(desk.ask())
    #expect(text == "/fapi/v1/fundingInfo? 1")
    desk.answer(question, #"[{"symbol":"ETHUSDT","fundingIntervalHours":4}]"#)
    let usual: Int64 = 8 * 3_600_000_000_000
    #expect(desk.market.funding(of: BinanceFixture.perpetual.id)?.intervalNanoseconds == usual)
    for _ in 0..<11 {
      desk.pass(1_000)
      desk.say(Desk.ticker(Int64(desk.now.nanoseconds)), book)
    }
    #expect(desk.top.isValid == 1 && desk.top.mark == 0)
    #expect(desk.market.funding(of: BinanceFixture.perpetual.id) == nil)
    desk.say(Desk.mark(1_700_000_011_000), market)
    #expect(desk.top.mark == 20_001)
    desk.lose(market)
    #expect(desk.top.isValid == 1 && desk.top.mark == 0)
  }
}

/// The tape has each trade once, and shows where some are missing.
@Suite struct MarketTapeTests {
  private typealias Desk = MarketDesk

  @Test func placesFollowTheVenuesNumbers() {
    let desk = Desk.spot()
    let link = desk.openReady()
    for number in [70, 71, 71, 70, 74, 75] as [Int64] { desk.say(Desk.trade(number), link) }
    #expect(desk.trades.map(\.number) == [70, 71, 74, 75])
    #expect(desk.trades.map(\.place) == [2, 3, 6, 7], "before the first there were others")
    #expect(desk.market.counts.lostTrades == 2)
  }

  @Test func theTapeKeepsTheNewest() {
    let desk = Desk.spot()
    let link = desk.openReady()
    for number in 1...1_500 as ClosedRange<Int64> { desk.say(Desk.trade(number), link) }
    #expect(desk.trades.count == 1_024 && desk.trades.last?.number == 1_500)
    var places: [UInt64] = []
    desk.market.forEachTrade(of: BinanceFixture.bitcoin.id, behind: 1_490, count: 3) { place, _ in places.append(place)
    }
    #expect(places == [1_491, 1_492, 1_493])
  }

  @Test func whatWasMissedWhileALinkWasAwayIsAHole() {
    let desk = Desk.spot()
    let first = desk.openReady()
    desk.say(Desk.trade(10), first)
    desk.lose(first)
    let second = desk.openReady()
    desk.say(Desk.trade(30, "210.00"), second)
    #expect(desk.trades.map(\.place) == [2, 22])
    desk.lose(second)
    let third = desk.openReady()
    // Somebody has set the counter back.
    desk.say(Desk.trade(3), third)
    desk.say(Desk.trade(4), third)
    #expect(desk.trades.map(\.number) == [3, 4] && desk.trades.map(\.place) == [24, 25])
  }
}
