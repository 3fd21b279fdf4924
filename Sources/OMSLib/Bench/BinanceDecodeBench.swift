/// Messages of Binance straight from their bytes, against the full reader of JSON with the same result.
enum BinanceDecodeBench {
  static let ticker = Benchmark("decode.ticker", "best bid and ask of Binance from bytes") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("decode.ticker", DecodeMessages.ticker, setup)
  }

  static let depth = Benchmark("decode.depth", "changes of a book of Binance from bytes, twenty levels") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("decode.depth", DecodeMessages.depth, setup)
  }

  static let order = Benchmark("decode.order", "a report about an order of Binance from bytes") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("decode.order", DecodeMessages.order, setup)
  }

  private static func measure(
    _ name: String, _ make: (inout SplitMix64) -> String, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> [BenchRow] {
    var decoder = Decoder(make, count: 256)
    var row = BenchRow(name, bar: .speedMin(3_000), moonshot: .speedMin(5_000))
    if let programs = setup.references {
      row.take(try besideSimdjson(&decoder, name, programs + "/simdjson", setup), "simdjson, member by member", setup)
    } else {
      row.bar = .ratioMax(200)
      row.moonshot = .ratioMax(50)
      row.take(try besideFullReader(&decoder, setup), "strict JSON reader, then its members", setup)
    }
    try decoder.compare()
    row.checksum = decoder.digest
    row.details = [("bytes", Int64(decoder.averageBytes))]
    return [row]
  }

  private static func besideFullReader(
    _ decoder: inout Decoder, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> (subject: Samples, reference: Samples) {
    let batch = setup.count(small: 64, real: 4_096)
    let cold = setup.count(small: 16, real: 256)
    return try setup.alternate(
      { () throws(BenchError) -> Int in
        decoder.runFast(batch)
        return batch
      },
      { () throws(BenchError) -> Int in
        decoder.runFull(cold)
        return cold
      })
  }

  /// By turns with a program that reads the same messages, measures itself, and adds up what it found.
  private static func besideSimdjson(
    _ decoder: inout Decoder, _ name: String, _ program: String, _ setup: borrowing BenchSetup
  ) throws(BenchError) -> (subject: Samples, reference: Samples) {
    let batch = setup.count(small: 64, real: 4_096)
    let share = setup.size == .small ? 0 : setup.duration / Int64(2 * setup.alternations)
    let (messages, answer) = (setup.directory + "/\(name).jsonl", setup.directory + "/\(name).out")
    var samples = (subject: Samples(), reference: Samples())
    let kind = String(name.drop { $0 != "." }.dropFirst())
    do throws(SystemError) {
      try ScratchFile.write(decoder.lines, to: messages, under: setup.directory)
      for _ in 0..<setup.alternations {
        do throws(BenchError) {
          try setup.take(share, into: &samples.subject) { () throws(BenchError) -> Int in
            decoder.runFast(batch)
            return batch
          }
        } catch { preconditionFailure("decoding does not fail") }
        let child = try ChildProcess.start([program, kind, messages, String(share), answer], with: [])
        guard try child.end(wait: true) == 0 else { throw SystemError(errno: 8, call: program) }
        let words = String(decoding: try BenchFiles.read(answer), as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let each = Int64(words[0]), let sum = UInt64(words[1]) else {
          throw SystemError(errno: 22, call: program)
        }
        guard sum == decoder.sum() else { throw SystemError(errno: 33, call: "\(program): another sum") }
        samples.reference.add(nanoseconds: each, operations: 1_000)
        samples.reference.close()
      }
    } catch { throw .system(error) }
    return samples
  }
}

/// A few hundred messages, so that no branch learns them by heart.
private struct Decoder: ~Copyable {
  private let messages: [[UInt8]]
  private let names: BinanceNames
  private var market = BinanceMarketReader()
  private var user = SpotUserReader()
  private var next = 0
  private(set) var fallbacks = 0
  private(set) var digest: UInt64 = 1

  init(_ make: (inout SplitMix64) -> String, count: Int) {
    var random = SplitMix64(seed: 5)
    messages = (0..<count).map { _ in Array(make(&random).utf8) }
    var names = BinanceNames()
    var instrument = Instrument()
    instrument.native = Text32("BTCUSDT") ?? Text32()
    instrument.id = InstrumentID(number: 1)
    instrument.venue = VenueID(number: 1)
    instrument.priceScale = 2
    instrument.quantityScale = 5
    names.add(instrument)
    names.add(asset: Text32("BTC") ?? Text32(), AssetID(number: 1))
    self.names = names
  }

  /// A message in each line.
  var lines: [UInt8] { messages.reduce(into: []) { $0 += $1 + [0x0A] } }

  /// What a round of all messages adds up to.
  mutating func sum() -> UInt64 {
    digest = 0
    runFast(messages.count)
    return digest
  }

  var averageBytes: Int { messages.reduce(0) { $0 + $1.count } / messages.count }

  mutating func runFast(_ count: Int) {
    for _ in 0..<count {
      next = (next + 1) & (messages.count - 1)
      unsafe messages[next].withUnsafeBufferPointer { bytes in
        switch unsafe market.readFast(bytes, names) {
        case .ticker(let ticker): digest &+= UInt64(truncatingIfNeeded: ticker.bid ^ ticker.askQuantity)
        case .depth: digest &+= UInt64(truncatingIfNeeded: market.depth.last)
        default:
          if let found = unsafe SpotOrderScan.read(bytes, names) {
            digest &+= found.news.trade.low
          } else {
            fallbacks += 1
          }
        }
      }
    }
  }

  mutating func runFull(_ count: Int) {
    for _ in 0..<count {
      next = (next + 1) & (messages.count - 1)
      if (try? market.readFully(messages[next], names)) == nil { fallbacks += 1 }
    }
  }

  /// Every message once through both, with equal results.
  mutating func compare() throws(BenchError) {
    digest = 1
    for message in messages {
      let (fast, full) = unsafe message.withUnsafeBufferPointer { bytes in unsafe (read(bytes), readFully(message)) }
      guard let fast, fast == full else { throw .unequal("a message is read in two ways") }
      digest = digest &* 31 &+ fast
    }
    guard fallbacks == 0, market.counts.full == 0 else { throw .unequal("a usual message went to the full reader") }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    switch unsafe market.readFast(bytes, names) {
    case .ticker(let ticker): return Self.digest(ticker)
    case .depth: return Self.digest(market.depth)
    default: return unsafe SpotOrderScan.read(bytes, names).map { Self.digest($0.news) }
    }
  }

  private mutating func readFully(_ message: [UInt8]) -> UInt64? {
    if case .order(let order)? = (try? SpotUserReader.readFully(message, names, { _ in nil }))?.news {
      return Self.digest(order)
    }
    switch try? market.readFully(message, names) {
    case .ticker(let ticker)?: return Self.digest(ticker)
    case .depth?: return Self.digest(market.depth)
    default: return nil
    }
  }

  private static func digest(_ ticker: BinanceTicker) -> UInt64 {
    UInt64(bitPattern: ticker.bid &* 3 ^ ticker.bidQuantity &* 5 ^ ticker.ask &* 7 ^ ticker.askQuantity)
  }

  private static func digest(_ order: BinanceOrderNews) -> UInt64 {
    UInt64(bitPattern: order.lastPrice &* 3 ^ order.lastQuantity &* 5 ^ order.cumulative) ^ order.trade.low
      ^ UInt64(truncatingIfNeeded: order.fee.units)
  }

  private static func digest(_ depth: BinanceDepth) -> UInt64 {
    var digest = UInt64(bitPattern: depth.last)
    for level in depth.bids + depth.asks {
      digest = digest &* 31 &+ UInt64(bitPattern: level.price ^ level.quantity)
    }
    return digest
  }
}

/// Messages as they come, with other numbers each time.
private enum DecodeMessages {
  private static func price(_ random: inout SplitMix64) -> String {
    "6\(1_000 + random.below(8_999)).\(10 + random.below(89))000000"
  }
  private static func size(_ random: inout SplitMix64) -> String {
    "\(random.below(90)).\(10_000 + random.below(89_999))000"
  }

  static func ticker(_ random: inout SplitMix64) -> String {
    let update = 50_093_239_212 + random.below(1_000_000)
    return """
      {"u":\(update),"s":"BTCUSDT","b":"\(price(&random))","B":"\(size(&random))","a":"\(price(&random))",\
      "A":"\(size(&random))"}
      """
  }

  static func depth(_ random: inout SplitMix64) -> String {
    let first = 50_093_239_189 + random.below(1_000_000)
    var sides = ["", ""]
    for side in 0..<2 {
      sides[side] = (0..<10).map { _ in "[\"\(price(&random))\",\"\(size(&random))\"]" }.joined(separator: ",")
    }
    return """
      {"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":\(first),"u":\(first + 13),"b":[\(sides[0])],"a":[\(sides[1])]}
      """
  }

  static func order(_ random: inout SplitMix64) -> String {
    let size = size(&random)
    return """
      {"subscriptionId":0,"event":{"e":"executionReport","E":1759347763167,"s":"BTCUSDT",\
      "c":"1abcde0123456789abcdefghijklmnop","S":"BUY","o":"LIMIT","f":"GTC","q":"\(size)","p":"\(price(&random))",\
      "P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE",\
      "i":\(1 + random.below(1 << 40)),"l":"\(size)","z":"\(size)","L":"\(price(&random))","n":"0.00050000","N":"BTC",\
      "T":1759347763167,"t":\(1 + random.below(1 << 30)),"I":4644480641,"w":true,"m":true,"M":false,\
      "O":1759347763100,"Z":"1249.75000000","Y":"1249.75000000","Q":"0.00000000","W":1759347763100,"V":"NONE"}}
      """
  }
}
