import Testing

@testable import OMSLib

/// Whoever keeps the links of a market and asks its questions, played by a test: time passes when it says so.
final class MarketDesk {
  let market: BinanceMarket
  let instruments: [Instrument]
  private(set) var now = EngineTime(nanoseconds: 1_000_000_000)
  private(set) var links: [UInt32] = []
  /// What was sent, and when.
  private(set) var sent: [(text: String, at: EngineTime)] = []
  private var frame = ByteBuffer()
  private var call = BinanceCall(SpotEndpoint.ping)
  private var numbers: UInt32 = 0

  static let millisecond: Int64 = 1_000_000

  init(_ product: BinanceProduct, _ instruments: [Instrument]) {
    market = BinanceMarket(product, seed: SplitMix64(seed: 5), now: now)
    self.instruments = instruments
    for instrument in instruments { market.add(instrument) }
  }

  static func spot(_ count: Int = 1) -> MarketDesk {
    let others = (0..<max(0, count - 2)).map {
      BinanceFixture.instrument("COIN\($0)USDT", number: UInt16(100 + $0), prices: 2, quantities: 2)
    }
    return MarketDesk(.spot, Array(([BinanceFixture.bitcoin, BinanceFixture.ether] + others).prefix(count)))
  }

  static func usdm() -> MarketDesk { MarketDesk(.usdm, [BinanceFixture.perpetual]) }

  // MARK: Links

  /// A link that is open, and asks for nothing yet.
  func open(_ line: BinanceMarket.Line = .book) -> UInt32 {
    numbers += 1
    market.linkOpened(numbers, line, now: now)
    links.append(numbers)
    return numbers
  }

  /// One on which everything was asked for and answered, and whose first prices were asked for.
  func openReady(_ line: BinanceMarket.Line = .book) -> UInt32 {
    let link = open(line)
    settle()
    return link
  }

  func lose(_ link: UInt32) {
    links.removeAll { $0 == link }
    market.linkLost(link, now: now)
  }

  /// Sends and answers what there is to send, as fast as may be.
  func settle() {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      for link in links {
        while let text = send(link) {
          acknowledge(text, link)
          isQuiet = false
        }
      }
      if links.contains(where: { !market.isReady($0) }) {
        pass(350)
        isQuiet = false
      }
    }
  }

  /// The next message of a link.
  func send(_ link: UInt32) -> String? {
    guard market.nextFrame(link, now: now, into: &frame) else { return nil }
    sent.append((frame.text, now))
    return frame.text
  }

  func acknowledge(_ text: String, _ link: UInt32) { say(#"{"result":null,"id":\#(Self.number(text))}"#, link) }

  func refuse(_ text: String, _ link: UInt32) {
    say(#"{"error":{"code":2,"msg":"Invalid request"},"id":\#(Self.number(text))}"#, link)
  }

  private static func number(_ text: String) -> Substring {
    text.dropLast().split(separator: ":").last ?? ""
  }

  static func names(_ text: String) -> Int { text.split(separator: "@").count - 1 }

  @discardableResult
  func say(_ text: String, _ link: UInt32) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { market.take(link, $0, now: now) }
  }

  func say(_ bytes: ArraySlice<UInt8>, _ link: UInt32) {
    _ = bytes.withUnsafeBufferPointer { market.take(link, $0, now: now) }
  }

  func pass(_ milliseconds: Int64) {
    now = now.advanced(byNanoseconds: milliseconds * Self.millisecond)
    market.turn(now: now)
  }

  // MARK: Questions

  /// The next question as a line of text, which ends with its weight.
  func ask() -> (question: MarketQuestion, text: String)? {
    guard let question = market.nextQuestion(now: now, into: &call) else { return nil }
    var text = ByteBuffer()
    call.parameters.write(plainTo: &text)
    return (question, "\(call.endpoint.path)?\(text.text) \(question.weight)")
  }

  func answer(_ question: MarketQuestion, _ body: String) {
    market.take(BinanceAnswer(status: 200, body: Array(body.utf8)), to: question, now: now)
  }

  /// Asks for best prices and answers.
  func answerTops(_ body: String) throws {
    let (question, text) = try #require(ask())
    #expect(text.contains("ticker/bookTicker"))
    answer(question, body)
  }

  // MARK: What a venue says

  static func ticker(
    _ update: Int64, _ bid: String = "200.00", _ ask: String = "200.02", bidSize: String = "1", askSize: String = "2",
    symbol: String = "BTCUSDT"
  ) -> String {
    #"{"u":\#(update),"s":"\#(symbol)","b":"\#(bid)","B":"\#(bidSize)","a":"\#(ask)","A":"\#(askSize)"}"#
  }

  static func tops(_ bid: String = "200.00", _ ask: String = "200.02", symbol: String = "BTCUSDT") -> String {
    #"{"symbol":"\#(symbol)","bidPrice":"\#(bid)","bidQty":"1","askPrice":"\#(ask)","askQty":"2"}"#
  }

  static func trade(_ number: Int64, _ price: String = "200.01", at milliseconds: Int64 = 1_700_000_000_000) -> String {
    #"{"e":"aggTrade","E":\#(milliseconds),"s":"BTCUSDT","a":\#(number),"p":"\#(price)","q":"0.5","f":1,"l":2,"#
      + #""T":\#(milliseconds),"m":true,"M":true}"#
  }

  static func mark(_ time: Int64, _ price: String = "200.01000000", rate: String = "-0.00012500") -> String {
    #"{"e":"markPriceUpdate","E":\#(time),"s":"BTCUSDT","p":"\#(price)","ap":"1","i":"199.99","P":"1","#
      + #""r":"\#(rate)","T":1700000000000,"st":1}"#
  }

  var top: TopOfBook { market.top(of: instruments[0].id) }

  var trades: [(place: UInt64, number: UInt64)] {
    var trades: [(UInt64, UInt64)] = []
    market.forEachTrade(of: instruments[0].id, behind: 0, count: .max) { trades.append(($0, $1.number)) }
    return trades
  }
}
