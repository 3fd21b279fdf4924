package import OMSLib

/// Recorded market data instead of the exchange's own, at the pace at which it was received or a multiple of it.
///
/// A recording has one message a line: `{"recv_ns":N,"stream":"btcusdt@depth@100ms","data":{...}}`, and its snapshots
/// of a book as `{"recv_ns":N,"rest":"depth","data":{...}}`. What was recorded goes out byte for byte; only its time is
/// that of the replay. Whoever drives it reads the file and hands the bytes in while `wantsMore`.
package struct ReplaySource {
  package enum Fault: Error, Equatable, CustomStringConvertible {
    case line(Int, String)
    case tooLong(Int)

    package var description: String {
      switch self {
      case .line(let number, let reason): "line \(number) of the recording: \(reason)"
      case .tooLong(let number): "line \(number) of the recording is longer than \(ReplaySource.lineLengthMax) bytes"
      }
    }
  }

  private struct Record {
    let at: Int64
    /// `nil`: a snapshot.
    let stream: String?
    let data: JSONValue
  }

  /// A snapshot of 5,000 levels has about 300,000 bytes.
  static let lineLengthMax = 1 << 20
  /// Records that are held: some seconds of a busy market.
  private static let aheadMax = 4_096
  private static let tradesKept = 1_000

  package let product: VenueProduct
  /// How many times faster than it was received.
  package let speed: Int64
  private var partial: [UInt8] = []
  private var lineCount = 0
  private var records: [Record] = []
  private var taken = 0
  private var hasEnded = false
  /// Where the recording and the replay begin: nanoseconds of the recording, and of the engine.
  private var origin: (recorded: Int64, now: EngineTime)?
  private(set) var symbol: String?
  private(set) var book: RecordedBook
  private var hasSnapshot = false
  private var trades: [JSONValue] = []

  /// What the beginning of a recording is of: the messages of one product have members that those of the other lack.
  package static func product(ofBeginning bytes: [UInt8]) -> VenueProduct {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let data = (try? JSONReader.read(Array(line)))?.root["data"] else { continue }
      let isSnapshot = data["lastUpdateId"] != nil
      switch data["e"]?.string {
      case "depthUpdate": return data["pu"] == nil ? .spot : .usdm
      case "bookTicker", "markPriceUpdate", "forceOrder": return .usdm
      case nil where isSnapshot: return data["E"] == nil ? .spot : .usdm
      case nil where data["B"] != nil: return .spot
      default: continue
      }
    }
    return .spot
  }

  /// - Precondition: the speed is above zero.
  package init(_ product: VenueProduct, speed: Int64 = 1) {
    precondition(speed > 0, "a replay goes forward")
    self.product = product
    self.speed = speed
    book = RecordedBook(product)
  }

  // MARK: - Reading

  /// The next bytes are welcome: they are read ahead, at the beginning as far as the first snapshot.
  package var wantsMore: Bool {
    !hasEnded && (records.count - taken < Self.aheadMax / 2 || (!hasSnapshot && records.count < Self.aheadMax))
  }

  package mutating func append(_ bytes: some Collection<UInt8>) throws(Fault) {
    partial.append(contentsOf: bytes)
    var start = partial.startIndex
    while let end = partial[start...].firstIndex(of: UInt8(ascii: "\n")) {
      try read(Array(partial[start..<end]))
      start = end + 1
    }
    partial.removeSubrange(..<start)
    guard partial.count <= Self.lineLengthMax else { throw .tooLong(lineCount + 1) }
  }

  /// The file has no more bytes.
  package mutating func finish() throws(Fault) {
    hasEnded = true
    let rest = partial
    partial = []
    if !rest.isEmpty { try read(rest) }
  }

  private mutating func read(_ line: [UInt8]) throws(Fault) {
    lineCount += 1
    guard !line.isEmpty else { return }
    guard line.count <= Self.lineLengthMax else { throw .tooLong(lineCount) }
    let document: JSONDocument
    do {
      document = try JSONReader.read(line)
    } catch {
      throw .line(lineCount, "\(error)")
    }
    let root = document.root
    guard let at: Int64 = root["recv_ns"]?.integer() else { throw .line(lineCount, "it has no whole number 'recv_ns'") }
    guard let data = root["data"] else { throw .line(lineCount, "it has no 'data'") }
    if let stream = root["stream"]?.string {
      if symbol == nil, let at = stream.firstIndex(of: "@") { symbol = stream[..<at].uppercased() }
      records.append(Record(at: at, stream: stream, data: data))
    } else if root["rest"]?.string == "depth" {
      // Early questions are answered with it too: what lies before it is dropped by its number.
      if !hasSnapshot { book.begin(data) }
      hasSnapshot = true
      records.append(Record(at: at, stream: nil, data: data))
    } else {
      throw .line(lineCount, "it is neither of a 'stream' nor a snapshot of 'rest' depth")
    }
  }

  // MARK: - Replay

  /// Everything that was recorded has been told.
  package var isOver: Bool { hasEnded && taken == records.count }

  package func nextDue(at now: ServerTime) -> EngineTime {
    guard taken < records.count else { return .never }
    guard let origin else { return now.now }
    return origin.now.advanced(byNanoseconds: (records[taken].at - origin.recorded) / speed)
  }

  /// Tells what is due to those who subscribed to it.
  package mutating func turn(_ streams: inout MarketStreams, at now: ServerTime) {
    while taken < records.count {
      if origin == nil { origin = (records[taken].at, now.now) }
      guard nextDue(at: now) <= now.now else { break }
      let record = records[taken]
      taken += 1
      guard let stream = record.stream else {
        book.begin(record.data)
        continue
      }
      if record.data["e"]?.string == "depthUpdate" { book.apply(record.data) }
      if record.data["e"]?.string == "trade" { keep(record.data) }
      streams.tellRecorded(stream, Array(record.data.source), product)
    }
    if taken >= Self.aheadMax {
      records.removeFirst(taken)
      taken = 0
    }
  }

  private mutating func keep(_ trade: JSONValue) {
    trades.append(trade)
    if trades.count >= 2 * Self.tradesKept { trades.removeFirst(Self.tradesKept) }
  }

  // MARK: - Pages

  /// The answer of a page that the recording has something about; `nil`: it has not.
  package func answer(
    _ path: String, _ query: VenueQuery, at now: ServerTime, unit: TimeUnit = .millisecond
  ) -> Result<[UInt8], VenueError>? {
    guard let route = MarketRoute.of(path, product) else { return nil }
    guard route.page == .depth || route.page == .trades else { return nil }
    do throws(VenueError) {
      let parameters = try PageParameters(query, product, known: route.parameters, symbols: [])
      guard let name = parameters.text("symbol") else { throw .missing("symbol") }
      guard name == symbol else { throw .invalidSymbol }
      let isDepth = route.page == .depth
      let limit = try parameters.limit(isDepth && product == .spot ? 100 : 500, max: isDepth ? 5_000 : Self.tradesKept)
      return .success(isDepth ? try depthPage(limit, at: now, unit) : tradesPage(limit))
    } catch {
      return .failure(error)
    }
  }

  private func depthPage(_ limit: Int, at now: ServerTime, _ unit: TimeUnit) throws(VenueError) -> [UInt8] {
    guard book.isWhole else {
      throw VenueError(-1001, "The recording has no whole book at this time.", status: 503)
    }
    var json = JSONWriter(capacity: 4_096)
    json.beginObject()
    json.member("lastUpdateId", book.id)
    if product == .usdm {
      json.member("E", now.utc.nanoseconds, in: unit)
      json.member("T", now.utc.nanoseconds, in: unit)
    }
    for side in [Side.buy, .sell] {
      if side == .buy { json.name("bids") } else { json.name("asks") }
      json.beginArray()
      for level in book.levels(side, limit) {
        json.beginArray()
        json.string(level.price)
        json.string(level.quantity)
        json.endArray()
      }
      json.endArray()
    }
    json.endObject()
    return json.bytes
  }

  private func tradesPage(_ limit: Int) -> [UInt8] {
    var json = JSONWriter(capacity: 4_096)
    json.beginArray()
    for trade in trades.suffix(limit) {
      json.beginObject()
      for (name, source) in [("id", "t"), ("price", "p"), ("qty", "q"), ("time", "T"), ("isBuyerMaker", "m")] {
        guard let value = trade[source] else { continue }
        json.name(data: name)
        json.raw(value.source)
      }
      json.endObject()
    }
    json.endArray()
    return json.bytes
  }
}
