/// `ORDER_TRADE_UPDATE` straight from its bytes. `nil`: something is not as usual, and the full reader decides.
enum FuturesOrderScan {
  /// Members that every update has, by their bits below. Fee and its asset come with trades only.
  private static let required: UInt64 = 0x1FCFFE

  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ names: borrowing BinanceNames) -> BinanceOrderNews? {
    guard var scan = unsafe FlatScan(bytes), scan.take("{\"e\":\"ORDER_TRADE_UPDATE\","), times(&scan),
      scan.take("\"o\":{"), let news = members(&scan, names), scan.take("}}"), scan.isAtEnd
    else { return nil }
    return news
  }

  /// `T` and `E`, in either order.
  private static func times(_ scan: inout FlatScan) -> Bool {
    if scan.take("\"E\":") {
      return scan.integer() != nil && scan.take(",\"T\":") && scan.integer() != nil && scan.take(UInt8(ascii: ","))
    }
    return scan.take("\"T\":") && scan.integer() != nil && scan.take(",\"E\":") && scan.integer() != nil
      && scan.take(UInt8(ascii: ","))
  }

  private static func members(_ scan: inout FlatScan, _ names: borrowing BinanceNames) -> BinanceOrderNews? {
    guard scan.take("\"s\":"), let range = scan.string(), let name = scan.text(range),
      let symbol = names.symbol(name), scan.take(UInt8(ascii: ","))
    else { return nil }
    var news = BinanceOrderNews(.usdm)
    news.take(symbol)
    var own = Text64()
    let (prices, quantities) = (Int(symbol.priceScale), Int(symbol.quantityScale))
    var fee: Int64?
    var asset: Range<Int>?
    var trade: Int64 = -1
    var reason: Int64 = 0
    var seen: UInt64 = 0
    repeat {
      guard let name = scan.name() else { return nil }
      let bit: UInt64
      switch name {
      case 0x53:  // S
        bit = 1 << 1
        guard let range = scan.string(), let side = WordScan.side(scan, range) else { return nil }
        news.side = side
      case 0x6F:  // o
        bit = 1 << 2
        guard let range = scan.string(), let type = WordScan.type(scan, range) else { return nil }
        news.type = type
      case 0x66:  // f
        bit = 1 << 3
        guard let range = scan.string(), let force = WordScan.timeInForce(scan, range) else { return nil }
        news.timeInForce = force
      case 0x71:  // q
        bit = 1 << 4
        guard let value = scan.quotedDecimal(scale: quantities) else { return nil }
        news.quantity = value
      case 0x70:  // p
        bit = 1 << 5
        guard let value = scan.quotedDecimal(scale: prices) else { return nil }
        news.price = value
      case 0x78:  // x
        bit = 1 << 6
        guard let range = scan.string(), let word = WordScan.execution(scan, range) else { return nil }
        news.execution = word
      case 0x58:  // X
        bit = 1 << 7
        guard let range = scan.string(), let word = WordScan.status(scan, range) else { return nil }
        news.status = word
      case 0x69:  // i
        bit = 1 << 8
        guard let number = scan.integer(), number > 0 else { return nil }
        news.order = VenueReference(UInt64(number))
      case 0x6C:  // l
        bit = 1 << 9
        guard let value = scan.quotedDecimal(scale: quantities) else { return nil }
        news.lastQuantity = value
      case 0x7A:  // z
        bit = 1 << 10
        guard let value = scan.quotedDecimal(scale: quantities) else { return nil }
        news.cumulative = value
      case 0x4C:  // L
        bit = 1 << 11
        guard let value = scan.quotedDecimal(scale: prices) else { return nil }
        news.lastPrice = value
      case 0x6E:  // n
        bit = 1 << 12
        guard scan.takeFee(&fee) else { return nil }
      case 0x4E:  // N
        bit = 1 << 13
        guard scan.takeAsset(&asset) else { return nil }
      case 0x54:  // T
        bit = 1 << 14
        guard let number = scan.integer(), let time = UTCTime(milliseconds: number) else { return nil }
        news.time = time
      case 0x74:  // t
        bit = 1 << 15
        guard let number = scan.integer() else { return nil }
        trade = number
      case 0x6D:  // m
        bit = 1 << 16
        guard let flag = scan.flag() else { return nil }
        news.isMaker = flag
      case 0x63:  // c
        bit = 1 << 17
        guard let range = scan.string(), let text = scan.wideText(range) else { return nil }
        own = text
      case 0x7073:  // sp
        bit = 1 << 18
        guard let value = scan.quotedDecimal(scale: prices) else { return nil }
        news.stopPrice = value
      case 0x52:  // R
        bit = 1 << 19
        guard let flag = scan.flag() else { return nil }
        news.isReduceOnly = flag
      case 0x7370:  // ps
        bit = 1 << 20
        guard let range = scan.string(), let side = scan.positionSide(range) else { return nil }
        news.positionSide = side
      case 0x7265:  // er
        bit = 1 << 21
        guard let number = scan.integer() else { return nil }
        reason = number
      case 0x7061:  // ap
        bit = 1 << 22
        guard scan.skipScalar() else { return nil }
      case 0x62:  // b
        bit = 1 << 23
        guard scan.skipScalar() else { return nil }
      case 0x61:  // a
        bit = 1 << 24
        guard scan.skipScalar() else { return nil }
      case 0x7477:  // wt
        bit = 1 << 25
        guard scan.skipScalar() else { return nil }
      case 0x746F:  // ot
        bit = 1 << 26
        guard scan.skipScalar() else { return nil }
      case 0x7063:  // cp
        bit = 1 << 27
        guard scan.skipScalar() else { return nil }
      case 0x5041:  // AP
        bit = 1 << 28
        guard scan.skipScalar() else { return nil }
      case 0x7263:  // cr
        bit = 1 << 29
        guard scan.skipScalar() else { return nil }
      case 0x5070:  // pP
        bit = 1 << 30
        guard scan.skipScalar() else { return nil }
      case 0x6973:  // si
        bit = 1 << 31
        guard scan.skipScalar() else { return nil }
      case 0x7373:  // ss
        bit = 1 << 32
        guard scan.skipScalar() else { return nil }
      case 0x7072:  // rp
        bit = 1 << 33
        guard scan.skipScalar() else { return nil }
      case 0x56:  // V
        bit = 1 << 34
        guard scan.skipScalar() else { return nil }
      case 0x6D70:  // pm
        bit = 1 << 35
        guard scan.skipScalar() else { return nil }
      case 0x647467:  // gtd
        bit = 1 << 36
        guard scan.skipScalar() else { return nil }
      case 0x57:  // W
        bit = 1 << 37
        guard scan.skipScalar() else { return nil }
      case 0x4D:  // M
        bit = 1 << 38
        guard scan.skipScalar() else { return nil }
      case 0x7473:  // st
        bit = 1 << 39
        guard scan.skipScalar() else { return nil }
      default: return nil
      }
      guard seen & bit == 0 else { return nil }
      seen |= bit
    } while scan.take(UInt8(ascii: ","))
    guard seen & required == required else { return nil }
    let text = asset.flatMap { scan.text($0) }
    guard news.finish(trade: trade, fee: fee, asset: text, isNamed: asset != nil, names) else { return nil }
    news.client = own
    news.endReasonRaw = FuturesEnd.reason(reason, news).rawValue
    news.isForced = FuturesEnd.isForced(own)
    return news
  }
}
