import Foundation
import Testing

@testable import OMSLib

/// The fast readers never say anything else than the full ones: on messages as they come, on messages that were damaged,
/// and on every sample there is.
@Suite struct BinanceAgreementTests {
  private typealias Fixture = BinanceFixture

  private static let spotTemplates = [
    """
    {"e":"executionReport","E":1759347763167,"s":"ETHUSDT","c":"1abcdeOURS","S":"BUY","o":"LIMIT","f":"GTC",\
    "q":"1.00000000","p":"2500.00000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE",\
    "X":"PARTIALLY_FILLED","r":"NONE","i":1234567890,"l":"0.50000000","z":"0.50000000","L":"2499.50000000",\
    "n":"0.00050000","N":"ETH","T":1759347763167,"t":98765432,"I":4644480641,"w":true,"m":true,"M":false,\
    "O":1759347763100,"Z":"1249.75000000","Y":"1249.75000000","Q":"0.00000000"}
    """,
    """
    {"subscriptionId":4,"event":{"e":"executionReport","E":1759347763167,"s":"ETHUSDT","c":"1abcdeOURS","S":"SELL",\
    "o":"MARKET","f":"IOC","q":"1.00000000","p":"0.00000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"x-1",\
    "x":"EXPIRED","X":"EXPIRED","r":"NONE","i":12,"l":"0.00000000","z":"0.25000000","L":"0.00000000","n":"0","N":null,\
    "T":1759347763167,"t":-1,"I":7,"w":false,"m":false,"M":false,"O":1759347763100,"Z":"0","Y":"0","Q":"0","V":"NONE"}}
    """,
  ]

  private static let futuresTemplate = """
    {"e":"ORDER_TRADE_UPDATE","T":1568879465651,"E":1568879465651,"o":{"s":"BTCUSDT","c":"autoclose-77","S":"BUY",\
    "o":"LIMIT","f":"IOC","q":"0.001","p":"7100.50","ap":"7100.50","sp":"0","x":"TRADE","X":"FILLED","i":8886774,\
    "l":"0.001","z":"0.001","L":"7100.50","N":"USDT","n":"0.01000000","T":1568879465651,"t":12345678,"b":"0","a":"0",\
    "m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"LONG","cp":false,"pP":false,"si":0,"ss":0,\
    "rp":"12.34","V":"EXPIRE_TAKER","pm":"NONE","gtd":0,"er":0}}
    """

  private static let marketTemplates = [
    """
    {"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,\
    "b":[["61737.63000000","0.00000000"],["61730.17000000","1.50000000"]],"a":[["61837.64000000","1.54698000"]]}
    """,
    """
    {"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","ps":"BTCUSDT",\
    "st":1,"U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[["58710.20","0.014"]],"a":[]}}
    """,
    """
    {"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":5,"u":7,"pu":4,"b":[],\
    "a":[["58710.20","0.014"]],"ps":"BTCUSDT","st":1}
    """,
    """
    {"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}
    """,
    """
    {"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510",\
    "T":1723161256313,"E":1723161256313}
    """,
    """
    {"e":"bookTicker","u":5123107839020,"E":1723161256313,"T":1723161256313,"s":"BTCUSDT","b":"61800.20","B":"2.507",\
    "a":"61800.30","A":"2.510","st":1,"ps":"BTCUSDT"}
    """,
    """
    {"e":"bookTicker","u":5123107839020,"E":1723161256313,"T":1723161256313,"s":"BTCUSDT","b":"61800.20","B":"2.507",\
    "a":"61800.30","A":"2.510","ps":"BTCUSDT","st":1}
    """,
    """
    {"e":"aggTrade","E":123456789,"s":"BTCUSDT","a":5933014,"p":"61800.30","q":"0.00150","f":100,"l":105,\
    "T":1723161256313,"m":true,"M":true}
    """,
    """
    {"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":123456789,"a":5933014,"s":"BTCUSDT","p":"61800.30",\
    "q":"1","nq":"1","f":100,"l":105,"T":1723161256313,"m":false,"st":1}}
    """,
    """
    {"e":"markPriceUpdate","E":1723161256000,"s":"BTCUSDT","p":"61794.15000000","ap":"61790.1","i":"61784.62659091",\
    "P":"61784.25641265","r":"-0.00038167","T":1723161600000,"st":1}
    """,
  ]

  /// Whether the fast reader took it; that both agree is expected.
  @discardableResult
  private func compare(_ bytes: [UInt8], _ names: BinanceNames, _ futures: BinanceNames) -> Bool {
    var taken = 0
    if let fast = bytes.withUnsafeBufferPointer({ SpotOrderScan.read($0, names) }) {
      taken += 1
      let full = try? SpotUserReader.readFully(bytes, names) { _ in nil }
      if case .order(let order)? = full?.news {
        #expect(order == fast.news && full?.subscription == fast.subscription)
      } else {
        Issue.record("only the fast reader takes \(String(decoding: bytes, as: UTF8.self))")
      }
    }
    if let fast = bytes.withUnsafeBufferPointer({ FuturesOrderScan.read($0, futures) }) {
      taken += 1
      let full = try? FuturesUserReader.readFully(bytes, futures, Fixture.account, BinanceAccountMemory())
      if case .order(let order)? = full?.news {
        #expect(order == fast)
      } else {
        Issue.record("only the fast reader takes \(String(decoding: bytes, as: UTF8.self))")
      }
    }
    taken += compareMarket(bytes, names)
    taken += compareMarket(bytes, futures)
    return taken > 0
  }

  private func compareMarket(_ bytes: [UInt8], _ names: BinanceNames) -> Int {
    var reader = BinanceMarketReader()
    guard let fast = bytes.withUnsafeBufferPointer({ reader.readFast($0, names) }) else { return 0 }
    let depth = reader.depth
    let full = try? reader.readFully(bytes, names)
    #expect(full == fast, "\(String(decoding: bytes, as: UTF8.self))")
    #expect(fast != .depth || reader.depth == depth, "\(String(decoding: bytes, as: UTF8.self))")
    return 1
  }

  private static var templates: [String] { spotTemplates + [futuresTemplate] + marketTemplates }

  @Test(arguments: templates)
  func theFastReaderTakesWhatIsUsual(text: String) {
    let isTaken = compare(Array(text.utf8), Fixture.names, Fixture.futuresNames)
    #expect(isTaken)
  }

  @Test(arguments: templates)
  func bothSayTheSameOfDamagedMessages(text: String) {
    let original = Array(text.utf8)
    var random = SplitMix64(seed: UInt64(original.count))
    let (names, futures) = (Fixture.names, Fixture.futuresNames)
    let pieces: [[UInt8]] = ["0", "9", "-", ".", "\"", ",", "}", "null", "\\", " ", "e", "1", ":", "[", "é", "\u{1}"]
      .map { Array($0.utf8) }
    for _ in 0..<600 {
      var bytes = original
      for _ in 0...random.below(3) {
        let place = Int(random.below(UInt64(bytes.count)))
        switch random.below(4) {
        case 0: bytes.remove(at: place)
        case 1: bytes.replaceSubrange(place..<(place + 1), with: pieces[Int(random.below(UInt64(pieces.count)))])
        case 2: bytes.insert(contentsOf: pieces[Int(random.below(UInt64(pieces.count)))], at: place)
        default: bytes[place] = UInt8(truncatingIfNeeded: random.below(256))
        }
        if bytes.isEmpty { bytes = [0x7B] }
      }
      compare(bytes, names, futures)
    }
    for length in 0..<original.count { compare(Array(original[..<length]), names, futures) }
  }

  /// Members swapped, doubled and left out; numbers of every shape.
  @Test func bothSayTheSameOfOtherMembers() {
    var random = SplitMix64(seed: 11)
    let (names, futures) = (Fixture.names, Fixture.futuresNames)
    let numbers = [
      "\"0\"", "\"00.10\"", "\"1.\"", "\".5\"", "\"1e3\"", "\"-0.1\"", "\"+2\"", "\"123456789012345678\"",
      "\"1234567890123456789\"", "\"0.123456789\"", "\"0.0000000000000000000000000000000000000000\"", "0", "null",
      "\"\"",
      "\"12.50000000000000000000\"", "18446744073709551616", "1.0", "01", "true", "\"TRADE\"", "\"LIMIT\"",
    ]
    for template in Self.spotTemplates.prefix(1) + [Self.futuresTemplate] + Self.marketTemplates.suffix(3) {
      let parts = template.split(separator: ",").map(String.init)
      for _ in 0..<800 {
        let (a, b) = (Int(random.below(UInt64(parts.count))), Int(random.below(UInt64(parts.count))))
        var copy = parts
        switch random.below(3) {
        case 0: copy.swapAt(a, b)
        case 1: copy.insert(copy[a], at: b)
        default:
          let name = copy[a].split(separator: ":").first.map(String.init) ?? ""
          copy[a] = name + ":" + numbers[Int(random.below(UInt64(numbers.count)))]
        }
        compare(Array(copy.joined(separator: ",").utf8), names, futures)
      }
    }
  }

  private static let samples = Fixture.shared("protocols/samples")

  @Test(.enabled(if: samples != nil, "no samples beside the repository"))
  func everySampleIsReadOrRefusedByBoth() throws {
    let root = try #require(Self.samples)
    let (names, futures) = (Fixture.names, Fixture.futuresNames)
    var count = 0
    for folder in ["binance-spot", "binance-futures"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)") where file.hasSuffix(".json")
      {
        let data = Array(try Data(contentsOf: URL(filePath: "\(root)/\(folder)/\(file)")))
        compare(data, names, futures)
        // As it would come over the wire: without white space.
        guard let object = try? JSONSerialization.jsonObject(with: Data(data)),
          let tight = try? JSONSerialization.data(withJSONObject: object)
        else { continue }
        compare(Array(tight), names, futures)
        _ = try? SpotUserReader.readFully(data, names) { _ in (Fixture.account, BinanceAccountMemory()) }
        _ = try? FuturesUserReader.readFully(data, futures, Fixture.account, BinanceAccountMemory())
        count += 1
      }
    }
    #expect(count > 100)
  }
}
