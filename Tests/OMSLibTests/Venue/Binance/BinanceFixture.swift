import Foundation
import Testing

@testable import OMSLib

/// Instruments, names and a key as the published examples have them.
enum BinanceFixture {
  static let account = AccountID(number: 7)
  static let key = Text64("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A") ?? Text64()
  static let secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

  static func instrument(
    _ native: String, number: UInt16, prices: UInt8, quantities: UInt8, isSpot: Bool = true
  ) -> Instrument {
    var instrument = Instrument()
    instrument.native = Text32(native) ?? Text32()
    instrument.id = InstrumentID(number: number)
    instrument.venue = VenueID(number: 3)
    instrument.base = AssetID(number: 1)
    instrument.quote = AssetID(number: 2)
    instrument.settle = AssetID(number: 2)
    instrument.priceScale = prices
    instrument.quantityScale = quantities
    instrument.tick = 1
    instrument.lot = 1
    instrument.classRaw = (isSpot ? InstrumentClass.spot : .perp).rawValue
    return instrument
  }

  static let bitcoin = instrument("BTCUSDT", number: 1, prices: 2, quantities: 5)
  static let ether = instrument("ETHUSDT", number: 2, prices: 2, quantities: 4)
  static let perpetual = instrument("BTCUSDT", number: 3, prices: 2, quantities: 3, isSpot: false)

  static var names: BinanceNames {
    var names = BinanceNames()
    names.add(bitcoin)
    names.add(ether)
    for (native, number) in [("ETHBTC", 4), ("LTCBTC", 5), ("BNBBTC", 6), ("BNBUSDT", 8)] {
      names.add(instrument(native, number: UInt16(number), prices: 8, quantities: 8))
    }
    addAssets(&names)
    return names
  }

  static var futuresNames: BinanceNames {
    var names = BinanceNames()
    names.add(perpetual)
    names.add(instrument("ETHUSDT", number: 9, prices: 2, quantities: 3, isSpot: false))
    names.add(instrument("DOGEUSDT", number: 10, prices: 5, quantities: 0, isSpot: false))
    addAssets(&names)
    return names
  }

  private static func addAssets(_ names: inout BinanceNames) {
    for (index, name) in ["BTC", "USDT", "ETH", "BNB", "LTC"].enumerated() {
      names.add(asset: Text32(name) ?? Text32(), AssetID(number: UInt16(index + 1)))
    }
  }

  static func spot() -> BinanceReading { BinanceReading(.spot, account, names) }
  static func usdm() -> BinanceReading { BinanceReading(.usdm, account, futuresNames) }

  /// A limit order to buy.
  static func order(
    _ kind: OrderKind = .limit, _ side: Side = .buy, price: Int64 = 3_100_000, quantity: Int64 = 2_000,
    timeInForce: TimeInForce = .gtc, flags: OrderFlags = []
  ) -> VenueRequest {
    var request = VenueRequest(.newOrder)
    request.wireID = Text32("1abcde0123456789abcdefghijklmnop") ?? Text32()
    request.requestID = 77
    request.account = account
    request.instrument = InstrumentID(number: 1)
    request.sideRaw = side.rawValue
    request.orderKindRaw = kind.rawValue
    request.timeInForceRaw = timeInForce.rawValue
    request.flagsRaw = flags.rawValue
    request.price = kind.hasLimitPrice ? price : 0
    request.quantity = quantity
    return request
  }

  // MARK: Files beside the repository

  /// `nil` where there are none; the tests that read them say so.
  static func shared(_ path: String) -> String? {
    let root =
      ProcessInfo.processInfo.environment["OMS_SHARED"]
      ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../../shared").standardized.path
    let full = "\(root)/\(path)"
    return FileManager.default.fileExists(atPath: full) ? full : nil
  }

  /// What a `.gz` file holds.
  static func unpacked(_ path: String) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }
}

/// HMAC-SHA256 in a dozen lines, for published examples only.
struct ExampleSigner: BinanceSigner {
  let secret: String

  func sign(_ payload: UnsafeRawBufferPointer, into signature: inout ByteBuffer) -> Bool {
    var block = Array(secret.utf8) + [UInt8](repeating: 0, count: 64 - secret.utf8.count)
    var inner = SHA256()
    inner.add(block.map { $0 ^ 0x36 })
    inner.add(payload)
    var outer = SHA256()
    outer.add(block.map { $0 ^ 0x5C })
    inner.digest().withBytes { outer.add($0) }
    signature.append(utf8: outer.digest().hex)
    block.removeAll()
    return true
  }
}

extension BinanceCall {
  /// The parameters as pairs of text.
  var pairs: [String: String] {
    var text = ByteBuffer()
    parameters.write(plainTo: &text)
    var pairs: [String: String] = [:]
    for part in text.text.split(separator: "&") {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      pairs[String(sides[0])] = String(sides[1])
    }
    return pairs
  }
}
