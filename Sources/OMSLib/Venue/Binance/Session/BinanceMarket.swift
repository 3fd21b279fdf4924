/// What a venue tells in public about one of its products: best prices, books, trades, marks, funding.
///
/// Pure: whoever keeps the links tells of them and hands their messages in, sends the messages and asks the questions
/// that this wants, by REST. What cannot be vouched for is not there: best prices are empty while their stream is
/// silent, lost or contradicted.
///
/// Owner: one thread.
package final class BinanceMarket {
  /// The addresses at which streams stand; spot has all of them at one.
  package enum Line: UInt8, CaseIterable, Sendable {
    /// Best prices and books.
    case book
    /// Marks and trades of futures.
    case market
  }

  /// What went otherwise than it should.
  package struct Counts: Equatable, Sendable {
    /// News that the fast reader left to the full one, and those that none understood.
    package var falls: UInt64 = 0
    package var refused: UInt64 = 0
    /// Changes of books that never came.
    package var gaps: UInt64 = 0
    /// Snapshots that were needed anew.
    package var resyncs: UInt64 = 0
    /// Trades that never came.
    package var lostTrades: UInt64 = 0
    /// Best prices that did not follow what the venue says elsewhere.
    package var doubts: UInt64 = 0
    /// Streams that a connection has no room for.
    package var shutOut: UInt64 = 0
  }

  struct LineState {
    var streams: [MarketStream] = []
    /// The last moment at which what is known from it was the venue's word.
    var provenAt = EngineTime.zero
    /// Best prices of instruments that were quiet since the link came up are not known yet.
    var wantsTops = false
  }

  let product: BinanceProduct
  var now: EngineTime
  var random: SplitMix64
  var names = BinanceNames()
  var reader = BinanceMarketReader()
  /// By the engine's number.
  let rows = Rows<MarketRow>(zeroed: Limits.instrumentCount)
  let tape = Rows<PublicTrade>(zeroed: Limits.instrumentCount * tradeWindow)
  var instruments: [Instrument] = []
  var links: [StreamLink] = []
  var lines = [LineState](repeating: LineState(), count: Line.allCases.count)
  private var requests: Int64 = 0
  var failures = WaitingLine<(link: UInt32, reason: String)>()
  /// Instruments whose best prices are in doubt.
  var doubted: [UInt16] = []
  var books: [FollowedBook] = []
  var tops = Asking()
  /// One of ours is no symbol any more: a question that names it is refused as a whole.
  var asksForAllTops = false
  var intervals = Asking()
  var wantsIntervals = false
  var questionNumber: UInt32 = 0
  /// The last whole book that was answered.
  var snapshot = BinanceDepth()
  private var events = Counts()

  /// Trades of one instrument that are kept.
  package static let tradeWindow = 1_024
  /// Below the address of each line.
  package static let target = "/ws"

  package init(_ product: BinanceProduct, seed: SplitMix64, now: EngineTime) {
    self.product = product
    self.now = now
    random = seed
  }

  package static func lines(of product: BinanceProduct) -> [Line] { product == .spot ? [.book] : Line.allCases }

  package var counts: Counts {
    var counts = events
    counts.shutOut = links.reduce(0) { $0 + UInt64($1.shutOut(lines[$1.line].streams)) }
    return counts
  }

  func count(_ change: (inout Counts) -> Void) { change(&events) }

  /// One that is traded on this product. New rules of one that is there already change nothing here.
  package func add(_ instrument: Instrument) {
    names.add(instrument)
    guard rows[instrument.id.index].isOurs == 0 else { return }
    rows[instrument.id.index].isOurs = 1
    instruments.append(instrument)
    let isSpot = product == .spot
    rows[instrument.id.index].tickerStream = UInt16(
      append(MarketStream(native: instrument.native, kind: .ticker), to: .book))
    append(MarketStream(native: instrument.native, kind: .trades), to: isSpot ? .book : .market)
    if !isSpot { append(MarketStream(native: instrument.native, kind: .mark), to: .market) }
    lines[.book].wantsTops = true
    wantsIntervals = !isSpot
  }

  @discardableResult
  func append(_ stream: MarketStream, to line: Line) -> Int {
    lines[line].streams.append(stream)
    wake(line)
    return lines[line].streams.count - 1
  }

  func wake(_ line: Line) {
    for index in links.indices where links[index].line == line { links[index].wake() }
  }

  // MARK: Links

  /// A new link of a line is open. It is good for use when it ``isReady(_:)``.
  package func linkOpened(_ link: UInt32, _ line: Line, now: EngineTime) {
    self.now = now
    links.append(StreamLink(link, line, product, now: now))
    links[links.count - 1].judge(lines[line].streams)
  }

  /// Everything that is wanted comes over it: its predecessor may go.
  package func isReady(_ link: UInt32) -> Bool { links.first { $0.number == link }?.isReady ?? false }

  package func linkLost(_ link: UInt32, now: EngineTime) {
    self.now = now
    guard let place = links.firstIndex(where: { $0.number == link }) else { return }
    let line = links.remove(at: place).line
    if !links.contains(where: { $0.line == line && $0.isReady }) { forget(line) }
  }

  /// The next message to send on a link, in the place of what `frame` holds. `false`: none now.
  package func nextFrame(_ link: UInt32, now: EngineTime, into frame: inout ByteBuffer) -> Bool {
    guard let place = links.firstIndex(where: { $0.number == link }) else { return false }
    return links[place].nextFrame(lines[links[place].line].streams, number: &requests, now: now, into: &frame)
  }

  /// A link that does not do what it must, with the reason in words: to be given up.
  package func nextFailure() -> (link: UInt32, reason: String)? { failures.pop() }

  /// What a line told is worth nothing any more.
  private func forget(_ line: Line) {
    lines[line].provenAt = .zero
    for instrument in instruments {
      let row = instrument.id.index
      if line == .book { rows[row].forgetTicker() }
      if line == .market || product == .spot { rows[row].forgetTrades() }
      if line == .market { rows[row].forgetMark() }
    }
    guard line == .book else { return }
    lines[line].wantsTops = !instruments.isEmpty
    doubted.removeAll(keepingCapacity: true)
    tops.forget()
    for index in books.indices { books[index].forget() }
  }

  // MARK: Messages

  /// A message of a link. `true`: the venue ends this link soon.
  package func take(_ link: UInt32, _ message: UnsafeBufferPointer<UInt8>, now: EngineTime) -> Bool {
    self.now = now
    guard let place = links.firstIndex(where: { $0.number == link }) else { return false }
    let line = links[place].line
    let falls = reader.counts.full
    do throws(BinanceProblem) {
      switch try unsafe reader.read(message, names) {
      case .ticker(let ticker): take(ticker)
      case .depth: takeDepth()
      case .trade(let trade): take(trade)
      case .mark(let mark): take(mark)
      case .shutdown: return true
      case .answer(let number, let isGood):
        take(answer: number, isGood, links[place].number)
        return false
      case .other: return false
      }
      lines[line].provenAt = now
      events.falls += reader.counts.full - falls
    } catch {
      events.refused += 1
      unsafe doubt(message)
    }
    return false
  }

  private func take(answer number: Int64, _ isGood: Bool, _ link: UInt32) {
    guard let place = links.firstIndex(where: { $0.number == link }) else { return }
    let line = links[place].line
    guard links[place].take(answer: number, isGood: isGood, lines[line].streams), line == .book else { return }
    // What begins to come says nothing until it changes.
    if instruments.contains(where: { rows[$0.id.index].hasTicker == 0 }) { lines[.book].wantsTops = true }
  }

  /// What cannot be read was about something: its best prices are not known any more.
  private func doubt(_ message: UnsafeBufferPointer<UInt8>) {
    guard let event = try? BinanceEnvelope.event(in: unsafe Array(message), limits: DepthReader.limits).event,
      let symbol = try? event.symbol("s", names), event["b"]?.isString ?? false
    else { return }
    rows[symbol.instrument.index].forgetTicker()
    lines[.book].wantsTops = true
  }
}

extension [BinanceMarket.LineState] {
  subscript(line: BinanceMarket.Line) -> BinanceMarket.LineState {
    _read { yield self[Int(line.rawValue)] }
    _modify { yield &self[Int(line.rawValue)] }
  }
}
